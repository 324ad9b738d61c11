"""``python -m tests.stress KILLS``: kill a sweep at random many times, and count what that lost, doubled or left.

It takes minutes, so it is not one of the tests. Then three sweeps run at once on another store. It exits with 1 if a
row is missing, doubled or different, or if a process, a temporary file or the folder of a run is left.
"""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd
import psutil

from bench.core.paths import PROJECT
from bench.results.store import Store
from tests.support.small_dataset import write_layout

SAME = ["workload", "k", "algorithm", "search_params", "repeat"]
MEASURED = ["status", "recall", "recall_paper", "violations", "unordered", "index_bytes", "selectivity_mean"]
METHODS = "hnswlib_postfilter,faiss_hnsw_infilter,prefilter"


def start(layout: Path, results: Path) -> subprocess.Popen[bytes]:
    """Start the sweep: three methods on two workloads with two depths, two repeats each."""
    words = ["-m", "dataset=local", f"dataset.path={layout}", f"algorithm={METHODS}", "workload=em,r", "k=5,10"]
    words += ["repeats=2", "latency_queries=5", "timed_seconds=0.02", "threads_build=1", f"results={results}"]
    quiet = subprocess.DEVNULL
    return subprocess.Popen([sys.executable, "-m", "bench.run", *words], cwd=PROJECT, stdout=quiet, stderr=quiet)


def kill_at_random(layout: Path, results: Path, kills: int, rng: random.Random) -> list[str]:
    """Kill the sweep, start it again, and so on; delete some rows when it is complete, so that there is work."""
    faults = []
    for number in range(kills):
        sweep = start(layout, results)
        time.sleep(rng.uniform(0, 6))
        below = psutil.Process(sweep.pid).children(recursive=True) if sweep.poll() is None else []
        sweep.send_signal(rng.choice([signal.SIGKILL, signal.SIGKILL, signal.SIGTERM, signal.SIGINT]))
        if sweep.wait(30) == 0:
            for path in rng.sample(sorted((results / "runs").glob("*.parquet")), 6):
                path.unlink()
        alive = psutil.wait_procs(below, timeout=5)[1]
        faults += [f"kill {number}: {process.pid} lives" for process in alive]
        print(f"\r{number + 1} of {kills}", end="", flush=True)
    print()
    if start(layout, results).wait() != 0:
        faults.append("the last sweep failed")
    return faults


def faults_of(results: Path, expected: pd.DataFrame) -> list[str]:
    """Return what is wrong with a store, given the rows of an undisturbed one."""
    rows = Store(results).all_rows()
    faults = [f"{int(rows.duplicated(SAME).sum())} rows are doubled"] if rows.duplicated(SAME).any() else []
    both = expected.merge(rows, on=SAME, how="outer", suffixes=("_a", "_b"), indicator=True)
    alone = both[both["_merge"] != "both"]
    faults += [f"{' '.join(map(str, line))} is in one store only" for line in alone[SAME].itertuples(index=False)]
    same = both[both["_merge"] == "both"]
    for column in MEASURED:
        differs = ~((same[f"{column}_a"] == same[f"{column}_b"]) | same[f"{column}_a"].isna())
        faults += [f"{column} differs in {differs.sum()} rows"] if differs.any() else []
    leftovers = [*(results / "work").iterdir(), *(p for p in results.rglob(".*") if p.is_file() and p.name != ".owner")]
    return [*faults, *(f"{path} is left" for path in leftovers)]


def main() -> int:
    """Return the exit code."""
    # A shell lets its background jobs ignore this signal, and the sweeps would inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    kills, rng = int(sys.argv[1]), random.Random(0)
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        layout = write_layout(root / "layout")
        start(layout, root / "undisturbed").wait()
        expected = Store(root / "undisturbed").rows()
        faults = kill_at_random(layout, root / "killed", kills, rng) + faults_of(root / "killed", expected)
        print(f"{kills} kills of a sweep of {len(expected)} rows: {len(faults)} faults")
        sweeps = [start(layout, root / "together") for _ in range(3)]
        codes = [sweep.wait() for sweep in sweeps]
        together = faults_of(root / "together", expected) + [f"exit code {code}" for code in codes if code]
        print(f"three sweeps at once: {len(together)} faults")
    for fault in [*faults, *together]:
        print("  " + fault)
    return 1 if faults or together else 0


if __name__ == "__main__":
    sys.exit(main())
