"""Runs a plan: build in one child process, search in another, judge every answer, store the rows."""

from __future__ import annotations

import datetime as dt
import json
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from bench.core.filters import FilterBatch
from bench.core.formats import error_of
from bench.core.vectors import open_vectors
from bench.datasets.sources import load_rows
from bench.results.store import QUERY_SCHEMA, Status, Store
from bench.runs.child import Outcome
from bench.runs.plan import Plan
from bench.runs.stages import Report, built, searched, workspace
from bench.system.cache import Cache
from bench.system.machine import code, library_versions, machine
from bench.truth.judge import Verdict, judge
from bench.truth.search import GroundTruth
from bench.workloads.ground_truth import DEPTH, ground_truth


def run(
    plan: Plan, repeat: int, store: Store, cache: Cache, report: Report, *, keep_index: bool = True
) -> list[dict[str, Any]]:
    """Run one repeat of a plan, store it, and return its rows, one per search setting.

    One process at a time makes a run. One that waited for another finds it stored, as does one that comes later, and
    returns what is there, unless `plan.config.overwrite` wants it made again.

    Args:
        plan: what to run.
        repeat: the number of the repeat, from 0; every repeat builds anew.
        store: takes the rows when all of them are there.
        cache: holds ground truth.
        report: is told in a few words what is being done.
        keep_index: whether other runs may use the index; otherwise it is deleted.

    Raises:
        BenchError: the results cannot be written.
    """
    with store.lock("run", plan.run_id, repeat, partial(report, "another process makes this run")):
        if not store.is_done(plan.run_id, repeat, plan.config.overwrite):
            rows, tables = _made(plan, repeat, store, cache, report, keep_index=keep_index)
            store.write(plan.run_id, repeat, rows, tables)
        return store.run(plan.run_id, repeat)


def _made(
    plan: Plan, repeat: int, store: Store, cache: Cache, report: Report, *, keep_index: bool
) -> tuple[list[dict[str, Any]], list[pa.Table]]:
    """Return the rows of a run and its per-query tables."""
    common = _common(plan, repeat)

    def failed(outcome: Outcome) -> list[dict[str, Any]]:
        return [common | _failure(outcome) | {"search_params": _json(setting)} for setting in plan.settings]

    if plan.unsupported is not None:
        return failed(Outcome(Status.UNSUPPORTED, plan.unsupported, 0)), []

    report("ground truth")
    depth = max(DEPTH, plan.config.k)
    memory = int(plan.config.truth_memory_gib * 2**30)
    truth = ground_truth(plan.dataset, plan.workload, cache, depth=depth, memory=memory)
    common |= {
        "selectivity_mean": float(truth.matches.mean() / plan.dataset.shape[0]),
        "unmatched": int((truth.matches == 0).sum()),
    }
    with (
        workspace(store.root, f"{plan.run_id}-{repeat}") as folder,
        built(plan, repeat, store, folder, report, keep=keep_index) as (build, index),
    ):
        if build.status is not Status.OK:
            return failed(build), []
        facts = json.loads((index / "build.json").read_text())
        common |= {key: facts[key] for key in ("build_seconds", "build_peak_rss_bytes", "index_bytes")}
        outcomes = searched(plan, index / "index", folder, report)
        report("verifying")
        return _judged(plan, truth, common, outcomes, folder)


def _judged(
    plan: Plan, truth: GroundTruth, common: dict[str, Any], outcomes: list[Outcome], folder: Path
) -> tuple[list[dict[str, Any]], list[pa.Table]]:
    """Return the rows of all settings, and the per-query tables of those that gave answers."""
    filters = FilterBatch(plan.workload.filters, plan.workload.attributes)
    queries = load_rows(plan.dataset.queries, plan.workload.rows)
    vectors = open_vectors(plan.dataset.vectors)
    rows, tables = [], []
    for number, (setting, outcome) in enumerate(zip(plan.settings, outcomes, strict=True)):
        row = common | {"search_params": _json(setting)}
        if outcome.status is not Status.OK:
            rows.append(row | _failure(outcome))
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


def _common(plan: Plan, repeat: int) -> dict[str, Any]:
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
        "build_params": _json(plan.build_params),
        "repeat": repeat,
        "seed": config.seed,
        "threads_build": plan.threads_build,
        "threads_search": config.threads_search,
        "started_at": dt.datetime.now(dt.UTC),
        "code_digest": plan.method.code_digest,
        "libraries": _json(library_versions()),
        **code(),
        **machine(),
    }


def _failure(outcome: Outcome) -> dict[str, Any]:
    return {"status": outcome.status, "error": outcome.error}


def _json(values: dict[str, Any]) -> str:
    return json.dumps(values)
