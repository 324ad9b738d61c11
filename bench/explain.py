"""``python -m bench.explain key=value ...``: list the plans by which methods answered the queries."""

from __future__ import annotations

from pathlib import Path

from omegaconf import DictConfig

from bench.config.command import command
from bench.config.typed import typed
from bench.reports.tables.plans import ExplainConfig, render
from bench.system.files import atomic_file


def main(config: DictConfig) -> None:
    """Print or write the tables."""
    options = typed(ExplainConfig, config, "explain")
    text = render(options)
    if options.out is None:
        print(text)
        return
    with atomic_file(Path(options.out)) as temporary:
        temporary.write_text(f"{text}\n", encoding="utf-8")
    print(options.out)


def entry() -> None:
    """Run the command."""
    command("explain", main)


if __name__ == "__main__":
    entry()
