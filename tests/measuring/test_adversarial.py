"""Methods that misbehave, through a real worker: each gets the right status, a useful error and never a good score."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import psutil
import pytest

from bench.core.errors import BenchError
from bench.datasets.dataset import Dataset
from bench.results.rows import Row, Status, log_of, reason_of
from bench.results.store import Overwrite, Store
from bench.runs.run import run
from bench.system.cache import Cache
from tests.support.plans import plan_of
from tests.support.small_dataset import QUERY_COUNT

Rows = list[Row]
MATCHED = QUERY_COUNT - 1  # the last query has no match


@pytest.fixture
def rows_of(tmp_path: Path, dataset: Dataset, cache: Cache) -> Any:
    """A function that runs a method of `tests.support.adversarial` and returns its rows, after checking the store."""

    def ran(name: str, **options: Any) -> Rows:
        plan, store = plan_of(name, dataset, cache, **options), Store(tmp_path)
        rows = run(plan, 0, store, cache, lambda _: None)
        stored = store.rows()
        assert stored["status"].tolist() == [row.status for row in rows]
        assert len(stored) == len(plan.settings)
        assert not list((tmp_path / "work").iterdir())
        return rows

    return ran


def only(rows: Rows) -> Row:
    assert len(rows) == 1
    return rows[0]


def test_an_honest_method_is_perfect(rows_of: Any) -> None:
    row = only(rows_of("Honest"))
    assert (row.status, row.error) == (Status.OK, None)
    assert (row.recall, row.underfill, row.violations, row.unordered) == (1, 0, 0, 0)
    assert row.recall_paper == pytest.approx((QUERY_COUNT - 1) / QUERY_COUNT)  # the last query has no match
    assert row.unmatched == 1


@pytest.mark.parametrize(
    ("name", "error", "recall", "violations"),
    [
        ("RepeatsTheNearest", "ids repeated", 0.101, 9 * (QUERY_COUNT - 1)),
        ("IgnoresTheFilter", "ids failing the filter", 0.7, None),
        ("OutOfRange", "26 ids out of range (first in query 0)", 0.9, QUERY_COUNT + 2),
    ],
)
def test_ids_that_nobody_asked_for_are_invalid(
    rows_of: Any, name: str, error: str, recall: float, violations: int | None
) -> None:
    row = only(rows_of(name))
    assert row.status == Status.INVALID
    assert error in row.error
    assert row.recall <= recall
    assert row.violations == violations if violations else row.violations > 0


def test_a_method_for_afanns_may_ignore_the_filter_and_gains_nothing_by_it(rows_of: Any) -> None:
    row = only(rows_of("ApproximateFilter"))
    assert row.status == Status.OK
    assert row.violations > 0
    assert row.recall <= 0.7


@pytest.mark.parametrize(
    ("name", "recall", "underfill"), [("AnswersNothing", 0, 1), ("ReturnsShort", 0.3, 0.7), ("ReturnsNoColumns", 0, 1)]
)
def test_short_answers_are_valid_and_poor(rows_of: Any, name: str, recall: float, underfill: float) -> None:
    row = only(rows_of(name))
    assert (row.status, row.violations) == (Status.OK, 0)
    assert row.recall == pytest.approx(recall)
    assert row.underfill == pytest.approx(underfill)


def test_answers_in_another_order_are_counted(rows_of: Any) -> None:
    row = only(rows_of("Reversed"))
    assert (row.status, row.recall) == (Status.OK, 1)
    assert row.unordered == QUERY_COUNT - 1


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("ReturnsFloats", "search returned float64 where ids are integers"),
        (
            "ReturnsTooMany",
            f"search returned an array of shape [{MATCHED}, 20] for {MATCHED} queries and k = 10",
        ),
        ("ReturnsObjects", "search returned Python objects where ids are integers"),
        ("ReturnsNothing", "search returned Python objects where ids are integers"),
        ("ReturnsFlat", f"shape [{MATCHED * 10}]"),
        ("ReturnsOneRowLess", f"shape [{MATCHED - 1}, 10] for {MATCHED} queries"),
    ],
)
def test_answers_of_another_shape_or_type_are_invalid(rows_of: Any, name: str, error: str) -> None:
    row = only(rows_of(name))
    assert row.status == Status.INVALID
    assert error in row.error
    assert row.recall is None


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("SegfaultsInBuild", "died by SIGSEGV; its last words: about to fall"),
        ("RaisesInBuild", "ValueError: the build went wrong"),
        ("ExitsInBuild", "ended without an answer"),
        ("ExitsInSearch", "ended without an answer"),
        ("RaisesInLoad", "ValueError: cannot read what was written"),
        ("ShoutsAndRaises", "ValueError: lost in the noise"),
    ],
)
def test_a_method_that_ends_early_has_crashed(rows_of: Any, name: str, error: str) -> None:
    row = only(rows_of(name))
    assert row.status == Status.CRASHED
    assert error in row.error
    assert len(row.error) < 5000
    assert row.recall is None


def test_a_worker_that_is_killed_from_outside_leaves_no_row(rows_of: Any, tmp_path: Path) -> None:
    with pytest.raises(BenchError, match="a worker was killed from outside"):
        rows_of("DiesInBuild")
    assert len(Store(tmp_path).rows()) == 0


def test_a_build_that_takes_too_long_is_stopped(rows_of: Any) -> None:
    rows = rows_of("SleepsInBuild", seconds=1.0, efforts=(0, 1))
    assert [row.status for row in rows] == [Status.TIMEOUT] * 2
    assert reason_of(str(rows[0].error)) == "took more than 1 s"


def test_a_build_that_takes_too_much_memory_is_stopped(rows_of: Any) -> None:
    row = only(rows_of("HogsInBuild", memory_gib=0.5))
    assert row.status == Status.OUT_OF_MEMORY
    assert "above the limit of 0.50 GiB" in row.error


def test_an_allocation_that_fails_is_out_of_memory(rows_of: Any) -> None:
    row = only(rows_of("CannotAllocate"))
    assert row.status == Status.OUT_OF_MEMORY
    assert "Unable to allocate" in row.error


def test_what_a_method_prints_is_not_believed(rows_of: Any) -> None:
    row = only(rows_of("Shouts"))
    assert (row.status, row.recall) == (Status.OK, 1)
    assert row.build_seconds > 0


def test_no_process_is_left_behind(rows_of: Any, tmp_path: Path) -> None:
    row = only(rows_of("LeavesAChild"))
    assert row.status == Status.OK
    (file,) = (tmp_path / "indexes").rglob("child")
    pid = int(file.read_text())
    assert not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def test_a_setting_that_fails_costs_no_other(rows_of: Any) -> None:
    rows = rows_of("FailsAt", efforts=(0, 1, 2, 3, 4, 5), seconds=15.0)
    expected = [Status.OK, Status.CRASHED, Status.CRASHED, Status.TIMEOUT, Status.INVALID, Status.OK]
    assert [row.status for row in rows] == expected
    assert [row.search_params for row in rows] == [f'{{"effort": {effort}}}' for effort in range(6)]
    assert [row.recall for row in rows] == [1, None, None, None, None, 1]
    assert "effort 1 is too much" in rows[1].error
    assert "SIGABRT" in rows[2].error


def test_the_plans_of_a_method_are_stored_per_query(rows_of: Any, tmp_path: Path) -> None:
    row = only(rows_of("HasPlans"))
    queries = Store(tmp_path).queries(row.run_id, 0).sort_values("query")
    plans = [None if pd.isna(plan) else plan for plan in queries["plan"]]
    assert plans == [["even", "odd"][i % 2] for i in range(MATCHED)] + [None]  # nobody asks about the unmatched one
    assert queries["estimate_ms"][:2].tolist() == [500, 1500]


def test_plans_that_cannot_be_are_invalid_and_cost_no_other_setting(rows_of: Any) -> None:
    rows = rows_of("HasGarbageForPlans", efforts=(1, 2, 3, 0))
    assert [row.status for row in rows] == [Status.INVALID] * 3 + [Status.OK]
    assert reason_of(str(rows[0].error)) == "plans() returned plans 0 to 1, where there are 1 names"
    assert reason_of(str(rows[1].error)) == "plans() returned list where QueryPlans or None is expected"
    assert reason_of(str(rows[2].error)) == "plans() returned something else than numbers for the queries"


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("RefusesItems", "it has no place for such items"),
        ("RefusesFilters", "it has no words for such filters"),
    ],
)
def test_what_a_method_refuses_is_unsupported(rows_of: Any, name: str, reason: str) -> None:
    rows = rows_of(name, efforts=(0, 1))
    assert [row.status for row in rows] == [Status.UNSUPPORTED] * 2
    assert [reason_of(str(row.error)) for row in rows] == [reason] * 2


@pytest.mark.parametrize(
    ("name", "stage", "words"),
    [
        ("SegfaultsInBuild", "build", "about to fall"),
        ("RaisesInBuild", "build", "ValueError: the build went wrong"),
        ("RaisesInLoad", "search", "ValueError: cannot read what was written"),
    ],
)
def test_the_log_of_a_worker_that_failed_is_kept_and_named(
    rows_of: Any, tmp_path: Path, name: str, stage: str, words: str
) -> None:
    row = only(rows_of(name))
    log = tmp_path / "logs" / f"{row.run_id}-0-{stage}.log"
    assert str(row.error).endswith(str(log))
    assert log_of(str(row.error)) == str(log)
    assert words in log.read_text()
    assert list(log.parent.iterdir()) == [log]


def test_settings_that_fail_share_a_log_that_a_new_attempt_replaces(rows_of: Any, tmp_path: Path) -> None:
    for _ in range(2):
        rows = rows_of("FailsAt", efforts=(1, 0, 2), overwrite=Overwrite.ALWAYS)
        assert [row.status for row in rows] == [Status.CRASHED, Status.OK, Status.CRASHED]
        (log,) = (tmp_path / "logs").iterdir()
        assert [log_of(str(row.error)) for row in rows] == [str(log), None, str(log)]
        assert log.read_text().count("ValueError: effort 1 is too much") == 1


def test_a_run_without_failures_keeps_no_log(rows_of: Any, tmp_path: Path) -> None:
    assert only(rows_of("Shouts")).status is Status.OK
    assert not (tmp_path / "logs").exists()
