"""``python -m bench.compare a=X b=Y``: put two stores, revisions or code digests side by side."""

from __future__ import annotations

from omegaconf import DictConfig

from bench.config.command import command
from bench.config.typed import typed
from bench.reports.tables.comparison import CompareConfig, render


def main(config: DictConfig) -> None:
    """Print the comparison."""
    print(render(typed(CompareConfig, config, "compare")))


def entry() -> None:
    """Run the command."""
    command("compare", main)


if __name__ == "__main__":
    entry()
