"""What parent and worker tell each other: tasks, descriptions, facts and timings survive their files."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest

from bench.core.errors import BenchError
from bench.core.filters import FilterType
from bench.core.formats import Storage
from bench.core.method import Method, Param
from bench.core.typed_json import dumps, loads
from bench.runs.description import code_digest, method_of
from bench.runs.facts import BuildFacts, Timing
from bench.runs.task import Task
from bench.system.cache import Cache
from tests.support.plans import described

TASK = Task(
    target="package.module.Class", build_params={"M": 16}, settings=({"ef": 1}, {"ef": 2}), first_setting=1,
    vectors=Path("/v.fvecs"), queries=Path("/q.fvecs"), attributes=None, filters=Path("/f.jsonl"), skip=3,
    filtered=("a", "b"), filter_type=FilterType.C, k=10, codes=Path("/codes"), rerank=1.2, seed=0, threads=2,
    memory_limit=1 << 30, latency_queries=5, timed_seconds=0.5, index=Path("/index"),
)  # fmt: skip


def test_a_task_is_read_as_it_was_written() -> None:
    for task in (TASK, replace(TASK, attributes=Path("/a.parquet"), codes=None)):
        assert loads(Task, dumps(task)) == task


def test_the_facts_of_a_build_are_read_as_they_were_written() -> None:
    facts = BuildFacts(1.5, 1 << 20, 77)
    assert loads(BuildFacts, dumps(facts)) == facts


@pytest.mark.parametrize("distances", [None, 0, 12])
def test_a_timing_is_read_as_it_was_written(tmp_path: Path, distances: int | None) -> None:
    timing = Timing(np.array([[3, -1]]), np.array([0.5, np.nan]), 0.25, 2.0, 1 << 20, distances)
    timing.write(tmp_path / "timing.npz")
    read = Timing.read(tmp_path / "timing.npz")
    for field in fields(Timing):
        np.testing.assert_array_equal(getattr(read, field.name), getattr(timing, field.name))
    assert read.distance_computations == distances
    assert type(read.peak_rss) is int


def test_a_method_describes_itself() -> None:
    method = described("tests.support.adversarial.Declares")
    assert method.build[0] == Param("whole", "int", 3, "a whole number", 1, 9, ())
    assert method.reads == (Storage.FLOAT32,)
    assert method.unsupported[FilterType.EM] is None
    assert Path(__file__).parents[1] / "support" / "adversarial" / "declarations.py" in method.sources
    assert loads(Method, dumps(method)) == method


@pytest.fixture
def wrapper(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The target of a method that declares a library beside its module, and a binary elsewhere."""
    package = tmp_path / "wrapper"
    (package / "lib").mkdir(parents=True)
    (package / "lib" / "search.so").write_bytes(b"built once")
    (tmp_path / "binary").write_bytes(b"too")
    (package / "__init__.py").write_text(
        "import dataclasses\n"
        "from tests.support.adversarial import Honest\n"
        "class Wrapper(Honest):\n"
        f"    info = dataclasses.replace(Honest.info, files=('lib/search.so', {str(tmp_path / 'binary')!r}))\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=":")
    return "wrapper.Wrapper"


def test_a_rebuilt_library_is_other_code(wrapper: str, tmp_path: Path) -> None:
    method = method_of(wrapper, Cache(tmp_path / "cache"))
    assert method.files == (tmp_path / "wrapper" / "lib" / "search.so", tmp_path / "binary")
    digests = [code_digest(method)]
    for file in method.files:
        assert code_digest(method) == digests[-1]
        file.write_bytes(b"built anew")
        digests.append(code_digest(method))
    assert len(set(digests)) == 3


def test_a_declared_file_that_is_missing_is_named(wrapper: str, tmp_path: Path) -> None:
    method = method_of(wrapper, Cache(tmp_path / "cache"))
    method.files[0].unlink()
    with pytest.raises(BenchError, match=r"wrapper.Wrapper declares the file .*lib/search.so, which is missing"):
        code_digest(method)
