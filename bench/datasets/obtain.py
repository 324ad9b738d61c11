"""Bringing a dataset onto this machine: downloading a published one, or generating arxiv-sim."""

from __future__ import annotations

from pathlib import Path

from bench.core.errors import BenchError
from bench.datasets import hub
from bench.datasets.sources import ArxivSimSource, HubSource, Source
from bench.system.cache import Cache


def download(source: Source) -> Path:
    """Download a published dataset and return its folder.

    Raises:
        BenchError: the dataset is not of a kind that is downloaded, or the download fails.
    """
    if not isinstance(source, HubSource):
        raise BenchError(f"dataset '{source.name}' cannot be downloaded; use dataset=arxiv-small, -medium or -large")
    hub.download(source.repo, source.revision, source.folder)
    return source.folder


def generate(source: Source, cache: Cache) -> Path:
    """Generate arxiv-sim at a size, unless it is there, and return its folder.

    Raises:
        BenchError: the dataset is not of a kind that is generated.
    """
    if not isinstance(source, ArxivSimSource):
        raise BenchError(f"dataset '{source.name}' cannot be generated; use dataset=arxiv-sim")
    folder = source.open(cache).folder
    assert folder is not None
    return folder
