"""The positions of panels on a figure, in inches: all panels have the same size, regardless of the text below them."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

from bench.reports.figures.theme import LEGEND_LEADING

WIDTH, HEIGHT = 3.3, 2.5  # of the axes of a panel
NOTE_POINTS, NOTE_CHARACTERS = 6.5, 68  # of the text below a panel: its size, and how much fits in a line
LEGEND_POINTS, SUBTITLE_POINTS = 7.5, 7.0
_LEFT, _BETWEEN, _RIGHT = 0.75, 0.2, 0.12
_HEADER, _TITLE_LINE, _BELOW = 0.36, 0.15, 0.45
_LEADING, _CHARACTER = 1.25, 0.58  # of a line of text and of a character, relative to the font size
_LEGEND_MARK = 0.55


@dataclass(frozen=True)
class Placement:
    """The size of a figure and the boxes of its panels.

    Attributes:
        width: of the figure.
        height: of the figure.
        boxes: per panel: left, bottom, width and height, as fractions of the figure.
        legend_columns: number of columns of the legend.
        subtitle: the text below the title, wrapped.
    """

    width: float
    height: float
    boxes: list[tuple[float, float, float, float]]
    legend_columns: int
    subtitle: str


def place_panels(
    columns: int, subtitle: str, title_lines: int, note_lines: Sequence[int], labels: Sequence[str]
) -> Placement:
    """Place panels in rows of `columns`, with a legend of `labels` at the bottom.

    Args:
        columns: number of panels in a row.
        subtitle: text below the title of the figure.
        title_lines: number of lines in the title of every panel.
        note_lines: number of lines of text below each panel.
        labels: entries of the legend.
    """
    width = _LEFT + columns * WIDTH + (columns - 1) * _BETWEEN + _RIGHT
    entry = _LEGEND_MARK + max(map(len, labels)) * LEGEND_POINTS * _CHARACTER / 72
    legend_columns = max(1, min(len(labels), int((width - 0.2) // entry)))
    legend = ceil(len(labels) / legend_columns) * LEGEND_POINTS * LEGEND_LEADING / 72 + 0.1

    subtitle = textwrap.fill(subtitle, int((width - 0.2) * 72 / (SUBTITLE_POINTS * _CHARACTER)))
    tops, y = [], _HEADER + (subtitle.count("\n") + 1) * SUBTITLE_POINTS * _LEADING / 72
    for first in range(0, len(note_lines), columns):
        y += title_lines * _TITLE_LINE + 0.12
        tops.append(y)
        y += HEIGHT + _BELOW + max(note_lines[first : first + columns]) * NOTE_POINTS * _LEADING / 72
    height = y + legend
    boxes = [
        (
            (_LEFT + (number % columns) * (WIDTH + _BETWEEN)) / width,
            1 - (tops[number // columns] + HEIGHT) / height,
            WIDTH / width,
            HEIGHT / height,
        )
        for number in range(len(note_lines))
    ]
    return Placement(width, height, boxes, legend_columns, subtitle)
