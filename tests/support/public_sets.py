"""Small datasets in the layouts of public filtered sets, with the answers that their publishers would give."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from tests.support.small_dataset import clustered, write_lines

N, DIM, Q, K = 300, 12, 15, 10
ITEMS = clustered(N, DIM, 1)
QUERIES = clustered(Q, DIM, 2)
WORDS = ("by", "sa", "nc", "nd")
_rng = np.random.default_rng(3)
LABELS = [sorted(set(_rng.integers(0, 20, _rng.integers(0, 6)).tolist())) for _ in range(N)]
"""What every item has."""
WANTED = [[q % 20] if q % 3 else sorted(LABELS[20 + q][:2]) for q in range(Q)]
"""What every query asks for: one label, two, or none."""


def nearest(passing: Sequence[Sequence[bool]], metric: str = "l2", k: int = K) -> list[list[int]]:
    """Return the ids of the nearest items that pass, per query."""
    x, y = ITEMS.astype(np.float64), QUERIES.astype(np.float64)
    if metric == "cosine":
        x, y = (rows / np.linalg.norm(rows, axis=1, keepdims=True) for rows in (x, y))
    distances = ((x[None] - y[:, None]) ** 2).sum(axis=2)
    distances[~np.array(passing)] = np.inf
    order = np.argsort(distances, axis=1, kind="stable")[:, :k]
    return [[int(i) for i in row if np.isfinite(distances[q, i])] for q, row in enumerate(order)]


def by_labels() -> list[list[int]]:
    """Return the nearest items with all labels that each query asks for."""
    return nearest([[set(wanted) <= set(labels) for labels in LABELS] for wanted in WANTED])


def write_bin(path: Path, rows: NDArray[Any]) -> None:
    """Write a file of n and d as uint32 and of values."""
    path.write_bytes(np.uint32(rows.shape).tobytes() + np.ascontiguousarray(rows).tobytes())


def write_ibin(path: Path, lists: list[list[int]]) -> None:
    """Write answers with distances, as big-ann-benchmarks does; lists are padded with -1."""
    ids = np.array([row + [-1] * (K - len(row)) for row in lists], "<i4")
    path.write_bytes(np.uint32(ids.shape).tobytes() + ids.tobytes() + bytes(4 * ids.size))


def write_spmat(path: Path, lists: list[list[int]], columns: int) -> None:
    """Write a sparse matrix of ones."""
    starts, entries = np.cumsum([0, *map(len, lists)]), np.concatenate([np.array(row, "<i4") for row in lists])
    header = np.array([len(lists), columns, len(entries)], "<i8").tobytes()
    values = np.ones(len(entries), "<f4").tobytes()
    path.write_bytes(header + starts.astype("<i8").tobytes() + entries.astype("<i4").tobytes() + values)


def write_yfcc(folder: Path) -> Path:
    """Write the files of YFCC-10M, whose vectors here are float32 so that nothing ties."""
    write_bin(folder / "base.fbin", ITEMS)
    write_bin(folder / "query.fbin", QUERIES)
    write_spmat(folder / "base.metadata.10M.spmat", LABELS, 20)
    write_spmat(folder / "query.metadata.public.100K.spmat", WANTED, 20)
    write_ibin(folder / "GT.public.ibin", by_labels())
    return folder


def write_diskann(folder: Path, *, as_json: bool) -> Path:
    """Write vectors with labels as text, or as JSON with further attributes."""
    write_bin(folder / "base.fbin", ITEMS)
    write_bin(folder / "query.fbin", QUERIES)
    write_ibin(folder / "truth.bin", by_labels())
    if as_json:
        write_lines(
            folder / "labels.jsonl",
            [{"doc_id": i, "tags": [str(t) for t in tags], "specs": {"cores": i % 8}} for i, tags in enumerate(LABELS)],
        )
        filters = [{"$and": [{"tags": {"$eq": str(t)}} for t in wanted]} for wanted in WANTED]
        nothing = {"specs.cores": {"$gte": 0}}
        lines = [{"query_id": q, "filter": f if f["$and"] else nothing} for q, f in enumerate(filters)]
        write_lines(folder / "query_labels.jsonl", lines)
    else:
        (folder / "base_labels.txt").write_text("".join(",".join(map(str, tags)) + "\n" for tags in LABELS))
        (folder / "query_labels.txt").write_text("".join("&".join(map(str, tags)) + "\n" for tags in WANTED))
    return folder


def write_qdrant(folder: Path) -> Path:
    """Write vectors.npy, payloads.jsonl and tests.jsonl, with a match, a range or both per query."""
    np.save(folder / "vectors.npy", ITEMS)
    payloads = [{"word": WORDS[i % 4], "price": i / 7, "tags": [str(t) for t in LABELS[i]]} for i in range(N)]
    write_lines(folder / "payloads.jsonl", payloads)
    conditions, passing = [], []
    for q in range(Q):
        match = {"word": {"match": {"value": WORDS[q % 4]}}}
        span = {"price": {"range": {"gt": 1.0 + q, "lte": 20.0 + q}}}
        parts = [[match], [span], [match, span]][q % 3]
        conditions.append({"and": parts})
        fits = {"word": lambda item, q=q: item["word"] == WORDS[q % 4],
                "price": lambda item, q=q: 1.0 + q < item["price"] <= 20.0 + q}  # fmt: skip
        passing.append([all(fits[key](item) for part in parts for key in part) for item in payloads])
    answers = nearest(passing, "cosine")
    write_lines(
        folder / "tests.jsonl",
        [
            {"query": query.tolist(), "conditions": c, "closest_ids": ids, "closest_scores": [0.5] * len(ids)}
            for query, c, ids in zip(QUERIES, conditions, answers, strict=True)
        ],
    )
    return folder


def write_vectordbbench(folder: Path) -> Path:
    """Write two shuffled shards of items with ids, labels in the order of the ids, and answers that name ids."""
    ids = np.random.default_rng(5).permutation(N)  # row i has the id ids[i]
    emb = pa.array(ITEMS.tolist(), pa.list_(pa.float32()))
    for shard, rows in enumerate((slice(0, 200), slice(200, N))):
        table = pa.table({"id": ids[rows], "emb": emb[rows]})
        pq.write_table(table, folder / f"shuffle_train-{shard:02}-of-02.parquet")
    pq.write_table(pa.table({"id": range(Q), "emb": QUERIES.astype(np.float64).tolist()}), folder / "test.parquet")
    label_of = np.array(["label_50p", "label_1p"])[(np.arange(N) % 9 == 0).astype(int)]  # of an id
    pq.write_table(pa.table({"id": range(N), "labels": label_of}), folder / "scalar_labels.parquet")
    of_row = label_of[ids]
    for name, passing in (("", of_row != ""), ("_labels_label_1p", of_row == "label_1p")):
        lists = [[int(ids[row]) for row in rows] for rows in nearest([passing] * Q, "cosine")]
        pq.write_table(pa.table({"id": range(Q), "neighbors_id": lists}), folder / f"neighbors{name}.parquet")
    return folder


def write_table(folder: Path) -> Path:
    """Write three shards of items with columns; the queries are the last rows."""
    rows = np.vstack([ITEMS, QUERIES])
    whole = pa.table(
        {
            "url": [f"https://example.org/{i}" for i in range(len(rows))],
            "similarity": np.linspace(0, 1, len(rows)),
            "license": [WORDS[i % 4] for i in range(len(rows))],
            "embedding": pa.array(rows.tolist(), pa.list_(pa.float32(), DIM)),
        }
    )
    for shard, (start, stop) in enumerate(((0, 100), (100, 250), (250, len(rows)))):
        pq.write_table(whole[start:stop], folder / f"train-{shard:05}-of-00003.parquet", row_group_size=40)
    return folder


def lines_of(path: Path) -> list[Any]:
    """Return the objects of JSON lines."""
    return [json.loads(line) for line in path.read_text().splitlines()]
