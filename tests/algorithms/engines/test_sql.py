"""Filters in SQL: what is written, and what SQLite, which is always here, finds by it."""

from __future__ import annotations

