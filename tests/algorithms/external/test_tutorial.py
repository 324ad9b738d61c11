"""The programs of the tutorial, compiled and run from the YAML files that it shows, by the command that it shows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bench import run
from bench.core.paths import PROJECT
from bench.results.store import Store
from tests.support.commands import Commands
from tests.support.programs import COMPILER, TUTORIAL, compiled, file_of_tutorial

pytestmark = pytest.mark.skipif(COMPILER is None, reason="there is no g++")

OPTIONS = ["latency_queries=3", "timed_seconds=0.01", "results=results"]


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("programs")
    for name in ("flat", "small_world"):
        compiled(folder, name)
    return folder


@pytest.fixture
def ran(
    configs: Path, programs: Path, layout: Path, command: Commands, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Any:
    """A function that runs a method of the tutorial where its program lies, and returns what was said."""
    for program in programs.iterdir():
        (tmp_path / program.name).write_bytes(program.read_bytes())
        (tmp_path / program.name).chmod(0o755)
    for name in ("flat", "small_world"):
        (configs / "algorithm" / f"{name}.yaml").write_text(file_of_tutorial(f"configs/algorithm/{name}.yaml"))
    monkeypatch.chdir(tmp_path)

    def run_method(name: str, *words: str) -> Any:
        return command(run.entry, "dataset=local", f"dataset.path={layout}", f"algorithm={name}", *OPTIONS, *words)

    return run_method


def written(folder: Path) -> set[str]:
    """Return the formats of the files that were written of the items, each once."""
    suffixes = [path.suffix for path in (folder / "results" / "cache" / "inputs").iterdir()]
    assert len(suffixes) == len(set(suffixes))
    return set(suffixes)


def test_a_program_that_runs_once(ran: Any, tmp_path: Path) -> None:
    said = ran("flat", "workload=em")
    assert "local em flat: recall up to 1.000" in said.out, said
    rows = Store(tmp_path / "results").rows()
    (row,) = rows.to_dict("records")
    assert (row["status"], row["timed_by"], row["violations"]) == ("ok", "program", 0)
    assert row["latency_p50_ms"] != row["latency_p50_ms"]
    assert row["qps"] > 0
    assert written(tmp_path) == {".integers"}  # the dataset has fvecs

    assert "already stored" in ran("flat", "workload=em").out
    program = tmp_path / "flat"
    program.write_bytes(program.read_bytes() + b"rebuilt")
    assert "recall up to 1.000" in ran("flat", "workload=em").out
    program.unlink()
    said = ran("flat", "workload=em")
    assert said.code == 2
    assert f"declares the file {program}, which is missing; build it first" in said.err


def test_a_program_that_stays(ran: Any, tmp_path: Path) -> None:
    said = ran("small_world", "workload=r", "algorithm.build.M=16")
    assert "local r small_world: recall up to" in said.out, said
    rows = Store(tmp_path / "results").rows().sort_values("recall")
    assert rows["status"].tolist() == ["ok"] * 3
    assert rows["timed_by"].tolist() == ["harness"] * 3
    assert rows["recall"].iloc[-1] > 0.9
    assert rows["build_params"].iloc[0] == '{"M": 16, "ef_construction": 60}'
    assert (rows["latency_p50_ms"] > 0).all()
    assert (rows["index_bytes"] > 0).all()
    assert written(tmp_path) == {".fbin", ".units"}


def test_a_filter_type_without_a_format_is_unsupported(ran: Any) -> None:
    said = ran("flat", "workload=emis", "algorithm.external.serves=[EM,EMIS]")
    assert "filters written as 'integers' express EM only" in said.out + said.err, said


def test_the_tutorial_shows_how_to_compile_what_it_runs() -> None:
    for name in ("flat", "small_world"):
        assert f"g++ -O3 -o {name} examples/{name}.cpp" in TUTORIAL.read_text()
        assert (PROJECT / "examples" / f"{name}.cpp").is_file()
