"""``python -m bench.table``: list QPS at given recalls, build time, index size, memory and failures."""

from __future__ import annotations

from omegaconf import DictConfig

from bench.config.command import command
from bench.config.typed import typed
from bench.reports.tables.results import TableConfig, render
from bench.system.files import print_or_write


def main(config: DictConfig) -> None:
    """Print the table, or write it to a file and print the name of the file."""
    options = typed(TableConfig, config, "table")
    print_or_write(render(options), options.out)


def entry() -> None:
    """Run the command."""
    command("table", main)


if __name__ == "__main__":
    entry()
