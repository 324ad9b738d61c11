"""Parameter searches: their results as a table, and their progress as curves."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

from matplotlib.figure import Figure

from bench.reports.figures.style import style_of
from bench.reports.figures.theme import draw_grid, themed
from bench.reports.tables.table import NONE, Table
from bench.results.rows import in_shards, method_title
from bench.tuning.trace import Trace

_DASHES = {"greedy": "-", "grid": "--", "optuna": ":"}
_COLORS = {"greedy": "#0072b2", "grid": "#d55e00", "optuna": "#009e73"}


def parameters_table(traces: Sequence[Trace]) -> dict[str, Figure | Table]:
    """Return the parameters of every finished search; nothing if there is none."""
    rows = [
        [
            one.dataset,
            NONE if one.n is None else f"{one.n:,}",
            one.workload,
            NONE if one.k is None else str(one.k),
            _method(one),
            one.tuner,
            ", ".join(f"{name} {one.best.build[name]}" for name in one.parameters),
            str(one.best.reward),
            str(len(one.evaluations)),
        ]
        for one in sorted(traces, key=lambda f: (*_search_key(f), f.tuner))
        if one.finished
    ]
    header = ["dataset", "items", "workload", "k", "method", "search", "build parameters", "reward", "evaluated"]
    return {"": Table("Build parameters by search", header, "lrlrllllr", rows)} if rows else {}


def _search_key(trace: Trace) -> tuple[str, int, str, int, str]:
    """Return what a search was for, in the order of the table; searches with the same key are compared."""
    return trace.dataset, trace.n or 0, trace.workload, trace.k or 0, _method(trace)


def _method(trace: Trace) -> str:
    return method_title(in_shards(style_of(trace.algorithm).label, trace.shards), trace.storage)


@themed
def search_traces(traces: Sequence[Trace]) -> dict[str, Figure | Table]:
    """Draw the best reward after every evaluation, for methods and workloads with several searches."""
    groups: dict[tuple[str, int, str, int, str], list[Trace]] = {}
    for one in traces:
        groups.setdefault(_search_key(one), []).append(one)
    panels = {key: group for key, group in sorted(groups.items()) if len(group) > 1}
    if not panels:
        return {}
    figure = Figure(figsize=(3.6 * len(panels), 3.2), layout="constrained")
    for axes, ((dataset, _, workload, _, method), group) in zip(
        figure.subplots(1, len(panels), squeeze=False)[0], panels.items(), strict=True
    ):
        target = max(one.best.reward for one in group)
        for one in group:
            best = [reward.value if reward.reached == target.reached else 0.0
                    for reward in accumulate((e.reward for e in one.evaluations), max)]  # fmt: skip
            label = f"{one.tuner}: {one.best.reward} in {len(one.evaluations)} builds"
            axes.step(range(1, len(best) + 1), best, where="post", label=label, color=_COLORS[one.tuner],
                      linestyle=_DASHES[one.tuner], linewidth=1.4)  # fmt: skip
        axes.set_title(f"{method}, {workload}, {dataset}", loc="left")
        axes.set_xlabel("build parameters evaluated")
        axes.set_ylabel("best QPS so far" if target.reached else "best recall so far")
        axes.set_ylim(bottom=0)
        draw_grid(axes)
        axes.legend(loc="lower right")
    return {"": figure}
