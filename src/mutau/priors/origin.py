"""Where a prior comes from, and what it may be used for."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Origin"]


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a published prior comes from, and what it may be used for.

    Parameters
    ----------
    name : str
        Of the published prior: ``"turner2015/any"``.
    parameter : {"mu", "tau"}
        Which parameter it is a prior of.
    published_for : str
        Code of the effect measure it was published for: ``"OR"``.
    measure : str
        Code of the effect measure it is used for; another one only where that was asked for explicitly.
    note : str
        What else was done to it or must be said of it in a table, in a few words; may be empty.
    """

    name: str
    parameter: str
    published_for: str
    measure: str
    note: str = ""

    @property
    def remark(self) -> str:
        """What must be said of it even where there is no room for its name; mostly empty."""
        crossed = f"published for {self.published_for}, used for {self.measure}"
        parts = (crossed if self.measure != self.published_for else "", self.note)
        return "; ".join(part for part in parts if part)

    def __str__(self) -> str:
        return "; ".join(part for part in (self.name, self.remark) if part)
