"""``bench.perf``: plausible results from a few items; meaningful values need an idle machine."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bench.config.algorithm import algorithm_config
from bench.core.errors import BenchError
from bench.core.leaf import FilterType
from bench.datasets.dataset import Dataset, load_rows
from bench.perf import hnsw, methods, redraw
from bench.perf import turns as curves
from bench.perf.turns import qps_at
from bench.system.cache import Cache
from bench.workloads.sources import PublishedWorkload


@pytest.fixture(autouse=True)
def _few(monkeypatch: pytest.MonkeyPatch) -> None:
    """One turn of one pass: no test looks at what it says."""
    monkeypatch.setattr(curves, "TURNS", 1)
    monkeypatch.setattr(curves, "TIMED_SECONDS", 0.001)


@pytest.fixture
def contest(dataset: Dataset, cache: Cache) -> methods.Contest:
    workload = PublishedWorkload("em", FilterType.EM).open(dataset, cache)
    return methods.contest(load_rows(dataset.vectors), load_rows(dataset.queries), workload)


CONFIGS = [algorithm_config(name) for name in ("caps", "irangegraph")]


def test_methods_are_compared_with_unfiltered_hnswlib(
    contest: methods.Contest, capsys: pytest.CaptureFixture[str]
) -> None:
    table = methods.search_ratios(contest, CONFIGS)
    assert table["method"].tolist() == ["caps"]  # the other one serves ranges only
    assert table["highest recall"].item() == 1
    assert table["at 0.95"].item() > 0
    assert capsys.readouterr().out.startswith("caps: ")


def test_builds_are_timed_and_their_bytes_compared(contest: methods.Contest) -> None:
    table = methods.build_costs(contest, CONFIGS)
    assert table["method"].tolist() == ["caps"]
    assert table["same bytes"].item()
    assert table["ratio"].item() == table["1 thread (s)"].item() / table["2 threads (s)"].item()
    assert table["peak / (vectors + index)"].item() > 0


def test_three_engines_are_compared(contest: methods.Contest) -> None:
    search = hnsw.search_ratios(contest.vectors, contest.queries)
    assert search["recall"].tolist() == list(curves.RECALLS)
    assert (search[["qps", "/ hnswlib", "/ faiss"]] > 0).all(axis=None)


def test_qps_are_read_off_a_curve() -> None:
    curve = pd.DataFrame({"recall": [0.96, 0.8, 0.9], "qps": [10.0, 1000.0, 100.0]})
    assert [qps_at(curve, recall) for recall in (0.5, 0.8, 0.9)] == pytest.approx([1000, 1000, 100])
    assert qps_at(curve, 0.93) == pytest.approx(np.sqrt(1000))
    assert np.isnan(qps_at(curve, 0.97))


def test_all_figures_are_drawn_from_synthetic_rows(tmp_path: Path) -> None:
    (row,) = redraw.seconds(tmp_path, CONFIGS, rows=1).to_dict("records")
    assert row["rows"] == 2 * 3 * 21 * 8
    assert row["files drawn"] > 40
    assert row["redraw (s)"] > 0
    assert not list(tmp_path.iterdir())


def test_an_unknown_method_suggests_the_closest_one() -> None:
    with pytest.raises(BenchError, match=r"ungg is unknown.*'ung'"):
        algorithm_config("ungg")
