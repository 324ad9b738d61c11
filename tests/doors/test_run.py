"""``bench.run`` from end to end, uninterrupted and killed: nothing is lost, and nothing runs twice."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import psutil
import pytest

from bench import data, run
from bench.results.store import Store
from tests.support.commands import Commands, start_command


@pytest.fixture
def local(layout: Path, tmp_path: Path) -> list[str]:
    """Arguments that choose the small dataset and a new results folder."""
    return ["dataset=local", f"dataset.path={layout}", f"results={tmp_path / 'results'}", "latency_queries=2"]


MARKS = [
    "algorithm.name=marks", "algorithm.target=tests.support.adversarial.Marks", "+algorithm.search.effort=[1,2]",
    "limits.writable=[${oc.env:MARKS}/..]",
]  # fmt: skip
"""A method that logs what it does in the file $MARKS."""


def test_a_sweep_fills_the_store_and_is_not_run_twice(command: Commands, local: list[str], tmp_path: Path) -> None:
    arguments = [*local, "-m", "algorithm=prefilter,faiss_ivf_infilter"]
    said = command(run.entry, *arguments)
    assert said.code == 0, said
    assert "[2] local em faiss_ivf_infilter: recall up to 1.000" in said.out
    rows = Store(tmp_path / "results").rows()
    assert Counter(rows["algorithm"]) == {"prefilter": 1, "faiss_ivf_infilter": 10}
    assert set(rows["status"]) == {"ok"}
    exact = rows[rows["algorithm"] == "prefilter"]
    assert exact["recall"].tolist() == [1]
    assert exact["underfill"].tolist() == [0]
    assert (rows["violations"] == 0).all()

    again = command(run.entry, *arguments)
    assert again.out.count("already stored") == 2
    assert Store(tmp_path / "results").rows().equals(rows)


def test_overwrite_and_repeats_make_the_missing_runs(
    command: Commands, local: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MARKS", str(tmp_path / "marks"))
    arguments = [*local, "algorithm=prefilter", *MARKS]

    def newest() -> list[object]:
        rows = Store(tmp_path / "results").rows()
        assert len(rows) == 2 * rows["repeat"].nunique()
        return [started for _, started in sorted(zip(rows["repeat"], rows["started_at"], strict=True))][::2]

    command(run.entry, *arguments)
    (first,) = newest()
    assert "already stored" in command(run.entry, *arguments, "overwrite=failed").out
    command(run.entry, *arguments, "repeats=2")
    assert newest()[0] == first
    command(run.entry, *arguments, "overwrite=always")
    assert len(newest()) == 2
    assert newest()[0] > first  # type: ignore[operator]


def test_a_smaller_format_gives_a_variant_of_the_method(command: Commands, local: list[str], tmp_path: Path) -> None:
    """A method that reads it has rows of that format beside those of float32; another has rows that say why not."""
    said = command(
        run.entry, *local, "-m", "algorithm=hnsw_postfilter,faiss_hnsw_infilter", "storage.format=float32,int8"
    )
    assert said.code == 0, said
    assert "local em hnsw_postfilter (int8): recall up to" in said.out
    rows = dict(iter(Store(tmp_path / "results").rows().groupby(["algorithm", "storage"])))
    assert set(rows) == {
        (name, fmt) for name in ("hnsw_postfilter", "faiss_hnsw_infilter") for fmt in ("float32", "int8")
    }
    coded = rows["hnsw_postfilter", "int8"]
    assert (coded["recall"] > 0.99).any()
    assert (coded["storage_error"].between(0.001, 0.02)).all()
    assert (rows["hnsw_postfilter", "float32"]["storage_error"] == 0).all()
    assert set(rows["faiss_hnsw_infilter", "int8"]["error"]) == {"it reads float32 vectors, not int8"}

    said = command(run.entry, *local, "storage.format=int9")
    assert said.code == 2
    assert "storage.format=int9 is unknown; did you mean 'int8'" in said.err


def test_codes_rank_by_inner_products_as_well(command: Commands, tmp_path: Path) -> None:
    """A method that computes them itself gets codes of vectors whose squared L2 distances rank alike."""
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(500, 16)) * rng.uniform(0.5, 2, (500, 1))
    for name, values in (("x", rows), ("y", rng.normal(size=(20, 16)))):
        np.save(tmp_path / f"{name}.npy", values.astype(np.float32))
    words = ["dataset=vectors", f"dataset.vectors={tmp_path / 'x.npy'}", f"dataset.queries={tmp_path / 'y.npy'}"]
    words += ["dataset.metric=ip", "workload=none", "algorithm=prefilter", "storage.format=rabitq4"]
    said = command(run.entry, *words, f"results={tmp_path / 'results'}")
    assert said.code == 0, said
    assert (Store(tmp_path / "results").rows()["recall"] > 0.95).all()


def test_a_dry_run_runs_nothing(command: Commands, local: list[str], tmp_path: Path) -> None:
    said = command(run.entry, *local, "algorithm=faiss_ivf_infilter", "dry_run=true")
    assert said.code == 0
    for part in ("400 items x 16 dimensions", "24 queries, EM on number_of_sub_categories, k = 10", "10 settings"):
        assert part in said.out
    assert [path.name for path in (tmp_path / "results").iterdir()] == ["cache"]
    assert not (tmp_path / "results" / "cache" / "ground_truth").exists()


@pytest.mark.parametrize("event", ["build", "search 2"])
def test_a_killed_run_is_completed_by_the_next_one(local: list[str], tmp_path: Path, event: str) -> None:
    marks, wait = tmp_path / "marks", tmp_path / "marks.wait"
    wait.write_text(event)
    arguments = [*local, "algorithm=prefilter", *MARKS]
    runs = tmp_path / "results" / "runs"

    with start_command("bench.run", *arguments, MARKS=str(marks)) as killed:
        while not (marks.exists() and marks.read_text().endswith(f"{event}\n")):
            assert killed.poll() is None, killed.communicate()
            time.sleep(0.02)
        below = psutil.Process(killed.pid).children(recursive=True)
        assert below
        killed.send_signal(signal.SIGKILL)
        killed.communicate()
    gone, alive = psutil.wait_procs(below, timeout=20)
    assert (len(gone), alive) == (len(below), [])  # the worker does not outlive its parent
    assert not list(runs.glob("*"))  # nothing is stored incompletely

    wait.unlink()
    with start_command("bench.run", *arguments, MARKS=str(marks)) as resumed:
        said = resumed.communicate()
    assert resumed.returncode == 0, said
    rows = Store(tmp_path / "results").rows()
    assert rows["search_params"].tolist() == ['{"effort": 1}', '{"effort": 2}']
    assert rows["status"].tolist() == ["ok", "ok"]
    # A finished build is kept; an unfinished one is made again.
    assert marks.read_text().split("\n").count("build") == (2 if event == "build" else 1)
    assert len(list(runs.iterdir())) == 1
    assert not list((tmp_path / "results" / "work").iterdir())


def test_an_interrupted_sweep_resumes(
    command: Commands, local: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    marks = tmp_path / "marks"
    monkeypatch.setenv("MARKS", str(marks))
    command(run.entry, *local, "workload=none", "algorithm=prefilter", *MARKS)
    before = marks.read_text()
    said = command(run.entry, *local, "-m", "workload=none,em", "algorithm=prefilter", *MARKS)
    assert "[1] local none marks: already stored" in said.out
    assert "[2] local em marks: recall up to 1.000" in said.out
    assert set(marks.read_text().removeprefix(before).splitlines()) == set(before.splitlines()) - {"build"}


def test_what_a_workload_controls_is_stored(command: Commands, local: list[str], tmp_path: Path) -> None:
    words = [*local, "algorithm=prefilter", "limits.build_seconds=60"]
    for workload in (["workload=em"], ["workload=r_selectivity", "workload.selectivity=0.4"],
                     ["workload=emis_correlation", "workload.correlation=0.0"]):  # fmt: skip
        assert command(run.entry, *words, *workload, "workload.name=any").code == 0
    rows = Store(tmp_path / "results").rows().set_index("filter_type")
    controls = {kind: (row["controlled"], row["controlled_value"]) for kind, row in rows.iterrows()}
    assert pd.isna(controls.pop("EM")[0])
    assert controls == {"R": ("selectivity", 0.4), "EMIS": ("correlation", 0.0)}


def test_a_run_that_fails_names_its_log(command: Commands, local: list[str], tmp_path: Path) -> None:
    method = ["algorithm.name=bad", "algorithm.target=tests.support.adversarial.RaisesInBuild"]
    said = command(run.entry, *local, "algorithm=prefilter", *method)
    (log,) = (tmp_path / "results" / "logs").iterdir()
    assert f"crashed (ValueError: the build went wrong; see {log})" in said.out
    assert "the build went wrong" in log.read_text()


@pytest.mark.parametrize("entry", [run.entry, data.entry])
def test_help_names_the_keys(command: Commands, entry: object) -> None:
    said = command(entry, "--help")  # type: ignore[arg-type]
    assert said.code == 0
    for word in ("python -m bench.", "dataset:", "arxiv-sim", "results: results"):
        assert word in said.out


def test_the_resolved_configuration_is_printed_on_request(command: Commands, local: list[str]) -> None:
    said = command(
        run.entry, *local, "workload=em_selectivity", "workload.selectivity=0.4", "--cfg", "job", "--resolve"
    )
    assert said.code == 0
    assert "name: em_selectivity_0.4" in said.out


def test_a_method_beside_its_results_is_imported(layout: Path, tmp_path: Path) -> None:
    """The folder that ``python -m`` imports from has the results in it, which a worker does not see."""
    (tmp_path / "mine.py").write_text(
        "from algorithms.baselines.prefilter import PreFilter\n\n\nclass Mine(PreFilter):\n    '''Exact.'''\n"
    )
    words = ["dataset=local", f"dataset.path={layout}", "algorithm.target=mine.Mine", "latency_queries=0"]
    said = subprocess.run(
        [sys.executable, "-m", "bench.run", *words], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert "recall up to 1.000" in said.stdout, said.stderr
    assert (tmp_path / "results" / "runs").is_dir()
