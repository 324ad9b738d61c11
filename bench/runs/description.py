"""How the harness learns about a method without importing it: a child process describes it, once per version."""

from __future__ import annotations

import hashlib
import itertools
import platform
import sys
from dataclasses import replace
from importlib.machinery import ModuleSpec
from pathlib import Path

from bench.config.algorithm import AlgorithmConfig
from bench.core.errors import BenchError, LibraryMissing, MissingFile, suggestion
from bench.core.method import Method
from bench.core.paths import PROJECT
from bench.core.typed_json import dumps, loads
from bench.measuring.child import Child, WorkerFailed, search_path
from bench.measuring.messages import Action, Request, Task
from bench.results.rows import Status
from bench.system.cache import Cache
from bench.system.files import digest_of, sha256
from bench.system.machine import library_versions
from bench.system.sandbox import Sandbox

_SECONDS = 300.0
_RESULTS = ("runs", "queries", "indexes", "seals", "tuned")
_MOST_BESIDE = 10_000
_MEASURING = ("core", "measuring", "runs", "truth")
_ALWAYS = ("numpy", "numba", "llvmlite")


def method_of(config: AlgorithmConfig, cache: Cache, shards: int = 1) -> Method:
    """Return a method's description, from the cache if neither it nor the project's code has changed.

    Args:
        config: the method.
        cache: keeps descriptions.
        shards: in how many parts it indexes the items.

    Raises:
        LibraryMissing: a library that it imports is not installed.
        BenchError: the method cannot be imported.
    """
    task, programs = Task(target=config.target, search_path=search_path(), shards=shards), []
    if config.external is not None:
        programs = [str(path) for path in config.external.programs()]  # they depend on the current folder
        first = next(iter(config.settings()), {})
        task = replace(task, external=config.external, build_params=config.build, search_params=first)
    key = digest_of(dumps(task), programs, _code_state(config.target), library_versions())

    def make(out: Path) -> None:
        out.write_text(dumps(described(task, cache)))

    return loads(Method, cache.file("methods", key, ".json", make).read_text())


def described(task: Task, cache: Cache) -> Method:
    """Return a method as it describes itself to a worker that sees neither the cache nor results beside it.

    Raises:
        LibraryMissing: a library that it imports is not installed.
        BenchError: the method cannot be imported.
    """
    root = cache.root.resolve()
    hidden = (root, *(root.parent / name for name in _RESULTS))
    sandbox = Sandbox(hidden, (), search_path(), (), read_only=False)  # it may write bytecode
    try:
        with Child(task, sandbox, timeout=_SECONDS) as child:
            return loads(Method, child.ask(Request(Action.DESCRIBE)).reply.text)
    except (WorkerFailed, ValueError) as error:
        if isinstance(error, WorkerFailed) and error.status is Status.UNSUPPORTED:
            raise LibraryMissing(error.reason) from error
        raise BenchError(f"algorithm.target={task.target} cannot be used: {error}") from error


def _code_state(target: str) -> dict[str, str]:
    """Return digests of all code that a description may depend on: this project's, and what is beside the target."""
    files = [*(PROJECT / "algorithms").rglob("*.py"), *(PROJECT / "bench").rglob("*.py")]
    module = target.rpartition(".")[0]
    source = _source_of(module)
    if source is None:
        modules = [
            ".".join(path.relative_to(PROJECT).with_suffix("").parts) for path in (PROJECT / "algorithms").rglob("*.py")
        ]
        modules = [name.removesuffix(".__init__") for name in modules]
        raise BenchError(f"algorithm.target={target}: there is no module '{module}'{suggestion(module, modules)}")
    beside = {
        path for path in itertools.islice(source.parent.rglob("*"), _MOST_BESIDE) if path.suffix in (".py", ".so")
    }
    return {str(path): _digest(path) for path in sorted({*files, source, *beside})}


def _source_of(module: str) -> Path | None:
    """Return the file of a module, or None if there is none; unlike `importlib.util.find_spec`, import nothing."""
    spec: ModuleSpec | None = None
    names = module.split(".")
    for depth in range(1, len(names) + 1):
        path = None if depth == 1 else spec.submodule_search_locations if spec else None
        if not all(names) or (depth > 1 and path is None):
            return None
        finders = (finder.find_spec(".".join(names[:depth]), path) for finder in sys.meta_path)
        spec = next(filter(None, finders), None)
    return Path(spec.origin) if spec and spec.origin and Path(spec.origin).is_file() else None


def code_digest(method: Method) -> str:
    """Return a hex digest of a method's sources, the files it declares, and the versions of the libraries it wraps.

    Raises:
        MissingFile: a declared file is missing.
    """
    for file in method.files:
        if not file.is_file():
            raise MissingFile(
                f"algorithm.target={method.target} declares the file {file}, which is missing; build it first"
            )
    measuring = [path for folder in _MEASURING for path in sorted((PROJECT / "bench" / folder).rglob("*.py"))]
    digests = [*map(_digest, (*method.sources, *measuring)), *map(sha256, method.files)]
    return digest_of(digests, platform.python_version(), library_versions((*_ALWAYS, *method.libraries)))


def _digest(source: Path) -> str:
    return hashlib.sha256(source.read_bytes()).hexdigest()
