"""Judge untrusted ids: recall, underfill and violations of an answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.core.distances import exact_distances
from bench.core.masks import FilterBatch, mask
from bench.truth.answers import GroundTruth

TIE = 1e-6
"""An id counts as true if its distance exceeds the true k-th by no more than this relative margin."""

_ORDER = 1e-4
"""Answers are unordered only beyond this relative margin, because methods rank by float32 distances."""


@dataclass(frozen=True)
class Validity:
    """Which ids of an answer are valid; every array of counts has one value per query.

    Attributes:
        valid: bool, the shape of the ids: in range, distinct, and passing the filter.
        out_of_range: int64, ids that are neither -1 nor items.
        repeated: int64, ids that occurred before in the answer to the same query.
        failing: int64, distinct ids in range that fail the filter.
    """

    valid: NDArray[np.bool_]
    out_of_range: NDArray[np.int64]
    repeated: NDArray[np.int64]
    failing: NDArray[np.int64]

    @property
    def violations(self) -> NDArray[np.int64]:
        """int64, returned ids that fail the filter, repeat, or are out of range."""
        return self.out_of_range + self.repeated + self.failing

    def fault(self, *, afanns: bool) -> str | None:
        """Return why the answer is invalid, or None. An AFANNS method may return items that fail the filter."""
        faults = {"out of range": self.out_of_range, "repeated": self.repeated}
        if not afanns:
            faults["failing the filter"] = self.failing
        sentences = [
            f"{counts.sum()} ids {fault} (first in query {np.flatnonzero(counts)[0]})"
            for fault, counts in faults.items()
            if counts.any()
        ]
        return ", ".join(sentences) or None


@dataclass(frozen=True)
class Verdict(Validity):
    """The judgement of one answer to a workload; every array has one value per query.

    Attributes:
        recall: float64, |returned and true| / min(k, matches); NaN where no item matches.
        recall_paper: float64, |returned and true| / k.
        underfill: float64, 1 - |valid returned| / min(k, matches); NaN where no item matches.
        returned: int64, distinct ids in range that pass the filter.
        unordered: bool, whether a valid id follows one that is farther away.
    """

    recall: NDArray[np.float64]
    recall_paper: NDArray[np.float64]
    underfill: NDArray[np.float64]
    returned: NDArray[np.int64]
    unordered: NDArray[np.bool_]


def validity(ids: NDArray[np.integer[Any]], filters: FilterBatch, n: int) -> Validity:
    """Check the ids that a method returned, integer[q, m]; -1 means no answer.

    Args:
        ids: the answers.
        filters: one per query, over the n items.
        n: the number of items.
    """
    ids = ids.astype(np.int64)
    in_range = (ids >= 0) & (ids < n)
    order = np.argsort(ids, axis=1, kind="stable")
    by_id = np.take_along_axis(ids, order, 1)
    again = np.zeros(ids.shape, np.bool_)
    np.put_along_axis(again, order[:, 1:], by_id[:, 1:] == by_id[:, :-1], 1)
    first = in_range & ~again

    passes = np.zeros(ids.shape, np.bool_)
    for u, members in filters.groups():
        asked = np.where(in_range[members], ids[members], 0)
        passes[members] = mask(filters.unique[u], filters.attributes, asked.ravel()).reshape(asked.shape)
    return Validity(
        valid=first & passes,
        out_of_range=(~in_range & (ids != -1)).sum(axis=1),
        repeated=(in_range & again).sum(axis=1),
        failing=(first & ~passes).sum(axis=1),
    )


def judge(
    ids: NDArray[np.integer[Any]],
    k: int,
    truth: GroundTruth,
    filters: FilterBatch,
    vectors: NDArray[Any],
    queries: NDArray[np.float32],
) -> Verdict:
    """Judge the ids that a method returned.

    Args:
        ids: integer[q, m <= k]; -1 means no answer.
        k: the requested number of answers, at most the depth of `truth`.
        truth: the exact answers.
        filters: one per query, over the n items.
        vectors: [n, d], those of the items.
        queries: float32[q, d].

    Raises:
        ValueError: `truth` is not as deep as k.
    """
    if truth.ids.shape[1] < k:
        raise ValueError(f"answers of depth {truth.ids.shape[1]} cannot judge k = {k}")
    q, checked = len(ids), validity(ids, filters, len(vectors))
    ids, valid = ids.astype(np.int64), checked.valid
    distances = exact_distances(np.asarray(vectors), queries, np.where(valid, ids, -1), truth.metric)
    expected = np.minimum(k, truth.matches)
    kth = np.where(expected > 0, truth.distances[np.arange(q), np.maximum(expected, 1) - 1], -np.inf)
    hits = np.minimum((valid & (distances <= _raised(kth, TIE)[:, None])).sum(axis=1), expected)
    returned = valid.sum(axis=1)

    running = np.maximum.accumulate(np.where(valid, distances, -np.inf), axis=1)
    unordered = np.any(valid & (distances < _raised(running, -_ORDER)), axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        recall = np.where(expected > 0, hits / expected, np.nan)
        underfill = np.where(expected > 0, 1 - np.minimum(returned, expected) / expected, np.nan)
    return Verdict(
        **vars(checked),
        recall=recall,
        recall_paper=hits / k,
        underfill=underfill,
        returned=returned,
        unordered=unordered,
    )


def _raised(distances: NDArray[np.float64], margin: float) -> NDArray[np.float64]:
    """Return distances raised by a margin relative to their size; inner products may be negative."""
    finite = np.isfinite(distances)
    return distances + margin * np.abs(np.where(finite, distances, 0))
