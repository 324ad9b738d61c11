"""A sandbox that the Linux kernel keeps: Landlock, which needs no privileges (version 1 since Linux 5.13).

A process that enters it, with all that it starts, can only read what is not hidden and only write where it is allowed
to. It cannot leave, and cannot trace or signal a process outside. Only the standard library is imported, because a
worker enters before it imports anything else.
"""

from __future__ import annotations

import ctypes
import os
import struct
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_VERSION_FLAG = 1
_PATH_BENEATH = 1
_PR_SET_NO_NEW_PRIVS = 38

_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_TRUNCATE, _IOCTL = 1 << 14, 1 << 15
_READ = _EXECUTE | _READ_FILE | _READ_DIR
_OF_FILES = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE | _IOCTL
_RIGHTS_OF_ABI = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}
"""How many of the rights a version of Landlock knows, from bit 0; later versions know as many as the fifth."""

_SCOPE_ABSTRACT_SOCKETS, _SCOPE_SIGNALS = 1, 2
_FIRST_ABI_WITH_SCOPES = 6


@dataclass(frozen=True)
class Sandbox:
    """What a process may do with files. Paths are resolved; those that are missing are ignored.

    Attributes:
        hidden: folders of which nothing can be read, except for what the other attributes name.
        readable: files and folders that can be read although they lie in hidden ones.
        listable: folders whose names can be listed although they are hidden.
        writable: folders, and devices, that can be read and written.
        read_only: whether nothing else can be written; if not, whatever can be read can be written too.
    """

    hidden: tuple[Path, ...]
    readable: tuple[Path, ...]
    listable: tuple[Path, ...]
    writable: tuple[Path, ...]
    read_only: bool = True


def landlock_version() -> int:
    """Return the version of Landlock that the kernel offers; 0 where there is none."""
    if sys.platform != "linux":
        return 0
    return max(0, ctypes.CDLL(None).syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), _VERSION_FLAG))


def enter(sandbox: Sandbox) -> int:
    """Confine this process, which must have no other thread, and all that it starts.

    Returns:
        the version of Landlock; 0 where there is none, and the process is not confined.

    Raises:
        OSError: the kernel refuses.
    """
    version = landlock_version()
    if version == 0:
        return 0
    rights = (1 << _RIGHTS_OF_ABI.get(version, 16)) - 1
    scopes = _SCOPE_ABSTRACT_SOCKETS | _SCOPE_SIGNALS if version >= _FIRST_ABI_WITH_SCOPES else 0
    attributes = struct.pack("<QQQ", rights, 0, scopes)
    size = {1: 8, 2: 8, 3: 8, 4: 16, 5: 16}.get(version, 24)
    ruleset = _call(_CREATE_RULESET, attributes, ctypes.c_size_t(size), 0)
    try:
        for path in _what_is_seen(sandbox):
            _allow(ruleset, path, rights & _READ if sandbox.read_only else rights)
        for path in sandbox.listable:
            _allow(ruleset, path, _READ_DIR)
        for path in sandbox.writable:
            _allow(ruleset, path, rights)
        if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0):
            raise OSError(ctypes.get_errno(), "prctl")
        _call(_RESTRICT_SELF, ruleset, 0)
    finally:
        os.close(ruleset)
    return version


def _what_is_seen(sandbox: Sandbox) -> Iterator[Path]:
    """Yield files and folders that together hold everything that may be read."""
    yield from _around(Path("/"), sandbox.hidden)
    for path in sandbox.readable:
        below = [hidden for hidden in sandbox.hidden if path in hidden.parents]
        yield from _around(path, below) if below else (path,)


def _around(folder: Path, hidden: Iterable[Path]) -> Iterator[Path]:
    """Yield paths that together hold what a folder holds, except for hidden folders below it.

    Links are left out: the kernel judges the file to which a link leads.
    """
    hidden = set(hidden)
    above = {parent for path in hidden for parent in path.parents}
    if folder in hidden:
        return
    if folder not in above:
        yield folder
        return
    try:
        entries = list(os.scandir(folder))
    except OSError:
        return
    for entry in entries:
        if not entry.is_symlink():
            yield from _around(Path(entry.path), hidden)


def _allow(ruleset: int, path: Path, rights: int) -> None:
    """Add a rule: what may be done with a file, or with everything below a folder."""
    try:
        file = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        rights = rights if path.is_dir() else rights & _OF_FILES
        _call(_ADD_RULE, ruleset, _PATH_BENEATH, struct.pack("<Qi", rights, file), 0)
    finally:
        os.close(file)


def _call(number: int, *arguments: object) -> int:
    result = int(ctypes.CDLL(None, use_errno=True).syscall(number, *arguments))
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, f"the sandbox cannot be set up: {os.strerror(code)}")
    return result
