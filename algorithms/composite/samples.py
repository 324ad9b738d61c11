"""Queries and filters to measure walks with: drawn from the items, and from the order of their attributes.

A query is an item to which a part of the difference of two others is added, as queries are unlike items. The item
itself is left out of answers and walks. What passes a conjunction is a window of a graph's items in the order of some
attribute, or in random order. So whatever the vectors and the attributes have to do with each other is in the figures.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from algorithms.composite.costs import ATTRIBUTE, BASE, RULE, UNITED
from algorithms.composite.cover import MOST_TERMS, Filters, words_of
from algorithms.composite.encoding import ALL, LABEL, RANKS, Encoding, Term
from algorithms.kernels.csr import offsets
from algorithms.kernels.jit import read_only
from algorithms.kernels.types import Items
from bench.core.vectors import dense

_SIZES = 3

_NEAR = 0.35
"""Labels are drawn among those whose graphs are about as near to a size as the nearest, in logarithms."""

_LEAST = 0.5
"""How much of a difference is added to the queries most like items, by how much is added to those least like them."""


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

        `novelty` is the largest part of the difference of two others that is added to an item.
        """
        weights = novelty * rng.uniform(_LEAST, 1, (len(items), 1))
        one, other = (dense(source, rng.integers(len(source), size=len(items))) for _ in range(2))
        queries = (dense(source, items) + weights * (one - other)).astype(np.float32)
        return cls(encoding, entries, items, read_only(queries), least)

    @property
    def n(self) -> int:
        """How many items there are."""
        return len(self.encoding.labels.offsets) - 1

    @property
    def kinds(self) -> int:
        """How many kinds of walk there are."""
        return ATTRIBUTE + len(self.encoding.places)

    def sizes(self, kind: int) -> NDArray[np.float64]:
        """Return the sizes of graphs to measure for a kind of walk, ascending."""
        smallest, largest = min(self.least, self.n), self.n
        if kind in (BASE, RULE):
            smallest = self.n
        elif kind >= ATTRIBUTE and len(self._graphs[kind - ATTRIBUTE]):
            counts = self._counts[self._graphs[kind - ATTRIBUTE]]
            smallest, largest = counts.min(), counts.max()
        return np.rint(np.geomspace(smallest, largest, _SIZES))

    def filters(self, kind: int, size: float, fraction: float, rng: Generator) -> Filters | None:
        """Draw a filter for every query: of a kind of walk, in a graph of about a size of which a fraction passes.

        For a union, the fraction is the size of each part over that of all parts together. Returns None where the index
        has no such graph.
        """
        covers, masks = [], []
        for q, item in enumerate(self.items):
            terms = self._terms(kind, size, fraction, rng)
            if not terms:
                return None
            inside = np.zeros(self.n, np.bool_)
            for term in terms:
                inside[self.encoding.items_of(term)] = True
            passing = inside if kind == UNITED or fraction == 1 else self._window(inside, q, fraction, rng)
            passing[item] = False
            covers.append(terms)
            masks.append(passing)
        everything: Term = (ALL, 0, 0, self.n - 1)
        return Filters(
            matches=np.array([np.count_nonzero(passing) for passing in masks], np.int64),
            sizes=np.full(len(masks), int(size), np.int64),
            parts=np.array([float(len(terms)) for terms in covers]),
            kinds=np.full(len(masks), kind),
            exact=np.full(len(masks), kind == UNITED),
            starts=1 + offsets([len(terms) for terms in covers]),
            terms=np.array([everything, *(term for terms in covers for term in terms)], np.int64),
            words=words_of(masks, self.n),
            rows=np.arange(len(masks)),
        )

    def _terms(self, kind: int, size: float, fraction: float, rng: Generator) -> list[Term]:
        """Return the terms of a filter; an empty list where the index has no such graph."""
        if kind in (BASE, RULE):
            return [(ALL, 0, 0, self.n - 1)]
        if kind != UNITED:
            return self._drawn([kind - ATTRIBUTE], size, rng)
        parts = round(1 / fraction)
        if not 2 <= parts <= MOST_TERMS:
            return []
        usable = [a for a, (held, _) in enumerate(self.encoding.places) if held == RANKS or len(self._graphs[a])]
        return self._drawn(np.resize(rng.permuted(usable), parts).tolist(), size / parts, rng) if usable else []

    def _drawn(self, attributes: list[int], size: float, rng: Generator) -> list[Term]:
        """Return a label or an interval of ranks of each of some attributes, whose graph is of about a size."""
        terms: dict[Term, None] = {}
        for attribute in attributes:
            kind, which = self.encoding.places[attribute]
            labels = self._graphs[attribute]
            if kind == RANKS:
                count = max(1, min(self.n, round(size)))
                first = int(rng.integers(self.n - count + 1))
                terms[RANKS, which[0], first, first + count - 1] = None
            elif len(labels):
                away = np.abs(np.log(self._counts[labels] / size))
                terms[LABEL, int(rng.choice(labels[away <= away.min() + _NEAR])), 0, 0] = None
        return list(terms)

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
    def _graphs(self) -> list[NDArray[np.intp]]:
        """The labels of each attribute that have a graph."""
        graphs = np.flatnonzero(self.entries >= 0)
        return [graphs[np.isin(graphs, which)] if kind == LABEL else graphs[:0] for kind, which in self.encoding.places]

    @cached_property
    def _counts(self) -> NDArray[np.int64]:
        """How many items have each label."""
        return np.diff(self.encoding.postings.starts)

    @cached_property
    def _orders(self) -> list[Items]:
        """The items in random order, and in that of each attribute."""
        tie = np.random.default_rng(self.n).permutation(self.n).astype(np.int32)
        return [tie, *(np.lexsort((tie, keys)).astype(np.int32) for keys in self.encoding.keys)]
