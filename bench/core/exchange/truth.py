"""Files of true answers for programs that refuse to run without: their ids are random, so that they say nothing.

=======  ===================================================================
ivecs    per row its length as int32, then ids as int32
diskann  rows and ids per row as uint32, all ids as uint32, then all distances
         as float32
pairs    per answer its id as uint32 and its distance as float32, no header
=======  ===================================================================
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from bench.core.ivecs import write_ivecs

TRUTH_FORMATS = ("ivecs", "diskann", "pairs")


def write_random_truth(path: Path, queries: int, k: int, n: int, seed: int, form: str) -> None:
    """Write `k` random ids below `n` per query, at distance 0, in one of `TRUTH_FORMATS`."""
    ids = np.random.default_rng(seed).integers(n, size=(queries, k), dtype=np.uint32)
    match form:
        case "ivecs":
            write_ivecs(path, list(ids))
        case "diskann":
            with path.open("wb") as file:
                for part in (np.array(ids.shape, np.uint32), ids, np.zeros(ids.shape, np.float32)):
                    part.tofile(file)
        case "pairs":
            pairs = np.zeros(ids.shape, [("id", "<u4"), ("distance", "<f4")])
            pairs["id"] = ids
            pairs.tofile(path)
