"""Embedders turn texts into vectors. Each class is the typed configuration of one kind of embedder.

``configs/embedder/*.yaml`` name a `kind` and set its fields; `open` returns the `Embedder`.
"""

from __future__ import annotations

from typing import Any

from bench.snapshot.embedders.minilm import MiniLmSource
from bench.snapshot.embedders.precomputed import PrecomputedSource
from bench.snapshot.embedders.sentence_transformers import SentenceTransformersSource

EMBEDDERS: dict[str, type[Any]] = {
    source.kind: source for source in (MiniLmSource, SentenceTransformersSource, PrecomputedSource)
}
"""The kinds of embedder that ``configs/embedder/*.yaml`` may name."""
