"""Words for the numbers of a study without two arms: events of one group, a mean, a rate, a correlation, pairs."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from mutau.tables.numbers import number

__all__ = ["sample_cell", "sample_heading"]

type _Row = Any
"""A row of a frame, or a mapping."""


def _value(row: _Row, name: str) -> float:
    """Give a number of the row; NaN where there is none."""
    try:
        return float(row.get(name, math.nan))
    except (TypeError, ValueError):
        return math.nan


def _pairs(row: _Row) -> str:
    cells = [_value(row, f"pairs_{which}") for which in ("both", "treatment_only", "control_only", "neither")]
    return " / ".join(f"{cell:.0f}" for cell in cells)


def _change(row: _Row) -> str:
    after, before, r, n = (_value(row, name) for name in ("mean_after", "mean_before", "r", "n"))
    return f"{number(after)} after {number(before)}, r {number(r)}, n {n:.0f}"


_FORMS: tuple[tuple[tuple[str, ...], str, Callable[[_Row], str]], ...] = (
    (("pairs_both",), "pairs: both / treatment only / control only / neither", _pairs),
    (("mean_after",), "mean after and before", _change),
    (("t", "predictors"), "t, n (predictors)", lambda row: (
        f"{number(_value(row, 't'))}, {_value(row, 'n'):.0f} ({_value(row, 'predictors'):.0f})"
    )),
    (("r",), "r, n", lambda row: f"{number(_value(row, 'r'))}, {_value(row, 'n'):.0f}"),
    (("events", "person_time"), "events/time", lambda row: (
        f"{_value(row, 'events'):.0f}/{_value(row, 'person_time'):g}"
    )),
    (("events", "n"), "events/n", lambda row: f"{_value(row, 'events'):.0f}/{_value(row, 'n'):.0f}"),
    (("mean", "sd"), "mean (SD) n", lambda row: (
        f"{number(_value(row, 'mean'))} ({number(_value(row, 'sd'))}) {_value(row, 'n'):.0f}"
    )),
)  # fmt: skip
"""Columns that a kind is told by, its heading, and its words; the first that a row has."""


def _form(row: _Row) -> tuple[str, Callable[[_Row], str]] | None:
    for names, heading, words in _FORMS:
        if not any(math.isnan(_value(row, name)) for name in names):
            return heading, words
    return None


def sample_heading(row: _Row) -> str:
    """Say what `sample_cell` shows of such a row; empty where it has nothing to show."""
    form = _form(row)
    return "" if form is None else form[0]


def sample_cell(row: _Row) -> str:
    """Word the numbers of a row; empty where there are none of a known kind.

    Examples
    --------
    >>> sample_cell({"events": 12, "n": 60}), sample_cell({"r": 0.3, "n": 40})
    ('12/60', '0.30, 40')
    """
    form = _form(row)
    return "" if form is None else form[1](row)
