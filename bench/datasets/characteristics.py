"""Characteristics of a dataset: of embeddings (norms, distances, correlations), of attributes, and selectivities."""

from __future__ import annotations

import json
import warnings
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.core.attributes import Attributes
from bench.core.columns import Column, Kind, Ordered, Sets
from bench.core.errors import BenchError
from bench.core.masks import FilterBatch
from bench.core.reading import reading
from bench.core.vectors import dense
from bench.datasets.attribute_table import most_common, value_counts
from bench.datasets.selectivity import selectivities

_ITEMS, _PAIRS, _DRAWN, _BINS, _MOST_FREQUENT = 10_000, 100_000, 48, 60, 12

DISTRIBUTIONS = {
    "normal": "norm", "lognormal": "lognorm", "beta": "beta", "gamma": "gamma", "Weibull": "weibull_min",
    "exponential": "expon", "uniform": "uniform", "logistic": "logistic", "Student's t": "t", "Gumbel": "gumbel_r",
}  # fmt: skip
"""The distributions to fit to distances: their names here and in `scipy.stats`."""


@dataclass(frozen=True)
class Histogram:
    """Counts of values between edges, with mean and standard deviation.

    Attributes:
        edges: of the bins, one more than counts.
        counts: how many values are in each bin.
        mean: mean of the values.
        std: their standard deviation.
    """

    edges: list[float]
    counts: list[int]
    mean: float
    std: float


@dataclass(frozen=True)
class Characteristics:
    """The characteristics of a dataset; plain data that JSON can hold.

    Attributes:
        dataset: its name.
        n: number of items.
        dim: number of dimensions.
        norms: norms of a sample of the items.
        distances: distances between random pairs of the sample.
        fits: the Kolmogorov-Smirnov distance of each of `DISTRIBUTIONS` to the distances, the best first.
        correlation: the mean absolute correlation of two different dimensions.
        matrix: absolute correlations of some evenly spaced dimensions, for drawing.
        attributes: by attribute: its `kind`, the fraction of items where it is `present`, the number of `distinct`
            values, and `values`, the most frequent ones with the fraction of items that have them. An ordered attribute
            also has `quantiles`; one with many values has, instead of `values`, a `histogram` and the fraction of
            values `beyond` it. A set has `labels`, their mean number per item that has any.
        selectivities: by workload: the fraction of items that pass the filter of each query, ascending.
    """

    dataset: str
    n: int
    dim: int
    norms: Histogram
    distances: Histogram
    fits: dict[str, float]
    correlation: float
    matrix: list[list[float]]
    attributes: dict[str, dict[str, Any]]
    selectivities: dict[str, list[float]]

    def save(self, path: Path) -> None:
        """Write a JSON file."""
        path.write_text(json.dumps(asdict(self), indent=1))

    @classmethod
    def load(cls, path: Path) -> Characteristics:
        """Read what `save` wrote.

        Raises:
            BenchError: the file is damaged, or of an older version that lacks a field.
        """
        with reading(path, "description of this version", "delete it and run the study again"):
            plain = json.loads(path.read_text())
            plain |= {name: Histogram(**plain[name]) for name in ("norms", "distances")}
            loaded = cls(**plain)
            if any(facts["kind"] == Kind.ORDERED and "quantiles" not in facts for facts in loaded.attributes.values()):
                raise KeyError("quantiles")
            return loaded


def describe_embeddings(vectors: NDArray[Any], seed: int = 0) -> dict[str, Any]:
    """Return the fields of `Characteristics` that describe vectors [n, d], from a sample of them.

    Raises:
        BenchError: there are fewer than two vectors.
    """
    rng = np.random.default_rng(seed)
    n, dim = vectors.shape
    if n < 2:
        raise BenchError(f"the dataset has {n} item(s); its characteristics need the distances of at least two")
    items = np.sort(rng.choice(n, min(n, _ITEMS), replace=False))
    rows = dense(vectors, items).astype(np.float64)
    pairs = rng.integers(0, len(rows), (2, _PAIRS))
    first, second = pairs[:, pairs[0] != pairs[1]]
    distances = np.sqrt(np.maximum(_squared_distances(rows, first, second), 0))
    deviations = rows.std(axis=0)
    scaled = (rows - rows.mean(axis=0)) / np.where(deviations > 0, deviations, 1)
    correlations = np.abs(scaled.T @ scaled) / len(rows)
    shown = np.unique(np.linspace(0, dim - 1, min(dim, _DRAWN)).astype(int))
    return {
        "n": n,
        "dim": dim,
        "norms": histogram(np.linalg.norm(rows, axis=1)),
        "distances": histogram(distances),
        "fits": fit_distributions(distances),
        "correlation": float((correlations.sum() - np.trace(correlations)) / max(1, dim * (dim - 1))),
        "matrix": np.round(correlations[np.ix_(shown, shown)], 4).tolist(),
    }


