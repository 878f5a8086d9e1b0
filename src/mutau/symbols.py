"""Characters that look like others: which are read as what they plainly mean, and how the rest are named.

What Unicode itself calls the same (a full-width digit, any dash before a number, an invisible blank around
it) is read and mentioned. What only looks the same (a Cyrillic letter, the letter O for a zero) is another
character: it is never replaced, but named.
"""

from __future__ import annotations

import unicodedata

__all__ = ["folded", "named", "plain_number", "repaired", "unusual"]

_MINUS = dict.fromkeys(
    map(ord, "\N{MINUS SIGN}\N{HYPHEN}\N{NON-BREAKING HYPHEN}\N{FIGURE DASH}\N{EN DASH}"), "-"
)
_POINT = dict.fromkeys(
    map(ord, "\N{MIDDLE DOT}\N{HYPHENATION POINT}\N{DOT OPERATOR}\N{ARABIC DECIMAL SEPARATOR}"), "."
)
_SAME = {**_MINUS, **_POINT}
_BLANK = ("Zs", "Cf", "Cc", "Zl", "Zp")
_LOOKS_LIKE = str.maketrans(
    "АВЕЅІЈКМНОРСТУХавеѕіјкмнорусхһԁԛԝΑΒΕΖΗΙΚΜΝΟΡΤΥΧαεικνορτυχıſ",
    "ABESIJKMHOPCTYXabesijkmhopycxhdqwABEZHIKMNOPTYXaeikvoptuxis",
)
"""Letters of other scripts that are drawn like Latin ones."""


def plain_number(text: str) -> tuple[str, tuple[str, ...]]:
    """Write a number in ASCII where each of its characters has one plain meaning.

    Parameters
    ----------
    text : str
        A cell.

    Returns
    -------
    text : str
        Without blanks around it, visible or not; digits of any script as 0 to 9, any minus or dash as ``-``, a
        raised decimal point as ``.``. What has no plain meaning is left as it is.
    read : tuple of str
        The characters that were read as another or left out, each once.

    Examples
    --------
    >>> plain_number("\N{MINUS SIGN}\N{FULLWIDTH DIGIT ONE}\N{MIDDLE DOT}5")
    ('-1.5', ('−', '１', '·'))
    >>> plain_number(" 12 ")
    ('12', ())
    """
    if text.isascii():
        return text.strip(), ()
    inner = _unpadded(text)
    plain = "".join(_plain(char) for char in inner)
    kept = {char for char, new in zip(inner, map(_plain, inner), strict=True) if char == new}
    return plain, tuple(dict.fromkeys(char for char in text if not char.isascii() and char not in kept))


def _unpadded(text: str) -> str:
    places = [place for place, char in enumerate(text) if unicodedata.category(char) not in _BLANK]
    return text[places[0] : places[-1] + 1] if places else ""


def _plain(char: str) -> str:
    if char.isascii():
        return char
    digit = unicodedata.decimal(char, None)
    if digit is not None:
        return str(digit)
    same = _SAME.get(ord(char))
    if same is not None:
        return same
    wide = unicodedata.normalize("NFKC", char)
    return (
        wide if unicodedata.decomposition(char).startswith(("<wide>", "<small>")) and wide.isascii() else char
    )


def folded(text: str) -> str:
    """Write a name as the eye reads it: without invisible characters, case, or letters of look-alike scripts.

    Examples
    --------
    >>> folded("\N{CYRILLIC CAPITAL LETTER A}mber\N{NO-BREAK SPACE}2001") == folded("amber  2001")
    True
    """
    if text.isascii():
        return " ".join(text.split()).casefold()
    same = unicodedata.normalize("NFKC", text).translate(_MINUS).translate(_LOOKS_LIKE)
    seen = "".join(char for char in same if unicodedata.category(char) not in ("Cf", "Cc") or char.isspace())
    return " ".join(seen.split()).casefold()


def unusual(text: str) -> tuple[str, ...]:
    """List the characters outside ASCII, and control characters, each once."""
    odd = (char for char in text if not char.isascii() or unicodedata.category(char) == "Cc")
    return tuple(dict.fromkeys(odd))


def named(char: str) -> str:
    r"""Name a character: shown where it can be seen, by its Unicode name, else by its number.

    Examples
    --------
    >>> named("\N{CYRILLIC SMALL LETTER IE}"), named("\N{NO-BREAK SPACE}"), named("\a")
    ("'е' (CYRILLIC SMALL LETTER IE)", 'NO-BREAK SPACE', 'U+0007')
    """
    name = unicodedata.name(char, f"U+{ord(char):04X}")
    return f"'{char}' ({name})" if char.isprintable() and not unicodedata.combining(char) else name


def repaired(text: str) -> str:
    """Give back a text that was read in the wrong encoding and saved so; empty where it was not.

    Examples
    --------
    >>> repaired("AmÃ©lie 2001"), repaired("Amélie 2001")
    ('Amélie 2001', '')
    """
    if text.isascii():
        return ""
    try:
        return text.encode("cp1252").decode("utf-8")
    except UnicodeError:
        return ""
