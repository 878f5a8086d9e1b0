"""Moderators: what was given, read as numbers or as categories, and the columns that they make."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from mutau.errors import ArgumentError, Fault, StudyDataError, nearest

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    type Array = NDArray[np.float64]

__all__ = ["INTERCEPT", "Moderator", "design_rows", "read_moderators"]

INTERCEPT = "intercept"


@dataclass(frozen=True, slots=True)
class Moderator:
    """A characteristic of studies.

    Parameters
    ----------
    name : str
        As it was given.
    values : tuple of float, or of str
        One for each study; text where it has `levels`.
    levels : tuple of str
        Categories, the reference first; empty for a moderator that is a number.
    """

    name: str
    values: tuple[Any, ...]
    levels: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """Coefficients that it has: its name, or one for each category but the reference."""
        return tuple(f"{self.name}: {level}" for level in self.levels[1:]) if self.levels else (self.name,)

    def coded(self, values: Sequence[Any]) -> Array:
        """Code values as columns: as they are, or 1 in the column of their category; shape (m, columns).

        Raises
        ------
        ArgumentError
            A category that no study has, or what is no finite number.
        """
        if not self.levels:
            return self._numbers(values)
        texts = [str(value) for value in values]
        faults = [
            Fault(
                f"{self.name}={text!r}",
                "A category is one that studies have",
                nearest(text, self.levels),
                key="at",
            )
            for text in dict.fromkeys(texts)
            if text not in self.levels
        ]
        if faults:
            raise ArgumentError(faults)
        return np.array([[float(text == level) for level in self.levels[1:]] for text in texts])

    def _numbers(self, values: Sequence[Any]) -> Array:
        numbers = np.array([_number(value) for value in values])
        wrong = [repr(value) for value, x in zip(values, numbers, strict=True) if not math.isfinite(x)]
        if wrong:
            rule = f"{self.name} is a finite number"
            raise ArgumentError(Fault(f"{self.name}={', '.join(wrong)}", rule, "Correct it", key="at"))
        return numbers[:, None]


def design_rows(moderators: Sequence[Moderator], at: Mapping[str, Any]) -> Array:
    """Make rows of the design matrix of stated values; a single value goes with every row.

    Raises
    ------
    ArgumentError
        A moderator without values, values of something else, or values of different lengths: all at once.
    """
    known = [each.name for each in moderators]
    faults = [
        Fault(f"{name!r}", "What is stated are the moderators", nearest(str(name), known), key="at")
        for name in at
        if name not in known
    ]
    faults += [
        Fault(f"no {name}", "Each moderator has a value", f"State {name}", key="at")
        for name in known
        if name not in at
    ]
    if faults:
        raise ArgumentError(faults)
    values = {name: _listed(at[name]) for name in known}
    rows = max((len(each) for each in values.values()), default=1)
    faults = [
        Fault(
            f"{len(each)} values of {name}, {rows} of another",
            "One value for each row, or one for all",
            "Fill up",
        )
        for name, each in values.items()
        if len(each) not in (1, rows)
    ]
    if faults:
        raise ArgumentError(faults)
    filled = {name: each if len(each) == rows else each * rows for name, each in values.items()}
    columns = [moderator.coded(filled[moderator.name]) for moderator in moderators]
    return np.column_stack([np.ones((rows, 1)), *columns])


def _listed(values: Any) -> list[Any]:
    if isinstance(values, str) or np.ndim(values) == 0:
        return [values]
    return list(values)


def read_moderators(
    moderators: Any, labels: Sequence[str], table: pd.DataFrame | None
) -> tuple[Moderator, ...]:
    """Read what was given as moderators.

    Parameters
    ----------
    moderators : str, sequence of str, DataFrame, mapping or array
        Names of columns of `table`; or the values themselves.
    labels : sequence of str
        Names of the studies.
    table : DataFrame or None
        The rows that the effects came from.

    Returns
    -------
    tuple of Moderator

    Raises
    ------
    ArgumentError
        Unknown columns, or values that do not fit the studies.
    StudyDataError
        Studies without a value: all at once.
    """
    columns = _columns(moderators, labels, table)
    found = [_one(name, values, _levels(values), labels) for name, values in columns.items()]
    faults = [fault for _, faults in found for fault in faults]
    if faults:
        raise StudyDataError(faults)
    return tuple(moderator for moderator, _ in found)


def _columns(moderators: Any, labels: Sequence[str], table: pd.DataFrame | None) -> dict[str, Any]:
    if isinstance(moderators, str):
        return _of_table([moderators], table)
    if hasattr(moderators, "columns"):
        return _of_frame(moderators, labels)
    if isinstance(moderators, Mapping):
        return _fitting({str(name): values for name, values in moderators.items()}, len(labels))
    if isinstance(moderators, Sequence) and moderators and all(isinstance(each, str) for each in moderators):
        return _of_table(list(moderators), table)
    array = np.asarray(moderators, dtype=object)
    if array.ndim == 1:
        array = array[:, None]
    if array.ndim != 2 or array.shape[1] == 0 or len(array) == 0:
        rule = "Moderators are columns of the table by name, or a frame or array with a row for each study"
        what = f"moderators of shape {array.shape}" if array.ndim else f"moderators={moderators!r}"
        raise ArgumentError(Fault(what, rule, "Name some columns", key="moderators"))
    return _fitting({f"x{j + 1}": array[:, j] for j in range(array.shape[1])}, len(labels))


def _of_table(names: list[str], table: pd.DataFrame | None) -> dict[str, Any]:
    if table is None:
        rule = "Names are those of columns of a table of studies"
        remedy = "Give the values: a DataFrame, or a mapping of names to values"
        raise ArgumentError(Fault(f"moderators={names!r} without a table", rule, remedy, key="moderators"))
    faults = [
        Fault(
            f"moderators={name!r}",
            "A moderator is a column of the table",
            _others(name, table),
            key="moderators",
        )
        for name in names
        if name not in table.columns
    ]
    if len(set(names)) < len(names):
        faults.append(
            Fault(f"moderators={names!r}", "Each is named once", "Leave repeats out", key="moderators")
        )
    if faults:
        raise ArgumentError(faults)
    return {name: table[name] for name in names}


def _others(name: str, table: pd.DataFrame) -> str:
    return nearest(name, [str(column) for column in table.columns])


def _of_frame(frame: pd.DataFrame, labels: Sequence[str]) -> dict[str, Any]:
    """A frame whose index names studies is put into their order; else its rows are the studies in order."""
    index = [str(name) for name in frame.index]
    if set(labels) & set(index):
        rule = "Rows that name studies name each of them once"
        faults = [
            Fault(f"{index.count(label)} rows for {labels.count(label)}", rule, "Name each once, or none",
                  study=label, key="moderators")
            for label in dict.fromkeys(labels)
            if (index.count(label), labels.count(label)) != (1, 1)
        ]  # fmt: skip
        if faults:
            raise StudyDataError(faults)
        frame = frame.iloc[[index.index(label) for label in labels]]
    return _fitting({str(name): frame[name] for name in frame.columns}, len(labels))


def _fitting(columns: dict[str, Any], k: int) -> dict[str, Any]:
    faults = [
        Fault(f"{len(values)} values of {name} for {k} studies", "One value for each study", "Check the selection",
              key="moderators")
        for name, values in columns.items()
        if len(values) != k
    ]  # fmt: skip
    if not columns:
        faults = [Fault("no moderators", "A regression has one or more", "Use mutau.pool", key="moderators")]
    if faults:
        raise ArgumentError(faults)
    return columns


def _levels(values: Any) -> tuple[str, ...]:
    """Categories in their order: a Categorical's own, else sorted; none where all that is there are numbers."""
    categories = getattr(getattr(values, "cat", values), "categories", None)
    present = [value for value in values if not _missing(value)]
    if categories is not None:
        return tuple(str(level) for level in categories if level in present)
    if not any(math.isnan(_number(value)) for value in present):
        return ()
    return tuple(sorted({str(value) for value in present}))


def _one(
    name: str, values: Any, levels: tuple[str, ...], labels: Sequence[str]
) -> tuple[Moderator, list[Fault]]:
    rule, remedy = (
        "Every study has a value of each moderator",
        "Fill it in, or leave the study out and say so",
    )
    faults = [
        Fault(f"no {name}", rule, remedy, study=label, key=name)
        for label, value in zip(labels, values, strict=True)
        if _missing(value)
    ]
    if not faults and not levels:
        rule, remedy = "A moderator is a finite number", "Correct it"
        faults = [
            Fault(f"{name} = {value}", rule, remedy, study=label, key=name)
            for label, value in zip(labels, values, strict=True)
            if not math.isfinite(_number(value))
        ]
    if not faults and len(levels) == 1:
        rule = "Each moderator differs between studies"
        faults = [Fault(f"{name} = {levels[0]} in all studies", rule, f"Leave {name} out", key=name)]
    kept = [str(value) if levels else _number(value) for value in values]
    return Moderator(name, tuple(kept), levels), faults


def _missing(value: Any) -> bool:
    return value is None or str(value).strip() in ("", "nan", "<NA>", "NaT")


def _number(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        return math.nan
