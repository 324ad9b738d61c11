"""How the harness learns about a method without importing it: a child process describes it, once per version."""

from __future__ import annotations

import hashlib
import importlib.util
import tempfile
from pathlib import Path

from bench.core.errors import BenchError, suggestion
from bench.core.method import Method
from bench.core.paths import PROJECT
from bench.core.typed_json import loads
from bench.results.rows import Status
from bench.runs.child import supervise
from bench.runs.task import DESCRIPTION_FILE
from bench.system.cache import Cache, digest_of, sha256
from bench.system.machine import library_versions

_SECONDS = 300.0


def method_of(target: str, cache: Cache) -> Method:
    """Return a method's description, from the cache if neither it nor the project's code has changed.

    Raises:
        BenchError: the method cannot be imported.
    """
    key = digest_of(target, _code_state(target), library_versions())

    def make(out: Path) -> None:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            outcome = supervise(
                ["describe", target, str(folder)],
                folder / DESCRIPTION_FILE,
                folder / "log.txt",
                threads=1,
                timeout=_SECONDS,
                memory_limit=8 << 30,
            )
            if outcome.status is not Status.OK:
                raise BenchError(f"algorithm.target={target} cannot be used: {outcome.error}")
            out.write_bytes((folder / DESCRIPTION_FILE).read_bytes())

    return loads(Method, cache.file("methods", key, ".json", make).read_text())


def _code_state(target: str) -> dict[str, str]:
    """Return digests of all code that a description may depend on."""
    files = [*(PROJECT / "algorithms").rglob("*.py"), *(PROJECT / "bench").rglob("*.py")]
    module = target.rpartition(".")[0]
    try:
        spec = importlib.util.find_spec(module) if module else None
    except ModuleNotFoundError:
        spec = None
    if spec is None or spec.origin is None:
        modules = [
            ".".join(path.relative_to(PROJECT).with_suffix("").parts) for path in (PROJECT / "algorithms").rglob("*.py")
        ]
        modules = [name.removesuffix(".__init__") for name in modules]
        raise BenchError(f"algorithm.target={target}: there is no module '{module}'{suggestion(module, modules)}")
    return {str(path): _digest(path) for path in sorted({*files, Path(spec.origin)})}


def code_digest(method: Method) -> str:
    """Return a hex digest of a method's sources, the files it declares, and the versions of the libraries it wraps.

    Raises:
        BenchError: a declared file is missing.
    """
    for file in method.files:
        if not file.is_file():
            raise BenchError(
                f"algorithm.target={method.target} declares the file {file}, which is missing; build it first"
            )
    digests = [*map(_digest, method.sources), *map(sha256, method.files)]
    return digest_of(digests, library_versions(tuple(method.libraries)))


def _digest(source: Path) -> str:
    return hashlib.sha256(source.read_bytes()).hexdigest()
