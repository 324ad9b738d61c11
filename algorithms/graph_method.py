"""What every method on the shared kernels has in common; a subclass says how its index is built and searched."""

from __future__ import annotations

import abc
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar, Self, TypeAlias, get_args, get_type_hints

import numpy as np
from numpy.typing import NDArray

from algorithms.base import ALL_FORMATS, Algorithm, Data
from algorithms.kernels.csr import pack, unpack
from algorithms.kernels.queries import Answer, BatchSearch
from algorithms.kernels.types import Items, Policy
from bench.core.formats import Storage
from bench.core.plans import QueryPlans

_PADDED = "rows filled with -1"

Padded: TypeAlias = Annotated[NDArray[np.int32], _PADDED]
"""An array of rows that are filled with -1, which is saved without them. An index has one such field at most."""


class GraphMethod(Algorithm, abc.ABC):
    """An index on the shared kernels: a NamedTuple of arrays and numbers, and the operation `search_one` on it.

    A subclass declares `file` and `Index`, and gives `open`, `build_index`, `beam`, `width` and `prepare`. The last
    returns a policy of `filter_of`.

    Attributes:
        file: the name of the file that holds the index.
        Index: the NamedTuple that is built and saved. Nested ones are saved field by field.
        index: it.
        space: the items under their distance, in the order in which the index numbers them.
        ids: int32[n], the item of each of these numbers; None where they are the same.
        searched: the filters, as `prepare` gave them, and the beam of the last search; for `plans`.
    """

    file: ClassVar[str]
    Index: ClassVar[type[tuple[Any, ...]]]
    index: Any
    space: Any
    ids: Items | None = None
    searched: tuple[Any, Any]
    _batch: BatchSearch | None = None

    @abc.abstractmethod
    def open(self, data: Data) -> None:
        """Encode the attributes and take the vectors: what is not saved, as it follows from the data."""

    @abc.abstractmethod
    def build_index(self, data: Data) -> Any:
        """Return the index of data that was opened; the same for any number of threads."""

    @abc.abstractmethod
    def beam(self, params: Any, k: int) -> Policy:
        """Return what `search_one` is given of the search parameters, for k answers per query."""

    @property
    @abc.abstractmethod
    def width(self) -> int:
        """The most neighbours that a node offers to a search."""

    @property
    def view(self) -> Policy:
        """The index as `search_one` takes it."""
        return self.index

    def build(self, data: Data) -> None:
        """See `Algorithm.build`."""
        self.open(data)
        self.index = self.build_index(data)

    def save(self, folder: Path) -> None:
        """Write the index; vectors and attributes are the data's."""
        np.savez(folder / self.file, **arrays_of(self.index))

    @classmethod
    def formats(cls) -> frozenset[Storage]:
        """All of them: the kernels measure distances over any."""
        return cls.info.reads or ALL_FORMATS

    @classmethod
    def load(cls, folder: Path, params: Any, data: Data) -> Self:
        """Read the index."""
        method = cls(params)
        method.open(data)
        with np.load(folder / cls.file) as arrays:
            method.index = index_of(cls.Index, arrays)
        return method

    def search(
        self, queries: NDArray[np.float32], prepared: Policy, k: int, params: Any, threads: int
    ) -> NDArray[np.int32]:
        """See `Algorithm.search`."""
        beam = self.beam(params, k)
        answer = self.answer(queries, prepared, k, beam, threads)
        self.searched = prepared, beam
        self.distance_computations = int(answer.computed.sum())
        return answer.ids

    def answer(self, queries: NDArray[np.float32], filters: Policy, k: int, beam: Policy, threads: int) -> Answer:
        """Return the answers to queries float32[q, d], with their filters as `prepare` gives them."""
        n = len(self.space.rows)
        if self._batch is None or self._batch.n != n:  # not yet, or items were inserted
            self._batch = BatchSearch(n, self.width)
        answer = self._batch.run(self.view, self.space, queries, filters, beam, k, threads)
        return answer if self.ids is None else answer._replace(ids=np.append(self.ids, np.int32(-1))[answer.ids])


def walk_or_scan(scans: NDArray[np.bool_]) -> QueryPlans:
    """Return the plans of queries, some of which measure all that passes, while the others walk a graph."""
    return QueryPlans.without_estimates(("walk", "scan"), scans.astype(np.int64))


def arrays_of(index: Any, prefix: str = "") -> dict[str, Any]:
    """Return a NamedTuple as named arrays, packed rows last; what `index_of` takes."""
    plain: dict[str, Any] = {}
    packed: dict[str, Any] = {}
    for field, hint in get_type_hints(type(index), include_extras=True).items():
        value = getattr(index, field)
        if hasattr(value, "_fields"):
            plain |= arrays_of(value, f"{prefix}{field}_")
        elif _PADDED in get_args(hint):
            packed = pack(value)
        else:
            plain[f"{prefix}{field}"] = value
    return plain | packed


def index_of(kind: type[tuple[Any, ...]], arrays: Mapping[str, NDArray[Any]], prefix: str = "") -> Any:
    """Return the NamedTuple of a given type whose arrays `arrays_of` gave."""
    values = []
    for field, hint in get_type_hints(kind, include_extras=True).items():
        if hasattr(hint, "_fields"):
            values.append(index_of(hint, arrays, f"{prefix}{field}_"))
        elif _PADDED in get_args(hint):
            values.append(unpack(arrays))
        else:
            value = arrays[f"{prefix}{field}"]
            values.append(value.item() if value.ndim == 0 else value)
    return kind(*values)
