"""Everything that reports are drawn from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from bench.datasets.characteristics import Characteristics, all_characteristics
from bench.results.selection import with_machines
from bench.results.store import Store
from bench.tuning.trace import Found, all_found


def load(root: Path, *, across_machines: bool) -> Results:
    """Return all that figures are drawn from.

    Raises:
        BenchError: a file is damaged, or the rows are of several machines and that was not asked for.
    """
    store = Store(root)
    rows = with_machines(store.rows(), str(root), across_machines=across_machines)
    return Results(store, rows, all_found(root), all_characteristics(root))


@dataclass(frozen=True)
class Results:
    """What figures are drawn from.

    Attributes:
        store: for tables per query.
        rows: of the store, of one machine unless several were asked for, with a column `machine`.
        found: what parameter searches have found.
        characteristics: what is known of datasets, by their names.
    """

    store: Store
    rows: pd.DataFrame
    found: list[Found]
    characteristics: Mapping[str, Characteristics]
