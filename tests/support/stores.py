"""Stores as reports meet them: varied, large, and odd."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from bench.core.filters import FilterType
from bench.results.rows import Row
from bench.results.store import Store
from tests.support.rows import curve, many, query_table, row

CONFIGURED = {"acorn": 1.0, "ung": 2.2, "caps": 0.5, "hnswlib_infilter": 0.7, "prefilter": 0.3, "stitched_vamana": 2.1}


def varied(store: Store) -> Path:
    """Fill a store with configured and other methods, every filter type's failures, several sizes and k; return it."""
    rng = np.random.default_rng(0)
    rows = [_measured(one, rng) for one in many(7)]
    for number, (name, speed) in enumerate(CONFIGURED.items()):
        for selectivity in (0.01, 0.1, 0.5):
            controlled = {"controlled": "selectivity", "controlled_value": selectivity, "selectivity_mean": selectivity}
            workload = {"workload": f"em_selectivity_{selectivity}", "workload_digest": f"w{selectivity}"}
            rows += [
                _measured(one, rng)
                for one in curve(name, speed * (1 + selectivity * number), 1, **controlled, **workload)
            ]
        rows += [_measured(one, rng) for n in (1000, 4000) for one in curve(name, speed * 1000 / n, 1, n=n)]
        rows += [_measured(one, rng) for one in curve(name, speed * 0.6, 1, k=100, storage="int8", rerank=1.2)]
    settings = sorted({one.search_params for one in rows})
    store.write("r0", 0, rows, [query_table(setting, 40, rng) for setting in settings])
    return store.root


def _measured(one: Row, rng: np.random.Generator) -> Row:
    """Return a row with the measurements that differ from row to row; a failed one as it is."""
    if one.qps is None:
        return one
    p50 = float(rng.uniform(0.1, 2))
    spread = float(rng.uniform(1, 1.2))
    return replace(
        one,
        latency_p50_ms=p50,
        latency_p95_ms=p50 * float(rng.uniform(1.5, 3)),
        latency_p99_ms=p50 * float(rng.uniform(3, 5)),
        build_seconds=float(rng.uniform(0.1, 50)),
        index_bytes=int(rng.integers(1 << 20, 1 << 28)),
        search_memory_bytes=int(rng.integers(1 << 26, 1 << 30)),
        distance_computations=int(rng.integers(1e5, 1e8)),
        fastest_pass_seconds=1.0,
        slowest_pass_seconds=spread,
    )


def large(store: Store) -> Path:
    """Fill a store with 20,000 rows of 45 methods, no two measurements alike; return it."""
    rng = np.random.default_rng(1)
    kinds = {"em": FilterType.EM, "r": FilterType.R, "emis": FilterType.EMIS, "c": FilterType.C}
    rows = [
        _measured(one, rng)
        for workload, kind in kinds.items()
        for k in (10, 100)
        for number in range(45)
        for width in (8, 16, 32)
        for one in curve(
            f"method_{number:02}", 0.1 + 0.05 * number, 3, workload=workload, filter_type=kind, k=k,
            build_params={"M": width},
        )
    ]  # fmt: skip
    rows += [
        _measured(row(algorithm="ung", search_params={"ef": ef}, recall=0.5, qps=ef + 1.5), rng) for ef in range(560)
    ]
    store.write("r0", 0, rows, [])
    return store.root
