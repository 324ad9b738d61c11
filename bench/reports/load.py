"""The data of all reports."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from bench.core.errors import BenchError
from bench.datasets.characteristics import Characteristics, load_characteristics
from bench.results.selection import with_distinct_names, with_machines
from bench.results.store import Store
from bench.tuning.trace import Trace, all_traces


def load(root: Path, *, across_machines: bool) -> Results:
    """Load the data of all reports from a results folder.

    Raises:
        BenchError: the folder does not exist, a file in it is damaged, or its rows are from several machines without
            `across_machines`.
    """
    if not root.is_dir():
        raise BenchError(f"results={root}: this folder does not exist; 'python -m bench.run results={root}' makes it")
    store = Store(root)
    rows = with_machines(store.rows(), str(root), across_machines=across_machines)
    rows = with_distinct_names(rows)
    return Results(store, rows, all_traces(root), load_characteristics(root))


@dataclass(frozen=True)
class Results:
    """The data of all reports.

    Attributes:
        store: gives the tables per query.
        rows: of the store, from one machine unless several were requested, with a column `machine`.
        traces: what parameter searches have evaluated.
        characteristics: the characteristics of datasets by name.
    """

    store: Store
    rows: pd.DataFrame
    traces: list[Trace]
    characteristics: Mapping[str, Characteristics]
