"""Embedded engines as methods: each answers filters in its own query language, with its own planner.

`engine` has what they share: attributes as typed columns, a folder that is written, saved and opened, and a loop over
the queries. `language` walks a filter, and a subclass per query language writes it; `sql` has those that look like SQL.
An engine is one module, which imports only its library, and one file in ``configs/algorithm/engines/``.
"""
