"""Effects of two-arm studies that count events: risk ratio, odds ratio, risk difference.

All functions take arrays of one shape ``(k,)`` and return float64 arrays. Counts need not be whole numbers
(an arm shared between comparisons, an effective sample size after a cluster correction). Throughout,
treatment comes first: a ratio below 1 and a difference below 0 mean fewer events under treatment.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = [
    "TO_RULES",
    "CorrectedCounts",
    "correct_one_group",
    "correct_zero_cells",
    "log_odds_ratio",
    "log_risk_ratio",
    "risk_difference",
]

TO_RULES = ("only0", "all", "if0all", "none")
"""metafor's words for where the correction goes: studies with a zero cell, all, all if any has one, none."""


@dataclass(frozen=True, slots=True)
class CorrectedCounts:
    """Counts after the zero-cell rule.

    Parameters
    ----------
    events_treatment, n_treatment, events_control, n_control : ndarray, shape (k,)
        The counts, with the correction where it applies.
    corrected : ndarray of bool, shape (k,)
        Where something was added.
    double_zero : ndarray of bool, shape (k,)
        Studies with no event in either arm, or nothing but events in both, before the correction.
    """

    events_treatment: NDArray[np.float64]
    n_treatment: NDArray[np.float64]
    events_control: NDArray[np.float64]
    n_control: NDArray[np.float64]
    corrected: NDArray[np.bool_]
    double_zero: NDArray[np.bool_]

    @property
    def counts(self) -> tuple[NDArray[np.float64], ...]:
        """The four arrays, in the order that the effect functions take them."""
        return self.events_treatment, self.n_treatment, self.events_control, self.n_control


def correct_zero_cells(
    events_treatment: ArrayLike,
    n_treatment: ArrayLike,
    events_control: ArrayLike,
    n_control: ArrayLike,
    *,
    add: float = 0.5,
    to: str = "only0",
) -> CorrectedCounts:
    """Add `add` to all four cells of the studies that the rule `to` names.

    Parameters
    ----------
    events_treatment, n_treatment, events_control, n_control : array_like, shape (k,)
        Events and participants per arm.
    add : float
        What is added to each of the four cells (an arm grows by twice as much). Default 0.5, as metafor and
        RevMan.
    to : {"only0", "all", "if0all", "none"}
        Studies with at least one zero cell (default), every study, every study if any has a zero cell, none.

    Returns
    -------
    CorrectedCounts

    Notes
    -----
    A zero cell is any of the four: no events, or no non-events, in either arm. The rule is metafor's, and is
    the same for RR, OR and RD. RevMan adds 0.5 only where the effect or its standard error could not be
    computed otherwise, so it leaves a risk difference with one zero cell, or a risk ratio with an arm in
    which everybody had the event, as it is (Deeks and Higgins 2010, "Statistical algorithms in Review Manager
    5").

    A study with no events in either arm (or in which everybody had the event) is corrected like any other.
    Its ratio then says nothing but how unequal the arms are.

    Examples
    --------
    >>> fixed = correct_zero_cells([0, 3], [20, 25], [5, 6], [22, 24])
    >>> fixed.events_treatment, fixed.n_treatment, fixed.corrected
    (array([0.5, 3. ]), array([21., 25.]), array([ True, False]))
    """
    a, n1, c, n2 = (
        np.atleast_1d(np.asarray(x, dtype=np.float64))
        for x in (events_treatment, n_treatment, events_control, n_control)
    )
    b, d = n1 - a, n2 - c
    has_zero = (a == 0) | (b == 0) | (c == 0) | (d == 0)
    corrected = where_to_add(has_zero, add, to)
    extra = np.where(corrected, add, 0.0)
    return CorrectedCounts(
        a + extra,
        n1 + 2 * extra,
        c + extra,
        n2 + 2 * extra,
        corrected,
        ((a == 0) & (c == 0)) | ((b == 0) & (d == 0)),
    )


def where_to_add(has_zero: NDArray[np.bool_], add: float, to: str) -> NDArray[np.bool_]:
    """Say which studies the rule `to` names, given those with a zero; none if nothing is added."""
    everywhere = np.full(has_zero.shape, fill_value=True)
    where = {
        "only0": has_zero,
        "all": everywhere,
        "if0all": everywhere & bool(has_zero.any()),
        "none": ~everywhere,
    }[to]
    return where & (add > 0)


def correct_one_group(
    arrays: tuple[NDArray[np.float64], ...], cells: str, *, add: float = 0.5, to: str = "only0"
) -> tuple[tuple[NDArray[np.float64], ...], NDArray[np.bool_], NDArray[np.bool_]]:
    """Add `add` to the cells of one group, or of a table of pairs, of the studies that the rule `to` names.

    Parameters
    ----------
    arrays : tuple of ndarray, shape (k,)
        Events and participants (``cells="both"``), events and person-time (``"events"``), or the four cells of a
        table of pairs (``"cells"``).
    cells : {"both", "events", "cells"}
        Events and non-events; events only; all four.
    add, to : float, str
        As for `correct_zero_cells`.

    Returns
    -------
    arrays : tuple of ndarray, shape (k,)
        With the correction.
    corrected, double_zero : ndarray of bool, shape (k,)
        Where something was added; the second is False, there being no second arm.
    """
    first, second = arrays[:2]
    zeros = [first == 0]
    zeros += {"both": [second == first], "events": [], "cells": [cell == 0 for cell in arrays[1:]]}[cells]
    corrected = where_to_add(np.logical_or.reduce(zeros), add, to)
    extra = np.where(corrected, add, 0.0)
    share = {"both": (1, 2), "events": (1, 0), "cells": (1, 1, 1, 1)}[cells]
    added = tuple(array + times * extra for array, times in zip(arrays, share, strict=True))
    return added, corrected, np.zeros(first.shape, dtype=np.bool_)


