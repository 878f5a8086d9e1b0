"""Text from outside (names, titles, labels), made safe to show as it is."""

from __future__ import annotations

import re
import unicodedata

__all__ = ["markdown_cell", "plain"]

_BIDI_OVERRIDES = {chr(code) for code in (*range(0x202A, 0x202F), *range(0x2066, 0x206A))}
_MARKUP = re.compile(r"[|`$*\\]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])|<(?=[A-Za-z/!?])|(?<=\])(?=\()")
"""What Markdown would take for a column, code, mathematics, emphasis, an escape, HTML or a link."""


def plain(text: object) -> str:
    r"""Make any text safe to show as it is: characters that are no text become "�", direction overrides go.

    Examples
    --------
    >>> plain("Smith & <b>Jones</b> $5"), plain("a\x00b")
    ('Smith & <b>Jones</b> $5', 'a�b')
    """
    kept = (character for character in str(text) if character not in _BIDI_OVERRIDES)
    shown = (
        " " if c in "\n\r\t" else "\ufffd" if unicodedata.category(c) in ("Cc", "Cs") else c for c in kept
    )
    return "".join(shown).strip()


def markdown_cell(text: object) -> str:
    r"""Write a text so that a table in Markdown shows it as it is: no column, no HTML, no link, no mathematics.

    Examples
    --------
    >>> print(markdown_cell("<b>a|b</b> $x$ [c](d) < 0.001"))
    \<b>a\|b\</b> \$x\$ [c]\(d) < 0.001
    """
    return _MARKUP.sub(lambda found: f"\\{found[0]}", plain(text))
