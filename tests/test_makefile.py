"""What the targets of the Makefile would run is accepted by the commands, and installs no more than it needs."""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path

import pytest

from bench.config.overrides import check_overrides
from bench.core.paths import PROJECT

COMMAND = re.compile(r"-m bench\.(\w+)((?: +(?:'[^']*'|\"[^\"]*\"|[^\s>&;|'\"])+)*)")
MAKEFILE = (PROJECT / "Makefile").read_text()
PER_WORKLOAD = ["compile", "compile", "run", "table"]


def planned(*target: str) -> str:
    """Return what ``make`` would run if nothing were there yet."""
    return subprocess.run(["make", "-nB", *target], cwd=PROJECT, capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize(
    ("target", "commands"),
    [
        (["bench"], [*PER_WORKLOAD * 3, "plot", "page"]),
        (["bench", "dataset=arxiv-medium"], [*PER_WORKLOAD * 3, "plot", "page"]),
        (["bench", "ARGS=workload=em repeats=2"], [*PER_WORKLOAD, "plot", "page"]),
        (["bench", "ARGS=workload=c"], ["compile", "compile", *PER_WORKLOAD, "plot", "page"]),  # for em and r
        (["perf"], ["perf"]),
        (["figures"], ["figures"]),
    ],
)
def test_what_make_would_run_is_accepted(target: list[str], commands: list[str]) -> None:
    lines = COMMAND.findall(planned(*target))
    assert [name for name, _ in lines] == commands
    for name, rest in lines:
        check_overrides(name, [word for word in shlex.split(rest) if not word.startswith("-")])


@pytest.mark.parametrize(
    ("arguments", "workloads"),
    [([], ["em", "r", "emis"]), (["ARGS=workload=c"], ["c"]), (["ARGS=repeats=2"], ["em", "r", "emis"])],
)
def test_bench_goes_from_workload_to_workload(arguments: list[str], workloads: list[str]) -> None:
    assert re.findall(r"bench\.run -m workload=(\w+)", planned("bench", *arguments)) == workloads


def test_a_workload_is_compiled_right_before_it_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VIRTUAL_ENV", str(tmp_path))
    new = COMMAND.findall(planned("bench"))
    for name in ("installed", "compiled-em", "compiled-r", "compiled-emis"):
        (tmp_path / f".fanns-bench-{name}").touch()
    again = COMMAND.findall(planned("bench"))  # as after a change
    assert [name for name, _ in new] == [name for name, _ in again] == [*PER_WORKLOAD * 3, "plot", "page"]


@pytest.mark.parametrize(
    ("target", "extras"),
    [
        ("bench", ["hnswlib"]),
        ("perf", ["hnswlib"]),
        ("test", ["test"]),
        ("test-fast", ["test"]),
        ("check", ["check"]),
        ("docs", ["docs"]),
    ],
)
def test_a_target_installs_only_what_it_needs(target: str, extras: list[str]) -> None:
    installed = re.findall(r"pip install .* -e (\S+)", planned(target))
    assert installed == [".", *(f"'.[{extra}]'" for extra in extras)]


@pytest.mark.parametrize(("pip", "is_installed"), [("true", True), ("echo 'no compiler' >&2; false", False)])
def test_bench_goes_on_without_hnswlib_and_says_so(tmp_path: Path, pip: str, is_installed: bool) -> None:
    (tmp_path / ".fanns-bench-installed").touch()
    target = tmp_path / ".fanns-bench-with-hnswlib"
    words = ["make", "-s", f"VIRTUAL_ENV={tmp_path}", f'PIP=sh -c "{pip}"', "--assume-old=pyproject.toml", str(target)]
    said = subprocess.run(words, cwd=PROJECT, capture_output=True, text=True, check=True).stdout
    assert target.exists() == is_installed
    assert ("apt install g++ python3-dev" in said) == (not is_installed)
    assert ("no compiler" in Path(f"{target}.log").read_text()) == (not is_installed)


def test_only_a_run_of_all_tests_is_held_to_the_floor_of_coverage() -> None:
    assert "--cov" in planned("test")
    assert "--cov" not in planned("test", "ARGS=tests/core")


def test_every_target_is_phony_and_explained() -> None:
    targets = set(re.findall(r"^([a-z-]+):", MAKEFILE, re.MULTILINE))
    assert targets == set(re.findall(r"^\.PHONY: (.*)$", MAKEFILE, re.MULTILINE)[0].split())
    shown = subprocess.run(
        ["make", "-s", "--no-print-directory", "help"], cwd=PROJECT, capture_output=True, text=True, check=True
    ).stdout
    assert {line.split()[1] for line in shown.splitlines()} == targets
