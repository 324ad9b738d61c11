"""``python -m bench.table``: list QPS at given recalls, build time, index size, memory and failures."""

from __future__ import annotations

from pathlib import Path

from omegaconf import DictConfig

from bench.config.command import command
from bench.config.typed import typed
from bench.reports.tables.results import TableConfig, render
from bench.system.files import atomic_file


def main(config: DictConfig) -> None:
    """Print the table, or write it to a file and print the name of the file."""
    options = typed(TableConfig, config, "table")
    text = render(options)
    if options.out is None:
        print(text)
        return
    with atomic_file(Path(options.out)) as temporary:
        temporary.write_text(f"{text}\n")
    print(options.out)


def entry() -> None:
    """Run the command."""
    command("table", main)


if __name__ == "__main__":
    entry()
