"""``python -m bench.page``: write the interactive report of one store, or of two, as a single HTML file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from omegaconf import DictConfig

from bench.config.command import command
from bench.config.paths import separated_paths
from bench.config.typed import typed
from bench.core.errors import BenchError
from bench.reports.load import load
from bench.reports.page.data import page_data
from bench.reports.page.write import write_page


@dataclass
class PageConfig:
    """The keys of ``configs/page.yaml``, which explains them."""

    results: str
    out: str | None


def main(config: DictConfig) -> None:
    """Write the page and print its file."""
    options = typed(PageConfig, config, "page")
    folders = list(dict.fromkeys(separated_paths(options.results)))
    if len(folders) > 2:
        raise BenchError(f"results={options.results}: a page shows one results folder, or compares two")
    path = Path(options.out) if options.out is not None else Path(folders[-1]) / "report.html"
    write_page(page_data({folder: load(Path(folder), across_machines=True) for folder in folders}), path)
    print(path)


def entry() -> None:
    """Run the command."""
    command("page", main)


if __name__ == "__main__":
    entry()
