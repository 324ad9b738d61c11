"""How a method looks: the same in every figure, unless another method of that figure would look like it."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache

from matplotlib.colors import is_color_like
from matplotlib.lines import Line2D
from omegaconf import OmegaConf

from bench.config.typed import typed
from bench.core.errors import BenchError
from bench.core.formats import Storage
from bench.core.method import ENGINE
from bench.core.paths import CONFIGS
from bench.reports.titles import natural_key, self_timed_title
from bench.results.rows import method_title

# The colours of Okabe and Ito without their yellow, which is hard to see on white, and three of Paul Tol's, chosen for
# readers with colour blindness. With more methods than colours, markers and dashes make the difference.
_COLORS = (
    "#000000", "#e69f00", "#56b4e9", "#009e73", "#d55e00", "#0072b2", "#cc79a7", "#882255", "#999933", "#44aa99",
)  # fmt: skip
_MARKERS = "osD^v<>PXph*"
_DASHES = ("--", "-.", ":")
_FORMATS = {
    Storage.FLOAT16: ("--", "none"),
    Storage.BFLOAT16: ("-.", "left"),
    Storage.INT8: (":", "bottom"),
    Storage.RABITQ4: ("--", "right"),
    Storage.RABITQ2: ("-.", "top"),
    Storage.RABITQ1: (":", "none"),
}
"""The line and the filling of the marker that tell the formats of a method's vectors apart."""

Method = tuple[str, str]
"""Algorithm and storage, see `bench.results.rows.METHOD`."""

FAMILIES = ("published", "baseline", "library", ENGINE, "ours")
"""What a method is: that of a paper, a plain way to do it, a library in wide use, an engine, or one that you add."""

_OF_ENGINES = {"family": ENGINE, "linestyle": "-."}
"""What sets the styles of engines apart."""


@dataclass(frozen=True)
class Style:
    """The look of a method, as `style` in ``configs/algorithm/*.yaml`` gives it.

    Attributes:
        label: its name in legends.
        color: any colour of Matplotlib.
        marker: any marker of Matplotlib.
        linestyle: ``-``, ``--``, ``-.`` or ``:``.
        fill: any filling of a marker of Matplotlib.
        family: one of `FAMILIES`.
    """

    label: str
    color: str
    marker: str
    linestyle: str = "-"
    family: str = "ours"
    fill: str = "full"

    @property
    def look(self) -> tuple[str, str, str, str]:
        """All but the label."""
        return self.color, self.marker, self.linestyle, self.fill


@cache
def style_of(algorithm: str, storage: str = Storage.FLOAT32) -> Style:
    """Return the style of a method: the configured one, or one that follows from its name if there is none.

    Where it searches another format than float32, line and marker say so, and the label names the format.

    Raises:
        BenchError: the configured style is faulty; names the file and key.
    """
    return _in_format(configured_styles().get(algorithm) or _derived(algorithm), storage)


def styles_of(methods: Iterable[Method], self_timed: Collection[Method] = ()) -> dict[Method, Style]:
    """Return the styles of the methods of a figure, in the order of its legend; no two of them look the same.

    Configured methods keep their look. Of the others, such as variants of a method under names of their own, each has
    a colour and marker that no other has, as long as there are enough; the first in the legend keeps its look.

    Args:
        methods: the methods.
        self_timed: those of them that time themselves; their labels say so, and their markers are hollow.
    """
    methods = set(methods)
    configured = configured_styles()
    names = sorted({name for name, _ in methods}, key=lambda name: (name not in configured, natural_key(name)))
    styles: dict[str, Style] = {}
    for name in names:
        style = style_of(name)
        if name in configured:
            styles[name] = style
            continue
        looks = {other.look for other in styles.values()}
        pairs = {look[:2] for look in looks}
        free = [choice for choice in _choices(style) if choice.look not in looks]
        apart = [choice for choice in free if choice.look[:2] not in pairs]
        styles[name] = next(iter([*apart, *free, style]))
    in_formats = {(name, storage): _in_format(styles[name], storage) for name, storage in methods}
    for method in methods & set(self_timed):
        label = self_timed_title(in_formats[method].label, is_self_timed=True)
        in_formats[method] = replace(in_formats[method], label=label, fill="none")
    return dict(sorted(in_formats.items(), key=lambda item: natural_key(item[1].label)))


def _in_format(style: Style, storage: str) -> Style:
    """Return the style of a method where it searches vectors of a format."""
    if storage == Storage.FLOAT32:
        return style
    line, fill = _FORMATS[Storage(storage)]
    return replace(style, label=method_title(style.label, storage), linestyle=line, fill=fill)


def _choices(style: Style) -> Iterator[Style]:
    """Yield a style, then others with its colour, then those of other colours, and then those with other dashes."""
    yield style
    for dashes, color, marker in itertools.product(
        _from(style.linestyle, _DASHES), _from(style.color, _COLORS), _from(style.marker, _MARKERS)
    ):
        yield replace(style, color=color, marker=marker, linestyle=dashes)


def _from(value: str, values: Iterable[str]) -> list[str]:
    """Return a value, and then those that follow it in a cycle."""
    ordered = list(values)
    at = ordered.index(value) if value in ordered else 0
    return list(dict.fromkeys([value, *ordered[at:], *ordered[:at]]))


@cache
def configured_styles() -> dict[str, Style]:
    """Return the styles of ``configs/algorithm/*.yaml`` by the names of the methods.

    Raises:
        BenchError: a style is faulty; names the file and key.
    """
    styles = {}
    for path in sorted((CONFIGS / "algorithm").rglob("*.yaml")):
        node = OmegaConf.to_container(OmegaConf.load(path))
        if isinstance(node, dict) and node.get("style"):
            values = (_OF_ENGINES if node.get("kind") == ENGINE else {}) | node["style"]
            styles[str(node.get("name"))] = _checked(typed(Style, values, "style"), path.name)
    return styles


def _checked(style: Style, file: str) -> Style:
    valid = {
        "color": (is_color_like(style.color), "Matplotlib's"),
        "marker": (style.marker in Line2D.markers, "Matplotlib's"),
        "linestyle": (style.linestyle in ("-", *_DASHES), "Matplotlib's"),
        "fill": (style.fill in Line2D.fillStyles, "Matplotlib's"),
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
