"""Figures: what is drawn, the text below panels, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from omegaconf import OmegaConf

from bench.config.typed import typed
from bench.core.errors import BenchError
from bench.core.paths import CONFIGS
from bench.plot import PlotConfig, plot
from bench.reports.figures.recall_qps import forward, inverse, recall_qps
from bench.reports.figures.style import style_of
from bench.results.rows import Status
from bench.results.selection import View, figures
from tests.conftest import Write
from tests.support.rows import curve, failed, many, row


def config(results: Path, **changes: Any) -> PlotConfig:
    values = OmegaConf.to_container(OmegaConf.load(CONFIGS / "plot.yaml"))
    assert isinstance(values, dict)
    keys = {key: value for key, value in values.items() if key not in ("defaults", "hydra")}
    return typed(PlotConfig, keys | {"results": str(results), "out": str(results / "figures")} | changes, "plot")


def drawn(view: View, curves: int | None = None) -> Figure:
    ((_, rows),) = figures(view.rows())
    return recall_qps(rows, view.x, view.y, curves=curves)


def method_line(axes: Axes, name: str) -> Any:
    look = style_of(name)
    lines = [
        line
        for line in axes.get_lines()
        if (line.get_color(), line.get_marker(), line.get_linestyle()) == (look.color, look.marker, look.linestyle)
    ]
    assert len(lines) <= 1
    return lines[0] if lines else None


def notes(axes: Axes) -> str:
    return " ".join(" ".join(text.get_text() for text in axes.texts).split())


def test_files_are_named_by_dataset_and_k_and_are_reproducible(write: Write, tmp_path: Path) -> None:
    results = write(*curve("prefilter", 1), *curve("prefilter", 1, k=100), *curve("prefilter", 1, dataset="other"))
    paths = plot(config(results))
    names = [f"recall_qps_{name}.{kind}" for name in ("other_k10", "toy_k10", "toy_k100") for kind in ("png", "pdf")]
    assert [path.name for path in paths] == names
    again = plot(config(results, out=str(tmp_path / "again")))
    assert [path.read_bytes() for path in paths] == [path.read_bytes() for path in again]


def test_sizes_of_a_dataset_are_different_figures(write: Write) -> None:
    results = write(row(n=1000), row(n=2000), row(n=2000, threads_search=2))
    names = [name for name, _ in figures(config(results).rows())]
    assert names == ["toy_k10_n1000_t1", "toy_k10_n2000_t1", "toy_k10_n2000_t2"]


def test_panels_are_ordered_by_filter_type_and_curves_are_means(write: Write) -> None:
    rows = [
        row(workload=name, filter_type=kind, repeat=repeat, qps=qps)
        for name, kind in (("c", "C"), ("wide", "R"), ("em", "EM"), ("r", "R"))
        for repeat, qps in enumerate((100.0, 300.0))
    ]
    figure = drawn(config(write(*rows)))
    assert [axes.get_title(loc="left").split("\n")[0] for axes in figure.axes] == ["EM", "R", "R (wide)", "C"]
    for axes in figure.axes:
        line = method_line(axes, "hnswlib_infilter")
        assert (line.get_xdata().tolist(), line.get_ydata().tolist()) == ([0.9], [200.0])
        assert axes.get_yscale() == "log"


def test_invalid_rows_are_not_drawn_but_reported(write: Write) -> None:
    bad = row(status=Status.INVALID, error="3 ids repeated (first in query 7)", search_params={"ef": 20}, qps=1e9)
    (axes,) = drawn(config(write(row(), bad))).axes
    assert method_line(axes, "hnswlib_infilter").get_ydata().tolist() == [1000]
    assert axes.get_ylim()[1] < 1e6
    assert "invalid in 1 of 2 (3 ids repeated (first in query 7))" in notes(axes)


def test_every_failure_is_reported_below_its_panel(write: Write) -> None:
    figure = drawn(config(write(*many(20))))
    texts = [notes(axes) for axes in figure.axes]
    assert texts[0] == ""
    assert "method_02: timeout in 2 of 8 (search took longer than 600 s" in texts[1]
    assert "method_03: crashed (numpy.linalg.LinAlgError: SVD did not converge" in texts[3]


def test_methods_that_do_not_serve_a_filter_are_named_in_one_short_line(write: Write) -> None:
    figure = drawn(config(write(*many(20))))
    texts = [axes.texts[-1].get_text().splitlines() for axes in figure.axes]
    assert texts[0] == []
    assert [lines[-1] for lines in texts[1:]] == ["not served by method_05, method_11, method_17"] * 3
    assert not any("unsupported" in line or "one label" in line for lines in texts for line in lines)


def test_a_panel_without_any_result_says_so(write: Write) -> None:
    (axes,) = drawn(config(write(failed(Status.OUT_OF_MEMORY, "killed")))).axes
    assert "no method has a result" in notes(axes)
    assert "out of memory (killed)" in notes(axes)


def test_messages_are_shown_verbatim(write: Write) -> None:
    figure = drawn(config(write(failed(Status.CRASHED, r"bad $\frac$ in $HOME"))))
    figure.draw_without_rendering()
    assert r"crashed (bad $\frac$ in $HOME)" in notes(figure.axes[0])


def test_answers_that_fail_the_filter_are_reported(write: Write) -> None:
    (axes,) = drawn(config(write(row(algorithm="nhq", violations=130)))).axes
    assert "nhq: up to 13.0% of answers fail the filter" in notes(axes)


def test_eight_methods_stand_out_and_the_others_are_grey(write: Write) -> None:
    view = config(write(*many(20)))
    figure = drawn(view, curves=8)
    (legend,) = figure.legends
    *names, others, _ = [text.get_text() for text in legend.get_texts()]
    assert (len(names), others) == (8, "12 others")
    for axes in figure.axes:
        colored = [line for line in axes.get_lines() if line.get_marker() not in ("None", None)]
        assert 1 <= len(colored) <= 8
    assert len(drawn(view, curves=20).legends[0].get_texts()) == 21


def test_a_name_beside_a_curve_covers_no_other(write: Write) -> None:
    figure = drawn(config(write(*many(20))), curves=8)
    figure.draw_without_rendering()
    names = [text for text in figure.texts if text.get_text().startswith("method_")]
    boxes = [text.get_window_extent() for text in names]
    assert len(boxes) > 4
    for number, box in enumerate(boxes):
        assert not any(box.overlaps(other) for other in boxes[:number])
        assert any(axes.bbox.x0 <= box.x0 and box.x1 <= axes.bbox.x1 + 1 for axes in figure.axes)


@pytest.mark.parametrize("curves", [0, -1])
def test_a_figure_without_curves_is_refused(write: Write, curves: int) -> None:
    with pytest.raises(BenchError, match=f"curves={curves} is out of range"):
        plot(config(write(row()), curves=curves))


def test_the_legend_lists_every_method_and_nothing_overlaps(write: Write) -> None:
    figure = drawn(config(write(*many(20))))
    (legend,) = figure.legends
    labels = [text.get_text() for text in legend.get_texts()]
    assert labels == [*(f"method_{i:02}" for i in range(20)), "Pareto front of all"]
    figure.draw_without_rendering()
    boxes = [axes.get_tightbbox() for axes in figure.axes] + [legend.get_window_extent()]
    for number, box in enumerate(boxes):
        assert box is not None
        assert box.x1 <= figure.bbox.x1
        assert box.y0 >= figure.bbox.y0 - 1
        for other in boxes[:number]:
            assert other is not None
            assert (
                min(box.x1, other.x1) - max(box.x0, other.x0) < 1 or min(box.y1, other.y1) - max(box.y0, other.y0) < 1
            )


@pytest.mark.parametrize("label", ["{}", "a long label that takes a line of the legend for itself {}"])
def test_a_long_legend_leaves_no_blank(write: Write, label: str) -> None:
    rows = [each for number in range(45) for each in curve(label.format(number), 1 + 0.1 * number, repeats=1)]
    figure = drawn(config(write(*rows)))
    figure.draw_without_rendering()
    box, (legend,) = figure.axes[0].get_tightbbox(), figure.legends
    assert box is not None
    blank = (box.y0 - legend.get_window_extent().y1) / figure.dpi
    assert 0 < blank < 0.3  # inches


def test_machines_are_not_mixed(write: Write) -> None:
    results = write(row(qps=100.0), row(qps=900.0, cpu_model="Another CPU"))
    with pytest.raises(BenchError, match=r"2 machines \(Another CPU, 4 cores, 16 GiB; Test CPU, 4 cores, 16 GiB\)"):
        plot(config(results))
    figure = drawn(config(results, across_machines=True))
    assert [axes.get_title(loc="left").split(",")[0] for axes in figure.axes] == ["Another CPU", "Test CPU"]
    lines = [method_line(axes, "hnswlib_infilter").get_ydata().tolist() for axes in figure.axes]
    assert lines == [[900], [100]]


def test_other_axes_can_be_chosen(write: Write) -> None:
    view = config(write(row()), x="recall_paper", y="qps_with_prepare")
    (axes,) = drawn(view).axes
    line = method_line(axes, "hnswlib_infilter")
    assert (line.get_xdata().tolist(), line.get_ydata().tolist()) == ([0.8], [900])
    assert plot(view)[0].name == "recall_paper_qps_with_prepare_toy_k10.png"


def test_the_scale_of_recall_is_monotonic_with_half_of_it_above_0_9() -> None:
    recalls = np.linspace(0, 1, 101)
    assert inverse(forward(recalls)) == pytest.approx(recalls)
    assert (np.diff(forward(recalls)) > 0).all()
    assert forward(np.array([0.9])) == pytest.approx(0.5, abs=0.05)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"workloads": "emm"}, "no rows of workload 'emm'; did you mean 'em'"),
        ({"algorithms": ["prefilter", "acorn"]}, "no rows of algorithm 'acorn'; choose from "),
        ({"datasets": "toy", "workloads": "r"}, "datasets with their workloads there: other r, toy em"),
        ({"k": 7}, "no rows of k '7'; choose from 10"),
        ({"y": "speed"}, "y=speed is not one of qps, qps_with_prepare"),
        ({"min_recall": 1.0}, "min_recall=1.0 is out of range"),
        ({"workload": "em"}, "plot has no key 'workload'; did you mean 'workloads'"),
    ],
)
def test_invalid_keys_are_refused_in_one_sentence(write: Write, changes: dict[str, Any], message: str) -> None:
    results = write(row(algorithm="prefilter"), row(dataset="other", workload="r", filter_type="R"))
    with pytest.raises(BenchError) as refused:
        plot(config(results, **changes))
    assert message in str(refused.value)
    assert "\n" not in str(refused.value)


def test_an_empty_store_says_how_to_fill_it(tmp_path: Path) -> None:
    with pytest.raises(BenchError, match=r"there are no results in '.*nothing'; 'python -m bench.run' makes some"):
        plot(config(tmp_path / "nothing"))
