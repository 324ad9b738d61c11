"""Runs a plan: build in one child process, search in another, judge every answer, store the rows."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from bench.cache import Cache, make_folder
from bench.datasets import load_rows
from bench.exact import GroundTruth
from bench.filters import FilterBatch
from bench.ground_truth import DEPTH, ground_truth
from bench.metrics import Verdict, judge
from bench.plan import Plan
from bench.provenance import code, library_versions, machine
from bench.storage import error_of
from bench.store import QUERY_SCHEMA, Status, Store
from bench.supervise import Outcome, supervise
from bench.vectors import open_vectors
from bench.worker import COMPILING

Report = Callable[[str], None]


def run(plan: Plan, repeat: int, store: Store, cache: Cache, report: Report) -> list[dict[str, Any]]:
    """Run one repeat of a plan, store it, and return its rows, one per search setting.

    Args:
        plan: what to run.
        repeat: the number of the repeat, from 0; every repeat builds anew.
        store: takes the rows when all of them are there.
        cache: holds ground truth.
        report: is told in a few words what is being done.

    Raises:
        BenchError: the results cannot be written.
    """
    common = _common(plan, repeat)
    if plan.unsupported is not None:
        failure = Outcome(Status.UNSUPPORTED, plan.unsupported, 0)
        rows = [common | _failure(failure) | {"search_params": _json(s)} for s in plan.settings]
        store.write(plan.run_id, repeat, rows, [])
        return rows

    report("ground truth")
    depth = max(DEPTH, plan.config.k)
    memory = int(plan.config.truth_memory_gib * 2**30)
    truth = ground_truth(plan.dataset, plan.workload, cache, depth=depth, memory=memory)
    common |= {
        "selectivity_mean": float(truth.matches.mean() / plan.dataset.shape[0]),
        "unmatched": int((truth.matches == 0).sum()),
    }
    with _workspace(store.root, f"{plan.run_id}-{repeat}") as folder:
        built, index = _built(plan, repeat, store.root, folder, report)
        if index is None:
            rows = [common | _failure(built) | {"search_params": _json(s)} for s in plan.settings]
            store.write(plan.run_id, repeat, rows, [])
            return rows
        facts = json.loads((index / "build.json").read_text())
        common |= {key: facts[key] for key in ("build_seconds", "build_peak_rss_bytes", "index_bytes")}
        outcomes = _search(plan, index / "index", folder, report)
        report("verifying")
        rows, tables = _judged(plan, truth, common, outcomes, folder)
    store.write(plan.run_id, repeat, rows, tables)
    return rows


@contextmanager
def _workspace(root: Path, name: str) -> Iterator[Path]:
    """Yield an empty folder for what workers exchange; what a killed run left under that name is swept away."""
    folder = root / "work" / name
    shutil.rmtree(folder, ignore_errors=True)
    make_folder(folder)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _job(plan: Plan, threads: int, index: Path) -> dict[str, Any]:
    """Return what both phases are told."""
    workload = plan.workload
    return {
        "target": plan.config.algorithm.target,
        "build_params": plan.build_params,
        "vectors": str(plan.dataset.vectors.resolve()),
        "queries": str(plan.dataset.queries.resolve()),
        "attributes": str(workload.attributes_path.resolve()) if workload.attributes_path else None,
        "filters": str(workload.filters_path.resolve()),
        "skip": workload.skip,
        "filtered": workload.filtered,
        "filter_type": workload.filter_type,
        "k": plan.config.k,
        "codes": str(plan.codes.resolve()) if plan.codes else None,
        "rerank": plan.config.storage.rerank,
        "seed": plan.config.seed,
        "threads": threads,
        "index": str(index.resolve()),
    }


def _built(plan: Plan, repeat: int, root: Path, folder: Path, report: Report) -> tuple[Outcome, Path | None]:
    """Return the folder of the index and its facts, built now unless it is there; None where the build failed."""
    target = root / "indexes" / f"{plan.build_id}-{repeat}"
    if target.exists():
        return Outcome(Status.OK, None, 0), target

    def stages_done() -> int:
        report(f"building{_compiling_first(folder)}")
        return 0

    draft = folder / "built"
    (draft / "index").mkdir(parents=True)
    job = folder / "build_job.json"
    job.write_text(json.dumps(_job(plan, plan.threads_build, draft / "index") | {"memory_limit": plan.memory_limit}))
    outcome = supervise(
        ["build", str(job)],
        folder / "build.json",
        folder / "build.log",
        threads=plan.threads_build,
        timeout=plan.config.limits.build_seconds,
        memory_limit=plan.memory_limit,
        stages_done=stages_done,
    )
    (folder / COMPILING).unlink(missing_ok=True)
    if outcome.status is not Status.OK:
        return outcome, None
    facts = json.loads((folder / "build.json").read_text())
    facts["index_bytes"] = sum(file.stat().st_size for file in (draft / "index").rglob("*") if file.is_file())
    facts["build_peak_rss_bytes"] = max(outcome.peak_rss, facts.pop("peak_rss"))
    (draft / "build.json").write_text(json.dumps(facts))
    make_folder(target.parent)
    draft.rename(target)
    return outcome, target


def _compiling_first(folder: Path) -> str:
    return (
        " (compiling kernels first: once, after an installation or a change)" if (folder / COMPILING).exists() else ""
    )


def _search(plan: Plan, index: Path, folder: Path, report: Report) -> list[Outcome]:
    """Search every setting and return how each ended.

    One child answers them in turn. Where a setting kills it, a new child goes on with the settings after it, so
    that one bad setting costs no other.
    """
    files = [folder / f"setting-{number:03}.npz" for number in range(len(plan.settings))]
    outcomes: list[Outcome] = []
    while len(outcomes) < len(files):
        first = len(outcomes)
        job = folder / "search_job.json"
        remaining = list(enumerate(plan.settings))[first:]
        details = {"settings": remaining, "latency_queries": plan.config.latency_queries}
        job.write_text(json.dumps(_job(plan, plan.config.threads_search, index) | details))

        def stages_done(first: int = first) -> int:
            done = sum(file.exists() for file in files[first:])
            note = "" if done else _compiling_first(folder)
            report(f"searching {min(first + done + 1, len(files))} of {len(files)}{note}")
            return done

        outcome = supervise(
            ["search", str(job)],
            files[-1],
            folder / "search.log",
            threads=plan.config.threads_search,
            timeout=plan.config.limits.search_seconds,
            memory_limit=plan.memory_limit,
            stages_done=stages_done,
        )
        outcomes += [Outcome(Status.OK, None, outcome.peak_rss)] * stages_done()
        if len(outcomes) < len(files):
            outcomes.append(outcome)
    return outcomes


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
