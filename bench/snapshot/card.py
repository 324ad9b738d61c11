"""The data card of a built dataset, for people."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bench.core.attributes import Attributes
from bench.datasets.attribute_table import attribute_figures
from bench.datasets.manifest import MANIFEST
from bench.system.cache import atomic_file

CARD = "README.md"


def write_card(folder: Path, facts: Mapping[str, Any], attributes: Attributes) -> None:
    """Write the data card in Markdown."""
    items, embedding, queries = facts["items"], facts["embedding"], facts["settings"]["queries"]
    left_out = facts["malformed"]
    terms = f"terms of {Path(queries['terms']).name}" if queries["terms"] else "from titles of papers that are no items"
    share = queries["selectivity"]
    drawn = "drawn from the items" if share is None else f"of selectivity {share:g}"
    lines = [
        f"# {folder.name}: {items:,} arXiv abstracts in {embedding['dim']} dimensions",
        "",
        "A dataset of the published layout of arxiv-for-fanns, built from arXiv's metadata snapshot.",
        "",
        "| | |",
        "|---|---|",
        f"| snapshot | {facts['snapshot']['name']}, {facts['snapshot']['bytes']:,} bytes, "
        f"sha256 `{facts['snapshot']['sha256'][:16]}` |",
        f"| records | {facts['snapshot']['records']:,}; {left_out['count']:,} malformed lines left out |",
        f"| items | {items:,} ({facts['settings']['sample']['method']}, seed {facts['settings']['seed']}) |",
        f"| embedding | {embedding['model']}, {embedding['dim']} dimensions, unit length, "
        f"{embedding['truncated']:,} abstracts cut off |",
        f"| queries | {queries['count']:,}, {terms} |",
        f"| filters | EM on number_of_sub_categories, R on update_date, EMIS on main_categories; "
        f"{drawn}, "
        f"correlation {queries['correlation']:g} |",
        "",
        "## Attributes",
        "",
        "| attribute | kind | missing | distinct | commonest |",
        "|---|---|---:|---:|---|",
        *(
            f"| {row['attribute']} | {row['kind']} | {row['missing']:,} | {row['distinct']:,} | "
            f"{str(row['commonest']).replace('|', '/')} |"
            for row in attribute_figures(attributes).to_dict("records")
        ),
        "",
        "## Selectivity",
        "",
        "| workload | p1 | p10 | p50 | p90 | p99 |",
        "|---|---:|---:|---:|---:|---:|",
        *(
            f"| {name} | " + " | ".join(f"{value:.3f}" for value in percentiles.values()) + " |"
            for name, percentiles in facts["selectivities"].items()
        ),
        "",
    ]
    if left_out["first"]:
        lines += ["## Malformed lines", "", *(f"- {reason}" for reason in left_out["first"]), ""]
    lines += [f"Digests of all files are in `{MANIFEST}`; `python -m bench.data verify` checks them.", ""]
    with atomic_file(folder / CARD) as path:
        path.write_text("\n".join(lines), encoding="utf-8")
