"""The columns of stored rows."""

from __future__ import annotations

from enum import StrEnum

import pyarrow as pa


class Status(StrEnum):
    """How a search setting of a run ended."""

    OK = "ok"
    TIMEOUT = "timeout"
    OUT_OF_MEMORY = "out_of_memory"
    CRASHED = "crashed"
    INVALID = "invalid"
    UNSUPPORTED = "unsupported"


_TEXT, _INT, _REAL, _TRUTH = pa.string(), pa.int64(), pa.float64(), pa.bool_()


SCHEMA = pa.schema(
    [
        ("run_id", _TEXT),
        ("status", _TEXT),
        ("error", _TEXT),
        ("dataset", _TEXT),
        ("n", _INT),
        ("dim", _INT),
        ("workload", _TEXT),
        ("filter_type", _TEXT),
        ("k", _INT),
        ("queries", _INT),
        ("algorithm", _TEXT),
        ("build_params", _TEXT),
        ("search_params", _TEXT),
        ("repeat", _INT),
        ("seed", _INT),
        ("threads_build", _INT),
        ("threads_search", _INT),
        ("recall", _REAL),
        ("recall_paper", _REAL),
        ("underfill", _REAL),
        ("violations", _INT),
        ("unordered", _INT),
        ("unmatched", _INT),
        ("qps", _REAL),
        ("qps_with_prepare", _REAL),
        ("latency_p50_ms", _REAL),
        ("latency_p95_ms", _REAL),
        ("latency_p99_ms", _REAL),
        ("build_seconds", _REAL),
        ("build_peak_rss_bytes", _INT),
        ("search_peak_rss_bytes", _INT),
        ("index_bytes", _INT),
        ("storage", _TEXT),
        ("storage_error", _REAL),
        ("distance_computations", _INT),
        ("selectivity_mean", _REAL),
        ("started_at", pa.timestamp("us", "UTC")),
        ("build_id", _TEXT),
        ("data_digest", _TEXT),
        ("code_revision", _TEXT),
        ("code_dirty", _TRUTH),
        ("code_digest", _TEXT),
        ("libraries", _TEXT),
        ("cpu_model", _TEXT),
        ("cores", _INT),
        ("memory_bytes", _INT),
        ("kernel", _TEXT),
    ]
)
"""The columns of a row: one (run, search setting, repeat). A figure that is unknown is null."""


QUERY_SCHEMA = pa.schema(
    [
        ("search_params", _TEXT),
        ("query", pa.int32()),
        ("recall", pa.float32()),
        ("latency_ms", pa.float32()),
        ("selectivity", pa.float32()),
        ("returned", pa.int32()),
    ]
)
"""The columns of a per-query file; latency is null for queries whose latency was not measured alone."""
