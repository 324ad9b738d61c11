"""The rules of the house: who may import whom, and how long a file may be. See ``docs/architecture.md``."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.core.paths import PROJECT

MAX_LINES = 350
DOORS = ("run", "study", "tune", "data", "list", "plot", "table", "findings", "figures")
ALLOWED: dict[str, tuple[str, ...]] = {
    "bench.core": (),
    "bench.system": ("bench.core",),
    "bench.config": ("bench.core",),
    "bench.truth": ("bench.core",),
    "bench.results": ("bench.core", "bench.system"),
    "bench.datasets": ("bench.core", "bench.system", "bench.truth"),
    "bench.workloads": ("bench.core", "bench.system", "bench.truth", "bench.datasets"),
    "bench.snapshot": tuple(f"bench.{name}" for name in ("core", "system", "config", "truth", "datasets", "workloads")),
    "bench.runs": (
        *(f"bench.{name}" for name in ("core", "system", "config", "truth", "datasets", "workloads", "results")),
        *(f"algorithms.{name}" for name in ("base", "loading", "kernels.compiled")),
    ),
    "bench.tuning": tuple(f"bench.{name}" for name in ("core", "system", "config", "results", "runs")),
    "bench.reports": (
        *(f"bench.{name}" for name in ("core", "system", "config", "results")),
        "bench.tuning.trace",
        "bench.datasets.characteristics",
    ),
    "algorithms": ("bench.core",),
}
"""What each package may import beside itself. Doors and `bench.perf` may import anything, and nobody imports them."""

SOURCES = sorted(path for folder in ("bench", "algorithms") for path in (PROJECT / folder).rglob("*.py"))


def name_of(path: Path) -> str:
    return ".".join(path.relative_to(PROJECT).with_suffix("").parts).removesuffix(".__init__")


def imports(path: Path) -> Iterator[str]:
    """Yield the project's modules that a file imports, wherever in it."""
    modules = {name_of(source) for source in SOURCES}
    for node in ast.walk(ast.parse(path.read_text())):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
            names = [name if name in modules else str(node.module) for name in names]
        yield from (name for name in names if name.split(".")[0] in ("bench", "algorithms"))


def within(module: str, package: str) -> bool:
    return module == package or module.startswith(f"{package}.")


@pytest.mark.parametrize("package", ALLOWED)
def test_a_package_imports_only_what_it_may(package: str) -> None:
    against = [
        f"{name_of(path)} imports {module}"
        for path in SOURCES
        if within(name_of(path), package)
        for module in imports(path)
        if not any(within(module, allowed) for allowed in (package, *ALLOWED[package]))
    ]
    assert not against


def test_nobody_imports_a_door_or_a_measurement() -> None:
    closed = (*(f"bench.{door}" for door in DOORS), "bench.perf")
    against = [
        f"{name_of(path)} imports {module}"
        for path in SOURCES
        for module in imports(path)
        if any(within(module, door) for door in closed) and not within(name_of(path), "bench.perf")
    ]
    assert not against


def test_every_module_is_in_a_package_with_rules_or_is_a_door() -> None:
    packages = (*ALLOWED, "bench.perf", *(f"bench.{door}" for door in DOORS))
    assert not [n for n in map(name_of, SOURCES) if n != "bench" and not any(within(n, p) for p in packages)]


def test_a_baseline_imports_no_library_but_its_own() -> None:
    libraries = {"faiss", "hnswlib"}
    for path in (PROJECT / "algorithms" / "baselines").glob("*.py"):
        imported = {
            (node.names[0].name if isinstance(node, ast.Import) else str(node.module)).split(".")[0]
            for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.Import | ast.ImportFrom)
        }
        own = {"prefilter": {"faiss"}, "faiss": {"faiss"}, "faiss_ivf": {"faiss"}, "hnswlib": {"hnswlib"}}
        assert imported & libraries == own.get(path.stem, set()), path


def test_a_door_is_short() -> None:
    lengths = {door: len((PROJECT / "bench" / f"{door}.py").read_text().splitlines()) for door in DOORS}
    assert {door: length for door, length in lengths.items() if length > 120} == {}


def test_no_file_is_long() -> None:
    lengths = {name_of(path): len(path.read_text().splitlines()) for path in SOURCES}
    assert {name: length for name, length in lengths.items() if length > MAX_LINES} == {}
