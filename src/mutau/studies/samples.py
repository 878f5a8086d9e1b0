"""Tables without two arms: one group, a correlation, a change, matched pairs or a hazard ratio in each row."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from mutau.errors import Fault
from mutau.studies.columns import (
    ANY_NUMBER,
    COUNT,
    POSITIVE_SD,
    POSITIVE_TIME,
    Column,
    Rule,
)

if TYPE_CHECKING:
    from mutau.studies.cells import Entry

__all__ = [
    "CHANGES_IN_LETTERS",
    "SAMPLE_COLUMNS",
    "SAMPLE_KINDS",
    "SampleKind",
    "almost",
    "kinds_of",
    "known_columns",
    "sample_faults",
    "sample_values",
]

_SIZE = Rule(
    "The size of a sample is a whole number, 1 or more",
    lambda number: number >= 1 and math.floor(number) == number,
    "Give the number of participants analysed, or leave the study out",
)
_CORRELATION = Rule(
    "A correlation lies between -1 and 1",
    lambda number: -1 <= number <= 1,
    "Check the report; give r itself, neither r squared nor Fisher's z",
)
_RATIO = Rule(
    "A hazard ratio is above 0", lambda number: number > 0, "Give the ratio itself, not its logarithm"
)
_VARIANCE = Rule("A log-rank variance is above 0", lambda number: number > 0, "Check the report")
_PREDICTORS = Rule(
    "A regression has a whole number of predictors, 1 or more",
    lambda number: number >= 1 and math.floor(number) == number,
    "Count the one of interest too",
)

_N = Column("n", "participants analysed", _SIZE, ("ni", "total", "sample_size"))
_EVENTS = ("event", "cases", "xi")
_R = Column("r", "correlation of the two measurements", _CORRELATION, ("ri", "cor", "correlation"))


@dataclass(frozen=True, slots=True)
class SampleKind:
    """A kind of table without two arms.

    Parameters
    ----------
    name : str
        What a table of it is called in a message: ``"correlations"``.
    columns : tuple of Column
        Those that it knows.
    needs : tuple of tuple of str
        What every row has; of each inner tuple at least one.
    """

    name: str
    columns: tuple[Column, ...]
    needs: tuple[tuple[str, ...], ...]


def _all(columns: tuple[Column, ...]) -> tuple[tuple[str, ...], ...]:
    return tuple((column.name,) for column in columns)


def _kind(name: str, *columns: Column) -> SampleKind:
    return SampleKind(name, columns, _all(columns))


_PAIRS = tuple(
    Column(f"pairs_{which}", f"pairs with the event {words}", COUNT)
    for which, words in (
        ("both", "under both"),
        ("treatment_only", "under treatment only"),
        ("control_only", "under control only"),
        ("neither", "under neither"),
    )
)
_MEANS_TWICE = (
    Column("mean_after", "mean after", ANY_NUMBER),
    Column("mean_before", "mean before", ANY_NUMBER),
)
_SDS_TWICE = (
    Column("sd_after", "standard deviation after", POSITIVE_SD),
    Column("sd_before", "standard deviation before", POSITIVE_SD),
)

SAMPLE_KINDS = (
    SampleKind(
        "counts of one group",
        (
            Column("events", "participants with the event", COUNT, _EVENTS),
            Column("nonevents", "participants without the event", COUNT),
            _N,
        ),
        (("events",), ("n", "nonevents")),
    ),
    _kind(
        "means of one group",
        Column("mean", "mean of the outcome", ANY_NUMBER, ("mi",)),
        Column("sd", "standard deviation of the outcome", POSITIVE_SD, ("sdi",)),
        _N,
    ),
    _kind(
        "rates of one group",
        Column("events", "number of events", COUNT, _EVENTS),
        Column("person_time", "total time at risk", POSITIVE_TIME, ("ti", "time")),
    ),
    _kind("correlations", _R, _N),
    _kind(
        "regression coefficients",
        Column("t", "t statistic of the coefficient", ANY_NUMBER, ("ti",)),
        _N,
        Column("predictors", "number of predictors", _PREDICTORS, ("mi",)),
    ),
    SampleKind(
        "changes in one sample",
        (*_MEANS_TWICE, *_SDS_TWICE, _R, _N),
        (("mean_after",), ("mean_before",), ("sd_before", "sd_after"), ("r",), ("n",)),
    ),
    _kind("matched pairs", *_PAIRS),
    _kind(
        "hazard ratios",
        Column("hr", "hazard ratio", _RATIO),
        Column("hr_lower", "lower limit of its 95% confidence interval", _RATIO),
        Column("hr_upper", "upper limit of its 95% confidence interval", _RATIO),
    ),
    _kind(
        "log-rank tests",
        Column("o_minus_e", "events observed less those expected", ANY_NUMBER),
        Column("v", "log-rank variance", _VARIANCE),
    ),
)
"""Every kind; a table may be of several at once."""

SAMPLE_COLUMNS = frozenset(column.name for kind in SAMPLE_KINDS for column in kind.columns)
"""Names of all their columns."""


CHANGES_IN_LETTERS = frozenset({"m1i", "m2i", "ri", "ni"})
"""metafor's letters of a change, which do not say which of two standard deviations is the one before."""


