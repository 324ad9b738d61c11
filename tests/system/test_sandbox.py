"""What a process in a sandbox may do with files."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from bench.core.paths import PROJECT
from bench.core.typed_json import dumps
from bench.system.sandbox import Sandbox, landlock_version

pytestmark = pytest.mark.skipif(landlock_version() == 0, reason="the kernel has no Landlock")

_CODE = """
import sys
from pathlib import Path
from bench.core.typed_json import loads
from bench.system.sandbox import Sandbox, enter
assert enter(loads(Sandbox, sys.argv[1])) > 0
for act, name in zip(sys.argv[2::2], sys.argv[3::2]):
    try:
        acts = {"read": Path.read_bytes, "list": lambda p: list(p.iterdir()), "write": lambda p: p.write_bytes(b"x")}
        acts[act](Path(name))
        print("yes")
    except PermissionError:
        print("no")
"""  # fmt: skip


def tried(sandbox: Sandbox, *acts: str | Path) -> list[str]:
    """Return for each pair of an act and a path whether it succeeds in the sandbox."""
    words = [sys.executable, "-c", _CODE, dumps(sandbox), *map(str, acts)]
    return subprocess.run(words, cwd=PROJECT, check=True, capture_output=True, text=True).stdout.split()


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = tmp_path.resolve()
    for name in ("open/a", "hidden/b", "hidden/seen/c", "hidden/d", "mine/e"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(name)
    (root / "open/link").symlink_to(root / "hidden" / "b")
    return root


def test_hidden_folders_are_hidden_but_for_exceptions(tree: Path) -> None:
    hidden = tree / "hidden"
    sandbox = Sandbox((hidden,), (hidden / "seen", hidden / "d"), (), ())
    acts = ["read", tree / "open/a", "read", hidden / "b", "read", hidden / "seen/c", "read", hidden / "d"]
    assert tried(sandbox, *acts, "list", hidden, "read", tree / "open/link") == ["yes", "no", "yes", "yes", "no", "no"]


def test_only_some_folders_can_be_written(tree: Path) -> None:
    sandbox = Sandbox((tree / "hidden",), (), (tree / "hidden",), (tree / "mine",))
    acts = ["write", tree / "mine/e", "write", tree / "mine/new", "write", tree / "open/a", "write", tree / "open/new"]
    assert tried(sandbox, *acts, "list", tree / "hidden") == ["yes", "yes", "no", "no", "yes"]


def test_a_sandbox_may_allow_to_write_what_is_not_hidden(tree: Path) -> None:
    sandbox = Sandbox((tree / "hidden",), (), (), (), read_only=False)
    assert tried(sandbox, "write", tree / "open/a", "write", tree / "hidden/b") == ["yes", "no"]


def test_a_hidden_folder_in_an_exception_stays_hidden(tree: Path) -> None:
    sandbox = Sandbox((tree, tree / "hidden"), (tree,), (), ())
    assert tried(sandbox, "read", tree / "hidden/b") == ["no"]
    assert tried(Sandbox((tree.parent, tree / "hidden"), (tree,), (), ()), "read", tree / "open/a") == ["yes"]
