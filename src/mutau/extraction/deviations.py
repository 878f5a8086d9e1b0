"""Standard deviations: from a standard error, a confidence interval of a mean, or of a difference between means."""

from __future__ import annotations

from typing import Literal

import numpy as np

from mutau.extraction.errors_of_effects import critical_value, ordered
from mutau.extraction.given import ANY, LEVEL, POSITIVE, SIZE, SIZE_2, Given, Printed, chosen, derive, read
from mutau.extraction.record import Derived
from mutau.extraction.sources import SD_OF_ARM, SD_OF_DIFFERENCE

__all__ = ["sd_from_difference", "sd_from_interval", "sd_from_se"]


def sd_from_se(se: Printed, n: Printed) -> Derived:
    """Standard deviation of a group from the standard error of its mean.

    Parameters
    ----------
    se : float or str
        Of the group's mean, or of the mean change in it.
    n : int or str
        Participants in the group.

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
    ``SD = SE sqrt(n)``. Cochrane Handbook 6.5.2.2. doi:10.1002/9781119536604.ch6

    Examples
    --------
    >>> sd_from_se(0.6, 50).value.__round__(3)
    4.243
    """
    given = read(se=(se, POSITIVE), n=(n, SIZE_2))
    return derive("SD", lambda se, n: se * np.sqrt(n), given, "SD = SE × √n = {se} × √{n}", SD_OF_ARM)


def sd_from_interval(
    lower: Printed,
    upper: Printed,
    n: Printed,
    *,
    level: Printed = 95,
    distribution: Literal["t", "z"] = "t",
) -> Derived:
    """Standard deviation of a group from the confidence interval of its mean.

    Parameters
    ----------
    lower, upper : float or str
        In the outcome's unit.
    n : int or str
        Participants in the group.
    level : float or str
        Of the interval, in percent.
    distribution : {"t", "z"}
        What the interval was made with. With 100 participants the two differ by about 1%, with 10 by 15%.

    Returns
    -------
    Derived
        In the outcome's unit.

    Raises
    ------
    ArgumentError
        A number that is none or breaks its rule, limits in the wrong order, an unknown distribution.

    Notes
    -----
    ``SD = sqrt(n) (upper - lower) / (2 t)``, t with n - 1 degrees of freedom. Cochrane Handbook 6.5.2.2.
    doi:10.1002/9781119536604.ch6

    Examples
    --------
    The Handbook's example: 25 participants, 95% confidence interval from 30.0 to 34.2.

    >>> print(sd_from_interval("30.0", "34.2", 25))
    SD = √n × (upper − lower) / 2t = √25 × (34.2 − 30.0) / 4.1278 = 5.08746, from 4.96633 to 5.20859 by rounding. ...
    """
    chosen("distribution", distribution, ("t", "z"))
    given = read(lower=(lower, ANY), upper=(upper, ANY), n=(n, SIZE_2), level=(level, LEVEL))
    ordered(given, "lower", "upper")
    size, percent = given["n"], given["level"]
    freedom = Given(size.value - 1, 0, 0, f"{size.value - 1:g}") if distribution == "t" else None
    q = critical_value((1 - percent.value / 100) / 2, freedom)
    df = "" if freedom is None else f" with {freedom.text} df"
    return derive(
        "SD",
        lambda lower, upper, n: np.sqrt(n) * (upper - lower) / (2 * q),
        {name: given[name] for name in ("lower", "upper", "n")},
        f"SD = √n × (upper − lower) / 2{distribution} = √{{n}} × ({{upper}} − {{lower}}) / {2 * q:.6g}",
        SD_OF_ARM,
        (f"{distribution} = {q:.6g} is its quantile{df} for {percent.value:g}%",),
    )


def sd_from_difference(se: Printed, n_treatment: Printed, n_control: Printed) -> Derived:
    """Average standard deviation of two groups from the standard error of the difference between their means.

    Parameters
    ----------
    se : float, str or Derived
        Of the difference. What `se_from_interval`, `se_from_p` and `se_from_statistic` return can be given, and its
        formula and rounding are kept.
    n_treatment, n_control : int or str
        Participants in the groups.

    Returns
    -------
    Derived
        In the outcome's unit; one standard deviation, to be used for both groups.

    Raises
    ------
    ArgumentError
        A number that is none or breaks its rule: all at once.

    Notes
    -----
    ``SD = SE / sqrt(1 / n_treatment + 1 / n_control)``. The standard error has to be that of a comparison of the two
    groups alone; one that is adjusted for a baseline value gives too small a standard deviation. Cochrane Handbook
    6.5.2.3. doi:10.1002/9781119536604.ch6

    Examples
    --------
    The Handbook's example: 25 and 22 participants, a difference of 3.8 with P = 0.008; t = 2.78 with 45 degrees of
    freedom. The Handbook rounds each step and prints 4.69.

    >>> from mutau.extraction import se_from_p
    >>> sd_from_difference(se_from_p("3.8", "0.008", df=45), 25, 22).value.__round__(3)
    4.683
    """
    given = read(se=(se, POSITIVE), n_treatment=(n_treatment, SIZE), n_control=(n_control, SIZE))
    return derive(
        "SD",
        lambda se, n_treatment, n_control: se / np.sqrt(1 / n_treatment + 1 / n_control),
        given,
        "SD = SE / √(1/n₁ + 1/n₂) = {se} / √(1/{n_treatment} + 1/{n_control})",
        SD_OF_DIFFERENCE,
        ("It is the average of both groups, and holds for a comparison that is not adjusted",),
    )
