"""Figures of characteristics: of one dataset, of several, and with missing values."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bench.core.attributes import Attributes
from bench.core.columns import Column
from bench.core.encode import categorical, ordered, sets
from bench.datasets.characteristics import Characteristics, describe_attributes, describe_embeddings
from bench.reports.figures import characteristics as drawn


def characteristics_of(vectors: np.ndarray[Any, Any], **columns: Column) -> Characteristics:
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
    return panels(drawn.attributes({"toy": characteristics_of(gaussian(), column=column)}))["column"]


@pytest.mark.parametrize("names", [["one"], ["one", "two", "three"]])
def test_every_dataset_has_a_panel(names: list[str], tmp_path: Path) -> None:
    several = {name: characteristics_of(gaussian(scale)) for scale, name in enumerate(names, 1)}
    for draw in (drawn.norms, drawn.pairwise_distances, drawn.correlations):
        figure = draw(several)
        figure.savefig(tmp_path / "figure.png")
        assert [title.split(":")[0] for title in panels(figure)] == names
    assert [row[0] for row in drawn.embedding_table(several).rows] == names


def test_norms_of_unit_vectors_are_a_single_line() -> None:
    vectors = gaussian()
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    vectors *= 1 + 1e-5 * np.random.default_rng(1).normal(size=(200, 1))
    (axes,) = drawn.norms({"toy": characteristics_of(vectors)}).axes
    assert axes.get_xlim() == pytest.approx((0.5, 1.5), rel=1e-4)
    assert len(axes.lines) == 1
    (axes,) = drawn.norms({"toy": characteristics_of(gaussian())}).axes
    assert not axes.lines


def test_the_scale_of_correlations_is_from_0_to_1() -> None:
    figure = drawn.correlations({"toy": characteristics_of(gaussian()[:, :1] + 0.1 * gaussian())})
    (image,) = figure.axes[0].images
    assert (image.norm.vmin, image.norm.vmax) == (0, 1)


def test_the_best_fit_is_named_where_there_is_one() -> None:
    one = characteristics_of(gaussian())
    (title,) = (axes.get_title("left") for axes in drawn.pairwise_distances({"toy": one}).axes)
    assert f"best fit: {next(iter(one.fits))} (KS 0." in title
    constant = drawn.embedding_table({"toy": characteristics_of(np.ones((20, 3)))})
    assert dict(zip(constant.header, constant.rows[0], strict=True))["best fit"] == "none"


def test_an_attribute_without_values_has_a_note() -> None:
    axes = panel(categorical([None, None]))
    assert [text.get_text() for text in axes.texts] == ["no item has a value"]
    assert axes.get_title("left") == "column\n0 values, missing in 100.0%"


def test_every_value_of_an_ordered_attribute_has_a_bar() -> None:
    axes = panel(ordered([*range(30), None]))
    assert len(axes.patches) == 30
    assert [label.get_text() for label in axes.get_xticklabels()] == [str(value) for value in range(0, 30, 3)]
    assert axes.get_title("left") == "column\n30 values, missing in 3.2%"


def test_bars_are_fractions_of_all_items_and_the_tail_is_named() -> None:
    values = [*range(40)] * 50 + [1000] * 5
    axes = panel(ordered([*values, *[None] * len(values)]))
    assert axes.get_title("left") == "column\n41 values, missing in 50.0%, 0.2% not shown, up to 1,000"
    (bars,) = axes.patches
    assert sum(bars.get_data().values) == pytest.approx(2000 / 4010)  # type: ignore[attr-defined]


def test_sets_say_how_many_labels_an_item_has() -> None:
    assert panel(sets([["a", "b"], ["a"], []])).get_title("left") == "column\n2 values, 1.5 per item, missing in 33.3%"


def test_the_table_has_the_range_of_attributes_with_many_values() -> None:
    rows = drawn.attribute_table(
        {"toy": characteristics_of(gaussian(), day=ordered(range(101)), few=ordered([1] * 101))}
    ).rows
    assert [row[-1] for row in rows] == ["from 0 to 100, median 50", "1 100.0%"]


def test_all_selectivities_may_be_zero(tmp_path: Path) -> None:
    figure = drawn.selectivities({"toy": characteristics_of(gaussian())})
    figure.savefig(tmp_path / "figure.png")
    (axes,) = figure.axes
    assert axes.get_xscale() == "log"
    em, empty = axes.lines
    np.testing.assert_allclose(em.get_xydata(), [[0.1, 2 / 3], [0.5, 1]])
    assert len(np.asarray(empty.get_xydata())) == 0
