"""`Format`: what a table can be written as; the one list of it."""

from __future__ import annotations

from enum import StrEnum

__all__ = ["FORMATS", "Format"]


class Format(StrEnum):
    """How a table is written: for reading (rounded; the first five), or for a program (unrounded).

    Examples
    --------
    >>> Format.latex.suffix, Format.docx.is_binary, Format.of_suffix(".md")
    ('tex', True, <Format.markdown: 'markdown'>)
    """

    table = "table"
    """For a terminal; the only one that is no format of files."""
    markdown = "markdown"
    html = "html"
    latex = "latex"
    docx = "docx"
    csv = "csv"
    json = "json"

    @property
    def suffix(self) -> str:
        """The suffix of its files, without the dot."""
        return {"table": "txt", "markdown": "md", "latex": "tex"}.get(self.value, self.value)

    @property
    def is_binary(self) -> bool:
        """Whether a terminal cannot show it."""
        return self is Format.docx

    @classmethod
    def of_suffix(cls, suffix: str) -> Format | None:
        """Find the format of a file's suffix, with or without its dot."""
        return next((each for each in cls if each.suffix == suffix.removeprefix(".").lower()), None)


FORMATS = tuple(each.suffix for each in Format if each is not Format.table)
"""What a table can be saved as: its file's suffix. The first four are for reading (rounded), CSV and JSON hold the
unrounded numbers."""
