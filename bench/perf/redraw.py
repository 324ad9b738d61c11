"""The time to draw all figures and tables from a large store of synthetic rows."""

from __future__ import annotations

import datetime as dt
import itertools
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from bench.config.algorithm import AlgorithmConfig
from bench.core.errors import BenchError
from bench.core.formats import Storage
from bench.core.leaf import FilterType
from bench.reports.exhibits import PUBLISHED
from bench.results.rows import Row, Status, query_table
from bench.results.store import Store
from bench.system.files import make_folder
from bench.system.machine import machine

ROWS = 20_000
_SETTINGS, _QUERIES = 8, 500
_LARGEST = {"n": 50_000, "dim": 384, "k": 10, "threads_search": 1}
_PARTS = {"n": (6250, 12_500, 25_000), "dim": (48, 96, 192), "k": (20, 40, 60, 80, 100), "threads_search": (2,)}
_SELECTIVITIES = (0.001, 0.01, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8)


def seconds(folder: Path, algorithms: list[AlgorithmConfig], rows: int = ROWS) -> pd.DataFrame:
    """Fill a store with rows like those of the studies, and time ``python -m bench.figures`` over it.

    Args:
        folder: for the store, which is deleted afterwards.
        algorithms: the methods of the rows.
        rows: their least number.

    Returns:
        One row: the number of rows and of files drawn, and the seconds of the whole command.

    Raises:
        BenchError: the command fails.
    """
    with TemporaryDirectory(dir=make_folder(folder)) as results:
        count = _fill(Store(Path(results)), [algorithm.name for algorithm in algorithms], rows)
        start = time.perf_counter()
        command = [sys.executable, "-m", "bench.figures", f"results={results}"]
        outcome = subprocess.run(command, capture_output=True, text=True, check=False)
        if outcome.returncode:
            raise BenchError(f"the figures could not be drawn: {outcome.stderr.strip().splitlines()[-1]}")
        elapsed = time.perf_counter() - start
        files = sum(path.is_file() for path in (Path(results) / "figures").iterdir())
    return pd.DataFrame([{"rows": count, "files drawn": files, "redraw (s)": elapsed}])


def _fill(store: Store, names: list[str], rows: int) -> int:
    """Write repeat after repeat of every study until there are enough rows, and return their number."""
    rng = np.random.default_rng(0)
    count = repeat = 0
    while count < rows:
        for number, (name, study) in enumerate(itertools.product(names, _studies())):
            run_id = f"{repeat:03}{number:06}"
            run = [_row(rng, name, setting, repeat, run_id, study) for setting in range(_SETTINGS)]
            store.write(run_id, repeat, run, [_queries(rng, row.search_params) for row in run])
            count += len(run)
        repeat += 1
    return count


def _studies() -> Iterator[dict[str, Any]]:
    """Yield the columns in which the runs of one method differ."""
    for workload in PUBLISHED:
        common = _LARGEST | {"workload": workload, "filter_type": FilterType(workload.upper())}
        yield common
        yield from (common | {key: value} for key, values in _PARTS.items() for value in values)
        for selectivity in _SELECTIVITIES:
            control = {"controlled": "selectivity", "controlled_value": selectivity}
            yield common | control | {"workload": f"{workload}_selectivity_{selectivity}"}


def _row(rng: np.random.Generator, name: str, setting: int, repeat: int, run_id: str, study: dict[str, Any]) -> Row:
    qps = float(2.0**-setting * rng.uniform(1e4, 2e4))
    return Row(
        run_id=run_id,
        build_id=run_id,
        status=Status.OK,
        dataset="made-up",
        queries=_QUERIES,
        data_digest=f"{study['n']} {study['dim']}",
        algorithm=name,
        build_params="{}",
        search_params=json.dumps({"ef": 2**setting}),
        repeat=repeat,
        seed=0,
        threads_build=2,
        recall=1 - 0.5 ** (setting + rng.uniform(1, 2)),
        violations=0,
        qps=qps,
        qps_with_prepare=qps,
        latency_p50_ms=1e3 / qps,
        latency_p95_ms=2e3 / qps,
        latency_p99_ms=3e3 / qps,
        build_seconds=float(rng.uniform(1, 100)),
        build_memory_bytes=1 << 28,
        search_memory_bytes=1 << 27,
        index_bytes=int(rng.integers(1 << 20, 1 << 28)),
        storage=Storage.FLOAT32,
        storage_error=0.0,
        selectivity_mean=0.2,
        started_at=dt.datetime.now(dt.UTC),
        code_digest="",
        libraries="{}",
        **machine(),
        **study,
    )


def _queries(rng: np.random.Generator, setting: str) -> pa.Table:
    columns = {
        "search_params": pa.array([setting] * _QUERIES),
        "query": np.arange(_QUERIES, dtype=np.int32),
        "recall": np.ones(_QUERIES, np.float32),
        "latency_ms": rng.uniform(1, 2, _QUERIES).astype(np.float32),
        "selectivity": rng.uniform(0.01, 1, _QUERIES).astype(np.float32),
        "returned": np.full(_QUERIES, 10, np.int32),
        "relevance": rng.uniform(0, 1, _QUERIES).astype(np.float32),
        "hardness": rng.uniform(1, 9, _QUERIES).astype(np.float32),
    }
    return query_table(columns)
