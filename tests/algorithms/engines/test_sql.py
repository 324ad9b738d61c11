"""Filters in SQL: what is written, and what SQLite, which is always here, finds by it."""

from __future__ import annotations

import sqlite3
from typing import Any

import pytest
from hypothesis import given

from algorithms.base import Data
from algorithms.engines.fields import fields_of
from algorithms.engines.sql import LiteralSql, Sql
from bench.core.attributes import Attributes
from bench.core.filters import And, Between, Contains, Equals, Everything, Filter, In, IsNull, Not, Or, attributes_of
from bench.core.leaf import FilterType
from tests.support import awkward
from tests.support.naive import items_of, passes
from tests.support.strategies import FILTERS, columns
