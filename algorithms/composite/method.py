"""Composite as a method: its parameters, its build, and a plan for every query."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from algorithms.base import ALL_FILTERS, Data, Info, param
from algorithms.composite.build import build_bundles, build_windows
from algorithms.composite.calibrate import calibrate
from algorithms.composite.costs import CostTable, Prices, Units, prices_of
from algorithms.composite.cover import Filters, items_of, resolve
from algorithms.composite.encoding import Encoding, encode
from algorithms.composite.plans import CHEAPEST, PLANS, TOGETHER, choose, no_choices
from algorithms.composite.product import scan_together
from algorithms.composite.samples import Samples
from algorithms.composite.search import NOBODY, SEEDS, Batch, CompositeView, Depth
from algorithms.composite.structures import Bundles, Held, Windows
from algorithms.graph_method import GraphMethod
from algorithms.kernels import hnsw
from algorithms.kernels.csr import Csr
from algorithms.kernels.local_rule import most_offered
from algorithms.kernels.space import L2
from algorithms.kernels.spaces import Vectors, space_of
from algorithms.wow.build import levels_for
from bench.core.formats import Storage
from bench.core.masks import FilterBatch
from bench.core.plans import QueryPlans

_UNITS = "units.json"


@dataclass(frozen=True)
class Build:
    """Build parameters."""

    attributes: tuple[str, ...] = param((), "the attributes that the index covers; if none, those that filters test")
    M: int = param(
        16,
        "neighbours of an item in each window of ranks and each upper layer of the graph of all items, at most; "
        "twice as many in its lowest layer",
        low=2,
        high=512,
    )
    R: int = param(32, "neighbours of an item in the graph of a label, at most", low=2)
    ef_construction: int = param(200, "width of the searches for neighbours in other graphs", low=1, high=10_000)
    L: int = param(100, "width of the searches for neighbours in the graph of a label", low=1, high=10_000)
    alpha: float = param(1.2, "how much longer an edge may be than a way around it, for squared distances", low=1)
    m_star: int = param(500, "the fewest items that get a graph of their own", low=2)
    few: int = param(32, "an ordered attribute of no more distinct values has labels in place of ranks", low=0)
    novelty: float = param(0.55, "how unlike items the queries of the table are at most", low=0, high=1)
    calibration: int = param(128, "queries per entry of the table of costs", low=1, high=100_000)


@dataclass(frozen=True)
class Search:
    """Search parameters."""

    recall: float = param(0.95, "the recall to reach, on average", low=0, high=0.9999)
    plan: str = param("cheapest", "the plan of queries that it can answer", choices=("cheapest", *PLANS))
    beam_scale: float = param(1.0, "how many times as wide beams are as the table says, for experiments", low=0)


class CompositeIndex(NamedTuple):
    """What is saved.

    Attributes:
        general: the graph of all items.
        bundles: the graphs of labels.
        windows: the graphs of ranges.
        table: what walks reach and cost.
    """

    general: hnsw.Hnsw
    bundles: Bundles
    windows: Windows
    table: CostTable


class Prepared(NamedTuple):
    """The distinct filters of a batch, and the one of each query, int64[q]."""

    filters: Filters
    which: NDArray[np.int64]


class Composite(GraphMethod):
    """Graphs for labels, for ranges and for everything, and a plan for every query, see `algorithms.composite`."""

    info = Info(
        paper="this project",
        year=2026,
        approach="hybrid index",
        technique="graph",
        serves=ALL_FILTERS,
        compiled=True,
        names_attributes=True,
    )
    BuildParams = Build
    SearchParams = Search
    file = "composite.npz"
    Index = CompositeIndex

    index: CompositeIndex
    space: Vectors
    _units: Units
    _encoding: Encoding
    _chosen: QueryPlans

    @classmethod
    def build_bytes(cls, params: Any, n: int, dim: int, storage: Storage) -> int:
        """The vectors, and those in the order of an attribute; per attribute the edges of all windows, with lengths."""
        attributes = max(1, len(params.attributes))
        return 2 * n * storage.vector_bytes(dim) + n * params.M * (24 + attributes * 8 * levels_for(n))

    def open(self, data: Data) -> None:
        """Encode the attributes, and take the vectors."""
        self._encoding = encode(data.attributes, tuple(self.params.attributes) or data.filtered, self.params.few)
        self.space = space_of(data.stored())
        self._prices: dict[tuple[float, int], Prices] = {}

    def build_index(self, data: Data) -> CompositeIndex:
        """Build the graph of all items, those of labels and ranges, and then measure what walks of them cost."""
        p: Build = self.params
        general = hnsw.build(self.space, p.M, p.ef_construction, data.seed, data.threads)
        bundles = build_bundles(data, self._encoding, p.R, p.L, p.alpha, p.m_star)
        windows = build_windows(data, self._encoding, p.M, p.ef_construction)
        unmeasured = CostTable(np.ones(1), *np.zeros((2, 0), np.float32))
        self.index = CompositeIndex(general, bundles, windows, unmeasured)
        table, self._units = self._calibrate(data, np.random.default_rng(data.seed))
        return self.index._replace(table=table)

    def _calibrate(self, data: Data, rng: np.random.Generator) -> tuple[CostTable, Units]:
        """Measure walks for items that no walk starts from."""
        n = data.attributes.n
        starts = set(self.index.bundles.entries.tolist()) | {self.index.general.entry}
        others = np.array([i for i in np.flatnonzero(self.index.general.first < 0) if i not in starts], np.int32)
        items = rng.permutation(others if len(others) else np.arange(n, dtype=np.int32))[: self.params.calibration]

        def search(queries: NDArray[np.float32], batch: Batch, k: int) -> Any:
            return self.answer(queries, batch, k, Depth(k), threads=1)

        p: Build = self.params
        entries = self.index.bundles.entries
        samples = Samples.draw(data.source, self._encoding, entries, items, p.m_star, p.novelty, rng)
        return calibrate(search, self.space, samples, int(rng.integers(2**31)))

    @cached_property
    def view(self) -> CompositeView:
        """The graphs, with what says which items are in them."""
        index, encoding = self.index, self._encoding
        held = Held(
            general=index.general,
            edges=Csr(index.bundles.starts, index.bundles.ids),
            entries=index.bundles.entries,
            labels=encoding.labels,
            postings=encoding.postings,
            windows=index.windows.rows,
            order=encoding.order,
            ranks=encoding.ranks,
        )
        return CompositeView(held, self.params.m_star)

    @property
    def width(self) -> int:
        """What two hops in the graph of all items offer; walks of terms are offered no more at once."""
        n, degree = self.index.general.base.shape
        return max(SEEDS, most_offered(max(degree, self.params.R), n), 2 * self.params.M)

    def save(self, folder: Path) -> None:
        """Write the index, and beside it the units, which were measured by a clock."""
        super().save(folder)
        (folder / _UNITS).write_text(json.dumps(dataclasses.asdict(self._units)))

    @classmethod
    def load(cls, folder: Path, params: Any, data: Data) -> Self:
        """Read the index and the units."""
        method = super().load(folder, params, data)
        method._units = Units(**json.loads((folder / _UNITS).read_text()))
        return method

    def prepare(self, filters: FilterBatch) -> Prepared:
        """Cover the filters, and evaluate those of which the cover does not say what passes."""
        return Prepared(resolve(filters, self._encoding), filters.index)

    def beam(self, params: Search, k: int) -> Depth:
        """See `GraphMethod.beam`; the beams of the queries are among what is chosen for them."""
        return Depth(k)

    def search(
        self, queries: NDArray[np.float32], prepared: Any, k: int, params: Search, threads: int
    ) -> NDArray[np.int32]:
        """See `Algorithm.search`: choose plans, walk, and scan what several queries scan together."""
        filters, which = prepared
        if (params.recall, k) not in self._prices:
            self._prices[params.recall, k] = prices_of(self.index.table, self._units, params.recall, k)
        choices, groups = no_choices(len(filters.matches)), np.bincount(which, minlength=len(filters.matches))
        asked = PLANS.index(params.plan) if params.plan in PLANS else CHEAPEST
        choose(self._prices[params.recall, k], filters, groups, k, asked, params.beam_scale, choices)
        batch = Batch(filters, choices, which, np.full(len(which), NOBODY, np.int32))
        answer = self.answer(queries, batch, k, Depth(k), threads)
        computed = int(answer.computed.sum())
        for f in np.flatnonzero(choices.plans == TOGETHER):
            assert isinstance(self.space, L2)  # codes have no such plan
            members = np.flatnonzero(which == f)
            answer.ids[members] = scan_together(
                self.space, queries[members], items_of(filters, int(f), self._encoding), k
            )
            computed += len(members) * int(filters.matches[f])
        self.distance_computations = computed
        self._chosen = QueryPlans(PLANS, choices.plans[which], choices.seconds[which].astype(np.float32))
        return answer.ids

    def plans(self) -> QueryPlans:
        """Return the plans that were chosen, with what they were taken to cost."""
        return self._chosen
