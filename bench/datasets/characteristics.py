"""What data is like: embeddings (norms, distances, correlations), values of attributes, selectivities of queries."""

from __future__ import annotations

import json
import warnings
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.core.attributes import Attributes, Boolean, Categorical, Column, Kind, Ordered
from bench.core.errors import BenchError
from bench.core.masks import FilterBatch
from bench.core.vectors import dense

_ITEMS, _PAIRS, _DRAWN, _BINS, _MOST_FREQUENT = 10_000, 100_000, 48, 60, 12

DISTRIBUTIONS = {
    "normal": "norm", "lognormal": "lognorm", "beta": "beta", "gamma": "gamma", "Weibull": "weibull_min",
    "exponential": "expon", "uniform": "uniform", "logistic": "logistic", "Student's t": "t", "Gumbel": "gumbel_r",
}  # fmt: skip
"""The distributions that are fitted to distances, by their names in `scipy.stats`."""


@dataclass(frozen=True)
class Histogram:
    """Counts of values between edges, with mean and standard deviation.

    Attributes:
        edges: one more than counts.
        counts: how many values lie between two edges.
        mean: of the values.
        std: their standard deviation.
    """

    edges: list[float]
    counts: list[int]
    mean: float
    std: float


@dataclass(frozen=True)
class Characteristics:
    """What is known of a dataset; plain data, as JSON holds it.

    Attributes:
        dataset: its name.
        n: how many items.
        dim: how many dimensions.
        norms: of a sample of the items.
        distances: between random pairs of them.
        fits: the Kolmogorov-Smirnov distance of each of `DISTRIBUTIONS` to the pairwise distances, best first.
        correlation: the mean absolute correlation of two different dimensions.
        matrix: absolute correlations of some evenly spread dimensions, for drawing.
        attributes: per attribute its `kind`, the share `present`, how many are `distinct`, and `values`: the most
            frequent ones with the share of items that have them, or of an ordered one of many values a `histogram`
            and the share of values `beyond` it; `quantiles` of an ordered one, `labels` per item of a set.
        selectivities: per workload the share of items that pass each query's filter, ascending.
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
            BenchError: the file is damaged, or lacks what an older version did not write.
        """
        try:
            plain = json.loads(path.read_text())
            plain |= {name: Histogram(**plain[name]) for name in ("norms", "distances")}
            known = cls(**plain)
            if any(facts["kind"] == Kind.ORDERED and "quantiles" not in facts for facts in known.attributes.values()):
                raise KeyError("quantiles")
            return known
        except (ValueError, TypeError, KeyError) as error:
            raise BenchError(f"{path} is damaged or old ({error}); delete it and run the study again") from error


