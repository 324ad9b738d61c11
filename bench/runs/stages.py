"""The two stages of a run, build and search: each in a worker, on CPUs that no other run uses meanwhile."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from time import perf_counter

from bench.core.errors import BenchError
from bench.core.typed_json import dumps, loads
from bench.datasets.dataset import load_rows
from bench.measuring.child import Child, WorkerFailed
from bench.measuring.messages import Action, Request
from bench.measuring.timing import BELIEVED, Questions, Timing, measure
from bench.results.rows import Status, with_log
from bench.results.store import Store
from bench.runs.facts import BuildFacts, index_files
from bench.runs.origin import check_code
from bench.runs.plan import Plan
from bench.runs.tasks import sandbox_of, task_of
from bench.system.cpus import claim_cpus
from bench.system.files import make_folder, sync_folder
from bench.system.noise import Noise, Quiet
from bench.system.seals import Seal
from bench.truth.answers import GroundTruth

Report = Callable[[str], None]
"""Is called with a few words about what is being done."""

FACTS_FILE = "build.json"
_MOST_CPU = 1.1
_CPU_SLACK_SECONDS = 0.1


@dataclass(frozen=True)
class Ending:
    """How a stage, or the search at one setting, ended."""

    status: Status = Status.OK
    error: str | None = None


@dataclass(frozen=True)
class Searched(Ending):
    """How the search at one setting ended, and what was measured if it ended well.

    Attributes:
        timing: what it took and answered.
        noise: what may have disturbed it.
        memory_bytes: the most memory that the worker held above what it held before it loaded the index.
        baseline_bytes: what it held before.
        load_seconds: the time of loading the index.
        sandbox: the version of the sandbox in which it ran; 0 for none.
    """

    timing: Timing | None = None
    noise: Noise | None = None
    memory_bytes: int = 0
    baseline_bytes: int = 0
    load_seconds: float = 0.0
    sandbox: int = 0


@contextmanager
def built_index(
    plan: Plan, repeat: int, store: Store, hidden: Sequence[Path], folder: Path, report: Report, *, keep: bool
) -> Iterator[tuple[Ending, Path]]:
    """Yield how the build ended and the folder of the index with its facts; it is built unless it is there, intact.

    An index that is kept is locked while it is built; one that is not kept is locked until it is deleted.
    """
    index = store.root / "indexes" / f"{plan.build_id}-{repeat}"
    ending = Ending()
    with ExitStack() as turn:
        waiting = partial(report, "another process builds this index")
        turn.enter_context(store.lock("index", plan.build_id, repeat, waiting))
        if index.exists() and (plan.rebuilds or not _is_intact(index)):
            _delete(index)
        if not index.exists():
            log = store.log_file(plan.run_id, repeat, "build")
            ending = _build(plan, repeat, index, hidden, folder, log, report)
        if keep:
            turn.close()
        try:
            yield ending, index
        finally:
            if not keep:
                _delete(index)


def read_facts(index: Path) -> BuildFacts:
    """Return the facts of an index that `built_index` yielded."""
    return loads(BuildFacts, (index / FACTS_FILE).read_text())


def _is_intact(index: Path) -> bool:
    """Return whether a kept index is as it was saved; warn if it is not."""
    if _seal_of(index).is_intact(index):
        return True
    print(f"warning: the index {index} is damaged, or another user built it; it is built again", file=sys.stderr)
    return False


def _delete(index: Path) -> None:
    """Delete an index with its seal."""
    shutil.rmtree(index, ignore_errors=True)
    _seal_of(index).delete()


def _seal_of(index: Path) -> Seal:
    return Seal(index.parents[1] / "seals" / f"index-{index.name}")


def _build(
    plan: Plan, repeat: int, index: Path, hidden: Sequence[Path], folder: Path, kept_log: Path, report: Report
) -> Ending:
    """Build an index and return how that ended; if it went well, the index and its facts appear together."""
    draft, threads = folder / "built", plan.threads_build
    (draft / "index").mkdir(parents=True)
    task = task_of(plan, repeat, draft / "index", threads)
    with _cpus(threads, report) as cpus:
        child = Child(
            task,
            sandbox_of(plan, task, hidden, writable=folder),
            cpus=cpus,
            timeout=plan.config.limits.build_seconds,
            notice=lambda text: report(f"building ({text})"),
        )
        report("building")
        try:
            with child:
                warm_up = child.ask(Request(Action.WARM_UP))
                child.begin_stage()  # what compiling took is not the method's
                child.memory()
                used = child.cpu_seconds()
                built = child.ask(Request(Action.BUILD))
                used = child.cpu_seconds() - used
                if used > _MOST_CPU * threads * built.elapsed + _CPU_SLACK_SECONDS:
                    raise WorkerFailed(Status.INVALID, _too_much_cpu(used, built.elapsed, threads))
                saved = child.ask(Request(Action.SAVE))
                check_code(plan, child.ask(Request(Action.END)))
                peak, baseline = child.peak, child.baseline
        except WorkerFailed as failed:
            return _ending(failed, child, kept_log)
    try:
        sizes = index_files(draft / "index")
    except BenchError as error:
        return Ending(Status.INVALID, str(error))
    facts = BuildFacts(
        build_seconds=max(built.reply.seconds, BELIEVED * built.elapsed),
        save_seconds=max(saved.reply.seconds, BELIEVED * saved.elapsed),
        build_warm_up_seconds=warm_up.reply.seconds,
        build_memory_bytes=max(0, peak - baseline),
        build_cpu_per_second=used / built.elapsed,
        index_bytes=sum(sizes.values()),
    )
    (draft / FACTS_FILE).write_text(dumps(facts))
    sync_folder(draft)
    make_folder(index.parent)
    draft.rename(index)
    sync_folder(index.parent)
    _seal_of(index).set(index)
    return Ending()


def search_settings(
    plan: Plan,
    repeat: int,
    truth: GroundTruth,
    index: Path,
    hidden: Sequence[Path],
    folder: Path,
    kept_log: Path,
    report: Report,
) -> list[Searched]:
    """Search at every setting and return how each ended.

    One worker answers them in turn. If a setting ends it, a new worker continues with the next one, so that a bad
    setting costs no other.
    """
    questions = questions_of(plan, truth)
    task = task_of(plan, repeat, index, plan.config.threads_search)
    results: list[Searched] = []
    while len(results) < len(plan.settings):
        with _cpus(plan.config.threads_search, report) as cpus:
            child = Child(
                task,
                sandbox_of(plan, task, hidden, writable=folder),
                cpus=cpus,
                timeout=plan.config.limits.search_seconds,
                notice=lambda text: report(f"searching ({text})"),
            )
            try:
                with child:
                    loaded = child.ask(Request(Action.LOAD))
                    first = len(results)
                    for number in range(first, len(plan.settings)):
                        report(f"searching {number + 1} of {len(plan.settings)}")
                        results.append(_search(plan, child, questions, number, loaded.elapsed, cold=number == first))
                    check_code(plan, child.ask(Request(Action.END)))
            except WorkerFailed as failed:
                failure = Searched(**vars(_ending(failed, child, kept_log)))
                if len(results) == len(plan.settings):  # what it ran was not what was planned
                    return [failure] * len(results)
                results.append(failure)
    return results


def questions_of(plan: Plan, truth: GroundTruth) -> Questions:
    """Return the queries of a run as they are put to a worker."""
    queries = load_rows(plan.searched.queries, plan.workload.rows)
    return Questions(queries, plan.workload.filters, truth.matches > 0, plan.dataset.shape[0])


def _search(
    plan: Plan, child: Child, questions: Questions, number: int, load_seconds: float, *, cold: bool
) -> Searched:
    """Search at one setting; `cold` if the worker has just loaded its index."""
    config = plan.config
    child.begin_stage()
    child.memory()
    quiet, used, started = Quiet(child.involuntary_switches()), child.cpu_seconds(), perf_counter()
    timing = measure(
        child.ask,
        questions,
        plan.settings[number],
        config.k,
        config.threads_search,
        latency_queries=config.latency_queries,
        timed_seconds=config.timed_seconds,
        number=number,
        timed_by=plan.method.timed_by,
        cold=cold,
    )
    child.memory()
    elapsed, used = perf_counter() - started, child.cpu_seconds() - used
    if used > _MOST_CPU * config.threads_search * elapsed + _CPU_SLACK_SECONDS:
        return Searched(Status.INVALID, _too_much_cpu(used, elapsed, config.threads_search))
    if timing.fault:
        return Searched(Status.INVALID, timing.fault)
    seconds = [each.search_seconds for each in timing.passes]
    is_method = child.is_alone and config.algorithm.external is None  # else the worker waits for a program
    cpu = sum(each.cpu_seconds for each in timing.passes) / sum(seconds) if seconds and is_method else None
    noise = quiet.until(child.involuntary_switches(), cpu, seconds)
    return Searched(
        timing=timing,
        noise=noise,
        memory_bytes=max(0, child.peak - child.baseline),
        baseline_bytes=child.baseline,
        load_seconds=load_seconds,
        sandbox=child.sandbox_version,
    )


def _too_much_cpu(used: float, elapsed: float, threads: int) -> str:
    return f"used {used:.2f} s of processor time in {elapsed:.2f} s, more than {threads} thread(s) can"


def _ending(failed: WorkerFailed, child: Child, kept_log: Path) -> Ending:
    """Return how a worker failed; append its log to a file that stays, and have the error name it."""
    make_folder(kept_log.parent)
    with kept_log.open("ab") as target:
        target.write(child.log.content())
    return Ending(failed.status, with_log(failed.reason, kept_log))


def _cpus(count: int, report: Report) -> AbstractContextManager[list[int]]:
    """Claim CPUs for a worker, so that no other run is measured on them."""
    return claim_cpus(count, lambda: report(f"waiting for {count} free CPU{'s' if count > 1 else ''}"))
