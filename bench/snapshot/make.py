"""``python -m bench.data build``: from arXiv's metadata snapshot to a verified dataset, stage by stage."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import pyarrow.parquet as pq
from omegaconf import DictConfig, OmegaConf

from bench.config.typed import source_of, typed
from bench.core.attributes import Attributes
from bench.core.errors import BenchError
from bench.core.filters import FilterType
from bench.core.vectors import write_fvecs, write_ivecs
from bench.datasets.layout import (  # fmt: skip
    ATTRIBUTES,
    PUBLISHED_WORKLOADS,
    QUERIES,
    VECTORS,
    filters_file,
    parquet_to_attributes,
    truth_file,
    write_filters,
)
from bench.datasets.manifest import ITEMS, MANIFEST, read_manifest, write_manifest
from bench.datasets.sources import LayoutSource
from bench.snapshot.card import write_card
from bench.snapshot.embed import embed_items, write_vectors
from bench.snapshot.embedders import EMBEDDERS
from bench.snapshot.embedders.base import EmbedderSource, embedded
from bench.snapshot.queries import QueriesConfig, draw_filters, read_terms, term_of
from bench.snapshot.sample import SampleConfig, choose, derive, titles, write_rows
from bench.system.cache import atomic_file, make_folder, sha256
from bench.system.folders import results_cache
from bench.system.locks import try_lock
from bench.workloads.ground_truth import ground_truth
from bench.workloads.neighbours import neighbours
from bench.workloads.sources import PublishedWorkload, UnfilteredWorkload, WorkloadSource

_WORK = ".build"
_ATTRIBUTES = "database_attributes.parquet"


@dataclass
class BuildConfig:
    """The keys of ``configs/build.yaml`` beside `embedder`, `sample` and `queries`; see there for their meaning."""

    metadata: str
    out: str
    seed: int
    reuse: str | None
    depth: int
    truth_memory_gib: float
    results: str


@dataclass(frozen=True)
class Settings:
    """All that decides the bytes of a dataset, and where they go."""

    build: BuildConfig
    sample: SampleConfig
    queries: QueriesConfig
    embedder: EmbedderSource
    kind: str

    @property
    def deciding(self) -> dict[str, Any]:
        """The settings that decide the bytes."""
        return {
            "metadata": Path(self.build.metadata).name,
            "seed": self.build.seed,
            "depth": self.build.depth,
            "sample": asdict(self.sample),
            "queries": asdict(self.queries),
            "embedder": {"kind": self.kind} | asdict(self.embedder),  # type: ignore[call-overload]
        }


def main(config: DictConfig) -> None:
    """Build a dataset, or go on with one."""
    for key in ("metadata", "out"):
        if OmegaConf.is_missing(config, key):
            raise BenchError(f"{key} is not set; say {key}=PATH")
    values: dict[str, Any] = {str(key): value for key, value in config.items()}
    embedder = values.pop("embedder")
    sample = typed(SampleConfig, values.pop("sample"), "sample")
    queries = typed(QueriesConfig, values.pop("queries"), "queries")
    queries.check()
    build = typed(BuildConfig, values, "configs/build.yaml")
    settings = Settings(build, sample, queries, source_of(embedder, EMBEDDERS, "embedder"), str(embedder.kind))
    run(settings)


def run(settings: Settings) -> None:
    """Run the stages that are not done yet.

    Raises:
        BenchError: an input is of no use, or `out` holds a build of other settings.
    """
    out = make_folder(Path(settings.build.out))
    if (out / MANIFEST).exists():
        _compare(read_manifest(out)["settings"], settings.deciding, out)
        print(f"{out} is already built")
        return
    work = make_folder(out / _WORK)
    with try_lock(work / "lock") or _refuse(out):
        _run(settings, out, work)


def _refuse(out: Path) -> NoReturn:
    raise BenchError(f"another process builds {out}; wait for it, or choose another out=FOLDER")


def _run(settings: Settings, out: Path, work: Path) -> None:
    metadata = Path(settings.build.metadata)
    size = metadata.stat().st_size if metadata.is_file() else 0
    _claim(work, out, settings.deciding | {"size of metadata": size})
    for name, stage in STAGES.items():
        done = work / f"{name}.done"
        if not done.exists():
            print(f"{name} ...", flush=True)
            stage(settings, out, work)
            with atomic_file(done) as path:
                path.touch()
    facts = _facts(settings, out, work)
    write_card(out, facts, Attributes.open(out / _ATTRIBUTES))
    write_manifest(out, facts)
    shutil.rmtree(work)
    print(f"{out}: {facts['items']:,} items; run it with dataset=local dataset.path={out}")


def _claim(work: Path, out: Path, deciding: dict[str, Any]) -> None:
    """Write down the settings of a build, or check that one that was begun has the same."""
    path = work / "settings.json"
    if path.exists():
        _compare(json.loads(path.read_text()), deciding, out)
        return
    with atomic_file(path) as temporary:
        temporary.write_text(json.dumps(deciding))


def _compare(before: Any, now: Any, out: Path, key: str = "") -> None:
    if isinstance(before, dict) and isinstance(now, dict):
        for name in sorted(before.keys() | now.keys()):
            _compare(before.get(name), now.get(name), out, f"{key}.{name}" if key else name)
    elif json.loads(json.dumps(now)) != before:
        raise BenchError(f"{out} was built with {key}={before}, not {now}; choose another out=FOLDER, or delete it")


def _metadata(settings: Settings, out: Path, work: Path) -> None:
    """Derive the attributes of every record."""
    source = Path(settings.build.metadata)
    derive(source, work / "records.parquet", work / "malformed.json")
    records = pq.read_metadata(work / "records.parquet").num_rows
    facts = {"name": source.name, "bytes": source.stat().st_size, "sha256": sha256(source), "records": records}
    (work / "snapshot.json").write_text(json.dumps(facts))
    malformed = json.loads((work / "malformed.json").read_text())
    print(f"{records:,} records; {malformed['count']:,} malformed lines left out")
    for line in malformed["first"][:5]:
        print(f"  {line}")


def _sample(settings: Settings, out: Path, work: Path) -> None:
    """Choose the items, and write their texts and attributes; note the search terms of the queries."""
    records, queries = work / "records.parquet", settings.queries
    held_out = 0 if queries.terms else queries.count
    rows, others = choose(records, settings.sample, settings.build.seed, held_out)
    write_rows(records, rows, out / ITEMS, out / _ATTRIBUTES)
    with atomic_file(out / ATTRIBUTES) as path:
        parquet_to_attributes(out / _ATTRIBUTES, path)
    if queries.terms:
        terms = read_terms(Path(queries.terms), queries.count)
    else:
        terms = [term_of(title) for title in titles(records, others)]
    with atomic_file(out / "query_terms.txt") as path:
        path.write_text("\n".join(terms) + "\n", encoding="utf-8")


def _embed(settings: Settings, out: Path, work: Path) -> None:
    """Embed the items, then the queries."""
    (work / "records.parquet").unlink(missing_ok=True)  # the stage that needs them is done
    shards = work / "shards"
    reuse = Path(settings.build.reuse) if settings.build.reuse else None
    embedding = embed_items(out / ITEMS, settings.embedder, shards, reuse)
    terms = (out / "query_terms.txt").read_text(encoding="utf-8").splitlines()
    embedder = settings.embedder.open("queries", len(terms))
    vectors = embedded(embedder, terms, 0, settings.embedder.dimensions)
    with atomic_file(out / QUERIES) as path:
        write_fvecs(path, [vectors])
    write_vectors(shards, out / VECTORS)
    (work / "embedding.json").write_text(json.dumps(asdict(embedding)))


def _queries(settings: Settings, out: Path, work: Path) -> None:
    """Draw the filters."""
    shutil.rmtree(work / "shards", ignore_errors=True)  # the stage that needs them is done
    cache = results_cache(Path(settings.build.results))
    dataset = LayoutSource(out.name, str(out)).open(cache)
    near = neighbours(dataset, cache)
    for filter_type, filters in draw_filters(
        settings.queries, dataset.open_attributes(), near, settings.build.seed
    ).items():
        with atomic_file(out / filters_file(filter_type)) as path:
            write_filters(path, filters)


def _truth(settings: Settings, out: Path, work: Path) -> None:
    """Compute the exact answers of all workloads."""
    cache = results_cache(Path(settings.build.results))
    dataset = LayoutSource(out.name, str(out)).open(cache)
    sources: list[WorkloadSource] = [UnfilteredWorkload("none")]
    sources += [PublishedWorkload(str(name).lower(), name) for name in PUBLISHED_WORKLOADS]
    selectivities = {}
    for source in sources:
        workload = source.open(dataset, cache)
        memory = int(settings.build.truth_memory_gib * 2**30)
        truth = ground_truth(dataset, workload, cache, depth=settings.build.depth, memory=memory)
        with atomic_file(out / truth_file(workload.filter_type)) as path:
            write_ivecs(path, [row[row >= 0] for row in truth.ids])
        if workload.filter_type is not FilterType.NONE:
            shares = truth.matches / dataset.shape[0]
            selectivities[workload.name] = {f"p{p}": float(np.percentile(shares, p)) for p in (1, 10, 50, 90, 99)}
    (work / "selectivities.json").write_text(json.dumps(selectivities))


def _facts(settings: Settings, out: Path, work: Path) -> dict[str, Any]:
    """Return what the manifest and the card say."""
    noted = {
        name: json.loads((work / f"{name}.json").read_text())
        for name in ("snapshot", "malformed", "embedding", "selectivities")
    }
    return noted | {
        "settings": settings.deciding,
        "items": pq.read_metadata(out / ITEMS).num_rows,
    }


STAGES: dict[str, Callable[[Settings, Path, Path], None]] = {
    "metadata": _metadata,
    "sample": _sample,
    "embed": _embed,
    "queries": _queries,
    "truth": _truth,
}
"""The stages in their order. Each may be killed and started again until its mark is there; what it alone needs is
deleted by the one behind it."""
