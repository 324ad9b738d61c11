"""What the harness knows of a method without importing it: a child process describes it, once per version."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import tempfile
from pathlib import Path

from bench.core.errors import BenchError, suggestion
from bench.core.method import Method
from bench.core.paths import PROJECT
from bench.results.rows import Status
from bench.runs.child import supervise
from bench.system.cache import Cache, digest_of
from bench.system.machine import library_versions

_SECONDS = 300.0


def describe(target: str, cache: Cache) -> Method:
    """Return a method's description, from the cache if neither it nor the project's code has changed.

    Raises:
        BenchError: the method cannot be imported.
    """
    key = digest_of(target, _code_state(target), library_versions())

    def make(out: Path) -> None:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            (folder / "job.json").write_text(json.dumps({"target": target, "threads": 1}))
            outcome = supervise(
                ["describe", str(folder / "job.json")],
                folder / "description.json",
                folder / "log.txt",
                threads=1,
                timeout=_SECONDS,
                memory_limit=8 << 30,
            )
            if outcome.status is not Status.OK:
                raise BenchError(f"algorithm.target={target} cannot be used: {outcome.error}")
            out.write_bytes((folder / "description.json").read_bytes())

    stored = json.loads(cache.file("methods", key, ".json", make).read_text())
    return Method(target=target, **stored)


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
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted({*files, Path(spec.origin)})}


def code_digest(method: Method) -> str:
    """Return the hex digest of a method's source files and of the versions of the libraries that it wraps."""
    files = [hashlib.sha256(Path(source).read_bytes()).hexdigest() for source in method.sources]
    return digest_of(files, library_versions(tuple(method.libraries)))
