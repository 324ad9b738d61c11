"""Pages that lie elsewhere in the repository, such as the README, which is the site's home page."""

from __future__ import annotations

import posixpath
import re

from bench.core.paths import PROJECT

PLACES = {
    "README.md": "index.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
    "CITATION.cff": "CITATION.cff",
    "results/README.md": "reference/store.md",
    **{f"datasets/{name}README.md": f"datasets/{name}README.md" for name in ("", "arxiv-sim/", "arxiv-for-fanns/")},
}
"""Where a file of the repository lies within the site."""

LINK = re.compile(r"(?<=\]\()[^)#:\s]+(?=[)#])")
"""The target of a relative link, without its anchor."""


def root_pages() -> dict[str, str]:
    """Return these pages by their path within the site."""
    return {place: moved((PROJECT / path).read_text(), path, place) for path, place in PLACES.items()}


def moved(text: str, path: str, place: str) -> str:
    """Return a page of the repository with its relative links as they are at its place within the site."""

    def link(match: re.Match[str]) -> str:
        target = posixpath.normpath(posixpath.join(posixpath.dirname(path), match[0]))
        target = PLACES.get(target, target.removeprefix("docs/"))
        return posixpath.relpath(target, posixpath.dirname(place) or ".")

    return LINK.sub(link, text)
