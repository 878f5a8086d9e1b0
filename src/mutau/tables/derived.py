"""Cells that were derived, as people read them."""

from __future__ import annotations

import math

import pandas as pd

from mutau.tables.numbers import NOT_AVAILABLE

__all__ = ["derived_table"]


def derived_table(log: pd.DataFrame) -> pd.DataFrame:
    """Word a log of derived cells.

    Parameters
    ----------
    log : DataFrame
        `log` of a `mutau.extraction.Completed`.

    Returns
    -------
    DataFrame
        Text: row, study, cell, value (4 digits), the range that rounding leaves (a dash where it leaves none, or is
        not known), formula and source.

    Examples
    --------
    >>> log = pd.DataFrame(
    ...     {"row": [2], "study": ["A"], "cell": ["sd"], "value": [4.24264], "lower": [3.9], "upper": [4.6],
    ...      "formula": ["SD = SE × √n"], "source": ["Handbook"], "notes": [""]})
    >>> derived_table(log).iloc[0].tolist()
    ['2', 'A', 'sd', '4.243', '3.9 to 4.6', 'SD = SE × √n', 'Handbook']
    """
    rows = log.to_dict("records")
    return pd.DataFrame(
        {
            "Row": [str(row["row"]) for row in rows],
            "Study": [str(row["study"]) for row in rows],
            "Cell": [str(row["cell"]) for row in rows],
            "Value": [_digits(row["value"]) for row in rows],
            "By rounding": [
                f"{_digits(row['lower'])} to {_digits(row['upper'])}"
                if row["lower"] < row["upper"]
                else NOT_AVAILABLE
                for row in rows
            ],
            "Formula": [str(row["formula"]) for row in rows],
            "Source": [str(row["source"]) for row in rows],
        }
    )


def _digits(value: float) -> str:
    """Four digits, of whole numbers all."""
    if math.isnan(value):
        return NOT_AVAILABLE
    return f"{value:.0f}" if value == math.floor(value) else f"{value:.4g}"
