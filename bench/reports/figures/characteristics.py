"""Figures and tables of the characteristics of datasets."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from math import ceil
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import PowerNorm
from matplotlib.figure import Figure

from bench.datasets.characteristics import Characteristics, Histogram
from bench.reports.figures.axes import logarithmic
from bench.reports.figures.theme import draw_grid, set_heading, themed
from bench.reports.tables.table import Table

Datasets = Mapping[str, Characteristics]
"""The characteristics of datasets by name."""

_COLOR, _COLUMNS = "#0072b2", 4
_CONSTANT = 1e-4  # relative spread of values that differ by rounding only
_LINES = {"em": "#0072b2", "r": "#d55e00", "emis": "#009e73"}


def norms(datasets: Datasets) -> Figure:
    """Draw the norms of the vectors, a panel per dataset."""
    return _histograms({name: one.norms for name, one in datasets.items()}, "norm", {})


def pairwise_distances(datasets: Datasets) -> Figure:
    """Draw the distances of random pairs, a panel per dataset, and name the distribution that fits best."""
    fits = {name: f"best fit: {_fits(one)[0]}" for name, one in datasets.items()}
    return _histograms({name: one.distances for name, one in datasets.items()}, "distance of a random pair", fits)


@themed
def correlations(datasets: Datasets) -> Figure:
    """Draw the absolute correlations of evenly spaced dimensions, a panel per dataset."""
    figure = Figure(figsize=(3.2 * len(datasets) + 0.6, 3.2), layout="constrained")
    image: Any = None
    row = figure.subplots(1, len(datasets), squeeze=False)[0]
    for axes, (name, one) in zip(row, datasets.items(), strict=True):
        # On a square root scale: most datasets correlate little, and some in all dimensions.
        image = axes.imshow(np.array(one.matrix), "viridis", norm=PowerNorm(0.5, 0, 1), interpolation="nearest")
        axes.set_title(f"{name}\n{len(one.matrix)} of {one.dim} dimensions, mean {one.correlation:.3f}", loc="left")
        axes.set_axis_off()
    figure.colorbar(image, ax=row, shrink=0.8, label="absolute correlation")
    return figure


def embedding_table(datasets: Datasets) -> Table:
    """Return a line per dataset: items, dimensions, correlation, norm, distance and the best fit."""
    header = ["dataset", "items", "dimensions", "mean |correlation|", "norm", "pairwise L2", "best fit", "second best"]
    rows = [
        [
            name,
            f"{one.n:,}",
            f"{one.dim:,}",
            f"{one.correlation:.3f}",
            f"{one.norms.mean:.3g} ± {one.norms.std:.2g}",
            f"{one.distances.mean:.3g} ± {one.distances.std:.2g}",
            *_fits(one)[:2],
        ]
        for name, one in datasets.items()
    ]
    title = "Embeddings, with the best fits of the pairwise distances by Kolmogorov-Smirnov distance"
    return Table(title, header, "lrrrrrll", rows)


def _fits(one: Characteristics) -> list[str]:
    """Return the distributions with their Kolmogorov-Smirnov distances, the nearest first; "none" without a fit."""
    return [f"{name} (KS {distance:.3f})" if distance < 1 else "none" for name, distance in one.fits.items()]


def attribute_table(datasets: Datasets) -> Table:
    """Return a line per attribute: kind, fraction of items with a value, number of values, and frequent values."""
    rows = [
        [name, attribute, facts["kind"], f"{facts['present']:.3%}", f"{facts['distinct']:,}", _commonest(facts)]
        for name, one in datasets.items()
        for attribute, facts in one.attributes.items()
    ]
    return Table("Attributes", ["dataset", "attribute", "kind", "present", "distinct", "most frequent"], "lllrrl", rows)


def _rounded(value: float) -> str:
    """Return a number for a caption, with decimal places where they matter."""
    return f"{value:,.0f}" if abs(value) >= 100 or value == round(value) else f"{value:.3g}"


def _commonest(facts: dict[str, Any]) -> str:
    if "histogram" in facts:
        low, _, median, _, high = facts["quantiles"]
        return f"from {_rounded(low)} to {_rounded(high)}, median {_rounded(median)}"
    best = sorted(facts["values"], key=lambda entry: -entry[1])[:3]
    return ", ".join(f"{textwrap.shorten(value, 24, placeholder='…')} {fraction:.1%}" for value, fraction in best)


@themed
def attributes(datasets: Datasets) -> Figure:
    """Draw the values of each attribute of one dataset, a panel per attribute."""
    ((name, one),) = datasets.items()
    lines = max(1, ceil(len(one.attributes) / _COLUMNS))
    figure = Figure(figsize=(3.1 * _COLUMNS, 2.3 * lines + 0.3), layout="constrained")
    set_heading(figure, f"{name}: values of the attributes, as fractions of {one.n:,} items")
    panels = figure.subplots(lines, _COLUMNS, squeeze=False).ravel()
    for axes, (attribute, facts) in zip(panels, one.attributes.items(), strict=False):
        _draw_attribute(axes, facts)
        axes.set_title(f"{attribute}\n{_in_words(facts)}", loc="left", fontsize=7.5)
    for axes in panels[len(one.attributes) :]:
        axes.set_axis_off()
    return figure


def _in_words(facts: dict[str, Any]) -> str:
    words = [f"{facts['distinct']:,} value{'s' if facts['distinct'] != 1 else ''}"]
    if facts["distinct"] and "labels" in facts:
        words.append(f"{facts['labels']:.1f} per item")
    if facts["present"] < 1:
        words.append(f"missing in {1 - facts['present']:.1%}")
    if facts.get("beyond", 0) > 0:
        words.append(f"{facts['beyond']:.1%} not shown, up to {_rounded(facts['quantiles'][-1])}")
    return ", ".join(words)


def _draw_attribute(axes: Axes, facts: dict[str, Any]) -> None:
    if not facts["distinct"]:
        axes.set_axis_off()
        axes.text(0.5, 0.5, "no item has a value", ha="center", transform=axes.transAxes, color="0.4")
        return
    if "histogram" in facts:
        _bars(axes, Histogram(**facts["histogram"]), whole=facts["present"] * (1 - facts["beyond"]))
        return
    values = facts["values"]
    names = [textwrap.shorten(str(value), 18, placeholder="…") or "(empty)" for value, _ in values]
    if facts["kind"] == "ordered":
        axes.bar(range(len(names)), [fraction for _, fraction in values], color=_COLOR)
        axes.set_xlim(-0.7, max(len(names), 6) - 0.3)  # keeps a single bar narrow
        labelled = slice(None, None, ceil(len(names) / 12))
        axes.set_xticks(range(len(names))[labelled], names[labelled], fontsize=6)
        return
    axes.barh(range(len(names)), [fraction for _, fraction in values], color=_COLOR)
    axes.set_yticks(range(len(names)), names, fontsize=6)
    axes.invert_yaxis()
    axes.locator_params(axis="x", nbins=4)  # fractions may be long numbers


@themed
def selectivities(datasets: Datasets) -> Figure:
    """Draw the distribution of the selectivities of each workload, for one dataset."""
    ((name, one),) = datasets.items()
    figure = Figure(figsize=(5.2, 3.4), layout="constrained")
    axes = figure.subplots()
    for workload, values in one.selectivities.items():
        positive = np.array([value for value in values if value > 0])
        fractions = np.arange(1, len(positive) + 1) / len(values) + (1 - len(positive) / len(values))
        axes.step(positive, fractions, where="post", label=f"{workload}, median {np.median(values):.3g}",
                  color=_LINES.get(workload))  # fmt: skip
    logarithmic(axes, "x")
    axes.set_ylim(0, 1.02)
    axes.set_xlabel("selectivity: fraction of items that pass the filter")
    axes.set_ylabel("fraction of queries up to this selectivity")
    axes.set_title(f"{name}, {one.n:,} items", loc="left")
    draw_grid(axes)
    axes.legend()
    return figure


@themed
def _histograms(histograms: Mapping[str, Histogram], label: str, notes: Mapping[str, str]) -> Figure:
    figure = Figure(figsize=(3.2 * len(histograms) + 0.4, 2.6), layout="constrained")
    row = figure.subplots(1, len(histograms), squeeze=False)[0]
    for axes, (name, values) in zip(row, histograms.items(), strict=True):
        _bars(axes, values, constant=values.std < _CONSTANT * values.mean)
        note = f"\n{notes[name]}" if name in notes else ""
        axes.set_title(f"{name}: {values.mean:.3g} ± {values.std:.2g}{note}", loc="left")
        axes.set_xlabel(label)
        axes.set_yticks([])
    return figure


def _bars(axes: Axes, values: Histogram, *, constant: bool = False, whole: float = 1.0) -> None:
    """Draw a histogram whose bars sum to `whole`, or a line for constant values."""
    edges = np.array(values.edges)
    if constant or len(values.counts) == 1:
        axes.axvline(values.mean, color=_COLOR, linewidth=3)
        axes.set_xlim(values.mean * 0.5, values.mean * 1.5 or 1)
        return
    axes.stairs(whole * np.array(values.counts) / sum(values.counts), edges, fill=True, color=_COLOR)
