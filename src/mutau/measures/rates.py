"""Effects of two-arm studies that count events in person-time: the incidence rate ratio."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mutau.measures.binary import where_to_add

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["correct_zero_events", "log_rate_ratio"]


def correct_zero_events(
    events_treatment: ArrayLike, events_control: ArrayLike, *, add: float = 0.5, to: str = "only0"
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_], NDArray[np.bool_]]:
    """Add `add` to the events of both arms of the studies that the rule `to` names; person-time is left alone.

    Parameters
    ----------
    events_treatment, events_control : array_like, shape (k,)
        Events per arm.
    add : float
        What is added to both counts, as metafor does for rates.
    to : {"only0", "all", "if0all", "none"}
        Studies without events in an arm (default), every study, every study if any has such an arm, none.

    Returns
    -------
    events_treatment, events_control : ndarray, shape (k,)
        With the correction.
    corrected : ndarray of bool, shape (k,)
        Where something was added.
    double_zero : ndarray of bool, shape (k,)
        Studies without events in either arm.
    """
    a, c = (np.asarray(x, dtype=np.float64) for x in (events_treatment, events_control))
    has_zero = (a == 0) | (c == 0)
    corrected = where_to_add(has_zero, add, to)
    extra = np.where(corrected, add, 0.0)
    return a + extra, c + extra, corrected, (a == 0) & (c == 0)


def log_rate_ratio(
    events_treatment: ArrayLike, time_treatment: ArrayLike, events_control: ArrayLike, time_control: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Log incidence rate ratio and its sampling variance.

    Parameters
    ----------
    events_treatment, time_treatment, events_control, time_control : array_like, shape (k,)
        Events (after any correction) and person-time per arm, in one unit.

    Returns
    -------
    yi, vi : ndarray, shape (k,)
        ``yi = log(a / t1) - log(c / t2)`` and ``vi = 1/a + 1/c``; both NaN where an arm has no events.

    Notes
    -----
    metafor's ``escalc(measure="IRR")``, which adds 1/2 to both counts of a study with a zero and nothing to the
    person-time.

    References
    ----------
    Rothman KJ, Greenland S, Lash TL (2008). Modern Epidemiology, third edition, chapter 14.
    Viechtbauer W (2010). Conducting meta-analyses in R with the metafor package. Journal of Statistical Software
    36(3). doi:10.18637/jss.v036.i03

    Examples
    --------
    >>> yi, vi = log_rate_ratio([3], [100.0], [9], [110.0])
    >>> round(float(yi[0]), 4), round(float(vi[0]), 4)
    (-1.0033, 0.4444)
    """
    a, t1, c, t2 = (
        np.asarray(x, dtype=np.float64)
        for x in (events_treatment, time_treatment, events_control, time_control)
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        yi = np.log(a / t1) - np.log(c / t2)
        vi = 1 / a + 1 / c
    undefined = ~(np.isfinite(yi) & np.isfinite(vi))
    return np.where(undefined, np.nan, yi), np.where(undefined, np.nan, vi)
