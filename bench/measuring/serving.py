"""What a worker does when it is asked: describe, build and save, or load and search."""

from __future__ import annotations

import gc
import sys
import traceback
from pathlib import Path
from time import perf_counter, process_time  # bound before a method is imported, which could replace it
from typing import TYPE_CHECKING, Any

import numpy as np
import psutil
from numpy.typing import NDArray

from algorithms.base import Algorithm, Data, MalformedAnswer, declared_params
from algorithms.loading import load_target
from bench.core.attributes import Attributes
from bench.core.columns import Column
from bench.core.errors import SURROUNDINGS, BenchError, LibraryMissing, Unsupported
from bench.core.filter_json import from_json
from bench.core.filters import attributes_of
from bench.core.formats import Storage
from bench.core.leaf import FilterType
from bench.core.masks import FilterBatch
from bench.core.method import Method
from bench.core.plans import QueryPlans
from bench.core.typed_json import dumps
from bench.core.vectors import open_vectors
from bench.datasets.codes import open_codes
from bench.measuring.channel import Channel
from bench.measuring.messages import Action, Failure, FailureKind, Loaded, Notice, Reply, Request, Started, Task
from bench.system.loaded import loaded_files
from bench.system.pipe import Pipe

if TYPE_CHECKING:
    from bench.measuring.rerank import Reranked

_WARM_UP_ITEMS = 512
_MOST_QUERY_BYTES = 1 << 40
_SANDBOX_ADVICE = (
    "a method writes to the folder of its index and to temporary files, and reads neither queries nor results; "
    "limits.writable=[FOLDER] allows more"
)


def serve(pipe: Pipe, sandbox: int) -> None:
    """Import the method of the task that the parent sends, and answer its requests until it asks to end."""
    channel = Channel(pipe)
    try:
        task = channel.receive(Task)
        sys.path += map(str, task.search_path)
        server = Server(task, method_of(task))
        if server.method.info.compiled:
            from algorithms.kernels.compiled import tell_of_compiling  # only methods with kernels need Numba

            tell_of_compiling(lambda: channel.send(Notice("compiling kernels first: once, after an installation")))
        channel.send(Started(sandbox))
        while (request := channel.receive(Request)).action is not Action.END:
            queries = channel.receive_array(_MOST_QUERY_BYTES) if request.action is Action.SEARCH else None
            reply, arrays = server.answer(request, queries)
            channel.send(reply)
            for array in arrays:
                channel.send_array(array)
        channel.send(Reply(text=dumps(Loaded(loaded_files()))))
    except EOFError:
        sys.exit("the process that started this worker has closed the connection")
    except BaseException as error:
        channel.send(Reply(failure=_failure(error)))
        raise


def _failure(error: BaseException) -> Failure:
    """Return why a worker has to give up."""
    lines = traceback.format_exception(error)
    if isinstance(error, LibraryMissing):
        return Failure(FailureKind.LIBRARY_MISSING, str(error))
    if isinstance(error, Unsupported):
        return Failure(FailureKind.UNSUPPORTED, str(error))
    if isinstance(error, BenchError):
        return Failure(FailureKind.ERROR, str(error))
    if isinstance(error, MalformedAnswer):
        return Failure(FailureKind.INVALID, str(error))
    if isinstance(error, MemoryError):
        reason = str(error) if str(error).startswith("building needs") else lines[-1].strip()
        return Failure(FailureKind.OUT_OF_MEMORY, reason)
    if isinstance(error, SystemExit):
        return Failure(FailureKind.ERROR, f"ended without an answer, by sys.exit({error.code!r})")
    reason = "".join(lines[-2:]).strip()
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError) and cause.errno in SURROUNDINGS:
            return Failure(FailureKind.SURROUNDINGS, f"{type(cause).__name__}: {cause}")
        if isinstance(cause, PermissionError):
            reason += f" ({_SANDBOX_ADVICE})"
        cause = cause.__cause__ or cause.__context__
    return Failure(FailureKind.ERROR, reason)


def method_of(task: Task) -> type[Algorithm]:
    """Import the method of a task.

    Raises:
        BenchError: there is no such method, or its configuration does not fit.
    """
    method = load_target(task.target)
    if task.external is not None:
        return method.configured(task.external, task.build_params, task.search_params)
    if task.shards > 1:
        from algorithms.sharded import sharded  # needs Numba

        return sharded(method, task.shards)
    return method


