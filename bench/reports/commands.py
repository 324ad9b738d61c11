"""The command that makes a point of a figure again, as far as the columns of its rows tell."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from typing import Any

import pandas as pd

from bench.core.formats import Storage
from bench.core.paths import CONFIGS

_PLACEHOLDER = "FOLDER"


def command_of(row: Mapping[Any, Any]) -> str:
    """Return the command for a row; ``FOLDER`` stands for data of which the row does not say where it is.

    Args:
        row: of the store, as `bench.results.selection.with_distinct_names` returns it.
    """
    return " ".join(
        [
            panel_words(row),
            method_words(row),
            param_words("build", str(row["build_params"])),
            param_words("search", str(row["search_params"])),
        ]
    ).strip()


def panel_words(row: Mapping[Any, Any]) -> str:
    """Return the beginning of the command: the data, the workload, k and the threads of the search."""
    words = [*_dataset(row), *_workload(row), f"k={row['k']:.0f}", f"threads_search={row['threads_search']:.0f}"]
    return " ".join(["python -m bench.run", *map(shlex.quote, words)])


def method_words(row: Mapping[Any, Any]) -> str:
    """Return the words that choose a method, the format that it searches and its shards."""
    words = [f"algorithm={row['algorithm_name']}"]
    if row["storage"] != Storage.FLOAT32:
        words.append(f"storage.format={row['storage']}")
        words += [] if pd.isna(row["rerank"]) else [f"storage.rerank={row['rerank']:g}"]
    if row["shards"] > 1:
        words.append(f"shards={row['shards']:.0f}")
    return " ".join(map(shlex.quote, words))


def param_words(phase: str, params: str) -> str:
    """Return the words that set the parameters of a phase, ``build`` or ``search``.

    Args:
        phase: whose parameters they are.
        params: a JSON object of the parameters; anything else gives no words.
    """
    try:
        values = json.loads(params)
    except ValueError:
        return ""
    if not isinstance(values, dict):
        return ""
    words = [f"algorithm.{phase}.{name}={_value(value)}" for name, value in values.items()]
    return " ".join(map(shlex.quote, words))


def _value(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _dataset(row: Mapping[Any, Any]) -> list[str]:
    name = str(row["dataset"])
    if name == "arxiv-sim":
        return [f"dataset.{key}={row[key]:.0f}" for key in ("n", "dim", "queries")]
    if (CONFIGS / "dataset" / f"{name}.yaml").exists():
        return [f"dataset={name}"]
    return ["dataset=local", f"dataset.path={_PLACEHOLDER}", f"dataset.name={name}"]


def _workload(row: Mapping[Any, Any]) -> list[str]:
    name, control = str(row["workload_name"]), row.get("controlled")
    if control is not None and not pd.isna(control):
        group = f"{str(row['filter_type']).lower()}_{control}"
        words = [f"workload={group}", f"workload.{control}={row['controlled_value']:g}"]
    else:
        words = [f"workload={name}"]
    if row["dataset"] != "arxiv-sim":
        words.append(f"workload.queries={row['queries']:.0f}")
    skip = row.get("skip")
    return words if skip is None or pd.isna(skip) or not skip else [*words, f"workload.skip={skip:.0f}"]
