"""``python -m bench.data build``: from arXiv's metadata snapshot to a dataset, stage by stage."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NoReturn

import pyarrow.parquet as pq
from omegaconf import DictConfig, OmegaConf

from bench.config.typed import source_of, typed
from bench.core.attributes import Attributes
from bench.core.errors import BenchError
from bench.core.ivecs import write_ivecs
from bench.core.leaf import FilterType
from bench.core.vectors import write_fvecs
from bench.datasets.json_attributes import parquet_to_attributes
from bench.datasets.layout import (
    ATTRIBUTES,
    PUBLISHED_WORKLOADS,
    QUERIES,
    VECTORS,
    filters_file,
    truth_file,
    write_filters,
)
from bench.datasets.manifest import ITEMS, MANIFEST, read_manifest, write_manifest
from bench.datasets.selectivity import percentiles
from bench.datasets.sources import LayoutSource
from bench.snapshot.card import write_card
from bench.snapshot.embed import embed_items, write_vectors
from bench.snapshot.embedders import EMBEDDERS
from bench.snapshot.embedders.base import EmbedderSource, embed_texts
from bench.snapshot.queries import QueriesConfig, draw_filters, read_terms, term_of
from bench.snapshot.sample import SampleConfig, choose, derive, titles, write_rows
from bench.system.files import atomic_file, make_folder, sha256
from bench.system.folders import results_cache
from bench.system.locks import try_lock
from bench.workloads.ground_truth import ground_truth
from bench.workloads.neighbours import neighbours
from bench.workloads.sources import PublishedWorkload, UnfilteredWorkload, WorkloadSource

_WORK = ".build"
_ATTRIBUTES = "database_attributes.parquet"


@dataclass
class BuildConfig:
    """The keys of ``configs/build.yaml``, which explains them, except for `embedder`, `sample` and `queries`."""

    metadata: str
    out: str
    seed: int
    reuse: str | None
    depth: int
    truth_memory_gib: float
    results: str


@dataclass(frozen=True)
class BuildOptions:
    """Everything that decides the bytes of a dataset, and where they go."""

    build: BuildConfig
    sample: SampleConfig
    queries: QueriesConfig
    embedder: EmbedderSource
    kind: str

    @property
    def decisive(self) -> dict[str, Any]:
        """The options that decide the bytes."""
        return {
            "metadata": Path(self.build.metadata).name,
            "seed": self.build.seed,
            "depth": self.build.depth,
            "sample": asdict(self.sample),
            "queries": asdict(self.queries),
            "embedder": {"kind": self.kind} | asdict(self.embedder),  # type: ignore[call-overload]
        }


def main(config: DictConfig) -> None:
    """Build a dataset, or resume a build."""
    for key in ("metadata", "out"):
        if OmegaConf.is_missing(config, key):
            raise BenchError(f"{key} is not set; set {key}=PATH")
    values: dict[str, Any] = {str(key): value for key, value in config.items()}
    embedder = values.pop("embedder")
    sample = typed(SampleConfig, values.pop("sample"), "sample")
    queries = typed(QueriesConfig, values.pop("queries"), "queries")
    queries.check()
    build = typed(BuildConfig, values, "configs/build.yaml")
    run(BuildOptions(build, sample, queries, source_of(embedder, EMBEDDERS, "embedder"), str(embedder.kind)))


def run(options: BuildOptions) -> None:
    """Run the stages that are not done yet.

    Raises:
        BenchError: an input is invalid, or `out` contains a build with other options.
    """
    out = make_folder(Path(options.build.out))
    if (out / MANIFEST).exists():
        _compare(read_manifest(out)["settings"], options.decisive, out)
        print(f"{out} is already built")
        return
    work = make_folder(out / _WORK)
    with try_lock(work / "lock") or _refuse(out):
        _run(options, out, work)


def _refuse(out: Path) -> NoReturn:
    raise BenchError(f"another process is building {out}; wait for it, or choose another out=FOLDER")


def _run(options: BuildOptions, out: Path, work: Path) -> None:
    metadata = Path(options.build.metadata)
    size = metadata.stat().st_size if metadata.is_file() else 0
    _claim(work, out, options.decisive | {"size of metadata": size})
    for name, stage in STAGES.items():
        done = work / f"{name}.done"
        if not done.exists():
            print(f"{name} ...", flush=True)
            stage(options, out, work)
            with atomic_file(done) as path:
                path.touch()
    facts = _facts(options, out, work)
    write_card(out, facts, Attributes.open(out / _ATTRIBUTES))
    write_manifest(out, facts)
    shutil.rmtree(work)
    print(f"{out}: {facts['items']:,} items; run it with dataset=local dataset.path={out}")


def _claim(work: Path, out: Path, decisive: dict[str, Any]) -> None:
    """Write the options of a new build, or check that they equal those of a build that is under way."""
    path = work / "settings.json"
    if path.exists():
        _compare(json.loads(path.read_text()), decisive, out)
        return
    with atomic_file(path) as temporary:
        temporary.write_text(json.dumps(decisive))


def _compare(before: Any, now: Any, out: Path, key: str = "") -> None:
    if isinstance(before, dict) and isinstance(now, dict):
        for name in sorted(before.keys() | now.keys()):
            _compare(before.get(name), now.get(name), out, f"{key}.{name}" if key else name)
    elif json.loads(json.dumps(now)) != before:
        raise BenchError(f"{out} was built with {key}={before}, not {now}; choose another out=FOLDER, or delete it")


def _metadata(options: BuildOptions, out: Path, work: Path) -> None:
    """Derive the attributes of every record."""
    source = Path(options.build.metadata)
    derive(source, work / "records.parquet", work / "malformed.json")
    records = pq.read_metadata(work / "records.parquet").num_rows
    facts = {"name": source.name, "bytes": source.stat().st_size, "sha256": sha256(source), "records": records}
    (work / "snapshot.json").write_text(json.dumps(facts))
    malformed = json.loads((work / "malformed.json").read_text())
    print(f"{records:,} records; {malformed['count']:,} malformed lines skipped")
    for line in malformed["first"][:5]:
        print(f"  {line}")


def _sample(options: BuildOptions, out: Path, work: Path) -> None:
    """Choose the items, and write their texts and attributes, and the search terms of the queries."""
    records, queries = work / "records.parquet", options.queries
    held_out = 0 if queries.terms else queries.count
    rows, others = choose(records, options.sample, options.build.seed, held_out)
    write_rows(records, rows, out / ITEMS, out / _ATTRIBUTES)
    with atomic_file(out / ATTRIBUTES) as path:
        parquet_to_attributes(out / _ATTRIBUTES, path)
    if queries.terms:
        terms = read_terms(Path(queries.terms), queries.count)
    else:
        terms = [term_of(title) for title in titles(records, others)]
    with atomic_file(out / "query_terms.txt") as path:
        path.write_text("\n".join(terms) + "\n", encoding="utf-8")


def _embed(options: BuildOptions, out: Path, work: Path) -> None:
    """Embed the items, then the queries."""
    (work / "records.parquet").unlink(missing_ok=True)  # no later stage needs them
    shards = work / "shards"
    reuse = Path(options.build.reuse) if options.build.reuse else None
    embedding = embed_items(out / ITEMS, options.embedder, shards, reuse)
    terms = (out / "query_terms.txt").read_text(encoding="utf-8").splitlines()
    embedder = options.embedder.open("queries", len(terms))
    vectors = embed_texts(embedder, terms, 0, options.embedder.dimensions)
    with atomic_file(out / QUERIES) as path:
        write_fvecs(path, [vectors])
    write_vectors(shards, out / VECTORS)
    (work / "embedding.json").write_text(json.dumps(asdict(embedding)))


def _queries(options: BuildOptions, out: Path, work: Path) -> None:
    """Draw the filters."""
    shutil.rmtree(work / "shards", ignore_errors=True)  # no later stage needs them
    cache = results_cache(Path(options.build.results))
    dataset = LayoutSource(out.name, str(out)).open(cache)
    near = neighbours(dataset, cache)
    drawn = draw_filters(options.queries, dataset.open_attributes(), near, options.build.seed)
    for filter_type, filters in drawn.items():
        with atomic_file(out / filters_file(filter_type)) as path:
            write_filters(path, filters)


def _truth(options: BuildOptions, out: Path, work: Path) -> None:
    """Compute the exact answers of all workloads."""
    cache = results_cache(Path(options.build.results))
    dataset = LayoutSource(out.name, str(out)).open(cache)
    sources: list[WorkloadSource] = [UnfilteredWorkload("none")]
    sources += [PublishedWorkload(str(name).lower(), name) for name in PUBLISHED_WORKLOADS]
    selectivities = {}
    memory = int(options.build.truth_memory_gib * 2**30)
    for source in sources:
        workload = source.open(dataset, cache)
        truth = ground_truth(dataset, workload, cache, depth=options.build.depth, memory=memory)
        with atomic_file(out / truth_file(workload.filter_type)) as path:
            write_ivecs(path, [row[row >= 0] for row in truth.ids])
        if workload.filter_type is not FilterType.NONE:
            selectivities[workload.name] = percentiles(truth.matches / dataset.shape[0])
    (work / "selectivities.json").write_text(json.dumps(selectivities))


def _facts(options: BuildOptions, out: Path, work: Path) -> dict[str, Any]:
    """Return the facts for the manifest and the card."""
    facts = {
        name: json.loads((work / f"{name}.json").read_text())
        for name in ("snapshot", "malformed", "embedding", "selectivities")
    }
    return facts | {
        "settings": options.decisive,
        "items": pq.read_metadata(out / ITEMS).num_rows,
    }


STAGES: dict[str, Callable[[BuildOptions, Path, Path], None]] = {
    "metadata": _metadata,
    "sample": _sample,
    "embed": _embed,
    "queries": _queries,
    "truth": _truth,
}
"""The stages in order. A stage can be killed and restarted until its mark is there; the next deletes its files."""
