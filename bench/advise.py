"""``python -m bench.advise``: which method to use for a recall, a filter and limits on memory, time and latency."""

from __future__ import annotations

from omegaconf import DictConfig

from bench.config.command import command
from bench.config.typed import typed
from bench.reports.tables.advice import AdviseConfig, render


def main(config: DictConfig) -> None:
    """Print the advice."""
    print(render(typed(AdviseConfig, config, "advise")))


def entry() -> None:
    """Run the command."""
    command("advise", main)


if __name__ == "__main__":
    entry()
