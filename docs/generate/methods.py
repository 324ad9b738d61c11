"""The methods: a page per paper, from the docstring of its package and the declarations of its classes."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Iterator

from algorithms.base import Algorithm, declared_params
from algorithms.loading import load_target
from bench.config.algorithm import AlgorithmConfig, algorithm_config
from bench.core.leaf import FilterType
from bench.core.method import Param
from bench.core.paths import CONFIGS, PROJECT
from docs.generate.markdown import code, from_docstring, table

_HEAD = """# Methods

Each published method has a folder in `algorithms/`, and its page here is the docstring of that folder: the paper, its
symbols and where they are in the code, and what was changed and why. In a configuration, `algorithm=NAME` chooses a
method. The dots show the [filter types](../architecture.md#words) that it serves.

"""


def papers() -> list[str]:
    """Return the folders of `algorithms` that hold methods."""
    return sorted({config.target.split(".")[1] for config in _configs()})


def methods_pages() -> dict[str, str]:
    """Return a page per paper, and their index."""
    pages = {f"methods/{paper}.md": _page(paper) for paper in papers()}
    rows = []
    for config in _configs():
        method, paper = load_target(config.target), config.target.split(".")[1]
        served = ["●" if method.unsupported(filter_type) is None else "" for filter_type in FilterType]
        rows.append([f"[{code(config.name)}]({paper}.md)", *served, method.info.approach, method.info.year])
    header = ["algorithm", *(str(filter_type) for filter_type in FilterType), "approach", "year"]
    return {"methods/index.md": f"{_HEAD}{table(header, rows)}\n", **pages}


def _configs() -> Iterator[AlgorithmConfig]:
    return (algorithm_config(path.stem) for path in sorted((CONFIGS / "algorithm").glob("*.yaml")))


def _page(paper: str) -> str:
    box = from_docstring(inspect.getdoc(importlib.import_module(f"algorithms.{paper}")) or "")
    name, colon, rest = box.partition(":")
    title, text = (name, rest.strip()) if colon and "\n" not in name else (paper.capitalize(), box)
    sections = [_section(config) for config in _configs() if config.target.split(".")[1] == paper]
    files = ", ".join(code(path.name) for path in sorted((PROJECT / "algorithms" / paper).glob("[!_]*.py")))
    where = f"Code: `algorithms/{paper}/`: {files}."
    return "\n\n".join([f"# {title}", text[:1].upper() + text[1:], where, *sections]) + "\n"


def _section(config: AlgorithmConfig) -> str:
    method = load_target(config.target)
    parts = [f"## `algorithm={config.name}`", f"{method.info.paper}. {from_docstring(inspect.getdoc(method) or '')}"]
    parts += [
        _parameters("build", method.BuildParams, config),
        _parameters("search", method.SearchParams, config),
        _refusals(method),
    ]
    return "\n\n".join(part for part in parts if part)


def _parameters(phase: str, params: type, config: AlgorithmConfig) -> str:
    """Return the table of the parameters of a phase, or nothing where it has none."""
    configured = config.build if phase == "build" else config.search
    rows = [
        (code(f"{phase}.{one.name}"), code(configured.get(one.name, "")), one.meaning, _range(one))
        for one in declared_params(params)
    ]
    return table(["parameter", "configured", "meaning", "values"], rows) if rows else ""


def _range(parameter: Param) -> str:
    if parameter.choices:
        return ", ".join(code(choice) for choice in parameter.choices)
    low, high = parameter.low, parameter.high
    bounds = [f"from {low}" if low is not None else "", f"to {high}" if high is not None else ""]
    return " ".join([str(parameter.type), *filter(None, bounds)])


def _refusals(method: type[Algorithm]) -> str:
    """Return which filter types a method does not serve, and why."""
    reasons: dict[str, list[str]] = {}
    for filter_type in FilterType:
        if reason := method.unsupported(filter_type):
            reasons.setdefault(reason, []).append(filter_type)
    return "\n".join(f"- Not served: {', '.join(types)}: {reason}." for reason, types in reasons.items())
