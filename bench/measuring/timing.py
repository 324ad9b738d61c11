"""How a search is measured: the parent asks, and holds what the worker claims against its own clock.

The queries reach the worker with each search, after it has prepared their filters. At every setting they are nudged by
a few units in the last place, so that a method that remembers the answers of an earlier setting gains nothing.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bench.core.filter_json import to_json
from bench.core.filters import Filter
from bench.core.method import TimedBy
from bench.measuring.child import Exchange
from bench.measuring.messages import Action, Request
from bench.measuring.plans import PlansOfWorkload

Ask = Callable[[Request, NDArray[np.float32] | None], Exchange]
"""Asks a worker, see `bench.measuring.child.Child.ask`."""

MOST_PASSES = 100
_WARM_UP_QUERIES = 8
_HEATING_QUERIES = 32
_HEATING_SECONDS = 2.0
_MASK_BYTES = 256 << 20
_PINGS = 20

BELIEVED = 0.95
"""A claim counts down to this fraction of the time that the parent's clock saw; below, the parent's clock counts."""

_REFUSED = 0.5
_SLACK_SECONDS = 0.005


@dataclass(frozen=True)
class Questions:
    """The queries of a workload, as they are put to a worker.

    Attributes:
        queries: float32[q, d].
        filters: one per query.
        matched: bool[q], whether some item passes the filter of a query. Only these are timed.
        n: the number of items.
    """

    queries: NDArray[np.float32]
    filters: tuple[Filter, ...]
    matched: NDArray[np.bool_]
    n: int

    @cached_property
    def lines(self) -> tuple[str, ...]:
        """The filters as JSON."""
        return tuple(to_json(filter_) for filter_ in self.filters)

    def batches(self) -> list[NDArray[np.int64]]:
        """Return the matched queries in batches whose distinct masks fit into memory together."""
        at_most = max(1, _MASK_BYTES // (self.n // 8 + 8))
        batches: list[list[int]] = []
        distinct: set[Filter] = set()
        for row in np.flatnonzero(self.matched).tolist():
            if not batches or (self.filters[row] not in distinct and len(distinct) == at_most):
                batches.append([])
                distinct = set()
            distinct.add(self.filters[row])
            batches[-1].append(row)
        return [np.array(rows) for rows in batches]


class Pass(NamedTuple):
    """One search of all matched queries.

    Attributes:
        prepare_seconds: the time of preparing the filters.
        search_seconds: the time of searching.
        waited_seconds: how long the harness waited for the searches; more, where a program timed itself.
        cpu_seconds: the processor time of the worker's process while it searched.
        ids: what was answered, one array per batch.
        candidates: what the method returned before it was ranked exactly, likewise; empty where it was not.
        distance_computations: how many distances were computed; None where unknown.
    """

    prepare_seconds: float
    search_seconds: float
    waited_seconds: float
    cpu_seconds: float
    ids: list[NDArray[Any]]
    candidates: list[NDArray[Any]]
    distance_computations: int | None


@dataclass(frozen=True)
class Timing:
    """What a search at one setting took and answered.

    Attributes:
        batches: the rows of the queries that each batch of a pass holds.
        passes: the searches of all matched queries, in order.
        latencies: seconds of single queries, preparing included, float64[q]; NaN where not measured.
        single: per query that was searched alone, its row and the passes' counterpart of its answer.
        unmatched: what was answered to the queries that no item matches; None where there are none.
        plans: by which plans the first pass answered the matched queries.
        warm_up: the first search, of a few other queries.
        fault: why the claims of the worker cannot be, or None.
    """

    batches: list[NDArray[np.int64]]
    passes: list[Pass]
    latencies: NDArray[np.float64]
    single: dict[int, list[NDArray[Any]]]
    unmatched: Pass | None
    plans: PlansOfWorkload
    warm_up: Pass
    fault: str | None

    @property
    def prepare_seconds(self) -> float:
        """The median over the passes."""
        return statistics.median(each.prepare_seconds for each in self.passes)

    @property
    def search_seconds(self) -> float:
        """The median over the passes."""
        return statistics.median(each.search_seconds for each in self.passes)

    @property
    def warm_up_seconds(self) -> float:
        """How long the first search took, with what it prepared."""
        return self.warm_up.prepare_seconds + self.warm_up.waited_seconds

    @property
    def beyond_start_seconds(self) -> float:
        """By how much the shortest search of all queries took longer than the first one, by the harness's clock."""
        waited = min((each.waited_seconds for each in self.passes), default=0.0)
        return max(0.0, waited - self.warm_up.waited_seconds * max(1, len(self.batches)))

    @property
    def distance_computations(self) -> int | None:
        """How many distances the first pass and the search of unmatched queries computed; None where unknown."""
        counts = [each.distance_computations for each in (*self.passes[:1], *filter(None, [self.unmatched]))]
        return sum(counts) if all(count is not None for count in counts) else None  # type: ignore[arg-type]


