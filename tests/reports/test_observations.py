"""Findings: stores that are made to hold and to break each observation."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from bench import findings
from bench.datasets.characteristics import Characteristics, describe_embeddings
from bench.reports.load import Results
from bench.reports.observations import Verdict
from bench.results.store import Store
from tests.support.commands import Commands
from tests.support.rows import row

HOLDS, FAILS, UNKNOWN = Verdict.HOLDS, Verdict.FAILS, Verdict.UNKNOWN


def method(name: str, qps: float, **values: Any) -> dict[str, Any]:
    """Return the row of a method that reaches the recall at some QPS."""
    return row(algorithm=name, qps=qps, **({"recall": 0.96} | values))


def verdicts(rows: list[dict[str, Any]], known: dict[str, Characteristics] | None = None) -> list[Verdict]:
    frame = pd.DataFrame(rows or [row()]).assign(machine="m")
    results = Results(Store(Path()), frame if rows else frame.iloc[:0], [], known or {})
    return [finding.verdict for finding in findings.findings(results)]


def described(name: str, vectors: np.ndarray) -> Characteristics:
    return Characteristics(name, **describe_embeddings(vectors.astype(np.float32)), attributes={}, selectivities={})


def test_nothing_is_known_from_nothing() -> None:
    assert verdicts([]) == [UNKNOWN] * 8


def test_embeddings() -> None:
    rng = np.random.default_rng(0)
    plain, shared = rng.normal(size=(500, 8)), rng.normal(size=(500, 1))
    one, other = described("one", plain), described("other", plain + 2 * shared)
    assert verdicts([], {"one": one})[0] == UNKNOWN
    assert verdicts([], {"one": one, "other": other})[0] == HOLDS
    assert verdicts([], {"one": one, "same": one})[0] == FAILS


@pytest.mark.parametrize(("changed", "verdict"), [((100, 1000, 300), HOLDS), ((1000, 300, 101), FAILS)])
def test_dependence_on_embeddings(changed: tuple[int, ...], verdict: Verdict) -> None:
    common = {"workload": "em_selectivity_0.1"}
    names = ("acorn", "caps", "ung")
    rows = [method(name, qps, dataset="a", **common) for name, qps in zip(names, (1000, 300, 100), strict=True)]
    rows += [method(name, qps, dataset="b", **common) for name, qps in zip(names, changed, strict=True)]
    assert verdicts(rows)[1] == verdict


@pytest.mark.parametrize(("ung", "verdict"), [(300.0, HOLDS), (50.0, FAILS)])
def test_specialised_methods(ung: float, verdict: Verdict) -> None:
    rows = [method("acorn", 100.0), method("ung", ung), method("prefilter", 1e6)]
    assert verdicts(rows)[2] == verdict
    assert verdicts(rows[::2])[2] == UNKNOWN
    assert verdicts([*rows[:1], {**rows[1], "recall": 0.5}])[2] == UNKNOWN


@pytest.mark.parametrize(("seconds", "verdict"), [((1, 9, 2, 8), HOLDS), ((1, 2, 3, 4), FAILS), ((8, 4, 2, 1), FAILS)])
def test_build_times(seconds: tuple[int, ...], verdict: Verdict) -> None:
    names = ("acorn", "ung", "caps", "nhq_nsw")
    rows = [
        method(n, 100.0 * i, build_seconds=float(s)) for i, (n, s) in enumerate(zip(names, seconds, strict=True), 1)
    ]
    assert verdicts(rows)[3] == verdict
    assert verdicts(rows[:3])[3] == UNKNOWN


@pytest.mark.parametrize(("recall", "seconds", "expected"), [(0.1, 4000.0, [HOLDS, HOLDS]), (0.4, 9.0, [FAILS, FAILS])])
def test_large_scale(recall: float, seconds: float, expected: list[Verdict]) -> None:
    rows = [method("ung", 9.0, n=2_000_000, recall=recall, build_seconds=seconds), method("acorn", 9.0, n=2_000_000)]
    assert verdicts(rows)[4:6] == expected


@pytest.mark.parametrize(("later", "verdict"), [((9, 7, 5, 3), HOLDS), ((3, 9, 5, 7), FAILS)])
def test_order_by_k(later: tuple[int, ...], verdict: Verdict) -> None:
    names = ("acorn", "ung", "caps", "nhq_nsw")
    rows = [method(name, 100.0 - i, k=10) for i, name in enumerate(names)]
    rows += [method(name, float(qps), k=100) for name, qps in zip(names, later, strict=True)]
    assert verdicts(rows)[6] == verdict
    assert verdicts(rows[:4])[6] == UNKNOWN


@pytest.mark.parametrize(("change", "verdict"), [(1.5, HOLDS), (0.6, HOLDS), (3.0, FAILS), (0.3, FAILS)])
def test_selectivity(change: float, verdict: Verdict) -> None:
    rows = [method("acorn", 100.0, workload="em_selectivity_0.2")]
    rows += [method("acorn", 100.0 * change, workload="em_selectivity_0.8")]
    assert verdicts(rows)[7] == verdict


def test_the_command_prints_a_verdict_for_each(command: Commands, tmp_path: Path) -> None:
    said = command(findings.entry, f"results={tmp_path}")
    assert said.code == 0
    assert said.out.count(str(UNKNOWN)) == 8
    assert "did you mean 'text'" in command(findings.entry, f"results={tmp_path}", "format=txt").err
