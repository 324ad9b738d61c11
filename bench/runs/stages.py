"""The two phases of a run, build and search: each in a child process of its own, on CPUs of its own."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from bench.results.rows import Status
from bench.results.store import Store
from bench.runs.child import Outcome, supervise
from bench.runs.plan import Plan
from bench.runs.worker import COMPILING
from bench.system.cache import make_folder
from bench.system.cpus import claim_cpus

Report = Callable[[str], None]


@contextmanager
def workspace(root: Path, name: str) -> Iterator[Path]:
    """Yield an empty folder for what workers exchange; what a killed run left under that name is swept away."""
    folder = root / "work" / name
    shutil.rmtree(folder, ignore_errors=True)
    make_folder(folder)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def built(
    plan: Plan, repeat: int, store: Store, folder: Path, report: Report, *, keep: bool
) -> Iterator[tuple[Outcome, Path]]:
    """Yield how the build ended and the folder of the index with its facts, built now unless it is there.

    An index that is kept is locked while it is built, and one that is not for as long as it is there.
    """
    index = store.root / "indexes" / f"{plan.build_id}-{repeat}"
    outcome = Outcome(Status.OK, None, 0)
    with ExitStack() as turn:
        if not (keep and index.exists()):
            waiting = partial(report, "another process builds this index")
            turn.enter_context(store.lock("index", plan.build_id, repeat, waiting))
            if not index.exists():
                outcome = _build(plan, index, folder, report)
        if keep:
            turn.close()
        try:
            yield outcome, index
        finally:
            if not keep:
                shutil.rmtree(index, ignore_errors=True)


def _build(plan: Plan, index: Path, folder: Path, report: Report) -> Outcome:
    """Build an index and return how that ended; where it went well, the index and its facts are there at once."""

    def stages_done() -> int:
        report(f"building{_compiling_first(folder)}")
        return 0

    draft = folder / "built"
    (draft / "index").mkdir(parents=True)
    job = folder / "build_job.json"
    job.write_text(json.dumps(_job(plan, plan.threads_build, draft / "index") | {"memory_limit": plan.memory_limit}))
    with _cpus(plan.threads_build, report) as cpus:
        outcome = supervise(
            ["build", str(job)],
            folder / "build.json",
            folder / "build.log",
            threads=plan.threads_build,
            cpus=cpus,
            timeout=plan.config.limits.build_seconds,
            memory_limit=plan.memory_limit,
            stages_done=stages_done,
        )
    (folder / COMPILING).unlink(missing_ok=True)
    if outcome.status is Status.OK:
        facts = json.loads((folder / "build.json").read_text())
        facts["index_bytes"] = sum(file.stat().st_size for file in (draft / "index").rglob("*") if file.is_file())
        facts["build_peak_rss_bytes"] = max(outcome.peak_rss, facts.pop("peak_rss"))
        (draft / "build.json").write_text(json.dumps(facts))
        make_folder(index.parent)
        draft.rename(index)
    return outcome


def searched(plan: Plan, index: Path, folder: Path, report: Report) -> list[Outcome]:
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
        details = {
            "settings": remaining,
            "latency_queries": plan.config.latency_queries,
            "timed_seconds": plan.config.timed_seconds,
        }
        job.write_text(json.dumps(_job(plan, plan.config.threads_search, index) | details))

        def stages_done(first: int = first) -> int:
            done = sum(file.exists() for file in files[first:])
            note = "" if done else _compiling_first(folder)
            report(f"searching {min(first + done + 1, len(files))} of {len(files)}{note}")
            return done

        with _cpus(plan.config.threads_search, report) as cpus:
            outcome = supervise(
                ["search", str(job)],
                files[-1],
                folder / "search.log",
                threads=plan.config.threads_search,
                cpus=cpus,
                timeout=plan.config.limits.search_seconds,
                memory_limit=plan.memory_limit,
                stages_done=stages_done,
            )
        outcomes += [Outcome(Status.OK, None, outcome.peak_rss)] * stages_done()
        if len(outcomes) < len(files):
            outcomes.append(outcome)
    return outcomes


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


def _cpus(count: int, report: Report) -> AbstractContextManager[list[int]]:
    """Claim CPUs for a child, so that no other run is measured on them."""
    return claim_cpus(count, lambda: report(f"waiting for {count} free CPU{'s' if count > 1 else ''}"))


def _compiling_first(folder: Path) -> str:
    return (
        " (compiling kernels first: once, after an installation or a change)" if (folder / COMPILING).exists() else ""
    )