class Server:
    """A method, and what it has been given so far; one request at a time changes that."""

    def __init__(self, task: Task, method: type[Algorithm], data: Data | None = None) -> None:
        """Serve a method; `data` are the items, where they are in memory already."""
        self.task, self.method = task, method
        self._params = self.method.BuildParams(**task.build_params)
        self._data = data
        self._algorithm: Algorithm | None = None
        self._searched: Algorithm | Reranked | None = None
        self._filters: FilterBatch | None = None
        self._prepared: Any = None

    def answer(self, request: Request, queries: NDArray[np.float32] | None = None) -> tuple[Reply, list[NDArray[Any]]]:
        """Do what is asked, other than to end; return the reply and the arrays that follow it.

        Raises:
            BenchError: a vector file or an attribute cannot be read.
            MemoryError: a build does not fit into memory.
            MalformedAnswer: the method returned something else than ids or plans.
        """
        if queries is not None:
            return self._search(request, queries)
        return self._plans() if request.action is Action.PLANS else (self._do(request), [])

    def _do(self, request: Request) -> Reply:
        match request.action:
            case Action.DESCRIBE:
                return Reply(text=dumps(description(self.task.target, self.method)))
            case Action.PING:
                return Reply()
            case Action.WARM_UP:
                return self._warm_up_build()
            case Action.BUILD:
                return self._build()
            case Action.SAVE:
                return self._save()
            case Action.LOAD:
                return self._load()
            case Action.COLLECT:
                gc.collect()
                gc.disable()  # until the next time
                return Reply()
            case Action.FILTERS:
                return self._take_filters(request.filters)
            case Action.PREPARE:
                return self._prepare_filters()
        raise ValueError(f"{request.action} is not done here")

    @property
    def data(self) -> Data:
        """The items, opened on first use."""
        if self._data is None:
            task = self.task
            assert task.vectors is not None
            vectors = open_vectors(task.vectors)
            attributes = Attributes.open(task.attributes) if task.attributes else Attributes(len(vectors), {})
            for name in task.filtered:
                _protect(attributes[name])  # read now, outside of everything that is timed
            codes = open_codes(task.codes) if task.codes else None
            asked = task.filtered, task.filter_type, task.threads, task.seed
            self._data = Data(vectors, attributes, *asked, codes, task.metric, task.inputs)
        return self._data

    def _warm_up_build(self) -> Reply:
        """Compile what a build calls, by building over a copy of a few items; read and convert the vectors."""
        refuse_what_does_not_fit(self.method, self._params, self.data, self.task.memory_limit)
        started = perf_counter()
        if self.method.info.compiled:
            warm_up_build(self.method, self._params, self.data, _WARM_UP_ITEMS * self.task.shards)
        seconds = perf_counter() - started
        if self.task.external is None:
            self.data.stored()
        self._algorithm = self.method(self._params)
        gc.collect()
        return Reply(seconds)

    def _build(self) -> Reply:
        assert self._algorithm is not None
        started = perf_counter()
        self._algorithm.build(self.data)
        return Reply(perf_counter() - started)

    def _save(self) -> Reply:
        assert self._algorithm is not None
        assert self.task.index is not None
        started = perf_counter()
        self._algorithm.save(self.task.index)
        return Reply(perf_counter() - started)

    def _load(self) -> Reply:
        assert self.task.index is not None
        data = self.data
        started = perf_counter()
        loaded = self.method.load(self.task.index, self._params, data)
        seconds = perf_counter() - started
        self.take(loaded)
        return Reply(seconds)

    def take(self, algorithm: Algorithm | Reranked) -> None:
        """Search a method that is in memory already."""
        self._searched = algorithm
        if self.data.codes is not None and isinstance(algorithm, Algorithm):
            from bench.measuring.rerank import Reranked  # only methods with kernels need Numba

            self._searched = Reranked(algorithm, self.data.source, self.data.metric, self.task.rerank)

    def _take_filters(self, lines: tuple[str, ...]) -> Reply:
        """Take the filters of the next search; without any, those of the last one, but no mask that it evaluated."""
        filters = [from_json(line) for line in lines] if lines else self._filters.filters if self._filters else []
        for name in attributes_of(set(filters)):
            _protect(self.data.attributes[name])  # an index over other attributes has not read it yet
        self._filters, self._prepared = FilterBatch(filters, self.data.attributes), None
        return Reply()

    def _prepare_filters(self) -> Reply:
        assert self._searched is not None
        assert self._filters is not None
        started = perf_counter()
        self._prepared = self._searched.prepare(self._filters)
        return Reply(perf_counter() - started)

    def _search(self, request: Request, queries: NDArray[np.float32]) -> tuple[Reply, list[NDArray[Any]]]:
        """Search, and return with the ids what was claimed; the clock stops when they are a plain array.

        Returns:
            the reply, and the ids of the answers; then, for a search of codes, the ids that the method returned.
        """
        assert self._searched is not None
        params = self.method.SearchParams(**request.params)
        used, started = process_time(), perf_counter()
        ids = np.array(self._searched.search(queries, self._prepared, request.k, params, request.threads))
        seconds, used = perf_counter() - started, process_time() - used
        if ids.dtype.kind not in "biuf":
            what = "Python objects" if ids.dtype == object else str(ids.dtype)
            raise MalformedAnswer(f"search returned {what} where ids are integers")
        count = self._searched.distance_computations
        candidates: NDArray[Any] | None = (
            None if self.data.codes is None else getattr(self._searched, "candidates", None)
        )
        answers = [ids] if candidates is None else [ids, candidates]
        return Reply(seconds, used, None if count is None else int(count), self._searched.program_seconds), answers

    def _plans(self) -> tuple[Reply, list[NDArray[Any]]]:
        """Return the plans of the last search as the method states them; the parent checks them."""
        assert self._searched is not None
        plans = self._searched.plans()
        if plans is None:
            return Reply(), []
        if not isinstance(plans, QueryPlans):
            raise MalformedAnswer(f"plans() returned {type(plans).__name__} where QueryPlans or None is expected")
        arrays = [np.array(plans.index), np.array(plans.estimates)]
        if any(array.dtype.kind not in "biuf" for array in arrays):
            raise MalformedAnswer("plans() returned something else than numbers for the queries")
        return Reply(plans=tuple(map(str, plans.names))), arrays


