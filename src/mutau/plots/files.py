"""Pictures as files: SVG with its text as text, and PNG; the same picture gives the same bytes."""

from __future__ import annotations

import io
import os
import re
import warnings
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mutau.errors import DataWarning
from mutau.plots.style import figure_of, quiet_glyphs, style

__all__ = ["png_bytes", "save", "svg_text"]

_DPI = 200
_UNDATED = {"Date": None, "Creator": None, "Format": None, "Type": None}
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
    buffer = io.BytesIO()
    with style(), quiet_glyphs():
        figure_of(picture).savefig(buffer, format="svg", metadata=_UNDATED)
    return buffer.getvalue().decode("utf-8")


def png_bytes(picture: Axes | Figure) -> bytes:
    """Draw as PNG at 200 dots per inch.

    Warns
    -----
    DataWarning
        The picture holds characters that the font lacks; they show as boxes here and are right in the SVG.
    """
    buffer = io.BytesIO()
    with style(), warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        figure_of(picture).savefig(buffer, format="png", dpi=_DPI, metadata={"Software": None})
    missing: dict[str, None] = {}
    for warning in caught:
        found = _MISSING_GLYPH.match(str(warning.message))
        if found:
            missing[chr(int(found[1]))] = None
        elif not str(warning.message).startswith("Matplotlib currently does not support"):
            warnings.warn_explicit(warning.message, warning.category, warning.filename, warning.lineno)
    if missing:
        warnings.warn(
            f"a PNG shows boxes for {' '.join(missing)}, which its font lacks; the SVG has them as text",
            DataWarning,
            stacklevel=2,
        )
    return buffer.getvalue()


def save(picture: Axes | Figure, path_stem: str | os.PathLike[str]) -> str:
    """Write a picture as SVG and as PNG, each whole or not at all.

    Parameters
    ----------
    picture : Axes or Figure
        What a ``plot_`` function gave, or its figure.
    path_stem : path
        Without ending: ``results/secure/forest`` gives ``forest.svg`` and ``forest.png``.

    Returns
    -------
    str
        The SVG, for a page.
    """
    stem = Path(path_stem)
    svg, png = (stem.with_name(f"{stem.name}.{ending}") for ending in ("svg", "png"))
    drawn = svg_text(picture)
    _write(svg, drawn.encode("utf-8"))
    _write(png, png_bytes(picture))
    return drawn


def _write(target: Path, content: bytes) -> None:
    partial = target.with_name(f".{target.name}.partial")
    try:
        partial.write_bytes(content)
        os.replace(partial, target)
    finally:
        partial.unlink(missing_ok=True)
