"""What parent and worker tell each other arrives as it was sent, and nothing else is accepted."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bench.config.algorithm import AlgorithmConfig
from bench.core.errors import BenchError
from bench.core.formats import Storage
from bench.core.leaf import FilterType
from bench.core.method import Method, Param
from bench.core.typed_json import dumps, loads
from bench.measuring.channel import Channel
from bench.measuring.messages import Action, Failure, FailureKind, Notice, Reply, Request, Started, Task
from bench.runs.description import code_digest, method_of
from bench.runs.facts import BuildFacts
from bench.system.cache import Cache
from bench.system.pipe import Pipe, ProtocolError
from tests.support.plans import described

TASK = Task(
    target="package.module.Class", build_params={"M": 16}, vectors=Path("/v.fvecs"), attributes=None,
    filtered=("a", "b"), filter_type=FilterType.C, codes=Path("/codes"), rerank=1.2, seed=0, threads=2,
    memory_limit=1 << 30, index=Path("/index"), search_path=(Path("/here"),),
)  # fmt: skip
MESSAGES = [
    TASK,
    replace(TASK, attributes=Path("/a.parquet"), codes=None),
    Request(Action.SEARCH, params={"ef": 1}, k=10, threads=2),
    Request(Action.FILTERS, filters=('{"everything":[]}', "\n")),
    Reply(1.5, 1.0, 12),
    Reply(plans=("a walk", "a scan")),
    Reply(failure=Failure(FailureKind.INVALID, "nonsense")),
    Notice("wait"),
    Started(7),
]


@pytest.fixture
def ends() -> Iterator[tuple[Pipe, Pipe]]:
    """Two ends of a connection."""
    pipes = tuple(Pipe(end) for end in socket.socketpair())
    yield pipes  # type: ignore[misc]
    for pipe in pipes:
        pipe.close()


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: type(message).__name__)
def test_a_message_arrives_as_it_was_sent(ends: tuple[Pipe, Pipe], message: Any) -> None:
    one, other = map(Channel, ends)
    one.send(message)
    assert other.receive(Task, Request, Reply, Notice, Started) == message


@pytest.mark.parametrize("dtype", ["i8", "u1", "f4", "bool"])
@pytest.mark.parametrize("shape", [(3, 2), (0, 5), (4,), ()])
def test_an_array_arrives_as_it_was_sent(ends: tuple[Pipe, Pipe], dtype: str, shape: tuple[int, ...]) -> None:
    one, other = map(Channel, ends)
    array = np.ones(shape, dtype)
    one.send_array(array)
    received = other.receive_array(1000)
    assert (received.dtype, received.shape) == (array.dtype, array.shape)
    np.testing.assert_array_equal(received, array)
    assert not array.size or received.ctypes.data % 64 == 0
    assert not received.flags.writeable


@pytest.mark.parametrize(
    "frame",
    [
        b"",
        b"Reply",
        b"Reply {",
        b"Reply []",
        b'Task {"target": 1',
        b"\xff\xff",
        b"Other {}",
        b"Reply " + b"[" * 100_000,
    ],
)
def test_nonsense_is_not_a_message(ends: tuple[Pipe, Pipe], frame: bytes) -> None:
    ends[0].send(frame)
    with pytest.raises(ProtocolError, match="not a Reply or Notice"):
        Channel(ends[1]).receive(Reply, Notice)


@pytest.mark.parametrize(
    "header",
    [b"", b"[]", b'["<i8"]', b'["<i8", [-1]]', b'["|O", [1]]', b'["<U9", [1]]', b'["<i8", [1e18]]', b'["<i8", 3]'],
)
def test_nonsense_is_not_an_array(ends: tuple[Pipe, Pipe], header: bytes) -> None:
    ends[0].send(header)
    with pytest.raises(ProtocolError):
        Channel(ends[1]).receive_array(1000)


def test_a_frame_is_not_longer_than_allowed(ends: tuple[Pipe, Pipe]) -> None:
    ends[0].send(b"12345")
    with pytest.raises(ProtocolError, match="a frame of 5 bytes where at most 4 are allowed"):
        ends[1].receive(4)


def test_the_facts_of_a_build_are_read_as_they_were_written() -> None:
    facts = BuildFacts(1.5, 0.5, 0.1, 1 << 20, 0.9, 77)
    assert loads(BuildFacts, dumps(facts)) == facts


def test_a_method_describes_itself() -> None:
    method = described("tests.support.adversarial.Declares")
    assert method.build[0] == Param("whole", "int", 3, "a whole number", 1, 9, ())
    assert method.reads == (Storage.FLOAT32,)
    assert method.unsupported[FilterType.EM] is None
    assert Path(__file__).parents[1] / "support" / "adversarial" / "declarations.py" in method.sources
    assert loads(Method, dumps(method)) == method


@pytest.fixture
def wrapper(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The target of a method that declares a library beside its module, and a binary elsewhere."""
    package = tmp_path / "wrapper"
    (package / "lib").mkdir(parents=True)
    (package / "lib" / "search.so").write_bytes(b"built once")
    (tmp_path / "binary").write_bytes(b"too")
    (package / "__init__.py").write_text(
        "import dataclasses\n"
        "from tests.support.adversarial import Honest\n"
        "class Wrapper(Honest):\n"
        f"    info = dataclasses.replace(Honest.info, files=('lib/search.so', {str(tmp_path / 'binary')!r}))\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=":")
    return "wrapper.Wrapper"


def test_a_rebuilt_library_is_other_code(wrapper: str, tmp_path: Path) -> None:
    method = method_of(AlgorithmConfig("wrapper", wrapper), Cache(tmp_path / "cache"))
    assert method.files == (tmp_path / "wrapper" / "lib" / "search.so", tmp_path / "binary")
    digests = [code_digest(method)]
    for file in method.files:
        assert code_digest(method) == digests[-1]
        file.write_bytes(b"built anew")
        digests.append(code_digest(method))
    assert len(set(digests)) == 3


def test_a_declared_file_that_is_missing_is_named(wrapper: str, tmp_path: Path) -> None:
    method = method_of(AlgorithmConfig("wrapper", wrapper), Cache(tmp_path / "cache"))
    method.files[0].unlink()
    with pytest.raises(BenchError, match=r"wrapper.Wrapper declares the file .*lib/search.so, which is missing"):
        code_digest(method)
