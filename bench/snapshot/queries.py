"""Queries: search terms, and filters whose values come from the attributes of the items."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.core.attributes import Attributes
from bench.core.columns import Ordered, Sets
from bench.core.errors import BenchError
from bench.core.filters import Between, Contains, Equals, Filter
from bench.core.leaf import FilterType, Leaf, draw_leaf
from bench.datasets.layout import PUBLISHED_WORKLOADS

_STOP_WORDS = frozenset(
    re.findall(
        r"\w+",
        "a an and are as at be between by can do does for from has have how in into is it its new not of on or our "
        "over some study than that the their there this to toward towards two under upon use using via we what when "
        "where which with within without",
    )
)
_MOST_WORDS = 5
_LEAF: dict[FilterType, type[Leaf]] = {leaf.alone: leaf for leaf in (Equals, Between, Contains)}


@dataclass
class QueriesConfig:
    """The key `queries` of ``configs/build.yaml``, which explains its keys."""

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
            raise BenchError(f"queries.count={self.count} is out of range; it must be at least 1")
        if self.selectivity is not None and not 0 < self.selectivity <= 1:
            raise BenchError(f"queries.selectivity={self.selectivity} is out of range; it must be in (0, 1]")
        if not 0 <= self.correlation <= 1:
            raise BenchError(f"queries.correlation={self.correlation} is out of range; it must be in [0, 1]")


def read_terms(path: Path, count: int) -> list[str]:
    """Return the first `count` search terms of a file, one per line.

    Raises:
        BenchError: the file is missing, is not UTF-8, or has fewer terms.
    """
    try:
        lines = [" ".join(line.split()) for line in path.read_text(encoding="utf-8").splitlines()]
    except (OSError, UnicodeDecodeError) as error:
        raise BenchError(f"queries.terms={path} cannot be read: {error}") from error
    terms = [line for line in lines if line]
    if len(terms) < count:
        raise BenchError(f"queries.terms={path} has {len(terms)} terms, but queries.count={count}")
    return terms[:count]


def term_of(title: str) -> str:
    """Return the search term for a title: its longest run of words without a stop word or punctuation.

    Of runs of equal length it is the first, and it is cut to five words.
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
        config: how to draw them.
        attributes: of the items.
        nearest: int64[q, m], the nearest items of each query.
        seed: of the draws.
    """
    rng = np.random.Generator(np.random.Philox(seed))
    q = len(nearest)
    near = nearest[np.arange(q), rng.integers(nearest.shape[1], size=q)]
    anchors = np.where(rng.random(q) < config.correlation, near, rng.integers(attributes.n, size=q))
    drawn: dict[FilterType, list[Filter]] = {}
    for filter_type, name in PUBLISHED_WORKLOADS.items():
        if config.selectivity is None:
            drawn[filter_type] = list(draw_leaf(_LEAF[filter_type], name, attributes[name], rng, anchors))
        else:
            drawn[filter_type] = _controlled(filter_type, name, attributes, config.selectivity, anchors, rng)
    return drawn


def _controlled(
    filter_type: FilterType,
    name: str,
    attributes: Attributes,
    selectivity: float,
    anchors: NDArray[np.int64],
    rng: np.random.Generator,
) -> list[Filter]:
    """Return filters of about a given selectivity that pass their anchor where possible.

    A range covers that fraction of the ordered values, with the value of the anchor anywhere in it. EM takes the value
    whose frequency among the items is closest to the selectivity; EMIS the closest member of the set of the anchor.
    """
    column = attributes[name]
    if filter_type is FilterType.R:
        assert isinstance(column, Ordered)
        values = np.sort(column.values[column.present])
        width = max(1, round(selectivity * len(values)))
        at = np.searchsorted(values, column.values[anchors])
        starts = np.clip(at - rng.integers(width, size=len(anchors)), 0, len(values) - width)
        return [Between(name, int(values[start]), int(values[start + width - 1])) for start in starts]
    if filter_type is FilterType.EM:
        assert isinstance(column, Ordered)
        distinct, counts = np.unique(column.values[column.present], return_counts=True)
        best = distinct[np.abs(counts / attributes.n - selectivity).argmin()]
        return [Equals(name, int(best))] * len(anchors)
    assert isinstance(column, Sets)
    counts = np.bincount(column.codes, minlength=len(column.vocabulary))
    off = np.abs(counts / attributes.n - selectivity)
    filters: list[Filter] = []
    for anchor in anchors:
        codes = column.codes[column.offsets[anchor] : column.offsets[anchor + 1]]
        filters.append(Contains(name, column.vocabulary[codes[off[codes].argmin()]]))
    return filters
