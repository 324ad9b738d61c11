"""All launchers: failing jobs, lost workers, missing launchers, and folders that are not shared."""

from __future__ import annotations

import importlib.util
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from bench import run
from bench.config import launchers
from bench.config.launchers import prepare_launcher
from bench.core.errors import BenchError
from bench.results.store import Store
from bench.system.exit_code import ExitCode
from tests.support.commands import Commands, start_command


@pytest.fixture(autouse=True)
def _signals(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the signal handlers of this process."""
    monkeypatch.setattr(signal, "signal", lambda *_: None)


def test_a_failing_job_does_not_affect_others(layout: Path, tmp_path: Path) -> None:
    pytest.importorskip("hydra_plugins.hydra_joblib_launcher")
    small = ["dataset=local", f"dataset.path={layout}", "algorithm=prefilter", "latency_queries=0"]
    launcher = ["-m", "hydra/launcher=joblib", "hydra.launcher.n_jobs=2"]
    with start_command("bench.run", *small, *launcher, "k=0,5,-1", f"results={tmp_path}") as sweep:
        out, err = sweep.communicate()
    assert sweep.returncode == 2, err
    assert Store(tmp_path).rows()["k"].tolist() == [5]
    assert "[2] local em prefilter: recall up to 1.000" in out
    assert "[1] error: k=0 is out of range" in err
    assert "[3] error: k=-1 is out of range" in err
    assert err.splitlines()[-1].startswith("error: k=0 is out of range")
    assert "Traceback" not in err


@contextmanager
def sweep_of_two(layout: Path, results: Path) -> Iterator[subprocess.Popen[str]]:
    """Start a sweep with two jobs, which mark in a file of `results` what they do."""
    pytest.importorskip("hydra_plugins.hydra_joblib_launcher")
    method = ["algorithm=prefilter", "algorithm.name=marks", "algorithm.target=tests.support.adversarial.Marks"]
    method.append("limits.writable=[${oc.env:MARKS}/..]")
    small = ["dataset=local", f"dataset.path={layout}", *method, "+algorithm.search.effort=1", "threads_build=1"]
    launcher = ["-m", "hydra/launcher=joblib", "hydra.launcher.n_jobs=2", f"results={results}"]
    with start_command("bench.run", *small, *launcher, "k=5,6", MARKS=str(results / "marks")) as sweep:
        yield sweep


def processes_while(doing: str, sweep: subprocess.Popen[str], results: Path) -> list[psutil.Process]:
    """Wait until a job does something, and return all processes below the sweep."""
    marks = results / "marks"
    while not (marks.exists() and doing in marks.read_text()):
        assert sweep.poll() is None, sweep.communicate()
        time.sleep(0.05)
    return psutil.Process(sweep.pid).children(recursive=True)


def test_a_sweep_that_lost_a_worker_resumes(layout: Path, tmp_path: Path) -> None:
    wait = tmp_path / "marks.wait"
    wait.write_text("search 1")
    with sweep_of_two(layout, tmp_path) as sweep:
        below = processes_while("search 1", sweep, tmp_path)
        next(child for child in below if "bench.measuring.worker" in child.cmdline()).parent().kill()
        _, err = sweep.communicate()
    assert sweep.returncode == 2, err
    assert "error: a worker was lost (TerminatedWorkerError: " in err
    assert "Traceback" not in err
    assert psutil.wait_procs(below, timeout=20)[1] == []
    assert not list((tmp_path / "runs").glob("*.parquet"))

    wait.unlink()
    with sweep_of_two(layout, tmp_path) as sweep:
        _, err = sweep.communicate()
    assert sweep.returncode == 0, err
    assert sorted(Store(tmp_path).rows()["k"]) == [5, 6]
    assert (tmp_path / "marks").read_text().splitlines().count("build") == 1
    assert not list((tmp_path / "work").iterdir())


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_all_below_a_sweep_end_with_it(layout: Path, tmp_path: Path, number: signal.Signals) -> None:
    (tmp_path / "marks.wait").write_text("build")
    with sweep_of_two(layout, tmp_path) as sweep:
        below = processes_while("build", sweep, tmp_path)
        sweep.send_signal(number)
        sweep.wait(30)
        # Before their output is awaited, which ends with them.
        assert len(below) >= 3  # two jobs and the worker of one
        assert psutil.wait_procs(below, timeout=20)[1] == []
    assert not list((tmp_path / "runs").glob("*.parquet"))


def test_without_a_launcher_a_sweep_goes_on_after_an_error(command: Commands, layout: Path, tmp_path: Path) -> None:
    said = command(run.entry, "-m", "dataset=local", f"dataset.path={layout}", f"results={tmp_path}", "k=0,5")
    assert said.code == ExitCode.ERROR
    assert "[1] error: k=0 is out of range" in said.err
    assert Store(tmp_path).rows()["k"].tolist() == [5]


@pytest.mark.parametrize(
    ("launcher", "complaint"),
    [
        ("rey", "hydra/launcher=rey: there is no such launcher; did you mean 'ray'?"),
        ("ray", r"hydra/launcher=ray needs an extra: pip install 'fanns-bench\[ray\]'"),
        ("submitit_slurm", r"pip install 'fanns-bench\[slurm\]'"),
    ],
)
def test_missing_launchers_are_refused(launcher: str, complaint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(BenchError, match=complaint):
        prepare_launcher([f"hydra/launcher={launcher}"], is_sweep=True)


def test_a_launcher_without_a_sweep_is_refused(command: Commands, layout: Path, tmp_path: Path) -> None:
    said = command(run.entry, "hydra/launcher=joblib", f"dataset.path={layout}", f"results={tmp_path}")
    assert (said.code, said.err) == (2, "error: hydra/launcher=joblib runs sweeps only; add -m\n")


def test_defaults_for_ray_can_be_overridden(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: "spec")
    monkeypatch.setenv("RAY_DEDUP_LOGS", "0")
    mine = ["hydra/launcher=ray", "+hydra.launcher.ray.init.object_store_memory=5"]
    assert prepare_launcher(mine, is_sweep=True) == ["+hydra.launcher.ray.init.include_dashboard=false"]
    assert len(prepare_launcher(mine[:1], is_sweep=True)) == 2
    assert prepare_launcher(["hydra/launcher=joblib"], is_sweep=True) == []
    assert prepare_launcher(["k=5"], is_sweep=False) == []


def test_a_results_folder_that_is_not_shared_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    here = SimpleNamespace(runtime=SimpleNamespace(cwd=str(tmp_path)), sweep=SimpleNamespace(dir="results/hydra"))
    monkeypatch.setattr(launchers.HydraConfig, "get", lambda: SimpleNamespace(**vars(here), job=SimpleNamespace(num=0)))
    monkeypatch.setenv("TQDM_DISABLE", "1")
    with pytest.raises(BenchError, match=r"has no .*results/hydra; set results=FOLDER to one that all machines share"):
        launchers.run_in_worker(lambda _: None, None)  # type: ignore[arg-type]
