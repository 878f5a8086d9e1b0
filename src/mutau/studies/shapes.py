"""Which of the shapes a header is of, and what the shapes are in words."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from mutau.studies.columns import (
    ARM_VALUES,
    ARMS,
    ESTIMATE_COLUMNS,
    LONG_COLUMNS,
    WIDE_COLUMNS,
    Column,
    wide_name,
)
from mutau.studies.samples import CHANGES_IN_LETTERS, SAMPLE_KINDS, kinds_of

__all__ = ["KNOWN_FORMS", "SHAPES_IN_WORDS", "Shape", "forms_of", "shape_of"]

type Shape = Literal["wide", "long", "estimates", "samples"]

SHAPES_IN_WORDS = (
    "wide (study, events_treatment, n_treatment, events_control, n_control; or mean_, sd_ and n_), "
    "long (study, arm, events, n; or mean, sd, n), estimates (study, yi, with sei or vi) or samples without two "
    "arms (study, with events, n; mean, sd, n; r, n; and others)"
)
_VALUE_NAMES = frozenset(column.name for column in ARM_VALUES)
_WIDE_VALUES = frozenset(wide_name(value, arm) for value in _VALUE_NAMES for arm in ARMS)

_SHORTEST = 3
"""Letters that a sample's column must have for a misspelt name to be guessed from it."""


def forms_of(column: Column) -> tuple[str, ...]:
    """List the names a column is recognised by, its own first."""
    return (column.name, *column.aliases)


KNOWN_FORMS: dict[str, str] = {
    form: column.name
    for column in (*LONG_COLUMNS, *WIDE_COLUMNS, *ESTIMATE_COLUMNS)
    for form in forms_of(column)
}
KNOWN_FORMS |= {
    column.name: column.name
    for kind in SAMPLE_KINDS
    for column in kind.columns
    if len(column.name) >= _SHORTEST and column.name not in KNOWN_FORMS
}
"""From every name that some column is recognised by to the column's own name."""


def shape_of(forms: Iterable[str]) -> Shape | None:
    """Tell the shape from the names of the columns.

    Parameters
    ----------
    forms : iterable of str
        As `normalised` writes them.

    Returns
    -------
    {"wide", "long", "estimates", "samples"} or None
        None where the names do not say.

    Examples
    --------
    >>> shape_of(["study", "ai", "n1i", "ci", "n2i"]), shape_of(["study", "age"])
    ('wide', None)
    """
    given = frozenset(forms)
    if given >= CHANGES_IN_LETTERS:
        return None
    estimates = bool(given.intersection(forms_of(ESTIMATE_COLUMNS[0])))
    found = _present(WIDE_COLUMNS, given) & _WIDE_VALUES
    paired = any({wide_name(value, arm) for arm in ARMS} <= found for value in _VALUE_NAMES)
    if paired or (found and not estimates):
        return "wide"
    long = _present(LONG_COLUMNS, given)
    if "arm" in long and long & _VALUE_NAMES:
        return "long"
    if estimates:
        return "estimates"
    return "samples" if kinds_of(given) else None


def _present(columns: Iterable[Column], given: frozenset[str]) -> set[str]:
    return {column.name for column in columns if given.intersection(forms_of(column))}
