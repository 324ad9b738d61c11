"""The documentation: generated pages are complete, links lead somewhere, and commands in it are accepted."""

from __future__ import annotations

import importlib
import inspect
import operator
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from posixpath import dirname, join, normpath

import pytest
import yaml

from bench.config import overrides
from bench.core.errors import BenchError
from bench.core.paths import CONFIGS, PROJECT
from bench.data import ACTIONS
from bench.results.rows import SCHEMA
from docs.generate import fill, pages
from docs.generate.architecture import COLUMNS
from docs.generate.commands import COMMANDS, spoken
from docs.generate.configuration import GROUPS, keys_of
from docs.generate.markdown import from_docstring
from docs.generate.methods import papers
from docs.generate.root import LINK
from tests.test_architecture import ALLOWED, DOORS

FILES = [
    *sorted((PROJECT / "docs").rglob("*.md")),
    *sorted(PROJECT.glob("datasets/*/README.md")),
    *(PROJECT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "RELEASE.md")),
    *(PROJECT / name / "README.md" for name in ("datasets", "results")),
]
WRITTEN = {path.relative_to(PROJECT).as_posix(): path.read_text() for path in FILES}
FENCE = re.compile(r"^```(?P<about>.*)\n(?P<code>(?:.*\n)*?)```$", re.MULTILINE)
INDENTED = re.compile(r"(?<=\n\n)(?:    .*\n)+")
INLINE = re.compile(r"`(python -m bench\.[^`]*)`")
PLACE = re.compile(r"`((?:algorithms|bench|configs|docs|tests)/[\w./]*)`")
OF_STUDY = ("study", "scale", "budget_minutes", "results", "dry_run")


generated_pages = cache(pages)


def code_lines(text: str) -> Iterator[str]:
    """Yield the lines of the code blocks of a page, continued lines as one."""
    blocks = [match["code"] for match in FENCE.finditer(text)]
    blocks += INDENTED.findall(FENCE.sub("", text))
    for block in blocks:
        yield from (line.strip() for line in block.replace("\\\n", " ").splitlines())


def commands(text: str, module: str = r"bench\.\w+") -> list[list[str]]:
    """Return the words behind every ``python -m`` of a page, where a module of that name follows."""
    lines = [*code_lines(text), *INLINE.findall(text)]
    words = [shlex.split(line, comments=True) for line in lines if line.startswith("python -m ")]
    return [line[2:] for line in words if re.fullmatch(module, line[2])]


def files_of(text: str) -> dict[str, str]:
    """Return the code blocks of a page that are files, by the names in their titles."""
    titles = {match["code"]: re.search(r'title="(.*)"', match["about"]) for match in FENCE.finditer(text)}
    return {title[1]: block for block, title in titles.items() if title}


