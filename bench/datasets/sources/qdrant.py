"""Qdrant's filtered sets, ann-filtering-benchmark-datasets: vectors, payloads, and tests with their answers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from bench.core.errors import BenchError
from bench.core.vectors import write_fvecs
from bench.datasets.dataset import Dataset
from bench.datasets.json_lines import json_lines
from bench.datasets.sources.source import attributes_part, checked, metric_of_key, part_of
from bench.datasets.vector_files.files import VectorFile, file_of, vector_file
from bench.system.cache import Cache
from bench.system.files import digest_of

_VECTORS, _PAYLOADS, _TESTS = "vectors.npy", "payloads.jsonl", "tests.jsonl"
_FORMAT = 1
_BLOCK = 4096


@dataclass
class QdrantSource:
    """A folder with vectors.npy, payloads.jsonl and tests.jsonl.

    A line of tests.jsonl has the `query`, its `conditions` and the answers, `closest_ids`.
    """

    kind: ClassVar[str] = "qdrant"
    name: str
    path: str
    metric: str | None = None

    def open(self, cache: Cache) -> Dataset:
        """See `Source.open`."""
        files = [file_of(str(self._folder / name), "dataset.path") for name in (_VECTORS, _PAYLOADS, _TESTS)]
        tests = files[2]
        vectors = vector_file(str(files[0]), "dataset.path", cache)
        digest = digest_of(_FORMAT, cache.digest(tests))
        queries = cache.file("queries", digest, ".fvecs", lambda out: write_fvecs(out, queries_of(tests)))
        return checked(
            self.name,
            vectors,
            VectorFile(queries, f"{tests}: 'query'", (tests,)),
            metric_of_key(self.metric),
            cache,
            attributes=attributes_part(files[1], cache),
            filters=part_of(tests, tests),
        )

    @property
    def _folder(self) -> Path:
        return Path(self.path).expanduser()

    def state(self) -> str:
        """See `Source.state`."""
        return "here" if all((self._folder / name).is_file() for name in (_VECTORS, _PAYLOADS, _TESTS)) else "not here"


def queries_of(tests: Path) -> Iterator[NDArray[np.float32]]:
    """Yield the query vectors of a file of tests in blocks.

    Raises:
        BenchError: a line has no query, or one of another length or not of numbers; or there is no line.
    """
    block: list[NDArray[np.float32]] = []
    dim = None
    for line, record in json_lines(tests):
        query = _vector(record.get("query"))
        dim = dim or (len(query) if query is not None else None)
        if query is None or len(query) != dim:
            raise BenchError(f"{tests}: line {line} has no 'query' of {dim or 'some'} numbers")
        block.append(query)
        if len(block) == _BLOCK:
            yield np.array(block)
            block = []
    if dim is None:
        raise BenchError(f"{tests} is empty; it should hold a query, its conditions and its answers per line")
    if block:
        yield np.array(block)


def _vector(value: Any) -> NDArray[np.float32] | None:
    """Return a list of numbers as a vector; None if it is none that float32 holds."""
    if not isinstance(value, list) or not value or any(type(number) not in (int, float) for number in value):
        return None
    with np.errstate(over="ignore"):
        vector = np.array(value, np.float64).astype(np.float32)
    return vector if np.isfinite(vector).all() else None
