"""A sweep over a local Ray cluster of two workers: one is killed, and nothing is lost or made twice."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import pandas as pd
import psutil
import pytest

from bench import run
from bench.core.cpus import allowed_cpus
from bench.results.store import Store
from tests.support.commands import Commands, start_command

pytest.importorskip("ray")
pytest.importorskip("hydra_plugins.hydra_ray_launcher")

RAY = [
    "hydra/launcher=ray",
    "+hydra.launcher.ray.init.address=local",
    "+hydra.launcher.ray.init.num_cpus=2",
    "+hydra.launcher.ray.init.object_store_memory=80000000",
]
METHOD = ["algorithm=prefilter", "algorithm.name=few", "algorithm.target=tests.support.adversarial.MarksFew"]
METHOD.append("limits.writable=[${oc.env:MARKS}/..]")
SWEEP = [
    "timed_seconds=0.01",
    *METHOD,
    "+algorithm.search.effort=[1,2]",
    "k=3,4,5",
    "latency_queries=2",
    "threads_build=1",
    "-m",
]


def answers(results: Path) -> pd.DataFrame:
    """Return everything that does not depend on time, for all rows and queries."""
    store = Store(results)
    rows = store.rows().sort_values(["k", "search_params"], ignore_index=True)
    queries = [store.queries(run_id, 0) for run_id in rows["run_id"].unique()]
    rows["queries"] = [
        frame.loc[frame["search_params"] == params, ["query", "recall", "returned"]].to_csv()
        for frame in queries
        for params in sorted(frame["search_params"].unique())
    ]
    return rows[["run_id", "repeat", "k", "search_params", "status", "recall", "underfill", "queries"]]


def searching(command: psutil.Process) -> list[psutil.Process]:
    """Return the Ray workers of a command that have started a worker of a method."""
    tasks = [process for process in command.children(recursive=True) if words(process)[:1] == ["ray::_run_job"]]
    return [task for task in tasks if any("bench.measuring.worker" in words(child) for child in task.children())]


def words(process: psutil.Process) -> list[str]:
    """Return the command line of a process; nothing if it has ended."""
    try:
        return process.cmdline()
    except psutil.Error:
        return []


@pytest.mark.skipif(len(allowed_cpus()) < 2, reason="the two workers need two CPUs")
def test_a_killed_worker_loses_nothing(layout: Path, tmp_path: Path, command: Commands) -> None:
    marks, wait = tmp_path / "marks", tmp_path / "marks.wait"
    wait.write_text("search 1")
    results, sweep_of_small = tmp_path / "results", ["dataset=local", f"dataset.path={layout}", *SWEEP]
    # Both workers hold a CPU until one is killed; claims of other tests could wait for them indefinitely.
    folders = {"FANNS_BENCH_CLAIMS": tmp_path.name, "RAY_TMPDIR": tempfile.gettempdir()}
    with start_command("bench.run", *sweep_of_small, *RAY, f"results={results}", MARKS=str(marks), **folders) as sweep:
        while not (marks.exists() and marks.read_text().count("search 1") == 2):  # both workers are searching
            assert sweep.poll() is None, sweep.communicate()
            time.sleep(0.05)
        victim, survivor = searching(psutil.Process(sweep.pid))
        (child,) = victim.children()
        victim.kill()
        psutil.wait_procs([victim, child], timeout=20)
        assert not child.is_running()  # its child does not outlive it
        assert survivor.is_running()
        wait.unlink()
        said = sweep.communicate()
    assert sweep.returncode == 0, said

    done = marks.read_text().splitlines()
    assert done.count("build") == 1
    assert done.count("load") == 3 + 1  # one was killed
    assert not list((results / "work").iterdir())
    assert len(list((results / "runs").iterdir())) == 3

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MARKS", str(tmp_path / "marks_alone"))
        alone = command(run.entry, *sweep_of_small, f"results={tmp_path / 'alone'}")
    assert alone.code == 0, alone.err
    assert answers(results).equals(answers(tmp_path / "alone"))
    assert answers(results)["recall"].nunique() > 3
