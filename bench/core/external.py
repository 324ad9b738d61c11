"""What a YAML file says of a method that is a program: the section `external` of ``configs/algorithm/*.yaml``."""

from __future__ import annotations

import re
import shlex
import shutil
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from bench.core.errors import BenchError, suggestion
from bench.core.exchange.expressions import EXPRESSION_FORMAT
from bench.core.exchange.labels import LABEL_FORMATS
from bench.core.exchange.ranges import RANGE_FORMATS
from bench.core.exchange.truth import TRUTH_FORMATS
from bench.core.exchange.vectors import RAW, VECTOR_FORMATS, is_vector_format
from bench.core.leaf import FilterType
from bench.core.method import TimedBy
from bench.core.templates import check_template, placeholders

ID_FORMATS = ("ivecs", "ibin", "text", "npy")
CUSTOM = "custom"
"""The format of an input that a subclass of `algorithms.external.Program` writes."""

UNITS = ("seconds", "milliseconds", "qps", "microseconds per query")
ORDERS = ("items", "sorted")

OF_ITEMS = ("vectors", "labels", "values")
"""What is written of the items, once for all runs over the same data."""

OF_QUERIES = ("queries", "filters", "truth")
"""What is written with each search."""

_ALWAYS = ("index", "threads", "seed", "n", "dim")
_OF_SEARCH = ("ids", "seconds", "k", "count")
_NUMBER = r"([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)"


@dataclass
class Ids:
    """How a program returns ids.

    Attributes:
        format: ``ivecs``, ``ibin``, ``npy``, or ``text`` with a line of ids per query.
        path: the file, with placeholders.
        pattern: of a text, a regular expression for a whole line, whose group has the ids; other lines are skipped.
        padding: the id that fills the end of a row that has fewer answers, besides -1. An answer that equals it and
            comes last is lost.
    """

    format: str = "ivecs"
    path: str = "{ids}"
    pattern: str = "(.*)"
    padding: int | None = None


@dataclass
class Seconds:
    """Where a program says how long it searched.

    Attributes:
        path: the file, with placeholders; None for what the program prints.
        pattern: a regular expression, whose group has the number; the last match counts.
        unit: ``seconds``, ``milliseconds``, ``qps`` or ``microseconds per query``.
    """

    path: str | None = None
    pattern: str = _NUMBER
    unit: str = "seconds"


