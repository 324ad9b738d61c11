"""``python -m bench.page``: write the interactive report of one store, or of two, as a single HTML file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from omegaconf import DictConfig

from bench.config.command import command
from bench.config.typed import typed
from bench.core.errors import BenchError
from bench.reports.load import load
from bench.reports.page.data import page_data
from bench.reports.page.write import write_page


@dataclass
class PageConfig:
    """The keys of ``configs/page.yaml``, which explains them."""

    results: Any
    out: str | None


def main(config: DictConfig) -> None:
    """Write the page and print its file."""
    options = typed(PageConfig, config, "page")
    names = options.results if isinstance(options.results, list) else [options.results]
    folders = list(dict.fromkeys(map(str, names)))
    if not 1 <= len(folders) <= 2:
        raise BenchError(f"results={','.join(folders)}: a page shows one results folder, or compares two")
    for folder in folders:
        if not Path(folder).is_dir():
            raise BenchError(f"results={folder}: there is no such folder")
    path = Path(options.out) if options.out is not None else Path(folders[-1]) / "report.html"
    write_page(page_data({folder: load(Path(folder), across_machines=True) for folder in folders}), path)
    print(path)


def _as_list(words: list[str]) -> list[str]:
    """Return the words with ``results=A,B`` as a list, which Hydra would take for a sweep."""
    return [
        f"results=[{word.partition('=')[2]}]"
        if word.startswith("results=") and "," in word and "[" not in word
        else word
        for word in words
    ]


def entry() -> None:
    """Run the command."""
    command("page", main, _as_list)


if __name__ == "__main__":
    entry()
