"""Logarithmic axes with plain numbers."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter


def logarithmic(axes: Axes, *sides: str) -> None:
    """Make the axes ``x``, ``y`` or both logarithmic, labelled at every power of ten, unless they are empty."""
    if not axes.has_data():
        return
    for side in sides:
        axis = axes.xaxis if side == "x" else axes.yaxis
        axes.set(**{f"{side}scale": "log"})
        low, high = sorted(axes.get_xlim() if side == "x" else axes.get_ylim())
        # A short axis, which may show a single power of ten, needs numbers in between.
        axis.set_major_locator(LogLocator(subs=(1.0,) if high > 100 * max(low, 1e-300) else (1.0, 2.0, 5.0)))
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}" if value >= 1 else f"{value:g}"))
        axis.set_minor_formatter(NullFormatter())
