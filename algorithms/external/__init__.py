"""Methods that are programs: a YAML file describes one, without any Python.

`bench.core.external` has the keys of the section `external` of such a file; ``docs/tutorials/wrap_a_binary.md`` shows
how to write it. `bench.runs.inputs` writes the files of the items, outside of everything that is timed. The rest is
here:

- `method.Program`: the method, with hooks for formats that the harness does not have;
- `process`: programs that run once, and programs that stay and are asked;
- `answers`: ids and seconds as programs return them.

A program that runs once per search says itself how long it searched (`Algorithm.program_seconds`), because its start
and the loading of its index are no part of a search. A program that stays is timed like every other method, from the
question to the ids: the exchange of files, well under a millisecond, counts.
"""

from algorithms.external.method import Program

__all__ = ["Program"]
