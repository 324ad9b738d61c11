"""Building datasets from end to end: interrupted, damaged, repeated and refused."""

from __future__ import annotations

import errno
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bench import data, run
from bench.core.errors import BenchError
from bench.core.vectors import open_vectors
from bench.datasets.sources import LayoutSource
from bench.results.store import Store
from bench.snapshot import embed
from bench.snapshot import make as building
from bench.snapshot.embedders.base import Embedder, Part
from bench.snapshot.make import STAGES, BuildConfig, BuildOptions
from bench.snapshot.queries import QueriesConfig
from bench.snapshot.sample import SampleConfig
from bench.system.cache import Cache
from bench.system.locks import try_lock
from tests.snapshot.test_embedders import minilm_is_here
from tests.support.commands import Commands
from tests.support.snapshot import snapshot

ITEMS, QUERIES = 260, 30


class Bags:
    """An embedder that counts letters, and records the sizes of its batches."""

    model, dim, truncated = "bags of letters", 26, 0
    dimensions = None
    embedded: list[int]

    def __init__(self) -> None:
        self.embedded = []

    def open(self, part: Part, count: int) -> Embedder:
        return self

    def embed(self, texts: Any, first: int) -> np.ndarray:
        self.embedded.append(len(texts))
        return np.array([[1 + text.lower().count(chr(97 + i)) for i in range(26)] for text in texts], np.float32)


@pytest.fixture(autouse=True)
def small_shards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embed, "SHARD", 100)
    monkeypatch.setattr(building, "asdict", lambda value: {} if isinstance(value, Bags) else vars(value).copy())


@pytest.fixture
def metadata(tmp_path: Path) -> Path:
    return snapshot(tmp_path / "snapshot.json", ITEMS + QUERIES)


def options(
    metadata: Path, out: Path, embedder: Bags | None = None, reuse: Path | None = None, **sample: Any
) -> BuildOptions:
    build = BuildConfig(str(metadata), str(out), 0, str(reuse) if reuse else None, 20, 1.0, str(out.parent / "results"))
    return BuildOptions(build, SampleConfig(**sample), QueriesConfig(QUERIES), embedder or Bags(), "bags")


def digests(out: Path) -> dict[str, str]:
    return json.loads((out / "dataset.json").read_text())["files"]


def test_a_build_results_in_a_dataset_of_the_layout(metadata: Path, tmp_path: Path) -> None:
    building.run(options(metadata, tmp_path / "out"))
    dataset = LayoutSource("built", str(tmp_path / "out")).open(Cache(tmp_path / "cache"))
    assert dataset.shape == (ITEMS, 26)
    assert dataset.number_of_queries == QUERIES
    assert len(dataset.open_attributes().kinds) == 11
    np.testing.assert_allclose(np.linalg.norm(open_vectors(dataset.vectors), axis=1), 1, rtol=1e-6)
    card = (tmp_path / "out" / "README.md").read_text()
    assert f"{ITEMS:,} arXiv abstracts in 26 dimensions" in card
    assert "bags of letters" in card
    assert not (tmp_path / "out" / ".build").exists()


