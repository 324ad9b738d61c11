"""The two programs of the tutorial, compiled, and the files that it shows."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

from bench.core.paths import PROJECT

TUTORIAL = PROJECT / "docs" / "tutorials" / "wrap_a_binary.md"
COMPILER = shutil.which("g++")


def compiled(folder: Path, name: str, *, source: str | None = None) -> Path:
    """Compile ``examples/NAME.cpp``, or other source code, into a folder, and return the program."""
    file = PROJECT / "examples" / f"{name}.cpp"
    if source is not None:
        file = folder / f"{name}.cpp"
        file.write_text(source)
    assert COMPILER is not None
    subprocess.run(
        [COMPILER, "-O1", "-std=c++17", "-Wall", "-Wextra", "-Werror", "-o", name, file], cwd=folder, check=True
    )
    return folder / name


def file_of_tutorial(title: str) -> str:
    """Return a file that the tutorial shows, by its title."""
    block = re.search(
        rf'^```\w+ title="{re.escape(title)}"\n(.*?)^```$', TUTORIAL.read_text(), re.DOTALL | re.MULTILINE
    )
    assert block is not None, title
    return block[1]
