"""The commands as a user types them."""

from __future__ import annotations

import subprocess
import sys

import pytest
from omegaconf import OmegaConf

from bench.core.paths import CONFIGS, PROJECT
from tests.conftest import Write
from tests.support.rows import row


def run(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", *words], cwd=PROJECT, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("name", ["plot", "table", "list"])
def test_help_explains_every_key(name: str) -> None:
    told = run(f"bench.{name}", "--help").stdout
    keys = set(OmegaConf.load(CONFIGS / f"{name}.yaml")) - {"defaults", "hydra"}
    explained = {line.split()[0] for line in told.splitlines() if line.startswith("  ") and not line.startswith("   ")}
    assert keys == explained


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
