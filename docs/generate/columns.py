"""The columns of stored rows."""

from __future__ import annotations

from docs.generate.markdown import code, table

_HEAD = """# Columns

`results/runs` is a folder of Parquet files with one row per run, search setting and repeat. A value that is unknown is
null. See [the store](store.md) for what else a results folder contains.

"""


def columns_page() -> str:
    """Return the page of columns."""
    rows = [(code(name), kind, meaning) for name, kind, meaning in _columns()]
    return _HEAD + table(["column", "type", "meaning"], rows) + "\n"


def _columns() -> list[tuple[str, str, str]]:
    from bench.results import rows

    if hasattr(rows, "columns"):
        return rows.columns()  # type: ignore[no-any-return]
    return [(field.name, str(field.type), "") for field in rows.SCHEMA]  # TODO: gone once rows.columns() is there
