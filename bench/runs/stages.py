"""The two stages of a run, build and search: each in a child process, on CPUs that no other run uses meanwhile."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

from bench.core.typed_json import dumps, loads
from bench.results.rows import Status, with_log
from bench.results.store import Store
from bench.runs.child import Outcome, supervise
from bench.runs.facts import BuildFacts
from bench.runs.plan import Plan
from bench.runs.task import BUILD_FILE, COMPILING_FILE, TASK_FILE, Task, timing_file
from bench.system.cache import make_folder
from bench.system.cpus import claim_cpus

Report = Callable[[str], None]
"""Is called with a few words about what is being done."""


@contextmanager
def workspace(root: Path, name: str) -> Iterator[Path]:
    """Yield an empty folder for what parent and workers exchange; whatever a killed run left there is deleted."""
    folder = root / "work" / name
    shutil.rmtree(folder, ignore_errors=True)
    make_folder(folder)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def built_index(
    plan: Plan, repeat: int, store: Store, folder: Path, report: Report, *, keep: bool
) -> Iterator[tuple[Outcome, Path]]:
    """Yield how the build ended and the folder of the index with its facts; it is built unless it is there.

    An index that is kept is locked while it is built; one that is not kept is locked until it is deleted.
    """
    index = store.root / "indexes" / f"{plan.build_id}-{repeat}"
    outcome = Outcome(Status.OK, None, 0)
    with ExitStack() as turn:
        if not (keep and index.exists()):
            waiting = partial(report, "another process builds this index")
            turn.enter_context(store.lock("index", plan.build_id, repeat, waiting))
            if not index.exists():
                outcome = _build(plan, index, folder, store.log_file(plan.run_id, repeat, "build"), report)
        if keep:
            turn.close()
        try:
            yield outcome, index
        finally:
            if not keep:
                shutil.rmtree(index, ignore_errors=True)


def read_facts(index: Path) -> BuildFacts:
    """Return the facts of an index that `built_index` yielded."""
    return loads(BuildFacts, (index / BUILD_FILE).read_text())


def _build(plan: Plan, index: Path, folder: Path, kept_log: Path, report: Report) -> Outcome:
    """Build an index and return how that ended; if it went well, the index and its facts appear together."""

    def stages_done() -> int:
        report(f"building{_compiling_first(folder)}")
        return 0

    draft, log = folder / "built", folder / "build.log"
    (draft / "index").mkdir(parents=True)
    task = _task_file(plan, folder, draft / "index", plan.threads_build)
    with _cpus(plan.threads_build, report) as cpus:
        outcome = supervise(
            ["build", str(task)],
            folder / BUILD_FILE,
            log,
            threads=plan.threads_build,
            cpus=cpus,
            timeout=plan.config.limits.build_seconds,
            memory_limit=plan.memory_limit,
            stages_done=stages_done,
        )
    (folder / COMPILING_FILE).unlink(missing_ok=True)
    if outcome.status is not Status.OK:
        return _keep_log(outcome, log, kept_log)
    facts = loads(BuildFacts, (folder / BUILD_FILE).read_text())
    facts = replace(
        facts,
        build_peak_rss_bytes=max(outcome.peak_rss, facts.build_peak_rss_bytes),
        index_bytes=sum(file.stat().st_size for file in (draft / "index").rglob("*") if file.is_file()),
    )
    (draft / BUILD_FILE).write_text(dumps(facts))
    make_folder(index.parent)
    draft.rename(index)
    return outcome


def search_settings(plan: Plan, index: Path, folder: Path, kept_log: Path, report: Report) -> list[Outcome]:
    """Search at every setting and return how each ended.

    One child answers them in turn. If a setting ends it, a new child continues with the next one, so that a bad
    setting costs no other.
    """
    files = [folder / timing_file(number) for number in range(len(plan.settings))]
    log = folder / "search.log"
    outcomes: list[Outcome] = []
    while len(outcomes) < len(files):
        first = len(outcomes)

        def stages_done(first: int = first) -> int:
            done = sum(file.exists() for file in files[first:])
            note = "" if done else _compiling_first(folder)
            report(f"searching {min(first + done + 1, len(files))} of {len(files)}{note}")
            return done

        task = _task_file(plan, folder, index, plan.config.threads_search, first)
        with _cpus(plan.config.threads_search, report) as cpus:
            outcome = supervise(
                ["search", str(task)],
                files[-1],
                log,
                threads=plan.config.threads_search,
                cpus=cpus,
                timeout=plan.config.limits.search_seconds,
                memory_limit=plan.memory_limit,
                stages_done=stages_done,
            )
        outcomes += [Outcome(Status.OK, None, outcome.peak_rss)] * stages_done()
        if len(outcomes) < len(files):
            outcomes.append(_keep_log(outcome, log, kept_log))
    return outcomes


def task_of(plan: Plan, index: Path, threads: int, first_setting: int = 0) -> Task:
    """Return a plan as a worker is told it: to build into the folder `index`, or to search from it."""
    config, workload = plan.config, plan.workload
    return Task(
        target=config.algorithm.target,
        build_params=plan.build_params,
        settings=tuple(plan.settings),
        first_setting=first_setting,
        vectors=plan.dataset.vectors.resolve(),
        queries=plan.dataset.queries.resolve(),
        attributes=workload.attributes_path.resolve() if workload.attributes_path else None,
        filters=workload.filters_path.resolve(),
        skip=workload.skip,
        filtered=workload.filtered,
        filter_type=workload.filter_type,
        k=config.k,
        codes=plan.codes.resolve() if plan.codes else None,
        rerank=config.storage.rerank,
        seed=config.seed,
        threads=threads,
        memory_limit=plan.memory_limit,
        latency_queries=config.latency_queries,
        timed_seconds=config.timed_seconds,
        index=index.resolve(),
    )


def _task_file(plan: Plan, folder: Path, index: Path, threads: int, first_setting: int = 0) -> Path:
    """Write what a worker is told into a folder, and return the file."""
    file = folder / TASK_FILE
    file.write_text(dumps(task_of(plan, index, threads, first_setting)))
    return file


def _keep_log(outcome: Outcome, log: Path, kept: Path) -> Outcome:
    """Append the log of a worker that failed to a file that stays; return the outcome with an error that names it."""
    make_folder(kept.parent)
    with log.open("rb") as source, kept.open("ab") as target:
        shutil.copyfileobj(source, target)
    return replace(outcome, error=with_log(str(outcome.error), kept))


def _cpus(count: int, report: Report) -> AbstractContextManager[list[int]]:
    """Claim CPUs for a child, so that no other run is measured on them."""
    return claim_cpus(count, lambda: report(f"waiting for {count} free CPU{'s' if count > 1 else ''}"))


def _compiling_first(folder: Path) -> str:
    compiling = (folder / COMPILING_FILE).exists()
    return " (compiling kernels first: once, after an installation or a change)" if compiling else ""
