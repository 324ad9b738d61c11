"""Timing: how often a search is repeated, and that the answers and the clock are those of whole passes."""

from __future__ import annotations

import numpy as np
import pytest

from bench.core.attributes import Attributes
from bench.core.filters import Everything
from bench.core.masks import FilterBatch
from bench.runs.timing import measure
from tests.support.adversarial import Honest, Ids, Search

QUERIES = 20


class Counts(Honest):
    """Counts its searches of more than the few queries of a warm-up."""

    def __init__(self) -> None:
        super().__init__(self.BuildParams())
        self.passes = 0

    def spoil(self, ids: Ids, params: Search) -> Ids:
        self.passes += len(ids) == QUERIES
        return ids


@pytest.mark.parametrize(("timed_seconds", "passes"), [(1e-9, 1), (1e9, 100)])
def test_a_short_search_is_repeated_up_to_a_hundred_times(timed_seconds: float, passes: int) -> None:
    vectors = np.random.default_rng(0).normal(size=(30, 4)).astype(np.float32)
    method, attributes = Counts(), Attributes(len(vectors), {})
    method.vectors = vectors
    filters = FilterBatch([Everything()] * QUERIES, attributes)
    batches = [(slice(None), filters)]
    timing = measure(method, Search(), 3, 1, 0, timed_seconds, vectors[:QUERIES], batches)
    assert method.passes == passes
    assert timing.ids[:, 0].tolist() == list(range(QUERIES))
    assert timing.search_seconds > 0
