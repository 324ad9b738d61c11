"""`Honest`, an exact method without faults, from which the others derive."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from algorithms.base import ALL_FILTERS, Algorithm, Data, Info, param
from bench.core.masks import FilterBatch

Ids = NDArray[np.int64]


@dataclass(frozen=True)
class Search:
    """One parameter, for several search settings."""

    effort: int = param(1, "has no effect, except in methods that use it", low=0)


class Honest(Algorithm):
    """Exact search in float64, one query at a time."""

    info = Info(
        paper="none",
        year=2024,
        approach="pre-filtering",
        technique="none",
        serves=ALL_FILTERS,
        libraries=("numpy",),
        holds_vectors=True,
    )
    SearchParams = Search
    vectors: NDArray[np.float32]

    def build(self, data: Data) -> None:
        self.vectors = data.vectors

    def save(self, folder: Path) -> None:
        np.save(folder / "vectors.npy", self.vectors)

    @classmethod
    def load(cls, folder: Path, params: Any, data: Data) -> Self:
        algorithm = cls(params)
        algorithm.vectors = np.load(folder / "vectors.npy")
        return algorithm

    def search(self, queries: NDArray[np.float32], prepared: FilterBatch, k: int, params: Search, threads: int) -> Any:
        ids = np.full((len(queries), k), -1, np.int64)
        for q, query in enumerate(queries):
            passing = np.flatnonzero(prepared.mask(int(prepared.index[q])))
            distances = ((self.vectors[passing].astype(np.float64) - query) ** 2).sum(axis=1)
            best = passing[np.argsort(distances, kind="stable")[:k]]
            ids[q, : len(best)] = best
        return self.spoil(ids, params)

    def spoil(self, ids: Ids, params: Search) -> Any:
        """Return the answer in place of the exact ids; this one is honest."""
        return ids