def _only_defined(
    yi: NDArray[np.float64], vi: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    undefined = ~(np.isfinite(yi) & np.isfinite(vi))
    return np.where(undefined, np.nan, yi), np.where(undefined, np.nan, vi)


def log_risk_ratio(
    events_treatment: ArrayLike, n_treatment: ArrayLike, events_control: ArrayLike, n_control: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Log risk ratio and its sampling variance.

    Parameters
    ----------
    events_treatment, n_treatment, events_control, n_control : array_like, shape (k,)
        Events and participants per arm, after any zero-cell correction.

    Returns
    -------
    yi, vi : ndarray, shape (k,)
        ``yi = log(p1) - log(p2)`` and ``vi = 1/a - 1/n1 + 1/c - 1/n2``; both NaN where an arm has no events.
        ``vi`` is 0 where everybody had the event in both arms.

    References
    ----------
    Katz D, Baptista J, Azen SP, Pike MC (1978). Obtaining confidence intervals for the risk ratio in cohort
    studies. Biometrics 34:469-474. doi:10.2307/2530610

    Examples
    --------
    The first trial of BCG vaccine (4 of 123 against 11 of 139):

    >>> yi, vi = log_risk_ratio([4], [123], [11], [139])
    >>> round(float(yi[0]), 4), round(float(vi[0]), 4)
    (-0.8893, 0.3256)
    """
    a, n1, c, n2 = (
        np.asarray(x, dtype=np.float64) for x in (events_treatment, n_treatment, events_control, n_control)
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        yi = np.log(a / n1) - np.log(c / n2)
        vi = 1 / a - 1 / n1 + 1 / c - 1 / n2
    return _only_defined(yi, vi)


def log_odds_ratio(
    events_treatment: ArrayLike, n_treatment: ArrayLike, events_control: ArrayLike, n_control: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Log odds ratio and its sampling variance.

    Parameters
    ----------
    events_treatment, n_treatment, events_control, n_control : array_like, shape (k,)
        Events and participants per arm, after any zero-cell correction.

    Returns
    -------
    yi, vi : ndarray, shape (k,)
        ``yi = log(a d / (b c))`` and ``vi = 1/a + 1/b + 1/c + 1/d``; both NaN where one of the four cells is
        0.

    References
    ----------
    Woolf B (1955). On estimating the relation between blood group and disease. Annals of Human Genetics
    19:251-253. doi:10.1111/j.1469-1809.1955.tb01348.x

    Examples
    --------
    The first trial of BCG vaccine; its odds ratio is 0.39:

    >>> yi, vi = log_odds_ratio([4], [123], [11], [139])
    >>> round(float(yi[0]), 4), round(float(vi[0]), 4)
    (-0.9387, 0.3571)
    """
    a, n1, c, n2 = (
        np.asarray(x, dtype=np.float64) for x in (events_treatment, n_treatment, events_control, n_control)
    )
    b, d = n1 - a, n2 - c
    with np.errstate(divide="ignore", invalid="ignore"):
        yi = np.log(a / b) - np.log(c / d)
        vi = 1 / a + 1 / b + 1 / c + 1 / d
    return _only_defined(yi, vi)


def risk_difference(
    events_treatment: ArrayLike, n_treatment: ArrayLike, events_control: ArrayLike, n_control: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Risk difference and its sampling variance.

    Parameters
    ----------
    events_treatment, n_treatment, events_control, n_control : array_like, shape (k,)
        Events and participants per arm, after any zero-cell correction.

    Returns
    -------
    yi, vi : ndarray, shape (k,)
        ``yi = p1 - p2`` and ``vi = p1 (1 - p1) / n1 + p2 (1 - p2) / n2``, p being the observed risks. ``vi``
        is 0 where both arms have no events or nothing but events: such a study cannot be weighted by inverse
        variance.

    References
    ----------
    Sanchez-Meca J, Marin-Martinez F (2000). Testing the significance of a common risk difference in
    meta-analysis. Computational Statistics and Data Analysis 33:299-313. doi:10.1016/S0167-9473(99)00055-9

    Examples
    --------
    >>> yi, vi = risk_difference([4], [123], [11], [139])
    >>> round(float(yi[0]), 4)
    -0.0466
    """
    a, n1, c, n2 = (
        np.asarray(x, dtype=np.float64) for x in (events_treatment, n_treatment, events_control, n_control)
    )
    p1, p2 = a / n1, c / n2
    return p1 - p2, (a * (n1 - a)) / n1**3 + (c * (n2 - c)) / n2**3
