"""The columns of a table that people read: text, and what that text is, said apart from the heading."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum

import pandas as pd

from mutau.tables.numbers import percent

__all__ = [
    "Column",
    "Given",
    "Role",
    "chance",
    "credible",
    "frame_of",
    "interval_column",
    "kind_column",
    "number_column",
    "text",
]


class Role(Enum):
    """What a column's cells are."""

    TEXT = "text"
    NUMBER = "number"
    INTERVAL = "interval"
    """An interval, alone or after its estimate."""
    PROBABILITY = "probability"
    KIND = "kind of interval"
    """Says of each row which kind its intervals are."""

    @property
    def is_numeric(self) -> bool:
        """Whether cells are set flush right."""
        return self in {Role.NUMBER, Role.INTERVAL, Role.PROBABILITY}


@dataclass(frozen=True, slots=True)
class Column:
    """One column of text.

    Parameters
    ----------
    heading : str
        What it shows, without the kind of its interval.
    cells : tuple of str
        One per row.
    role : Role
        What the cells are.
    kind : str
        Of a column of intervals of one kind, which: ``"95% credible interval"``.
    """

    heading: str
    cells: tuple[str, ...]
    role: Role = Role.TEXT
    kind: str = ""

    @property
    def title(self) -> str:
        """The heading as it is read, with the kind of interval."""
        return f"{self.heading} [{self.kind}]" if self.kind else self.heading


@dataclass(frozen=True, slots=True)
class Given:
    """What posterior probabilities and credible intervals are conditional on.

    Parameters
    ----------
    mu, tau : str
        The priors in words or by their row: ``"normal(0, 2.82)"``, ``"the prior in its row"``.
    likelihood : str
        In words: ``"binomial likelihood"``, ``"likelihood in its row"``.
    of : str
        The outcome, where a table holds several.
    """

    mu: str
    tau: str
    likelihood: str
    of: str = ""

    @property
    def sentence(self) -> str:
        """The condition in one sentence."""
        head = f"{self.of}: probabilities" if self.of else "Probabilities"
        return (
            f"{head} and credible intervals are posterior ones, given unbiased trials, mu ~ {self.mu}, "
            f"tau ~ {self.tau}, and the {self.likelihood}."
        )


def text(heading: str, cells: Iterable[object]) -> Column:
    """Make a column of words."""
    return Column(heading, _texts(cells))


def kind_column(heading: str, cells: Iterable[object]) -> Column:
    """Make a column that says of each row's interval which kind it is."""
    return Column(heading, _texts(cells), Role.KIND)


def number_column(heading: str, cells: Iterable[object]) -> Column:
    """Make a column of numbers."""
    return Column(heading, _texts(cells), Role.NUMBER)


def chance(heading: str, cells: Iterable[object]) -> Column:
    """Make a column of probabilities."""
    return Column(heading, _texts(cells), Role.PROBABILITY)


def interval_column(heading: str, cells: Iterable[object], kind: str = "") -> Column:
    """Make a column of intervals of one kind, or of kinds that another column names row by row."""
    return Column(heading, _texts(cells), Role.INTERVAL, kind)


def credible(prob: float) -> str:
    """Name a credible interval: ``95% credible interval``."""
    return f"{percent(prob)} credible interval"


def frame_of(columns: Sequence[Column]) -> pd.DataFrame:
    """Set columns side by side as a frame of text; two may share a heading."""
    frame = pd.DataFrame({place: list(column.cells) for place, column in enumerate(columns)})
    return frame.set_axis([column.title for column in columns], axis="columns")


def _texts(cells: Iterable[object]) -> tuple[str, ...]:
    return tuple("" if pd.isna(cell) else str(cell) for cell in cells)  # type: ignore[call-overload]
