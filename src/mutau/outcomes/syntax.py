"""What is wrong with a line that is not TOML, and how to write it: a table of slips that people make."""

from __future__ import annotations

import re

from mutau.symbols import named, unusual

__all__ = ["syntax_remedy"]

_USUAL = "Text stands in double quotes, numbers have a decimal point, and each key stands once"
_LONGEST = 300
_REPEATED = re.compile(r"Cannot (overwrite|declare|redefine|mutate)|twice|already")
_SLIPS = (
    (r"[<{]|---", "This is another kind of file: start from a copy of a shipped model"),
    (r"[^=\[#\"]*,[^=]*", 'This reads like a table of studies: name it in a model file as data = "..."'),
    (r"\s*[\w.-]+\s*:.*", "Write = instead of the colon"),
    (r"\s*[\w.-]+\s*=\s*(#.*)?", "Give a value after =, or remove the line"),
    (r".*=\s*\"[A-Za-z]:\\.*|.*=\s*\".*\\.*", "Write / instead of \\ in a path"),
    (r".*=\s*(True|False|TRUE|FALSE|yes|no)\b.*", "Write true or false, in small letters"),
    (r"[^\"']*(\"[^\"]*\"[^\"']*)*//.*", "A remark starts with #"),
    (r".*=\s*[+-]?\d{1,3}(,\d{3})+(\.\d+)?\b.*", "Write the number without a thousands separator"),
    (r".*=\s*[+-]?\d+,\d+\b.*", "Write the number with a decimal point"),
    (r".*=\s*[+-]?0\d.*", "Write the number without zeros before it"),
    (r".*=\s*[+-]?(\.\d+|\d+\.)(\s.*)?", "Write a digit on either side of the decimal point"),
    (r".*=\s*[+-]?[\d.]+\s*%.*", "Write a proportion, without a percent sign"),
    (r"\s*\[[^\]]*", "Close the square brackets"),
    (r"[^\"#]*\"[^\"]*", "Close the double quotes in this line"),
    (r".*=\s*[A-Za-z][\w .]*", "Put the text in double quotes"),
    (r".*=.*,\s*[\w.-]+\s*=.*", "Give each key a line of its own"),
)
_PATTERNS = tuple((re.compile(pattern, re.DOTALL), remedy) for pattern, remedy in _SLIPS)


def syntax_remedy(line: str, message: str) -> str:
    """Say how to put a line right.

    Parameters
    ----------
    line : str
        The line that could not be read.
    message : str
        What the reader of TOML says of it.

    Returns
    -------
    str
        Without a full stop.

    Examples
    --------
    >>> syntax_remedy("measure = RR", "Invalid value")
    'Put the text in double quotes'
    >>> syntax_remedy("measure: RR", "Expected '='")
    'Write = instead of the colon'
    """
    if _REPEATED.search(message):
        return "Keep one of the two"
    line = line[:_LONGEST]
    outside = re.sub(r"\"[^\"]*\"|'[^']*'|#.*", "", line)
    odd = unusual(outside.strip())
    if odd:
        return f"Type it anew: outside of quotes it holds {', '.join(map(named, odd[:3]))}"
    return next((remedy for pattern, remedy in _PATTERNS if pattern.fullmatch(line.rstrip())), _USUAL)