@dataclass
class External:
    """A method that is a program.

    Without `question`, a program runs once per search, and says itself how long it searched. With it, the program is
    started once, when the index is loaded; it gets a line per search on its standard input, and prints ``done``.

    Attributes:
        paper: where the method was published.
        year: the year of publication.
        approach: pre-filtering, post-filtering, in-filtering or hybrid index.
        technique: graph, quantisation, tree, or several of them.
        serves: the filter types that the method answers.
        search: the command line that searches, or that starts a program that stays.
        build: the command line that builds; empty where nothing is built before the search.
        question: the line that asks a program that stays to search; empty for one that runs once per search.
        inputs: the format of each file that the command lines name.
        order: whether the program gets the items in their order, or sorted by the attribute; its ids refer to that.
        ids: how the ids come back.
        seconds: where the program says how long it searched; None for a program that stays.
        files: files beside the programs themselves that decide the results, such as a library or a script.
        why_not: why the method does not serve a filter type; the empty key covers all the others.
        afanns: whether the method may return items that fail the filter.
        needs_values: whether every item must have a value of every attribute that the filters test.
        holds_vectors: whether the files that it builds hold the vectors.
    """

    paper: str
    year: int
    approach: str
    technique: str
    serves: list[str]
    search: str
    build: str = ""
    question: str = ""
    inputs: dict[str, str] = field(default_factory=dict)
    order: str = "items"
    ids: Ids = field(default_factory=Ids)
    seconds: Seconds | None = None
    files: list[str] = field(default_factory=list)
    why_not: dict[str, str] = field(default_factory=dict)
    afanns: bool = False
    needs_values: bool = False
    holds_vectors: bool = False

    def check(self, build: Iterable[str], search: Iterable[str], where: str = "algorithm.external") -> None:
        """Check everything that can be checked before anything runs.

        Args:
            build: the names of the build parameters.
            search: the names of the search parameters.
            where: the key of this section, for errors.

        Raises:
            BenchError: a value is not one of its choices, a placeholder is unknown, or an input lacks a format.
        """
        self._check_choices(where)
        if not self.search.strip():
            raise BenchError(f"{where}.search is empty; give the command line that searches")
        if bool(self.question) == (self.seconds is not None):
            raise BenchError(
                f"{where}.seconds is set, but the harness times a program that stays (external.question)"
                if self.question
                else f"{where}.seconds is not set; a program that runs once per search says how long it searched"
            )
        build_names = {*_ALWAYS, *OF_ITEMS, *(f"build.{name}" for name in build)}
        asked = {*build_names, *OF_QUERIES, *_OF_SEARCH, *(f"search.{name}" for name in search)}
        templates = {"build": build_names, "search": build_names if self.question else asked, "question": asked}
        for key, names in templates.items():
            check_template(getattr(self, key), names, f"{where}.{key}")
        check_template(self.ids.path, asked, f"{where}.ids.path")
        if self.seconds is not None and self.seconds.path is not None:
            check_template(self.seconds.path, asked, f"{where}.seconds.path")
        for name in self.named:
            if name in (*OF_ITEMS, *OF_QUERIES) and name not in self.inputs:
                raise BenchError(f"{where} uses {{{name}}}; set {where}.inputs.{name} to a format")
        self._check_pattern(self.ids.pattern, f"{where}.ids.pattern")
        if self.seconds is not None:
            self._check_pattern(self.seconds.pattern, f"{where}.seconds.pattern")

    def _check_choices(self, where: str) -> None:
        labels, expressions = tuple(LABEL_FORMATS), (EXPRESSION_FORMAT,)
        formats = {
            "vectors": VECTOR_FORMATS,
            "queries": VECTOR_FORMATS,
            "labels": labels + expressions,
            "values": RANGE_FORMATS,
            "filters": labels + RANGE_FORMATS + expressions,
            "truth": TRUTH_FORMATS,
        }
        choices = [("order", self.order, ORDERS), ("ids.format", self.ids.format, ID_FORMATS)]
        choices += [("serves", name, tuple(FilterType)) for name in (*self.serves, *filter(None, self.why_not))]
        choices += [("seconds.unit", self.seconds.unit, UNITS)] if self.seconds else []
        choices += [("inputs", name, tuple(formats)) for name in self.inputs]
        for key, value, allowed in choices:
            if value not in allowed:
                raise BenchError(f"{where}.{key}: '{value}' is unknown{suggestion(value, allowed)}")
        for name, form in self.inputs.items():
            is_vectors = name in ("vectors", "queries")
            if form == CUSTOM and name in (*OF_ITEMS, "filters"):
                continue
            if not (is_vector_format(form) if is_vectors else form in formats[name]):
                hint = "; raw:n=int32,d=int32 is a header" if is_vectors and form.startswith(RAW) else ""
                raise BenchError(f"{where}.inputs.{name}={form} is unknown{hint or suggestion(form, formats[name])}")

    @staticmethod
    def _check_pattern(pattern: str, where: str) -> None:
        try:
            groups = re.compile(pattern).groups
        except re.error as error:
            raise BenchError(f"{where}={pattern!r} is not a regular expression: {error}") from error
        if groups != 1:
            raise BenchError(f"{where}={pattern!r} has {groups} groups; it should have one, in round brackets")

    @property
    def stays(self) -> bool:
        """Whether the program is started once and asked by lines on its standard input."""
        return bool(self.question)

    @property
    def timed_by(self) -> TimedBy:
        """Whose clock times a search."""
        return TimedBy.HARNESS if self.stays else TimedBy.PROGRAM

    @property
    def named(self) -> set[str]:
        """The placeholders that the command lines use."""
        return {name for text in (self.build, self.search, self.question) for name in placeholders(text)}

    @property
    def builds_on_attributes(self) -> bool:
        """Whether what is built depends on the attributes that the filters test."""
        if not self.build:
            return False
        return self.order == "sorted" or not {"labels", "values"}.isdisjoint(placeholders(self.build))

    def programs(self) -> list[Path]:
        """Return the files that decide the results, as absolute paths: programs, which may be missing, and others.

        These are the first word of each command line, looked up as by a shell, other words that name a file with a
        slash, such as a script, and the `files`.
        """
        commands = [shlex.split(text) for text in (self.build, self.search) if text.strip()]
        names = [words[0] for words in commands]
        names += [word for words in commands for word in words[1:] if names_file(word)]
        return [_located(name) for name in dict.fromkeys(names + self.files)]

    @property
    def same_attributes(self) -> bool:
        """Whether the filters of all queries must test the same attributes: values and ranges are written of one."""
        return "values" in self.inputs or self.inputs.get("filters") in RANGE_FORMATS

    def expresses(self, filter_type: FilterType) -> str | None:
        """Return why the format of `filters` cannot express filters of a type, or None if it can."""
        form = self.inputs.get("filters")
        if form is None:
            return (
                None if filter_type is FilterType.NONE else "no format for its filters is set (external.inputs.filters)"
            )
        types = LABEL_FORMATS.get(form) or ((FilterType.R,) if form in RANGE_FORMATS else tuple(FilterType))
        if filter_type in types:
            return None
        return f"filters written as '{form}' express {', '.join(types)} only"


def names_file(word: str) -> bool:
    """Return whether a word of a command line names a file by a path with a slash."""
    return "/" in word and Path(word).expanduser().is_file()


def _located(name: str) -> Path:
    if "/" not in name and (program := shutil.which(name)):
        return Path(program)
    return Path(name).expanduser().absolute()
