"""Names of curves beside them, where there is room."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from bench.reports.figures.style import Method, Style

_POINTS, _CHARACTER, _GAP = 6.0, 0.56, 4.0  # of the text: its size, the width of a character relative to it, a margin
_STEPS = 40  # per curve, between which it is taken to be straight


@dataclass(frozen=True)
class _Box:
    """A rectangle in pixels."""

    left: float
    right: float
    bottom: float
    top: float

    def overlaps(self, other: _Box) -> bool:
        return (
            self.left < other.right and other.left < self.right and self.bottom < other.top and other.bottom < self.top
        )

    def holds(self, points: NDArray[np.float64]) -> bool:
        x, y = points.T
        return bool(np.any((x > self.left) & (x < self.right) & (y > self.bottom) & (y < self.top)))


def label_curves(
    figure: Figure, axes: Axes, fronts: Mapping[Method, pd.DataFrame], styles: Mapping[Method, Style]
) -> None:
    """Write the name of each method at an end of its curve, unless it would cover a curve or another name.

    Args:
        figure: gets the texts.
        axes: with its final scales and limits.
        fronts: the drawn points of each method, by rising x.
        styles: the look of each of them.
    """
    pixels = figure.dpi / 72
    paths = [_path(axes, line) for line in fronts.values() if len(line)]
    placed: list[_Box] = []
    frame = axes.bbox
    for method, line in fronts.items():
        style = styles[method]
        size = (len(style.label) * _CHARACTER * _POINTS * pixels, 1.2 * _POINTS * pixels)
        for end, side in ((0, "right"), (-1, "left"), (0, "left")):
            point = axes.transData.transform(line[["x", "y"]].to_numpy(np.float64)[end])
            box = _beside(point, side, size, _GAP * pixels)
            inside = frame.x0 <= box.left and box.right <= frame.x1 and frame.y0 <= box.bottom and box.top <= frame.y1
            if inside and not any(map(box.overlaps, placed)) and not any(map(box.holds, paths)):
                placed.append(box)
                shift = (-_GAP if side == "right" else _GAP) * pixels
                x, y = axes.transData.inverted().transform((point[0] + shift, point[1]))
                figure.text(x, y, style.label, transform=axes.transData, ha=side, va="center", color=style.color,
                            fontsize=_POINTS)  # fmt: skip
                break


def _beside(point: NDArray[np.float64], side: str, size: tuple[float, float], gap: float) -> _Box:
    """Return the box of a text whose `side` is at a point."""
    (x, y), (width, height) = point, size
    start = x - gap - width if side == "right" else x + gap
    return _Box(start, start + width, y - height / 2, y + height / 2)


def _path(axes: Axes, line: pd.DataFrame) -> NDArray[np.float64]:
    """Return points along a curve, in pixels."""
    corners = axes.transData.transform(line[["x", "y"]].to_numpy(np.float64))
    at = np.linspace(0, len(corners) - 1, _STEPS * len(corners))
    return np.stack([np.interp(at, np.arange(len(corners)), corners[:, axis]) for axis in (0, 1)], axis=1)