def _has(kind: SampleKind, names: Collection[str]) -> bool:
    return all(any(name in names for name in need) for need in kind.needs)


def _present(kind: SampleKind, forms: Collection[str]) -> set[str]:
    return {column.name for column in kind.columns if not {column.name, *column.aliases}.isdisjoint(forms)}


def kinds_of(forms: Collection[str]) -> tuple[SampleKind, ...]:
    """List the kinds whose columns are all there, by their own names or aliases, `normalised`.

    Examples
    --------
    >>> [kind.name for kind in kinds_of({"study", "ri", "ni"})]
    ['correlations']
    """
    return tuple(kind for kind in SAMPLE_KINDS if _has(kind, _present(kind, forms)))


def almost(forms: Collection[str]) -> tuple[SampleKind, str] | None:
    """Find a kind of which all but one of its columns are there, and at least two; and the one that is missing."""
    for kind in SAMPLE_KINDS:
        present = _present(kind, forms)
        lacking = [need for need in kind.needs if present.isdisjoint(need)]
        if len(lacking) == 1 and len(kind.needs) > 2:
            return kind, " or ".join(lacking[0])
    return None


def known_columns(forms: Collection[str]) -> tuple[Column, ...]:
    """List the columns of those kinds, each once."""
    found = {column.name: column for kind in reversed(kinds_of(forms)) for column in reversed(kind.columns)}
    return tuple(reversed(found.values()))


def sample_values(entry: Entry) -> dict[str, float]:
    """Take the numbers of a row, by the names of their columns; a group's size follows from both its counts."""
    values = {name: number for name, number in entry.numbers.items() if name in SAMPLE_COLUMNS}
    total = values.get("events", math.nan) + values.get("nonevents", math.nan)
    if math.isnan(values.get("n", math.nan)) and not math.isnan(total):
        values["n"] = total
    return values


def sample_faults(entry: Entry, given: Mapping[str, str], source: str) -> Iterator[Fault]:
    """Ask of a row that it has all that one kind needs, and no more events than participants."""
    study = entry.texts.get("study") or None
    for fault in (*_incomplete(entry, given), *_too_many(entry, given)):
        yield replace(fault, file=source, row=entry.row, study=study)


def _incomplete(entry: Entry, given: Mapping[str, str]) -> Iterator[Fault]:
    """Name the empty cells of the kind that lacks the fewest, where none has all."""
    filled = {name for name, number in entry.numbers.items() if not math.isnan(number)} | entry.wrong
    kinds = [kind for kind in SAMPLE_KINDS if _has(kind, given)]
    if any(_has(kind, filled) for kind in kinds):
        return
    nearest = min(kinds, key=lambda kind: sum(filled.isdisjoint(need) for need in kind.needs))
    rule = f"A row of {nearest.name} has {', '.join(' or '.join(need) for need in nearest.needs)}"
    for need in nearest.needs:
        if filled.isdisjoint(need):
            column = given[next(name for name in need if name in given)]
            yield Fault("the cell is empty", rule, "Fill it, or leave the study out", column=column)


def _too_many(entry: Entry, given: Mapping[str, str]) -> Iterator[Fault]:
    events, n = (entry.numbers.get(name, math.nan) for name in ("events", "n"))
    if events > n and math.isnan(entry.numbers.get("person_time", math.nan)):
        rule = "A group has at most as many participants with the event as participants"
        remedy = "Check whether the two were exchanged; if events can recur, give person_time instead of n"
        yield Fault(f"events {events:g} above n {n:g}", rule, remedy, column=given["events"])
