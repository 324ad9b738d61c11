"""What HNSW is built with, by whichever engine."""

from __future__ import annotations

from dataclasses import dataclass

from algorithms.base import param


@dataclass(frozen=True)
class HnswBuild:
    """Build parameters of HNSW."""

    M: int = param(16, "edges per node; twice as many on the lowest layer", low=2, high=512)
    ef_construction: int = param(
        200, "width of the search for neighbours; in hnswlib, M if that is more", low=1, high=10_000
    )
