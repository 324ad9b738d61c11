"""The taxonomy: the methods that the paper surveys in table 1, which of them run here, and newer ones that do."""

from __future__ import annotations

from dataclasses import dataclass

from bench.core.leaf import FilterType
from bench.reports.tables.table import NONE, YES, Table

EM, R, EMIS, MEM, MR, MEMIS, C = (
    FilterType.EM, FilterType.R, FilterType.EMIS, FilterType.MEM, FilterType.MR, FilterType.MEMIS, FilterType.C,
)  # fmt: skip
ALL = (EM, R, EMIS, MEM, MR, MEMIS, C)


@dataclass(frozen=True)
class Surveyed:
    """A published method.

    Attributes:
        name: the name by its authors.
        year: of publication.
        problem: FANNS, or AFANNS if items that fail the filter may be returned.
        approach: pre-, post- or in-filtering, or a hybrid index.
        technique: graph, quantisation, tree, or a combination.
        serves: the filter types.
        source: whether the source code is public.
        runs_as: its names in ``configs/algorithm``, if it runs here.
        note: what the other columns cannot express.
    """

    name: str
    year: int
    problem: str
    approach: str
    technique: str
    serves: tuple[FilterType, ...]
    source: bool
    runs_as: tuple[str, ...] = ()
    note: str = ""


_HYBRID, _GRAPH = "hybrid index", "graph"
SURVEYED = (
    Surveyed("Rii", 2018, "FANNS", "pre-/in-filtering", "quantisation", ALL, True),
    Surveyed("MA-NSW", 2019, "FANNS", _HYBRID, _GRAPH, (EM, MEM), False),
    Surveyed("PASE", 2020, "FANNS", "post-filtering", "quantisation/graph", ALL, True),
    Surveyed("AnalyticDB-V", 2020, "FANNS", "pre-/post-filtering", "quantisation", ALL, False),
    Surveyed("Milvus", 2021, "FANNS", "pre-/post-filtering", "quantisation/graph", (R, MR), True),
    Surveyed("NHQ", 2022, "AFANNS", _HYBRID, _GRAPH, (EM, MEM), True, ("nhq_nsw", "nhq_kgraph")),
    Surveyed("HQANN", 2022, "AFANNS", _HYBRID, _GRAPH, (EM, MEM), False, note="mentions no filtering step"),
    Surveyed("AIRSHIP", 2022, "FANNS", "in-filtering", _GRAPH, ALL, False),
    Surveyed("HQI", 2023, "FANNS", _HYBRID, "tree and quantisation", (EM, R, MEM, MR, C), False),
    Surveyed("VBASE", 2023, "FANNS", "post-filtering", "any", ALL, True, ("vbase",), "here over a graph"),
    Surveyed("Filtered-DiskANN", 2023, "FANNS", _HYBRID, _GRAPH, (EMIS,), True,
             ("filtered_vamana", "stitched_vamana"), "EM as a set of one"),
    Surveyed("CAPS", 2023, "FANNS", _HYBRID, "quantisation and tree", (EM, MEM), True, ("caps",)),
    Surveyed("ARKGraph", 2023, "FANNS", _HYBRID, _GRAPH, (R,), True),
    Surveyed("ACORN", 2024, "FANNS", "in-filtering", _GRAPH, ALL, True, ("acorn", "acorn_1")),
    Surveyed("beta-WST", 2024, "FANNS", _HYBRID, "tree and graph", (R,), True),
    Surveyed("SeRF", 2024, "FANNS", _HYBRID, _GRAPH, (R,), True, ("serf",), "MR by in-filtering all but one"),
    Surveyed("iRangeGraph", 2024, "FANNS", _HYBRID, "tree and graph", (R,), True, ("irangegraph",),
             "MR and C by in-filtering all but one"),
    Surveyed("UNIFY", 2024, "FANNS", _HYBRID, _GRAPH, (R,), True),
    Surveyed("UNG", 2024, "FANNS", _HYBRID, _GRAPH, (EMIS, MEMIS), True, ("ung",), "EM and MEM as sets"),
    Surveyed("RangePQ", 2025, "FANNS", _HYBRID, "tree and quantisation", (R,), True),
    Surveyed("DIGRA", 2025, "AFANNS", _HYBRID, "tree and graph", (R,), True, ("digra",), "never fails a filter here"),
    Surveyed("DSG", 2025, "FANNS", _HYBRID, _GRAPH, (R,), True, ("dsg",)),
    Surveyed("TFANNS", 2025, "FANNS", _HYBRID, _GRAPH, (EMIS,), True, note="EM as a set of one"),
)  # fmt: skip
"""In the order of the paper's table."""

NEWER = (
    Surveyed("NaviX", 2025, "FANNS", "in-filtering", _GRAPH, ALL, True, ("navix",)),
    Surveyed("WoW", 2025, "FANNS", _HYBRID, _GRAPH, (R,), True, ("wow",)),
    Surveyed("SIEVE", 2025, "FANNS", _HYBRID, _GRAPH, ALL, True, ("sieve",), "graphs for values; others by the root"),
    Surveyed("Composite", 2026, "FANNS", _HYBRID, _GRAPH, ALL, True, ("composite",), "of this project"),
)  # fmt: skip
"""What the paper does not survey and runs here."""


def taxonomy_table() -> Table:
    """Return the taxonomy, a method per line."""
    header = ["method", "year", "problem", "approach", "technique", *ALL, "source public", "runs here as", "note"]
    rows = [
        [
            one.name,
            str(one.year),
            one.problem,
            one.approach,
            one.technique,
            *(YES if filter_type in one.serves else "" for filter_type in ALL),
            YES if one.source else "",
            ", ".join(one.runs_as) or NONE,
            one.note,
        ]
        for one in SURVEYED + NEWER
    ]
    title = "The methods that the paper surveys (arXiv 2507.21989, table 1), and newer ones that run here"
    return Table(title, header, "lrlll" + "l" * 10, rows)
