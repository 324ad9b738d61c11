"""The shards of one index on two Ray workers: they answer as in one process, also after one of them was lost."""

from __future__ import annotations

import os
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hydra import compose, initialize_config_dir

from algorithms.filtered_diskann.filtered import FilteredVamana
from algorithms.sharded import sharded
from bench.core.masks import FilterBatch
from bench.core.paths import CONFIGS, PROJECT
from bench.datasets.dataset import load_rows
from bench.measuring.serving import Server
from bench.runs.config import parse_run
from bench.runs.plan import Plan, make_plan
from bench.runs.rows import court_of
from bench.runs.tasks import task_of
from bench.system.folders import results_cache
from bench.truth.judge import judge
from bench.workloads.ground_truth import ground_truth
from tests.support.commands import start_command

ray = pytest.importorskip("ray")

from examples import shards_on_ray  # noqa: E402

L = 10
PLACES = ["shard 0: items 0 to 191", "shard 1: items 192 to 399"]


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A local cluster; the path of its folder is short, because it contains sockets."""
    monkeypatch.setenv("RAY_memory_monitor_refresh_ms", "0")
    with tempfile.TemporaryDirectory(prefix="r") as folder:
        options = {"num_cpus": 2, "object_store_memory": 80_000_000, "include_dashboard": False}
        ray.init("local", _temp_dir=folder, runtime_env={"env_vars": {"PYTHONPATH": str(PROJECT)}}, **options)
        yield
        ray.shutdown()


def plan_of(layout: Path, results: Path, *words: str) -> Plan:
    """Return the plan of a run over the small dataset."""
    with initialize_config_dir(str(CONFIGS), version_base="1.3"):
        common = ["dataset=local", f"dataset.path={layout}", "algorithm=filtered_vamana", "algorithm.build.R=4"]
        config = compose("run", [*common, f"algorithm.search.L={L}", "threads_build=1", f"results={results}", *words])
    return make_plan(parse_run(config))


def in_this_process(plan: Plan) -> np.ndarray:
    """Return the answers of an index whose shards are all in this process."""
    method = sharded(FilteredVamana, plan.config.shards)
    data = Server(task_of(plan, 0, plan.config.results, 1), method).data
    index = method(method.BuildParams(**plan.build_params))
    index.build(data)
    prepared = index.prepare(FilterBatch(plan.workload.filters, data.attributes))
    queries = load_rows(plan.searched.queries, plan.workload.rows)
    return index.search(queries, prepared, plan.config.k, method.SearchParams(L=L), 1)


def recall(plan: Plan, ids: np.ndarray) -> float:
    """Return the recall of answers against brute force."""
    court = court_of(plan, ground_truth(plan.dataset, plan.workload, results_cache(plan.config.results)))
    verdict = judge(ids, court.k, court.truth, court.filters, court.vectors, court.queries)
    assert verdict.violations.sum() == 0
    return float(np.nanmean(verdict.recall))


def test_the_command_says_where_shards_are_and_their_recall(layout: Path, tmp_path: Path) -> None:
    words = ["dataset=local", f"dataset.path={layout}", f"results={tmp_path / 'results'}", "shards=2"]
    short = {"RAY_TMPDIR": tempfile.gettempdir(), "RAY_ADDRESS": ""}
    with start_command("examples.shards_on_ray", *words, "algorithm=prefilter", **short) as started:
        out, err = started.communicate()
    assert started.returncode == 0, err
    lines = [line for line in out.splitlines() if not line.startswith("\x1b")]
    assert [line.partition(", on")[0] for line in lines] == [*PLACES, "no parameters: recall 1.000"]


def test_the_command_refuses_what_it_cannot_do(layout: Path, tmp_path: Path) -> None:
    words = ["dataset=local", f"dataset.path={layout}", f"results={tmp_path / 'results'}", "shards=2"]
    for more, reason in (
        (["algorithm=serf", "workload=em"], "error: serf cannot answer em: "),
        (["algorithm=prefilter", "shards=500"], "error: shards=500 is out of range"),
    ):
        with start_command("examples.shards_on_ray", *words, *more) as started:
            _, err = started.communicate()
        assert started.returncode == 2
        assert reason in err


@pytest.mark.usefixtures("cluster")
def test_two_workers_answer_as_one_process_does(layout: Path, tmp_path: Path) -> None:
    plan = plan_of(layout, tmp_path / "results", "shards=2")
    (setting,) = plan.settings
    shards = shards_on_ray.start(plan)
    places = ray.get([shard.place.remote() for shard in shards])
    pids = [pid for _, pid in places]
    assert len({os.getpid(), *pids}) == 3
    assert [text.partition(", on")[0] for text, _ in places] == PLACES
    answers = shards_on_ray.search(shards, plan, setting)
    np.testing.assert_array_equal(answers, in_this_process(plan))
    whole = plan_of(layout, tmp_path / "results")
    assert recall(plan, answers) >= recall(plan, in_this_process(whole)) > 0.5

    (index,) = (tmp_path / "results" / "cache" / "shards").glob("*-0")
    before = {path: path.stat().st_mtime_ns for path in index.rglob("*")}
    os.kill(pids[0], signal.SIGKILL)
    np.testing.assert_array_equal(shards_on_ray.search(shards, plan, setting), answers)
    (_, restarted), (_, survivor) = ray.get([shard.place.remote() for shard in shards])
    assert restarted != pids[0]
    assert survivor == pids[1]
    assert {path: path.stat().st_mtime_ns for path in index.rglob("*")} == before  # loaded, not built again
