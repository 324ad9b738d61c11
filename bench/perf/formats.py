"""Storage formats: our HNSW over codes of each, without a filter, on one thread."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from algorithms.baselines.hnsw import HnswPostFilter
from algorithms.baselines.hnsw_params import HnswBuild
from bench.core.formats import Storage, encode
from bench.measuring.rerank import Reranked
from bench.perf.hnsw import SETTINGS, unfiltered_data, unfiltered_filters
from bench.perf.turns import Contender, K, curves, qps_at, through_disk
from bench.truth.search import exact_search

RECALL = 0.95


def ratios(vectors: NDArray[np.float32], queries: NDArray[np.float32]) -> pd.DataFrame:
    """Return the cost and the gain of each format, relative to float32.

    The graph of a format is built over its codes. As many candidates per answer as it asks for are ranked exactly.

    Args:
        vectors: float32[n, d].
        queries: float32[q, d].

    Returns:
        A row per format: bytes per item, the mean relative error of a vector, QPS at a recall of 0.95 and their ratio
        to those of float32, and the largest loss of recall relative to float32 at the same setting.
    """
    filters = unfiltered_filters(vectors, queries)
    truth = exact_search(vectors, queries, filters, K)
    contenders: dict[str, Contender] = {}
    errors = {Storage.FLOAT32: 0.0}
    for storage in Storage:
        data = unfiltered_data(vectors, 2)
        if storage is Storage.FLOAT32:
            contenders[storage] = Contender(through_disk(HnswPostFilter, HnswBuild(), data), SETTINGS, filters, truth)
            continue
        codes = encode(vectors, storage)
        lengths = np.maximum(np.linalg.norm(vectors, axis=1), np.finfo(np.float32).tiny)
        errors[storage] = float(np.mean(np.linalg.norm(vectors - codes.decode(), axis=1) / lengths))
        index = through_disk(HnswPostFilter, HnswBuild(), replace(data, codes=codes))
        contenders[storage] = Contender(Reranked(index, vectors, data.metric, storage.rerank), SETTINGS, filters, truth)
    curve_of = curves(contenders, vectors, queries)
    plain = curve_of[Storage.FLOAT32]
    return pd.DataFrame(
        {
            "measure": "storage",
            "format": storage,
            "bytes": storage.vector_bytes(vectors.shape[1]),
            "error": errors[storage],
            "qps": qps_at(curve_of[storage], RECALL),
            "/ float32": qps_at(curve_of[storage], RECALL) / qps_at(plain, RECALL),
            "least recall - float32's": float((curve_of[storage].recall - plain.recall).min()),
        }
        for storage in Storage
    )
