"""Timing: how often a search is repeated, which queries are timed, and what is believed of a worker's claims."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from bench.core.attributes import Attributes
from bench.core.filters import Everything
from bench.measuring.child import Exchange
from bench.measuring.local import LocalWorker
from bench.measuring.messages import Action, Request
from bench.measuring.timing import BELIEVED, MOST_PASSES, Questions, Timing, measure, nudged
from tests.support.adversarial import Honest

QUERIES = 20
VECTORS = np.random.default_rng(0).normal(size=(30, 4)).astype(np.float32)


def questions(unmatched: tuple[int, ...] = ()) -> Questions:
    matched = np.ones(QUERIES, np.bool_)
    matched[list(unmatched)] = False
    return Questions(VECTORS[:QUERIES], (Everything(),) * QUERIES, matched, len(VECTORS))


class Forger:
    """Asks an honest method, and changes what it claims and when it answers."""

    def __init__(self, claimed: float | None = None, elapsed: float | None = None) -> None:
        method = Honest(Honest.BuildParams())
        method.vectors = VECTORS
        self._worker = LocalWorker.searching(method, Attributes(len(VECTORS), {}))
        self._claimed, self._elapsed = claimed, elapsed
        self.searched: list[int] = []

    def ask(self, request: Request, queries: NDArray[np.float32] | None = None) -> Exchange:
        exchange = self._worker.ask(request, queries)
        if queries is not None:
            self.searched.append(len(queries))
            if self._claimed is not None and self._elapsed is not None:
                reply = replace(exchange.reply, seconds=self._claimed)
                return replace(exchange, reply=reply, elapsed=self._elapsed)
        return exchange


def time_of(
    forger: Forger, *, latency_queries: int = 0, timed_seconds: float = 0.0, unmatched: tuple[int, ...] = ()
) -> Timing:
    return measure(
        forger.ask,
        questions(unmatched),
        {"effort": 1},
        3,
        1,
        latency_queries=latency_queries,
        timed_seconds=timed_seconds,
    )


@pytest.mark.parametrize(("timed_seconds", "passes"), [(1e-9, 1), (1e9, MOST_PASSES)])
def test_a_short_search_is_repeated_up_to_a_hundred_times(timed_seconds: float, passes: int) -> None:
    forger = Forger()
    timing = time_of(forger, timed_seconds=timed_seconds)
    assert len(timing.passes) == forger.searched.count(QUERIES) == passes
    assert timing.passes[-1].ids[0][:, 0].tolist() == list(range(QUERIES))
    assert timing.search_seconds > 0


def test_an_index_that_is_slow_while_cold_is_timed_when_warm() -> None:
    """As from a disk: the first search of many queries reads it, and one slow pass is enough to end the timing."""
    forger, read = Forger(), set[str]()

    def ask(request: Request, queries: NDArray[np.float32] | None = None) -> Exchange:
        exchange = forger.ask(request, queries)
        if queries is None:
            return exchange
        seconds = 0.5 if len(queries) > 8 and not read else 0.001
        read.update(["the index"] if len(queries) > 8 else [])
        return replace(exchange, reply=replace(exchange.reply, seconds=seconds), elapsed=seconds)

    def timing(*, cold: bool) -> Timing:
        read.clear()
        return measure(ask, questions(), {"effort": 1}, 3, 1, latency_queries=0, timed_seconds=0.1, cold=cold)

    assert [each.search_seconds for each in timing(cold=False).passes] == [0.5]
    warm = timing(cold=True)
    assert len(warm.passes) > 1
    assert warm.search_seconds == 0.001
    assert len(warm.passes[0].ids[0]) == QUERIES


def test_heating_ends_after_two_seconds_and_searches_nothing_timed() -> None:
    queries = np.random.default_rng(1).normal(size=(200, 4)).astype(np.float32)
    many = Questions(queries, (Everything(),) * 200, np.ones(200, np.bool_), len(VECTORS))
    forger, sizes, seen = Forger(1.5, 1.5), [], []

    def ask(request: Request, queries: NDArray[np.float32] | None = None) -> Exchange:
        if queries is not None:
            sizes.append(len(queries))
            seen.append(queries)
        return forger.ask(request, queries)

    measure(ask, many, {"effort": 1}, 3, 1, latency_queries=0, timed_seconds=0.1, cold=True)
    assert sizes == [8, 29, 29, 200]
    timed = {row.tobytes() for row in seen[-1]}
    assert not timed & {row.tobytes() for part in seen[:-1] for row in part}


def test_queries_without_a_match_are_searched_but_not_timed() -> None:
    timing = time_of(Forger(), latency_queries=QUERIES, unmatched=(0, 7))
    assert [rows.tolist() for rows in timing.batches] == [[i for i in range(QUERIES) if i not in (0, 7)]]
    assert np.flatnonzero(np.isnan(timing.latencies)).tolist() == [0, 7]
    assert timing.unmatched is not None
    assert timing.unmatched.ids[0][:, 0].tolist() == [0, 7]


def test_a_workload_without_any_match_is_not_timed() -> None:
    timing = time_of(Forger(), unmatched=tuple(range(QUERIES)))
    assert timing.passes == []
    assert timing.unmatched is not None


@pytest.mark.parametrize(("claimed", "counted"), [(1.0, 1.0), (0.96, 0.96), (0.9, 0.95), (0.0, 0.95), (2.0, 2.0)])
def test_a_claim_counts_down_to_what_the_clock_of_the_parent_saw(claimed: float, counted: float) -> None:
    timing = time_of(Forger(claimed, 1.0), latency_queries=1)
    assert timing.search_seconds == pytest.approx(counted, rel=1e-3)
    assert np.nanmax(timing.latencies) == pytest.approx(counted, rel=1e-2)


def test_claims_far_below_what_the_clock_saw_are_a_fault() -> None:
    assert time_of(Forger(0.9, 1.0)).fault is None
    fault = str(time_of(Forger(0.1, 1.0)).fault)
    assert fault == "claims 0.1 s for a search that took 1 s by the clock of the harness"


def test_honest_single_queries_do_not_hide_a_false_claim_for_a_batch() -> None:
    honest, forger = Forger(), Forger(0.1, 1.0)

    def ask(request: Request, queries: NDArray[np.float32] | None = None) -> Exchange:
        exchange = honest.ask(request, queries)
        return forger.ask(request, queries) if queries is not None and len(queries) > 1 else exchange

    forger.ask(Request(Action.FILTERS, filters=questions().lines))
    forger.ask(Request(Action.PREPARE))
    timing = measure(ask, questions(), {"effort": 1}, 3, 1, latency_queries=QUERIES, timed_seconds=0.0)
    assert str(timing.fault).startswith("claims 0.1 s")


def test_an_exchange_that_took_long_once_is_no_fault() -> None:
    forger = Forger()

    def ask(request: Request, queries: NDArray[np.float32] | None = None) -> Exchange:
        exchange = forger.ask(request, queries)
        return replace(exchange, elapsed=1.0) if forger.searched.count(QUERIES) == 2 else exchange

    timing = measure(ask, questions(), {"effort": 1}, 3, 1, latency_queries=0, timed_seconds=2.0)
    assert timing.fault is None


def test_what_the_harness_waited_for_its_own_cpu_is_no_time_of_the_worker() -> None:
    forger = Forger(0.1, 1.0)

    def ask(request: Request, queries: NDArray[np.float32] | None = None) -> Exchange:
        return replace(forger.ask(request, queries), parent_delay=0.9)

    timing = measure(ask, questions(), {"effort": 1}, 3, 1, latency_queries=0, timed_seconds=0.0)
    assert timing.search_seconds == pytest.approx(0.1)
    assert timing.fault is None


def test_what_the_worker_waited_for_its_cpu_counts_and_is_no_fault() -> None:
    forger = Forger(0.1, 1.0)

    def ask(request: Request, queries: NDArray[np.float32] | None = None) -> Exchange:
        return replace(forger.ask(request, queries), worker_delay=0.9)

    timing = measure(ask, questions(), {"effort": 1}, 3, 1, latency_queries=0, timed_seconds=0.0)
    assert timing.search_seconds == pytest.approx(BELIEVED, rel=0.01)
    assert timing.fault is None


def test_a_query_is_nudged_by_units_in_the_last_place() -> None:
    assert nudged(VECTORS, 0).tolist() == VECTORS.tolist()
    moved = nudged(VECTORS, 1)
    assert (moved[:, 0] == np.nextafter(VECTORS[:, 0], np.sign(VECTORS[:, 0]) * np.float32(np.inf))).all()
    assert moved[:, 1:].tolist() == VECTORS[:, 1:].tolist()


def test_filters_are_sent_again_only_where_they_change() -> None:
    forger, sent = Forger(), []

    def ask(request: Request, queries: NDArray[np.float32] | None = None) -> Exchange:
        if request.action is Action.FILTERS:
            sent.append(len(request.filters))
        return forger.ask(request, queries)

    measure(ask, questions(), {"effort": 1}, 3, 1, latency_queries=0, timed_seconds=1e9)
    assert sent == [8, QUERIES, *[0] * (MOST_PASSES - 1)]