@pytest.fixture(scope="module")
def configs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The configuration together with the files that the tutorials add to it."""
    folder = tmp_path_factory.mktemp("configured") / "configs"
    shutil.copytree(CONFIGS, folder)
    for text in WRITTEN.values():
        for name, block in files_of(text).items():
            if name.startswith("configs/"):
                (folder.parent / name).write_text(block)
    return folder


def check_command(words: list[str]) -> None:
    """Check a command line as the command itself does before it starts."""
    name, rest = words[0].removeprefix("bench."), words[1:]
    if name == "data" and rest and "=" not in rest[0]:
        action = rest.pop(0)
        assert action in ("list", *ACTIONS, "build")
        name = "build" if action == "build" else name
    if name == "reproduce" and rest and "=" not in rest[0]:
        rest[0] = f"reproduction={rest[0]}"
    keys = [word for word in rest if not word.startswith("-")]
    if name == "study":
        of_study = [word for word in keys if word.split("=")[0] in OF_STUDY]
        overrides.check_overrides("study", of_study)
        name = "tune" if "study=tuning" in keys else "run"
        keys = [word for word in keys if word not in of_study]
    overrides.check_overrides(name, keys)


@pytest.mark.parametrize("page", [page for page, text in WRITTEN.items() if commands(text)])
def test_commands_are_accepted(page: str, configs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(overrides, "CONFIGS", configs)
    for words in commands(WRITTEN[page]):
        try:
            check_command(words)
        except BenchError as error:
            pytest.fail(f"python -m {shlex.join(words)}: {error}")


@pytest.mark.parametrize("page", WRITTEN)
def test_targets_of_make_and_tests_are_there(page: str) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (PROJECT / "Makefile").read_text(), re.MULTILINE))
    lines = list(code_lines(WRITTEN[page]))
    used = {line.split()[1] for line in lines if line.startswith("make ")}
    assert used | set(re.findall(r"`make ([a-z-]+)`", WRITTEN[page])) <= targets
    for words in commands(WRITTEN[page], "pytest"):
        assert all((PROJECT / word).exists() for word in words if word.startswith("tests/"))


def test_links_lead_somewhere() -> None:
    generated = {f"docs/{path}" for path in generated_pages()}
    for page, text in WRITTEN.items():
        targets = {normpath(join(dirname(page), target)) for target in LINK.findall(FENCE.sub("", text))}
        assert {target for target in targets if not (PROJECT / target).exists()} <= generated, page


@pytest.mark.parametrize("page", [page for page in WRITTEN if page != "CHANGELOG.md"])
def test_places_that_are_named_are_there(page: str) -> None:
    added = {name for text in WRITTEN.values() for name in files_of(text)}
    places = set(PLACE.findall(WRITTEN[page])) - added
    assert {place for place in places if not (PROJECT / place).exists()} == set()


def test_every_mark_is_filled() -> None:
    assert not [page for page, text in WRITTEN.items() if page.startswith("docs/") and "<!-- generate" in fill(text)]


def test_the_navigation_names_pages_that_are_there() -> None:
    def leaves(node: object) -> Iterator[str]:
        for inner in node if isinstance(node, list) else node.values() if isinstance(node, dict) else ():
            yield from [inner] if isinstance(inner, str) else leaves(inner)

    named = list(leaves(yaml.safe_load((PROJECT / "mkdocs.yml").read_text())["nav"]))
    there = {*generated_pages(), *(page.removeprefix("docs/") for page in WRITTEN if page.startswith("docs/"))}
    for name in named:
        assert name in there or any(page.startswith(name) for page in there if name.endswith("/"))


def test_all_commands_are_described() -> None:
    assert set(COMMANDS) == {path.stem for path in CONFIGS.glob("*.yaml")} - {"output"}
    assert set(DOORS) <= set(COMMANDS)
    assert all(f"python -m {spoken(name)}" in generated_pages()["reference/commands.md"] for name in COMMANDS)


def test_all_keys_are_described() -> None:
    page = generated_pages()["reference/configuration.md"]
    assert set(GROUPS) == {path.name for path in CONFIGS.iterdir() if path.is_dir()}
    for name in COMMANDS:
        assert not [key.name for key in keys_of(CONFIGS / f"{name}.yaml", within=True) if f"`{key.name}`" not in page]
    for group in set(GROUPS) - {"preset"}:
        for file in (CONFIGS / group).glob("*.yaml"):
            assert f"`{file.stem}`" in page
            assert not [key for key in keys_of(file, within=False) if f"`{group}.{key.name}`" not in page]


def test_all_columns_and_methods_are_described() -> None:
    assert not [name for name in SCHEMA.names if f"`{name}`" not in generated_pages()["reference/columns.md"]]
    folders = {path.parent.name for path in (PROJECT / "algorithms").glob("*/method.py")} - {"external"}
    assert folders <= set(papers())
    configured = [path.stem for path in (CONFIGS / "algorithm").glob("*.yaml")]
    described = "".join(generated_pages()[f"methods/{paper}.md"] for paper in papers())
    assert not [name for name in configured if f"## `algorithm={name}`" not in described]


@pytest.mark.parametrize("paper", papers())
def test_functions_that_a_box_names_are_there(paper: str) -> None:
    box = inspect.getdoc(importlib.import_module(f"algorithms.{paper}")) or ""
    for line in from_docstring(box).splitlines():
        if line.startswith("|"):
            for name in re.findall(r"`((?:\w+\.)+\w+)`", line.split(" | ")[-1]):
                assert any(
                    exists(f"{package}.{name}")
                    for package in (f"algorithms.{paper}", "algorithms.kernels", "algorithms")
                ), name


def exists(name: str) -> bool:
    """Return whether a dotted name leads to a module or to something in one."""
    module, _, attribute = name.rpartition(".")
    while module:
        try:
            operator.attrgetter(attribute)(importlib.import_module(module))
        except (AttributeError, ModuleNotFoundError):
            module, _, last = module.rpartition(".")
            attribute = f"{last}.{attribute}"
        else:
            return True
    return False


def test_every_package_has_a_page_and_a_place_in_the_picture() -> None:
    packages = {
        ".".join(path.parent.relative_to(PROJECT).parts)
        for top in ("bench", "algorithms")
        for path in (PROJECT / top).rglob("__init__.py")
    }
    assert {f"reference/api/{package}.md" for package in packages} <= set(generated_pages())
    assert set(COLUMNS) == set(ALLOWED)


def test_the_readme_is_short() -> None:
    assert len(WRITTEN["README.md"].splitlines()) < 120


def test_what_contributing_debugs_runs(capsys: pytest.CaptureFixture[str]) -> None:
    (block,) = (match["code"] for match in FENCE.finditer(WRITTEN["CONTRIBUTING.md"]) if match["about"] == "python")
    exec(block, {})
    assert len(capsys.readouterr().out.splitlines()) == 5


def test_the_tutorial_adds_a_method_that_runs(layout: Path, tmp_path: Path) -> None:
    for name in ("algorithms", "bench", "configs"):
        shutil.copytree(PROJECT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    page = WRITTEN["docs/tutorials/add_a_method.md"]
    for name, block in files_of(page).items():
        (tmp_path / name).write_text(block)
    environment = os.environ | {"PYTHONPATH": str(tmp_path)}
    for module, *words in commands(page):
        extra = ["dataset=local", f"dataset.path={layout}", "latency_queries=2"] if module == "bench.run" else []
        arguments = [sys.executable, "-m", module, *words, *extra]
        ended = subprocess.run(arguments, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
        assert ended.returncode == 0, ended.stderr
        assert "lists" in ended.stdout or module == "bench.plot"
        assert "invalid" not in ended.stdout
    assert list((tmp_path / "results" / "figures").glob("*.png"))
