"""The child process that runs a method: ``python -m bench.runs.worker PARENT describe TARGET FOLDER``.

Or ``... PARENT build TASK``, or ``... search TASK``: these read a `Task` from its file; see `bench.runs.task` for how a
worker answers. PARENT is the process that started it, with which it dies.
"""

from __future__ import annotations

import ctypes
import gc
import os
import signal
import sys
import time
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil

from algorithms.base import Algorithm, Data, declared_params
from algorithms.loading import load_target
from bench.core.attributes import Attributes
from bench.core.errors import BenchError
from bench.core.filter_json import from_json
from bench.core.filters import Filter, FilterType
from bench.core.formats import BYTES, Storage
from bench.core.masks import FilterBatch
from bench.core.method import Method
from bench.core.typed_json import dumps, loads
from bench.core.vectors import dense, open_vectors
from bench.datasets.codes import open_codes
from bench.runs.facts import BuildFacts
from bench.runs.task import BUILD_FILE, COMPILING_FILE, DESCRIPTION_FILE, OUT_OF_MEMORY_EXIT, Task, timing_file
from bench.runs.timing import measure
from bench.system.cache import atomic_file
from bench.system.memory import peak_rss

if TYPE_CHECKING:
    from bench.runs.rerank import Reranked

_WARM_UP_ITEMS = 512
_MASK_BYTES = 256 << 20
_PR_SET_PDEATHSIG = 1


def describe(target: str, out: Path) -> None:
    """Write how a method describes itself, with the files that it consists of; nothing of it is run."""
    method = load_target(target)
    info = method.info
    description = Method(
        target=target,
        paper=info.paper,
        year=info.year,
        approach=info.approach,
        technique=info.technique,
        afanns=info.afanns,
        libraries=info.libraries,
        serves=tuple(sorted(info.serves)),
        reads=tuple(sorted(info.reads)),
        unsupported={filter_type: method.unsupported(filter_type) for filter_type in FilterType},
        depends_on_attributes=bool(method.index_attributes(("any",))),
        build=declared_params(method.BuildParams),
        search=declared_params(method.SearchParams),
        sources=_sources({"algorithms", "bench", target.partition(".")[0]}),
        files=tuple(_folder_of(method) / name for name in info.files),
    )
    _write(out / DESCRIPTION_FILE, dumps(description))


def _sources(packages: set[str]) -> tuple[Path, ...]:
    """Return the files of all modules of some packages that have been imported."""
    modules = [module for name, module in sys.modules.items() if name.partition(".")[0] in packages]
    files = [getattr(module, "__file__", None) for module in modules]
    return tuple(sorted({Path(file) for file in files if file}))


def _folder_of(method: type[Algorithm]) -> Path:
    return Path(str(sys.modules[method.__module__].__file__)).parent


def build(task: Task, out: Path) -> None:
    """Build and save an index, and write the `BuildFacts`."""
    method = load_target(task.target)
    data, params = _data(task), method.BuildParams(**task.build_params)
    refuse_what_does_not_fit(method, params, data, task.memory_limit)
    data.stored()  # read and converted before anything is timed
    if method.info.compiled:
        warm_up_build(method, params, data)
    algorithm = method(params)
    gc.collect()
    started = time.perf_counter()
    algorithm.build(data)
    seconds = time.perf_counter() - started
    algorithm.save(task.index)
    _write(out / BUILD_FILE, dumps(BuildFacts(seconds, peak_rss())))


def refuse_what_does_not_fit(method: type[Algorithm], params: Any, data: Data, limit: int) -> None:
    """Check that a build fits into the memory that it may hold and that the machine has.

    Raises:
        MemoryError: it does not.
    """
    n, dim = data.source.shape
    storage = data.codes.storage if data.codes else Storage.FLOAT32
    needed, available = method.build_bytes(params, n, dim, storage), psutil.virtual_memory().available
    if needed > (most := min(limit, available)):
        smaller = [fmt for fmt in method.info.reads if method.build_bytes(params, n, dim, fmt) <= most]
        advice = f"; storage.format={max(smaller, key=BYTES.__getitem__)} needs less" if smaller else ""
        raise MemoryError(
            f"building needs about {needed / 2**30:.2f} GiB; limits.memory_gib allows {limit / 2**30:.2f}, "
            f"and {available / 2**30:.2f} are free{advice}"
        )


