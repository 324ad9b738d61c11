"""Figures and tables of what data is like."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from math import ceil
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bench.characteristics import Characteristics, Histogram
from bench.figures.axes import logarithmic
from bench.figures.grid import Grid
from bench.figures.recall_qps import RC

Known = Mapping[str, Characteristics]
_COLOR, _COLUMNS = "#0072b2", 4
_LINES = {"em": "#0072b2", "r": "#d55e00", "emis": "#009e73"}


def norms(known: Known) -> Figure:
    """Draw the norms of the vectors, a panel per dataset."""
    return _histograms({name: one.norms for name, one in known.items()}, "norm", {})


def pairwise_distances(known: Known) -> Figure:
    """Draw the distances of random pairs, a panel per dataset, with the distribution that fits best."""
    fits = {name: f"best fit: {next(iter(one.fits))} (KS {next(iter(one.fits.values())):.3f})"
            for name, one in known.items()}  # fmt: skip
    return _histograms({name: one.distances for name, one in known.items()}, "distance of a random pair", fits)


def correlations(known: Known) -> Figure:
    """Draw the absolute correlations of evenly spread dimensions, a panel per dataset."""
    with rc_context(RC):
        figure = Figure(figsize=(3.2 * len(known) + 0.6, 3.2), layout="constrained")
        image: Any = None
        grid = figure.subplots(1, len(known), squeeze=False)[0]
        for axes, (name, one) in zip(grid, known.items(), strict=True):
            image = axes.imshow(np.array(one.matrix), cmap="viridis", vmin=0, vmax=0.6, interpolation="nearest")
            axes.set_title(f"{name}\n{len(one.matrix)} of {one.dim} dimensions, mean {one.correlation:.3f}", loc="left")
            axes.set_axis_off()
        figure.colorbar(image, ax=grid, shrink=0.8, label="absolute correlation")
    return figure


def embedding_table(known: Known) -> Grid:
    """Return a line per dataset: items, dimensions, correlation, norm, distance and the best fit."""
    header = ["dataset", "items", "dimensions", "mean |correlation|", "norm", "pairwise L2", "best fit", "then"]
    rows = [
        [
            name,
            f"{one.n:,}",
            f"{one.dim:,}",
            f"{one.correlation:.3f}",
            f"{one.norms.mean:.3g} ± {one.norms.std:.2g}",
            f"{one.distances.mean:.3g} ± {one.distances.std:.2g}",
            *(f"{fit} ({distance:.3f})" for fit, distance in list(one.fits.items())[:2]),
        ]
        for name, one in known.items()
    ]
    return Grid(
        "Embeddings; fits of the pairwise distances by their Kolmogorov-Smirnov distance", header, "lrrrrrll", rows
    )


def attribute_table(known: Known) -> Grid:
    """Return a line per attribute: kind, how many items have a value, and how many values there are."""
    rows = [
        [name, attribute, facts["kind"], f"{facts['present']:.3%}", f"{facts['distinct']:,}", _commonest(facts)]
        for name, one in known.items()
        for attribute, facts in one.attributes.items()
    ]
    return Grid("Attributes", ["dataset", "attribute", "kind", "present", "distinct", "most frequent"], "lllrrl", rows)


def _commonest(facts: dict[str, Any]) -> str:
    if "histogram" in facts:
        edges = facts["histogram"]["edges"]
        return f"from {edges[0]:,.0f} to {edges[-1]:,.0f}"
    best = sorted(facts["values"], key=lambda entry: -entry[1])[:3]
    return ", ".join(f"{textwrap.shorten(value, 24, placeholder='…')} {share:.1%}" for value, share in best)


def attributes(known: Known) -> Figure:
    """Draw the values of each attribute of one dataset, a panel per attribute."""
    ((name, one),) = known.items()
    lines = max(1, ceil(len(one.attributes) / _COLUMNS))
    with rc_context(RC):
        figure = Figure(figsize=(3.1 * _COLUMNS, 2.3 * lines + 0.3), layout="constrained")
        figure.suptitle(
            f"{name}: values of the attributes, as shares of {one.n:,} items", x=0.01, ha="left", fontsize=9
        )
        panels = figure.subplots(lines, _COLUMNS, squeeze=False).ravel()
        for axes, (attribute, facts) in zip(panels, one.attributes.items(), strict=False):
            _draw_attribute(axes, facts)
            missing = f", missing in {1 - facts['present']:.1%}" if facts["present"] < 1 else ""
            axes.set_title(f"{attribute} ({facts['distinct']:,} values{missing})", loc="left", fontsize=7.5)
        for axes in panels[len(one.attributes) :]:
            axes.set_axis_off()
    return figure


def _draw_attribute(axes: Axes, facts: dict[str, Any]) -> None:
    if "histogram" in facts:
        _bars(axes, Histogram(**facts["histogram"]))
        return
    values = facts["values"][:12]
    names = [textwrap.shorten(str(value), 18, placeholder="…") or "(empty)" for value, _ in values]
    if facts["kind"] == "ordered":
        axes.bar(names, [share for _, share in values], color=_COLOR)
        axes.tick_params(axis="x", labelsize=6)
        return
    axes.barh(range(len(names)), [share for _, share in values], color=_COLOR)
    axes.set_yticks(range(len(names)), names, fontsize=6)
    axes.invert_yaxis()


def selectivities(known: Known) -> Figure:
    """Draw how the selectivity of the queries of each workload is distributed, for one dataset."""
    ((name, one),) = known.items()
    with rc_context(RC):
        figure = Figure(figsize=(5.2, 3.4), layout="constrained")
        axes = figure.subplots()
        for workload, values in one.selectivities.items():
            some = np.array([value for value in values if value > 0])
            share = np.arange(1, len(some) + 1) / len(values) + (1 - len(some) / len(values))
            axes.step(some, share, where="post", label=f"{workload}, median {np.median(values):.3g}",
                      color=_LINES.get(workload))  # fmt: skip
        logarithmic(axes, "x")
        axes.set_ylim(0, 1.02)
        axes.set_xlabel("selectivity: share of items that pass the filter")
        axes.set_ylabel("share of queries at most that selective")
        axes.set_title(f"{name}, {one.n:,} items", loc="left")
        axes.grid(color="0.92", linewidth=0.6)
        axes.legend(frameon=False)
    return figure


def _histograms(of: Mapping[str, Histogram], label: str, notes: Mapping[str, str]) -> Figure:
    with rc_context(RC):
        figure = Figure(figsize=(3.2 * len(of) + 0.4, 2.6), layout="constrained")
        for axes, (name, values) in zip(figure.subplots(1, len(of), squeeze=False)[0], of.items(), strict=True):
            _bars(axes, values)
            note = f"\n{notes[name]}" if name in notes else ""
            axes.set_title(f"{name}: {values.mean:.3g} ± {values.std:.2g}{note}", loc="left")
            axes.set_xlabel(label)
            axes.set_yticks([])
    return figure


def _bars(axes: Axes, values: Histogram) -> None:
    edges = np.array(values.edges)
    if len(values.counts) == 1:  # all alike: a line where they are
        axes.axvline(values.mean, color=_COLOR, linewidth=3)
        axes.set_xlim(values.mean * 0.5, values.mean * 1.5 or 1)
        return
    axes.stairs(np.array(values.counts) / sum(values.counts), edges, fill=True, color=_COLOR)
