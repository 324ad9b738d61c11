"""The interface of a method.

A method is one subclass of `Algorithm`, and one file in ``configs/algorithm/``. The harness builds it in one process,
saves it, and searches it in another; it times `build`, `prepare` and `search`, and checks every id that comes back.
"""

from __future__ import annotations

import abc
import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from bench.core.attributes import Attributes
from bench.core.columns import Column
from bench.core.errors import BenchError
from bench.core.external import External
from bench.core.formats import Codes, Storage
from bench.core.leaf import FilterType
from bench.core.masks import FilterBatch
from bench.core.method import Param, TimedBy
from bench.core.metrics import Metric
from bench.core.plans import QueryPlans
from bench.core.vectors import dense

ALL_FILTERS = frozenset(FilterType)
ALL_FORMATS = frozenset(Storage)


@dataclass(frozen=True)
class Info:
    """What is known of a method before it runs: its source and its place in the taxonomy.

    Attributes:
        paper: where the method was published, or which library it is.
        year: the year of publication.
        approach: pre-filtering, post-filtering, in-filtering or hybrid index.
        technique: graph, quantisation, tree, or several of them.
        serves: the filter types that the method answers.
        why_not: why it does not serve a filter type; the empty key covers all the others.
        afanns: whether the method may return items that fail the filter.
        libraries: the distributions whose versions decide its results.
        files: other files that decide its results, such as a library or a binary: absolute paths, or relative to the
            folder of the method's module. A run with another content is another run.
        compiled: whether it compiles on first use, so that it must be warmed up before anything is timed.
        reads: the formats of stored vectors that it searches, if they are not those that `Algorithm.formats` gives.
        metrics: what it can rank by itself. Under any other, a method that has L2 gets vectors and queries whose
            squared L2 distances rank the items in the same order.
        needs_values: whether every item must have a value of every attribute that the filters test.
        same_attributes: whether the filters of all queries must test the same attributes.
        names_attributes: whether its build parameter `attributes` names the attributes that the index covers, so that
            workloads share one index over them. Where it names none, the index covers those that the filters test.
        holds_vectors: whether the files that it saves hold the vectors; else it searches those of the dataset.
        timed_by: whose clock says how long a search takes; see `Algorithm.program_seconds`.
    """

    paper: str
    year: int
    approach: str
    technique: str
    serves: frozenset[FilterType]
    why_not: Mapping[FilterType | str, str] = field(default_factory=dict)
    afanns: bool = False
    libraries: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    compiled: bool = False
    reads: frozenset[Storage] = frozenset()
    metrics: frozenset[Metric] = frozenset({Metric.L2})
    holds_vectors: bool = False
    needs_values: bool = False
    timed_by: TimedBy = TimedBy.HARNESS
    same_attributes: bool = False
    names_attributes: bool = False


@dataclass(frozen=True)
class Data:
    """What a method may see of a dataset.

    Attributes:
        source: [n, d] of any real type, possibly strided and memory-mapped; nothing has been read yet.
        attributes: the items' attributes.
        filtered: the names of the attributes that the workload filters on, sorted; or those that the index is to
            cover, where the method's build parameter `attributes` names them.
        filter_type: the type of the workload's filters; any combination (C) where attributes are named, as the index
            is for all workloads over them.
        threads: how many threads a build may use.
        seed: the source of all randomness.
        codes: the vectors in the format that the run asks for; None where that is float32.
        metric: what they are ranked by, one of the method's.
        inputs: files of the items that the harness wrote for a program, by their placeholders.
    """

    source: NDArray[Any]
    attributes: Attributes
    filtered: tuple[str, ...]
    filter_type: FilterType
    threads: int
    seed: int
    codes: Codes | None = None
    metric: Metric = Metric.L2
    inputs: Mapping[str, Path] = field(default_factory=dict)

    def stored(self, items: NDArray[np.integer[Any]] | None = None) -> NDArray[np.float32] | Codes:
        """Return the vectors, or those of `items` in their order, in the format that the run asks for.

        Without `items`, codes stay mapped from their file. With `items`, the vectors are read from their file, and
        `vectors` is forgotten: a method that holds them in an order of its own needs them once.
        """
        if self.codes is not None:
            return self.codes if items is None else self.codes.take(items)
        if items is None:
            return self.vectors
        self.__dict__.pop("vectors", None)
        return dense(self.source, items)

    def part(self, rows: slice) -> Data:
        """Return consecutive items, as a view, with the attributes `filtered`."""
        return dataclasses.replace(
            self,
            source=self.source[rows],
            attributes=self.attributes.part(rows, self.filtered),
            codes=None if self.codes is None else self.codes.take(rows),
        )

    def head(self, rows: int) -> Data:
        """Return a copy of the first `rows` items, from which nothing leads to the others."""
        head = self.part(slice(rows))
        codes = head.codes
        if codes is not None:
            codes = dataclasses.replace(codes, values=_copy(codes.values), factors=_copy(codes.factors))
        columns = {name: _copy_of_column(head.attributes[name]) for name in self.filtered}
        return dataclasses.replace(
            head, source=_copy(head.source), attributes=Attributes(head.attributes.n, columns), codes=codes
        )

    @cached_property
    def vectors(self) -> NDArray[np.float32]:
        """float32[n, d], see `dense`. Reading it costs memory, which an index that holds the vectors does not need."""
        return dense(self.source)


