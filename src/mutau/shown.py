"""`Shown`: how a result shows itself in a notebook, without knowing how tables are made."""

from __future__ import annotations

__all__ = ["Shown"]


class Shown:
    """What a result is that notebooks show as a table: HTML where they can, and Markdown, so that it can be copied.

    It asks the front door, `mutau.table`, and only when it is shown: the rooms that make results import nothing of
    those that lay them out.
    """

    __slots__ = ()

    def to_markdown(self) -> str:
        """Give the table that a notebook shows, as Markdown to copy: rounded, with its notes; text is escaped."""
        import mutau

        return mutau.table(self).to_markdown()

    def _repr_mimebundle_(self, **asked: object) -> dict[str, str]:
        import mutau

        return mutau.table(self)._repr_mimebundle_(**asked)

    def _repr_html_(self) -> str:
        import mutau

        return mutau.table(self)._repr_html_()

    def _repr_markdown_(self) -> str:
        import mutau

        return mutau.table(self)._repr_markdown_()