def _squared_distances(
    rows: NDArray[np.float64], first: NDArray[np.int64], second: NDArray[np.int64]
) -> NDArray[np.float64]:
    norms = (rows**2).sum(axis=1)
    blocks = zip(np.array_split(first, 64), np.array_split(second, 64), strict=True)
    products = [np.einsum("ij,ij->i", rows[a], rows[b]) for a, b in blocks]
    return norms[first] + norms[second] - 2 * np.concatenate(products)


def histogram(values: NDArray[np.float64]) -> Histogram:
    """Return the histogram of values, with one bar per number if they are few whole numbers, one if all are equal."""
    bins: Any = 1 if _is_constant(values) else _BINS
    if not _is_constant(values) and np.ptp(values) < _BINS and (values % 1 == 0).all():
        bins = np.arange(values.min(), values.max() + 2) - 0.5  # else some bars would hold two numbers and others one
    counts, edges = np.histogram(values, bins=bins)
    return Histogram(edges.tolist(), counts.tolist(), float(values.mean()), float(values.std()))


def _is_constant(values: NDArray[np.float64]) -> bool:
    """Return whether all values are equal, except for rounding."""
    return bool(np.ptp(values) <= 1e-9 * abs(values[0]))


def fit_distributions(values: NDArray[np.float64], most: int = 5000) -> dict[str, float]:
    """Return the Kolmogorov-Smirnov distance of values to each of `DISTRIBUTIONS`, the nearest first.

    Distributions are fitted by maximum likelihood to the first `most` values. A distribution that cannot be fitted has
    the largest distance, 1; if the values are equal, all have it.
    """
    from scipy import stats  # takes a second, and nothing else here needs it

    values = values[:most]
    if _is_constant(values):
        return dict.fromkeys(DISTRIBUTIONS, 1.0)
    distances = {}
    for name, scipy_name in DISTRIBUTIONS.items():
        distribution = getattr(stats, scipy_name)
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            try:
                parameters = distribution.fit(values)
                distance = float(stats.kstest(values, distribution.cdf, args=parameters).statistic)
            except (ValueError, RuntimeError, ArithmeticError):  # how SciPy fails to fit, or overflows
                distance = 1.0
        distances[name] = distance if np.isfinite(distance) else 1.0
    return dict(sorted(distances.items(), key=lambda item: item[1]))


def describe_attributes(attributes: Attributes) -> dict[str, dict[str, Any]]:
    """Return the field `attributes` of `Characteristics`, without those that filters cannot test."""
    return {name: _describe(column) for name, column in attributes.columns() if not isinstance(column, BenchError)}


def _describe(column: Column) -> dict[str, Any]:
    n, (present, counts) = len(column), value_counts(column)
    facts = {
        "kind": str(column.kind),
        "present": present / max(1, n),
        "distinct": sum(count > 0 for count in counts.values()),
    }
    if isinstance(column, Ordered):
        values = column.values[column.present]
        values = values[np.isfinite(values)]
        facts["quantiles"] = np.quantile(values, (0, 0.25, 0.5, 0.75, 1)).tolist() if len(values) else []
        if len(counts) > 3 * _MOST_FREQUENT:
            return facts | _without_tail(values)
        return facts | {"values": [[str(column.given(value)), count / n] for value, count in counts.items()]}
    if isinstance(column, Sets):
        facts = {"labels": len(column.codes) / max(1, present)} | facts
    frequent = most_common(counts, _MOST_FREQUENT)
    names = {True: "true", False: "false"} if column.kind is Kind.BOOLEAN else {}
    return facts | {"values": [[names.get(value, str(value)), count / n] for value, count in frequent]}


def _without_tail(values: NDArray[Any]) -> dict[str, Any]:
    """Return the histogram of values, without the few largest if these would take up most of the axis."""
    low, high, most = values.min(), values.max(), np.quantile(values, 0.995)
    if high - most > most - low:
        high = most
    shown = values[values <= high]
    return {"histogram": asdict(histogram(shown.astype(np.float64))), "beyond": 1 - len(shown) / len(values)}


def describe_selectivities(filters: FilterBatch) -> list[float]:
    """Return the fraction of items that pass the filter of each query, ascending."""
    return np.sort(selectivities(filters)).tolist()


def load_characteristics(results: Path) -> dict[str, Characteristics]:
    """Return the characteristics of every dataset by its name; of several of one name, those with the most items.

    Raises:
        BenchError: a file is damaged.
    """
    loaded = [Characteristics.load(path) for path in sorted((results / "characteristics").glob("*.json"))]
    return {one.dataset: one for one in sorted(loaded, key=lambda one: (one.n, one.dim))}