def warm_up_build(method: type[Algorithm], params: Any, data: Data) -> None:
    """Compile what a build calls, by building over a few items."""
    method(params).build(data.head(min(_WARM_UP_ITEMS, len(data.source))))


def search(task: Task, out: Path) -> None:
    """Answer the workload at each search setting, and write a `Timing` for each."""
    method = load_target(task.target)
    data = _data(task)
    filters = [from_json(line) for line in task.filters.read_text(encoding="utf-8").splitlines()]
    queries = dense(open_vectors(task.queries)[task.skip : task.skip + len(filters)])
    loaded = method.load(task.index, method.BuildParams(**task.build_params), data)
    algorithm: Algorithm | Reranked = loaded
    if data.codes is not None:
        from bench.runs.rerank import Reranked  # only methods with kernels need Numba

        algorithm = Reranked(loaded, data.source, task.rerank)
    batches = _batches(filters, data.attributes)
    for number, setting in list(enumerate(task.settings))[task.first_setting :]:
        params = method.SearchParams(**setting)
        timing = measure(
            algorithm, params, task.k, task.threads, task.latency_queries, task.timed_seconds, queries, batches
        )
        timing.write(out / timing_file(number))


def _batches(filters: list[Filter], attributes: Attributes) -> list[tuple[slice, FilterBatch]]:
    """Cut the queries into batches whose distinct masks fit into memory together."""
    at_most = max(1, _MASK_BYTES // (attributes.n // 8 + 8))
    batches = []
    start = 0
    while start < len(filters):
        distinct: set[Filter] = set()
        stop = start
        while stop < len(filters) and (filters[stop] in distinct or len(distinct) < at_most):
            distinct.add(filters[stop])
            stop += 1
        batches.append((slice(start, stop), FilterBatch(filters[start:stop], attributes)))
        start = stop
    return batches


def _data(task: Task) -> Data:
    vectors = open_vectors(task.vectors)
    attributes = Attributes.open(task.attributes) if task.attributes else Attributes(len(vectors), {})
    for name in task.filtered:
        attributes[name]  # read now, outside of everything that is timed
    codes = open_codes(task.codes) if task.codes else None
    return Data(vectors, attributes, task.filtered, task.filter_type, task.threads, task.seed, codes)


def _announce_compiling(target: str, out: Path) -> None:
    """Have the file `COMPILING_FILE` appear when this process compiles its first kernel."""
    if load_target(target).info.compiled:
        from algorithms.kernels.compiled import tell_of_compiling  # only methods with kernels need Numba

        tell_of_compiling((out / COMPILING_FILE).touch)


def _write(path: Path, text: str) -> None:
    with atomic_file(path) as temporary:
        temporary.write_text(text)


def _die_with_parent(parent: int) -> None:
    """Ask the kernel to kill this process when its parent dies, so that a killed sweep leaves nothing running."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it died before the kernel was asked
        sys.exit("the process that started this worker has died")


def main() -> None:
    """Do what the arguments say; exit with 0, 1 after an error, or `OUT_OF_MEMORY_EXIT`."""
    _die_with_parent(int(sys.argv[1]))
    try:
        match sys.argv[2:]:
            case ["describe", target, folder]:
                describe(target, Path(folder))
            case [phase, file]:
                task, out = loads(Task, Path(file).read_text()), Path(file).parent
                _announce_compiling(task.target, out)
                {"build": build, "search": search}[phase](task, out)
    except BenchError as error:
        sys.exit(str(error))
    except MemoryError as error:
        print(error if str(error).startswith("building needs") else traceback.format_exc())
        sys.exit(OUT_OF_MEMORY_EXIT)


if __name__ == "__main__":
    main()
