"""A small synthetic dataset of the published layout: clustered vectors, and random attributes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.core.attributes import Attributes
from bench.core.encode import boolean, categorical, ordered, sets
from bench.core.filters import Between, Contains, Equals
from bench.core.vectors import write_fvecs
from bench.datasets.layout import ATTRIBUTES, QUERIES, VECTORS, write_filters

N, DIM, QUERY_COUNT = 400, 16, 24
MAIN = ("cs", "math", "physics", "stat")


def clustered(n: int, dim: int, seed: int) -> NDArray[np.float32]:
    """Return float32[n, dim] around ten centres that do not depend on the seed."""
    centres = np.random.default_rng(0).normal(size=(10, dim))
    rng = np.random.default_rng(seed)
    return (centres[rng.integers(10, size=n)] + 0.3 * rng.normal(size=(n, dim))).astype(np.float32)


def records(n: int, seed: int) -> list[dict[str, Any]]:
    """Return the eleven attributes of n items; a tenth of the values is missing."""
    rng = np.random.default_rng(seed)

    def words(pool: list[str], most: int) -> list[str]:
        return rng.choice(pool, size=rng.integers(1, most + 1), replace=False).tolist()

    items = []
    for _ in range(n):
        main = words(list(MAIN), 2)
        sub = words([f"{m}.{x}" for m in main for x in "ABC"], 3)
        authors = words([f"Author {a}" for a in range(50)], 4)
        record = {
            "submitter": authors[0],
            "has_comment": bool(rng.random() < 0.6),
            "number_of_main_categories": len(main),
            "main_categories": main,
            "number_of_sub_categories": len(sub),
            "sub_categories": sub,
            "license": str(rng.choice(["by", "by-sa", "none"])),
            "number_of_versions": int(rng.integers(1, 5)),
            "update_date": int(rng.integers(13_000, 19_000)),
            "number_of_authors": len(authors),
            "authors": authors,
        }
        items.append({name: None if rng.random() < 0.1 else value for name, value in record.items()})
    return items


def attributes(n: int = N, seed: int = 1) -> Attributes:
    """Return the attributes of `records` as columns."""
    items = records(n, seed)
    kinds = {"submitter": categorical, "license": categorical, "has_comment": boolean}
    kinds |= dict.fromkeys(("main_categories", "sub_categories", "authors"), sets)
    return Attributes(n, {name: kinds.get(name, ordered)([record[name] for record in items]) for name in items[0]})


def write_lines(path: Path, lines: list[Any]) -> Path:
    """Write JSON lines."""
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def write_layout(folder: Path, *, n: int = N, queries: int = QUERY_COUNT, dim: int = DIM) -> Path:
    """Write a dataset of the published layout, without answers; the last query of each workload has no match."""
    folder.mkdir(parents=True, exist_ok=True)
    write_fvecs(folder / VECTORS, [clustered(n, dim, 1)])
    write_fvecs(folder / QUERIES, [clustered(queries, dim, 2)])
    write_lines(folder / ATTRIBUTES, records(n, 1))
    some = range(queries - 1)
    em = [Equals("number_of_sub_categories", 1 + q % 3) for q in some]
    r = [Between("update_date", 13_000 + 100 * q, 15_000 + 100 * q) for q in some]
    emis = [Contains("main_categories", MAIN[q % 4]) for q in some]
    write_filters(folder / "em_query_attributes.jsonl", [*em, Equals("number_of_sub_categories", 99)])
    write_filters(folder / "r_query_attributes.jsonl", [*r, Between("update_date", 1, 0)])
    write_filters(folder / "emis_query_attributes.jsonl", [*emis, Contains("main_categories", "nothing")])
    return folder
