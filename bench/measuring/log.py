"""What a worker prints: kept in memory, its beginning and its end, so that no worker can fill a disk."""

from __future__ import annotations

import threading
from collections import deque
from typing import BinaryIO

_HEAD_BYTES = 256 << 10
_BLOCK_BYTES = 64 << 10
_TAIL_BLOCKS = 8
_LAST_LINES = 6
_LAST_BYTES = 4096


class Log:
    """Reads a stream until it ends, in a thread of its own."""

    def __init__(self, stream: BinaryIO) -> None:
        """Start to read."""
        self._stream = stream
        self._head = bytearray()
        self._tail: deque[bytes] = deque(maxlen=_TAIL_BLOCKS)
        self._size = 0
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        while block := self._stream.read1(_BLOCK_BYTES):  # type: ignore[attr-defined]
            self._size += len(block)
            room = _HEAD_BYTES - len(self._head)
            self._head += block[:room]
            if rest := block[room:] if room > 0 else block:
                self._tail.append(rest)

    def close(self) -> None:
        """Wait until everything is read; the processes that print have ended."""
        self._thread.join(1.0)

    def content(self) -> bytes:
        """Return what was printed; of much, the beginning and the end."""
        tail = b"".join(self._tail)
        dropped = self._size - len(self._head) - len(tail)
        gap = b"\n[... %d bytes left out ...]\n" % dropped if dropped > 0 else b""
        return bytes(self._head) + gap + tail

    def last_lines(self) -> str:
        """Return the last few lines."""
        lines = self.content()[-_LAST_BYTES:].decode(errors="replace").strip().splitlines()
        return "\n".join(lines[-_LAST_LINES:])
