"""Where a results folder keeps what can be recomputed."""

from __future__ import annotations

from pathlib import Path

from bench.system.cache import Cache


def results_cache(results: Path) -> Cache:
    """Return the cache of a results folder."""
    return Cache(results / "cache")
