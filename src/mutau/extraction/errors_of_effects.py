"""Standard errors of effects: from a confidence interval, a p-value, or a test statistic."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtri, stdtrit

from mutau.errors import ArgumentError, Fault
from mutau.extraction.given import (
    ANY,
    DEGREES,
    LEVEL,
    POSITIVE,
    PROBABILITY,
    Given,
    Printed,
    derive,
    read,
    undefined,
)
from mutau.extraction.record import Derived
from mutau.extraction.sources import DIFFERENCE, RATIO

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["critical_value", "ordered", "se_from_interval", "se_from_p", "se_from_statistic"]

_OFF_CENTRE = 0.1
"""How far, as a share of its half width, an interval may lie off its estimate before that is said."""

_NO_EFFECT = (
    "An effect of exactly none has no standard error by its test: look for an interval, or for more digits"
)


def critical_value(tail: float, df: Given | None) -> float:
    """Quantile that leaves `tail` above it, of the normal or of the t distribution."""
    return -float(ndtri(tail) if df is None else stdtrit(df.value, tail))


def _quantile_in_words(level: float, df: Given | None) -> str:
    name = "z" if df is None else "t"
    freedom = "" if df is None else f" with {df.text} df"
    return f"{name} = {critical_value((1 - level / 100) / 2, df):.6g} is its quantile{freedom} for {level:g}%"


def ordered(given: dict[str, Given], low: str, high: str) -> None:
    """Refuse limits that are not in order."""
    if not given[low].value < given[high].value:
        raise ArgumentError(
            Fault(
                f"{low} {given[low].text} and {high} {given[high].text}",
                "The lower of the two is below the upper",
                "Check whether they were exchanged, or lack a minus sign",
                key=low,
            )
        )


def se_from_interval(
    lower: Printed,
    upper: Printed,
    *,
    level: Printed = 95,
    df: Printed | None = None,
    ratio: bool = False,
    estimate: Printed | None = None,
) -> Derived:
    """Standard error from the limits of a confidence interval.

    Parameters
    ----------
    lower, upper : float or str
        As text, the range that their rounding leaves open is given too.
    level : float or str
        Of the interval, in percent.
    df : float, optional
        Degrees of freedom, where the interval was made with the t distribution; None: the normal.
    ratio : bool
        Whether the limits are those of a ratio; the standard error is then that of its logarithm.
    estimate : float or str, optional
        To check that it lies in the middle of the interval (of a ratio on the log scale), as it does in an interval
        that a standard error can be read from; a note says so where it does not.

    Returns
    -------
    Derived
        On the analysis scale (log for ratios).

    Raises
    ------
    ArgumentError
        Limits that are no numbers, in the wrong order, or of a ratio and not above 0.

    Notes
    -----
    ``SE = (upper - lower) / (2 z)``. Cochrane Handbook 6.3.1 and, for ratios, 6.3.2. doi:10.1002/9781119536604.ch6

    Examples
    --------
    >>> se_from_interval(0.7, 1.2, ratio=True).value.__round__(4)
    0.1375
    """
    rule = POSITIVE if ratio else ANY
    wanted = {"lower": (lower, rule), "upper": (upper, rule), "level": (level, LEVEL)}
    wanted |= {} if df is None else {"df": (df, DEGREES)}
    wanted |= {} if estimate is None else {"estimate": (estimate, rule)}
    given = read(**wanted)
    ordered(given, "lower", "upper")
    q = critical_value((1 - given["level"].value / 100) / 2, given.get("df"))
    log = np.log if ratio else np.asarray
    words = "(ln {upper} − ln {lower})" if ratio else "({upper} − {lower})"
    symbols = "(ln upper − ln lower)" if ratio else "(upper − lower)"
    name = "z" if df is None else "t"
    return derive(
        "SE",
        lambda lower, upper: (log(upper) - log(lower)) / (2 * q),
        {name: given[name] for name in ("lower", "upper")},
        f"SE = {symbols} / 2{name} = {words} / {2 * q:.6g}",
        RATIO if ratio else DIFFERENCE,
        (_quantile_in_words(given["level"].value, given.get("df")), *_off_centre(given, ratio)),
    )


def _off_centre(given: dict[str, Given], ratio: bool) -> tuple[str, ...]:
    if "estimate" not in given:
        return ()
    log = np.log if ratio else np.asarray
    low, middle, high = (float(log(given[name].value)) for name in ("lower", "estimate", "upper"))
    slack = sum(
        abs(float(log(each.high)) - float(log(each.value))) for each in given.values() if each.high > each.low
    )
    if abs((low + high) / 2 - middle) <= _OFF_CENTRE * (high - low) / 2 + slack:
        return ()
    scale = " on the log scale" if ratio else ""
    return (
        f"The interval does not have its estimate {given['estimate'].text} in the middle{scale}: check the three "
        "numbers, or whether it was made in another way, which a standard error does not describe",
    )


def se_from_p(estimate: Printed, p: Printed, *, df: Printed | None = None, ratio: bool = False) -> Derived:
    """Standard error from an effect and its two-sided p-value.

    Parameters
    ----------
    estimate : float or str
        The effect. If it is 0, as a ratio 1, the standard error is NaN with a note.
    p : float or str
        Two-sided. ``"<0.001"`` is read as its limit, which gives the largest standard error that it allows.
    df : float, optional
        Degrees of freedom of a t test; None: a z test.
    ratio : bool
        Whether `estimate` is a ratio; the standard error is then that of its logarithm.

    Returns
    -------
    Derived
        On the analysis scale (log for ratios).

    Raises
    ------
    ArgumentError
        A number that is none or breaks its rule: all at once.

    Notes
    -----
    ``SE = |estimate| / q`` with q the quantile that leaves p/2 above it. A p-value with one digit says little: its
    range by rounding does. Cochrane Handbook 6.3.1, 6.3.2 and, for t, 6.5.2.3. doi:10.1002/9781119536604.ch6

    Examples
    --------
    The Handbook's example, a risk difference of 0.03 with P = 0.008, has z = 2.652 and a standard error of 0.011:

    >>> print(se_from_p("0.03", "0.008"))
    SE = |estimate| / z = |0.03| / 2.65207 = 0.0113119, from 0.00935003 to 0.0133002 by rounding. z = 2.65207 has ...
    """
    wanted = {"estimate": (estimate, POSITIVE if ratio else ANY), "p": (p, PROBABILITY)}
    wanted |= {} if df is None else {"df": (df, DEGREES)}
    given = read(**wanted)
    if given["estimate"].value == ratio or given["p"].value == 1:
        return undefined("SE", RATIO if ratio else DIFFERENCE, _NO_EFFECT)
    log, word = (np.log, "ln ") if ratio else (np.asarray, "")
    freedom, name = given.get("df"), "z" if df is None else "t"

    def compute(estimate: NDArray[np.float64], p: NDArray[np.float64]) -> NDArray[np.float64]:
        quantile = -(ndtri(p / 2) if freedom is None else stdtrit(freedom.value, p / 2))
        return np.asarray(np.abs(log(estimate)) / quantile)

    q = critical_value(given["p"].value / 2, freedom)
    notes = [f"{name} = {q:.6g} has the two-sided p-value {given['p'].text}"]
    if given["p"].below:
        notes.append("The p-value is a limit, so the standard error is the largest that it allows")
    return derive(
        "SE",
        compute,
        {name: given[name] for name in ("estimate", "p")},
        f"SE = |{word}estimate| / {name} = |{word}{{estimate}}| / {q:.6g}",
        RATIO if ratio else DIFFERENCE,
        notes,
    )


def se_from_statistic(estimate: Printed, statistic: Printed, *, ratio: bool = False) -> Derived:
    """Standard error from an effect and its test statistic, t or z.

    Parameters
    ----------
    estimate : float or str
        The effect. If it is 0, as a ratio 1, the standard error is NaN with a note.
    statistic : float or str
        t or z, of either sign. Of an F with 1 degree of freedom for the effect, its square root.
    ratio : bool
        Whether `estimate` is a ratio; the standard error is then that of its logarithm.

    Returns
    -------
    Derived
        On the analysis scale (log for ratios).

    Raises
    ------
    ArgumentError
        A number that is none, or a ratio not above 0.

    Notes
    -----
    ``SE = |estimate / t|``. Cochrane Handbook 6.5.2.3. doi:10.1002/9781119536604.ch6

    Examples
    --------
    >>> print(se_from_statistic(3.8, 2.78))
    SE = |estimate / t| = |3.8 / 2.78| = 1.36691
    """
    given = read(estimate=(estimate, POSITIVE if ratio else ANY), statistic=(statistic, ANY))
    if given["estimate"].value == ratio or given["statistic"].value == 0:
        return undefined("SE", RATIO if ratio else DIFFERENCE, _NO_EFFECT)
    log, word = (np.log, "ln ") if ratio else (np.asarray, "")
    return derive(
        "SE",
        lambda estimate, statistic: np.abs(log(estimate) / statistic),
        given,
        f"SE = |{word}estimate / t| = |{word}{{estimate}} / {{statistic}}|",
        RATIO if ratio else DIFFERENCE,
    )
