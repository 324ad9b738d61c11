"""``bench.tune``: it resumes, its queries are not reported, and runs can use its result."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir

from bench import run, study, tune
from bench.core.paths import CONFIGS
from bench.results.store import Store
from bench.runs.config import parse_run
from bench.runs.plan import make_plan
from bench.tuning.trace import trace_path
from tests.support.commands import Commands

SMALL = [
    "dataset.n=600", "dataset.dim=16", "dataset.queries=40", "workload=r", "algorithm=prefilter",
    "algorithm.target=tests.support.tunable.Tunable", "algorithm.name=tunable", "+algorithm.build.quality=2",
    "+algorithm.search.effort=1", "+algorithm.candidates.quality=[1,2,3,4]", "tuner.queries=15", "tuner.builds=2",
]  # fmt: skip


@pytest.fixture
def arguments(tmp_path: Path) -> list[str]:
    return [*SMALL, f"results={tmp_path}"]


@pytest.mark.parametrize(("tuner", "evaluations"), [("greedy", 4), ("grid", 4), ("optuna", 2)])
def test_a_search_resumes_and_its_result_can_be_run(
    tuner: str, evaluations: int, command: Commands, arguments: list[str], tmp_path: Path
) -> None:
    words = [*arguments, f"tuner={tuner}", *(["tuner.trials=2"] if tuner == "optuna" else [])]
    said = command(tune.entry, *words)
    assert said.code == 0, said.err
    (file,) = tmp_path.glob("tuned/*/r/tunable-*.json")
    result = json.loads(file.read_text())
    assert result["finished"]
    assert result["queries"] == 15
    assert len(result["trace"]) <= evaluations
    best = max(result["trace"], key=lambda entry: (entry[1], entry[2]))
    assert result["build"] == best[0]
    if tuner != "optuna":
        assert result["build"]["quality"] == 4  # the only one that reaches the recall
    stored = sorted(path.stat().st_mtime_ns for path in (tmp_path / "tuning" / "runs").iterdir())
    assert len(stored) == 2 * len(result["trace"])
    assert not list((tmp_path / "tuning" / "indexes").iterdir())

    again = command(tune.entry, *words)
    assert again.out == said.out
    assert sorted(path.stat().st_mtime_ns for path in (tmp_path / "tuning" / "runs").iterdir()) == stored

    reported = [word for word in arguments if not word.startswith("tuner")]
    refused = command(run.entry, *reported, f"tuned={tuner}")
    assert refused.code == 2
    assert "set workload.skip=15" in refused.err
    assert command(run.entry, *reported, f"tuned={tuner}", "workload.skip=15").code == 0
    rows = Store(tmp_path).rows()
    assert rows["queries"].unique() == [25]
    assert json.loads(rows["build_params"].iloc[0]) == result["build"]


def test_a_run_needs_a_search(command: Commands, arguments: list[str]) -> None:
    said = command(run.entry, *(word for word in arguments if not word.startswith("tuner")), "tuned=greedy")
    assert said.code == 2
    assert "python -m bench.tune tuner=greedy algorithm=tunable" in said.err


def test_a_search_for_something_else_is_not_used(command: Commands, arguments: list[str], tmp_path: Path) -> None:
    assert command(tune.entry, *arguments, "tuner.builds=1").code == 0
    reported = [each for each in arguments if not each.startswith("tuner")]
    said = command(run.entry, *reported, "tuned=greedy", "workload.skip=15", "k=3")
    assert said.code == 2
    assert "has no search for tunable with the data, k, storage and shards of this run" in said.err


@pytest.mark.parametrize(
    ("word", "is_another"),
    [
        ("k=3", True),
        ("shards=2", True),
        ("storage.format=int8", True),
        ("subset.items=500", True),
        ("dataset.seed=9", True),
        ("workload.skip=7", False),
        ("workload.queries=7", False),
        ("timed_seconds=3", False),
        ("algorithm.build.M=16", False),
    ],
)
def test_a_search_is_named_by_what_it_searches(word: str, is_another: bool, tmp_path: Path) -> None:
    def path_of(*words: str) -> Path:
        few = ["algorithm=hnsw_postfilter", "dataset.n=600", "dataset.dim=16", "dataset.queries=40"]
        with initialize_config_dir(str(CONFIGS), version_base="1.3"):
            config = compose("run", overrides=[*few, f"results={tmp_path}", *words])
        return trace_path(make_plan(parse_run(config)), "greedy")

    assert (path_of() != path_of(word)) == is_another


def test_a_search_for_another_recall_is_not_finished(command: Commands, tmp_path: Path) -> None:
    words = ["study=tuning", "scale=smoke", "algorithm=faiss_ivf_infilter", "workload=r", "tuner.gain=9",
             "tuner.queries=10", "tuner.builds=1", f"results={tmp_path}"]  # fmt: skip
    title = "[1/1] r faiss_ivf_infilter"
    assert title in command(study.entry, *words).out
    assert title not in command(study.entry, *words).out
    assert title in command(study.entry, *words, "tuner.recall=0.5").out


def test_an_unfinished_or_damaged_search_is_refused(command: Commands, arguments: list[str], tmp_path: Path) -> None:
    command(tune.entry, *arguments, "tuner.builds=1")
    (file,) = tmp_path.glob("tuned/*/r/*.json")
    file.write_text(file.read_text().replace('"finished": true', '"finished": false'))
    reported = [word for word in arguments if not word.startswith("tuner")]
    assert "has not finished" in command(run.entry, *reported, "tuned=greedy", "workload.skip=15").err
    file.write_text("{")
    assert "is not a readable trace" in command(run.entry, *reported, "tuned=greedy", "workload.skip=15").err


@pytest.mark.parametrize(
    ("word", "complaint"),
    [
        ("tuner.name=gredy", "tuner.name=gredy is unknown; did you mean 'greedy'?"),
        ("tuner.builds=0", "tuner.builds=0 is out of range"),
        ("++algorithm.build.quality=9", "is not among its candidates"),
        ("workload=em", "does not serve EM"),
    ],
)
def test_invalid_words_are_refused(word: str, complaint: str, command: Commands, arguments: list[str]) -> None:
    said = command(tune.entry, *arguments, word)
    assert said.code == 2
    assert complaint in said.err


def test_kept_indexes_are_built_once_for_all_workloads(command: Commands, tmp_path: Path) -> None:
    words = ["dataset.n=600", "dataset.dim=16", "dataset.queries=40", "tuner.queries=15", "tuner.builds=1",
             "tuner.gain=9", "tuner.keep_indexes=true", f"results={tmp_path}"]  # fmt: skip
    assert command(tune.entry, "-m", *words, "workload=em,r", "algorithm=faiss_ivf_infilter").code == 0
    assert command(tune.entry, *words, "workload=em", "algorithm=caps").code == 0
    rows = Store(tmp_path / "tuning").rows()
    flat, trees = (rows[rows["algorithm"] == name] for name in ("faiss_ivf_infilter", "caps"))
    kept = {path.name for path in (tmp_path / "tuning" / "indexes").iterdir()}
    assert kept == {f"{build}-0" for build in flat["build_id"]}
    assert not kept & {f"{build}-0" for build in trees["build_id"]}
    both = flat.groupby("build_id").filter(lambda build: build["workload"].nunique() == 2)
    assert len(both)
    assert (both.groupby("build_id")["build_seconds"].nunique() == 1).all()
