"""Judging everything that a worker answered at a setting: every pass, and every query that was searched alone."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.core.masks import FilterBatch
from bench.measuring.timing import Pass, Timing
from bench.truth.answers import GroundTruth
from bench.truth.judge import Verdict, judge, validity

Part = tuple[NDArray[np.int64], NDArray[Any]]
"""Rows of queries, and what was answered to them."""

_LESS_RECALL = 0.05
"""By how much the recall of single queries may be below that of the same queries in a batch."""

_STANDARD_ERRORS = 4.0
"""By how many standard errors it has to be: a method that starts at random differs from call to call."""


@dataclass(frozen=True)
class Judged:
    """The judgement of a setting.

    Attributes:
        verdict: that of the pass with the least recall; None if the answers cannot be judged.
        recall_one_by_one: the mean recall of the queries that were searched alone; None without them.
        fault: why the setting is invalid, or None.
    """

    verdict: Verdict | None
    recall_one_by_one: float | None
    fault: str | None


@dataclass(frozen=True)
class Court:
    """What answers are judged by.

    Attributes:
        k: answers per query.
        truth: the true answers.
        filters: one per query.
        vectors: [n, d], those of the items.
        queries: float32[q, d].
        afanns: whether the method may return items that fail the filter.
        rerank: how many candidates per answer a search of codes may return.
    """

    k: int
    truth: GroundTruth
    filters: FilterBatch
    vectors: NDArray[Any]
    queries: NDArray[np.float32]
    afanns: bool
    rerank: float

    def judge(self, timing: Timing) -> Judged:
        """Judge all answers of a timing."""
        malformed = next(self._malformed(timing), None)
        if malformed:
            return Judged(None, None, malformed)
        verdicts = [self._verdict(ids) for ids in self._distinct(timing)]
        verdict = min(verdicts, key=lambda each: float(np.nansum(each.recall)))
        faults = [each.fault(afanns=self.afanns) for each in verdicts]
        faults += [
            validity(ids, self.filters, len(self.vectors)).fault(afanns=self.afanns) for ids in self._candidates(timing)
        ]
        alone = None
        if timing.single:
            rows = np.array(list(timing.single))
            single = self._verdict(
                self._placed((rows[i : i + 1], ids[0]) for i, ids in enumerate(timing.single.values()))
            )
            alone, together = float(np.mean(single.recall[rows])), float(np.mean(verdict.recall[rows]))
            faults.append(single.fault(afanns=self.afanns))
            if _is_less(single.recall[rows], verdict.recall[rows]):
                faults.append(f"queries searched one at a time have recall {alone:.3f}, but {together:.3f} in a batch")
        return Judged(verdict, alone, next(filter(None, faults), None))

    def _verdict(self, ids: NDArray[np.int64]) -> Verdict:
        return judge(ids, self.k, self.truth, self.filters, self.vectors, self.queries)

    def _parts(self, timing: Timing, *, candidates: bool = False) -> Iterator[list[Part]]:
        """Yield the answers of each pass, with the rows of the queries to which they belong."""
        rest = np.flatnonzero(self.truth.matches == 0)
        none = Pass(0, 0, 0, 0, [], [], None)
        for each in timing.passes or [none]:
            parts = list(zip(timing.batches, each.candidates if candidates else each.ids, strict=False))
            unmatched = timing.unmatched or none
            parts += [(rest, ids) for ids in (unmatched.candidates if candidates else unmatched.ids)]
            yield parts

    def _distinct(self, timing: Timing) -> list[NDArray[np.int64]]:
        """Return the answers of all passes without repetition, int64[q, k] each."""
        placed = (self._placed(parts) for parts in self._parts(timing))
        return list({ids.tobytes(): ids for ids in placed}.values())

    def _candidates(self, timing: Timing) -> list[NDArray[np.int64]]:
        """Return what a search of codes returned before it was ranked, without repetition; nothing for others."""
        placed = (self._placed(parts, self._width) for parts in self._parts(timing, candidates=True) if parts)
        return list({ids.tobytes(): ids for ids in placed}.values())

    @property
    def _width(self) -> int:
        return math.ceil(self.rerank * self.k)

    def _placed(self, parts: Iterable[Part], width: int | None = None) -> NDArray[np.int64]:
        """Return int64[q, width] with answers in the rows of their queries, -1 elsewhere."""
        ids = np.full((len(self.queries), width or self.k), -1, np.int64)
        for rows, part in parts:
            ids[rows, : part.shape[1]] = part
        return ids

    def _malformed(self, timing: Timing) -> Iterator[str]:
        """Yield what is wrong with the types and shapes of answers."""
        for candidates, most in ((False, self.k), (True, self._width)):
            for parts in self._parts(timing, candidates=candidates):
                yield from (fault for rows, ids in parts if (fault := _malformed(ids, len(rows), most)))
        for answers in timing.single.values():
            widths = zip(answers, (self.k, self._width), strict=False)
            yield from (fault for ids, width in widths if (fault := _malformed(ids, 1, width)))


def _is_less(alone: NDArray[np.float64], together: NDArray[np.float64]) -> bool:
    """Return whether queries have less recall alone than together, beyond chance and a margin."""
    difference = together - alone
    if len(difference) < 2 or difference.mean() <= _LESS_RECALL:
        return False
    return bool(difference.mean() > _STANDARD_ERRORS * difference.std(ddof=1) / len(difference) ** 0.5)


def _malformed(ids: NDArray[Any], queries: int, k: int) -> str | None:
    if not np.issubdtype(ids.dtype, np.integer):
        return f"search returned {ids.dtype} where ids are integers"
    if ids.ndim != 2 or len(ids) != queries or ids.shape[1] > k:
        return f"search returned an array of shape {list(ids.shape)} for {queries} queries and k = {k}"
    return None
