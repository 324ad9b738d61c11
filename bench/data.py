"""``python -m bench.data ACTION key=value ...``: list, download, generate, build, verify and describe datasets."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from bench.config.command import command
from bench.config.typed import source_of, typed
from bench.core.errors import BenchError, suggestion
from bench.core.paths import CONFIGS
from bench.datasets import hub
from bench.datasets.obtain import download, generate
from bench.datasets.sources import SOURCES, HubSource, Source
from bench.system.cache import Cache
from bench.system.folders import results_cache
from bench.workloads.inspect import profile_dataset, verify_dataset
from bench.workloads.sources import WORKLOADS, WorkloadSource


@dataclass
class DataConfig:
    """The keys of ``configs/data.yaml``, which explains them, except for `dataset` and `workload`."""

    action: str
    truth_memory_gib: float
    results: str


def main(config: DictConfig) -> None:
    """Carry out one action."""
    values: dict[str, Any] = {"workload": None} | {str(key): value for key, value in config.items()}
    dataset, workload = values.pop("dataset"), values.pop("workload")
    options = typed(DataConfig, values, "configs/data.yaml")
    if options.action == "list":
        _list_datasets()
    elif options.action in ACTIONS:
        given = source_of(workload, WORKLOADS, "workload") if workload else None
        memory, cache = int(options.truth_memory_gib * 2**30), results_cache(Path(options.results))
        ACTIONS[options.action](source_of(dataset, SOURCES, "dataset"), given, cache, memory)
    else:
        raise BenchError(f"there is no action '{options.action}'{suggestion(options.action, ['list', *ACTIONS])}")


def _list_datasets() -> None:
    for path in sorted((CONFIGS / "dataset").glob("*.yaml")):
        node: Any = OmegaConf.load(path)
        comment = path.read_text().splitlines()[0].lstrip("# ")
        needs = ", ".join(f"dataset.{key}" for key in sorted(OmegaConf.missing_keys(node)))
        state = f"needs {needs}" if needs else source_of(node, SOURCES, "dataset").state()
        print(f"{path.stem:14} {state:28} {comment}")


def _verify(source: Source, given: WorkloadSource | None, cache: Cache, memory: int) -> None:
    if isinstance(source, HubSource):
        hub.verify(source.folder)
    for line in verify_dataset(source.open(cache), given, cache, memory):
        print(line)


def _profile(source: Source, given: WorkloadSource | None, cache: Cache, memory: int) -> None:
    for table in profile_dataset(source.open(cache), given, cache, memory):
        print(table)


ACTIONS: dict[str, Callable[[Source, WorkloadSource | None, Cache, int], None]] = {
    "download": lambda source, *_: print(f"{source.name} is in {download(source)}"),
    "generate": lambda source, _, cache, __: print(f"{source.name} is in {generate(source, cache)}"),
    "verify": _verify,
    "describe": _profile,
}


def _build(config: DictConfig) -> None:
    try:
        from bench.snapshot.make import main as build
    except ImportError as error:
        raise BenchError(f"building needs {error.name}: pip install 'fanns-bench[build]'") from error
    build(config)


def entry() -> None:
    """Run the command; the first word is the action. Building has its own configuration."""
    if sys.argv[1:2] == ["build"]:
        del sys.argv[1]
        command("build", _build)
        return
    if len(sys.argv) > 1 and "=" not in sys.argv[1] and not sys.argv[1].startswith("-"):
        sys.argv[1] = f"action={sys.argv[1]}"
    command("data", main)


if __name__ == "__main__":
    entry()
