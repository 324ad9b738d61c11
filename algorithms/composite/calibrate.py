"""Measuring what walks reach and cost, by walking: the table of `costs`, and its units."""

from __future__ import annotations

import math
from collections.abc import Callable
from time import thread_time  # which does not count when others have the processor

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from algorithms.composite import costs
from algorithms.composite.costs import BASE, DEPTHS, FRACTIONS, LADDER, RULE, UNITED, CostTable, Units
from algorithms.composite.cover import Filters
from algorithms.composite.plans import GENERAL, POST, REST, SCAN, UNION, UNLIMITED, Choices
from algorithms.composite.product import scan_together
from algorithms.composite.samples import Samples
from algorithms.composite.search import Batch
from algorithms.kernels.jit import read_only
from algorithms.kernels.queries import Answer
from algorithms.kernels.space import L2
from algorithms.kernels.spaces import Vectors
from algorithms.kernels.types import Items, Queries

_PLANS = {BASE: POST, RULE: GENERAL, UNITED: UNION}
_ENOUGH = 0.998
"""The recall from which on wider beams are not measured."""

_ALL_QUERIES = 80
"""The widest beam that is measured with all queries. Wider ones are with fewer, as their recall varies less."""

_TOGETHER = 64
_TIMED_ITEMS = 4096
_REPEATS = 3

Search = Callable[[Queries, Batch, int], Answer]


def calibrate(search: Search, space: Vectors, samples: Samples, seed: int) -> tuple[CostTable, Units]:
    """Measure walks of all kinds.

    Args:
        search: answers queries, filtered by a batch, with a number of answers.
        space: the items.
        samples: what to ask for.
        seed: of what passes.
    """
    sizes = np.array([samples.sizes(kind) for kind in range(samples.kinds)])
    shape = *sizes.shape, len(FRACTIONS)
    recall = np.full((*shape, len(DEPTHS), len(LADDER)), np.nan, np.float32)
    distances = np.full((*shape, len(LADDER)), np.nan, np.float32)
    walks: dict[tuple[int, int], list[float]] = {}
    scans = []
    for kind, s, f in np.ndindex(shape):
        if s > 0 and sizes[kind, s] == sizes[kind, s - 1]:
            continue
        rng = np.random.default_rng((seed, kind, s, f))
        filters = samples.filters(kind, float(sizes[kind, s]), FRACTIONS[f], rng)
        if filters is None:
            continue
        q = len(samples.items)
        truth, seconds = _timed(search, samples, filters, SCAN, DEPTHS[-1], q)
        scans.append(seconds / max(truth.computed.sum(), 1))
        for at, beam in enumerate(LADDER):
            count = math.ceil(q * min(1, _ALL_QUERIES / beam))
            answer, seconds = _timed(search, samples, filters, _PLANS.get(kind, REST), beam, count)
            walks.setdefault((kind, f), []).append(seconds / max(answer.computed.sum(), 1))
            reached, computed = _recall(answer.ids, truth.ids[:count]), answer.computed.mean()
            is_last = reached[-1] >= _ENOUGH
            measured = slice(at, None if is_last else at + 1)
            recall[kind, s, f, :, measured], distances[kind, s, f, measured] = reached[:, None], computed
            if is_last or computed > truth.computed.mean():
                break  # wider beams reach no more, or cost more than a scan
    per_distance = [[_typical(walks.get((kind, f), [])) for f in range(len(FRACTIONS))] for kind in range(len(sizes))]
    units = Units(per_distance, _typical(scans), *_time_products(space))
    return CostTable(sizes, recall, distances), units


def _typical(seconds: list[float]) -> float:
    """Return the median, as the first measurement may have waited for a compiler; 1 s where nothing was measured."""
    return costs.rounded(float(np.median(seconds or [1.0])))


def _timed(
    search: Search, samples: Samples, filters: Filters, plan: int, beam: int, count: int
) -> tuple[Answer, float]:
    """Return the answers of a plan with a beam to the first queries, and the seconds that they took."""
    q = len(samples.items)
    choices = Choices(np.full(q, plan), np.full(q, beam), np.full(q, UNLIMITED), np.zeros(q))
    batch = Batch(filters, choices, read_only(np.arange(count)), samples.items[:count])
    started = thread_time()
    answer = search(samples.queries[:count], batch, DEPTHS[-1])
    return answer, thread_time() - started


def _recall(ids: NDArray[np.int32], truth: NDArray[np.int32]) -> NDArray[np.float64]:
    """Return float64[DEPTHS], the recall for each number of answers: the mean, less its standard error."""
    safe = np.ones(len(DEPTHS))
    for i, depth in enumerate(DEPTHS):
        ours, theirs = ids[:, :depth], truth[:, :depth]
        hits = ((ours[:, None, :] == theirs[:, :, None]).any(axis=2) & (theirs >= 0)).sum(axis=1)
        possible = (theirs >= 0).sum(axis=1)
        recall = hits[possible > 0] / possible[possible > 0]
        if len(recall):
            safe[i] = max(0.0, recall.mean() - recall.std() / np.sqrt(len(recall)))
    return safe


def _time_products(space: Vectors) -> tuple[float, float, float]:
    """Return the seconds of a product per item and query, per item, and in any case; see `Units`."""
    if not (isinstance(space, L2) and space.rows.dtype == np.float32):
        return math.inf, 0.0, 0.0
    n = len(space.norms)
    some = np.linspace(0, n - 1, min(n, _TIMED_ITEMS)).astype(np.int32)

    def time(group: int, items: Items) -> float:
        queries = np.ascontiguousarray(space.rows[np.resize(some, group)])
        seconds = []
        for _ in range(_REPEATS):
            started = thread_time()
            scan_together(space, queries, items, DEPTHS[0])
            seconds.append(thread_time() - started)
        return min(seconds)

    with threadpool_limits(1, "blas"):
        call, one, many = time(1, some[:1]), time(1, some), time(_TOGETHER, some)
    per_query, per_item = max(many - one, 0) / ((_TOGETHER - 1) * len(some)), max(one - call, 0) / len(some)
    return costs.rounded(per_query), costs.rounded(per_item), costs.rounded(call)
