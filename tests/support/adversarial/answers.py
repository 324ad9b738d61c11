"""Methods with wrong answers: ids that repeat, fail the filter or are out of range, and other types and shapes."""

from __future__ import annotations

from typing import Any

import numpy as np

from algorithms.base import ALL_FILTERS, Info
from bench.core.filters import Everything
from bench.core.masks import FilterBatch
from tests.support.adversarial.honest import Honest, Ids, Search


class RepeatsTheNearest(Honest):
    """The nearest item ten times: a recall of 1.0 if repeats are not checked."""

    def spoil(self, ids: Ids, params: Search) -> Any:
        return np.repeat(ids[:, :1], ids.shape[1], axis=1)


class IgnoresTheFilter(Honest):
    """The nearest items, even if they fail the filter."""

    def prepare(self, filters: FilterBatch) -> FilterBatch:
        return FilterBatch([Everything()] * len(filters), filters.attributes)


class ApproximateFilter(IgnoresTheFilter):
    """The same, declared as a method for AFANNS."""

    info = Info(paper="none", year=2024, approach="hybrid index", technique="none", serves=ALL_FILTERS, afanns=True)


class AnswersNothing(Honest):
    """Only -1, which must not match the padding of the true answers."""

    def spoil(self, ids: Ids, params: Search) -> Any:
        return np.full_like(ids, -1)


class ReturnsShort(Honest):
    """Only three of ten columns."""

    def spoil(self, ids: Ids, params: Search) -> Any:
        return ids[:, :3]


class ReturnsNoColumns(Honest):
    """No columns."""

    def spoil(self, ids: Ids, params: Search) -> Any:
        return ids[:, :0]


class OutOfRange(Honest):
    """Ids beyond the last item, and below -1."""

    def spoil(self, ids: Ids, params: Search) -> Any:
        ids[:, -1] = len(self.vectors)
        ids[0, 0] = -2
        return ids


class ReturnsFloats(Honest):
    """The right ids with the wrong type."""

    def spoil(self, ids: Ids, params: Search) -> Any:
        return ids.astype(np.float64)


class ReturnsTooMany(Honest):
    """More columns than requested."""

    def spoil(self, ids: Ids, params: Search) -> Any:
        return np.hstack([ids, ids])


class ReturnsFlat(Honest):
    """The right ids in one dimension."""

    def spoil(self, ids: Ids, params: Search) -> Any:
        return ids.ravel()


class ReturnsOneRowLess(Honest):
    """No answer for the last query."""

    def spoil(self, ids: Ids, params: Search) -> Any:
        return ids[:-1]


class ReturnsObjects(Honest):
    """Python objects, which would have to be unpickled."""

    def spoil(self, ids: Ids, params: Search) -> Any:
        return ids.astype(object)


class ReturnsNothing(Honest):
    """None."""

    def spoil(self, ids: Ids, params: Search) -> Any:
        return None


class Reversed(Honest):
    """The right ids with the farthest first."""

    def spoil(self, ids: Ids, params: Search) -> Any:
        return ids[:, ::-1]
