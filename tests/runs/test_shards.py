"""Runs of methods in shards, from the command line to the store."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench import run, table
from bench.results.store import Store
from tests.support.commands import Commands


@pytest.fixture
def words(layout: Path, tmp_path: Path) -> list[str]:
    """Arguments that choose the small dataset of 400 items and a new results folder."""
    return [
        "dataset=local",
        f"dataset.path={layout}",
        f"results={tmp_path / 'results'}",
        "latency_queries=2",
        "timed_seconds=0.01",
    ]


def test_a_method_in_shards_is_another_run_with_a_curve_of_its_own(
    command: Commands, words: list[str], tmp_path: Path
) -> None:
    method = ["algorithm=filtered_vamana", "algorithm.search.L=[10,40]", "-m", "shards=1,3"]
    said = command(run.entry, *words, *method)
    assert said.code == 0, said
    assert "[2] local em filtered_vamana in 3 shards: recall up to 1.000" in said.out
    rows = Store(tmp_path / "results").rows()
    assert sorted(rows["shards"]) == [1, 1, 3, 3]
    assert rows["build_id"].nunique() == rows["run_id"].nunique() == 2
    assert set(rows["algorithm"]) == {"filtered_vamana"}
    assert (rows["status"] == "ok").all()
    whole, parts = (rows[rows["shards"] == shards] for shards in (1, 3))
    assert whole["code_digest"].iloc[0] != parts["code_digest"].iloc[0]  # that of shards is part of it
    (index,) = set(parts["build_id"])
    folder = tmp_path / "results" / "indexes" / f"{index}-0" / "index"
    assert sorted(path.name for path in folder.iterdir()) == ["0", "1", "2"]

    assert command(run.entry, *words, *method).out.count("already stored") == 2
    said = command(table.entry, f"results={tmp_path / 'results'}")
    assert said.code == 0, said
    assert "filtered_vamana in 3 shards" in said.out


def test_codes_are_ranked_again_in_as_many_shards_as_items(command: Commands, words: list[str], tmp_path: Path) -> None:
    said = command(run.entry, *words, "algorithm=prefilter", "shards=400", "storage.format=int8")
    assert said.code == 0, said
    (row,) = Store(tmp_path / "results").rows().itertuples()
    assert (row.status, row.recall, row.violations) == ("ok", 1, 0)


@pytest.mark.parametrize(
    ("word", "error"),
    [
        ("shards=401", "error: shards=401 is out of range; there are 400 items to divide\n"),
        ("shards=0", "error: shards=0 is out of range; it is a whole number, at least 1\n"),
        ("shards=2.5", "error: shards=2.5 is out of range; it is a whole number, at least 1\n"),
        ("shards=null", "error: shards is not set; set shards=VALUE\n"),
        ("shard=2", "error: there is no key 'shard'; did you mean 'shards'?\n"),
    ],
)
def test_a_number_of_shards_that_cannot_be_is_refused(
    word: str, error: str, command: Commands, words: list[str]
) -> None:
    said = command(run.entry, *words, "algorithm=prefilter", word)
    assert (said.code, said.err) == (2, error)


def test_parameters_in_shards_are_those_of_the_method(command: Commands, words: list[str]) -> None:
    said = command(run.entry, *words, "algorithm=acorn", "shards=2", "+algorithm.build.gama=3")
    assert said.code == 2
    assert "has no build parameter 'gama'; did you mean 'gamma'?" in said.err
    said = command(run.entry, *words, "algorithm=acorn", "shards=2", "algorithm.build.M=0")
    assert said.code == 2
    assert "algorithm.build.M=0 is out of range" in said.err


def test_a_program_is_not_divided(command: Commands, words: list[str], tmp_path: Path) -> None:
    said = command(run.entry, *words, "algorithm=originals/serf", "workload=r", "shards=2")
    assert said.code == 0, said
    rows = Store(tmp_path / "results").rows()
    assert set(rows["error"]) == {"it is a program, which gets the files of all items at once"}
