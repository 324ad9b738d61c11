"""Embedders: MiniLM on real sentences, vectors from files, and invalid vectors."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from bench.core.errors import BenchError
from bench.core.vectors import write_fvecs
from bench.snapshot.embedders import EMBEDDERS
from bench.snapshot.embedders.base import by_length, embed_texts
from bench.snapshot.embedders.minilm import MiniLmSource, model_folder
from bench.snapshot.embedders.precomputed import PrecomputedSource
from bench.snapshot.embedders.sentence_transformers import SentenceTransformersSource

PAIRS = [
    ("The stock market fell sharply today.", "Share prices dropped a lot this afternoon."),
    ("A cat sleeps on the sofa.", "The kitten is napping on the couch."),
    ("Quarks are bound into hadrons by gluons.", "The strong force holds nucleons together."),
    ("She plays the violin in an orchestra.", "A musician performs with her string instrument."),
    ("Heavy rain flooded the village.", "The town was under water after the storm."),
]


def minilm_is_here() -> bool:
    try:
        model_folder()
    except BenchError:
        return False
    return True


@pytest.mark.skipif(not minilm_is_here(), reason="the weights are not installed")
def test_minilm_matches_sentences_of_the_same_meaning() -> None:
    embedder = MiniLmSource(tokens=32, batch=3).open("items", 10)
    one = embed_texts(embedder, [a for a, _ in PAIRS], 0, None)
    other = embed_texts(embedder, [b for _, b in PAIRS], 0, None)
    assert one.shape == (5, 384)
    assert (one @ other.T).argmax(axis=1).tolist() == [0, 1, 2, 3, 4]
    assert embedder.truncated == 0

    # A vector does not depend on its batch, except for rounding.
    alone = embed_texts(embedder, [PAIRS[1][0]], 0, None)
    np.testing.assert_allclose(alone[0], one[1], atol=1e-5)
    embed_texts(embedder, ["word " * 100, "short"], 0, None)
    assert embedder.truncated == 1


def test_precomputed_vectors_are_read_from_files(tmp_path: Path) -> None:
    rows = np.random.default_rng(0).normal(size=(5, 4)).astype(np.float32)
    write_fvecs(tmp_path / "items.fvecs", [rows])
    np.save(tmp_path / "queries.npy", rows[:2])
    source = PrecomputedSource(str(tmp_path / "items.fvecs"), str(tmp_path / "queries.npy"))
    vectors = embed_texts(source.open("items", 5), ["b", "c"], 1, None)
    np.testing.assert_allclose(vectors, rows[1:3] / np.linalg.norm(rows[1:3], axis=1, keepdims=True), rtol=1e-6)
    assert source.open("queries", 2).dim == 4
    with pytest.raises(BenchError, match=r"items.fvecs has 5 vectors, but there are 6 items"):
        source.open("items", 6)
    (tmp_path / "items.fvecs").write_bytes((tmp_path / "items.fvecs").read_bytes()[:-3])
    with pytest.raises(BenchError, match="not a whole number of rows"):
        source.open("items", 5)


class Fixed:
    """An embedder that returns fixed vectors."""

    model, dim, truncated = "fixed", 3, 0

    def __init__(self, vectors: list[list[float]]) -> None:
        self._vectors = np.array(vectors, np.float32)

    def embed(self, texts: Sequence[str], first: int) -> NDArray[np.float32]:
        return self._vectors


@pytest.mark.parametrize(
    ("vectors", "message"),
    [
        ([[1, 2, 3], [1, np.nan, 3]], "zero, NaN or infinite for text 8: 'two'"),
        ([[np.inf, 2, 3], [1, 2, 3]], "zero, NaN or infinite for text 7: 'one'"),
        ([[0, 0, 0], [1, 2, 3]], "zero, NaN or infinite for text 7"),
        ([[1, 2], [1, 2]], r"array of \[2, 2\] for 2 texts in 3 dimensions"),
        ([[1, 2, 3]], r"array of \[1, 3\] for 2 texts"),
    ],
)
def test_invalid_vectors_are_refused(vectors: list[list[float]], message: str) -> None:
    with pytest.raises(BenchError, match=f"fixed returned .*{message}"):
        embed_texts(Fixed(vectors), ["one", "two"], 7, None)


def test_fewer_dimensions_are_scaled_to_unit_length() -> None:
    vectors = embed_texts(Fixed([[3, 4, 12], [0, 2, 5]]), ["one", "two"], 0, 2)
    np.testing.assert_allclose(vectors, [[0.6, 0.8], [0, 1]])
    with pytest.raises(BenchError, match=r"embedder.dimensions=4 is out of range; fixed has 3"):
        embed_texts(Fixed([[3, 4, 12], [0, 2, 5]]), ["one", "two"], 0, 4)


def test_batches_have_texts_of_similar_length() -> None:
    assert [rows.tolist() for rows in by_length(["aa", "a", "aaaa", "aaa", "a"], 2)] == [[2, 3], [0, 1], [4]]


def test_a_model_without_its_extra_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    with pytest.raises(BenchError, match=r"embedder some/model needs the extra: pip install 'fanns-bench\[embed\]'"):
        SentenceTransformersSource("some/model").open("items", 1)


def test_every_kind_of_embedder_is_registered() -> None:
    assert set(EMBEDDERS) == {"minilm", "sentence_transformers", "precomputed"}
