"""Parameter searches: their results as a table, and their progress as curves."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

from matplotlib.figure import Figure

from bench.reports.figures.style import style_of
from bench.reports.figures.theme import draw_grid, themed
from bench.reports.tables.table import Table
from bench.tuning.trace import Trace

_DASHES = {"greedy": "-", "grid": "--", "optuna": ":"}
_COLORS = {"greedy": "#0072b2", "grid": "#d55e00", "optuna": "#009e73"}


def parameters_table(traces: Sequence[Trace]) -> dict[str, Figure | Table]:
    """Return the parameters of every finished search; nothing if there is none."""
    rows = [
        [
            one.dataset,
            one.workload,
            style_of(one.algorithm).label,
            one.tuner,
            ", ".join(f"{name} {one.best.build[name]}" for name in one.parameters),
            str(one.best.reward),
            str(len(one.evaluations)),
        ]
        for one in sorted(traces, key=lambda f: (f.dataset, f.workload, f.algorithm, f.tuner))
        if one.finished
    ]
    header = ["dataset", "workload", "method", "search", "build parameters", "reward", "evaluated"]
    return {"": Table("Build parameters by search", header, "llllllr", rows)} if rows else {}


@themed
def search_traces(traces: Sequence[Trace]) -> dict[str, Figure | Table]:
    """Draw the best reward after every evaluation, for methods and workloads with several searches."""
    groups: dict[tuple[str, str, str], list[Trace]] = {}
    for one in traces:
        groups.setdefault((one.dataset, one.workload, one.algorithm), []).append(one)
    panels = {key: group for key, group in sorted(groups.items()) if len(group) > 1}
    if not panels:
        return {}
    figure = Figure(figsize=(3.6 * len(panels), 3.2), layout="constrained")
    for axes, ((dataset, workload, algorithm), group) in zip(
        figure.subplots(1, len(panels), squeeze=False)[0], panels.items(), strict=True
    ):
        target = max(one.best.reward for one in group)
        for one in group:
            best = [reward.value if reward.reached == target.reached else 0.0
                    for reward in accumulate((e.reward for e in one.evaluations), max)]  # fmt: skip
            label = f"{one.tuner}: {one.best.reward} in {len(one.evaluations)} builds"
            axes.step(range(1, len(best) + 1), best, where="post", label=label, color=_COLORS[one.tuner],
                      linestyle=_DASHES[one.tuner], linewidth=1.4)  # fmt: skip
        axes.set_title(f"{style_of(algorithm).label}, {workload}, {dataset}", loc="left")
        axes.set_xlabel("build parameters evaluated")
        axes.set_ylabel("best QPS so far" if target.reached else "best recall so far")
        axes.set_ylim(bottom=0)
        draw_grid(axes)
        axes.legend(loc="lower right")
    return {"": figure}
