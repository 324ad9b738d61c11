"""Hydra 1.3 on Python 3.14, whose argparse reads every help text as soon as an argument is added."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def help_as_text() -> Iterator[None]:
    """Let arguments that are added meanwhile have help that is not text, as one of Hydra's; it is turned into text."""
    add_argument: Any = argparse.ArgumentParser.add_argument

    def add_with_text(parser: argparse.ArgumentParser, *names: Any, **options: Any) -> Any:
        if options.get("help") is not None:
            options["help"] = str(options["help"])
        return add_argument(parser, *names, **options)

    argparse.ArgumentParser.add_argument = add_with_text  # type: ignore[assignment,method-assign]
    try:
        yield
    finally:
        del argparse.ArgumentParser.add_argument
