"""What every picture shares: colours, fonts, and text that is shown as it is and measured before it is placed."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from typing import cast

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.style import context
from matplotlib.textpath import text_to_path
from matplotlib.transforms import Affine2DBase, ScaledTranslation, Transform

from mutau.tables.texts import plain

__all__ = [
    "COLOURS",
    "FONT_SIZE",
    "cut_style",
    "figure_of",
    "new_figure",
    "plain",
    "quiet_glyphs",
    "style",
    "text_width",
    "wrap",
]

COLOURS = {
    "raw": "#000000",
    "bayesian": "#0072B2",
    "new": "#009E73",
    "classic": "#D55E00",
    "published": "#555555",
    "prior": "#555555",
    "rule": "#999999",
    "faint": "#DDDDDD",
}
"""Okabe and Ito's palette, told apart by colour-blind readers, with three greys."""

FONT_SIZE = 9.0
"""Points."""

_ELLIPSIS = "…"
_POINTS_PER_INCH = 72.0
_FAMILIES = ("DejaVu Sans", "Verdana", "Arial", "Helvetica")
_STYLE = {
    "font.family": ["sans-serif"],
    "font.sans-serif": list(_FAMILIES),
    "font.size": FONT_SIZE,
    "text.usetex": False,
    "text.parse_math": False,
    "axes.unicode_minus": True,
    "axes.edgecolor": "#000000",
    "axes.labelcolor": "#000000",
    "axes.facecolor": "#FFFFFF",
    "figure.facecolor": "#FFFFFF",
    "text.color": "#000000",
    "xtick.color": "#000000",
    "ytick.color": "#000000",
    "svg.fonttype": "none",
    "pdf.fonttype": 42,
    "svg.hashsalt": "mutau",
}
_IN_STYLE = ContextVar("in mutau's style", default=False)


@contextmanager
def style() -> Iterator[None]:
    """Draw as mutau draws, whatever the reader's own matplotlib settings are."""
    if (
        _IN_STYLE.get()
    ):  # as every text measured while a figure is drawn: entering anew takes longer than measuring
        yield
        return
    before = _IN_STYLE.set(True)
    try:
        with context(_STYLE, after_reset=True):
            yield
    finally:
        _IN_STYLE.reset(before)


@contextmanager
def cut_style() -> Iterator[None]:
    """Draw as within `style`, with fonts that are quicker to embed: the same, without most of their characters."""
    from mutau.plots.cut_fonts import cut_family

    with context(_STYLE | {"font.sans-serif": [cut_family(_FAMILIES)]}, after_reset=True):
        yield


@contextmanager
def quiet_glyphs() -> Iterator[None]:
    """Pass over characters the font lacks: an SVG holds them as text, and `mutau.plots.save` says it of a PNG."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=r"Glyph \d+ .*missing from font")
        warnings.filterwarnings("ignore", message="Matplotlib currently does not support")
        yield


def new_figure(width: float, height: float) -> Figure:
    """Make an empty figure of a size in inches that no global state knows of."""
    figure = Figure(figsize=(width, height))
    FigureCanvasAgg(figure)
    return figure


def figure_of(picture: Axes | Figure) -> Figure:
    """Give the figure an Axes belongs to."""
    found = picture if isinstance(picture, Figure) else picture.get_figure(root=True)
    assert found is not None
    return found


def inches_from(ax: Axes, x: float, y: float) -> Transform:
    """Give the transform of inches to the right of and above a point of the Axes (shares of its width and height)."""
    corner = ScaledTranslation(x, y, cast("Affine2DBase", ax.transAxes))
    return figure_of(ax).dpi_scale_trans + corner


@lru_cache(maxsize=4096)
def text_width(text: str, *, size: float = FONT_SIZE, bold: bool = False) -> float:
    """Width of a text in inches; of its widest line if it has several."""
    with style(), quiet_glyphs():
        font = FontProperties(size=size, weight="bold" if bold else "normal")
        widths = [
            text_to_path.get_text_width_height_descent(line, font, ismath=False)[0]
            for line in text.split("\n")
            if line
        ]
    return float(max(widths, default=0.0)) / _POINTS_PER_INCH


def wrap(text: str, width: float, *, lines: int = 99, size: float = FONT_SIZE, bold: bool = False) -> str:
    """Break a text into lines no wider than `width` inches; what does not fit in `lines` lines ends in "…"."""

    def fits(candidate: str) -> bool:
        return text_width(candidate, size=size, bold=bold) <= width

    broken: list[str] = []
    rest = text.split()
    while rest:
        line = rest.pop(0)
        while rest and fits(f"{line} {rest[0]}"):
            line = f"{line} {rest.pop(0)}"
        if not fits(line):
            cut = _longest_prefix(line, width, size, bold)
            rest.insert(0, line[cut:])
            line = line[:cut]
        broken.append(line)
    if len(broken) <= lines:
        return "\n".join(broken)
    last = broken[lines - 1]
    while last and not fits(last + _ELLIPSIS):
        last = last[:-1]
    return "\n".join([*broken[: lines - 1], last.rstrip() + _ELLIPSIS])


def _longest_prefix(word: str, width: float, size: float, bold: bool) -> int:
    """Number of leading characters that fit, at least one."""
    low, high = 1, len(word)
    while low < high:
        middle = (low + high + 1) // 2
        if text_width(word[:middle], size=size, bold=bold) <= width:
            low = middle
        else:
            high = middle - 1
    return low
