"""The statistics of real abstracts that the generator draws from."""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from bench.core.paths import DATASETS

FOLDER = DATASETS / "arxiv-sim"


@dataclass(frozen=True)
class Residual:
    """The scatter of vectors about their centroid: the pooled covariance, with its leading axes.

    Attributes:
        values: float32[d], eigenvalues in descending order.
        axes: float32[d, a], the first `a` eigenvectors.
    """

    values: NDArray[np.float32]
    axes: NDArray[np.float32]

    def root(self) -> NDArray[np.float32]:
        """Return the symmetric square root of the covariance, float32[d, d]; other axes have equal variance."""
        leading = self.axes.shape[1]
        rest = np.sqrt(self.values[leading:].mean())
        root = (self.axes * (np.sqrt(self.values[:leading]) - rest)) @ self.axes.T
        root[np.diag_indices_from(root)] += rest
        return root


@dataclass(frozen=True)
class Embedding:
    """Statistics of real embeddings.

    Attributes:
        centroids: float32[c, d], of k-means.
        neighbours: int64[c, c - 1], the other centroids, nearest first.
        items: int64[c], items per centroid.
        queries: int64[c], queries per centroid.
        categories: int64[c, categories], items per centroid and first sub-category.
        residual: of the items.
        query_residual: of the queries.
    """

    centroids: NDArray[np.float32]
    neighbours: NDArray[np.int64]
    items: NDArray[np.int64]
    queries: NDArray[np.int64]
    categories: NDArray[np.int64]
    residual: Residual
    query_residual: Residual


@cache
def embedding() -> Embedding:
    """Read the statistics of the embeddings."""
    with np.load(FOLDER / "embedding.npz") as shipped:
        # Centroids are small integers times a step. Sums of products of small integers are exact in float32, so the
        # order of the neighbours does not depend on the BLAS library.
        steps = shipped["centroids"].astype(np.float32)
        norms = np.einsum("ij,ij->i", steps, steps)
        distances = norms[:, None] + norms - 2 * steps @ steps.T
        np.fill_diagonal(distances, -1)
        residuals = (
            Residual(
                np.maximum(shipped[f"{prefix}residual_eigenvalues"], 0),
                shipped[f"{prefix}residual_eigenvectors"].astype(np.float32),
            )
            for prefix in ("", "query_")
        )
        return Embedding(
            steps * np.float32(shipped["centroid_step"]),
            np.argsort(distances, axis=1, kind="stable")[:, 1:],
            shipped["weight"].astype(np.int64),
            shipped["query_weight"].astype(np.int64),
            shipped["category_counts"].astype(np.int64),
            *residuals,
        )


AUTHOR_KNOTS = (0, 1000, 2500, 5000, 7500, 9000, 9900)
DAY_KNOTS = (0, 100, 500, 1000, 2500, 5000, 7500, 9000, 9500, 9900, 10000)
"""The positions of the quantiles, in 1/10,000."""


@dataclass(frozen=True)
class Category:
    """Statistics of the items with one first sub-category.

    Attributes:
        name: for example math.CO.
        sets: the sets of sub-categories, each with `name` first, in the order of their main categories.
        counts: int64[sets], items per set.
        has_comment: fraction of items with a comment, in 1/10,000.
        single_version: fraction of items with one version, in 1/10,000.
        authors: quantiles of the number of authors, at `AUTHOR_KNOTS`.
        days: quantiles of update_date, at `DAY_KNOTS`.
    """

    name: str
    sets: tuple[tuple[str, ...], ...]
    counts: NDArray[np.int64]
    has_comment: int
    single_version: int
    authors: tuple[int, ...]
    days: tuple[int, ...]


@cache
def categories() -> tuple[Category, ...]:
    """Read the statistics of the first sub-categories, in the order of `Embedding.categories`."""
    sets: dict[str, dict[tuple[str, ...], int]] = {}
    with gzip.open(FOLDER / "category_sets.csv.gz", "rt", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            first = row["first_sub_category"]
            others = [name for name in row["sub_categories"].split("|") if name != first]
            sets.setdefault(first, {})[first, *others] = int(row["count"])
    with (FOLDER / "first_sub_category.csv").open(encoding="utf-8", newline="") as file:
        rows = {row["first_sub_category"]: row for row in csv.DictReader(file)}
    with np.load(FOLDER / "embedding.npz") as shipped:
        names = shipped["categories"].tolist()
    return tuple(_category(name, sets[name], rows[name]) for name in names)


def main_categories(sub_categories: Sequence[str]) -> list[str]:
    """Return the parts before the dots, such as math of math.CO, without repeats."""
    return list(dict.fromkeys(name.split(".")[0] for name in sub_categories))


def _category(name: str, sets: dict[tuple[str, ...], int], row: dict[str, str]) -> Category:
    ordered = sorted(sets, key=lambda names: (main_categories(names), names))
    days = [int(row[f"day_p{p}"]) for p in (1, 5, 10, 25, 50, 75, 90, 95, 99)]
    first = max(overall().first_day, 2 * days[0] - days[1])
    return Category(
        name,
        tuple(ordered),
        np.array([sets[names] for names in ordered]),
        round(10_000 * float(row["has_comment"])),
        round(10_000 * float(row["single_version"])),
        (1, *(int(row[f"authors_p{p}"]) for p in (10, 25, 50, 75, 90, 99))),
        (first, *days, overall().last_day),
    )


@dataclass(frozen=True)
class Overall:
    """Statistics of all items.

    Attributes:
        first_day: the earliest update_date, in days since 1970-01-01.
        last_day: the latest.
        number_of_authors: items per number of authors.
        author_octaves: int64[o], how often authors ``2**o .. 2**(o + 1) - 1`` write.
    """

    first_day: int
    last_day: int
    number_of_authors: dict[int, int]
    author_octaves: NDArray[np.int64]


@cache
def overall() -> Overall:
    """Read the statistics that do not depend on the category."""
    shipped = json.loads((FOLDER / "attributes.json").read_text(encoding="utf-8"))
    return Overall(
        shipped["first_day"],
        shipped["last_day"],
        {int(authors): items for authors, items in shipped["number_of_authors"].items()},
        np.array(shipped["author_octaves"]),
    )
