"""The tables as frames of text, for pages that set them themselves; `mutau.tables.kinds` makes them whole."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pandas as pd

from mutau.tables.columns import frame_of
from mutau.tables.layouts import (
    agreement_columns,
    check_columns,
    comparison_columns,
    data_columns,
    likelihood_columns,
    main_columns,
    probability_columns,
    review_columns,
    summary_columns,
)
from mutau.tables.texts import plain

if TYPE_CHECKING:
    from rich.table import Table as RichTable

    from mutau.fitting import Fit
    from mutau.outcomes import OutcomeModel
    from mutau.priors import PublishedPrior

__all__ = [
    "agreement_sentence",
    "agreement_table",
    "check_table",
    "comparison_table",
    "data_table",
    "likelihood_table",
    "main_table",
    "probability_table",
    "published_table",
    "review_table",
    "summary_table",
    "to_rich",
]


def main_table(compared: pd.DataFrame, model: OutcomeModel) -> pd.DataFrame:
    """Lay out one outcome's Bayesian answers under all its priors for tau, for reading.

    Parameters
    ----------
    compared : DataFrame
        From `mutau.compare`.
    model : OutcomeModel
        The outcome model behind it.

    Returns
    -------
    DataFrame
        Text columns, one row per prior.
    """
    return frame_of(main_columns(compared, model))


def likelihood_table(compared: pd.DataFrame, model: OutcomeModel) -> pd.DataFrame:
    """Lay out `mutau.compare_likelihoods`: one row per likelihood, under the model's own priors."""
    return frame_of(likelihood_columns(compared, model))


def comparison_table(compared: pd.DataFrame, model: OutcomeModel) -> pd.DataFrame:
    """Lay out every answer of `mutau.compare`, Bayesian, classic and published, for reading."""
    return frame_of(comparison_columns(compared, model))


def summary_table(summarised: pd.DataFrame) -> pd.DataFrame:
    """Lay out `mutau.summary` for reading."""
    return frame_of(summary_columns(summarised))


def probability_table(chances: pd.DataFrame) -> pd.DataFrame:
    """Lay out `mutau.probabilities`: one row per statement, mean effect and new setting side by side."""
    return frame_of(probability_columns(chances))


def data_table(effects: pd.DataFrame, model: OutcomeModel) -> pd.DataFrame:
    """Lay out the studies as read, with each one's effect and provenance."""
    return frame_of(data_columns(effects, model))


def agreement_table(found: pd.DataFrame) -> pd.DataFrame:
    """Lay out `mutau.comparing.disagreement`: exact beside sampled, with the difference and its size."""
    return frame_of(agreement_columns(found))


def check_table(fit: Fit) -> pd.DataFrame:
    """Lay out a fit's convergence checks."""
    return frame_of(check_columns({"": fit})[:-1])


def review_table(models: Sequence[OutcomeModel], compared: pd.DataFrame) -> pd.DataFrame:
    """Lay out a whole review, one row per outcome: classic beside Bayesian under every prior for tau.

    Parameters
    ----------
    models : sequence of OutcomeModel
        The outcome models, in the order wanted.
    compared : DataFrame
        `mutau.compare` of all of them, one under the other.
    """
    return frame_of(review_columns(models, compared))


def agreement_sentence(found: pd.DataFrame) -> str:
    """Say how far exact and sampled results of one outcome lie apart at most."""
    rows = found.to_dict("records")
    chances = [abs(row["difference"]) for row in rows if row["figure"] == "P(benefit)"]
    effects = [row for row in rows if row["figure"] != "P(benefit)"]
    worst = max(effects, key=lambda row: abs(row["difference"]))
    where = f"{worst['figure']} of {worst['quantity']}, {worst['prior_label']}"
    return (
        f"{found['model'].iloc[0]}: exact and sampled differ by at most {abs(worst['difference']):.3f} posterior SD "
        f"({where}) and {max(chances):.4f} in P(benefit); "
        f"{max(abs(row['z']) for row in rows):.1f} Monte Carlo standard errors"
    )


def published_table(priors: Sequence[PublishedPrior]) -> pd.DataFrame:
    """List published priors: name, parameter, measure, setting, distribution."""
    doubt = " (suspected misprint)"
    rows = (
        (one.name, one.parameter, one.measure, one.in_words, f"{one.prior}{doubt * one.suspected}")
        for one in priors
    )
    return pd.DataFrame(rows, columns=["Name", "Of", "Measure", "Setting", "Prior"])


def to_rich(table: pd.DataFrame, title: str | None = None, width: int | None = None) -> RichTable:
    """Make a table of text for the terminal; markup and escape sequences in cells are shown, not obeyed.

    Where `width` cannot hold the longest word of every column side by side, each row becomes a block of lines, a
    heading and a cell to a line.
    """
    from rich.markup import escape
    from rich.table import Table

    title = None if title is None else escape(plain(title))
    if width is not None and _narrowest(table) > width:
        blocks = Table(title=title, title_justify="left", show_header=False)
        for row in table.itertuples(index=False):
            for heading, cell in zip(table.columns, row, strict=True):
                blocks.add_row(escape(plain(heading)), escape(plain(cell)))
            blocks.add_section()
        return blocks
    rich_table = Table(title=title, title_justify="left", show_lines=False)
    for column in table.columns:
        rich_table.add_column(escape(plain(column)), overflow="fold")
    for row in table.itertuples(index=False):
        rich_table.add_row(*(escape(plain(cell)) for cell in row))
    return rich_table


def _narrowest(table: pd.DataFrame) -> int:
    """How many characters a line needs where no word is broken: a border, and two blanks and a border a column."""
    from rich.cells import cell_len

    words = (
        [*plain(heading).split(), *(word for cell in table.iloc[:, place] for word in plain(cell).split())]
        for place, heading in enumerate(table.columns)
    )
    return 1 + sum(3 + max(map(cell_len, each), default=0) for each in words)
