"""The child process that runs a method: ``python -m bench.worker {describe,build,search} JOB``.

It reads its job from a JSON file and writes what it measured to files that appear by rename; what the method
prints goes to the log and is never parsed. It sees neither the true answers nor the configuration.
"""

from __future__ import annotations

import ctypes
import dataclasses
import gc
import importlib
import json
import resource
import signal
import sys
import time
import traceback
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from algorithms.base import Algorithm, Data, describe_params
from bench.attributes import Attributes
from bench.cache import atomic_file
from bench.errors import BenchError
from bench.filters import FilterBatch, FilterType, from_json
from bench.vectors import dense, open_vectors

OUT_OF_MEMORY_EXIT = 77
"""The exit code by which a worker says that an allocation failed."""

COMPILING = "compiling"
"""The file by which a worker says that it compiles kernels first, as it does once after an installation."""

_WARM_UP_QUERIES = 8
_WARM_UP_ITEMS = 512
_MASK_BYTES = 256 << 20
_PR_SET_PDEATHSIG = 1


def load_target(target: str) -> type[Algorithm]:
    """Import ``module.Class``.

    Raises:
        BenchError: there is no such module or class, or it is no `Algorithm`.
    """
    module_name, _, class_name = target.rpartition(".")
    try:
        found = getattr(importlib.import_module(module_name), class_name)
    except (ImportError, AttributeError, ValueError) as error:
        raise BenchError(f"{type(error).__name__}: {error}") from error
    if not (isinstance(found, type) and issubclass(found, Algorithm)):
        raise BenchError(f"{class_name} is no subclass of algorithms.base.Algorithm")
    return found


def describe(job: dict[str, Any], out: Path) -> None:
    """Write what is known of a method without running it, and the source files that it consists of."""
    method = load_target(job["target"])
    roots = {"algorithms", "bench", job["target"].split(".")[0]}
    files = [getattr(m, "__file__", None) for name, m in sys.modules.items() if name.split(".")[0] in roots]
    info = method.info
    description = {
        "paper": info.paper,
        "year": info.year,
        "approach": info.approach,
        "technique": info.technique,
        "afanns": info.afanns,
        "libraries": info.libraries,
        "serves": sorted(info.serves),
        "unsupported": {t: method.unsupported(t, {}) for t in FilterType},
        "depends_on_attributes": bool(method.index_attributes(("any",))),
        "build": describe_params(method.BuildParams),
        "search": describe_params(method.SearchParams),
        "sources": sorted({file for file in files if file}),
    }
    with atomic_file(out / "description.json") as path:
        path.write_text(json.dumps(description, default=str))


def build(job: dict[str, Any], out: Path) -> None:
    """Build and save an index; write ``build.json`` with `build_seconds` and `peak_rss` in bytes."""
    method = load_target(job["target"])
    _tell_of_compiling(method, out)
    data, params = _data(job), method.BuildParams(**job["build_params"])
    data.vectors  # noqa: B018  (read and converted before anything is timed)
    if method.info.compiled:
        warm_up_build(method, params, data)
    algorithm = method(params)
    gc.collect()
    started = time.perf_counter()
    algorithm.build(data)
    seconds = time.perf_counter() - started
    algorithm.save(Path(job["index"]))
    with atomic_file(out / "build.json") as path:
        path.write_text(json.dumps({"build_seconds": seconds, "peak_rss": _peak_rss()}))


def _tell_of_compiling(method: type[Algorithm], out: Path) -> None:
    """Touch the file `COMPILING` when the first kernel is compiled."""
    if method.info.compiled:
        from algorithms._kernels.compiled import tell_of_compiling  # only for methods that bring Numba along

        tell_of_compiling((out / COMPILING).touch)


def warm_up_build(method: type[Algorithm], params: Any, data: Data) -> None:
    """Compile what a build calls, on a few items that are thrown away."""
    rows = min(_WARM_UP_ITEMS, len(data.vectors))
    items = Attributes(rows, {name: data.attributes[name].head(rows) for name in data.filtered})
    small = dataclasses.replace(data, source=data.vectors[:rows], attributes=items)
    method(params).build(small)


def search(job: dict[str, Any], out: Path) -> None:
    """Answer the workload at each search setting; write one ``setting-*.npz`` each."""
    method = load_target(job["target"])
    _tell_of_compiling(method, out)
    data = _data(job)
    lines = Path(job["filters"]).read_text(encoding="utf-8").splitlines()
    filters = [from_json(line) for line in lines]
    queries = dense(open_vectors(Path(job["queries"]))[job["skip"] : job["skip"] + len(filters)])
    algorithm = method.load(Path(job["index"]), method.BuildParams(**job["build_params"]), data)
    batches = list(_batches(filters, data.attributes))
    for number, setting in job["settings"]:
        params = method.SearchParams(**setting)
        result = measure(algorithm, params, job["k"], job["threads"], job["latency_queries"], queries, batches)
        with atomic_file(out / f"setting-{number:03}.npz") as path, path.open("wb") as file:
            np.savez(file, **result)


