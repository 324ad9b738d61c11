"""The rows of a run: what was planned, measured and judged."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from bench.core.masks import FilterBatch
from bench.core.vectors import open_vectors
from bench.datasets.codes import error_of
from bench.datasets.dataset import load_rows
from bench.results.rows import QUERY_SCHEMA, Status
from bench.runs.child import Outcome
from bench.runs.description import code_digest
from bench.runs.plan import Plan
from bench.system.machine import code, library_versions, machine
from bench.truth.answers import GroundTruth
from bench.truth.judge import Verdict, judge


def judged(
    plan: Plan, truth: GroundTruth, common: dict[str, Any], outcomes: list[Outcome], folder: Path
) -> tuple[list[dict[str, Any]], list[pa.Table]]:
    """Return the rows of all settings, and the per-query tables of those that gave answers."""
    filters = FilterBatch(plan.workload.filters, plan.workload.attributes)
    queries = load_rows(plan.dataset.queries, plan.workload.rows)
    vectors = open_vectors(plan.dataset.vectors)
    rows, tables = [], []
    for number, (setting, outcome) in enumerate(zip(plan.settings, outcomes, strict=True)):
        row = common | {"search_params": to_json(setting)}
        if outcome.status is not Status.OK:
            rows.append(row | failure_values(outcome))
            continue
        with np.load(folder / f"setting-{number:03}.npz", allow_pickle=False) as result:
            ids, latencies = result["ids"], result["latencies"]
            search_seconds, prepare_seconds = (
                float(result["search_seconds"]),
                float(result["prepare_seconds"]),
            )
            counted = int(result["distance_computations"])
            row |= {"search_peak_rss_bytes": max(outcome.peak_rss, int(result["peak_rss"]))}
        if malformed := _malformed(ids, len(queries), plan.config.k):
            rows.append(row | {"status": Status.INVALID, "error": malformed})
            continue
        verdict = judge(ids, plan.config.k, truth, filters, vectors, queries)
        fault = verdict.fault(afanns=plan.method.afanns)
        measured = latencies[~np.isnan(latencies)] * 1e3
        percentiles = np.percentile(measured, [50, 95, 99]).tolist() if len(measured) else [None] * 3
        rows.append(
            row
            | {
                "status": Status.INVALID if fault else Status.OK,
                "error": fault,
                "recall": _mean(verdict.recall),
                "recall_paper": float(verdict.recall_paper.mean()),
                "underfill": _mean(verdict.underfill),
                "violations": int(verdict.violations.sum()),
                "unordered": int(verdict.unordered.sum()),
                "qps": len(queries) / search_seconds,
                "qps_with_prepare": len(queries) / (search_seconds + prepare_seconds),
                "distance_computations": None if counted < 0 else counted,
            }
            | dict(zip(("latency_p50_ms", "latency_p95_ms", "latency_p99_ms"), percentiles, strict=True))
        )
        tables.append(_query_table(row["search_params"], verdict, latencies, truth, len(vectors)))
    return rows, tables


def _malformed(ids: np.ndarray, queries: int, k: int) -> str | None:
    if not np.issubdtype(ids.dtype, np.integer):
        return f"search returned {ids.dtype} where ids are integers"
    if ids.ndim != 2 or len(ids) != queries or ids.shape[1] > k:
        return f"search returned an array of shape {list(ids.shape)} for {queries} queries and k = {k}"
    return None


def _mean(values: np.ndarray) -> float | None:
    """Return the mean over the queries that some item matches."""
    matched = values[~np.isnan(values)]
    return float(matched.mean()) if len(matched) else None


def _query_table(search_params: str, verdict: Verdict, latencies: np.ndarray, truth: GroundTruth, n: int) -> pa.Table:
    count = len(latencies)
    columns = {
        "search_params": pa.array([search_params] * count),
        "query": np.arange(count, dtype=np.int32),
        "recall": pa.array(verdict.recall.astype(np.float32), from_pandas=True),
        "latency_ms": pa.array((latencies * 1e3).astype(np.float32), from_pandas=True),
        "selectivity": (truth.matches / n).astype(np.float32),
        "returned": verdict.returned.astype(np.int32),
    }
    return pa.table(columns, schema=QUERY_SCHEMA)


def common_values(plan: Plan, repeat: int) -> dict[str, Any]:
    """Return the columns that all settings share."""
    config = plan.config
    n, dim = plan.dataset.shape
    return {
        "run_id": plan.run_id,
        "build_id": plan.build_id,
        "dataset": plan.dataset.name,
        "n": n,
        "dim": dim,
        "data_digest": plan.dataset.digest,
        "storage": config.storage.format,
        "storage_error": error_of(plan.codes) if plan.codes else 0.0,
        "workload": plan.workload.name,
        "filter_type": plan.workload.filter_type,
        "k": config.k,
        "queries": len(plan.workload.filters),
        "algorithm": plan.name,
        "build_params": to_json(plan.build_params),
        "repeat": repeat,
        "seed": config.seed,
        "threads_build": plan.threads_build,
        "threads_search": config.threads_search,
        "started_at": dt.datetime.now(dt.UTC),
        "code_digest": code_digest(plan.method),
        "libraries": to_json(library_versions()),
        **code(),
        **machine(),
    }


def failure_values(outcome: Outcome) -> dict[str, Any]:
    """Return the columns that say how a child failed."""
    return {"status": outcome.status, "error": outcome.error}


def to_json(values: dict[str, Any]) -> str:
    """Return parameters as rows hold them."""
    return json.dumps(values)
