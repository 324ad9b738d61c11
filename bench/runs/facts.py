"""What workers measure: the facts of a build, and the timing of a search."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from bench.system.cache import atomic_file


@dataclass(frozen=True)
class BuildFacts:
    """What a build took; kept beside the index as JSON. Fields are named as the columns of rows that they become.

    Attributes:
        build_seconds: the time of the build alone.
        build_peak_rss_bytes: the most memory that the worker held.
        index_bytes: the size of the saved index; 0 until the worker has ended, when its parent counts the files.
    """

    build_seconds: float
    build_peak_rss_bytes: int
    index_bytes: int = 0


@dataclass(frozen=True)
class Timing:
    """What a search at one setting took and answered; kept as npz.

    Attributes:
        ids: what the method returned for all queries, integer[q, k] if it behaves.
        latencies: seconds of single queries, float64[q]; NaN where not measured.
        prepare_seconds: the time of preparing the filters.
        search_seconds: the time of searching all queries.
        peak_rss: the most memory in bytes that the worker had held by then.
        distance_computations: how many distances were computed; None where unknown, and then not in the file.
    """

    ids: NDArray[Any]
    latencies: NDArray[np.float64]
    prepare_seconds: float
    search_seconds: float
    peak_rss: int
    distance_computations: int | None = None

    def write(self, path: Path) -> None:
        """Write the file; it appears by one rename."""
        values = {f.name: getattr(self, f.name) for f in fields(self)}
        with atomic_file(path) as temporary, temporary.open("wb") as file:
            np.savez(file, **{name: value for name, value in values.items() if value is not None})

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read what `write` wrote."""
        with np.load(path, allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in stored.files}
        # A number was stored as an array without dimensions.
        return cls(**{name: array if array.ndim else array.item() for name, array in arrays.items()})
