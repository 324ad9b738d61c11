"""The sources of datasets. Each class is the typed configuration of one kind of source.

``configs/dataset/*.yaml`` name a `kind` and set its fields; `open` returns the `Dataset`. Everything derived
(attributes as Parquet, converted vectors, digests) is kept in the cache, never beside the source.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Protocol

from bench.core.attributes import Attributes
from bench.core.errors import BenchError
from bench.core.metrics import Metric, metric_of, zero_rows
from bench.core.paths import data_folder, is_writable
from bench.core.vectors import check_finite, check_rows, hdf5_distance, hdf5_to_npy, open_vectors
from bench.datasets import arxiv_sim, hub
from bench.datasets.dataset import Dataset
from bench.datasets.json_attributes import FORMAT, attributes_to_parquet
from bench.datasets.layout import ATTRIBUTES, QUERIES, VECTORS
from bench.datasets.reduction import as_bits
from bench.system.cache import Cache, creation_lock
from bench.system.files import atomic_folder, digest_of


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


@dataclass
class LayoutSource:
    """A folder of the published layout."""

    kind: ClassVar[str] = "layout"
    name: str
    path: str
    metric: str | None = None

    def open(self, cache: Cache) -> Dataset:
        """See `Source.open`."""
        folder = Path(self.path)
        if not folder.is_dir():
            raise BenchError(f"dataset.path={self.path} is not a folder; it should contain {VECTORS} and other files")
        for name in (VECTORS, QUERIES, ATTRIBUTES):
            if not (folder / name).is_file():
                names = ", ".join(sorted(entry.name for entry in folder.iterdir())) or "nothing"
                raise BenchError(
                    f"{folder} has no {name} (found {names}); datasets/README.md describes the published layout"
                )
        attributes = cache.file(
            "attributes",
            digest_of(FORMAT, cache.digest(folder / ATTRIBUTES)),
            ".parquet",
            lambda out: attributes_to_parquet(folder / ATTRIBUTES, out),
        )
        files = (folder / VECTORS, folder / QUERIES, folder / ATTRIBUTES)
        return _dataset(self.name, files, attributes, folder, _metric(self.metric), cache)

    def state(self) -> str:
        """See `Source.state`."""
        return "here" if Path(self.path).is_dir() else "not here"


@dataclass
class ArxivSimSource:
    """arxiv-sim, generated on first use; in the cache of the results folder where the usual one is not writable."""

    kind: ClassVar[str] = "arxiv-sim"
    name: str
    n: int
    dim: int
    queries: int
    seed: int
    metric: str | None = None

    @property
    def folder(self) -> Path:
        """The folder of this size and seed of the dataset."""
        version = digest_of(arxiv_sim.VERSION)[:6]
        return data_folder("arxiv-sim", f"n{self.n}-d{self.dim}-q{self.queries}-s{self.seed}-{version}")

    def open(self, cache: Cache) -> Dataset:
        """See `Source.open`."""
        folder = self.folder
        if not folder.exists() and not is_writable(folder):
            folder = cache.root / "datasets" / folder.name
        with creation_lock(folder, folder.parent / ".locks" / folder.name) as missing:
            if missing:
                with atomic_folder(folder) as draft:
                    arxiv_sim.generate(draft, n=self.n, dim=self.dim, queries=self.queries, seed=self.seed)
        return LayoutSource(self.name, str(folder), self.metric).open(cache)

    def state(self) -> str:
        """See `Source.state`."""
        return "here" if self.folder.exists() else "generated on first use"


@dataclass
class HubSource:
    """A published size of arxiv-for-fanns, downloaded on request."""

    kind: ClassVar[str] = "hub"
    name: str
    repo: str
    revision: str
    bytes: int
    metric: str | None = None

    @property
    def folder(self) -> Path:
        """The folder of this repository and revision of the dataset."""
        return data_folder("arxiv-for-fanns", f"{self.repo.split('/')[-1]}-{self.revision}")

    def open(self, cache: Cache) -> Dataset:
        """See `Source.open`."""
        if not hub.is_complete(self.folder):
            raise BenchError(
                f"dataset '{self.name}' is not on this machine; fetch its {self.bytes / 1e9:.1f} GB with "
                f"'python -m bench.data download dataset={self.name}', or work offline with dataset=arxiv-sim "
                "or dataset=local dataset.path=FOLDER"
            )
        return LayoutSource(self.name, str(self.folder), self.metric).open(cache)

    def state(self) -> str:
        """See `Source.state`."""
        return "here" if hub.is_complete(self.folder) else f"not here ({self.bytes / 1e9:.1f} GB)"


@dataclass
class VectorsSource:
    """Vector files of any collection, with attributes from a file (Parquet or JSON lines) or without.

    `vectors` is an fvecs, bvecs or npy file with `queries` beside it, or an ann-benchmarks HDF5 file with both.
    """

    kind: ClassVar[str] = "vectors"
    name: str
    vectors: str
    queries: str | None = None
    attributes: str | None = None
    metric: str | None = None

    def open(self, cache: Cache) -> Dataset:
        """See `Source.open`."""
        source, stated = Path(self.vectors), None
        if source.suffix in (".hdf5", ".h5"):
            if not source.is_file():
                raise BenchError(f"there is no file {source} (dataset.vectors)")
            folder = cache.folder("converted", cache.digest(source), lambda out: hdf5_to_npy(source, out))
            stated = hdf5_distance(source)
            vectors, queries = folder / "vectors.npy", folder / "queries.npy"
        elif self.queries is None:
            raise BenchError(f"dataset.queries is not set; set it to the file of query vectors for {source}")
        else:
            vectors, queries = source, Path(self.queries)
        files = (vectors, queries, Path(self.attributes) if self.attributes else None)
        metric = _metric(self.metric) if self.metric or not stated else metric_of(stated, str(source))
        return _dataset(self.name, files, self._attributes(cache), None, metric, cache)

    def _attributes(self, cache: Cache) -> Path | None:
        if self.attributes is None:
            return None
        path = Path(self.attributes)
        if not path.is_file():
            raise BenchError(f"there is no file {path} (dataset.attributes)")
        if path.suffix == ".parquet":
            return path
        key = digest_of(FORMAT, cache.digest(path))
        return cache.file("attributes", key, ".parquet", lambda out: attributes_to_parquet(path, out))

    def state(self) -> str:
        """See `Source.state`."""
        files = [path for path in (self.vectors, self.queries, self.attributes) if path]
        return "here" if all(Path(path).is_file() for path in files) else "not here"


SOURCES: dict[str, type[Any]] = {
    source.kind: source for source in (LayoutSource, ArxivSimSource, HubSource, VectorsSource)
}
"""The kinds of source that ``configs/dataset/*.yaml`` may name."""


def _metric(key: str | None) -> Metric:
    """Return the metric that the key `dataset.metric` sets."""
    return Metric.L2 if key is None else metric_of(key, "dataset.metric")


def _dataset(
    name: str,
    files: tuple[Path, Path, Path | None],
    attributes: Path | None,
    folder: Path | None,
    metric: Metric,
    cache: Cache,
) -> Dataset:
    """Check that the parts of a dataset match, and return it.

    Args:
        name: of the dataset.
        files: the vectors, queries and attributes that the user named, for errors.
        attributes: the attributes as Parquet.
        folder: of the published layout, if it is one.
        metric: what the items are ranked by.
        cache: keeps the digests.
    """
    vectors, queries, attributes_file = files
    database, query_rows = open_vectors(vectors), open_vectors(queries)
    if database.shape[1] != query_rows.shape[1]:
        raise BenchError(
            f"{queries} has vectors of {query_rows.shape[1]} dimensions, but {vectors} has {database.shape[1]}"
        )
    if attributes is not None and (rows := Attributes.open(attributes).n) != len(database):
        raise BenchError(f"{attributes_file} has {rows} items, but {vectors} has {len(database)}")
    # Directions are compared in float64, whatever the lengths are.
    check = check_finite if metric is Metric.COSINE else check_rows
    digest = digest_of(*(cache.digest(path, check) for path in (vectors, queries)), metric)
    if metric in (Metric.COSINE, Metric.IP) and len(zero := zero_rows(query_rows)):
        raise BenchError(f"{queries}: row {zero[0]} is all zeros, which ranks no item by {metric}; drop such queries")
    if metric is Metric.HAMMING:
        vectors, queries = as_bits(vectors, queries, digest, cache)
    return Dataset(name, vectors, queries, attributes, folder, metric, digest)
