"""Pictures as files: SVG and PDF with their text as text, and PNG; the same picture gives the same bytes.

The label of a figure is its alternative text, and the title of its files.
"""

from __future__ import annotations

import io
import os
import re
import warnings
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mutau.errors import DataWarning
from mutau.plots.style import cut_style, figure_of, style
from mutau.tables import write_whole

__all__ = ["FORMATS", "pdf_bytes", "png_bytes", "save", "svg_text"]

FORMATS = ("svg", "pdf", "png")
"""Endings of the files that `save` writes."""

_DPI = 200
_UNDATED = {
    "svg": {"Date": None, "Creator": None, "Format": None, "Type": None},
    "pdf": {"CreationDate": None, "ModDate": None, "Creator": None, "Producer": None},
    "png": {"Software": None},
}
_MISSING_GLYPH = re.compile(r"Glyph (\d+) ")


def svg_text(picture: Axes | Figure) -> str:
    """Draw as SVG: text stays text, no date, the same bytes for the same picture.

    Parameters
    ----------
    picture : Axes or Figure
        What a ``plot_`` function gave, or its figure.

    Returns
    -------
    str
        A whole SVG document.
    """
    return _bytes(picture, "svg", style)[0].decode("utf-8")


def png_bytes(picture: Axes | Figure) -> bytes:
    """Draw as PNG at 200 dots per inch.

    Warns
    -----
    DataWarning
        The picture holds characters that the font lacks; they show as boxes here and are right in the SVG.
    """
    drawn, missing = _bytes(picture, "png", style)
    if missing:
        warnings.warn(
            f"a PNG or PDF shows boxes for {' '.join(missing)}, which its font lacks; the SVG has them as text",
            DataWarning,
            stacklevel=2,
        )
    return drawn


def pdf_bytes(picture: Axes | Figure) -> bytes:
    """Draw as PDF, fonts embedded, no date; what its font lacks shows as boxes, as in a PNG, which warns of it."""
    drawn, missing = _bytes(picture, "pdf", cut_style)
    return _bytes(picture, "pdf", style)[0] if missing else drawn


def _bytes(
    picture: Axes | Figure, ending: str, drawing: Callable[[], AbstractContextManager[None]]
) -> tuple[bytes, list[str]]:
    """Draw, and name the characters that the font lacks."""
    buffer = io.BytesIO()
    figure = figure_of(picture)
    metadata: dict[str, Any] = _UNDATED[ending]
    if said := str(figure.get_label()):  # the alternative text
        metadata = metadata | {"Title": said}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with drawing():
            figure.savefig(buffer, format=ending, dpi=_DPI, metadata=metadata)
    missing: dict[str, None] = {}
    for warning in caught:
        found = _MISSING_GLYPH.match(str(warning.message))
        if found:
            missing[chr(int(found[1]))] = None
        elif not str(warning.message).startswith("Matplotlib currently does not support"):
            warnings.warn_explicit(warning.message, warning.category, warning.filename, warning.lineno)
    return buffer.getvalue(), list(missing)


def save(picture: Axes | Figure, path_stem: str | os.PathLike[str]) -> str:
    """Write a picture as SVG, as PDF and as PNG, each whole or not at all.

    Parameters
    ----------
    picture : Axes or Figure
        What a ``plot_`` function gave, or its figure.
    path_stem : path
        Without ending: ``results/secure/forest`` gives ``forest.svg``, ``forest.pdf`` and ``forest.png``.

    Returns
    -------
    str
        The SVG, for a page.
    """
    stem = Path(path_stem)
    svg = svg_text(picture)
    contents = (svg.encode("utf-8"), pdf_bytes(picture), png_bytes(picture))
    for ending, content in zip(FORMATS, contents, strict=True):
        write_whole(stem.with_name(f"{stem.name}.{ending}"), content)
    return svg
