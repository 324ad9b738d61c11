"""What a study makes of methods that cannot run."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from bench.core.errors import MissingFile
from bench.runs import queue


def test_a_method_whose_files_are_missing_costs_no_other(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def plan(config: Any) -> Any:
        if config.algorithm.name == "missing":
            raise MissingFile("the file x is missing; build it first")
        return SimpleNamespace(config=config, unsupported=None)

    monkeypatch.setattr(queue, "make_plan", plan)
    configs: Any = [SimpleNamespace(algorithm=SimpleNamespace(name=name)) for name in ("one", "missing", "other")]
    assert [plan.config.algorithm.name for plan in queue.supported_plans(configs)] == ["one", "other"]
    assert capsys.readouterr().out == "skipped: missing: the file x is missing; build it first\n"
