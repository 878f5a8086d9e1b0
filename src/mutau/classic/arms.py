"""The counts of every study, of two arms or of one group, checked before anything is pooled."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from mutau.classic.requests import label_array, number_array
from mutau.errors import ArgumentError, Fault

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    type Array = NDArray[np.float64]
    type Arms = tuple[Array, Array, Array, Array]

__all__ = [
    "COUNTS",
    "PROPORTIONS",
    "RATES",
    "SINGLE_RATES",
    "checked_arms",
    "checked_columns",
    "fractional_counts",
]

COUNTS = ("events_treatment", "n_treatment", "events_control", "n_control")
"""Events among participants."""

RATES = ("events_treatment", "time_treatment", "events_control", "time_control")
"""Events in person-time."""

PROPORTIONS = ("events", "n")
"""Events among the participants of one group."""

SINGLE_RATES = ("events", "time")
"""Events in the person-time of one group."""


def checked_arms(
    values: Sequence[ArrayLike],
    faults: Sequence[Fault],
    labels: Sequence[str] | None,
    keys: Sequence[str] = COUNTS,
) -> Arms:
    """Read four arrays named `keys`; raises an ArgumentError with `faults` and everything found here."""
    arrays = checked_columns(values, faults, labels, keys)
    return arrays[0], arrays[1], arrays[2], arrays[3]


def checked_columns(
    values: Sequence[ArrayLike], faults: Sequence[Fault], labels: Sequence[str] | None, keys: Sequence[str]
) -> tuple[Array, ...]:
    """Read an array of events and one of sizes for each arm, named `keys`; otherwise as `checked_arms`."""
    arrays, unreadable = [], []
    for key, value in zip(keys, values, strict=True):
        array, found = number_array(value, key)
        arrays.append(array)
        unreadable += found
    wrong = list(unreadable)
    lengths = {len(array) for array in arrays}
    if not unreadable:
        if len(lengths) > 1:
            what = "arrays of lengths " + ", ".join(str(len(array)) for array in arrays)
            wrong.append(Fault(what, "One number per study and arm", "Give arrays of one length"))
        elif lengths == {0}:
            wrong.append(Fault("no studies", "At least one study is pooled", "Check the selection"))
        else:
            names = label_array(labels, len(arrays[0]))
            for at in range(0, len(keys), 2):
                wrong += _arm_faults(keys[at : at + 2], arrays[at], arrays[at + 1], names)
    if faults or wrong:
        raise ArgumentError([*faults, *wrong])
    return tuple(arrays)


def fractional_counts(
    arrays: Sequence[Array], keys: Sequence[str], names: Sequence[str], rule: str, remedy: str
) -> list[Fault]:
    """Refuse counts that are no whole numbers; person-time is none."""
    return [
        Fault(f"{key} {values[i]:g}", rule, remedy, study=names[i], key=key)
        for key, values in zip(keys, arrays, strict=True)
        if not key.startswith("time")
        for i in map(int, np.flatnonzero(values != np.floor(values)))
    ]


def _arm_faults(keys: Sequence[str], events: Array, sizes: Array, names: NDArray[Any]) -> list[Fault]:
    events_key, size_key = keys
    in_time = size_key.startswith("time")
    faults = []
    for name, x, size in zip(names, events, sizes, strict=True):
        if not (math.isfinite(size) and size > 0):
            rule = "An arm has person-time" if in_time else "An arm has participants"
            faults.append(Fault(f"{size_key} {size:g}", rule, "Correct it", study=name, key=size_key))
        elif not (math.isfinite(x) and x >= 0 and (in_time or x <= size)):
            what = f"{events_key} {x:g}" if in_time else f"{events_key} {x:g} of {size:g}"
            rule = "Events are 0 or more" if in_time else "Events lie between 0 and the size of the arm"
            faults.append(Fault(what, rule, "Correct it", study=name, key=events_key))
    return faults
