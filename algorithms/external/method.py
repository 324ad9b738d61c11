"""A method that is a program, as a YAML file describes it."""

from __future__ import annotations

import dataclasses
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from algorithms.base import Algorithm, Data, Info, MalformedAnswer, param
from algorithms.external.answers import read_ids, seconds_in
from algorithms.external.process import Staying, run_once
from bench.core.exchange import expressions
from bench.core.exchange.labels import LABEL_FORMATS, ItemLabels, rows_of, write_labels
from bench.core.exchange.ranges import SortedItems, write_numbers
from bench.core.exchange.truth import write_random_truth
from bench.core.exchange.vectors import write_vectors
from bench.core.external import CUSTOM, OF_ITEMS, External, names_file
from bench.core.filters import Filter
from bench.core.leaf import FilterType
from bench.core.masks import FilterBatch
from bench.core.templates import command_words, filled


@dataclasses.dataclass(frozen=True)
class Prepared:
    """The filters of some queries, written for the program.

    A query that asks for a value that no item has, or for a range without items, is answered without the program:
    most programs cannot be asked for what is not there.

    Attributes:
        asked: bool[q], whether a query is put to the program.
    """

    asked: NDArray[np.bool_]


class Program(Algorithm):
    """A method that is a program.

    A subclass writes or reads what the harness has no format for: `write_items` and `write_filters` write the inputs
    whose format is ``custom``, and `read_ids` may read any answer. What a subclass does counts: as time of the build or
    of loading, of `prepare`, or of the search.

    Attributes:
        external: what the YAML file says.
    """

    info = Info(
        paper="none",
        year=0,
        approach="none",
        technique="none",
        serves=frozenset(),
        why_not={"": "its YAML file has no section 'external'"},
    )
    external: ClassVar[External] = External("none", 0, "none", "none", serves=[], search="")
    _staying: Staying

    @classmethod
    def configured(cls, external: External, build: Mapping[str, Any], search: Mapping[str, Any]) -> type[Self]:
        """See `Algorithm.configured`."""
        external.check(build, search)
        info = Info(
            paper=external.paper,
            year=external.year,
            approach=external.approach,
            technique=external.technique,
            serves=frozenset(map(FilterType, external.serves)),
            why_not=dict(external.why_not),
            afanns=external.afanns,
            files=tuple(map(str, external.programs())),
            needs_values=external.needs_values,
            same_attributes=external.same_attributes,
            holds_vectors=external.holds_vectors,
            timed_by=external.timed_by,
        )
        attributes = {
            "info": info,
            "external": external,
            "BuildParams": _params("BuildParams", build),
            "SearchParams": _params("SearchParams", search),
            "__module__": cls.__module__,
        }
        configured: type[Self] = type(cls)(cls.__name__, (cls,), attributes)  # type: ignore[misc]
        return configured

    @classmethod
    def unsupported(cls, filter_type: FilterType) -> str | None:
        """See `Algorithm.unsupported`; a filter type that the format of filters cannot express is not served."""
        return super().unsupported(filter_type) or cls.external.expresses(filter_type)

    @classmethod
    def index_attributes(cls, filtered: tuple[str, ...]) -> tuple[str, ...]:
        """See `Algorithm.index_attributes`."""
        return filtered if cls.external.builds_on_attributes else ()

    @classmethod
    def build_bytes(cls, params: Any, n: int, dim: int, storage: Any) -> int:
        """See `Algorithm.build_bytes`: nobody knows, so that only the limit of memory ends a build."""
        return 0

    def write_items(self, name: str, path: Path, data: Data) -> None:
        """Write the input `name` of the items, ``vectors``, ``labels`` or ``values``, whose format is ``custom``."""
        raise NotImplementedError(f"{type(self).__name__} does not write {name}")

    def write_filters(self, path: Path, filters: Sequence[Filter], data: Data) -> None:
        """Write filters, one per query, if their format is ``custom``."""
        raise NotImplementedError(f"{type(self).__name__} does not write filters")

    def read_ids(self, path: Path, queries: int, k: int) -> NDArray[np.integer[Any]]:
        """Return integer[queries, at most k], the ids that the program wrote, -1 where there are fewer.

        Raises:
            MalformedAnswer: it wrote something else.
        """
        return read_ids(path, self.external.ids)

    def build(self, data: Data) -> None:
        """Run the build command."""
        self._open(data, Path(tempfile.mkdtemp()) / "index")
        self._index.mkdir()
        if self.external.build.strip():
            values = self._values | _named("build", self.params)
            run_once(self._words(self.external.build, values), self._work)

    def save(self, folder: Path) -> None:
        """Move what the program wrote."""
        for path in sorted(self._index.iterdir()):
            shutil.move(path, folder / path.name)

    @classmethod
    def load(cls, folder: Path, params: Any, data: Data) -> Self:
        """Name the index; start a program that stays."""
        method = cls(params)
        method._open(data, folder)
        if cls.external.stays:
            values = method._values | _named("build", params)
            method._staying = Staying(method._words(cls.external.search, values), method._work)
        return method

    def _open(self, data: Data, index: Path) -> None:
        """Take the data, and write what the harness has no format for."""
        self._data, self._index, self._work = data, index, Path(tempfile.mkdtemp())
        self._values: dict[str, object] = {
            "index": index,
            "threads": data.threads,
            "seed": data.seed,
            "n": data.source.shape[0],
            "dim": data.source.shape[1],
            **data.inputs,
        }
        self._values |= {name: self._work / name for name in ("queries", "filters", "truth", "ids", "seconds")}
        for name in OF_ITEMS:
            if self.external.inputs.get(name) == CUSTOM and name in self.external.named:
                path = self._work / name
                self.write_items(name, path, data)
                self._values[name] = path
        self._encoding: ItemLabels | SortedItems | None = None

    @staticmethod
    def _words(command: str, values: Mapping[str, object]) -> list[str]:
        """Return a command line in words; those that name files, such as the program, by their absolute paths."""
        words = command_words(command, values)
        return [str(Path(word).expanduser().absolute()) if names_file(word) else word for word in words]

    def prepare(self, filters: FilterBatch) -> Prepared:
        """Write the filters."""
        form = self.external.inputs.get("filters")
        asked, path = np.ones(len(filters), np.bool_), self._work / "filters"
        if "filters" not in self.external.named:
            return Prepared(asked)
        if form == CUSTOM:
            self.write_filters(path, filters.filters, self._data)
        elif form == expressions.EXPRESSION_FORMAT:
            expressions.write_expressions(path, filters.filters)
        elif form in LABEL_FORMATS:
            labels = self._labels
            wanted = labels.wanted(filters.filters)
            asked = np.array([each is not None for each in wanted])
            write_labels(path, rows_of(filter(None, wanted)), labels.size, form)
        else:
            assert form is not None
            ranges = self._sorted.ranges(filters.filters, form)
            asked = ranges[:, 0] <= ranges[:, 1]
            write_numbers(path, ranges[asked], form)
        return Prepared(asked)

    def search(
        self, queries: NDArray[np.float32], prepared: Prepared, k: int, params: Any, threads: int
    ) -> NDArray[np.int64]:
        """Put the queries to the program."""
        answers = np.full((len(queries), k), -1, np.int64)
        self.program_seconds = None if self.external.stays else 0.0
        if not prepared.asked.any():
            return answers
        asked = queries if prepared.asked.all() else queries[prepared.asked]
        ids = self._answer(asked, k, params, threads)
        if len(ids) != len(asked) or ids.shape[1] > k:
            raise MalformedAnswer(f"the program returned {list(ids.shape)} ids for {len(asked)} queries and k = {k}")
        answers[prepared.asked, : ids.shape[1]] = self._in_data_order(ids)
        return answers

    def _answer(self, queries: NDArray[np.float32], k: int, params: Any, threads: int) -> NDArray[np.integer[Any]]:
        """Return the ids that the program writes for the queries, and take its time if it says so."""
        external, (count, dim) = self.external, queries.shape
        values = self._values | _named("build", self.params) | _named("search", params)
        values |= {"k": k, "threads": threads, "count": count}
        ids_path = Path(filled(external.ids.path, values))
        seconds = external.seconds
        seconds_path = Path(filled(seconds.path, values)) if seconds is not None and seconds.path is not None else None
        for old in filter(None, (ids_path, seconds_path)):
            old.unlink(missing_ok=True)
        if "queries" in external.named:
            form = external.inputs["queries"]
            write_vectors(self._work / "queries", [queries], count, dim, form, rounded=True)
        if "truth" in external.named:
            form = external.inputs["truth"]
            write_random_truth(self._work / "truth", count, k, self._data.source.shape[0], self._data.seed, form)
        if external.stays:
            self._staying.ask(filled(external.question, values))
        else:
            printed = run_once(self._words(external.search, values), self._work)
            assert seconds is not None
            if seconds_path is not None:
                printed = seconds_path.read_text(errors="replace") if seconds_path.is_file() else ""
            self.program_seconds = seconds_in(printed, seconds, count)
        return self.read_ids(ids_path, count, k)

    def _in_data_order(self, ids: NDArray[np.integer[Any]]) -> NDArray[np.int64]:
        """Return the ids of the data for those of the program; ids that are out of range stay so."""
        if self.external.order != "sorted":
            return ids.astype(np.int64)
        order = self._sorted.order
        inside = (ids >= 0) & (ids < len(order))
        return np.where(inside, order[np.where(inside, ids, 0)], ids)

    @property
    def _labels(self) -> ItemLabels:
        if not isinstance(self._encoding, ItemLabels):
            self._encoding = ItemLabels(self._data.attributes, self._data.filtered)
        return self._encoding

    @property
    def _sorted(self) -> SortedItems:
        if not isinstance(self._encoding, SortedItems):
            self._encoding = SortedItems(self._data.attributes, self._data.filtered)
        return self._encoding


def _params(name: str, values: Mapping[str, Any]) -> type:
    """Return a dataclass of parameters with the types of some values."""
    fields = [(key, type(value), param(value, "a parameter of the program")) for key, value in values.items()]
    return dataclasses.make_dataclass(name, fields, frozen=True)


def _named(phase: str, params: Any) -> dict[str, object]:
    """Return parameters by their placeholders."""
    return {f"{phase}.{name}": value for name, value in vars(params).items()}
