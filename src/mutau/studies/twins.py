"""Studies of different names with the same numbers: one trial published twice, or a row copied and not changed."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from mutau.studies.arms import Contrast, Estimate

__all__ = ["twins"]

_DIGITS = 4
"""Digits that an effect and its standard error have together from which on they are asked about."""
_RARE = 2
"""Arms of counts with events from which on two studies with the same numbers are asked about: 0 of 20 is common."""


def twins(contrasts: Sequence[Contrast], estimates: Sequence[Estimate], source: str) -> Iterator[str]:
    """Say which studies have the numbers of another one of the same comparison, outcome and timepoint.

    Parameters
    ----------
    contrasts : sequence of Contrast
    estimates : sequence of Estimate
    source : str
        The file's name.

    Yields
    ------
    str
        Both rows and studies, and what to do.
    """
    rows = [(contrast.key, contrast.treatment.row, _numbers(contrast)) for contrast in contrasts]
    rows += [(each.key, each.row, (each.yi, each.sei)) for each in estimates if _telling(each.yi, each.sei)]
    first: dict[tuple[object, ...], tuple[str, int]] = {}
    for key, row, numbers in sorted(rows, key=lambda found: found[1]):
        if not numbers:
            continue
        study, at = first.setdefault((key[:3], numbers), (key[-1], row))
        if study != key[-1]:
            yield (
                f"'{source}', row {row}, study '{key[-1]}': its numbers are those of study '{study}' in row {at}. "
                "Check whether both report the same participants, which a review counts once, or whether a row was "
                "copied"
            )


def _telling(*numbers: float) -> bool:
    """Whether numbers have enough digits together that two studies hardly share them by chance."""
    digits = [f"{abs(number):.12g}".replace(".", "").strip("0") for number in numbers]
    return all(map(math.isfinite, numbers)) and sum(map(len, digits)) >= _DIGITS


def _numbers(contrast: Contrast) -> tuple[float | None, ...]:
    """All numbers of both arms; nothing where they are such as trials share by chance."""
    arms = [arm.values for arm in contrast.arms]
    with_events = sum(arm["events"] > 0 for arm in arms)
    if with_events < _RARE and not any(arm["sd"] > 0 for arm in arms):
        return ()
    return tuple(None if math.isnan(number) else number for arm in arms for number in arm.values())
