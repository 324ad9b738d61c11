"""The interface of embedders, and a check of their vectors: finite, of one width, scaled to unit length."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from bench.core.errors import BenchError

Part: TypeAlias = Literal["items", "queries"]
"""The texts to embed: some models treat queries differently, and files of vectors differ."""


class Embedder(Protocol):
    """Turns texts into vectors.

    Attributes:
        model: the model and its revision, for the data card.
        dim: the dimensions of its vectors.
        truncated: how many texts have been truncated so far, because they exceed the limit of the model.
    """

    model: str
    dim: int
    truncated: int

    def embed(self, texts: Sequence[str], first: int) -> NDArray[np.float32]:
        """Return float32[len(texts), dim].

        Args:
            texts: the texts to embed.
            first: the number of the first of them among all texts of the part.

        Raises:
            BenchError: the embedder fails.
        """
        ...


class EmbedderSource(Protocol):
    """The configuration of an embedder, which can open it.

    Attributes:
        dimensions: how many of the first dimensions to keep, for Matryoshka embeddings; None for all.
    """

    dimensions: int | None

    def open(self, part: Part, count: int) -> Embedder:
        """Load the model, for the `count` texts of a part.

        Raises:
            BenchError: an extra is not installed, or the model is not available.
        """
        ...


def embed_texts(embedder: Embedder, texts: Sequence[str], first: int, dimensions: int | None) -> NDArray[np.float32]:
    """Embed texts and return float32[len(texts), dimensions], checked and of unit length.

    Raises:
        BenchError: the number or width of the vectors is wrong, or one is zero or not finite; names its text.
    """
    vectors = np.asarray(embedder.embed(texts, first), np.float32)
    if vectors.shape != (len(texts), embedder.dim):
        raise BenchError(
            f"{embedder.model} returned an array of {list(vectors.shape)} for {len(texts)} texts in {embedder.dim} "
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
            f"{embedder.model} returned a vector that is zero, NaN or infinite for text {first + bad[0]}: "
            f"{texts[bad[0]][:60]!r}"
        )
    return (vectors / lengths[:, None]).astype(np.float32)


def by_length(texts: Sequence[str], batch: int) -> list[NDArray[np.int64]]:
    """Return the numbers of the texts in batches of similar length, the longest first, to minimise padding."""
    order = np.argsort([-len(text) for text in texts], kind="stable").astype(np.int64)
    return [order[start : start + batch] for start in range(0, len(order), batch)]
