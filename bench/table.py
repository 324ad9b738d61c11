"""``python -m bench.table``: results as numbers: QPS at given recalls, build time, size, memory and failures."""

from __future__ import annotations

from pathlib import Path

from omegaconf import DictConfig

from bench.config.command import command
from bench.config.typed import typed
from bench.reports.tables.results import TableConfig, table
from bench.system.cache import atomic_file


def main(config: DictConfig) -> None:
    """Print the table, or write it to a file and print its name."""
    settings = typed(TableConfig, config, "table")
    text = table(settings)
    if settings.out is None:
        print(text)
        return
    with atomic_file(Path(settings.out)) as temporary:
        temporary.write_text(f"{text}\n")
    print(settings.out)


def entry() -> None:
    """Run the command."""
    command("table", main)


if __name__ == "__main__":
    entry()
