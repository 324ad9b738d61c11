"""The commands as a user types them: their help, their files, and their errors."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from bench.config.help import help_text
from bench.core.paths import CONFIGS, PROJECT
from tests.conftest import Write
from tests.support.rows import row

COMMANDS = sorted(path.stem for path in CONFIGS.glob("*.yaml") if path.stem != "output")


def run(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", *words], cwd=PROJECT, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("name", COMMANDS)
def test_help_explains_every_key(name: str) -> None:
    text = help_text(name)
    assert text.startswith(f"python -m bench.{'data build' if name == 'build' else name} ")
    lines = text.split("Keys (key=value):\n")[1].split("\n\n")[0].splitlines()
    for before, line in zip(["", *lines], lines, strict=False):
        is_scalar = re.fullmatch(r"\s+\w+: *[^ #].*", line) is not None or (line.endswith(":") and "[" in line)
        assert "#" in line or "#" in before or not is_scalar, f"{name}: nothing explains {line}"
    assert "defaults" not in text


def test_help_lists_the_groups_of_a_command_and_its_bases() -> None:
    groups = help_text("tune").split("Groups (group=option):\n")[1].split("\n\n")[0]
    assert [line.split(":")[0].strip() for line in groups.splitlines() if ": " in line] == [
        "dataset",
        "workload",
        "algorithm",
        "tuner",
    ]
    assert "greedy, grid, optuna" in groups
    assert "latency_queries: 1000  #" in help_text("tune")
    assert "Groups" not in help_text("plot")


def test_help_is_printed_and_nothing_is_run() -> None:
    outcome = run("bench.plot", "results=/nowhere", "--help")
    assert (outcome.returncode, outcome.stdout, outcome.stderr) == (0, help_text("plot") + "\n", "")


def test_plot_and_table_read_the_store(write: Write) -> None:
    results = write(row(), row(workload="r", filter_type="R"))
    plotted = run("bench.plot", f"results={results}", "workloads=[em,r]")
    files = [f"{results}/figures/recall_qps_toy_k10.{kind}" for kind in ("png", "pdf")]
    assert plotted.stdout.split() == files
    listed = run("bench.table", f"results={results}", "workloads=em")
    assert [line.split()[:2] for line in listed.stdout.splitlines()[-1:]] == [["em", "hnswlib_infilter"]]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("bench.plot", "results=/nowhere"), "there are no results in '/nowhere'"),
        (("bench.table", "formt=csv"), "did you mean 'format'"),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_two(words: tuple[str, ...], message: str) -> None:
    outcome = run(*words)
    assert (outcome.returncode, outcome.stdout, len(outcome.stderr.splitlines())) == (2, "", 1)
    assert message in outcome.stderr
