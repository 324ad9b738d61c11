"""The sources of datasets. Each class is the typed configuration of one kind of source.

``configs/dataset/*.yaml`` name a `kind` and set its fields; `open` returns the `Dataset`. Everything derived
(attributes as Parquet, converted vectors, digests) is kept in the cache, never beside the source.
"""

from __future__ import annotations

from typing import Any

from bench.datasets.sources.arxiv import ArxivSimSource, HubSource, LayoutSource
from bench.datasets.sources.labelled import LabelledSource
from bench.datasets.sources.qdrant import QdrantSource
from bench.datasets.sources.source import Source
from bench.datasets.sources.table import TableSource
from bench.datasets.sources.vectordbbench import VectorDBBenchSource
from bench.datasets.sources.vectors import VectorsSource

__all__ = [
    "SOURCES",
    "ArxivSimSource",
    "HubSource",
    "LabelledSource",
    "LayoutSource",
    "QdrantSource",
    "Source",
    "TableSource",
    "VectorDBBenchSource",
    "VectorsSource",
]

SOURCES: dict[str, type[Any]] = {
    source.kind: source
    for source in (
        LayoutSource,
        ArxivSimSource,
        HubSource,
        VectorsSource,
        TableSource,
        LabelledSource,
        QdrantSource,
        VectorDBBenchSource,
    )
}
"""The kinds of source that ``configs/dataset/*.yaml`` may name."""
