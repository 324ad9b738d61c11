"""What parameter searches found, as a table; and how they got there, as curves."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

from matplotlib import rc_context
from matplotlib.figure import Figure

from bench.reports.figures.style import RC, style_of
from bench.reports.tables.table import Grid
from bench.tuning.trace import Found

_DASHES = {"greedy": "-", "grid": "--", "optuna": ":"}
_COLORS = {"greedy": "#0072b2", "grid": "#d55e00", "optuna": "#009e73"}


def parameters_table(found: Sequence[Found]) -> dict[str, Figure | Grid]:
    """Return the parameters of every search that has finished; nothing where none has."""
    rows = [
        [
            one.dataset,
            one.workload,
            style_of(one.algorithm).label,
            one.tuner,
            ", ".join(f"{name} {one.best.build[name]}" for name in one.parameters),
            str(one.best.reward),
            str(len(one.trace)),
        ]
        for one in sorted(found, key=lambda f: (f.dataset, f.workload, f.algorithm, f.tuner))
        if one.finished
    ]
    header = ["dataset", "workload", "method", "search", "build parameters", "reward", "evaluated"]
    return {"": Grid("Build parameters that were found", header, "llllllr", rows)} if rows else {}


def search_traces(found: Sequence[Found]) -> dict[str, Figure | Grid]:
    """Draw the best reward after every evaluation, where several searches were made of one method on one workload."""
    alike: dict[tuple[str, str, str], list[Found]] = {}
    for one in found:
        alike.setdefault((one.dataset, one.workload, one.algorithm), []).append(one)
    panels = {key: searches for key, searches in sorted(alike.items()) if len(searches) > 1}
    if not panels:
        return {}
    with rc_context(RC):
        figure = Figure(figsize=(3.6 * len(panels), 3.2), layout="constrained")
        for axes, ((dataset, workload, algorithm), searches) in zip(
            figure.subplots(1, len(panels), squeeze=False)[0], panels.items(), strict=True
        ):
            target = max(one.best.reward for one in searches)
            for one in searches:
                best = [reward.value if reward.reached == target.reached else 0.0
                        for reward in accumulate((e.reward for e in one.trace), max)]  # fmt: skip
                label = f"{one.tuner}: {one.best.reward} in {len(one.trace)} builds"
                axes.step(range(1, len(best) + 1), best, where="post", label=label, color=_COLORS[one.tuner],
                          linestyle=_DASHES[one.tuner], linewidth=1.4)  # fmt: skip
            axes.set_title(f"{style_of(algorithm).label}, {workload}, {dataset}", loc="left")
            axes.set_xlabel("build parameters evaluated")
            axes.set_ylabel("best QPS so far" if target.reached else "best recall so far")
            axes.set_ylim(bottom=0)
            axes.grid(color="0.92", linewidth=0.6)
            axes.legend(loc="lower right", frameon=False, fontsize=7)
    return {"": figure}
