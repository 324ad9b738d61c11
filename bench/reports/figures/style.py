"""How a method looks, the same in every figure: it depends on the method alone, never on the rest of the figure."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from functools import cache

from matplotlib.colors import is_color_like
from matplotlib.lines import Line2D
from omegaconf import OmegaConf

from bench.config.typed import typed
from bench.core.errors import BenchError
from bench.core.formats import Storage
from bench.core.paths import CONFIGS
from bench.results.rows import method_title

# The colours of Okabe and Ito without their yellow, which is hard to see on white, and three of Paul Tol's, chosen for
# readers with colour blindness. With more methods than colours, markers and dashes make the difference.
_COLORS = (
    "#000000", "#e69f00", "#56b4e9", "#009e73", "#d55e00", "#0072b2", "#cc79a7", "#882255", "#999933", "#44aa99",
)  # fmt: skip
_MARKERS = "osD^v<>PXph*"
_DASHES = ("--", "-.", ":")

FAMILIES = ("published", "baseline", "engine", "ours")
"""What a method is: that of a paper, a plain way to do it, a library in wide use, or one that you add."""


@dataclass(frozen=True)
class Style:
    """The look of a method, as `style` in ``configs/algorithm/*.yaml`` gives it.

    Attributes:
        label: its name in legends.
        color: any colour of Matplotlib.
        marker: any marker of Matplotlib.
        linestyle: ``-``, ``--``, ``-.`` or ``:``.
        family: one of `FAMILIES`.
    """

    label: str
    color: str
    marker: str
    linestyle: str = "-"
    family: str = "ours"


@cache
def style_of(algorithm: str, storage: str = Storage.FLOAT32) -> Style:
    """Return the style of a method: the configured one, or one that follows from its name if there is none.

    Where it searches another format than float32, the line is dotted and the label names the format.

    Raises:
        BenchError: the configured style is faulty; names the file and key.
    """
    style = configured_styles().get(algorithm) or _derived(algorithm)
    if storage == Storage.FLOAT32:
        return style
    return replace(style, label=method_title(style.label, storage), linestyle=":")


@cache
def configured_styles() -> dict[str, Style]:
    """Return the styles of ``configs/algorithm/*.yaml`` by the names of the methods.

    Raises:
        BenchError: a style is faulty; names the file and key.
    """
    styles = {}
    for path in sorted((CONFIGS / "algorithm").glob("*.yaml")):
        node = OmegaConf.to_container(OmegaConf.load(path))
        if isinstance(node, dict) and node.get("style"):
            styles[str(node.get("name"))] = _checked(typed(Style, node["style"], "style"), path.name)
    return styles


def _checked(style: Style, file: str) -> Style:
    valid = {
        "color": (is_color_like(style.color), "Matplotlib's"),
        "marker": (style.marker in Line2D.markers, "Matplotlib's"),
        "linestyle": (style.linestyle in ("-", *_DASHES), "Matplotlib's"),
        "family": (style.family in FAMILIES, ", ".join(FAMILIES)),
    }
    for key, (is_valid, choices) in valid.items():
        if not is_valid:
            raise BenchError(f"configs/algorithm/{file}: style.{key}={getattr(style, key)!r} is not one of {choices}")
    return style


def _derived(name: str) -> Style:
    number = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8])
    number, color = divmod(number, len(_COLORS))
    number, marker = divmod(number, len(_MARKERS))
    return Style(name, _COLORS[color], _MARKERS[marker], _DASHES[number % len(_DASHES)])
