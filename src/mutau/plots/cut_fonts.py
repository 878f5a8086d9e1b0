"""The fonts of figures cut to the characters that reviews use, kept beside matplotlib's own cache.

A PDF embeds the few dozen characters that it shows. Picking them out of the six thousand of a whole font takes longer
than everything else about a figure; out of a font cut before, a tenth of that. What a cut font keeps, it keeps whole:
outlines, hints, metrics, kerning and ligatures are those of the font that it was cut from.
"""

from __future__ import annotations

import hashlib
import io
import os
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

import matplotlib
from fontTools import __version__ as fonttools_version
from fontTools import subset
from matplotlib.font_manager import FontProperties, findfont, fontManager, get_font, ttfFontProperty

__all__ = ["cut_family"]

_CHARACTERS = (
    (0x0020, 0x017F),  # Latin with the accents of Europe
    (0x0391, 0x03C9),  # Greek
    (0x2010, 0x203A),  # dashes, quotes, ellipsis
    (0x2080, 0x2089),  # subscripts
    (0x2190, 0x2193),  # arrows
    (0x2212, 0x2212),  # minus
    (0x221E, 0x221E),  # infinity
    (0x2248, 0x2265),  # almost equal, not equal, at most, at least
)
_WEIGHTS = ("normal", "bold")


@cache
def cut_family(families: Sequence[str]) -> str:
    """Give the name under which matplotlib finds the cut fonts of a family, upright and bold.

    Parameters
    ----------
    families : tuple of str
        Names of families; of the first that there is the fonts are cut.
    """
    name = f"mutau: cut from {', '.join(families)}"
    for weight in _WEIGHTS:
        whole = Path(findfont(FontProperties(family=list(families), weight=weight)))
        entry = ttfFontProperty(get_font(_cut(whole)))
        fontManager.ttflist.append(replace(entry, name=name))
    return name


def _cut(whole: Path) -> Path:
    """Cut a font, or find what was cut from the same font before."""
    content = whole.read_bytes()
    key = hashlib.sha256(content)
    key.update(repr((_CHARACTERS, fonttools_version)).encode())
    path = Path(matplotlib.get_cachedir()) / f"mutau-{key.hexdigest()[:16]}.ttf"
    if not path.exists():
        with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".ttf", delete=False) as partial:
            partial.write(_shortened(content))
        os.replace(partial.name, path)  # several processes may do this at once
    return path


def _shortened(content: bytes) -> bytes:
    options = subset.Options(glyph_names=True, notdef_outline=True)
    options.drop_tables += ["FFTM", "MATH"]
    font = subset.load_font(io.BytesIO(content), options)
    chosen = subset.Subsetter(options)
    chosen.populate(unicodes=[code for first, last in _CHARACTERS for code in range(first, last + 1)])
    chosen.subset(font)
    shortened = io.BytesIO()
    font.save(shortened, reorderTables=False)
    return shortened.getvalue()
