"""Ready-made standard errors that may be variances, or variances that may be standard errors: asked in notes."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from mutau.studies.arms import Estimate
from mutau.studies.others import Others

__all__ = ["mistaken_errors"]

_OTHERS = 3
"""How many other studies it takes to say what is usual."""
_BEYOND = 2.0
"""How many times as small as the smallest of the others, or as large as the largest, it has to be to be asked."""


def mistaken_errors(estimates: Sequence[Estimate], source: str) -> Iterator[str]:
    """Compare each standard error with those of the studies of the same comparison, outcome and timepoint.

    Parameters
    ----------
    estimates : sequence of Estimate
    source : str
        The file's name.

    Yields
    ------
    str
        What stands out, what it may be, and what then to do.

    Notes
    -----
    Asked where a standard error lies outside the range of the others by a factor of 2, and inside it once it is
    converted: the root of what is given as sei, the square of the root of what is given as vi. Where the sizes of the
    groups are known they are divided out, so that a large trial is not asked about.
    """
    groups: dict[tuple[str, ...], list[Estimate]] = {}
    for estimate in estimates:
        if estimate.sei > 0:
            groups.setdefault(estimate.key[:3], []).append(estimate)
    for group in groups.values():
        sized = all(_root(each) > 0 for each in group)
        others = Others((each.key[-1], each.sei / (_root(each) if sized else 1)) for each in group)
        for mine in group:
            if others.studies(mine.key[-1]) >= _OTHERS:
                yield from _asked(mine, others.range(mine.key[-1]), _root(mine) if sized else 1.0, source)


def _root(estimate: Estimate) -> float:
    """What the standard error is proportional to in trials of one outcome; NaN where the sizes are not known."""
    if estimate.sizes is None:
        return math.nan
    return math.sqrt(sum(1 / n for n in estimate.sizes))


def _asked(mine: Estimate, others: tuple[float, float], unit: float, source: str) -> Iterator[str]:
    low, high = others
    if low / _BEYOND <= mine.sei / unit <= high * _BEYOND:
        return
    column, is_variance = mine.column
    converted = mine.sei**2 if is_variance else math.sqrt(mine.sei)
    if not low <= converted / unit <= high:
        return
    place = f"'{source}', row {mine.row}, study '{mine.key[-1]}', column '{column}'"
    usual = f"the other studies' standard errors are {low * unit:.3g} to {high * unit:.3g}"
    if unit != 1:
        usual += " for groups of this size"
    if is_variance:
        yield (
            f"{place}: {mine.sei**2:g} as a variance is a standard error of {mine.sei:.3g}, {usual}. If it is a "
            "standard error itself, put it into the column 'sei'"
        )
    else:
        yield (
            f"{place}: {mine.sei:g} may be a variance: {usual}. If it is, the standard error is its square root, "
            f"{converted:.3g}"
        )
