"""The rows of a run: what was planned, measured and judged."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from bench.core.masks import FilterBatch
from bench.core.vectors import open_vectors
from bench.datasets.codes import error_of
from bench.datasets.dataset import load_rows
from bench.results.rows import QUERY_SCHEMA, Row, Status
from bench.runs.child import Outcome
from bench.runs.facts import BuildFacts, Timing
from bench.runs.plan import Plan
from bench.runs.task import timing_file
from bench.system.machine import code, library_versions, machine
from bench.truth.answers import GroundTruth
from bench.truth.judge import Verdict, judge


def planned_row(plan: Plan, repeat: int) -> Row:
    """Return what the rows of all settings share, with everything unknown that a run measures."""
    config, control = plan.config, plan.workload.control
    n, dim = plan.dataset.shape
    return Row(
        run_id=plan.run_id,
        build_id=plan.build_id,
        status=Status.OK,
        dataset=plan.dataset.name,
        n=n,
        dim=dim,
        data_digest=plan.dataset.digest,
        storage=config.storage.format,
        storage_error=error_of(plan.codes) if plan.codes else 0.0,
        workload=plan.workload.name,
        filter_type=plan.workload.filter_type,
        controlled=control.quantity if control else None,
        controlled_value=control.value if control else None,
        k=config.k,
        queries=len(plan.workload.filters),
        algorithm=config.algorithm.name,
        build_params=json.dumps(plan.build_params),
        search_params="{}",
        repeat=repeat,
        seed=config.seed,
        threads_build=plan.threads_build,
        threads_search=config.threads_search,
        started_at=dt.datetime.now(dt.UTC),
        code_digest=plan.code_digest,
        libraries=json.dumps(library_versions()),
        **code(),
        **machine(),
    )


def with_truth(row: Row, truth: GroundTruth) -> Row:
    """Return a row with what the true answers say of the workload."""
    selectivity = float(truth.matches.mean() / row.n)
    return replace(row, selectivity_mean=selectivity, unmatched=int((truth.matches == 0).sum()))


def with_build(row: Row, facts: BuildFacts) -> Row:
    """Return a row with what its build took."""
    return replace(row, **asdict(facts))


def failed_rows(row: Row, settings: list[dict[str, Any]], outcome: Outcome) -> list[Row]:
    """Return a row for each setting of a run that ended before any search."""
    return [_failed(_at(row, setting), outcome.status, outcome.error) for setting in settings]


def judge_settings(
    plan: Plan, truth: GroundTruth, row: Row, outcomes: list[Outcome], folder: Path
) -> tuple[list[Row], list[pa.Table]]:
    """Judge the answers at all settings.

    Args:
        plan: the run.
        truth: the true answers.
        row: what all rows share.
        outcomes: per setting, how its search ended.
        folder: where the workers left what they measured.

    Returns:
        a row per setting, and a table per setting that gave answers, with a line per query.
    """
    filters = FilterBatch(plan.workload.filters, plan.workload.attributes)
    queries = load_rows(plan.dataset.queries, plan.workload.rows)
    vectors = open_vectors(plan.dataset.vectors)
    rows, tables = [], []
    for number, (setting, outcome) in enumerate(zip(plan.settings, outcomes, strict=True)):
        at_setting = _at(row, setting)
        if outcome.status is not Status.OK:
            rows.append(_failed(at_setting, outcome.status, outcome.error))
            continue
        timing = Timing.read(folder / timing_file(number))
        at_setting = replace(at_setting, search_peak_rss_bytes=max(outcome.peak_rss, timing.peak_rss))
        if malformed := _malformed(timing.ids, len(queries), plan.config.k):
            rows.append(_failed(at_setting, Status.INVALID, malformed))
            continue
        verdict = judge(timing.ids, plan.config.k, truth, filters, vectors, queries)
        rows.append(_judged(at_setting, timing, verdict, verdict.fault(afanns=plan.method.afanns)))
        tables.append(_query_table(at_setting, timing, verdict, truth))
    return rows, tables


def _at(row: Row, setting: dict[str, Any]) -> Row:
    return replace(row, search_params=json.dumps(setting))


def _failed(row: Row, status: Status, error: str | None) -> Row:
    return replace(row, status=status, error=error)


def _judged(row: Row, timing: Timing, verdict: Verdict, fault: str | None) -> Row:
    """Return a row with what was measured and judged at its setting; it is invalid if there is a fault."""
    latencies = timing.latencies[~np.isnan(timing.latencies)] * 1e3
    p50, p95, p99 = np.percentile(latencies, [50, 95, 99]).tolist() if len(latencies) else [None] * 3
    return replace(
        row,
        status=Status.INVALID if fault else Status.OK,
        error=fault,
        recall=_mean(verdict.recall),
        recall_paper=float(verdict.recall_paper.mean()),
        underfill=_mean(verdict.underfill),
        violations=int(verdict.violations.sum()),
        unordered=int(verdict.unordered.sum()),
        qps=row.queries / timing.search_seconds,
        qps_with_prepare=row.queries / (timing.search_seconds + timing.prepare_seconds),
        latency_p50_ms=p50,
        latency_p95_ms=p95,
        latency_p99_ms=p99,
        distance_computations=timing.distance_computations,
    )


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


def _query_table(row: Row, timing: Timing, verdict: Verdict, truth: GroundTruth) -> pa.Table:
    """Return a line per query, with the columns of `bench.results.rows.QueryRow`."""
    columns = {
        "search_params": pa.array([row.search_params] * row.queries),
        "query": np.arange(row.queries, dtype=np.int32),
        "recall": pa.array(verdict.recall.astype(np.float32), from_pandas=True),
        "latency_ms": pa.array((timing.latencies * 1e3).astype(np.float32), from_pandas=True),
        "selectivity": (truth.matches / row.n).astype(np.float32),
        "returned": verdict.returned.astype(np.int32),
    }
    return pa.table(columns, schema=QUERY_SCHEMA)
