"""Drawings of what data is like: what a reader sees of one dataset, of several, and of values that are missing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bench.core.attributes import Attributes, Column, categorical, ordered, sets
from bench.datasets.characteristics import Characteristics, describe_attributes, describe_embeddings
from bench.reports.figures import characteristics as drawn


def known(vectors: np.ndarray[Any, Any], **columns: Column) -> Characteristics:
    n = len(next(iter(columns.values()))) if columns else 0
    return Characteristics("toy", **describe_embeddings(vectors.astype(np.float32)),
                           attributes=describe_attributes(Attributes(n, columns)),
                           selectivities={"em": [0.0, 0.1, 0.5], "empty": [0.0, 0.0]})  # fmt: skip


def gaussian(scale: float = 1.0) -> np.ndarray[Any, Any]:
    return scale * np.random.default_rng(0).normal(size=(200, 6))


def panels(figure: Figure) -> dict[str, Axes]:
    """Return the panels of a figure by the first line of their titles."""
    return {axes.get_title("left").splitlines()[0]: axes for axes in figure.axes if axes.get_title("left")}


def panel(column: Column) -> Axes:
    return panels(drawn.attributes({"toy": known(gaussian(), column=column)}))["column"]


@pytest.mark.parametrize("names", [["one"], ["one", "two", "three"]])
def test_every_dataset_has_a_panel(names: list[str], tmp_path: Path) -> None:
    several = {name: known(gaussian(scale)) for scale, name in enumerate(names, 1)}
    for draw in (drawn.norms, drawn.pairwise_distances, drawn.correlations):
        figure = draw(several)
        figure.savefig(tmp_path / "figure.png")
        assert [title.split(":")[0] for title in panels(figure)] == names
    assert [row[0] for row in drawn.embedding_table(several).rows] == names


def test_unit_vectors_are_a_line_and_not_their_rounding() -> None:
    vectors = gaussian()
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    vectors *= 1 + 1e-5 * np.random.default_rng(1).normal(size=(200, 1))
    (axes,) = drawn.norms({"toy": known(vectors)}).axes
    assert axes.get_xlim() == pytest.approx((0.5, 1.5), rel=1e-4)
    assert len(axes.lines) == 1
    (axes,) = drawn.norms({"toy": known(gaussian())}).axes
    assert not axes.lines


def test_no_correlation_is_beyond_the_scale() -> None:
    figure = drawn.correlations({"toy": known(gaussian()[:, :1] + 0.1 * gaussian())})
    (image,) = figure.axes[0].images
    assert (image.norm.vmin, image.norm.vmax) == (0, 1)


def test_the_best_fit_is_named_where_there_is_one() -> None:
    one = known(gaussian())
    (title,) = (axes.get_title("left") for axes in drawn.pairwise_distances({"toy": one}).axes)
    assert f"best fit: {next(iter(one.fits))} (KS 0." in title
    alike = drawn.embedding_table({"toy": known(np.ones((20, 3)))})
    assert dict(zip(alike.header, alike.rows[0], strict=True))["best fit"] == "none"


def test_an_attribute_that_no_item_has_says_so() -> None:
    axes = panel(categorical([None, None]))
    assert [text.get_text() for text in axes.texts] == ["no item has a value"]
    assert axes.get_title("left") == "column\n0 values, missing in 100.0%"


def test_every_value_of_an_ordered_attribute_has_a_bar() -> None:
    axes = panel(ordered([*range(30), None]))
    assert len(axes.patches) == 30
    assert [label.get_text() for label in axes.get_xticklabels()] == [str(value) for value in range(0, 30, 3)]
    assert axes.get_title("left") == "column\n30 values, missing in 3.2%"


def test_bars_are_shares_of_all_items_and_the_tail_is_told() -> None:
    values = [*range(40)] * 50 + [1000] * 5
    axes = panel(ordered([*values, *[None] * len(values)]))
    assert axes.get_title("left") == "column\n41 values, missing in 50.0%, 0.2% not shown, up to 1,000"
    (bars,) = axes.patches
    assert sum(bars.get_data().values) == pytest.approx(2000 / 4010)  # type: ignore[attr-defined]


def test_sets_say_how_many_labels_an_item_has() -> None:
    assert panel(sets([["a", "b"], ["a"], []])).get_title("left") == "column\n2 values, 1.5 per item, missing in 33.3%"


def test_the_table_has_the_range_of_what_has_many_values() -> None:
    rows = drawn.attribute_table({"toy": known(gaussian(), day=ordered(range(101)), few=ordered([1] * 101))}).rows
    assert [row[-1] for row in rows] == ["from 0 to 100, median 50", "1 100.0%"]


def test_selectivities_may_all_be_none(tmp_path: Path) -> None:
    figure = drawn.selectivities({"toy": known(gaussian())})
    figure.savefig(tmp_path / "figure.png")
    (axes,) = figure.axes
    assert axes.get_xscale() == "log"
    em, empty = axes.lines
    np.testing.assert_allclose(em.get_xydata(), [[0.1, 2 / 3], [0.5, 1]])
    assert len(np.asarray(empty.get_xydata())) == 0
