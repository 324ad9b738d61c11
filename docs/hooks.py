"""What MkDocs calls: it gets the generated pages, and handwritten ones with their marks filled."""

from __future__ import annotations

from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

from docs.generate import fill, pages


def on_config(config: MkDocsConfig) -> None:
    """Put the generated pages of a folder where the navigation names the folder."""
    config.nav = [_entry(entry) for entry in config.nav or []]


def _entry(entry: Any) -> Any:
    """Return an entry of the navigation, a folder as the pages in it."""
    if isinstance(entry, dict):
        return {title: _entry(value) for title, value in entry.items()}
    if isinstance(entry, list):
        return [_entry(value) for value in entry]
    return sorted((page for page in pages() if page.startswith(entry)), key=_order) if entry.endswith("/") else entry


def _order(page: str) -> tuple[bool, str]:
    return not page.endswith("/index.md"), page


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the generated pages."""
    for path, text in pages().items():
        files.append(File.generated(config, path, content=text))
    return files


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Fill the marks of a page."""
    return fill(markdown)
