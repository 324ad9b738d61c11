"""Pages and parts of pages that are derived from code, docstrings and configuration, and so never typed twice.

`pages` returns whole pages by their path within the site; `fill` replaces the marks of handwritten pages, such as
``<!-- generate: tree -->``. Nothing here depends on MkDocs: `docs.hooks` hands both to it.
"""

from __future__ import annotations

import re
from functools import cache

from docs.generate.api import api_pages
from docs.generate.architecture import imports, picture, tree
from docs.generate.columns import columns_page
from docs.generate.commands import commands_page
from docs.generate.configuration import configuration_page
from docs.generate.methods import methods_pages
from docs.generate.reproductions import reproductions_page
from docs.generate.root import root_pages

MARK = re.compile(r"<!-- generate: ([a-z]+) -->")
PARTS = {"picture": picture, "imports": imports, "tree": tree}


@cache
def pages() -> dict[str, str]:
    """Return all generated pages, Markdown by path."""
    return {
        "reference/commands.md": commands_page(),
        "reference/configuration.md": configuration_page(),
        "reference/columns.md": columns_page(),
        "results/reproduce.md": reproductions_page(),
        **methods_pages(),
        **api_pages(),
        **root_pages(),
    }


def fill(markdown: str) -> str:
    """Return a page with every mark replaced by what it names.

    Raises:
        KeyError: nothing of that name is generated.
    """
    return MARK.sub(lambda mark: PARTS[mark[1]](), markdown)
