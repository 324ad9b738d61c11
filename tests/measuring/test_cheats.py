"""Methods that cheat, through a real worker: none gains anything that its row does not show."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest

from algorithms.base import Data
from bench.config.algorithm import AlgorithmConfig
from bench.core.attributes import Attributes
from bench.core.formats import Storage
from bench.core.leaf import FilterType
from bench.core.vectors import open_vectors
from bench.datasets.dataset import Dataset
from bench.measuring.child import Child
from bench.results.rows import Row, Status, reason_of
from bench.results.store import Store
from bench.runs.description import method_of
from bench.runs.run import run
from bench.system.cache import Cache
from bench.system.sandbox import landlock_version
from bench.workloads.ground_truth import ground_truth
from tests.support.adversarial.cheats import WORK_SECONDS
from tests.support.plans import plan_of
from tests.support.small_dataset import QUERY_COUNT

MATCHED = QUERY_COUNT - 1  # the last query has no match
MOST_QPS = MATCHED / WORK_SECONDS / 0.95
"""No method that works so long answers more queries, whatever it claims; the parent's clock counts for 95 percent."""

needs_sandbox = pytest.mark.skipif(landlock_version() == 0, reason="the kernel has no Landlock")


@pytest.fixture
def row_of(tmp_path: Path, dataset: Dataset, cache: Cache) -> Any:
    """A function that runs a method at one setting and returns its row."""

    def ran(name: str, **options: Any) -> Row:
        plan = plan_of(name, dataset, cache, **options)
        (row,) = run(plan, 0, Store(tmp_path), cache, lambda _: None)
        return row

    return ran


@pytest.mark.parametrize("name", ["Works", "ReturnsLater", "SlowsTheClock"])
def test_work_is_timed_wherever_it_is_done(row_of: Any, name: str) -> None:
    row = row_of(name)
    assert row.status is Status.INVALID or (row.recall == 1 and row.qps <= MOST_QPS)
    assert name != "Works" or row.status is Status.OK


@pytest.mark.parametrize("name", ["CountsLater", "ChangesLater", "AnswersEveryThirdPass"])
def test_what_is_judged_is_what_was_timed(row_of: Any, name: str) -> None:
    assert row_of(name).recall < 1


def test_single_queries_are_judged_too(row_of: Any) -> None:
    row = row_of("AnswersBatchesOnly")
    assert (row.status, row.recall_one_by_one) == (Status.INVALID, 0)
    assert "queries searched one at a time have recall 0.000, but 1.000 in a batch" in row.error


def test_a_method_that_remembers_answers_is_noticed(row_of: Any) -> None:
    row = row_of("Remembers")
    assert "times as fast as the first" in row.remarks
    assert row.first_pass_seconds >= WORK_SECONDS
    assert row.qps_one_by_one <= 1 / WORK_SECONDS / 0.95  # it has not seen exactly these queries


def test_a_search_in_prepare_is_charged(row_of: Any) -> None:
    row = row_of("SearchesInPrepare")
    assert row.status is Status.INVALID or row.qps_with_prepare <= MOST_QPS


def test_a_method_that_answers_its_parent_itself_is_invalid(row_of: Any) -> None:
    row = row_of("BreaksTheProtocol")
    assert row.status is Status.INVALID
    assert "the worker broke the protocol" in row.error


@pytest.mark.skipif((os.cpu_count() or 1) < 2, reason="there is one CPU only")
def test_more_threads_than_a_method_may_use_are_noticed(row_of: Any) -> None:
    row = row_of("UsesMoreThreads", latency_queries=0)
    if row.status is Status.OK:
        assert row.cpu_per_second < 1.2  # other processes kept it from gaining anything
    else:
        assert "of processor time in" in row.error


def test_shared_memory_is_counted_and_freed(row_of: Any) -> None:
    assert row_of("HoldsSharedMemory").build_memory_bytes >= 64 << 20
    assert not list(Path("/dev/shm").glob("fanns-bench-test-*"))