class _Clock:
    """Asks, and holds all claims against the time that passed."""

    def __init__(self, ask: Ask, timed_by: TimedBy) -> None:
        self._ask, self._timed_by = ask, timed_by
        pings = [ask(Request(Action.PING), None).elapsed for _ in range(_PINGS)]
        self._round_trip = 2 * statistics.median(pings)
        self._lines: tuple[str, ...] = ()
        self._overclaims: list[str] = []
        self._searches: dict[bool, list[tuple[float, float]]] = {True: [], False: []}

    def seen(self, exchange: Exchange) -> float:
        """Return the time of an exchange by the parent's clock, without the way of the messages and its own waiting."""
        return max(0.0, exchange.elapsed - self._round_trip - exchange.parent_delay)

    def seconds(self, exchange: Exchange) -> float:
        """Return the time of an exchange: as claimed, unless the parent's clock saw clearly more."""
        return max(exchange.reply.seconds, BELIEVED * self.seen(exchange))

    def fault(self) -> str | None:
        """Return why the claims for searches cannot be, or None.

        A process that is kept waiting makes exchanges long. So the time for which the worker had no CPU does not count
        here, and the median of what is missing decides, for batches and for single queries apart.
        """
        if self._timed_by is TimedBy.PROGRAM:
            return next(iter(self._overclaims), None)
        for searches in filter(None, self._searches.values()):
            by_missing = sorted(searches, key=lambda search: search[1] - search[0])
            claim, seen = by_missing[(len(by_missing) - 1) // 2]
            if seen - claim > _SLACK_SECONDS and claim < _REFUSED * seen:
                return f"claims {claim:.3g} s for a search that took {seen:.3g} s by the clock of the harness"
        return None

    def search(self, lines: tuple[str, ...], queries: NDArray[np.float32], request: Request) -> Pass:
        """Hand over filters, prepare them, and search."""
        self._ask(Request(Action.FILTERS, filters=() if lines == self._lines else lines), None)
        self._lines = lines
        prepare = self.seconds(self._ask(Request(Action.PREPARE), None))
        exchange = self._ask(request, queries)
        seen = max(0.0, self.seen(exchange) - exchange.worker_delay)
        self._searches[len(queries) > 1].append((exchange.reply.seconds, seen))
        ids, *candidates = exchange.answers
        reply, waited = exchange.reply, self.seconds(exchange)
        seconds = waited if self._timed_by is TimedBy.HARNESS else self._claimed(exchange)
        return Pass(prepare, seconds, waited, reply.cpu_seconds, [ids], candidates, reply.distance_computations)

    def refuse_no_time(self, passes: list[Pass]) -> None:
        """Note if a program claims to have searched all queries in no time."""
        if self._timed_by is TimedBy.PROGRAM and any(each.search_seconds <= 0 for each in passes):
            self._overclaims.append("the program claims to have searched in no time; let it count in a finer unit")

    def _claimed(self, exchange: Exchange) -> float:
        """Return how long a search took by the clock of a program; note if that cannot be."""
        seconds = exchange.reply.program_seconds
        if seconds is None or not 0 <= seconds <= exchange.elapsed:
            claim = (
                "does not say how long it searched" if seconds is None else f"claims to have searched {seconds:.3g} s"
            )
            self._overclaims.append(f"the program {claim}; the search took {exchange.elapsed:.3g} s in all")
        return seconds or 0.0


def measure(
    ask: Ask,
    questions: Questions,
    params: dict[str, Any],
    k: int,
    threads: int,
    *,
    latency_queries: int,
    timed_seconds: float,
    number: int = 0,
    timed_by: TimedBy = TimedBy.HARNESS,
    cold: bool = False,
) -> Timing:
    """Search all matched queries in batches for the throughput, then single ones for the latency, then the others.

    A search of a few milliseconds says little, as other processes come and go. It is repeated, and medians are
    reported.

    Args:
        ask: asks a worker that has loaded its index.
        questions: the queries.
        params: every search parameter.
        k: answers per query.
        threads: how many threads the method may use.
        latency_queries: how many queries are timed alone.
        timed_seconds: for how long the batches are repeated; at least once and at most a hundred times.
        number: that of the setting, from 0; decides by how much the queries are nudged.
        timed_by: whose clock counts. A program that times itself is started for each search, so that queries are not
            timed alone.
        cold: whether the worker has just loaded its index, so that caches need to be filled first.

    Raises:
        WorkerFailed: the worker died, was killed or gave up.
        BenchError: the surroundings are at fault.
    """
    ask(Request(Action.COLLECT), None)
    clock, lines = _Clock(ask, timed_by), np.array(questions.lines, object)
    search, alone = (Request(Action.SEARCH, params=params, k=k, threads=count) for count in (threads, 1))
    blends = (questions.queries + np.roll(questions.queries, 1, axis=0)) / np.float32(2)
    warm_up = clock.search(questions.lines[:_WARM_UP_QUERIES], blends[:_WARM_UP_QUERIES], search)

    batches = questions.batches()
    if cold and timed_by is TimedBy.HARNESS:
        _heat(clock, lines, blends, batches, search)
    queries = nudged(questions.queries, 2 * number)
    passes: list[Pass] = []
    plans = PlansOfWorkload.unknown(len(queries))
    while batches and (
        not passes or (sum(each.waited_seconds for each in passes) < timed_seconds and len(passes) < MOST_PASSES)
    ):
        parts = []
        for rows in batches:
            parts.append(clock.search(tuple(lines[rows]), queries[rows], search))
            if not passes:
                plans.put(rows, ask(Request(Action.PLANS), None))
        passes.append(_merged(parts))

    clock.refuse_no_time(passes)
    queries = nudged(questions.queries, 2 * number + 1)
    latencies, single = np.full(len(queries), np.nan), {}
    alone_count = latency_queries if timed_by is TimedBy.HARNESS else 0
    for row in np.flatnonzero(questions.matched)[:alone_count].tolist():
        answer = clock.search((lines[row],), queries[row : row + 1], alone)
        latencies[row] = answer.prepare_seconds + answer.search_seconds
        single[row] = [*answer.ids, *answer.candidates]

    rest = np.flatnonzero(~questions.matched)
    unmatched = clock.search(tuple(lines[rest]), queries[rest], search) if len(rest) else None
    return Timing(batches, passes, latencies, single, unmatched, plans, warm_up, clock.fault())


def _heat(
    clock: _Clock,
    lines: NDArray[np.object_],
    blends: NDArray[np.float32],
    batches: list[NDArray[np.int64]],
    search: Request,
) -> None:
    """Search blends of the matched queries for up to two seconds, so that what all searches read is in memory.

    An index that is read from a disk, or through the cache of a database, else answers its first pass many times as
    slowly as any later one; and where that pass takes long enough, it is the only one.
    """
    seconds = 0.0
    for rows in batches:
        for part in np.array_split(rows, -(-len(rows) // _HEATING_QUERIES)):
            if seconds >= _HEATING_SECONDS:
                return
            heating = clock.search(tuple(lines[part]), blends[part], search)
            seconds += heating.prepare_seconds + heating.waited_seconds


def nudged(queries: NDArray[np.float32], steps: int) -> NDArray[np.float32]:
    """Return queries whose first coordinate is moved by some units in the last place, away from zero."""
    moved = np.array(queries, np.float32, order="C")
    moved.view(np.int32)[:, 0] += steps
    return moved


def _merged(parts: list[Pass]) -> Pass:
    """Return the searches of several batches as one pass."""
    counts = [part.distance_computations for part in parts]
    return Pass(
        sum(part.prepare_seconds for part in parts),
        sum(part.search_seconds for part in parts),
        sum(part.waited_seconds for part in parts),
        sum(part.cpu_seconds for part in parts),
        [ids for part in parts for ids in part.ids],
        [ids for part in parts for ids in part.candidates],
        None if None in counts else sum(filter(None, counts)),
    )
