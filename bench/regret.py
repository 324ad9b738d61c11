"""``python -m bench.regret key=value ...``: list how far each method is from the best one, over all workloads."""

from __future__ import annotations

from pathlib import Path

from omegaconf import DictConfig

from bench.config.command import command
from bench.config.typed import typed
from bench.reports.tables.regret import RegretConfig, render
from bench.system.files import atomic_file


def main(config: DictConfig) -> None:
    """Print or write the table."""
    options = typed(RegretConfig, config, "regret")
    text = render(options)
    if options.out is None:
        print(text)
        return
    with atomic_file(Path(options.out)) as temporary:
        temporary.write_text(f"{text}\n", encoding="utf-8")
    print(options.out)


def entry() -> None:
    """Run the command."""
    command("regret", main)


if __name__ == "__main__":
    entry()