def test_the_memory_of_a_child_is_counted(row_of: Any) -> None:
    assert row_of("HoldsMemoryInAChild").build_memory_bytes >= 256 << 20


def test_a_daemon_does_not_outlive_its_worker(row_of: Any, tmp_path: Path) -> None:
    row_of("LeavesADaemon")
    (file,) = (tmp_path / "indexes").rglob("child")
    assert not psutil.pid_exists(int(file.read_text()))


@pytest.mark.parametrize(("name", "column"), [("BuildsInSave", "save_seconds"), ("BuildsInLoad", "load_seconds")])
def test_a_build_elsewhere_is_timed_and_remarked(row_of: Any, name: str, column: str) -> None:
    row = row_of(name)
    assert getattr(row, column) >= 1.2
    assert "longer than building" in row.remarks


def test_a_warm_up_leads_to_no_other_item(dataset: Dataset) -> None:
    vectors = open_vectors(dataset.vectors)
    head = Data(vectors, Attributes(len(vectors), {}), (), FilterType.NONE, 1, 0).head(5)
    assert head.source.base is None
    assert head.source.tolist() == vectors[:5].tolist()


@needs_sandbox
def test_an_index_elsewhere_is_refused(row_of: Any) -> None:
    row = row_of("SavesElsewhere")
    assert row.status is Status.CRASHED
    assert "limits.writable=[FOLDER] allows more" in row.error
    assert not (Path.home() / "fanns-bench-test.npy").exists()


def test_an_index_with_a_link_is_invalid(row_of: Any) -> None:
    row = row_of("SavesALink")
    assert row.status is Status.INVALID
    assert reason_of(row.error).startswith("the index holds 'vectors.npy', which is a link")


def test_a_method_cannot_change_its_queries(row_of: Any) -> None:
    row = row_of("ChangesQueries")
    assert row.status is Status.CRASHED
    assert "read-only" in row.error


def test_candidates_are_judged_as_they_were_returned(row_of: Any) -> None:
    row = row_of("HidesIdsOutOfRange", storage=Storage.FLOAT16)
    assert row.status is Status.INVALID
    assert "ids out of range" in row.error


@needs_sandbox
def test_neither_answers_nor_queries_nor_results_can_be_read(
    row_of: Any, dataset: Dataset, cache: Cache, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    row_of("Works")
    plan = plan_of("Honest", dataset, cache)
    ground_truth(plan.dataset, plan.workload, cache, depth=100, memory=1 << 30)
    secrets = [*(cache.root / "ground_truth").iterdir(), *(tmp_path / "runs").iterdir()]
    secrets += [dataset.queries, plan.workload.filters_path]
    assert all(path.read_bytes() for path in secrets)
    monkeypatch.setenv("SNOOPS", os.pathsep.join(map(str, secrets)))
    row = row_of("Snoops")
    assert (row.status, row.sandbox) == (Status.OK, landlock_version()), row.error
    assert all(path.read_bytes() for path in secrets)


def test_a_method_is_not_imported_by_the_harness(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "imported_by_nobody"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "method.py").write_text("from tests.support.adversarial.honest import Honest\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=":")
    config = AlgorithmConfig("imported", "imported_by_nobody.method.Honest")
    assert method_of(config, Cache(tmp_path / "cache")).paper == "none"
    assert not [name for name in sys.modules if name.startswith("imported_by_nobody")]


def test_a_worker_that_prints_without_end_fills_nothing(row_of: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    logs: list[bytes] = []
    ended = Child.__exit__

    def kept(self: Child, *error: Any) -> None:
        ended(self, *error)
        logs.append(self.log.content())

    monkeypatch.setattr(Child, "__exit__", kept)
    assert row_of("Shouts").status is Status.OK
    assert 0 < max(map(len, logs)) < 1 << 20
