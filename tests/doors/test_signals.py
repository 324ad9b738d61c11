"""Signals to a command end it as an interrupt does: nothing keeps running, and nothing stays behind."""

from __future__ import annotations

import signal
import time
from pathlib import Path

import psutil
import pytest

from tests.support.commands import start_command


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_ends_the_command_and_all_below_it(layout: Path, tmp_path: Path, number: signal.Signals) -> None:
    marks = tmp_path / "marks"
    marks.with_suffix(".wait").write_text("build")
    method = ["algorithm=prefilter", "algorithm.name=marks", "algorithm.target=tests.support.adversarial.Marks"]
    words = ["dataset=local", f"dataset.path={layout}", *method, f"limits.writable=[{tmp_path}]", "threads_build=1"]
    with start_command(
        "bench.run", *words, "+algorithm.search.effort=1", f"results={tmp_path / 'results'}", MARKS=str(marks)
    ) as run:
        while not marks.exists():
            assert run.poll() is None, run.communicate()
            time.sleep(0.02)
        below = psutil.Process(run.pid).children(recursive=True)
        run.send_signal(number)
        run.wait(20)
    assert run.returncode == (130 if number is signal.SIGINT else 128 + number)
    assert below
    assert psutil.wait_procs(below, timeout=10)[1] == []
    assert not list((tmp_path / "results" / "work").iterdir())
    assert not list((tmp_path / "results").glob("runs/*"))


@pytest.mark.parametrize("delay", [0.0, 0.05, 0.2, 0.5])
def test_a_worker_dies_with_its_parent_from_the_beginning(layout: Path, tmp_path: Path, delay: float) -> None:
    words = ["dataset=local", f"dataset.path={layout}", "algorithm=prefilter", f"results={tmp_path}"]
    with start_command("bench.run", *words) as run:
        while not (below := psutil.Process(run.pid).children(recursive=True)):
            assert run.poll() is None, run.communicate()
            time.sleep(0.01)
        time.sleep(delay)
        run.kill()
        run.wait()
    assert psutil.wait_procs(below, timeout=5)[1] == []
