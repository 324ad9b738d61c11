"""Observations: rows for which each holds, and rows for which it does not."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from bench import findings
from bench.core.formats import Storage
from bench.core.method import ENGINE
from bench.datasets.characteristics import Characteristics, describe_embeddings
from bench.reports.load import Results
from bench.reports.observations import Conclusion, observations
from bench.results.rows import Row
from bench.results.selection import with_distinct_names
from bench.results.store import Store
from tests.support.commands import Commands
from tests.support.rows import row

HOLDS, FAILS, UNKNOWN = Conclusion.HOLDS, Conclusion.FAILS, Conclusion.UNKNOWN


def method(name: str, qps: float, **values: Any) -> Row:
    """Return the row of a method that reaches the recall at some QPS."""
    return row(algorithm=name, qps=qps, **({"recall": 0.96} | values))


def conclusions(rows: list[Row], characteristics: dict[str, Characteristics] | None = None) -> list[Conclusion]:
    frame = with_distinct_names(pd.DataFrame(rows or [row()])).assign(machine="m")
    results = Results(Store(Path()), frame if rows else frame.iloc[:0], [], characteristics or {})
    return [observation.conclusion for observation in observations(results)]


def described(name: str, vectors: np.ndarray) -> Characteristics:
    return Characteristics(name, **describe_embeddings(vectors.astype(np.float32)), attributes={}, selectivities={})


def test_nothing_follows_from_no_rows() -> None:
    assert conclusions([]) == [UNKNOWN] * 8


def test_embeddings() -> None:
    rng = np.random.default_rng(0)
    plain, shared = rng.normal(size=(500, 8)), rng.normal(size=(500, 1))
    one, other = described("one", plain), described("other", plain + 2 * shared)
    assert conclusions([], {"one": one})[0] == UNKNOWN
    assert conclusions([], {"one": one, "other": other})[0] == HOLDS
    assert conclusions([], {"one": one, "same": one})[0] == FAILS


@pytest.mark.parametrize(("changed", "conclusion"), [((100, 1000, 300), HOLDS), ((1000, 300, 101), FAILS)])
def test_dependence_on_embeddings(changed: tuple[int, ...], conclusion: Conclusion) -> None:
    common = {"workload": "x", "controlled": "selectivity", "controlled_value": 0.1}
    names = ("acorn", "caps", "ung")
    rows = [method(name, qps, dataset="a", **common) for name, qps in zip(names, (1000, 300, 100), strict=True)]
    rows += [method(name, qps, dataset="b", **common) for name, qps in zip(names, changed, strict=True)]
    assert conclusions(rows)[1] == conclusion


def test_the_set_of_queries_that_most_methods_answered_counts() -> None:
    full, few = ({"queries": n, "workload_digest": str(n)} for n in (1500, 250))
    later = {"started_at": row().started_at + timedelta(days=1)}
    rows = [method("acorn", 100.0, **full), method("ung", 300.0, **full), method("acorn", 900.0, **few, **later)]
    assert conclusions(rows)[2] == HOLDS
    rows += [method("ung", 500.0, **few, **later)]
    assert conclusions(rows)[2] == FAILS, "of equals, the newest counts"


def test_another_set_of_queries_for_another_k() -> None:
    names = ("acorn", "caps", "ung", "nhq_nsw")
    sets = ((10, {"queries": 1500, "workload_digest": "a"}), (100, {"queries": 500, "workload_digest": "b"}))
    rows = [
        method(name, 100.0 * (1 + place), k=k, **queries) for k, queries in sets for place, name in enumerate(names)
    ]
    assert conclusions(rows)[6] == HOLDS


@pytest.mark.parametrize(("ung", "conclusion"), [(300.0, HOLDS), (50.0, FAILS)])
def test_specialised_methods(ung: float, conclusion: Conclusion) -> None:
    rows = [method("acorn", 100.0), method("ung", ung), method("prefilter", 1e6)]
    assert conclusions(rows)[2] == conclusion
    assert conclusions(rows[::2])[2] == UNKNOWN
    assert conclusions([rows[0], replace(rows[1], recall=0.5)])[2] == UNKNOWN


@pytest.mark.parametrize(
    ("seconds", "conclusion"), [((1, 9, 2, 8), HOLDS), ((1, 2, 3, 4), FAILS), ((8, 4, 2, 1), FAILS)]
)
def test_build_times(seconds: tuple[int, ...], conclusion: Conclusion) -> None:
    names = ("acorn", "ung", "caps", "nhq_nsw")
    rows = [
        method(n, 100.0 * i, build_seconds=float(s)) for i, (n, s) in enumerate(zip(names, seconds, strict=True), 1)
    ]
    assert conclusions(rows)[3] == conclusion
    assert conclusions(rows[:3])[3] == UNKNOWN


@pytest.mark.parametrize(("recall", "seconds", "expected"), [(0.1, 4000.0, [HOLDS, HOLDS]), (0.4, 9.0, [FAILS, FAILS])])
def test_large_scale(recall: float, seconds: float, expected: list[Conclusion]) -> None:
    rows = [method("ung", 9.0, n=2_000_000, recall=recall, build_seconds=seconds), method("acorn", 9.0, n=2_000_000)]
    assert conclusions(rows)[4:6] == expected


@pytest.mark.parametrize(("later", "conclusion"), [((9, 7, 5, 3), HOLDS), ((3, 9, 5, 7), FAILS)])
def test_order_by_k(later: tuple[int, ...], conclusion: Conclusion) -> None:
    names = ("acorn", "ung", "caps", "nhq_nsw")
    rows = [method(name, 100.0 - i, k=10) for i, name in enumerate(names)]
    rows += [method(name, float(qps), k=100) for name, qps in zip(names, later, strict=True)]
    assert conclusions(rows)[6] == conclusion
    assert conclusions(rows[:4])[6] == UNKNOWN


@pytest.mark.parametrize(("change", "conclusion"), [(1.5, HOLDS), (0.6, HOLDS), (3.0, FAILS), (0.3, FAILS)])
def test_selectivity(change: float, conclusion: Conclusion) -> None:
    control = {"workload": "x", "controlled": "selectivity"}
    rows = [method("acorn", 100.0, controlled_value=0.2, **control)]
    rows += [method("acorn", 100.0 * change, controlled_value=0.8, **control)]
    assert conclusions(rows)[7] == conclusion


def test_the_command_prints_a_conclusion_for_each_observation(command: Commands, tmp_path: Path) -> None:
    said = command(findings.entry, f"results={tmp_path}")
    assert said.code == 0
    assert said.out.count(str(UNKNOWN)) == 8
    assert "did you mean 'text'" in command(findings.entry, f"results={tmp_path}", "format=txt").err


def test_only_searches_of_float32_vectors_are_judged() -> None:
    rows = [method("acorn", 100.0), method("ung", 50.0), method("ung", 300.0, storage=Storage.INT8)]
    assert conclusions(rows)[2] == FAILS


def test_engines_are_not_judged() -> None:
    rows = [method("acorn", 100.0), method("ung", 50.0), method("ung", 300.0, kind=ENGINE)]
    assert conclusions(rows)[2] == FAILS
    assert conclusions([*rows[:2], method("ung", 300.0, kind="method")])[2] == HOLDS
