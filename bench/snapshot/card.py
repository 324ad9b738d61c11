"""The data card of a built dataset, for human readers."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bench.core.attributes import Attributes
from bench.datasets.attribute_table import summarise_attributes
from bench.datasets.manifest import MANIFEST
from bench.system.files import atomic_file

CARD = "README.md"


def write_card(folder: Path, facts: Mapping[str, Any], attributes: Attributes) -> None:
    """Write the data card in Markdown."""
    items, embedding, queries = facts["items"], facts["embedding"], facts["settings"]["queries"]
    malformed, selectivity = facts["malformed"], queries["selectivity"]
    terms = f"terms of {Path(queries['terms']).name}" if queries["terms"] else "from titles of other papers"
    drawn = "drawn from the items" if selectivity is None else f"of selectivity {selectivity:g}"
    lines = [
        f"# {folder.name}: {items:,} arXiv abstracts in {embedding['dim']} dimensions",
        "",
        "A dataset of the published layout of arxiv-for-fanns, built from arXiv's metadata snapshot.",
        "",
        "| | |",
        "|---|---|",
        f"| snapshot | {facts['snapshot']['name']}, {facts['snapshot']['bytes']:,} bytes, "
        f"sha256 `{facts['snapshot']['sha256'][:16]}` |",
        f"| records | {facts['snapshot']['records']:,}; {malformed['count']:,} malformed lines skipped |",
        f"| items | {items:,} ({facts['settings']['sample']['method']}, seed {facts['settings']['seed']}) |",
        f"| embedding | {embedding['model']}, {embedding['dim']} dimensions, unit length, "
        f"{embedding['truncated']:,} abstracts truncated |",
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
            for row in summarise_attributes(attributes).to_dict("records")
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
    if malformed["first"]:
        lines += ["## Malformed lines", "", *(f"- {reason}" for reason in malformed["first"]), ""]
    lines += [f"Digests of all files are in `{MANIFEST}`; `python -m bench.data verify` checks them.", ""]
    with atomic_file(folder / CARD) as path:
        path.write_text("\n".join(lines), encoding="utf-8")
