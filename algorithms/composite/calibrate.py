"""Measuring what walks reach and cost, by walking: the table of `costs`, and its units.

Queries are items, which the walks are made to pass by as if they were not there. What passes is a window of a graph's
items in the order of some attribute, or in random order, so that what the vectors and the attributes have to do with
each other is in the figures.
"""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from algorithms.composite import costs
from algorithms.composite.costs import BASE, BUNDLE, DEPTHS, FRACTIONS, KINDS, LADDER, LAYERS, RULE, CostTable, Units
from algorithms.composite.cover import Filters, words_of
from algorithms.composite.encoding import ALL, LABEL, RANKS, Encoding, Term
from algorithms.composite.plans import GENERAL, POST, REST, SCAN, UNLIMITED, Choices
from algorithms.composite.product import scan_together
from algorithms.composite.search import Batch
from algorithms.kernels.queries import Answer
from algorithms.kernels.space import L2
from algorithms.kernels.types import Items, Queries

_PLANS = {BUNDLE: REST, LAYERS: REST, BASE: POST, RULE: GENERAL}
_ENOUGH = 0.9995
"""The recall from which on wider beams are not measured."""

_TOGETHER = 64
_TIMED_ITEMS = 4096
_REPEATS = 3

Search = Callable[[Queries, Batch, int], Answer]


class _Cell(NamedTuple):
    """Queries, which are items, and a filter for each of them: a term, and what passes of it."""

    filters: Filters
    items: Items


def calibrate(
    search: Search, space: L2, encoding: Encoding, entries: Items, items: Items, sizes: NDArray[np.int64], seed: int
) -> tuple[CostTable, Units]:
    """Measure walks of all kinds.

    Args:
        search: answers queries, filtered by a batch, with a number of answers.
        space: the items.
        encoding: their attributes.
        entries: int32[labels], see `Bundles`.
        items: int32[q], the queries.
        sizes: int64[s], the sizes of graphs to measure, ascending; the last is that of the graph of all items.
        seed: of what passes.
    """
    shape = KINDS, len(sizes), len(FRACTIONS)
    recall = np.full((*shape, len(DEPTHS), len(LADDER)), np.nan, np.float32)
    distances = np.full((*shape, len(LADDER)), np.nan, np.float32)
    walked, scanned = np.zeros((2, KINDS, len(FRACTIONS))), np.zeros(2)
    for kind, s, f in np.ndindex(shape):
        if kind in (BASE, RULE) and s < len(sizes) - 1:
            continue
        rng = np.random.default_rng((seed, kind, s, f))
        cell = _draw(kind, int(sizes[s]), FRACTIONS[f], encoding, entries, items, rng)
        if cell is None:
            continue
        truth, seconds = _timed(search, space, cell, SCAN, DEPTHS[-1])
        scanned += seconds, truth.computed.sum()
        for at, beam in enumerate(LADDER):
            answer, seconds = _timed(search, space, cell, _PLANS[kind], beam)
            walked[:, kind, f] += seconds, answer.computed.sum()
            recall[kind, s, f, :, at:] = _recall(answer.ids, truth.ids)[:, None]
            distances[kind, s, f, at:] = answer.computed.mean()
            if recall[kind, s, f, -1, at] >= _ENOUGH:
                break
    per_distance = [[costs.rounded(second / max(count, 1)) for second, count in zip(*row, strict=True)]
                    for row in walked.transpose(1, 0, 2)]  # fmt: skip
    units = Units(per_distance, costs.rounded(scanned[0] / max(scanned[1], 1)), *_time_products(space))
    return CostTable(sizes, recall, distances), units


def _draw(
    kind: int, size: int, fraction: float, encoding: Encoding, entries: Items, items: Items, rng: np.random.Generator
) -> _Cell | None:
    """Return queries in graphs of about a size of which about a fraction passes; None where there is no such graph."""
    n = len(encoding.labels.offsets) - 1
    counts = np.diff(encoding.postings.starts)
    labels = np.flatnonzero((entries >= 0) & (2 * counts >= size) & (counts < 2 * size))
    if (kind == BUNDLE and not len(labels)) or (kind == LAYERS and not len(encoding.order)):
        return None
    everything: Term = (ALL, 0, 0, n - 1)
    tie = rng.permutation(n)
    orders = [tie, *(np.lexsort((tie, keys)) for keys in encoding.keys)]
    terms, masks = [everything], []
    for q, item in enumerate(items):
        term = everything
        if kind == BUNDLE:
            term = (LABEL, int(rng.choice(labels)), 0, 0)
        elif kind == LAYERS:
            first = int(rng.integers(n - size + 1))
            term = (RANKS, q % len(encoding.order), first, first + size - 1)
        inside = np.zeros(n, np.bool_)
        inside[encoding.items_of(term)] = True
        order = orders[q % len(orders)]
        within = order[inside[order]]
        count = max(1, round(fraction * len(within)))
        start = int(rng.integers(len(within) - count + 1))
        passing = np.zeros(n, np.bool_)
        passing[within[start : start + count]] = True
        passing[item] = False
        terms.append(term)
        masks.append(passing)
    filters = Filters(
        matches=np.array([np.count_nonzero(passing) for passing in masks], np.int64),
        sizes=np.full(len(items), size, np.int64),
        exact=np.zeros(len(items), np.bool_),
        starts=np.arange(1, len(items) + 2),
        terms=np.array(terms, np.int64),
        words=words_of(masks, n),
        rows=np.arange(len(items)),
    )
    return _Cell(filters, items)


def _timed(search: Search, space: L2, cell: _Cell, plan: int, beam: int) -> tuple[Answer, float]:
    """Return the answers of a plan with a beam, and the seconds that they took."""
    q = len(cell.items)
    choices = Choices(*(np.full(q, value, np.int64) for value in (plan, beam, UNLIMITED)), np.zeros(q))
    batch = Batch(cell.filters, choices, np.arange(q), cell.items)
    queries = space.rows[cell.items]
    queries.flags.writeable = False  # as in a worker; kernels are compiled for one or the other
    started = perf_counter()
    answer = search(queries, batch, DEPTHS[-1])
    return answer, perf_counter() - started


def _recall(ids: NDArray[np.int32], truth: NDArray[np.int32]) -> NDArray[np.float64]:
    """Return float64[DEPTHS], the mean recall for each number of answers, of the queries that have any."""
    means = []
    for depth in DEPTHS:
        pairs = [(set(a[a >= 0]), set(b[b >= 0])) for a, b in zip(ids[:, :depth], truth[:, :depth], strict=True)]
        recalls = [len(a & b) / len(b) for a, b in pairs if b]
        means.append(np.mean(recalls) if recalls else 1.0)
    return np.array(means)


def _time_products(space: L2) -> tuple[float, float, float]:
    """Return the seconds of a product per item and query, per item, and in any case; see `Units`."""
    n = len(space.norms)
    some = np.linspace(0, n - 1, min(n, _TIMED_ITEMS)).astype(np.int32)

    def time(group: int, items: Items) -> float:
        queries = np.ascontiguousarray(space.rows[np.resize(some, group)])
        seconds = []
        for _ in range(_REPEATS):
            started = perf_counter()
            scan_together(space, queries, items, DEPTHS[0])
            seconds.append(perf_counter() - started)
        return min(seconds)

    call, one, many = time(1, some[:1]), time(1, some), time(_TOGETHER, some)
    product = max(many - one, 0) / ((_TOGETHER - 1) * len(some))
    return costs.rounded(product), costs.rounded(max(one - call, 0) / len(some)), costs.rounded(call)
