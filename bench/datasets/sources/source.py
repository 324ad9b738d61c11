"""What all sources of datasets share: their protocol, and the check that the parts of a dataset match."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple, Protocol

from bench.core.attributes import Attributes
from bench.core.errors import BenchError
from bench.core.metrics import Metric, metric_of, zero_rows
from bench.core.reading import renamed
from bench.core.vectors import check_finite, check_rows, open_vectors
from bench.datasets.answers import answer_file, read_answers
from bench.datasets.dataset import Dataset
from bench.datasets.json_attributes import FORMAT, attributes_to_parquet
from bench.datasets.reduction import as_bits
from bench.datasets.vector_files.files import VectorFile, file_of
from bench.datasets.vector_files.unpack import PACKED, unpack
from bench.system.cache import Cache
from bench.system.files import digest_of


class Source(Protocol):
    """The configuration of a dataset, which can open it."""

    name: str

    def open(self, cache: Cache) -> Dataset:
        """Check the files, derive what is missing, and return the dataset.

        Raises:
            BenchError: a file is missing or damaged, or does not match the others.
        """
        ...

    def state(self) -> str:
        """Return in a few words whether the dataset is on this machine."""
        ...


class Part(NamedTuple):
    """A file of a dataset beside its vectors.

    Attributes:
        path: the file, or what was derived from it.
        name: the file of the user, for errors.
        source: the file or folder of the user.
    """

    path: Path
    name: str
    source: Path


def part_of(path: Path, source: Path) -> Part:
    """Return what was derived from a file of the user, under that file's name."""
    return Part(path, str(source), source)


def attributes_part(source: Path, cache: Cache) -> Part:
    """Return the attributes of a Parquet file or of JSON lines, as Parquet.

    Raises:
        BenchError: the file is missing or damaged.
    """
    if source.suffix == ".parquet":
        return part_of(source, source)
    unpacked = unpack(source, None, cache) if source.suffix in PACKED else source
    digest = digest_of(FORMAT, cache.digest(source))
    with renamed(unpacked, str(source)):
        derived = cache.file("attributes", digest, ".parquet", lambda out: attributes_to_parquet(unpacked, out))
    return part_of(derived, source)


def truth_part(given: str, where: str, cache: Cache) -> Part:
    """Return the published answers of a file of any format; `where` is the key that gives it.

    Raises:
        BenchError: the file is missing or damaged.
    """
    return part_of(answer_file(given, where, cache), file_of(given, where))


def metric_of_key(key: str | None, *files: VectorFile) -> Metric:
    """Return the metric that the key `dataset.metric` sets, or else the one that files of vectors state.

    Raises:
        BenchError: there is no such metric, or two files state different ones.
    """
    if key is not None:
        return metric_of(key, "dataset.metric")
    stated = {file.name: metric_of(file.stated, file.name) for file in files if file.stated is not None}
    if len(set(stated.values())) > 1:
        claims = " and ".join(f"{name} states {metric}" for name, metric in stated.items())
        raise BenchError(f"{claims}; set dataset.metric to the one that counts")
    return next(iter(stated.values()), Metric.L2)


def checked(
    name: str,
    vectors: VectorFile,
    queries: VectorFile,
    metric: Metric,
    cache: Cache,
    *,
    attributes: Part | None = None,
    folder: Path | None = None,
    filters: Part | None = None,
    truth: Part | None = None,
) -> Dataset:
    """Check that the parts of a dataset match, and return it.

    Args:
        name: of the dataset.
        vectors: of the items.
        queries: the query vectors.
        metric: what the items are ranked by.
        cache: keeps the digests.
        attributes: of the items, as Parquet.
        folder: of the published layout, if it is one.
        filters: one per query, if the dataset brings its own.
        truth: published answers, one list per query.

    Raises:
        BenchError: a part is damaged, or has another number of dimensions, items or queries.
    """
    with renamed(vectors.path, vectors.name), renamed(queries.path, queries.name):
        database, query_rows = open_vectors(vectors.path), open_vectors(queries.path)
        if database.shape[1] != query_rows.shape[1]:
            raise BenchError(
                f"{queries.name} has vectors of {query_rows.shape[1]} dimensions, but {vectors.name} has "
                f"{database.shape[1]}"
            )
        _check_length(attributes, "items", lambda path: Attributes.open(path).n, vectors.name, len(database))
        _check_length(filters, "filters", _lines, queries.name, len(query_rows))
        _check_length(truth, "answers", lambda path: len(read_answers(path)), queries.name, len(query_rows))
        # Directions are compared in float64, whatever the lengths are.
        check = check_finite if metric is Metric.COSINE else check_rows
        digest = digest_of(*(cache.digest(file.path, check) for file in (vectors, queries)), metric)
        if metric in (Metric.COSINE, Metric.IP) and len(zero := zero_rows(query_rows)):
            raise BenchError(
                f"{queries.name}: row {zero[0]} is all zeros, which ranks no item by {metric}; drop such queries"
            )
        files = vectors.path, queries.path
        if metric is Metric.HAMMING:
            files = as_bits(*files, digest, cache)
    parts = [part for part in (attributes, filters, truth) if part]
    return Dataset(
        name=name,
        vectors=files[0],
        queries=files[1],
        attributes=attributes.path if attributes else None,
        folder=folder,
        metric=metric,
        digest=digest,
        vectors_name=vectors.name,
        filters=filters.path if filters else None,
        truth=truth.path if truth else None,
        origins=(*vectors.sources, *queries.sources, *(part.source for part in parts)),
    )


def _check_length(part: Part | None, unit: str, count: Callable[[Path], int], other: str, expected: int) -> None:
    if part is None:
        return
    with renamed(part.path, part.name):
        n = count(part.path)
    if n != expected:
        raise BenchError(f"{part.name} has {n} {unit}, but {other} has {expected}")


def _lines(path: Path) -> int:
    with path.open("rb") as file:
        return sum(1 for line in file if line.strip())
