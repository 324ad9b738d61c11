"""Embed the items, in shards with digests, so that a killed build loses at most one shard."""

from __future__ import annotations

import hashlib
import json
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from bench.core.errors import BenchError
from bench.core.progress import bar
from bench.core.vectors import open_vectors, write_fvecs
from bench.datasets.layout import VECTORS
from bench.datasets.manifest import ITEMS, read_manifest
from bench.snapshot.embedders.base import Embedder, EmbedderSource, embed_texts
from bench.system.files import atomic_file, make_folder, sha256

SHARD = 1024
"""Items per shard."""


@dataclass(frozen=True)
class Earlier:
    """The vectors of an earlier build, reused for texts that have not changed.

    Attributes:
        vectors: [n, d].
        row_of: the row of a text by its digest.
    """

    vectors: NDArray[np.float32]
    row_of: dict[str, int]


@dataclass(frozen=True)
class Embedding:
    """Facts about the embedding of all items.

    Attributes:
        model: see `Embedder`.
        dim: the dimensions of the vectors.
        truncated: how many texts were truncated.
        reused: how many vectors came from an earlier build.
    """

    model: str
    dim: int
    truncated: int
    reused: int


def texts_of(items: Path) -> Iterator[list[str]]:
    """Yield the texts to embed, the abstracts, shard by shard."""
    for batch in pq.ParquetFile(items).iter_batches(SHARD, columns=["abstract"]):
        yield batch.column("abstract").to_pylist()


def digest_of_text(text: str) -> str:
    """Return the digest of a text."""
    return hashlib.blake2b(text.encode(), digest_size=12).hexdigest()


def embed_items(items: Path, source: EmbedderSource, shards: Path, reuse: Path | None) -> Embedding:
    """Embed all items into shards, except for intact shards that are there already, and print the throughput.

    Args:
        items: Parquet with a column `abstract`.
        source: the embedder.
        shards: the folder of the shards: each is a file ``NUMBER.npy``, with its digest and other facts in
            ``NUMBER.json``.
        reuse: the folder of an earlier build whose vectors are reused; None for none.

    Raises:
        BenchError: the embedder fails, its vectors are unusable, or the earlier build used another embedder.
    """
    make_folder(shards)
    count = pq.read_metadata(items).num_rows
    # Opened even if all shards are there: the card names the model, and a different one must not go unnoticed.
    embedder = source.open("items", count)
    dim = source.dimensions or embedder.dim
    earlier = None if reuse is None else earlier_build(reuse, embedder.model, dim)
    done = 0
    facts = []
    started = time.monotonic()
    with bar("embedding", count, "item") as progress:
        for number, texts in enumerate(texts_of(items)):
            path = shards / f"{number:05}.npy"
            shard = _facts(path)
            if shard is None:
                before = embedder.truncated
                vectors, reused = _embed_shard(embedder, texts, number * SHARD, source.dimensions, earlier)
                with atomic_file(path) as temporary, temporary.open("wb") as file:
                    np.save(file, vectors)
                shard = {"sha256": sha256(path), "truncated": embedder.truncated - before, "reused": reused}
                with atomic_file(path.with_suffix(".json")) as temporary:
                    temporary.write_text(json.dumps(shard))
                done += len(texts) - reused
            facts.append(shard)
            progress.update(len(texts))
    truncated, reused = (sum(shard[key] for shard in facts) for key in ("truncated", "reused"))
    if done:
        print(f"embedded {done:,} items, {done / (time.monotonic() - started):,.0f} per second")
    print(f"{count:,} vectors, {reused:,} of them from the earlier build; {truncated:,} texts truncated")
    return Embedding(embedder.model, dim, truncated, reused)


def _facts(path: Path) -> dict[str, Any] | None:
    """Return the facts about an intact shard, None for a missing one; a damaged one is reported as missing."""
    companion = path.with_suffix(".json")
    if not path.exists() or not companion.exists():
        return None
    facts: dict[str, Any] = json.loads(companion.read_text())
    if sha256(path) == facts["sha256"]:
        return facts
    print(f"warning: {path} is damaged and will be embedded again", file=sys.stderr)
    return None


def _embed_shard(
    embedder: Embedder, texts: list[str], first: int, dimensions: int | None, earlier: Earlier | None
) -> tuple[NDArray[np.float32], int]:
    """Return the vectors of some texts, and how many of them were reused."""
    vectors = np.empty((len(texts), dimensions or embedder.dim), np.float32)
    new = list(range(len(texts)))
    if earlier is not None:
        rows = [earlier.row_of.get(digest_of_text(text), -1) for text in texts]
        new = [i for i, row in enumerate(rows) if row < 0]
        old = [i for i, row in enumerate(rows) if row >= 0]
        vectors[old] = earlier.vectors[[rows[i] for i in old]]
    if len(new) == len(texts):
        vectors[:] = embed_texts(embedder, texts, first, dimensions)
    elif new:
        vectors[new] = embed_texts(embedder, [texts[i] for i in new], first, dimensions)
    return vectors, len(texts) - len(new)


def write_vectors(shards: Path, target: Path) -> None:
    """Write the vectors of all shards as one fvecs file.

    Raises:
        BenchError: a shard is damaged.
    """

    def blocks() -> Iterator[NDArray[np.float32]]:
        for path in sorted(shards.glob("*.npy")):
            if _facts(path) is None:
                raise BenchError(f"{path} is damaged; start the build again to embed it anew")
            yield np.load(path)

    with atomic_file(target) as path:
        write_fvecs(path, blocks())


def earlier_build(folder: Path, model: str, dim: int) -> Earlier:
    """Return the vectors of an earlier build, for texts that have not changed since.

    Raises:
        BenchError: the folder is not a finished build, or another model embedded it.
    """
    before = read_manifest(folder)["embedding"]
    if (before["model"], before["dim"]) != (model, dim):
        raise BenchError(
            f"reuse={folder} was embedded by {before['model']} in {before['dim']} dimensions, not by {model} in {dim}"
        )
    texts = (text for shard in texts_of(folder / ITEMS) for text in shard)
    return Earlier(open_vectors(folder / VECTORS), {digest_of_text(text): row for row, text in enumerate(texts)})
