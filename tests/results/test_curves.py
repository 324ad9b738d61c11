"""The mathematics of figures: on examples worked by hand, and on random points."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.core.formats import Storage
from bench.results.curves import (
    best_at,
    best_of_methods,
    failing_fractions,
    failures,
    front,
    pareto,
    points,
    unserved,
)
from bench.results.rows import Status, with_log
from tests.support.rows import failed, row

CLOUDS = st.lists(st.tuples(st.integers(0, 9), st.integers(1, 9)), max_size=40)


def beats(a: tuple[int, int], b: tuple[int, int]) -> bool:
    return a != b and a[0] >= b[0] and a[1] >= b[1]


@given(CLOUDS)
def test_the_front_is_what_no_point_beats_each_once(cloud: list[tuple[int, int]]) -> None:
    at = pareto(*np.array(cloud, float).reshape(-1, 2).T)
    expected = sorted({point for point in cloud if not any(beats(other, point) for other in cloud)})
    assert [cloud[i] for i in at] == expected


@given(CLOUDS, st.integers(0, 9))
def test_at_a_target_no_point_that_reaches_it_is_better(cloud: list[tuple[int, int]], target: int) -> None:
    x, y = np.array(cloud, float).reshape(-1, 2).T
    (value,) = best_at(x, y, np.array([float(target)]))
    reaching = [b for a, b in cloud if a >= target]
    assert np.isnan(value) == (not reaching)
    if reaching:
        assert value >= max(reaching) * (1 - 1e-12)
        assert value <= y.max() * (1 + 1e-12)


def test_interpolation_is_linear_in_the_logarithm() -> None:
    x, y = np.array([0.8, 0.9, 0.85]), np.array([10_000.0, 100.0, 50.0])
    assert best_at(x, y, np.array([0.7, 0.8, 0.85, 0.9])) == pytest.approx([10_000, 10_000, 1_000, 100])
    assert np.isnan(best_at(x, y, np.array([0.9001]))).all()


def test_the_best_of_methods_does_not_interpolate_between_methods() -> None:
    rows = [
        row(algorithm="fast", recall=0.8, qps=1000.0),
        row(algorithm="exact", recall=1.0, qps=10.0),
    ]
    best = best_of_methods(points(pd.DataFrame(rows), "recall", "qps"), np.array([0.5, 0.8, 0.9, 1.0]))
    assert best == pytest.approx([1000, 1000, 10, 10])


def test_points_are_means_over_repeats_with_their_spread() -> None:
    rows = [row(repeat=r, qps=qps, recall=recall) for r, (qps, recall) in enumerate([(90.0, 0.8), (110.0, 0.9)])]
    rows.append(row(search_params={"ef": 99}, qps=5.0))
    frame = points(pd.DataFrame(rows), "recall", "qps")
    assert frame[["x", "y", "repeats"]].to_numpy() == pytest.approx(np.array([[0.85, 100, 2], [0.9, 5, 1]]))
    assert frame["y_std"].tolist() == pytest.approx([np.std([90, 110], ddof=1), 0])


def test_only_rows_that_ended_well_are_points() -> None:
    rows = [row(status=Status.INVALID, recall=1.0, qps=1e9), row(recall=None), failed(Status.TIMEOUT, "slow"), row()]
    frame = points(pd.DataFrame(rows), "recall", "qps")
    assert frame[["x", "y", "repeats"]].to_numpy().tolist() == [[0.9, 1000, 1]]


def test_a_methods_front_goes_over_all_its_builds() -> None:
    rows = [
        row(build_params={"M": 8}, recall=0.8, qps=100.0),
        row(build_params={"M": 16}, recall=0.9, qps=50.0),
        row(build_params={"M": 16}, search_params={"ef": 5}, recall=0.7, qps=60.0),
    ]
    assert front(points(pd.DataFrame(rows), "recall", "qps"))["x"].tolist() == [0.8, 0.9]


def test_failures_are_counted_with_their_commonest_reason() -> None:
    rows = [failed(Status.CRASHED, f"Traceback\n  line\n{why}\n") for why in ("KeyError: 1", "rare", "KeyError: 1")]
    rows += [row(), failed(Status.UNSUPPORTED, "no ranges", algorithm="other")]
    (crash,) = failures(pd.DataFrame(rows))
    assert (str(crash), crash.reason, crash.count, crash.total) == ("crashed in 3 of 4", "KeyError: 1", 3, 4)


def test_a_method_is_unserved_if_all_of_its_rows_are_unsupported() -> None:
    rows = [row(), *(failed(Status.UNSUPPORTED, "no ranges", algorithm=name) for name in ("b", "a", "c"))]
    rows += [row(algorithm="c"), failed(Status.CRASHED, "x", algorithm="d")]
    assert unserved(pd.DataFrame(rows)) == [("a", Storage.FLOAT32), ("b", Storage.FLOAT32)]
    assert unserved(pd.DataFrame(rows[:1])) == []


def test_long_reasons_are_cut_and_missing_ones_are_empty() -> None:
    rows = [failed(Status.CRASHED, "word " * 100), failed(Status.TIMEOUT, None)]
    crash, timeout = failures(pd.DataFrame(rows))
    assert len(crash.reason) < 80
    assert crash.reason.endswith("…")
    assert timeout.reason == ""


def test_the_fraction_of_answers_that_fail_the_filter() -> None:
    rows = [row(algorithm="nhq", violations=v, queries=100, k=10) for v in (0, 50, 250)] + [row(algorithm="other")]
    assert failing_fractions(pd.DataFrame(rows)) == {("nhq", "float32"): 0.25}


def test_formats_of_vectors_are_different_methods() -> None:
    rows = [row(storage=Storage.FLOAT32, qps=10.0), row(storage=Storage.INT8, qps=30.0)]
    rows.append(failed(Status.TIMEOUT, "slow", storage=Storage.INT8))
    frame = pd.DataFrame(rows)
    assert points(frame, "recall", "qps")[["storage", "y"]].to_numpy().tolist() == [["float32", 10], ["int8", 30]]
    (timeout,) = failures(frame)
    assert (timeout.storage, timeout.count, timeout.total) == ("int8", 1, 2)


def test_the_log_is_not_part_of_a_reason() -> None:
    rows = [failed(Status.CRASHED, with_log("KeyError: 1", Path(f"logs/{n}.log")), repeat=n) for n in range(2)]
    rows.append(failed(Status.CRASHED, "rare", repeat=2))
    assert [failure.reason for failure in failures(pd.DataFrame(rows))] == ["KeyError: 1"]
