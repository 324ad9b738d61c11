"""Reading snapshots and choosing items, from good and damaged files."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from bench.core.errors import BenchError
from bench.snapshot import read as snapshots
from bench.snapshot.read import Malformed, read
from bench.snapshot.sample import SampleConfig, choose, derive, titles, write_rows
from tests.support.snapshot import snapshot


@pytest.fixture
def records(tmp_path: Path) -> Path:
    derive(snapshot(tmp_path / "s.json", 300), tmp_path / "records.parquet", tmp_path / "malformed.json")
    return tmp_path / "records.parquet"


def test_texts_are_cleaned_and_old_ids_kept(tmp_path: Path) -> None:
    path = snapshot(tmp_path / "s.json", 1)
    plain = json.loads(path.read_text())
    plain |= {"id": "math/0211159", "title": " The \n entropy ", "abstract": "  $\\pi$ is\n \tgrössér \n"}
    path.write_text(json.dumps(plain, ensure_ascii=False))
    (record,) = read(path, Malformed())
    assert record[:3] == ("math/0211159", "The entropy", "$\\pi$ is grössér")


def test_gzip_is_read_as_plain(tmp_path: Path) -> None:
    plain = snapshot(tmp_path / "s.json", 40)
    packed = tmp_path / "s.json.gz"
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    assert list(read(packed, Malformed())) == list(read(plain, Malformed()))


def test_malformed_lines_are_counted_named_and_skipped(tmp_path: Path) -> None:
    lines = snapshot(tmp_path / "s.json", 6).read_text().splitlines()
    without = json.loads(lines[2])
    del without["abstract"]
    lines[1], lines[2], lines[4] = '{"id": "07', json.dumps(without), "[1]"
    (tmp_path / "s.json").write_text("\n".join(lines))
    malformed = Malformed()
    assert len(list(read(tmp_path / "s.json", malformed))) == 3
    assert malformed.count == 3
    assert malformed.first[0].startswith("line 2: ")
    assert malformed.first[1:] == ["line 3: no abstract", "line 5: list instead of an object"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "no record of arXiv's metadata in its first 0 lines \\(it is empty\\)"),
        (b'[\n{"id": 1},\n{"id": 2}\n]', "no record .* in its first 4 lines \\(line 1: "),
        (b"id,title\n1,a\n" * 2000, "no record .* in its first 1000 lines"),
        (b"\x00\xff" * 50, "no record"),
    ],
)
def test_other_files_are_refused(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "s.json").write_bytes(content)
    with pytest.raises(BenchError, match=f"s.json has {message}"):
        list(read(tmp_path / "s.json", Malformed()))


def test_an_endless_line_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshots, "_LONGEST_LINE", 1000)
    (tmp_path / "s.json").write_bytes(b"[" + b'{"id": 1},' * 1000)
    with pytest.raises(BenchError, match="more than 16 MiB: not JSON lines"):
        list(read(tmp_path / "s.json", Malformed()))


def test_a_truncated_gzip_is_refused(tmp_path: Path) -> None:
    packed = gzip.compress(snapshot(tmp_path / "s.json", 400).read_bytes())
    (tmp_path / "s.gz").write_bytes(packed[: len(packed) // 2])
    with pytest.raises(BenchError, match=rf"truncated at byte {len(packed) // 2:,} of its gzip stream"):
        list(read(tmp_path / "s.gz", Malformed()))


def test_first_takes_the_first_records(records: Path) -> None:
    items, others = choose(records, SampleConfig("first", 100), 0, 50)
    assert items.tolist() == list(range(100))
    assert len(others) == 50
    assert others.min() >= 100


def test_random_depends_on_the_seed_and_grows(records: Path) -> None:
    few, _ = choose(records, SampleConfig("random", 60), 7, 0)
    more, _ = choose(records, SampleConfig("random", 90), 7, 0)
    other, _ = choose(records, SampleConfig("random", 60), 8, 0)
    assert set(few) < set(more)
    assert few.tolist() != other.tolist()
    assert np.all(np.diff(few) > 0)


@pytest.mark.parametrize("by", ["year", "category"])
def test_strata_keep_their_proportions(records: Path, by: str) -> None:
    items, others = choose(records, SampleConfig("stratified", 101, by), 0, 40)
    assert len(items) == 101
    assert not set(items) & set(others)
    table = pq.read_table(records)
    column = table.column("update_date" if by == "year" else "main_categories").to_pylist()
    strata = [np.datetime64(value, "D").astype("datetime64[Y]") if by == "year" else value[0] for value in column]
    whole, chosen = Counter(strata), Counter(strata[i] for i in items)
    for stratum, count in whole.items():
        assert abs(chosen[stratum] - count * 101 / 300) < 1


def test_the_last_record_of_an_id_counts(tmp_path: Path) -> None:
    path = snapshot(tmp_path / "s.json", 10)
    newer = json.loads(path.read_text().splitlines()[3]) | {"title": "Revised"}
    path.write_text(path.read_text() + json.dumps(newer) + "\n")
    derive(path, tmp_path / "r.parquet", tmp_path / "m.json")
    items, _ = choose(tmp_path / "r.parquet", SampleConfig(), 0, 0)
    assert items.tolist() == [0, 1, 2, 4, 5, 6, 7, 8, 9, 10]
    write_rows(tmp_path / "r.parquet", items, tmp_path / "items.parquet", tmp_path / "a.parquet")
    assert pq.read_table(tmp_path / "items.parquet").column("title").to_pylist()[-1] == "Revised"
    assert titles(tmp_path / "r.parquet", np.array([10, 0]))[0] == "Revised"


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (
            SampleConfig("first", 290),
            "sample.items=290 is out of range; there are 300 distinct records, of which 20 become queries",
        ),
        (SampleConfig("best"), "sample.method=best is unknown; "),
        (SampleConfig(by="month"), "sample.by=month is unknown; "),
        (SampleConfig(items=0), "sample.items=0 is out of range"),
    ],
)
def test_invalid_samples_are_refused(records: Path, config: SampleConfig, message: str) -> None:
    with pytest.raises(BenchError, match=message):
        choose(records, config, 0, 20)
