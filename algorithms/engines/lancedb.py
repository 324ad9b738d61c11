"""LanceDB: an HNSW of quantised vectors, searched with the filter evaluated first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import lancedb
import numpy as np
from lancedb.index import Bitmap, BTree, HnswSq, LabelList
from numpy.typing import NDArray

from algorithms.base import ALL_FILTERS, Data, Info, param
from algorithms.engines.engine import Engine
from algorithms.engines.fields import ID, VECTOR, fields_of, table_of
from algorithms.engines.sql import LanceSql
from bench.core.columns import Categorical, Column, Ordered, Sets
from bench.core.filters import Filter
from bench.core.metrics import Metric

_DISTANCES = {Metric.L2: "l2", Metric.COSINE: "cosine", Metric.IP: "dot"}
_FEW_VALUES = 1000
"""LanceDB's documentation recommends bitmaps for fewer values than that, and B-trees for more."""


@dataclass(frozen=True)
class Build:
    """Build parameters."""

    M: int = param(20, "edges per node", low=2)
    ef_construction: int = param(300, "width of the search for edges", low=1)
    partitions: int = param(1, "graphs into which the items are clustered; one is what LanceDB recommends", low=1)


@dataclass(frozen=True)
class Search:
    """Search parameters."""

    ef: int = param(64, "width of the search; the number of candidates if that is more", low=1)
    refine_factor: int = param(1, "candidates per answer that are ranked by the vectors themselves", low=1)


class LanceDb(Engine[str]):
    """Evaluates the filter, by the indexes of the attributes where these can, and searches what passes.

    All partitions are searched. Vectors are quantised to 8 bits per dimension in the graph.
    """

    info = Info(
        holds_vectors=True,
        paper="LanceDB",
        year=2023,
        approach="in-filtering",
        technique="graph, quantisation",
        serves=ALL_FILTERS,
        libraries=("lancedb",),
        metrics=frozenset(_DISTANCES),
    )
    BuildParams = Build
    SearchParams = Search
    copies = True
    _table: Any

    def create(self, data: Data) -> None:
        """See `Engine.create`."""
        self._table = lancedb.connect(self.folder).create_table("items", table_of(data))
        self._table.create_index(
            VECTOR,
            config=HnswSq(
                distance_type=_DISTANCES[data.metric],
                num_partitions=self.params.partitions,
                m=self.params.M,
                ef_construction=self.params.ef_construction,
            ),
        )
        for name, field in fields_of(data).items():
            self._table.create_index(field.name, config=_index_for(data.attributes[name]))

    def close(self) -> None:
        """See `Engine.close`; every change is on disk already."""
        del self._table

    def open(self, data: Data) -> None:
        """See `Engine.open`."""
        self._table = lancedb.connect(self.folder).open_table("items")
        self._sql = LanceSql(fields_of(data))

    def write(self, filter_: Filter) -> str:
        """See `Engine.write`."""
        return self._sql.condition(filter_).text

    def nearest(self, query: NDArray[np.float32], written: str, k: int, params: Search) -> list[int]:
        """See `Engine.nearest`."""
        search = self._table.search(query, vector_column_name=VECTOR).where(written, prefilter=True)
        search = search.select([ID, "_distance"]).limit(k).nprobes(self.params.partitions)
        search = search.ef(max(params.ef, k * params.refine_factor)).refine_factor(params.refine_factor)
        return search.to_arrow()[ID].to_pylist()


def _index_for(column: Column) -> Any:
    """Return the index that LanceDB recommends for an attribute."""
    match column:
        case Sets():
            return LabelList()
        case Categorical(vocabulary=vocabulary):
            count = len(vocabulary)
        case Ordered(values) if values.dtype == np.float64:
            return BTree()  # the only one for floats
        case Ordered():
            count = len(np.unique(column.values))
        case _:
            count = 2
    return Bitmap() if count < _FEW_VALUES else BTree()
