"""Several writers of one store: every run is made once, every index built once, and no two share a CPU."""

from __future__ import annotations

import tempfile
import threading
import time
from pathlib import Path

import pytest

from bench.core.cpus import allowed_cpus
from bench.datasets.dataset import Dataset
from bench.results.store import Store
from bench.runs.plan import Plan
from bench.runs.run import run
from bench.system.cache import Cache
from bench.system.cpus import claim_cpus
from tests.support.commands import start_command
from tests.support.plans import plan_of


@pytest.fixture
def marks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file in which methods mark what they do."""
    monkeypatch.setenv("MARKS", str(tmp_path / "marks"))
    return tmp_path / "marks"


def lines(marks: Path) -> list[str]:
    return marks.read_text().splitlines() if marks.exists() else []


def made_by_two(first: Plan, second: Plan, store: Store, cache: Cache, marks: Path) -> list[str]:
    """Let one writer begin, another come while it builds, and return what the second reports."""
    wait = marks.with_suffix(".wait")
    wait.write_text("build")
    thread = threading.Thread(target=run, args=(first, 0, store, cache, lambda _: None))
    thread.start()
    while "build" not in lines(marks):
        assert thread.is_alive()
        time.sleep(0.02)
    messages: list[str] = []

    def report(doing: str) -> None:
        messages.append(doing)
        if doing.startswith("another process"):
            wait.unlink(missing_ok=True)

    run(second, 0, store, cache, report)
    thread.join()
    return messages


def test_a_run_that_another_writer_makes_is_waited_for_and_not_made_again(
    dataset: Dataset, cache: Cache, tmp_path: Path, marks: Path
) -> None:
    plan, store = plan_of("Marks", dataset, cache), Store(tmp_path)
    messages = made_by_two(plan, plan, store, cache, marks)
    assert set(messages) == {"another process makes this run"}
    assert (lines(marks).count("build"), lines(marks).count("load")) == (1, 1)
    assert len(store.rows()) == 1


def test_an_index_that_another_run_builds_is_waited_for_and_shared(
    dataset: Dataset, cache: Cache, tmp_path: Path, marks: Path
) -> None:
    plans = [plan_of("Marks", dataset, cache, k=k) for k in (5, 6)]
    messages = made_by_two(*plans, Store(tmp_path), cache, marks)
    assert "another process builds this index" in messages
    assert (lines(marks).count("build"), lines(marks).count("load")) == (1, 2)
    assert len(Store(tmp_path).rows()) == 2


@pytest.mark.skipif(len(allowed_cpus()) < 2, reason="it takes two CPUs")
def test_a_child_runs_on_cpus_that_nobody_has_claimed(
    dataset: Dataset, cache: Cache, tmp_path: Path, marks: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))  # claims of other tests could wait for this one's
    with claim_cpus(1) as (taken,):
        run(plan_of("MarksCpus", dataset, cache), 0, Store(tmp_path), cache, lambda _: None)
    (on,) = [line for line in lines(marks) if line.startswith("on")]
    (cpu,) = on.removeprefix("on [").removesuffix("]").split(",")
    assert int(cpu) in set(allowed_cpus()) - {taken}


def test_two_sweeps_at_once_make_every_run_once(layout: Path, tmp_path: Path, marks: Path) -> None:
    arguments = ["-m", "dataset=local", f"dataset.path={layout}", f"results={tmp_path / 'results'}", "k=5,6,7"]
    method = ["algorithm.name=marks", "algorithm.target=tests.support.adversarial.Marks", "+algorithm.search.effort=1"]
    sweep = [*arguments, "algorithm=prefilter", *method, "latency_queries=2", "threads_build=1"]
    sweep.append(f"limits.writable=[{marks.parent}]")
    with start_command("bench.run", *sweep) as one, start_command("bench.run", *sweep) as two:
        said = [writer.communicate() for writer in (one, two)]
    assert (one.returncode, two.returncode) == (0, 0), said
    assert (lines(marks).count("build"), lines(marks).count("load")) == (1, 3)
    rows = Store(tmp_path / "results").rows()
    assert sorted(rows["k"]) == [5, 6, 7]
    assert set(rows["status"]) == {"ok"}
