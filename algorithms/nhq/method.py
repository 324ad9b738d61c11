"""What the two graphs of NHQ have in common as methods."""

from __future__ import annotations

import abc
from pathlib import Path
from typing import Any, Self

import numpy as np

from algorithms.base import Data, Info
from algorithms.encodings.values import Codebook
from algorithms.graph_method import GraphMethod
from algorithms.kernels.graph import Rows
from algorithms.kernels.spaces import Vectors, space_of
from algorithms.nhq.fusion import Fusion
from algorithms.nhq.search import Wanted
from bench.core.leaf import FilterType
from bench.core.masks import FilterBatch


class Nhq(GraphMethod, abc.ABC):
    """A graph on the fusion distance, see `algorithms.nhq`.

    Attributes:
        fusion: the items under the fusion distance.
    """

    info = Info(
        paper="Wang et al., An Efficient and Robust Framework for ANN Search with Attribute Constraint (NHQ)",
        year=2023,
        approach="hybrid index",
        technique="graph",
        serves=frozenset({FilterType.EM, FilterType.MEM}),
        why_not={"": "its fusion distance counts the attributes that differ, so that it serves only EM and MEM"},
        afanns=True,
        compiled=True,
    )
    file = "graph.npy"
    Index = Rows

    index: Rows
    space: Vectors
    fusion: Fusion

    def open(self, data: Data) -> None:
        """Encode the values, and take the vectors."""
        self._codebook = Codebook(data.attributes, data.filtered)
        self.space = space_of(data.stored())
        self.fusion = Fusion(self.space, self._codebook.codes)

    def save(self, folder: Path) -> None:
        """Write the rows of the graph, one array; vectors and values are the data's."""
        np.save(folder / self.file, self.index.ids)

    @classmethod
    def load(cls, folder: Path, params: Any, data: Data) -> Self:
        """Read the graph."""
        method = cls(params)
        method.open(data)
        method.index = Rows(np.load(folder / cls.file))
        return method

    @property
    def width(self) -> int:
        """A row of the graph."""
        return self.index.ids.shape[1]

    def prepare(self, filters: FilterBatch) -> Wanted:
        """Turn each query's filter into the values that it wants."""
        return Wanted(self._codebook.wanted(filters))
