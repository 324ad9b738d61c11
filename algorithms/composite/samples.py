"""Queries and filters to measure walks with: drawn from the items, and from the order of their attributes.

A query lies some way from an item towards another one, as queries are unlike items, and the item itself is left out of
answers and walks. What passes a conjunction is a window of a graph's items in the order of some attribute, or in random
order. So whatever the vectors and the attributes have to do with each other is in the figures.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from algorithms.composite.costs import BASE, BUNDLE, LAYERS, RULE, UNITED
from algorithms.composite.cover import MOST_TERMS, Filters, words_of
from algorithms.composite.encoding import ALL, LABEL, RANKS, Encoding, Term
from algorithms.kernels.csr import offsets
from algorithms.kernels.types import Items
from bench.core.vectors import dense

_SIZES = 3

_NEAR = 0.35
"""Labels are drawn among those whose graphs are about as near to a size as the nearest, in logarithms."""

_NEAREST = 0.4
"""How far the queries nearest to items are on their way, by how far the farthest are."""

_OTHER = {BUNDLE: LAYERS, LAYERS: BUNDLE}


@dataclass(frozen=True)
class Samples:
    """What queries are drawn from.

    Attributes:
        encoding: the attributes of the items.
        entries: int32[labels], see `Bundles`.
        items: int32[q], the items that the queries are drawn from.
        queries: float32[q, d].
        least: the fewest items of a range that is walked.
    """

    encoding: Encoding
    entries: Items
    items: Items
    queries: NDArray[np.float32]
    least: int

    @classmethod
    def draw(
        cls,
        source: NDArray[Any],
        encoding: Encoding,
        entries: Items,
        items: Items,
        least: int,
        novelty: float,
        rng: Generator,
    ) -> Samples:
        """Draw a query from each of `items` of `source`, [n, d].

        `novelty` is how far the farthest are on their way to another item, up to 1.
        """
        weights = novelty * rng.uniform(_NEAREST, 1, (len(items), 1))
        others = dense(source, rng.integers(len(source), size=len(items)))
        queries = ((1 - weights) * dense(source, items) + weights * others).astype(np.float32)
        queries.flags.writeable = False  # as in a worker; kernels are compiled for one or the other
        return cls(encoding, entries, items, queries, least)

    @property
    def n(self) -> int:
        """How many items there are."""
        return len(self.encoding.labels.offsets) - 1

    def sizes(self, kind: int) -> NDArray[np.float64]:
        """Return the sizes of graphs to measure for a kind of walk, ascending."""
        if kind in (BASE, RULE):
            return np.full(_SIZES, float(self.n))
        if kind == BUNDLE:
            of_graphs = self._counts[self.entries >= 0]
            return np.geomspace(of_graphs.min(initial=self.n), max(1, of_graphs.max(initial=0)), _SIZES)
        return np.geomspace(min(self.least, self.n), self.n, _SIZES)

    def filters(self, kind: int, size: float, fraction: float, rng: Generator) -> Filters | None:
        """Draw a filter for every query: of a kind of walk, in a graph of about a size of which a fraction passes.

        For a union, the fraction is the size of each part, by that of all together. None where there is no such graph.
        """
        covers, masks = [], []
        for q, item in enumerate(self.items):
            terms = self._terms(kind, size, fraction, rng)
            if terms is None:
                return None
            inside = np.zeros(self.n, np.bool_)
            for term in terms:
                inside[self.encoding.items_of(term)] = True
            passing = inside if kind == UNITED else self._window(inside, q, fraction, rng)
            passing[item] = False
            covers.append(terms)
            masks.append(passing)
        everything: Term = (ALL, 0, 0, self.n - 1)
        return Filters(
            matches=np.array([np.count_nonzero(passing) for passing in masks], np.int64),
            sizes=np.full(len(masks), int(size), np.int64),
            parts=np.array([float(len(terms)) for terms in covers]),
            exact=np.full(len(masks), kind == UNITED),
            starts=1 + offsets([len(terms) for terms in covers]),
            terms=np.array([everything, *(term for terms in covers for term in terms)], np.int64),
            words=words_of(masks, self.n),
            rows=np.arange(len(masks)),
        )

    def _terms(self, kind: int, size: float, fraction: float, rng: Generator) -> list[Term] | None:
        """Return the terms of a filter."""
        if kind in (BASE, RULE):
            return [(ALL, 0, 0, self.n - 1)]
        if kind != UNITED:
            term = self._term(kind, size, rng)
            return None if term is None else [term]
        parts = round(1 / fraction)
        if parts > MOST_TERMS:
            return None
        kinds = rng.permuted([BUNDLE, LAYERS] * parts)[:parts].tolist()
        drawn = [self._term(kind, size / parts, rng) or self._term(_OTHER[kind], size / parts, rng) for kind in kinds]
        return [term for term in dict.fromkeys(drawn) if term is not None] or None

    def _term(self, kind: int, size: float, rng: Generator) -> Term | None:
        """Return a label with a graph of about a size, or an interval of ranks; None where there is none."""
        if kind == LAYERS and len(self.encoding.order):
            count = max(1, min(self.n, round(size)))
            first = int(rng.integers(self.n - count + 1))
            return RANKS, int(rng.integers(len(self.encoding.order))), first, first + count - 1
        labels = np.flatnonzero(self.entries >= 0)
        if kind == LAYERS or not len(labels):
            return None
        away = np.abs(np.log(self._counts[labels] / size))
        return LABEL, int(rng.choice(labels[away <= away.min() + _NEAR])), 0, 0

    def _window(self, inside: NDArray[np.bool_], q: int, fraction: float, rng: Generator) -> NDArray[np.bool_]:
        """Return a fraction of some items that are next to each other in an order that changes from query to query."""
        order = self._orders[q % len(self._orders)]
        within = order[inside[order]]
        count = max(1, round(fraction * len(within)))
        start = int(rng.integers(len(within) - count + 1))
        passing = np.zeros(self.n, np.bool_)
        passing[within[start : start + count]] = True
        return passing

    @cached_property
    def _counts(self) -> NDArray[np.int64]:
        """How many items have each label."""
        return np.diff(self.encoding.postings.starts)

    @cached_property
    def _orders(self) -> list[Items]:
        """The items in random order, and in that of each attribute."""
        tie = np.random.default_rng(self.n).permutation(self.n).astype(np.int32)
        return [tie, *(np.lexsort((tie, keys)).astype(np.int32) for keys in self.encoding.keys)]