def test_the_same_seed_gives_the_same_bytes(metadata: Path, tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        building.run(options(metadata, tmp_path / name / "out", method="random", items=200))
    assert digests(tmp_path / "one" / "out") == digests(tmp_path / "two" / "out")


@pytest.mark.parametrize("killed", list(STAGES))
def test_a_build_that_is_killed_after_a_stage_resumes(
    metadata: Path, tmp_path: Path, killed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    building.run(options(metadata, tmp_path / "whole"))
    ran: list[str] = []

    def recorded(name: str, stage: Any) -> Any:
        def run(*given: Any) -> None:
            ran.append(name)
            stage(*given)
            if name == killed and ran.count(name) == 1:
                raise KeyboardInterrupt

        return run

    monkeypatch.setattr(building, "STAGES", {name: recorded(name, stage) for name, stage in STAGES.items()})
    (tmp_path / "x").mkdir()
    out = tmp_path / "x" / "whole"
    with pytest.raises(KeyboardInterrupt):
        building.run(options(metadata, out))
    building.run(options(metadata, out))
    assert digests(out) == digests(tmp_path / "whole")


def test_a_killed_embedding_loses_one_shard_and_replaces_damaged_ones(
    metadata: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    building.run(options(metadata, tmp_path / "whole"))
    bags, count = Bags(), [0]
    original = bags.embed

    def failing(texts: Any, first: int) -> np.ndarray:
        count[0] += 1
        if count[0] == 3:
            raise OSError(errno.ENOSPC, "No space left on device")
        return original(texts, first)

    bags.embed = failing  # type: ignore[method-assign]
    (tmp_path / "x").mkdir()
    out = tmp_path / "x" / "whole"
    with pytest.raises(OSError, match="No space"):
        building.run(options(metadata, out, bags))
    shard = out / ".build" / "shards" / "00001.npy"
    content = bytearray(shard.read_bytes())
    content[-1] ^= 1
    shard.write_bytes(content)
    again = Bags()
    building.run(options(metadata, out, again))
    assert again.embedded == [100, 60, QUERIES]
    assert "00001.npy is damaged and will be embedded again" in capsys.readouterr().err
    assert digests(out) == digests(tmp_path / "whole")


def test_one_process_builds_a_dataset_at_a_time(metadata: Path, tmp_path: Path) -> None:
    (tmp_path / "out" / ".build").mkdir(parents=True)
    lock = try_lock(tmp_path / "out" / ".build" / "lock")
    assert lock is not None
    with lock, pytest.raises(BenchError, match=r"another process is building .*out"):
        building.run(options(metadata, tmp_path / "out"))


def test_a_build_does_not_resume_with_a_changed_snapshot(
    metadata: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(building, "STAGES", dict(list(STAGES.items())[:1]))
    with pytest.raises(FileNotFoundError):  # a file of a later stage
        building.run(options(metadata, tmp_path / "out"))
    metadata.write_text(metadata.read_text() + "\n")
    with pytest.raises(BenchError, match="was built with size of metadata="):
        building.run(options(metadata, tmp_path / "out"))


def test_a_full_disk_is_one_sentence(metadata: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(building, "parquet_to_attributes", full)
    with pytest.raises(BenchError, match=r"cannot write .*database_attributes.jsonl: No space left on device"):
        building.run(options(metadata, tmp_path / "out"))
    monkeypatch.undo()
    monkeypatch.setattr(building, "asdict", lambda value: {} if isinstance(value, Bags) else vars(value).copy())
    building.run(options(metadata, tmp_path / "out"))
    assert (tmp_path / "out" / "dataset.json").exists()


def test_a_finished_build_is_kept_and_other_options_are_refused(
    metadata: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    building.run(options(metadata, tmp_path / "out"))
    bags = Bags()
    building.run(options(metadata, tmp_path / "out", bags))
    assert "is already built" in capsys.readouterr().out
    assert not bags.embedded
    with pytest.raises(BenchError, match=r"was built with sample.items=None, not 9; choose another out=FOLDER"):
        building.run(options(metadata, tmp_path / "out", items=9))


def test_a_refresh_embeds_only_new_texts(metadata: Path, tmp_path: Path) -> None:
    (tmp_path / "old").mkdir()
    building.run(options(metadata, tmp_path / "old" / "out", items=200))
    bags = Bags()
    building.run(options(metadata, tmp_path / "out", bags, tmp_path / "old" / "out"))
    assert sum(bags.embedded) == ITEMS - 200 + QUERIES
    fresh = tmp_path / "fresh"
    fresh.mkdir()
    building.run(options(metadata, fresh / "out"))
    assert digests(fresh / "out")["database_vectors.fvecs"] == digests(tmp_path / "out")["database_vectors.fvecs"]
    with pytest.raises(BenchError, match="is not a finished build"):
        building.run(options(metadata, tmp_path / "other", Bags(), tmp_path))


def test_verify_names_a_changed_file(metadata: Path, tmp_path: Path, command: Commands) -> None:
    building.run(options(metadata, tmp_path / "out"))
    arguments = ["verify", "dataset=local", f"dataset.path={tmp_path / 'out'}", f"results={tmp_path / 'results'}"]
    said = command(data.entry, *arguments)
    assert said.code == 0, said
    assert "all files match dataset.json" in said.out
    assert said.out.count("are exact") == 4
    path = tmp_path / "out" / "query_terms.txt"
    path.write_text(path.read_text().replace("a", "b"))
    said = command(data.entry, *arguments)
    assert said.code == 2
    assert "query_terms.txt missing or different from dataset.json" in said.err


@pytest.mark.skipif(not minilm_is_here(), reason="the weights are not installed")
def test_the_command_from_a_snapshot_to_a_run(tmp_path: Path, command: Commands) -> None:
    metadata, out = snapshot(tmp_path / "snapshot.json", 60), tmp_path / "out"
    results = f"results={tmp_path / 'results'}"
    said = command(
        data.entry, "build", f"metadata={metadata}", "embedder=minilm", f"out={out}", "queries.count=12",
        "embedder.tokens=32", results,
    )  # fmt: skip
    assert said.code == 0, said
    assert "embedded 48 items, " in said.out
    said = command(run.entry, "dataset=local", f"dataset.path={out}", "workload=r", "latency_queries=0", results)
    assert said.code == 0, said
    rows = Store(tmp_path / "results").rows()
    assert rows["recall"].tolist() == [1.0]
    assert rows["dim"].tolist() == [384]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["embedder=minilm", "out=x"], "metadata is not set; set metadata=PATH"),
        (["embedder=minilm", "out=x", "metadata=nowhere.json"], "no file nowhere.json (metadata)"),
        (["embedder=minlm", "out=x", "metadata=y"], "there is no such embedder; did you mean 'minilm'"),
        (["embedder=minilm", "out=x", "metadata=y", "sample.item=3"], "did you mean 'sample.items'"),
    ],
)
def test_invalid_arguments_are_refused(
    arguments: list[str], message: str, command: Commands, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = [word.replace("out=x", f"out={tmp_path / 'out'}") for word in arguments]
    said = command(data.entry, "build", *arguments)
    assert said.code == 2
    assert message in said.err
