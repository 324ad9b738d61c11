"""The child process that runs a method: ``python -m bench.runs.worker {describe,build,search} JOB``.

It reads its job from a JSON file and writes what it measured to files that appear by rename; what the method
prints goes to the log and is never parsed. It sees neither the true answers nor the configuration.
"""

from __future__ import annotations

import ctypes
import gc
import json
import signal
import sys
import time
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import psutil

from algorithms.base import Algorithm, Data, describe_params
from algorithms.loading import load_target
from bench.core.attributes import Attributes
from bench.core.errors import BenchError
from bench.core.filter_json import from_json
from bench.core.filters import FilterType
from bench.core.formats import BYTES, Storage
from bench.core.masks import FilterBatch
from bench.core.vectors import dense, open_vectors
from bench.datasets.codes import open_codes
from bench.runs.timing import measure
from bench.system.cache import atomic_file
from bench.system.memory import peak_rss

if TYPE_CHECKING:
    from bench.runs.rerank import Reranked

OUT_OF_MEMORY_EXIT = 77
"""The exit code by which a worker says that an allocation failed."""

COMPILING = "compiling"
"""The file by which a worker says that it compiles kernels first, as it does once after an installation."""

_WARM_UP_ITEMS = 512
_MASK_BYTES = 256 << 20
_PR_SET_PDEATHSIG = 1


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
        "reads": sorted(info.reads),
        "unsupported": {t: method.unsupported(t) for t in FilterType},
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
    refuse_what_does_not_fit(method, params, data, job["memory_limit"])
    data.stored()  # read and converted before anything is timed
    if method.info.compiled:
        warm_up_build(method, params, data)
    algorithm = method(params)
    gc.collect()
    started = time.perf_counter()
    algorithm.build(data)
    seconds = time.perf_counter() - started
    algorithm.save(Path(job["index"]))
    with atomic_file(out / "build.json") as path:
        path.write_text(json.dumps({"build_seconds": seconds, "peak_rss": peak_rss()}))


def refuse_what_does_not_fit(method: type[Algorithm], params: Any, data: Data, limit: int) -> None:
    """Raise MemoryError where a build needs more than it may hold, or more than the machine has left."""
    n, dim = data.source.shape
    storage = data.codes.storage if data.codes else Storage.FLOAT32
    needed, left = method.build_bytes(params, n, dim, storage), psutil.virtual_memory().available
    if needed > min(limit, left):
        fewer = [fmt for fmt in method.info.reads if method.build_bytes(params, n, dim, fmt) <= min(limit, left)]
        advice = f"; storage.format={max(fewer, key=BYTES.__getitem__)} needs less" if fewer else ""
        raise MemoryError(
            f"building needs about {needed / 2**30:.2f} GiB; limits.memory_gib allows {limit / 2**30:.2f}, "
            f"and {left / 2**30:.2f} are free{advice}"
        )


def _tell_of_compiling(method: type[Algorithm], out: Path) -> None:
    """Touch the file `COMPILING` when the first kernel is compiled."""
    if method.info.compiled:
        from algorithms.kernels.compiled import tell_of_compiling  # only for methods that bring Numba along

        tell_of_compiling((out / COMPILING).touch)


def warm_up_build(method: type[Algorithm], params: Any, data: Data) -> None:
    """Compile what a build calls, on a few items that are thrown away."""
    method(params).build(data.head(min(_WARM_UP_ITEMS, len(data.source))))


def search(job: dict[str, Any], out: Path) -> None:
    """Answer the workload at each search setting; write one ``setting-*.npz`` each."""
    method = load_target(job["target"])
    _tell_of_compiling(method, out)
    data = _data(job)
    lines = Path(job["filters"]).read_text(encoding="utf-8").splitlines()
    filters = [from_json(line) for line in lines]
    queries = dense(open_vectors(Path(job["queries"]))[job["skip"] : job["skip"] + len(filters)])
    loaded = method.load(Path(job["index"]), method.BuildParams(**job["build_params"]), data)
    algorithm: Algorithm | Reranked = loaded
    if data.codes is not None:
        from bench.runs.rerank import Reranked  # only for methods that bring Numba along

        algorithm = Reranked(loaded, data.source, job["rerank"])
    batches = list(_batches(filters, data.attributes))
    for number, setting in job["settings"]:
        params = method.SearchParams(**setting)
        timed = (job["latency_queries"], job["timed_seconds"])
        result = measure(algorithm, params, job["k"], job["threads"], *timed, queries, batches)
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
        open_codes(Path(job["codes"])) if job["codes"] else None,
    )


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
    except MemoryError as error:
        print(error if str(error).startswith("building needs") else traceback.format_exc())
        sys.exit(OUT_OF_MEMORY_EXIT)


if __name__ == "__main__":
    main()
