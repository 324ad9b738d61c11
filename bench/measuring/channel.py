"""Messages between parent and worker: dataclasses as JSON, and arrays as plain bytes after their shape."""

from __future__ import annotations

import json
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from bench.core.typed_json import dumps, loads
from bench.system.pipe import Pipe, ProtocolError

T = TypeVar("T")

_MOST_TEXT = 64 << 20
_CACHE_LINE = 64


class Channel:
    """Sends and receives messages; raises what `Pipe` raises."""

    def __init__(self, pipe: Pipe) -> None:
        self._pipe = pipe

    def send(self, message: Any) -> None:
        """Send an instance of a dataclass, after its name."""
        self._pipe.send(f"{type(message).__name__} {dumps(message)}".encode())

    def receive(self, *kinds: type[T]) -> T:
        """Return the next message, an instance of one of several dataclasses.

        Raises:
            ProtocolError: it is another message.
        """
        frame = self._pipe.receive(_MOST_TEXT)
        try:
            name, _, text = frame.decode().partition(" ")
            (kind,) = (kind for kind in kinds if kind.__name__ == name)
            return loads(kind, text)
        except (ValueError, TypeError, RecursionError) as error:
            expected = " or ".join(kind.__name__ for kind in kinds)
            raise ProtocolError(f"not a {expected}: {bytes(frame[:80])!r}") from error

    def send_array(self, array: NDArray[Any]) -> None:
        """Send an array of numbers or of booleans."""
        self._pipe.send(json.dumps([array.dtype.str, array.shape]).encode())
        self._pipe.send(np.ascontiguousarray(array).reshape(-1).view(np.uint8).data)

    def receive_array(self, most: int) -> NDArray[Any]:
        """Return the next array, read-only and starting at a cache line.

        Raises:
            ProtocolError: it is not an array, or has more than `most` bytes.
        """
        header = self._pipe.receive(_MOST_TEXT)
        try:
            name, shape = json.loads(header)
            dtype, shape = np.dtype(str(name)), tuple(int(length) for length in shape)
        except (ValueError, TypeError) as error:
            raise ProtocolError(f"not the type and shape of an array: {bytes(header[:80])!r}") from error
        size = dtype.itemsize
        for length in shape:
            size *= length
        if dtype.kind not in "biuf" or min(shape, default=0) < 0 or size > most:
            raise ProtocolError(f"an array {name}{list(shape)} where numbers of at most {most} bytes are allowed")
        memory = np.empty(size + _CACHE_LINE, np.uint8)
        offset = -memory.ctypes.data % _CACHE_LINE
        memory = memory[offset : offset + size]
        self._pipe.receive_into(memory.data)
        array: NDArray[Any] = memory.view(dtype).reshape(shape)
        array.flags.writeable = False
        return array

    def is_ready(self, seconds: float) -> bool:
        """Return whether a message can be received, or the other end is closed, within some seconds."""
        return self._pipe.is_ready(seconds)
