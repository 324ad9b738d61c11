"""Sources of the published layout: any folder of it, arxiv-sim, and arxiv-for-fanns."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from bench.core.errors import BenchError
from bench.core.paths import data_folder, is_writable
from bench.datasets import arxiv_sim, hub
from bench.datasets.dataset import Dataset
from bench.datasets.layout import ATTRIBUTES, QUERIES, VECTORS
from bench.datasets.sources.source import attributes_part, checked, metric_of_key
from bench.datasets.vector_files.files import VectorFile
from bench.system.cache import Cache, creation_lock
from bench.system.files import atomic_folder, digest_of


@dataclass
class LayoutSource:
    """A folder of the published layout."""

    kind: ClassVar[str] = "layout"
    name: str
    path: str
    metric: str | None = None

    def open(self, cache: Cache) -> Dataset:
        """See `Source.open`."""
        folder = Path(self.path).expanduser()
        if not folder.is_dir():
            raise BenchError(f"dataset.path={self.path} is not a folder; it should contain {VECTORS} and other files")
        for name in (VECTORS, QUERIES, ATTRIBUTES):
            if not (folder / name).is_file():
                names = ", ".join(sorted(entry.name for entry in folder.iterdir())) or "nothing"
                raise BenchError(
                    f"{folder} has no {name} (found {names}); datasets/README.md describes the published layout"
                )
        vectors, queries = (VectorFile(path, str(path), (path,)) for path in (folder / VECTORS, folder / QUERIES))
        attributes = attributes_part(folder / ATTRIBUTES, cache)
        metric = metric_of_key(self.metric)
        return checked(self.name, vectors, queries, metric, cache, attributes=attributes, folder=folder)

    def state(self) -> str:
        """See `Source.state`."""
        return "here" if Path(self.path).expanduser().is_dir() else "not here"


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
