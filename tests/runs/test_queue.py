"""What a study makes of methods that cannot run."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from bench.core.errors import MissingFile
from bench.runs import queue


def test_a_reason_to_skip_is_printed_once_for_all_workloads(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    workloads = {name: SimpleNamespace(name=name) for name in ("em", "r", "emis", "mem", "c")}

    def plan(config: Any) -> Any:
        reason = "it orders the items" if config.workload.name != "r" else None
        return SimpleNamespace(config=config, workload=config.workload, unsupported=reason)

    monkeypatch.setattr(queue, "make_plan", plan)
    configs: Any = [
        SimpleNamespace(algorithm=SimpleNamespace(name=name), workload=workload)
        for workload in workloads.values()
        for name in ("dsg", "serf")
        if name == "dsg" or workload.name in ("r", "em")
    ]
    assert [(p.config.algorithm.name, p.workload.name) for p in queue.supported_plans(configs)] == [
        ("dsg", "r"),
        ("serf", "r"),
    ]
    assert capsys.readouterr().out.splitlines() == [
        "skipped: dsg on em, emis, mem and 1 more: it orders the items",
        "skipped: serf on em: it orders the items",
    ]


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
