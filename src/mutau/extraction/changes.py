"""Standard deviations of changes from baseline, which hang on a correlation that reports hardly ever print."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from mutau.errors import ArgumentError, Fault
from mutau.extraction.given import ANY, CORRELATION, POSITIVE, Printed, derive, read
from mutau.extraction.record import Derived
from mutau.extraction.sources import CORRELATED

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["change_mean", "change_sd", "change_sds", "correlation_from_sds"]


def change_sd(sd_baseline: Printed, sd_final: Printed, r: Printed) -> Derived:
    """Standard deviation of the change in a group, from those at both times and their correlation.

    Parameters
    ----------
    sd_baseline, sd_final : float or str
        In the outcome's unit.
    r : float, str or Derived
        Correlation of the two measurements within the group: of a similar trial that prints all three standard
        deviations (`correlation_from_sds`), or assumed; a float is exact. It also serves for the two periods of a
        cross-over trial.

    Returns
    -------
    Derived
        In the outcome's unit.

    Raises
    ------
    ArgumentError
        A number that is none or breaks its rule: all at once.

    Notes
    -----
    ``SD_change^2 = SD_baseline^2 + SD_final^2 - 2 r SD_baseline SD_final``. Cochrane Handbook 6.5.2.8, which asks for
    several values of r: `change_sds`. doi:10.1002/9781119536604.ch6

    Examples
    --------
    The Handbook's cross-over trial has standard deviations of 2.38 and 2.21; with r = 0.68 the standard error of the
    difference of 10 participants is 0.583.

    >>> round(change_sd(2.38, 2.21, 0.68).value / 10**0.5, 3)
    0.583
    """
    given = read(sd_baseline=(sd_baseline, POSITIVE), sd_final=(sd_final, POSITIVE), r=(r, CORRELATION))
    return derive(
        "SD",
        lambda sd_baseline, sd_final, r: np.sqrt(
            sd_baseline**2 + sd_final**2 - 2 * r * sd_baseline * sd_final
        ),
        given,
        "SD of change = √(SD₁² + SD₂² − 2r SD₁ SD₂) = "
        "√({sd_baseline}² + {sd_final}² − 2 × {r} × {sd_baseline} × {sd_final})",
        CORRELATED,
        () if isinstance(r, Derived) else (f"The correlation {given['r'].text} was given: try others",),
    )


def change_sds(
    sd_baseline: Printed, sd_final: Printed, correlations: Sequence[Printed] = (0.3, 0.5, 0.7, 0.9)
) -> pd.DataFrame:
    """Standard deviation of the change under several correlations, one row each.

    Parameters
    ----------
    sd_baseline, sd_final : float or str
        In the outcome's unit.
    correlations : sequence of float or str
        At least one.

    Returns
    -------
    DataFrame
        ``r``, then the columns of `Derived.to_frame`.

    Raises
    ------
    ArgumentError
        No correlation, or a number that is none or breaks its rule.

    Examples
    --------
    >>> change_sds(6.4, 7.1)[["r", "value"]].round(2)
         r  value
    0  0.3   8.01
    1  0.5   6.78
    2  0.7   5.27
    3  0.9   3.09
    """
    import pandas as pd

    if not correlations:
        what, rule = "there is no correlation", "A standard deviation of changes needs one"
        raise ArgumentError(Fault(what, rule, "Give some, such as 0.3, 0.5, 0.7", key="correlations"))
    rows = [change_sd(sd_baseline, sd_final, r).to_frame().assign(r=_number(r)) for r in correlations]
    found = pd.concat(rows, ignore_index=True)
    return found[["r", *(name for name in found.columns if name != "r")]]


def _number(r: Printed) -> float:
    return read(r=(r, CORRELATION))["r"].value


def correlation_from_sds(sd_baseline: Printed, sd_final: Printed, sd_change: Printed) -> Derived:
    """Correlation of baseline and final values, from the three standard deviations of one group.

    Parameters
    ----------
    sd_baseline, sd_final, sd_change : float or str
        In the outcome's unit. Printed standard deviations leave a wide range of correlations where they have few
        digits; given as text it is stated.

    Returns
    -------
    Derived
        Between -1 and 1.

    Raises
    ------
    ArgumentError
        A number that is none or not above 0; three standard deviations that no correlation gives.

    Notes
    -----
    ``r = (SD_baseline^2 + SD_final^2 - SD_change^2) / (2 SD_baseline SD_final)``. Cochrane Handbook 6.5.2.8.
    doi:10.1002/9781119536604.ch6

    Examples
    --------
    The Handbook's example:

    >>> print(correlation_from_sds("6.4", "7.1", "4.5"))
    r = (SD₁² + SD₂² − SD_change²) / (2 SD₁ SD₂) = (6.4² + 7.1² − 4.5²) / (2 × 6.4 × 7.1) = 0.78257, from 0.77...
    """
    wanted = {"sd_baseline": sd_baseline, "sd_final": sd_final, "sd_change": sd_change}
    given = read(**{name: (value, POSITIVE) for name, value in wanted.items()})
    found = derive(
        "r",
        lambda sd_baseline, sd_final, sd_change: (
            (sd_baseline**2 + sd_final**2 - sd_change**2) / (2 * sd_baseline * sd_final)
        ),
        given,
        "r = (SD₁² + SD₂² − SD_change²) / (2 SD₁ SD₂) = "
        "({sd_baseline}² + {sd_final}² − {sd_change}²) / (2 × {sd_baseline} × {sd_final})",
        CORRELATED,
    )
    if not -1 <= found.value <= 1:
        texts = ", ".join(f"{name} {each.text}" for name, each in given.items())
        what = f"{texts} give a correlation of {found.value:.3g}"
        rule = "A correlation lies between -1 and 1"
        remedy = "Check the three numbers, and whether one of them is a standard error"
        raise ArgumentError(Fault(what, rule, remedy, key="sd_change"))
    return found


def change_mean(mean_baseline: Printed, mean_final: Printed) -> Derived:
    """Mean change of a group.

    Parameters
    ----------
    mean_baseline, mean_final : float or str
        Of the same participants, in the outcome's unit.

    Returns
    -------
    Derived
        Final less baseline.

    Raises
    ------
    ArgumentError
        A number that is none.

    Examples
    --------
    >>> print(change_mean("15.2", "16.2"))
    mean change = final − baseline = 16.2 − 15.2 = 1, from 0.9 to 1.1 by rounding
    """
    given = read(mean_baseline=(mean_baseline, ANY), mean_final=(mean_final, ANY))
    return derive(
        "mean",
        lambda mean_baseline, mean_final: mean_final - mean_baseline,
        given,
        "mean change = final − baseline = {mean_final} − {mean_baseline}",
        CORRELATED,
    )
