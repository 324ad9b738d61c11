"""How a method looks, in every figure and for ever: by its name alone, never by what else is in the figure."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from functools import cache

from matplotlib.colors import is_color_like
from matplotlib.lines import Line2D
from omegaconf import OmegaConf

from bench.config.typed import typed
from bench.core.errors import BenchError
from bench.core.paths import CONFIGS

# The colours of Okabe and Ito without their yellow, which is lost on white, and three of Paul Tol's: colour-blind
# readers tell them apart. Markers and dashes carry what colours cannot once there are more methods than colours.
_COLORS = (
    "#000000", "#e69f00", "#56b4e9", "#009e73", "#d55e00", "#0072b2", "#cc79a7", "#882255", "#999933", "#44aa99",
)  # fmt: skip
_MARKERS = "osD^v<>PXph*"
_DASHES = ("--", "-.", ":")


@dataclass(frozen=True)
class Style:
    """The look of a method, as `style` in ``configs/algorithm/*.yaml`` gives it.

    Attributes:
        label: its name in legends.
        color: any colour of matplotlib.
        marker: any marker of matplotlib.
        linestyle: ``-``, ``--``, ``-.`` or ``:``.
    """

    label: str
    color: str
    marker: str
    linestyle: str = "-"


@cache
def style_of(name: str) -> Style:
    """Return the style of a method: the configured one, or for other names one that follows from the name.

    A name such as ``acorn_int8`` is a variant of the method ``acorn``: its colour, dotted.

    Raises:
        BenchError: the configured style is faulty; names the file and key.
    """
    styles = configured_styles()
    methods = [method for method in styles if name.startswith(f"{method}_")]
    if name in styles or not methods:
        return styles.get(name) or _derived(name)
    method = max(methods, key=len)
    variant = name.removeprefix(f"{method}_").replace("_", " ")
    return replace(styles[method], label=f"{styles[method].label} ({variant})", linestyle=":")


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
    known = {
        "color": is_color_like(style.color),
        "marker": style.marker in Line2D.markers,
        "linestyle": style.linestyle in ("-", *_DASHES),
    }
    for key, fits in known.items():
        if not fits:
            raise BenchError(f"configs/algorithm/{file}: style.{key}={getattr(style, key)!r} is none of matplotlib's")
    return style


def _derived(name: str) -> Style:
    number = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8])
    number, color = divmod(number, len(_COLORS))
    number, marker = divmod(number, len(_MARKERS))
    return Style(name, _COLORS[color], _MARKERS[marker], _DASHES[number % len(_DASHES)])
