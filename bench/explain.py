"""``python -m bench.explain key=value ...``: list the plans by which methods answered the queries."""

from __future__ import annotations

from omegaconf import DictConfig

from bench.config.command import command
from bench.config.typed import typed
from bench.reports.tables.plans import ExplainConfig, render
from bench.system.files import print_or_write


def main(config: DictConfig) -> None:
    """Print or write the tables."""
    options = typed(ExplainConfig, config, "explain")
    print_or_write(render(options), options.out)


def entry() -> None:
    """Run the command."""
    command("explain", main)


if __name__ == "__main__":
    entry()