def describe_embeddings(vectors: NDArray[Any], seed: int = 0) -> dict[str, Any]:
    """Return the fields of `Characteristics` that are about vectors, [n, d], from a sample of them.

    Raises:
        BenchError: SciPy is not installed, or there are no two vectors to measure a distance between.
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
        "fits": fitted(distances),
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
    """Return the histogram of values: few whole numbers have a bar each, and values that are all one have one."""
    bins: Any = 1 if _alike(values) else _BINS
    if not _alike(values) and np.ptp(values) < _BINS and (values % 1 == 0).all():
        bins = np.arange(values.min(), values.max() + 2) - 0.5  # else some bars hold two numbers and others one
    counts, edges = np.histogram(values, bins=bins)
    return Histogram(edges.tolist(), counts.tolist(), float(values.mean()), float(values.std()))


def _alike(values: NDArray[np.float64]) -> bool:
    return bool(np.ptp(values) <= 1e-9 * abs(values[0]))


def fitted(values: NDArray[np.float64], most: int = 5000) -> dict[str, float]:
    """Return how far each of `DISTRIBUTIONS`, fitted by maximum likelihood, is from values, the nearest first.

    A distribution that cannot be fitted is as far as can be: 1. None can be to values that are all alike.

    Raises:
        BenchError: SciPy is not installed.
    """
    try:
        from scipy import stats
    except ImportError as error:
        raise BenchError("fitting distributions needs an extra: pip install 'fanns-bench[study]'") from error
    values = values[:most]
    if _alike(values):
        return dict.fromkeys(DISTRIBUTIONS, 1.0)
    found = {}
    for name, of_scipy in DISTRIBUTIONS.items():
        distribution = getattr(stats, of_scipy)
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            try:
                parameters = distribution.fit(values)
                distance = float(stats.kstest(values, distribution.cdf, args=parameters).statistic)
            except (ValueError, RuntimeError, ArithmeticError):  # SciPy's errors of a fit, and its overflows
                distance = 1.0
        found[name] = distance if np.isfinite(distance) else 1.0
    return dict(sorted(found.items(), key=lambda item: item[1]))


def describe_attributes(attributes: Attributes) -> dict[str, dict[str, Any]]:
    """Return per attribute what `Characteristics.attributes` says."""
    return {name: _described(attributes[name]) for name in attributes.kinds}


def _described(column: Column) -> dict[str, Any]:
    n = len(column)
    if isinstance(column, Ordered):
        values = column.values[column.present]
        distinct, counts = np.unique(values, return_counts=True)
        common = {"kind": str(column.kind), "present": len(values) / max(1, n), "distinct": len(distinct)}
        common["quantiles"] = np.quantile(values, (0, 0.25, 0.5, 0.75, 1)).tolist() if len(values) else []
        if len(distinct) > 3 * _MOST_FREQUENT:
            return common | _without_tail(values)
        return common | {"values": [[str(v), c / n] for v, c in zip(distinct.tolist(), counts.tolist(), strict=True)]}
    labels = {}
    if isinstance(column, Boolean):
        present = int(column.present.sum())
        counter = Counter({str(truth).lower(): int((column.values[column.present] == truth).sum())
                           for truth in (True, False)})  # fmt: skip
    elif isinstance(column, Categorical):
        present = int((column.codes >= 0).sum())
        counter = _counted(column.codes[column.codes >= 0], column.vocabulary)
    else:
        present = int((np.diff(column.offsets) > 0).sum())
        counter = _counted(column.codes, column.vocabulary)
        labels = {"labels": len(column.codes) / max(1, present)}
    return labels | {
        "kind": str(column.kind),
        "present": present / max(1, n),
        "distinct": len(+counter),
        "values": [[value, count / n] for value, count in counter.most_common(_MOST_FREQUENT)],
    }


def _without_tail(values: NDArray[np.int64]) -> dict[str, Any]:
    """Return the histogram of values; where a few of them would take most of the axis, without these."""
    low, high, most = int(values.min()), int(values.max()), int(np.quantile(values, 0.995))
    if high - most > most - low:
        high = most
    shown = values[values <= high]
    return {"histogram": asdict(histogram(shown.astype(np.float64))), "beyond": 1 - len(shown) / len(values)}


def _counted(codes: NDArray[np.int32], vocabulary: tuple[str, ...]) -> Counter[str]:
    return Counter(dict(zip(vocabulary, np.bincount(codes, minlength=len(vocabulary)).tolist(), strict=True)))


def describe_selectivities(filters: FilterBatch) -> list[float]:
    """Return the share of items that pass each query's filter, ascending."""
    return np.sort(filters.matches[filters.index] / filters.attributes.n).tolist()


def all_characteristics(results: Path) -> dict[str, Characteristics]:
    """Return what is known of every dataset, by its name; of several of one name, the one with the most items.

    Raises:
        BenchError: a file is damaged.
    """
    known = [Characteristics.load(path) for path in sorted((results / "characteristics").glob("*.json"))]
    return {one.dataset: one for one in sorted(known, key=lambda one: (one.n, one.dim))}
