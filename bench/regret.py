"""``python -m bench.regret key=value ...``: list how far each method is from the best one, over all workloads."""

from __future__ import annotations

from omegaconf import DictConfig

from bench.config.command import command
from bench.config.typed import typed
from bench.reports.tables.regret import RegretConfig, render
from bench.system.files import print_or_write


def main(config: DictConfig) -> None:
    """Print or write the table."""
    options = typed(RegretConfig, config, "regret")
    print_or_write(render(options), options.out)


def entry() -> None:
    """Run the command."""
    command("regret", main)


if __name__ == "__main__":
    entry()
