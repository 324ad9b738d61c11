"""Inverted files of faiss with in-filtering: IVF-Flat, and IVF-PQ with exact re-ranking (Rii in the taxonomy)."""

from __future__ import annotations

from dataclasses import dataclass

import faiss
import numpy as np
from numpy.typing import NDArray

from algorithms.base import ALL_FILTERS, Algorithm, Data, Info, param
from algorithms.baselines.faiss import FaissAlgorithm, Selectors, nlist_for
from bench.core.formats import Storage
from bench.core.masks import FilterBatch


@dataclass(frozen=True)
class Build:
    """Build parameters."""

    nlist_factor: float = param(
        4.0, "inverted lists, as a multiple of sqrt(n); one for 39 items if that is fewer", low=0.01
    )


@dataclass(frozen=True)
class Search:
    """Search parameters."""

    nprobe: int = param(16, "inverted lists that are read; all if there are fewer", low=1)


class FaissIvfInFilter(FaissAlgorithm, Algorithm):
    """Reads the inverted lists of the nearest centroids, and computes the distances of what a bitmap lets pass."""

    info = Info(
        holds_vectors=True,
        paper="Douze et al., The Faiss library",
        year=2024,
        approach="in-filtering",
        technique="quantisation",
        serves=ALL_FILTERS,
        libraries=("faiss-cpu",),
    )
    BuildParams = Build
    SearchParams = Search

    def build(self, data: Data) -> None:
        """Cluster the items and sort them into inverted lists."""
        n, dim = data.source.shape
        self.index = faiss.IndexIVFFlat(faiss.IndexFlatL2(dim), dim, nlist_for(n, self.params.nlist_factor))
        self.index.cp.seed = data.seed + 1
        self.index.train(data.vectors)
        self.index.add(data.vectors)

    def prepare(self, filters: FilterBatch) -> Selectors:
        """Evaluate the filters."""
        return Selectors(filters)

    def search(
        self, queries: NDArray[np.float32], prepared: Selectors, k: int, params: Search, threads: int
    ) -> NDArray[np.int64]:
        """See `Algorithm.search`."""
        faiss.cvar.indexIVF_stats.reset()
        ids = prepared.search(
            self.index,
            queries,
            k,
            lambda selector: faiss.SearchParametersIVF(nprobe=params.nprobe, sel=selector),
        )
        stats = faiss.cvar.indexIVF_stats
        self.distance_computations = stats.ndis + stats.nq * self.index.nlist
        return ids


_CODE_BITS = 8


@dataclass(frozen=True)
class PqBuild:
    """Build parameters."""

    nlist_factor: float = param(
        4.0, "inverted lists, as a multiple of sqrt(n); one for 39 items if that is fewer", low=0.01
    )
    code_bytes: int = param(
        48, "bytes per item, one for each part of a vector; zeros are added until the parts are equally long", low=1
    )


@dataclass(frozen=True)
class PqSearch:
    """Search parameters."""

    nprobe: int = param(16, "inverted lists that are read; all if there are fewer", low=1)
    k_factor: int = param(10, "items per answer that are ranked again exactly", low=1)


def _padded(dim: int, parts: int) -> int:
    """Return the least multiple of the number of parts that is not below the dimension."""
    return -(-dim // parts) * parts


class FaissIvfPqInFilter(FaissAlgorithm, Algorithm):
    """Ranks what a bitmap lets pass by product-quantised distances, and the best of it again by exact ones.

    Rii (Matsui et al., 2018) is an inverted file over product-quantised codes that is asked for a subset of ids.
    """

    info = Info(
        holds_vectors=True,
        paper="Matsui et al., Reconfigurable Inverted Index (on faiss)",
        year=2018,
        approach="in-filtering",
        technique="quantisation",
        serves=ALL_FILTERS,
        libraries=("faiss-cpu",),
    )
    BuildParams = PqBuild
    SearchParams = PqSearch

    @classmethod
    def build_bytes(cls, params: PqBuild, n: int, dim: int, storage: Storage) -> int:
        """The vectors, the copy that the library makes of them, and one with zeros where they are added."""
        padded = _padded(dim, params.code_bytes)
        return super().build_bytes(params, n, dim, storage) + (4 * n * padded if padded > dim else 0)

    def build(self, data: Data) -> None:
        """Cluster the items, encode their residuals, and keep the vectors beside the codes for the ranking."""
        (n, dim), parts = data.source.shape, self.params.code_bytes
        padded = _padded(dim, parts)
        coded = faiss.IndexIVFPQ(
            faiss.IndexFlatL2(padded), padded, nlist_for(n, self.params.nlist_factor), parts, _CODE_BITS
        )
        coded.cp.seed = data.seed + 1
        coded.pq.cp.min_points_per_centroid = 1  # fewer than faiss advises make a coarser code, not a smaller one
        if padded > dim:
            # Zeros between the dimensions change no distance, and leave no part of zeros alone unless they have to.
            coded = faiss.IndexPreTransform(faiss.RemapDimensionsTransform(dim, padded, True), coded)
        self.index = faiss.IndexRefineFlat(coded)
        # faiss trains no codebook on fewer items than it has entries.
        self.index.train(data.vectors if n >= 1 << _CODE_BITS else np.resize(data.vectors, (1 << _CODE_BITS, dim)))
        self.index.add(data.vectors)

    def prepare(self, filters: FilterBatch) -> Selectors:
        """Evaluate the filters."""
        return Selectors(filters)

    def search(
        self, queries: NDArray[np.float32], prepared: Selectors, k: int, params: PqSearch, threads: int
    ) -> NDArray[np.int64]:
        """See `Algorithm.search`."""
        is_padded = isinstance(faiss.downcast_index(self.index.base_index), faiss.IndexPreTransform)

        def parameters(selector: object) -> object:
            lists = faiss.SearchParametersIVF(nprobe=params.nprobe, sel=selector)
            if is_padded:
                lists = faiss.SearchParametersPreTransform(index_params=lists)
            return faiss.IndexRefineSearchParameters(k_factor=params.k_factor, base_index_params=lists)

        return prepared.search(self.index, queries, k, parameters)
