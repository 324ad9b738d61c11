"""The rules of the house: imports, the length of files, and words. See ``docs/architecture.md``."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from bench.core.paths import CONFIGS, PROJECT
from tests.support.durations import seconds_by_test

MAX_LINES = 350
MAX_DOOR_LINES = 100
DOORS = ("run", "compile", "study", "tune", "data", "list", "plot", "table", "compare", "regret", "explain", "findings",
         "figures", "page", "advise", "reproduce")  # fmt: skip
ALLOWED: dict[str, tuple[str, ...]] = {
    "bench.core": (),
    "bench.system": ("bench.core",),
    "bench.config": ("bench.core", "bench.system"),
    "bench.truth": ("bench.core",),
    "bench.results": ("bench.core", "bench.system"),
    "bench.datasets": ("bench.core", "bench.system", "bench.truth"),
    "bench.workloads": ("bench.core", "bench.system", "bench.truth", "bench.datasets"),
    "bench.snapshot": tuple(f"bench.{name}" for name in ("core", "system", "config", "truth", "datasets", "workloads")),
    "bench.measuring": (
        *(f"bench.{name}" for name in ("core", "system", "datasets", "results")),
        *(f"algorithms.{name}" for name in ("base", "loading", "sharded", "kernels.compiled")),
    ),
    "bench.runs": tuple(
        f"bench.{name}"
        for name in ("core", "system", "config", "truth", "datasets", "workloads", "results", "measuring")
    ),
    "bench.tuning": tuple(f"bench.{name}" for name in ("core", "system", "config", "results", "runs")),
    "bench.reports": (
        *(f"bench.{name}" for name in ("core", "system", "config", "results")),
        "bench.tuning.trace",
        "bench.datasets.characteristics",
    ),
    "algorithms": ("bench.core",),
}
"""The packages that each package may import. Doors and `bench.perf` may import anything, and nobody imports them."""

SOURCES = sorted(path for folder in ("bench", "algorithms") for path in (PROJECT / folder).rglob("*.py"))
TESTS = sorted((PROJECT / "tests").rglob("*.py"))

BANNED = {"found", "known", "made", "own", "alike", "left", "told", "share"}
"""Words that are not names: they say nothing. `left` may be a side, beside `right`; a share is a `fraction`."""

PHRASES = (
    r"(?<![Tt]here )\bis no (?!longer\b|more\b)",  # is not a
    r"\bthe first so many\b",  # the first N
    r"\ban own\b",  # its own
    r"\bby turns\b",  # alternately
    r"\bsay [a-z_.]+=",  # set
)
"""Phrases that are not idiomatic English."""


def name_of(path: Path) -> str:
    return ".".join(path.relative_to(PROJECT).with_suffix("").parts).removesuffix(".__init__")


def imports(path: Path) -> Iterator[str]:
    """Yield the modules of the project that a file imports, anywhere in it."""
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


def test_a_baseline_imports_only_its_library() -> None:
    libraries = {"faiss", "hnswlib"}
    for path in (PROJECT / "algorithms" / "baselines").glob("*.py"):
        imported = {
            (node.names[0].name if isinstance(node, ast.Import) else str(node.module)).split(".")[0]
            for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.Import | ast.ImportFrom)
        }
        library_of = {"faiss": {"faiss"}, "faiss_ivf": {"faiss"}, "hnswlib": {"hnswlib"}}
        assert imported & libraries == library_of.get(path.stem, set()), path


def test_a_door_is_short() -> None:
    lengths = {door: len((PROJECT / "bench" / f"{door}.py").read_text().splitlines()) for door in DOORS}
    assert {door: length for door, length in lengths.items() if length >= MAX_DOOR_LINES} == {}


def test_no_file_is_long() -> None:
    lengths = {name_of(path): len(path.read_text().splitlines()) for path in [*SOURCES, *TESTS]}
    assert {name: length for name, length in lengths.items() if length > MAX_LINES} == {}


def names_in(code: str) -> Iterator[str]:
    """Yield the names that code defines: functions, classes, parameters, variables and attributes."""
    for node in ast.walk(ast.parse(code)):
        match node:
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name) | ast.MatchAs(name=str(name)):
                yield name
            case ast.arg(arg=name) | ast.alias(asname=str(name)):
                yield name
            case ast.Name(id=name, ctx=ast.Store()) | ast.Attribute(attr=name, ctx=ast.Store()):
                yield name


def banned_in(code: str) -> list[str]:
    names = {name.strip("_").lower() for name in names_in(code)}
    return sorted(names & (BANNED - {"left"} if "right" in names else BANNED))


def texts_in(code: str) -> Iterator[str]:
    """Yield the string literals of code, docstrings included; expressions of an f-string become ``x``."""
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.JoinedStr):
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else "x" for part in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield " ".join(node.value.split())


def unidiomatic(texts: Iterable[str]) -> list[str]:
    return [text for text in texts if any(re.search(phrase, text) for phrase in PHRASES)]


@pytest.mark.parametrize("path", [*SOURCES, *TESTS], ids=name_of)
def test_names_and_texts_use_plain_words(path: Path) -> None:
    code = path.read_text()
    assert banned_in(code) == []
    if path in SOURCES:
        assert unidiomatic(texts_in(code)) == []


def test_configurations_are_idiomatic() -> None:
    lines = [f"{path.name}: {line}" for path in CONFIGS.rglob("*.yaml") for line in path.read_text().splitlines()]
    assert unidiomatic(lines) == []


def test_names_of_tests_are_short() -> None:
    names = [name for path in TESTS for name in names_in(path.read_text()) if name.startswith("test_")]
    assert [name for name in names if len(name) > 70] == []


@pytest.mark.parametrize(
    "code",
    ["def made(): pass", "class Found: pass", "def f(known): pass", "_OWN = 1", "self.told = 1", "for share in x: pass",
     "import x as alike", "with x as left: pass"],
)  # fmt: skip
def test_banned_names_are_noticed(code: str) -> None:
    assert len(banned_in(code)) == 1
    assert banned_in("left, right = box") == []


@pytest.mark.parametrize("code", ['"x is no folder"', '"use the first so many"', '"an own idea"', 'f"say {key}=VALUE"'])
def test_unidiomatic_texts_are_noticed(code: str) -> None:
    assert unidiomatic(texts_in(code))
    assert not unidiomatic(["there is no key 'x'", "it is no longer there", "set k=VALUE"])


def test_the_slow_tests_are_there() -> None:
    listed: dict[str, set[str]] = {}
    for file, name in seconds_by_test():
        listed.setdefault(file, set()).add(name)
    for file, names in listed.items():
        tree = ast.parse((PROJECT / "tests" / file).read_text())
        tests = {node.name for node in tree.body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")}
        assert names <= tests, file
