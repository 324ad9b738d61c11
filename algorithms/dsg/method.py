"""DSG, the dynamic segment graph: one graph whose edges say for which ranges of an attribute they are meant."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from algorithms.base import Algorithm, Data, Info, param
from algorithms.dsg.build import label_all, label_inserted, linked
from algorithms.dsg.edges import Labelled, both_ways, merged, moved, supported
from algorithms.dsg.search import Alive, Edges, Seeding, search
from algorithms.encodings.ranks import Ranks
from algorithms.kernels import hnsw
from algorithms.kernels.filter import Everything
from algorithms.kernels.queries import BatchSearch
from algorithms.kernels.space import L2, l2
from bench.core.errors import BenchError
from bench.core.filters import FilterType
from bench.core.masks import FilterBatch
from bench.core.vectors import dense

_FILE = "dsg.npz"


@dataclass(frozen=True)
class DsgBuild:
    """Build parameters of DSG."""

    M: int = param(24, "neighbours per item and range, at most", low=2, high=256)
    ef_construction: int = param(200, "candidates offered to the base graph", low=1, high=10_000)
    ef_max: int = param(500, "width of the search for candidates whose edges are labelled", low=1, high=10_000)
    alpha: float = param(1.0, "a neighbour at d occludes what is farther than alpha d, squared", low=1.0, high=4.0)
    variant: str = param("paper", "by insertion, or the authors' later rewrite", choices=("paper", "rewrite"))


@dataclass(frozen=True)
class DsgSearch:
    """Search parameters of DSG."""

    ef: int = param(64, "width of the search; k if that is more", low=1)
    scan_below: int = param(0, "ranges of fewer items are measured whole", low=0)


class Dsg(Algorithm):
    """A dynamic segment graph (VLDB 2025).

    The index grows a little faster than n M: an edge and its label are 20 bytes, and with M of 24 and ef_max of 500 an
    item had 186 edges among 5,000 items and 255 among 50,000. A build needs about four times that, and the vectors.

    Paper: items are inserted in random order into a base graph, which gives their candidates; here in batches, in
    parallel. Their edges are used backwards as well. A search starts from three items of the range, which may be
    answers (in the authors' code they may not). Items can be inserted, and deleted by marking them.

    Rewrite (the authors' code of November 2025): candidates are searched for in a finished HNSW; a tenth of the long
    edges, those used in the fewest ranges, are dropped; a search starts from four items, and does not look at labels
    in ranges of less than 2% of the items. A cluster of more than `ef_max` items has no edges to others then, as its
    items are each other's candidates; in insertion the first ones have met the others.

    Both give the same index for any number of threads.
    """

    info = Info(
        paper="Peng et al., Dynamic Range-Filtering Approximate Nearest Neighbor Search",
        year=2025,
        approach="hybrid index",
        technique="graph",
        serves=frozenset({FilterType.R}),
        why_not={"": "DSG labels edges with ranges of one ordered attribute"},
        compiled=True,
    )
    BuildParams = DsgBuild
    SearchParams = DsgSearch

    edges: Edges
    _ranks: Ranks
    _space: L2
    _base: NDArray[np.int32]  # [n, M], the graph that items are inserted into; empty if there are no insertions
    _entry: int
    _deleted: NDArray[np.bool_]

    def build(self, data: Data) -> None:
        """Label the edges of all items in parallel, and merge both directions."""
        p: DsgBuild = self.params
        self._ranks = Ranks(data.attributes, data.filtered)
        self._deleted = np.zeros(len(self._ranks.order), np.bool_)
        rows = dense(data.source, self._ranks.order)
        self._space = l2(rows)
        if p.variant == "rewrite":
            self._base, self._entry = np.empty((0, 0), np.int32), -1
            graph = hnsw.build(rows, p.M, p.ef_construction, data.seed, data.threads).base
            forward = label_all(self._space, graph, p.M, p.ef_max, p.alpha, data.threads)
            self.edges = supported(merged(len(rows), both_ways(forward)))
            return
        order = np.random.default_rng(data.seed).permutation(len(rows)).astype(np.int32)
        self._base, self._entry = np.full((len(rows), p.M), -1, np.int32), int(order[0])
        self.edges = merged(len(rows), both_ways(self._inserted(order, 1, data.threads)))

    def _inserted(self, order: NDArray[np.int32], start: int, threads: int) -> list[Labelled]:
        """Insert ``order[start:]`` into the base graph, which holds the items before; return their labelled edges."""
        p: DsgBuild = self.params
        links = linked(self._space, self._base)
        return label_inserted(self._space, links, order, start, p.ef_construction, p.ef_max, p.alpha, threads)

    def save(self, folder: Path) -> None:
        """Write the edges and the base graph; the vectors are the data's."""
        np.savez(
            folder / _FILE, **self.edges._asdict(), base=self._base, entry=self._entry, deleted=self._deleted
        )  # fmt: skip

    @classmethod
    def load(cls, folder: Path, params: DsgBuild, data: Data) -> Self:
        """Read the index. After insertions `data` must hold the new items behind the others."""
        algorithm = cls(params)
        algorithm._ranks = Ranks(data.attributes, data.filtered)
        algorithm._space = l2(dense(data.source, algorithm._ranks.order))
        with np.load(folder / _FILE) as arrays:
            algorithm.edges = Edges(arrays["starts"], arrays["ids"], arrays["boxes"])
            algorithm._base, algorithm._entry = arrays["base"], int(arrays["entry"])
            algorithm._deleted = arrays["deleted"]
        return algorithm

    def insert(self, vectors: NDArray[np.float32], values: NDArray[np.int64], threads: int = 1) -> NDArray[np.int64]:
        """Insert items, float32[m, d] and their values of the attribute, int64[m]; return their ids, which follow.

        Ranks and labels move, which takes time in the order of all edges: insert many items at a time.

        Raises:
            BenchError: the index was built by the rewrite, which is static.
        """
        if self.params.variant == "rewrite":
            raise BenchError("DSG's rewrite is static; build with variant=paper to insert items")
        ranks = self._ranks
        old = len(ranks.order)
        n = old + len(vectors)
        ids = np.arange(old, n, dtype=np.int64)
        all_values = np.concatenate([ranks.values, values])
        order = np.argsort(all_values, kind="stable")
        rank_of = np.empty(n, np.int32)
        rank_of[order] = np.arange(n, dtype=np.int32)
        kept, new = rank_of[:old], rank_of[old:]

        rows = np.concatenate([self._space.rows, vectors])
        self._space = l2(dense(rows, order))
        ranks.order = np.concatenate([ranks.order, ids.astype(ranks.order.dtype)])[order]
        ranks.values = all_values[order]
        self._deleted = np.append(self._deleted, np.zeros(len(vectors), np.bool_))[order]
        base = np.full((n, self._base.shape[1]), -1, np.int32)
        base[kept] = np.where(self._base >= 0, kept[self._base], -1)
        self._base, self._entry = base, int(kept[self._entry])
        edges = moved(self.edges, kept, n)
        # What is inserted already may stand in any order behind the entry.
        inserted = np.concatenate([[self._entry], kept[kept != self._entry], new]).astype(np.int32)
        self.edges = merged(n, [edges, *both_ways(self._inserted(inserted, old, threads))])
        for name in ("_batch", "_items"):  # of as many items as before
            self.__dict__.pop(name, None)
        return ids

    def delete(self, ids: NDArray[np.int64]) -> None:
        """Delete items: they are walked through, and never returned.

        Raises:
            BenchError: an item is not there.
        """
        rank_of = np.argsort(self._ranks.order)
        for gone in ids.tolist():
            if not 0 <= gone < len(rank_of) or self._deleted[rank_of[gone]]:
                raise BenchError(f"no item {gone} is there to delete; give ids that were inserted and not deleted yet")
            self._deleted[rank_of[gone]] = True

    @cached_property
    def _items(self) -> NDArray[np.int32]:
        return np.arange(len(self._ranks.order), dtype=np.int32)

    @cached_property
    def _batch(self) -> BatchSearch:
        return BatchSearch(len(self._items), int(np.diff(self.edges.starts).max(initial=0)))

    def prepare(self, filters: FilterBatch) -> NDArray[np.int64]:
        """Turn each query's range into ranks."""
        return self._ranks.intervals(filters)

    def search(
        self, queries: NDArray[np.float32], prepared: NDArray[np.int64], k: int, params: DsgSearch, threads: int
    ) -> NDArray[np.int32]:
        """See `Algorithm.search`."""
        accept = Alive(self._deleted) if self._deleted.any() else Everything()
        rewrite = self.params.variant == "rewrite"
        seeding = Seeding(4, 0.02 * len(self._items)) if rewrite else Seeding(3, 0.0)
        answer = self._batch.run(
            search, len(queries), k, threads, self.edges, seeding, accept, self._space, self._items, queries, prepared,
            max(params.ef, k), params.scan_below,
        )  # fmt: skip
        self.distance_computations = int(answer.computed.sum())
        return np.append(self._ranks.order, np.int32(-1))[answer.ids]
