"""Synthetic rows, in the form that a run stores."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa

from bench.core.formats import Storage
from bench.core.leaf import FilterType
from bench.results.rows import Row, Status
from bench.results.rows import query_table as columns_of_queries
from bench.system.files import digest_of

MACHINE = {"cpu_model": "Test CPU", "cores": 4, "memory_bytes": 16 << 30, "kernel": "Linux 6"}
TIME = dt.datetime(2025, 1, 1, tzinfo=dt.UTC)


def row(**values: Any) -> Row:
    """Return a row of a successful run with these values; parameters are dicts."""
    base = {
        "run_id": "r0", "build_id": "b0", "status": Status.OK, "dataset": "toy", "n": 1000, "dim": 8,
        "data_digest": "d0", "code_digest": "c0", "libraries": "{}", "workload": "em", "filter_type": FilterType.EM,
        "k": 10, "queries": 100, "algorithm": "hnswlib_infilter", "storage": Storage.FLOAT32, "storage_error": 0.0,
        "build_params": {"M": 16}, "search_params": {"ef": 10}, "repeat": 0, "seed": 0, "threads_build": 4,
        "threads_search": 1, "recall": 0.9, "recall_paper": 0.8, "violations": 0, "qps": 1000.0,
        "qps_with_prepare": 900.0, "build_seconds": 2.0, "build_memory_bytes": 200 << 20,
        "search_memory_bytes": 100 << 20, "index_bytes": 10 << 20, "selectivity_mean": 0.25, "started_at": TIME,
    }  # fmt: skip
    columns: dict[str, Any] = base | MACHINE | values
    return Row(**columns | {key: json.dumps(columns[key]) for key in ("build_params", "search_params")})


def failed(status: Status, error: str | None, **values: Any) -> Row:
    """Return a row of a failed run."""
    unknown = ("recall", "recall_paper", "violations", "qps", "qps_with_prepare", "search_memory_bytes")
    return replace(row(status=status, error=error, **values), **dict.fromkeys(unknown))


def curve(algorithm: str, speed: float, repeats: int = 3, **values: Any) -> list[Row]:
    """Return rows of a method whose recall rises and whose QPS fall with ef; repeats differ slightly."""
    noise = np.random.default_rng(int(digest_of(algorithm, values.get("workload")), 16))
    rows = []
    for ef in (10, 20, 40, 80, 160, 320):
        missed = 4 / (ef + 4) * speed**0.3
        for repeat in range(repeats):
            qps = 1e5 / ef * speed * noise.normal(1, 0.08)
            setting = {"search_params": {"ef": ef}, "repeat": repeat, "recall": 1 - missed}
            rows.append(row(algorithm=algorithm, qps=qps, qps_with_prepare=qps * 0.9, **(setting | values)))
    return rows


def many(methods: int) -> list[Row]:
    """Return rows of many methods on four workloads, with failures of every kind."""
    rows: list[Row] = []
    speeds = np.random.default_rng(1).uniform(0.1, 3, methods)
    for workload, kind in (("em", "EM"), ("r", "R"), ("emis", "EMIS"), ("c", "C")):
        common = {"workload": workload, "filter_type": FilterType(kind)}
        for number, speed in enumerate(speeds):
            name = f"method_{number:02}"
            if kind != "EM" and number % 6 == 5:
                reason = "its index holds one label per item"
                rows.append(failed(Status.UNSUPPORTED, reason, algorithm=name, **common))
            elif kind == "R" and number == 2:
                rows += [
                    failed(Status.TIMEOUT, "search took longer than 600 s (limits.search_seconds)", algorithm=name,
                           search_params={"ef": ef}, **common)
                    for ef in (160, 320)
                ] + curve(name, speed, **common)[:6]  # fmt: skip
            elif kind == "C" and number == 3:
                error = "Traceback\n  File x\nnumpy.linalg.LinAlgError: SVD did not converge in Linear Least Squares"
                rows.append(failed(Status.CRASHED, error, algorithm=name, **common))
            else:
                rows += curve(name, float(speed), **common)
    return rows


def query_table(search_params: str, queries: int, rng: np.random.Generator) -> pa.Table:
    """The per-query table of one setting."""
    columns = {
        "search_params": [search_params] * queries,
        "query": np.arange(queries, dtype=np.int32),
        "recall": np.ones(queries, np.float32),
        "latency_ms": rng.uniform(1, 2, queries).astype(np.float32),
        "selectivity": rng.uniform(0, 1, queries).astype(np.float32),
        "returned": np.full(queries, 10, np.int32),
        "relevance": rng.uniform(0, 1, queries).astype(np.float32),
        "hardness": rng.uniform(1, 9, queries).astype(np.float32),
    }
    return columns_of_queries(columns)
