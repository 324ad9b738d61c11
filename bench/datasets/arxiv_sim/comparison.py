"""Comparison of a dataset with the statistics of real abstracts."""

from __future__ import annotations

import csv
import itertools
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bench.core.attributes import Attributes
from bench.core.columns import Sets
from bench.core.errors import BenchError
from bench.core.filters import Everything
from bench.core.masks import FilterBatch
from bench.core.vectors import open_vectors
from bench.datasets.arxiv_sim.statistics import FOLDER
from bench.datasets.attribute_table import value_counts
from bench.datasets.json_attributes import attributes_to_parquet
from bench.datasets.layout import ATTRIBUTES, PUBLISHED_WORKLOADS, QUERIES, VECTORS, filters_file, read_filters
from bench.datasets.selectivity import percentiles, selectivities
from bench.truth.search import exact_search

ITEMS, DIM = 50_000, 384
"""The size of the sample on which the real vectors were measured."""

_NEIGHBOURS = 100
_PAIRS = 20_000
_EF = (16, 32, 64, 128, 256)


def compare(folder: Path, *, sample: int = 2000, seed: int = 0) -> pd.DataFrame:
    """Compare a folder of the published layout with real abstracts.

    Distances, intrinsic dimension and recall depend on the number of items. They are measured on the first 50,000, and
    not judged if there are fewer or if the vectors do not have 384 dimensions.

    Args:
        folder: contains vectors, queries, attributes and, optionally, filters of EM, R and EMIS.
        sample: for how many items, and how many queries, neighbours are searched.
        seed: of the sample.

    Returns:
        A row per figure: `figure`, its `real` value, its value `here`, the `tolerance` of their difference (NaN if
        there is none), and whether it is `within` the tolerance (None if it is not judged).

    Raises:
        BenchError: a file is missing or damaged.
    """
    vectors = np.ascontiguousarray(open_vectors(folder / VECTORS)[:ITEMS], np.float32)
    queries = np.ascontiguousarray(open_vectors(folder / QUERIES)[:sample], np.float32)
    with tempfile.TemporaryDirectory() as scratch:
        attributes = _head(folder / ATTRIBUTES, Path(scratch))
        vector_figures = dict(_neighbourhoods(vectors, queries, attributes, sample, np.random.default_rng(seed)))
        here = vector_figures | dict(_distributions(attributes)) | dict(_selectivities(folder, attributes))
    comparable = vectors.shape == (ITEMS, DIM)
    rows = []
    with (FOLDER / "real.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            name, real, tolerance = row["figure"], float(row["real"]), float(row["tolerance"] or "nan")
            if row["of"] == "relative":
                tolerance *= real
            value = here.get(name, float("nan"))
            judged = not np.isnan([value, tolerance]).any() and (comparable or name not in vector_figures)
            within = bool(abs(value - real) <= tolerance) if judged else None
            rows.append({"figure": name, "real": real, "here": value, "tolerance": tolerance, "within": within})
    return pd.DataFrame(rows).astype({"within": object})


def _head(source: Path, scratch: Path) -> Attributes:
    """Open the attributes of the first items."""
    if not source.is_file():
        raise BenchError(f"there is no file {source}")
    # Under the same name, so that errors of the conversion name the file of the user.
    head = scratch / source.name
    with source.open("rb") as file, head.open("wb") as out:
        out.writelines(itertools.islice(file, ITEMS))
    attributes_to_parquet(head, scratch / "attributes.parquet")
    return Attributes.open(scratch / "attributes.parquet")


def _neighbourhoods(
    vectors: NDArray[np.float32],
    queries: NDArray[np.float32],
    attributes: Attributes,
    sample: int,
    random: np.random.Generator,
) -> Iterator[tuple[str, float]]:
    chosen = np.sort(random.choice(len(vectors), min(sample, len(vectors)), replace=False))
    # The nearest item to an item is the item itself.
    item_ids, item_distances = _nearest(vectors, vectors[chosen], _NEIGHBOURS + 1)
    item_ids, item_distances = item_ids[:, 1:], item_distances[:, 1:]
    query_ids, query_distances = _nearest(vectors, queries, _NEIGHBOURS)
    for kind, distances in (("items", item_distances), ("queries", query_distances)):
        if distances.shape[1] == _NEIGHBOURS:
            yield f"intrinsic dimension of {kind}, median", float(np.median(_intrinsic_dimension(distances)))
        for rank in (1, 10, 100):
            if rank <= distances.shape[1]:
                yield f"distance of {kind} to neighbour {rank}, median", float(np.median(distances[:, rank - 1]))
    one, other = random.integers(0, len(vectors), (2, _PAIRS))
    apart = np.linalg.norm(vectors[one] - vectors[other], axis=1)[one != other]
    if len(apart):
        yield "distance of random items, mean", float(apart.mean())
        yield "distance of random items, deviation", float(apart.std())
    mains = attributes["main_categories"]
    if isinstance(mains, Sets):
        overlap = _overlap(mains)
        yield (
            "items and their 10 neighbours that share a main category",
            float(overlap(chosen[:, None], item_ids[:, :10]).mean()),
        )
        yield "random items that share a main category", float(overlap(one, other).mean())
    yield from _recalls(vectors, queries, query_ids[:, :10])


def _nearest(
    vectors: NDArray[np.float32], queries: NDArray[np.float32], k: int
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return ids and L2 distances of the k nearest items, or of all if there are fewer."""
    everything = FilterBatch([Everything()] * len(queries), Attributes(len(vectors), {}))
    truth = exact_search(vectors, queries, everything, min(k, len(vectors)))
    return truth.ids, np.sqrt(truth.distances)


def _intrinsic_dimension(distances: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the maximum-likelihood estimate (Levina and Bickel, 2004) from ascending distances [m, k]."""
    near = np.maximum(distances[:, :-1], np.finfo(np.float32).eps)
    return 1 / np.log(distances[:, -1:] / near).mean(1)


def _overlap(sets: Sets) -> Callable[[NDArray[np.int64], NDArray[np.int64]], NDArray[np.bool_]]:
    """Return a function of two arrays of items that tests whether the sets of each pair overlap."""
    has = np.zeros((len(sets), len(sets.vocabulary)), np.bool_)
    has[np.repeat(np.arange(len(sets)), np.diff(sets.offsets)), sets.codes] = True

    return lambda one, other: np.any(has[one] & has[other], axis=-1)


def _recalls(
    vectors: NDArray[np.float32], queries: NDArray[np.float32], truth: NDArray[np.int64]
) -> Iterator[tuple[str, float]]:
    import hnswlib

    index = hnswlib.Index("l2", vectors.shape[1])
    index.init_index(len(vectors), M=16, ef_construction=200, random_seed=100)
    index.add_items(vectors)
    for ef in _EF:
        index.set_ef(max(ef, truth.shape[1]))
        ids = index.knn_query(queries, truth.shape[1])[0].astype(np.int64)
        hits = (ids[:, :, None] == truth[:, None, :]).any(2)
        yield f"recall@10 of hnswlib at ef {ef}", float(hits.mean())


def _distributions(attributes: Attributes) -> Iterator[tuple[str, float]]:
    n = attributes.n
    _, sizes = value_counts(attributes["number_of_sub_categories"])
    yield "items with 1 sub-category", sizes.get(1, 0) / n
    for size in (2, 3):
        yield f"items with {size} sub-categories", sizes.get(size, 0) / n
    yield "items with 4 or more sub-categories", sum(count for size, count in sizes.items() if size >= 4) / n
    _, comments = value_counts(attributes["has_comment"])
    yield "items with a comment", comments[True] / n


def _selectivities(folder: Path, attributes: Attributes) -> Iterator[tuple[str, float]]:
    for kind, attribute in PUBLISHED_WORKLOADS.items():
        path = folder / filters_file(kind)
        if path.is_file():
            batch = FilterBatch(read_filters(path, kind, attribute, attributes[attribute]), attributes)
            for name, value in percentiles(selectivities(batch)).items():
                yield f"{kind} selectivity, percentile {name.removeprefix('p')}", value
