"""A method whose library is not installed is unsupported, with the reason; a mistake in its own code is an error."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from algorithms.loading import load_target
from bench import run
from bench.core.errors import BenchError, LibraryMissing
from bench.results.store import Store
from bench.system.machine import library_versions
from tests.support.commands import Commands

LACKING = "tests.support.adversarial.lacks_library.LacksLibrary"
REASON = "it needs the library 'a_library_that_nobody_has', which is not installed"


def test_its_runs_are_unsupported_and_say_why(command: Commands, layout: Path, tmp_path: Path) -> None:
    words = [
        "dataset=local", f"dataset.path={layout}", f"results={tmp_path}", f"algorithm.target={LACKING}",
        "+algorithm.build.anything=1", "+algorithm.search.effort=[1,2]",
    ]  # fmt: skip
    said = command(run.entry, *words)
    assert said.code == 0, said
    assert f"2 of 2 settings unsupported ({REASON})" in said.out
    rows = Store(tmp_path).rows()
    assert rows["status"].tolist() == ["unsupported"] * 2
    assert rows["error"].tolist() == [REASON] * 2


def test_what_can_be_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    targets = {
        "hnswlib": "algorithms.baselines.hnswlib.HnswlibInFilter",
        "engines": "algorithms.engines.usearch.Usearch",
    }
    for extra, target in targets.items():
        module = target.rpartition(".")[0]
        library = module.rpartition(".")[2]
        monkeypatch.setitem(sys.modules, library, None)
        monkeypatch.delitem(sys.modules, module, raising=False)
        advice = rf"the library '{library}', which .*pip install 'fanns-bench\[{extra}\]'"
        with pytest.raises(LibraryMissing, match=advice):
            load_target(target)


@pytest.mark.parametrize(
    "target",
    ["algorithms.nothing.Method", "tests.support.nothing.Method", "tests.support.adversarial.lacks_module.Method"],
)
def test_a_module_of_the_project_that_is_missing_is_a_mistake(target: str) -> None:
    with pytest.raises(BenchError) as refused:
        load_target(target)
    assert not isinstance(refused.value, LibraryMissing)


def test_versions_are_those_of_what_is_installed() -> None:
    assert set(library_versions(("numpy", "a-library-that-nobody-has"))) == {"numpy"}