def _protect(column: Column) -> None:
    """Make the arrays of a column read-only, so that a method that changes them by mistake gets an error."""
    for value in vars(column).values():
        if isinstance(value, np.ndarray):
            value.flags.writeable = False


def description(target: str, method: type[Algorithm]) -> Method:
    """Return how a method describes itself, with the files that it consists of; nothing of it is run."""
    info = method.info
    return Method(
        target=target,
        paper=info.paper,
        year=info.year,
        approach=info.approach,
        technique=info.technique,
        afanns=info.afanns,
        libraries=info.libraries,
        serves=tuple(sorted(info.serves)),
        reads=tuple(sorted(method.formats())),
        metrics=tuple(sorted(info.metrics)),
        unsupported={filter_type: method.unsupported(filter_type) for filter_type in FilterType},
        depends_on_attributes=bool(method.index_attributes(("any",))),
        holds_vectors=info.holds_vectors,
        needs_values=info.needs_values,
        timed_by=info.timed_by,
        same_attributes=info.same_attributes,
        names_attributes=info.names_attributes,
        build=declared_params(method.BuildParams),
        search=declared_params(method.SearchParams),
        sources=loaded_files(),
        files=tuple(_folder_of(method) / name for name in info.files),
    )


def _folder_of(method: type[Algorithm]) -> Path:
    return Path(str(sys.modules[method.__module__].__file__)).parent


def refuse_what_does_not_fit(method: type[Algorithm], params: Any, data: Data, limit: int) -> None:
    """Check that a build fits into the memory that it may hold and that the machine has.

    Raises:
        MemoryError: it does not.
    """
    n, dim = data.source.shape
    storage = data.codes.storage if data.codes else Storage.FLOAT32
    needed, available = method.build_bytes(params, n, dim, storage), psutil.virtual_memory().available
    if needed > (most := min(limit, available)):
        smaller = [fmt for fmt in method.formats() if method.build_bytes(params, n, dim, fmt) <= most]
        advice = f"; storage.format={max(sorted(smaller), key=lambda fmt: fmt.bits)} needs less" if smaller else ""
        raise MemoryError(
            f"building needs about {needed / 2**30:.2f} GiB; limits.memory_gib allows {limit / 2**30:.2f}, "
            f"and {available / 2**30:.2f} are free{advice}"
        )


def warm_up_build(method: type[Algorithm], params: Any, data: Data, items: int = _WARM_UP_ITEMS) -> None:
    """Compile what a build calls, by building over a copy of a few items."""
    method(params).build(data.head(min(items, len(data.source))))
