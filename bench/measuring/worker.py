"""The first instructions of a worker: ``python -P -m bench.measuring.worker FILE_NUMBER PARENT``.

Before anything is imported that starts a thread or runs a stranger's code, the worker asks to die with its parent, and
enters its sandbox. FILE_NUMBER is that of the connection to the parent; PARENT is the parent's process.
"""

from __future__ import annotations

import signal
import socket
import sys

from bench.core.typed_json import loads
from bench.system.pipe import Pipe
from bench.system.sandbox import Sandbox, enter
from bench.system.signals import end_with_parent

_MOST_TEXT = 64 << 20


def main() -> None:
    """Do what the parent asks until it asks to end."""
    file_number, parent = map(int, sys.argv[1:])
    sys.argv[1:] = []
    end_with_parent(parent, signal.SIGKILL)
    pipe = Pipe(socket.socket(fileno=file_number))
    sandbox = enter(loads(Sandbox, pipe.receive(_MOST_TEXT).decode()))

    from bench.measuring.serving import serve  # imports NumPy, which starts threads

    serve(pipe, sandbox)


if __name__ == "__main__":
    main()
