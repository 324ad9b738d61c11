"""What the targets of the Makefile would run is accepted by the commands."""

from __future__ import annotations

import re
import shlex
import subprocess

import pytest

from bench.config.overrides import check_overrides
from bench.core.paths import PROJECT

COMMAND = re.compile(r"-m bench\.(\w+)((?: +(?:'[^']*'|\"[^\"]*\"|[^\s>&;'\"])+)*)")


@pytest.mark.parametrize(
    ("target", "commands"),
    [
        (["bench"], ["run", "run", "run", "table", "plot"]),
        (["bench", "dataset=arxiv-medium"], ["run", "run", "run", "table", "plot"]),
        (["perf"], ["perf"]),
        (["figures"], ["figures"]),
    ],
)
def test_what_make_would_run_is_accepted(target: list[str], commands: list[str]) -> None:
    said = subprocess.run(["make", "-nB", *target], cwd=PROJECT, capture_output=True, text=True, check=True)
    found = COMMAND.findall(said.stdout)
    assert [name for name, _ in found] == commands
    for name, rest in found:
        check_overrides(name, [word for word in shlex.split(rest) if not word.startswith("-")])
