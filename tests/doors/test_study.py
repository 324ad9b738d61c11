"""Studies: they expand overrides, resume, skip unsupported runs, and keep to a budget."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from bench import study
from bench.config.sweeps import Job, expand, merged
from bench.reports.exhibits import EXHIBITS
from bench.reports.load import load
from bench.reports.tables.table import Table
from bench.results.store import Store
from bench.system.exit_code import ExitCode
from tests.support.commands import Commands

SMOKE = ["scale=smoke", "dataset.n=300", "dataset.dim=8", "dataset.queries=20"]
CHEAP = "algorithm=prefilter,faiss_ivf_infilter,nhq_nsw"


def test_later_overrides_win_and_a_new_option_drops_earlier_keys() -> None:
    scale, runs, words = ["dataset=arxiv-sim", "dataset.n=5", "k=3"], ["k=7"], ["dataset=local", "dataset.path=/x"]
    assert merged(scale, runs) == {"dataset": "arxiv-sim", "dataset.n": "5", "k": "7"}
    assert merged(scale, runs, words) == {"dataset": "local", "k": "7", "dataset.path": "/x"}
    assert merged(["workload.skip=5", "workload=em"]) == {"workload": "em", "workload.skip": "5"}


def test_commas_and_globs_are_expanded() -> None:
    jobs = list(expand("run", {"k": "1,2", "algorithm": "glob(hnswlib*)", "workload": "em"}))
    assert [job.overrides["algorithm"] for job in jobs] == ["hnswlib_infilter", "hnswlib_postfilter"] * 2
    assert [job.overrides["k"] for job in jobs] == ["1", "1", "2", "2"]
    assert Job("run", {"k": "7", "workload": "r"}).compose().k == 7
    assert list(expand("run", {"algorithm.search.ef": "[1,2]"})) == [Job("run", {"algorithm.search.ef": "[1,2]"})]


def test_a_study_resumes_and_skips_unsupported_runs(command: Commands, tmp_path: Path) -> None:
    words = ["study=main", *SMOKE, CHEAP, "workload=em,r", f"results={tmp_path}"]
    listed = command(study.entry, *words, "dry_run=true")
    assert listed.code == 0
    assert listed.out.count("algorithm=") == 6
    assert not (tmp_path / "runs").exists()

    first = command(study.entry, *words)
    assert first.code == 0, first.err
    assert "skipped: nhq_nsw on r: " in first.out
    assert len(list((tmp_path / "runs").iterdir())) == 5
    times = {path: path.stat().st_mtime_ns for path in (tmp_path / "runs").iterdir()}
    (lost, *_) = times
    lost.unlink()
    again = command(study.entry, *words)
    assert again.out.count("] arxiv-sim") == 1
    assert {path for path in (tmp_path / "runs").iterdir() if path.stat().st_mtime_ns != times[path]} == {lost}


def test_a_dry_run_finds_a_wrong_value(command: Commands) -> None:
    said = command(study.entry, "study=main", *SMOKE, CHEAP, "k=0", "dry_run=true")
    assert said.code == 2
    assert "k=0 is out of range" in said.err


def test_repeats_are_made_round_by_round_until_the_budget_ends(command: Commands, tmp_path: Path) -> None:
    words = ["study=main", *SMOKE, "algorithm=prefilter", "repeats=2", f"results={tmp_path}"]
    stopped = command(study.entry, *words, "budget_minutes=1e-9")
    assert stopped.code == ExitCode.UNFINISHED
    assert "6 runs remain; run the same command to resume" in stopped.out
    assert not list(tmp_path.glob("runs/*"))
    done = command(study.entry, *words)
    assert done.code == 0
    assert [line.split("#")[1][0] for line in done.out.splitlines() if "#" in line] == ["0"] * 3 + ["1"] * 3
    assert Store(tmp_path).rows().groupby("workload")["repeat"].nunique().tolist() == [2, 2, 2]


def test_a_study_of_other_sizes_makes_the_rows_of_the_extrapolation(command: Commands, tmp_path: Path) -> None:
    words = [*SMOKE, "algorithm=prefilter", "workload=em", f"results={tmp_path}"]
    said = command(study.entry, "study=size", *words, "subset.items=100,300")
    assert said.code == 0, said.err
    (exhibit,) = (exhibit for exhibit in EXHIBITS if exhibit.name == "tab_extrapolation")
    (table,) = exhibit.draw(load(tmp_path, across_machines=False)).values()
    assert isinstance(table, Table)
    assert [line[1] for line in table.rows] == ["100,000,000", "1,000,000,000"]

    listed = command(
        study.entry, "study=dimension", *words, "dataset.dim=4,16", "subset.dimensions=null", "dry_run=true"
    )
    assert [line.split("dataset.dim=")[1].split()[0] for line in listed.out.splitlines()[1:]] == ["4", "16"]


def test_runs_of_another_process_come_last(command: Commands, tmp_path: Path) -> None:
    words = ["study=main", *SMOKE, "algorithm=prefilter", "workload=em,r", f"results={tmp_path}"]
    said = command(study.entry, *words)
    assert [line.split("]")[0] for line in said.out.splitlines() if "recall" in line] == ["[1/2", "[2/2"]
    (first,) = (row["run_id"] for _, row in Store(tmp_path).rows().iterrows() if row["workload"] == "em")
    for path in (tmp_path / "runs").iterdir():
        path.unlink()

    lock = Store(tmp_path).lock("run", first, 0, lambda: None)
    second = tmp_path / "runs"
    freed = threading.Thread(target=lambda: (wait_for(second), lock.close()))
    freed.start()
    said = command(study.entry, *words)
    freed.join()
    assert [line.split("]")[0] for line in said.out.splitlines() if "recall" in line] == ["[2/2", "[1/2"], said.err


def wait_for(runs: Path) -> None:
    while not list(runs.glob("*.parquet")):
        time.sleep(0.02)


def test_a_tuning_study_searches_all_methods_that_can_be_searched(command: Commands, tmp_path: Path) -> None:
    words = ["study=tuning", *SMOKE, "algorithm=caps,faiss_hnsw_postfilter", "workload=r", "tuner.gain=9",
             "tuner.queries=10", "tuner.builds=1", f"results={tmp_path}"]  # fmt: skip
    said = command(study.entry, *words)
    assert "skipped: [1/2] r caps: its buckets" in said.out
    assert list((tmp_path / "tuned" / "arxiv-sim" / "r").glob("faiss_hnsw_postfilter-greedy-*.json")), said.err


def test_a_dataset_is_described_once_for_all_workloads(command: Commands, tmp_path: Path) -> None:
    said = command(study.entry, "study=characteristics", *SMOKE, f"results={tmp_path}")
    assert said.code == 0, said.err
    (path,) = (tmp_path / "characteristics").iterdir()
    for workload in ("em", "r", "emis"):
        assert f'"{workload}"' in path.read_text()


@pytest.mark.parametrize(
    ("word", "complaint"),
    [
        ("study=mian", "there is no such study; did you mean 'main'?"),
        ("scale=tiny", "there is no such scale"),
        ("workload=ems", "there is no such workload; did you mean 'emis'?"),
        ("repaets=3", "there is no key 'repaets'; did you mean 'repeats'?"),
        ("algorithm=glob(x*)", "no algorithm matches"),
        ("main", "arguments are key=value"),
    ],
)
def test_invalid_words_are_refused(word: str, complaint: str, command: Commands, tmp_path: Path) -> None:
    said = command(study.entry, *SMOKE, word, f"results={tmp_path}")
    assert said.code == 2
    assert complaint in said.err
    assert not list(tmp_path.iterdir())
