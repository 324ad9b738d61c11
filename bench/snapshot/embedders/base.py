"""The interface of embedders, and what all of them owe: finite vectors of one width and of unit length."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from bench.core.errors import BenchError

Part: TypeAlias = Literal["items", "queries"]
"""What is embedded: some models treat queries differently, and files of vectors differ."""


class Embedder(Protocol):
    """Turns texts into vectors.

    Attributes:
        model: the model with its revision, for the data card.
        dim: the width of its vectors.
        truncated: how many texts were longer than the model takes, so far.
    """

    model: str
    dim: int
    truncated: int

    def embed(self, texts: Sequence[str], first: int) -> NDArray[np.float32]:
        """Return float32[len(texts), dim].

        Args:
            texts: what is embedded.
            first: the number of the first of them among all texts of the part.

        Raises:
            BenchError: the embedder cannot do it.
        """
        ...


class EmbedderSource(Protocol):
    """The configuration of an embedder, able to open it.

    Attributes:
        dimensions: how many of the first dimensions are kept, as Matryoshka embeddings allow; None for all.
    """

    dimensions: int | None

    def open(self, part: Part, count: int) -> Embedder:
        """Load the model, for the `count` texts of a part.

        Raises:
            BenchError: an extra is not installed, or the model cannot be had.
        """
        ...


def embedded(embedder: Embedder, texts: Sequence[str], first: int, dimensions: int | None) -> NDArray[np.float32]:
    """Return float32[len(texts), dimensions], of unit length, checked.

    Raises:
        BenchError: the vectors are of another number or width, not finite, or zero; names the first such text.
    """
    vectors = np.asarray(embedder.embed(texts, first), np.float32)
    if vectors.shape != (len(texts), embedder.dim):
        raise BenchError(
            f"{embedder.model} gave an array of {list(vectors.shape)} for {len(texts)} texts in {embedder.dim} "
            "dimensions"
        )
    if dimensions is not None:
        if not 1 <= dimensions <= embedder.dim:
            raise BenchError(f"embedder.dimensions={dimensions} is out of range; {embedder.model} has {embedder.dim}")
        vectors = vectors[:, :dimensions]
    lengths = np.linalg.norm(vectors.astype(np.float64), axis=1)
    bad = np.flatnonzero(~np.isfinite(lengths) | (lengths == 0))
    if len(bad):
        raise BenchError(
            f"{embedder.model} gave a vector that is zero, NaN or infinite for text {first + bad[0]}: "
            f"{texts[bad[0]][:60]!r}"
        )
    return (vectors / lengths[:, None]).astype(np.float32)


def by_length(texts: Sequence[str], batch: int) -> list[NDArray[np.int64]]:
    """Return the numbers of the texts in batches of about equal length, longest first, so that little is padding."""
    order = np.argsort([-len(text) for text in texts], kind="stable").astype(np.int64)
    return [order[start : start + batch] for start in range(0, len(order), batch)]
