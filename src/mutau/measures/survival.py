"""Log hazard ratios from what reports print: the ratio with its confidence interval, or O - E with its variance."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mutau.errors import Fault, StudyDataError

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike, NDArray

__all__ = ["log_hazard_ratio_from_interval", "log_hazard_ratio_from_logrank", "with_log_hazard_ratios"]

INTERVAL = ("hr", "hr_lower", "hr_upper")
LOGRANK = ("o_minus_e", "v")
_Z = 1.959963984540054
"""97.5% quantile of the standard normal."""
_OFF_CENTRE = 0.1
"""How far, as a share of its half width, a log interval may lie off its estimate and still count as rounded."""


def log_hazard_ratio_from_interval(
    hr: ArrayLike, lower: ArrayLike, upper: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Log hazard ratio and variance from the ratio and its 95% confidence interval.

    Parameters
    ----------
    hr, lower, upper : array_like, shape (k,)
        Above 0.

    Returns
    -------
    yi, vi : ndarray, shape (k,)
        ``log(hr)`` and ``((log upper - log lower) / (2 * 1.96))^2``.

    References
    ----------
    Parmar MKB, Torri V, Stewart L (1998). Statistics in Medicine 17:2815-2834.
    doi:10.1002/(SICI)1097-0258(19981230)17:24<2815::AID-SIM110>3.0.CO;2-8

    Examples
    --------
    >>> yi, vi = log_hazard_ratio_from_interval([0.5], [0.25], [1.0])
    >>> round(float(yi[0]), 4), round(float(vi[0]), 4)
    (-0.6931, 0.1251)
    """
    ratio, low, high = (np.log(np.asarray(x, dtype=np.float64)) for x in (hr, lower, upper))
    return ratio, ((high - low) / (2 * _Z)) ** 2


def log_hazard_ratio_from_logrank(
    o_minus_e: ArrayLike, v: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Peto's log hazard ratio from the log-rank statistic.

    Parameters
    ----------
    o_minus_e, v : array_like, shape (k,)
        Observed less expected events of the treatment arm, and its variance (above 0).

    Returns
    -------
    yi, vi : ndarray, shape (k,)
        ``(O - E) / V`` and ``1 / V``.

    References
    ----------
    Yusuf S et al. (1985). doi:10.1016/S0033-0620(85)80003-7; Parmar, Torri and Stewart (1998), as above.

    Examples
    --------
    >>> yi, vi = log_hazard_ratio_from_logrank([-4.0], [8.0])
    >>> float(yi[0]), float(vi[0])
    (-0.5, 0.125)
    """
    difference, variance = (np.asarray(x, dtype=np.float64) for x in (o_minus_e, v))
    return difference / variance, 1 / variance


def with_log_hazard_ratios(frame: pd.DataFrame, source: str | None) -> pd.DataFrame:
    """Add yi and vi to a table of hazard ratios that has ``hr hr_lower hr_upper`` or ``o_minus_e v`` instead.

    Parameters
    ----------
    frame : DataFrame
        One row per study. Rows that have a yi keep it; of both kinds the log-rank statistic goes first.
    source : str, optional
        File name for messages.

    Returns
    -------
    DataFrame
        As given where it has neither.

    Raises
    ------
    StudyDataError
        A cell that is no number, a ratio or variance not above 0, a ratio outside its interval or off its centre on
        the log scale: all at once.
    """
    import pandas as pd

    kinds = [names for names in (LOGRANK, INTERVAL) if set(names) <= set(frame.columns)]
    if not kinds:
        return frame
    blank = pd.Series(np.nan, index=frame.index)
    yi = pd.to_numeric(frame.get("yi", blank), errors="coerce").to_numpy(dtype=np.float64, copy=True)
    missing = np.isnan(yi)
    vi = np.full(len(frame), np.nan)
    if "yi" in frame and "sei" in frame:
        vi = pd.to_numeric(frame["sei"], errors="coerce").to_numpy(dtype=np.float64) ** 2
    elif "yi" in frame and "vi" in frame:
        vi = pd.to_numeric(frame["vi"], errors="coerce").to_numpy(dtype=np.float64, copy=True)
    faults: list[Fault] = []
    for names in kinds:
        cells, wrong = _numbers(frame, names, source)
        faults += [*wrong, *_faults(frame, names, cells, source)]
        here = missing & np.isfinite(cells).all(axis=0)
        way = log_hazard_ratio_from_logrank if names == LOGRANK else log_hazard_ratio_from_interval
        if not faults:
            yi[here], vi[here] = way(*cells[:, here])
        missing &= ~here
    if faults:
        raise StudyDataError(faults)
    return frame.drop(columns=["sei"], errors="ignore").assign(yi=yi, vi=vi)


def _numbers(
    frame: pd.DataFrame, names: tuple[str, ...], source: str | None
) -> tuple[NDArray[np.float64], list[Fault]]:
    import pandas as pd

    faults = []
    cells = np.array([pd.to_numeric(frame[name], errors="coerce") for name in names], dtype=np.float64)
    for name, column in zip(names, cells, strict=True):
        blank = frame[name].isna() | frame[name].astype(str).str.strip().eq("")
        for i in np.flatnonzero(np.isnan(column) & ~blank.to_numpy()):
            what = f"{frame[name].iloc[i]!r}"
            faults.append(
                _fault(frame, int(i), name, what, "The cell holds a number", "Give a number", source)
            )
    return cells, faults


def _faults(
    frame: pd.DataFrame, names: tuple[str, ...], cells: NDArray[np.float64], source: str | None
) -> list[Fault]:
    faults = []
    if names == LOGRANK:
        for i in map(int, np.flatnonzero(cells[1] <= 0)):
            what, rule = f"v {cells[1, i]:g}", "The variance of O - E is above 0"
            faults.append(_fault(frame, i, "v", what, rule, "Correct it", source))
        return faults
    hr, low, high = cells
    for i in range(len(frame)):
        what = f"hr {hr[i]:g} with interval {low[i]:g} to {high[i]:g}"
        if not np.isfinite(cells[:, i]).all():
            continue
        if not 0 < low[i] < hr[i] < high[i]:
            rule = "A hazard ratio lies in its interval, above 0"
            faults.append(_fault(frame, i, "hr", what, rule, "Give ratios, not logarithms", source))
        elif abs(np.log(low[i] * high[i]) / 2 - np.log(hr[i])) > _OFF_CENTRE * np.log(high[i] / low[i]) / 2:
            rule = "On the log scale a 95% confidence interval has its estimate in the middle"
            faults.append(
                _fault(frame, i, "hr", what, rule, "Check the three numbers against the report", source)
            )
    return faults


def _fault(
    frame: pd.DataFrame, i: int, column: str, what: str, rule: str, remedy: str, source: str | None
) -> Fault:
    study = str(frame["study"].iloc[i]) if "study" in frame.columns else f"row {frame.index[i]}"
    row = int(frame["row"].iloc[i]) if "row" in frame.columns else None
    return Fault(what, rule, remedy, file=source, row=row, study=study, column=column)
