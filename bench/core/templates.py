"""Command lines with placeholders such as ``{queries}``; ``{{`` and ``}}`` stand for braces."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Mapping
from string import Formatter

from bench.core.errors import BenchError, suggestion


def check_template(text: str, names: Iterable[str], where: str) -> None:
    """Check that a text can be split into words and has only placeholders from `names`.

    Raises:
        BenchError: it cannot, or it has another placeholder; names the nearest one.
    """
    try:
        used = sorted({name for word in shlex.split(text) for name in placeholders(word)})
    except ValueError as error:
        raise BenchError(f"{where}={text!r} cannot be read: {error}") from error
    choices = set(names)
    for name in used:
        if name not in choices:
            raise BenchError(f"{where} has no placeholder {{{name}}}{suggestion(name, choices)}")


def placeholders(text: str) -> Iterator[str]:
    """Yield the names of the placeholders of a text.

    Raises:
        ValueError: a brace is not closed.
    """
    for _, name, form, conversion in Formatter().parse(text):
        if name is not None:
            yield f"{name}{'!' + conversion if conversion else ''}{':' + form if form else ''}"


def filled(text: str, values: Mapping[str, object]) -> str:
    """Return a text with the values of its placeholders."""
    parts = Formatter().parse(text)
    return "".join(literal + ("" if name is None else str(values[name])) for literal, name, _, _ in parts)


def command_words(text: str, values: Mapping[str, object]) -> list[str]:
    """Return the words of a command line with the values of their placeholders; a value never splits a word."""
    return [filled(word, values) for word in shlex.split(text)]
