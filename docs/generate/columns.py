"""The columns of stored rows."""

from __future__ import annotations

from bench.results.rows import QueryRow, Row, columns
from docs.generate.markdown import code, table

_HEAD = """# Columns

`results/runs` is a folder of Parquet files with one row per search setting and repeat of a run, and `results/queries`
has one row per query, for each of them. [The store](store.md) describes the rest of a results folder.
"""


def columns_page() -> str:
    """Return the page of columns."""
    return f"{_HEAD}\n## Rows\n\n{_columns(Row)}\n\n## Rows of queries\n\n{_columns(QueryRow)}\n"


def _columns(row: type) -> str:
    rows = [(code(name), kind, meaning) for name, kind, meaning in columns(row)]
    return table(["column", "type", "meaning"], rows)
