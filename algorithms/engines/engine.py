"""What engines share: a folder that is written, saved and opened, and queries that are asked one by one."""

from __future__ import annotations

import abc
import shutil
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from algorithms.base import Algorithm, Data
from bench.core.filters import Filter
from bench.core.formats import Storage
from bench.core.masks import FilterBatch

Written = TypeVar("Written")


@dataclass(frozen=True)
class Prepared(Generic[Written]):
    """The filters of some queries in an engine's language.

    Attributes:
        written: the distinct filters.
        index: int64[q], the position in `written` of each query's filter.
    """

    written: list[Written]
    index: NDArray[np.int64]


class Engine(Algorithm, abc.ABC, Generic[Written]):
    """An engine that keeps items in a folder, and answers filters in a language of its own.

    Attributes:
        copies: whether opening the folder writes into it, so that a copy is opened: a saved index stays as it is.
        folder: where the engine keeps the items.
    """

    copies = False
    folder: Path

    @classmethod
    def index_attributes(cls, filtered: tuple[str, ...]) -> tuple[str, ...]:
        """See `Algorithm.index_attributes`: what filters test is stored, and mostly indexed."""
        return filtered

    @classmethod
    def build_bytes(cls, params: Any, n: int, dim: int, storage: Storage) -> int:
        """The vectors, and the copy that the engine makes of them."""
        return 2 * super().build_bytes(params, n, dim, storage)

    def build(self, data: Data) -> None:
        """Write all items with their attributes, and index them."""
        self.folder = Path(tempfile.mkdtemp())
        self.create(data)

    def save(self, folder: Path) -> None:
        """Close the engine, and move its files."""
        self.close()
        for path in sorted(self.folder.iterdir()):
            shutil.move(path, folder / path.name)

    @classmethod
    def load(cls, folder: Path, params: Any, data: Data) -> Self:
        """Open the files, or a copy of them."""
        engine = cls(params)
        engine.folder = folder
        if cls.copies:
            engine.folder = Path(tempfile.mkdtemp())
            shutil.copytree(folder, engine.folder, dirs_exist_ok=True)
        engine.open(data)
        return engine

    @abc.abstractmethod
    def create(self, data: Data) -> None:
        """Write all items into the empty `folder`, and index them.

        Raises:
            Unsupported: the engine cannot hold such items.
        """

    @abc.abstractmethod
    def close(self) -> None:
        """Finish all that is to be written, and release the files."""

    @abc.abstractmethod
    def open(self, data: Data) -> None:
        """Open the `folder`, to be searched with `data.threads` threads."""

    @abc.abstractmethod
    def write(self, filter_: Filter) -> Written:
        """Return a filter in the engine's language.

        Raises:
            Unsupported: the language cannot express it.
        """

    @abc.abstractmethod
    def nearest(self, query: NDArray[np.float32], written: Written, k: int, params: Any) -> Iterable[int]:
        """Return the ids that the engine finds for one query, nearest first."""

    def prepare(self, filters: FilterBatch) -> Prepared[Written]:
        """Write the filters in the engine's language."""
        return Prepared([self.write(filter_) for filter_ in filters.unique], filters.index)

    def search(
        self, queries: NDArray[np.float32], prepared: Prepared[Written], k: int, params: Any, threads: int
    ) -> NDArray[np.int64]:
        """Ask one query after the other."""
        answers = np.full((len(queries), k), -1, np.int64)
        for row, (query, at) in enumerate(zip(queries, prepared.index, strict=True)):
            ids = np.fromiter(self.nearest(query, prepared.written[at], k, params), np.int64)
            answers[row, : len(ids)] = ids
        return answers
