"""Vectors that were computed elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from bench.core.errors import BenchError
from bench.core.vectors import dense, open_vectors
from bench.snapshot.embedders.base import Embedder, Part
from bench.system.files import sha256


@dataclass
class PrecomputedSource:
    """Vector files (fvecs or npy): a row per item of ``items.parquet``, and a row per line of ``query_terms.txt``."""

    kind: ClassVar[str] = "precomputed"
    items: str
    queries: str
    dimensions: int | None = None

    def open(self, part: Part, count: int) -> Embedder:
        """See `EmbedderSource.open`."""
        return Precomputed(Path(self.items if part == "items" else self.queries), part, count)


class Precomputed:
    """Returns rows of a file. See `Embedder`."""

    def __init__(self, path: Path, part: Part, count: int) -> None:
        """Open a file of `count` vectors.

        Raises:
            BenchError: the file is missing or damaged, or its number of rows is wrong.
        """
        self._rows = open_vectors(path)
        if len(self._rows) != count:
            raise BenchError(f"{path} has {len(self._rows):,} vectors, but there are {count:,} {part}")
        self.dim = self._rows.shape[1]
        self.model = f"{path.name}, sha256 {sha256(path)[:16]}"
        self.truncated = 0

    def embed(self, texts: Sequence[str], first: int) -> NDArray[np.float32]:
        """See `Embedder.embed`."""
        return dense(self._rows[first : first + len(texts)])
