"""Writing a filter in a query language: one visitor, with a subclass per language."""

from __future__ import annotations

import abc
from collections.abc import Sequence
from typing import Generic, TypeVar

from algorithms.engines.fields import Field, Fields
from bench.core.columns import Value
from bench.core.errors import Unsupported
from bench.core.filters import And, Between, Contains, Equals, Everything, Filter, In, IsNull, Not, Or
from bench.core.leaf import Leaf

Written = TypeVar("Written")


class Language(abc.ABC, Generic[Written]):
    """Writes filters over some fields.

    What a language writes must mean what `bench.core.masks` does: a missing value passes nothing but `IsNull`, and a
    negation passes whatever its part does not, missing values included.

    Attributes:
        fields: the columns of the engine's table, by the names of their attributes.
    """

    def __init__(self, fields: Fields) -> None:
        self.fields = fields

    def write(self, filter_: Filter) -> Written:
        """Return a filter in this language.

        Raises:
            Unsupported: the language has no expression for it.
        """
        match filter_:
            case Everything():
                return self.all([])
            case And(parts):
                return self.all([self.write(part) for part in parts])
            case Or(parts):
                return self.any([self.write(part) for part in parts])
            case Not(part):
                return self.negated(self.write(part))
            case Equals(name, value):
                return self.equals(self.fields[name], value)
            case Between():
                return self.between(self.fields[filter_.attribute], filter_)
            case Contains(name, value):
                return self.holds_any(self.fields[name], [value])
            case In(name, choices) if not choices:
                return self.any([])
            case In(name, choices) if self.fields[name].is_set:
                return self.holds_any(self.fields[name], choices)
            case In(name, choices):
                return self.is_one_of(self.fields[name], choices)
            case IsNull(name):
                return self.is_null(self.fields[name])
            case Leaf():
                raise Unsupported(f"{type(self).__name__} has no expression for '{filter_.operator}'")

    @abc.abstractmethod
    def all(self, parts: Sequence[Written]) -> Written:
        """Return the conjunction; with no parts, everything passes it."""

    @abc.abstractmethod
    def any(self, parts: Sequence[Written]) -> Written:
        """Return the disjunction; with no parts, nothing passes it."""

    @abc.abstractmethod
    def negated(self, part: Written) -> Written:
        """Return what passes whatever `part` does not."""

    @abc.abstractmethod
    def equals(self, field: Field, value: Value) -> Written:
        """Return the test that a value equals another."""

    @abc.abstractmethod
    def between(self, field: Field, leaf: Between) -> Written:
        """Return the test that a number lies in a range."""

    @abc.abstractmethod
    def holds_any(self, field: Field, values: Sequence[Value]) -> Written:
        """Return the test that a set holds one of several words, of which there is at least one."""

    @abc.abstractmethod
    def is_one_of(self, field: Field, values: Sequence[Value]) -> Written:
        """Return the test that a value is one of several, of which there is at least one."""

    @abc.abstractmethod
    def is_null(self, field: Field) -> Written:
        """Return the test that a value is missing."""
