"""One end of a connection between two processes: frames of bytes, each after its length."""

from __future__ import annotations

import select
import socket
import struct

_LENGTH = struct.Struct("<Q")


class ProtocolError(Exception):
    """The other end sent what it may not send."""


class Pipe:
    """Sends and receives frames over a connected socket.

    Every method raises `EOFError` once the other end is closed, and `TimeoutError` after the socket's timeout.
    """

    def __init__(self, end: socket.socket) -> None:
        """Take over the socket."""
        self._end = end

    def send(self, frame: bytes | memoryview) -> None:
        """Send a frame; return once the kernel has all of it."""
        try:
            self._end.sendall(_LENGTH.pack(memoryview(frame).nbytes))
            self._end.sendall(frame)
        except (BrokenPipeError, ConnectionError) as error:
            raise EOFError from error

    def receive(self, most: int) -> bytearray:
        """Return the next frame.

        Raises:
            ProtocolError: it is longer than `most` bytes.
        """
        length = self._next_length()
        if length > most:
            raise ProtocolError(f"a frame of {length} bytes where at most {most} are allowed")
        frame = bytearray(length)
        self._fill(memoryview(frame))
        return frame

    def receive_into(self, buffer: memoryview) -> None:
        """Write the next frame into a buffer of bytes.

        Raises:
            ProtocolError: it is not as long as the buffer.
        """
        length = self._next_length()
        if length != buffer.nbytes:
            raise ProtocolError(f"a frame of {length} bytes where {buffer.nbytes} are expected")
        self._fill(buffer)

    def is_ready(self, seconds: float) -> bool:
        """Return whether something can be received, or the other end is closed, within some seconds."""
        poll = select.poll()
        poll.register(self._end, select.POLLIN)
        return bool(poll.poll(seconds * 1000))

    def close(self) -> None:
        """Close this end."""
        self._end.close()

    def _next_length(self) -> int:
        header = bytearray(_LENGTH.size)
        self._fill(memoryview(header))
        return int(_LENGTH.unpack(header)[0])

    def _fill(self, buffer: memoryview) -> None:
        while buffer.nbytes:
            try:
                received = self._end.recv_into(buffer)
            except ConnectionError as error:
                raise EOFError from error
            if not received:
                raise EOFError("the other process has ended")
            buffer = buffer[received:]
