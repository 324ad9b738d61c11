"""Runs: what is built, shared, repeated and stored."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bench.core.errors import BenchError
from bench.core.leaf import FilterType
from bench.core.paths import PROJECT
from bench.datasets.dataset import Dataset
from bench.results.rows import SCHEMA, Row, Status
from bench.results.store import Overwrite, Store
from bench.runs.plan import Plan
from bench.runs.run import run
from bench.system.cache import Cache
from bench.workloads.sources import PublishedWorkload, UnfilteredWorkload
from tests.support.plans import EM, plan_of
from tests.support.small_dataset import DIM, QUERY_COUNT, N

R = PublishedWorkload("r", FilterType.R)
ALWAYS_THERE = set(SCHEMA.names) - {
    "error", "distance_computations", "code_revision", "code_dirty", "controlled", "controlled_value",
    "controlled_selectivity", "rerank", "remarks",
}  # fmt: skip
"""The columns that have a value whenever a run ended well."""


class Runs:
    """Makes runs in a results folder of its own, and knows what methods marked."""

    def __init__(self, root: Path, dataset: Dataset, cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
        self.root, self.store, self.dataset, self.cache = root / "results", Store(root / "results"), dataset, cache
        self._marks = root / "marks"
        monkeypatch.setenv("MARKS", str(self._marks))

    def plan(self, name: str, **options: Any) -> Plan:
        return plan_of(name, self.dataset, self.cache, **options)

    def run(self, plan: Plan, repeat: int = 0) -> list[Row]:
        return run(plan, repeat, self.store, self.cache, lambda _: None)

    def marks(self) -> list[str]:
        return self._marks.read_text().split("\n") if self._marks.exists() else []

    def builds(self) -> int:
        return self.marks().count("build")


@pytest.fixture
def runs(tmp_path: Path, dataset: Dataset, cache: Cache, monkeypatch: pytest.MonkeyPatch) -> Runs:
    return Runs(tmp_path, dataset, cache, monkeypatch)


def test_a_row_of_a_run_that_ended_well_is_complete(runs: Runs) -> None:
    plan = runs.plan("Marks", efforts=(1, 2), latency_queries=5)
    runs.run(plan)
    rows = runs.store.rows()
    assert {name for name in ALWAYS_THERE if rows[name].isna().any()} == set()
    row = rows.iloc[0]
    assert (row["n"], row["dim"], row["queries"], row["k"]) == (N, DIM, QUERY_COUNT, 10)
    assert (row["workload"], row["filter_type"], row["algorithm"]) == ("em", "EM", "Marks")
    assert row["index_bytes_with_vectors"] == 128 + N * DIM * 4  # what the method saved, and nothing of ours
    assert row["index_bytes"] == 128
    assert row["baseline_memory_bytes"] > 10 << 20
    assert 0 < row["search_memory_bytes"] < 10 << 20  # not that of the interpreter
    assert row["batch_size"] == QUERY_COUNT - 1  # one query has no match
    assert row["qps"] >= row["qps_with_prepare"] > 0
    assert row["latency_p50_ms"] <= row["latency_p95_ms"] <= row["latency_p99_ms"]
    assert 0 < row["selectivity_mean"] < 1
    assert rows["search_params"].map(json.loads).tolist() == [{"effort": 1}, {"effort": 2}]


def test_every_query_is_stored(runs: Runs) -> None:
    plan = runs.plan("ReturnsShort", efforts=(1, 2), latency_queries=5)
    (row, _) = runs.run(plan)
    queries = runs.store.queries(plan.run_id, 0)
    assert queries["search_params"].value_counts().tolist() == [QUERY_COUNT] * 2
    one = queries[queries["search_params"] == row.search_params]
    assert one["query"].tolist() == list(range(QUERY_COUNT))
    assert one["recall"].mean() == pytest.approx(row.recall)  # the one without a match is null
    assert one["recall"].isna().sum() == row.unmatched == 1
    assert one["returned"].tolist() == [3] * (QUERY_COUNT - 1) + [0]
    assert one["latency_ms"].notna().sum() == 5
    assert one["selectivity"].mean() == pytest.approx(row.selectivity_mean)
    measured = one["latency_ms"].dropna()
    assert np.percentile(measured, 50) == pytest.approx(row.latency_p50_ms, rel=1e-3)


def test_workloads_share_an_index_that_knows_no_attributes(runs: Runs) -> None:
    em, r = runs.plan("Marks"), runs.plan("Marks", source=R)
    assert em.run_id != r.run_id
    assert em.build_id == r.build_id
    first, second = runs.run(em)[0], runs.run(r)[0]
    assert runs.builds() == 1
    assert first.build_seconds == second.build_seconds
    assert len(runs.store.rows()) == 2


def test_a_hybrid_index_is_built_for_each_workload(runs: Runs) -> None:
    for source in (EM, R, UnfilteredWorkload("none")):
        assert runs.run(runs.plan("Hybrid", source=source))[0].status == Status.OK
    assert runs.builds() == 3


def test_workloads_share_an_index_over_attributes_that_are_named(runs: Runs) -> None:
    for names in (["update_date", "main_categories"], ["main_categories", "update_date"]):
        for source in (EM, R, UnfilteredWorkload("none")):
            plan = runs.plan("NamesAttributes", source=source, build={"attributes": names})
            assert runs.run(plan)[0].status == Status.OK
    assert runs.builds() == 1
    assert runs.marks().count("over main_categories,update_date for C") == 1
    runs.run(runs.plan("NamesAttributes", source=R, build={"attributes": ["main_categories"]}))
    assert "over main_categories for C" in runs.marks()


def test_an_index_covers_what_filters_test_where_nothing_is_named(runs: Runs) -> None:
    for source in (EM, R):
        assert runs.run(runs.plan("NamesAttributes", source=source))[0].status == Status.OK
    assert "over number_of_sub_categories for EM" in runs.marks()
    assert "over update_date for R" in runs.marks()


def test_every_repeat_builds_anew_and_is_stored(runs: Runs) -> None:
    plan = runs.plan("Marks")
    for repeat in range(2):
        runs.run(plan, repeat)
    assert runs.builds() == 2
    rows = runs.store.rows()
    assert rows["repeat"].tolist() == [0, 1]
    assert rows["run_id"].nunique() == 1


def test_queries_that_are_skipped_leave_the_others_with_their_filters(runs: Runs) -> None:
    whole, rest = (runs.run(runs.plan("Honest", source=PublishedWorkload("em", FilterType.EM, skip=s))) for s in (0, 7))
    assert [rows[0].queries for rows in (whole, rest)] == [QUERY_COUNT, QUERY_COUNT - 7]
    assert whole[0].run_id != rest[0].run_id
    assert whole[0].build_id == rest[0].build_id
    assert whole[0].recall == rest[0].recall == 1  # a vector beside another's filter would not be
    truth = [runs.store.queries(rows[0].run_id, 0)["selectivity"].tolist() for rows in (whole, rest)]
    assert truth[0][7:] == truth[1]


def test_latencies_are_optional(runs: Runs) -> None:
    plan = runs.plan("Honest", latency_queries=0)
    (row,) = runs.run(plan)
    assert (row.status, row.latency_p50_ms) == (Status.OK, None)
    assert runs.store.queries(plan.run_id, 0)["latency_ms"].isna().all()


@pytest.mark.parametrize(
    ("source", "reason"), [(EM, "labels have no order"), (UnfilteredWorkload("none"), "it knows ranges only")]
)
def test_what_a_method_does_not_serve_is_a_row_with_the_reason(runs: Runs, source: Any, reason: str) -> None:
    plan = runs.plan("ServesRangesOnly", source=source, efforts=(1, 2))
    runs.run(plan)
    rows = runs.store.rows()
    assert rows["status"].tolist() == ["unsupported"] * 2
    assert rows["error"].tolist() == [reason] * 2
    assert runs.builds() == 0
    assert runs.store.is_done(plan.run_id, 0, Overwrite.FAILED)


def test_a_failed_run_is_made_again_where_that_is_asked_for(runs: Runs) -> None:
    plan = runs.plan("RaisesInBuild")
    runs.run(plan)
    assert runs.store.is_done(plan.run_id, 0, Overwrite.NEVER)
    assert not runs.store.is_done(plan.run_id, 0, Overwrite.FAILED)
    runs.run(plan)
    assert len(runs.store.rows()) == 1


def test_k_larger_than_the_answers_that_are_kept(runs: Runs) -> None:
    (row,) = runs.run(runs.plan("Honest", k=150))
    assert (row.status, row.recall, row.underfill) == (Status.OK, 1, 0)


def test_results_that_cannot_be_written(runs: Runs) -> None:
    runs.root.mkdir(parents=True)
    (runs.root / "work").touch()  # where a folder should be
    with pytest.raises(BenchError, match=r"cannot create the folder .*results/work"):
        runs.run(runs.plan("Honest"))


def test_run_ids_follow_all_that_decides_a_run(runs: Runs) -> None:
    base = runs.plan("Honest")
    assert runs.plan("Honest").run_id == base.run_id
    others = [
        runs.plan("Marks"),
        runs.plan("Honest", source=R),
        runs.plan("Honest", source=PublishedWorkload("em", FilterType.EM, queries=5)),
        runs.plan("Honest", k=5),
        runs.plan("Honest", efforts=(0, 1)),
        runs.plan("Honest", latency_queries=3),
    ]
    assert len({base.run_id, *(plan.run_id for plan in others)}) == 1 + len(others)
    # Limits decide no figure of a run that ends, so that raising one must not make it again.
    assert runs.plan("Honest", seconds=1.0, memory_gib=1.0).run_id == base.run_id


def test_a_first_call_says_that_it_compiles(runs: Runs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "kernels"))
    plan = runs.plan("Compiles")
    for repeat in (0, 1):
        said: list[str] = []
        run(plan, repeat, runs.store, runs.cache, said.append)
        compiling = {doing.split(" ")[0] for doing in said if "compiling kernels first" in doing}
        assert compiling == (set() if repeat else {"building", "searching"})


def test_a_worker_ends_whose_parent_died_before_it_started() -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "bench.measuring.worker", "3", "0"],  # nobody has the parent 0
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.returncode, ended.stderr) == (1, "the process that started this worker has died\n")


@pytest.mark.parametrize("damage", [b"", b"junk"])
def test_a_damaged_index_is_built_again(runs: Runs, damage: bytes, capfd: pytest.CaptureFixture[str]) -> None:
    runs.run(runs.plan("Marks"))
    (file,) = runs.root.rglob("index/vectors.npy")
    file.write_bytes(damage)
    (row,) = runs.run(runs.plan("Marks", source=R))
    assert (row.status, row.recall, runs.builds()) == (Status.OK, 1, 2)
    assert "; it is built again" in capfd.readouterr().err


def test_an_index_of_another_user_is_built_again(runs: Runs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    runs.run(runs.plan("Marks"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "another home"))
    runs.run(runs.plan("Marks", source=R))
    assert runs.builds() == 2


def test_overwriting_builds_again(runs: Runs) -> None:
    runs.run(runs.plan("Marks"))
    runs.run(runs.plan("Marks", overwrite=Overwrite.ALWAYS))
    assert runs.builds() == 2


def test_a_folder_of_a_killed_run_is_deleted_by_the_next(runs: Runs) -> None:
    leftover = runs.root / "work" / "run-0-1234"
    leftover.mkdir(parents=True)
    (leftover / ".owner").touch()
    runs.run(runs.plan("Honest"))
    assert not list((runs.root / "work").iterdir())


def test_every_repeat_has_a_seed_of_its_own(runs: Runs) -> None:
    assert [runs.run(runs.plan("Honest"), repeat)[0].seed for repeat in range(3)] == [0, 1, 2]
