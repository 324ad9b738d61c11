"""Queries: search terms, and filters whose values come from the items' own attributes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.core.attributes import Attributes, Ordered, Sets
from bench.core.errors import BenchError
from bench.core.filters import Between, Contains, Equals, Filter, FilterType
from bench.datasets.layout import PUBLISHED_WORKLOADS
from bench.workloads.draw import LEAVES

_STOP_WORDS = frozenset(
    re.findall(
        r"\w+",
        "a an and are as at be between by can do does for from has have how in into is it its new not of on or our "
        "over some study than that the their there this to toward towards two under upon use using via we what when "
        "where which with within without",
    )
)
_MOST_WORDS = 5
_LEAF = {FilterType.EM: "equals", FilterType.R: "between", FilterType.EMIS: "contains"}


@dataclass
class QueriesConfig:
    """Which queries are made.

    Attributes:
        count: how many.
        terms: a file of search terms, one a line; None to derive them from titles of papers that are no items.
        selectivity: the share of items that filters pass, as nearly as the attributes allow; None for values that are
            drawn from the items, as in the paper.
        correlation: the share of queries whose filter is drawn from one of their nearest items rather than from any:
            0 as in the paper, 1 for filters that match what is near.
    """

    count: int = 1000
    terms: str | None = None
    selectivity: float | None = None
    correlation: float = 0.0

    def check(self) -> None:
        """Check the values.

        Raises:
            BenchError: one is out of range.
        """
        if self.count < 1:
            raise BenchError(f"queries.count={self.count} is out of range; it is a whole number from 1 on")
        if self.selectivity is not None and not 0 < self.selectivity <= 1:
            raise BenchError(f"queries.selectivity={self.selectivity} is out of range; it lies in (0, 1]")
        if not 0 <= self.correlation <= 1:
            raise BenchError(f"queries.correlation={self.correlation} is out of range; it lies in [0, 1]")


def read_terms(path: Path, count: int) -> list[str]:
    """Return the first `count` search terms of a file, one a line.

    Raises:
        BenchError: the file is missing, is no UTF-8, or has fewer.
    """
    try:
        lines = [" ".join(line.split()) for line in path.read_text(encoding="utf-8").splitlines()]
    except (OSError, UnicodeDecodeError) as error:
        raise BenchError(f"queries.terms={path} cannot be read: {error}") from error
    terms = [line for line in lines if line]
    if len(terms) < count:
        raise BenchError(f"queries.terms={path} has {len(terms)} terms where queries.count={count}")
    return terms[:count]


def term_of(title: str) -> str:
    """Return the search term that a title gives: its longest run of words without a stop word or punctuation.

    Of runs of equal length the first is taken; it is cut to five words.
    """
    runs: list[list[str]] = []
    for part in re.split(r"[^\w\s'-]+", title):
        run: list[str] = []
        for word in [*part.split(), ""]:
            if word and word.lower() not in _STOP_WORDS:
                run.append(word)
            elif run:
                runs.append(run)
                run = []
    longest = max(runs, key=len, default=title.split())
    return " ".join(longest[:_MOST_WORDS]).lower()


def draw_filters(
    config: QueriesConfig, attributes: Attributes, nearest: NDArray[np.int64], seed: int
) -> dict[FilterType, list[Filter]]:
    """Return the filters of the three published workloads, one per query.

    Args:
        config: how they are drawn.
        attributes: those of the items.
        nearest: int64[q, m], each query's nearest items.
        seed: of the draws.
    """
    rng = np.random.Generator(np.random.Philox(seed))
    q = len(nearest)
    near = nearest[np.arange(q), rng.integers(nearest.shape[1], size=q)]
    anchors = np.where(rng.random(q) < config.correlation, near, rng.integers(attributes.n, size=q))
    drawn: dict[FilterType, list[Filter]] = {}
    for filter_type, name in PUBLISHED_WORKLOADS.items():
        if config.selectivity is None:
            leaf, _ = LEAVES[_LEAF[filter_type]]
            drawn[filter_type] = leaf(name, attributes[name], rng, anchors)
        else:
            drawn[filter_type] = _controlled(filter_type, name, attributes, config.selectivity, anchors, rng)
    return drawn


def _controlled(
    filter_type: FilterType,
    name: str,
    attributes: Attributes,
    share: float,
    anchors: NDArray[np.int64],
    rng: np.random.Generator,
) -> list[Filter]:
    """Return filters that pass a share of the items, and the anchor where its value allows it.

    A range reaches over that share of the ordered values, the anchor's anywhere in it. Of equal values and of members
    of a set the one is taken that the share of items nearest to the wanted one has: for sets, of the anchor's.
    """
    column = attributes[name]
    if filter_type is FilterType.R:
        assert isinstance(column, Ordered)
        values = np.sort(column.values[column.present])
        width = max(1, round(share * len(values)))
        at = np.searchsorted(values, column.values[anchors])
        starts = np.clip(at - rng.integers(width, size=len(anchors)), 0, len(values) - width)
        return [Between(name, int(values[start]), int(values[start + width - 1])) for start in starts]
    if filter_type is FilterType.EM:
        assert isinstance(column, Ordered)
        distinct, counts = np.unique(column.values[column.present], return_counts=True)
        best = distinct[np.abs(counts / attributes.n - share).argmin()]
        return [Equals(name, int(best))] * len(anchors)
    assert isinstance(column, Sets)
    counts = np.bincount(column.codes, minlength=len(column.vocabulary))
    off = np.abs(counts / attributes.n - share)
    filters: list[Filter] = []
    for anchor in anchors:
        codes = column.codes[column.offsets[anchor] : column.offsets[anchor + 1]]
        filters.append(Contains(name, column.vocabulary[codes[off[codes].argmin()]]))
    return filters
