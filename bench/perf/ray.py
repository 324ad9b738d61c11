"""The speed-up of a sweep of short runs by a second Ray worker, including the start of the cluster."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd

from bench.core.errors import BenchError
from bench.system.files import make_folder

RUNS = 40
# Every seed needs its own index, so every run builds and searches, for a few seconds in all.
_SWEEP = ["algorithm=hnswlib_postfilter", "dataset=arxiv-sim", "dataset.n=5000", "workload=em", "threads_build=1"]


def ratio(folder: Path) -> pd.DataFrame:
    """Make a sweep of `RUNS` short runs with one Ray worker of one CPU, and the same sweep with two.

    Returns:
        One row: the seconds of both sweeps, and the ratio of the second to the first.

    Raises:
        BenchError: a sweep fails.
    """
    one, two = (_seconds(make_folder(folder), workers) for workers in (1, 2))
    return pd.DataFrame([{"runs": RUNS, "1 worker (s)": one, "2 workers (s)": two, "ratio": two / one}])


def _seconds(folder: Path, workers: int) -> float:
    with TemporaryDirectory(dir=folder) as results:
        _sweep("0", f"results={results}")  # generates the dataset
        start = time.perf_counter()
        ray = f"+hydra.launcher.ray.init.num_cpus={workers}"
        _sweep(f"range(1,{RUNS + 1})", f"results={results}", "hydra/launcher=ray", ray)
        return time.perf_counter() - start


def _sweep(seeds: str, *words: str) -> None:
    """Sweep over seeds."""
    command = [sys.executable, "-m", "bench.run", "-m", *_SWEEP, f"seed={seeds}", *words]
    outcome = subprocess.run(command, capture_output=True, text=True, check=False)
    if outcome.returncode:
        message = (outcome.stderr or outcome.stdout).strip().splitlines()[-1]
        raise BenchError(f"a sweep failed: {message.removeprefix('error: ')}")
