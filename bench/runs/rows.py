"""The rows of a run: what was planned, measured and judged."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import asdict, replace
from typing import Any

import numpy as np
import pyarrow as pa

from bench.core.formats import Storage
from bench.core.masks import FilterBatch
from bench.core.method import TimedBy
from bench.core.vectors import open_vectors
from bench.datasets.codes import error_of
from bench.datasets.dataset import load_rows
from bench.measuring.timing import Timing
from bench.results.rows import Row, Status, query_table
from bench.runs.answers import Court, Judged
from bench.runs.facts import BuildFacts
from bench.runs.plan import Plan
from bench.runs.stages import Ending, Searched
from bench.system.machine import code, library_versions, machine
from bench.truth.answers import GroundTruth
from bench.truth.judge import Verdict
from bench.workloads.difficulty import Difficulty

_LATE_SECONDS = 1.0
_UNTIMED_SECONDS = 0.1


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
        controlled_selectivity=control.selectivity if control else None,
        metric=plan.dataset.metric,
        workload_digest=plan.workload.digest,
        skip=plan.workload.skip,
        rerank=config.storage.candidates if plan.codes else None,
        timed_seconds=config.timed_seconds,
        latency_queries=config.latency_queries,
        k=config.k,
        queries=len(plan.workload.filters),
        algorithm=config.algorithm.name,
        build_params=json.dumps(plan.build_params),
        search_params="{}",
        repeat=repeat,
        seed=config.seed + repeat,
        threads_build=plan.threads_build,
        threads_search=config.threads_search,
        started_at=dt.datetime.now(dt.UTC),
        code_digest=plan.code_digest,
        libraries=json.dumps(library_versions()),
        timed_by=plan.method.timed_by,
        kind=config.algorithm.kind,
        shards=config.shards,
        **code(),
        **machine(),
    )


def with_truth(row: Row, truth: GroundTruth, hard: Difficulty) -> Row:
    """Return a row with what the true answers say of the workload."""
    hardness = hard.hardness[truth.matches > 0]
    return replace(
        row,
        selectivity_mean=float(truth.matches.mean() / row.n),
        unmatched=int((truth.matches == 0).sum()),
        relevance_mean=float(hard.relevance.mean()),
        hardness_mean=float(hardness.mean()) if len(hardness) else None,
        hardness_median=float(np.median(hardness)) if len(hardness) else None,
    )


def with_build(row: Row, facts: BuildFacts, plan: Plan) -> Row:
    """Return a row with what its build took."""
    n, dim = plan.dataset.shape
    vectors = n * Storage(row.storage).vector_bytes(dim)
    holds = plan.method.holds_vectors
    return replace(
        row,
        build_seconds=facts.build_seconds,
        save_seconds=facts.save_seconds,
        build_warm_up_seconds=facts.build_warm_up_seconds,
        build_memory_bytes=facts.build_memory_bytes,
        build_cpu_per_second=facts.build_cpu_per_second,
        index_bytes=max(0, facts.index_bytes - vectors) if holds else facts.index_bytes,
        index_bytes_with_vectors=facts.index_bytes if holds else facts.index_bytes + vectors,
    )


def failed_rows(row: Row, settings: list[dict[str, Any]], ending: Ending) -> list[Row]:
    """Return a row for each setting of a run that ended before any search."""
    return [_failed(_at(row, setting), ending) for setting in settings]


def judge_settings(
    plan: Plan, truth: GroundTruth, hard: Difficulty, row: Row, searches: list[Searched]
) -> tuple[list[Row], list[pa.Table]]:
    """Judge the answers at all settings.

    Args:
        plan: the run.
        truth: the true answers.
        hard: how hard the filters are.
        row: what all rows share.
        searches: per setting, how its search ended.

    Returns:
        a row per setting, and a table per setting that gave answers, with a line per query.
    """
    court = court_of(plan, truth)
    rows, tables = [], []
    for setting, search in zip(plan.settings, searches, strict=True):
        at_setting = _at(row, setting)
        if search.timing is None:
            rows.append(_failed(at_setting, search))
            continue
        judged = court.judge(search.timing)
        at_setting = _measured(at_setting, search)
        if judged.verdict is None:
            rows.append(_failed(at_setting, Ending(Status.INVALID, judged.fault)))
            continue
        rows.append(_judged(at_setting, search.timing, judged, judged.verdict))
        tables.append(_query_table(at_setting, search.timing, judged.verdict, truth, hard))
    return rows, tables


def court_of(plan: Plan, truth: GroundTruth) -> Court:
    """Return what the answers of a run are judged by."""
    return Court(
        k=plan.config.k,
        truth=truth,
        filters=FilterBatch(plan.workload.filters, plan.workload.attributes),
        vectors=open_vectors(plan.dataset.vectors),
        queries=load_rows(plan.dataset.queries, plan.workload.rows),
        afanns=plan.method.afanns,
        rerank=plan.config.storage.candidates,
    )


def _at(row: Row, setting: dict[str, Any]) -> Row:
    return replace(row, search_params=json.dumps(setting))


def _failed(row: Row, ending: Ending) -> Row:
    return replace(row, status=ending.status, error=ending.error)


def _measured(row: Row, search: Searched) -> Row:
    """Return a row with what surrounded the search at its setting."""
    assert search.timing is not None
    assert search.noise is not None
    return replace(
        row,
        **asdict(search.noise),
        load_seconds=search.load_seconds,
        search_warm_up_seconds=search.timing.warm_up_seconds,
        search_memory_bytes=search.memory_bytes,
        baseline_memory_bytes=search.baseline_bytes,
        sandbox=search.sandbox,
        remarks="; ".join([*_late_work(row, search), *_untimed_work(row, search.timing), *search.noise.remarks()])
        or None,
    )


def _late_work(row: Row, search: Searched) -> list[str]:
    """Return what a method seems to have built outside of its build."""
    build, save = row.build_seconds or 0.0, row.save_seconds or 0.0
    remarks = []
    if save > max(build, _LATE_SECONDS):
        remarks.append(f"saving took {save:.1f} s, longer than building")
    if search.load_seconds > max(build + save, _LATE_SECONDS):
        remarks.append(f"loading took {search.load_seconds:.1f} s, longer than building and saving")
    return remarks


def _untimed_work(row: Row, timing: Timing) -> list[str]:
    """Return what a program that times itself seems to have left out, beyond its start."""
    beyond, claimed = timing.beyond_start_seconds, timing.search_seconds if timing.passes else 0.0
    if row.timed_by != TimedBy.PROGRAM or beyond < max(2 * claimed, _UNTIMED_SECONDS):
        return []
    return [
        f"the program says {claimed:.3g} s, but all queries took {beyond:.3g} s longer than a few, "
        "by the clock of the harness"
    ]


def _judged(row: Row, timing: Timing, judged: Judged, verdict: Verdict) -> Row:
    """Return a row with what was measured and judged at its setting; it is invalid if there is a fault."""
    latencies = timing.latencies[~np.isnan(timing.latencies)]
    p50, p95, p99 = np.percentile(latencies * 1e3, [50, 95, 99]).tolist() if len(latencies) else [None] * 3
    matched = sum(map(len, timing.batches))
    timed = bool(timing.passes)
    return replace(
        row,
        status=Status.INVALID if judged.fault else Status.OK,
        error=judged.fault,
        recall=_mean(verdict.recall),
        recall_paper=float(verdict.recall_paper.mean()),
        underfill=_mean(verdict.underfill),
        violations=int(verdict.violations.sum()),
        unordered=int(verdict.unordered.sum()),
        qps=matched / timing.search_seconds if timed else None,
        qps_with_prepare=matched / (timing.search_seconds + timing.prepare_seconds) if timed else None,
        qps_one_by_one=len(latencies) / float(latencies.sum()) if len(latencies) else None,
        recall_one_by_one=judged.recall_one_by_one,
        batch_size=max(map(len, timing.batches), default=None),
        latency_p50_ms=p50,
        latency_p95_ms=p95,
        latency_p99_ms=p99,
        distance_computations=timing.distance_computations,
    )


def _mean(values: np.ndarray) -> float | None:
    """Return the mean over the queries that some item matches."""
    matched = values[~np.isnan(values)]
    return float(matched.mean()) if len(matched) else None


def _query_table(row: Row, timing: Timing, verdict: Verdict, truth: GroundTruth, hard: Difficulty) -> pa.Table:
    """Return a line per query, with the columns of `bench.results.rows.QueryRow`."""
    columns = {
        "search_params": pa.array([row.search_params] * row.queries),
        "query": np.arange(row.queries, dtype=np.int32),
        "recall": pa.array(verdict.recall.astype(np.float32), from_pandas=True),
        "latency_ms": pa.array((timing.latencies * 1e3).astype(np.float32), from_pandas=True),
        "selectivity": (truth.matches / row.n).astype(np.float32),
        "returned": verdict.returned.astype(np.int32),
        "relevance": hard.relevance.astype(np.float32),
        "hardness": pa.array(hard.hardness.astype(np.float32), from_pandas=True),
        "plan": pa.array(timing.plans.names, pa.string()),
        "estimate_ms": pa.array((timing.plans.estimates * 1e3).astype(np.float32), from_pandas=True),
    }
    return query_table(columns)
