"""The theme of all figures: Matplotlib parameters, headings, grids, the lines of methods, and their legend."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import wraps
from math import ceil
from typing import Any, ParamSpec, TypeVar

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from bench.reports.figures.style import Style

RC: Any = {
    "font.size": 8,
    "axes.titlesize": 8.5,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "figure.dpi": 200,
    "legend.fontsize": 7,
    "legend.frameon": False,
    "pdf.fonttype": 42,  # keeps text as text
    "text.parse_math": False,  # error messages may contain dollars
}

LEGEND_LEADING = 1.51
"""The height of a line of a legend of Matplotlib, relative to the font size."""

_COLUMN_INCHES = 2.1

_P = ParamSpec("_P")
_T = TypeVar("_T")


def themed(draw: Callable[_P, _T]) -> Callable[_P, _T]:
    """Decorate a function that draws, so that it does so with `RC`."""

    @wraps(draw)
    def draw_themed(*args: _P.args, **kwargs: _P.kwargs) -> _T:
        with rc_context(RC):
            return draw(*args, **kwargs)

    return draw_themed


def set_heading(figure: Figure, text: str) -> None:
    """Write the heading of a figure, at the top left."""
    figure.suptitle(text, x=0.01, ha="left", fontsize=9)


def draw_grid(axes: Axes, axis: Any = "both") -> None:
    """Draw a light grid."""
    axes.grid(axis=axis, color="0.92", linewidth=0.6)


def line_look(style: Style) -> dict[str, Any]:
    """Return the keywords of `Axes.plot` for the line of a method."""
    return {
        "color": style.color,
        "marker": style.marker,
        "fillstyle": style.fill,
        "markerfacecoloralt": "white",
        "linestyle": style.linestyle,
        "linewidth": 1.1,
        "markersize": 7 if style.marker == "*" else 4.8,
        "markeredgecolor": "white" if style.fill == "full" else style.color,
        "markeredgewidth": 0.5,
        "zorder": 3,
    }


def method_handles(styles: Iterable[Style]) -> list[Line2D]:
    """Return an entry of a legend per method."""
    return [Line2D([], [], label=style.label, **line_look(style)) for style in styles]


def add_side_legend(figure: Figure, styles: Iterable[Style]) -> None:
    """Add a legend of methods to the right of all panels; the figure must use the constrained layout.

    Methods that do not fit below each other take further columns, by which the figure grows.
    """
    handles = method_handles(styles)
    per_column = int(72 * figure.get_figheight() / (RC["legend.fontsize"] * LEGEND_LEADING)) - 1
    columns = max(1, ceil(len(handles) / per_column))
    figure.set_figwidth(figure.get_figwidth() + (columns - 1) * _COLUMN_INCHES)
    figure.legend(handles=handles, loc="outside right upper", ncols=columns)