def _copy(array: NDArray[Any]) -> NDArray[Any]:
    """Return a copy that is as read-only as the array: kernels are compiled for one or the other."""
    copied = np.array(array)
    copied.flags.writeable = array.flags.writeable
    return copied


def _copy_of_column(column: Column) -> Column:
    arrays: dict[str, Any] = {f.name: getattr(column, f.name) for f in dataclasses.fields(column)}
    copies: Any = {name: _copy(a) if isinstance(a, np.ndarray) else a for name, a in arrays.items()}
    return dataclasses.replace(column, **copies)


def param(
    default: Any,
    meaning: str,
    *,
    low: float | None = None,
    high: float | None = None,
    choices: tuple[Any, ...] = (),
) -> Any:
    """Declare a parameter of a method: its default, its meaning, and the values that it may take."""
    return field(default=default, metadata={"meaning": meaning, "low": low, "high": high, "choices": choices})


@dataclass(frozen=True)
class NoParams:
    """The parameters of a phase that has none."""


class MalformedAnswer(Exception):
    """A method returned something else than ids, so that its setting is invalid."""


class Algorithm(abc.ABC):
    """A method: an index over vectors and attributes that answers filtered queries.

    Attributes:
        info: the method's source and taxonomy.
        BuildParams: dataclass of the build parameters, declared with `param`.
        SearchParams: dataclass of the search parameters, declared with `param`.
        distance_computations: how many vector distances the last `search` computed; None where unknown.
        program_seconds: where `info.timed_by` is a program, how long the last `search` took by its own clock.
    """

    info: ClassVar[Info]
    BuildParams: ClassVar[type] = NoParams
    SearchParams: ClassVar[type] = NoParams
    distance_computations: int | None = None
    program_seconds: float | None = None

    def __init__(self, params: Any) -> None:
        """Take the build parameters, an instance of `BuildParams`."""
        self.params = params

    @classmethod
    def configured(cls, external: External, build: Mapping[str, Any], search: Mapping[str, Any]) -> type[Self]:
        """Return the method that the section `external` of a YAML file describes.

        Args:
            external: the section.
            build: the build parameters, each with a value.
            search: the search parameters, likewise.

        Raises:
            BenchError: the class has no use for such a section.
        """
        raise BenchError(f"{cls.__name__} has no use for the section 'external'; remove it")

    @classmethod
    def unsupported(cls, filter_type: FilterType) -> str | None:
        """Return why the method cannot serve filters of a type, or None if it can."""
        if filter_type in cls.info.serves:
            return None
        return cls.info.why_not.get(filter_type) or cls.info.why_not.get("") or f"it does not serve {filter_type}"

    @classmethod
    def formats(cls) -> frozenset[Storage]:
        """Return the formats of stored vectors that the method searches: what `info` says, or float32."""
        return cls.info.reads or frozenset({Storage.FLOAT32})

    @classmethod
    def index_attributes(cls, filtered: tuple[str, ...]) -> tuple[str, ...]:
        """Return which of the filtered attributes the index depends on; if none, workloads share an index."""
        return filtered if cls.info.approach == "hybrid index" else ()

    @classmethod
    def build_bytes(cls, params: Any, n: int, dim: int, storage: Storage) -> int:
        """Return about how many bytes a build holds at its peak; a build that would exceed its memory is refused.

        The default counts the vectors once. A method that holds more copies, or much more per item, adds that.
        """
        return n * storage.vector_bytes(dim)

    @abc.abstractmethod
    def build(self, data: Data) -> None:
        """Build the index. Timed."""

    @abc.abstractmethod
    def save(self, folder: Path) -> None:
        """Write the index into an empty folder. The size of its files is the size of the index."""

    @classmethod
    @abc.abstractmethod
    def load(cls, folder: Path, params: Any, data: Data) -> Self:
        """Open an index that `save` wrote, over the same data."""

    def prepare(self, filters: FilterBatch) -> Any:
        """Turn filters into what `search` takes. Timed apart: any cost that depends on the filters alone."""
        return filters

    @abc.abstractmethod
    def search(
        self, queries: NDArray[np.float32], prepared: Any, k: int, params: Any, threads: int
    ) -> NDArray[np.integer[Any]]:
        """Return integer[q, k] ids, nearest first, -1 where there are fewer. Timed.

        Args:
            queries: float32[q, d], C-contiguous.
            prepared: what `prepare` returned for the filters of these queries.
            k: how many ids to return per query.
            params: an instance of `SearchParams`.
            threads: how many threads may be used.
        """

    def plans(self) -> QueryPlans | None:
        """Return the plan of every query of the last `search`, or None where there is one plan for all. Not timed."""
        return None


def declared_params(params: type) -> tuple[Param, ...]:
    """Return what a dataclass of parameters declares."""
    return tuple(
        Param(f.name, getattr(f.type, "__name__", str(f.type)), f.default, **f.metadata)
        for f in dataclasses.fields(params)
    )