def _batches(filters: list[Any], attributes: Attributes) -> list[tuple[slice, FilterBatch]]:
    """Cut the queries into runs whose distinct masks fit into memory together."""
    at_most = max(1, _MASK_BYTES // (attributes.n // 8 + 8))
    batches = []
    start = 0
    while start < len(filters):
        distinct: set[Any] = set()
        stop = start
        while stop < len(filters) and (filters[stop] in distinct or len(distinct) < at_most):
            distinct.add(filters[stop])
            stop += 1
        batches.append((slice(start, stop), FilterBatch(filters[start:stop], attributes)))
        start = stop
    return batches


def measure(
    algorithm: Algorithm,
    params: Any,
    k: int,
    threads: int,
    latency_queries: int,
    queries: NDArray[np.float32],
    batches: list[tuple[slice, FilterBatch]],
) -> dict[str, Any]:
    """Search all queries in batches for the throughput, then some one by one for the latency.

    Args:
        algorithm: a method with its index.
        params: an instance of its `SearchParams`.
        k: answers per query.
        threads: how many threads the method may use.
        latency_queries: how many queries are timed alone.
        queries: float32[q, d].
        batches: runs of queries with their filters.

    Returns:
        ids, as the method returned them; latencies, seconds float64[q], NaN where not measured; prepare_seconds;
        search_seconds; distance_computations, -1 where unknown; peak_rss in bytes.
    """
    attributes = batches[0][1].attributes
    first = FilterBatch(batches[0][1].filters[:_WARM_UP_QUERIES], attributes)
    algorithm.search(queries[: len(first)], algorithm.prepare(first), k, params, threads)

    prepare_seconds = search_seconds = 0.0
    distances: int | None = 0
    answers = []
    gc.collect()
    gc.disable()
    for rows, filters in batches:
        batch = FilterBatch(filters.filters, attributes)  # anew: no setting inherits the masks of the one before
        started = time.perf_counter()
        prepared = algorithm.prepare(batch)
        ready = time.perf_counter()
        ids = algorithm.search(queries[rows], prepared, k, params, threads)
        search_seconds += time.perf_counter() - ready
        prepare_seconds += ready - started
        answers.append(_padded(ids, k))
        counted = algorithm.distance_computations
        distances = None if distances is None or counted is None else distances + counted

    latencies = np.full(len(queries), np.nan)
    filters_of = [filter_ for _, batch in batches for filter_ in batch.filters]
    for row in range(min(latency_queries, len(queries))):
        query = queries[row : row + 1]
        prepared = algorithm.prepare(FilterBatch(filters_of[row : row + 1], attributes))
        started = time.perf_counter()
        algorithm.search(query, prepared, k, params, 1)
        latencies[row] = time.perf_counter() - started
    gc.enable()
    return {
        "ids": np.concatenate(answers),
        "latencies": latencies,
        "prepare_seconds": prepare_seconds,
        "search_seconds": search_seconds,
        "distance_computations": -1 if distances is None else distances,
        "peak_rss": _peak_rss(),
    }


def _padded(ids: Any, k: int) -> NDArray[Any]:
    """Return two-dimensional answers with -1 up to k columns; anything else is left for the judge to refuse.

    Raises:
        TypeError: the answer holds Python objects, which cannot be handed over.
    """
    ids = np.asarray(ids)
    if ids.dtype == object:
        raise TypeError("search returned Python objects where ids are integers")
    if ids.ndim == 2 and ids.shape[1] < k and np.issubdtype(ids.dtype, np.signedinteger):
        return np.pad(ids, ((0, 0), (0, k - ids.shape[1])), constant_values=-1)
    return ids


def _data(job: dict[str, Any]) -> Data:
    vectors = open_vectors(Path(job["vectors"]))
    attributes = Attributes.open(Path(job["attributes"])) if job["attributes"] else Attributes(len(vectors), {})
    for name in job["filtered"]:
        attributes[name]  # read now, outside of everything that is timed
    return Data(
        vectors,
        attributes,
        tuple(job["filtered"]),
        FilterType(job["filter_type"]),
        job["threads"],
        job["seed"],
    )


def _peak_rss() -> int:
    """Return the most memory in bytes that this process has held, which a watcher from outside may miss.

    Linux counts it per program; `getrusage` would also count what the parent held when it forked.
    """
    status = Path("/proc/self/status")
    if status.exists():
        (line,) = (line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def _die_with_parent() -> None:
    """Ask the kernel to kill this process when its parent dies, so that a killed sweep leaves nothing running."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def main() -> None:
    """Run one job; exit with 0, 1 after an error, or `OUT_OF_MEMORY_EXIT`."""
    _die_with_parent()
    phase, job_path = sys.argv[1:]
    job = json.loads(Path(job_path).read_text())
    try:
        {"describe": describe, "build": build, "search": search}[phase](job, Path(job_path).parent)
    except BenchError as error:
        sys.exit(str(error))
    except MemoryError:
        traceback.print_exc()
        sys.exit(OUT_OF_MEMORY_EXIT)


if __name__ == "__main__":
    main()
