"""The theme: a legend beside the panels is inside the figure, however many methods it names."""

from __future__ import annotations

import pytest
from matplotlib.figure import Figure

from bench.reports.figures.style import configured_styles
from bench.reports.figures.theme import add_side_legend, themed


@pytest.mark.parametrize("methods", [1, 15, 23, 40])
@pytest.mark.parametrize("height", [2.0, 3.4])
def test_a_legend_beside_panels_is_inside_the_figure(height: float, methods: int) -> None:
    @themed
    def drawn() -> Figure:
        figure = Figure(figsize=(9.0, height), layout="constrained")
        figure.subplots(1, 3)
        add_side_legend(figure, list(configured_styles().values())[:methods])
        figure.draw_without_rendering()
        return figure

    figure = drawn()
    (legend,) = figure.legends
    assert len(legend.get_texts()) == methods
    inside, whole = legend.get_window_extent(), figure.bbox
    assert inside.x0 >= 0
    assert inside.y0 >= 0
    assert inside.x1 <= whole.x1
    assert inside.y1 <= whole.y1
    widths = [axes.get_window_extent().width for axes in figure.axes]
    assert min(widths) > 0.15 * 9.0 * figure.dpi
