"""The meanings of configuration keys, as the docstrings of the dataclasses that take them give them."""

from __future__ import annotations

import ast
import re
from functools import cache

from bench.core.paths import PROJECT
from docs.generate.markdown import attributes

_CONFIGURES = re.compile(r"configs/(\w+)(?:/[*\w]+)?\.yaml")


@cache
def classes() -> dict[str, ast.ClassDef]:
    """Return all classes of `bench` by name."""
    trees = [ast.parse(path.read_text()) for path in sorted((PROJECT / "bench").rglob("*.py"))]
    return {node.name: node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.ClassDef)}


def meanings_of_class(name: str) -> dict[str, str]:
    """Return the meanings of a class's attributes, those of its bases and of its typed attributes included."""
    node = classes().get(name)
    if node is None:
        return {}
    meanings: dict[str, str] = {}
    for base in node.bases:
        meanings |= meanings_of_class(ast.unparse(base))
    for field in node.body:
        if isinstance(field, ast.AnnAssign):
            inner = meanings_of_class(ast.unparse(field.annotation))
            meanings |= {f"{ast.unparse(field.target)}.{key}": meaning for key, meaning in inner.items()}
    return meanings | attributes(ast.get_docstring(node))


@cache
def meanings_of_file(name: str) -> dict[str, str]:
    """Return the meanings of the keys of a command's file, or of the files of a group."""
    meanings: dict[str, str] = {}
    for node in classes().values():
        if name in _CONFIGURES.findall((ast.get_docstring(node) or "").split("\n\n")[0]):
            meanings |= meanings_of_class(node.name)
    return meanings
