"""Effects on another scale: log odds ratios, standardised mean differences d, and correlations r."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from mutau.extraction.given import ANY, CORRELATION, POSITIVE, SIZE, Printed, derive, read
from mutau.extraction.record import Derived
from mutau.extraction.sources import BORENSTEIN, CHINN

__all__ = ["d_from_log_odds_ratio", "d_from_r", "d_from_t", "log_odds_ratio_from_d", "r_from_d"]

_FACTOR = math.sqrt(3) / math.pi
_LOGISTIC = "It supposes a continuous outcome with logistic distributions behind the events"
_BISERIAL = (
    "It supposes that r is of a continuous variable that was cut into two groups, or two groups themselves"
)


def d_from_log_odds_ratio(yi: Printed, vi: Printed) -> dict[str, Derived]:
    """Standardised mean difference from a log odds ratio.

    Parameters
    ----------
    yi : float or str
        Log odds ratio.
    vi : float or str
        Its sampling variance.

    Returns
    -------
    dict of str to Derived
        ``"yi"`` (d) and ``"vi"``.

    Raises
    ------
    ArgumentError
        A number that is none, or a variance not above 0.

    Notes
    -----
    ``d = yi sqrt(3) / pi``, ``V_d = vi 3 / pi^2``. Chinn S (2000). Statistics in Medicine 19:3127-3131.
    doi:10.1002/1097-0258(20001130)19:22<3127::AID-SIM784>3.0.CO;2-M. Borenstein et al. (2009), chapter 7.
    doi:10.1002/9780470743386.ch7

    Examples
    --------
    Borenstein's example:

    >>> found = d_from_log_odds_ratio(0.9069, 0.0676)
    >>> round(found["yi"].value, 4), round(found["vi"].value, 4)
    (0.5, 0.0205)
    """
    given = read(yi=(yi, ANY), vi=(vi, POSITIVE))
    return {
        "yi": derive(
            "d",
            lambda yi: yi * _FACTOR,
            _only(given, "yi"),
            "d = ln OR × √3/π = {yi} × √3/π",
            CHINN,
            (_LOGISTIC,),
        ),
        "vi": derive(
            "variance of d",
            lambda vi: vi * _FACTOR**2,
            _only(given, "vi"),
            "V = V × 3/π² = {vi} × 3/π²",
            BORENSTEIN,
        ),
    }


def log_odds_ratio_from_d(yi: Printed, vi: Printed) -> dict[str, Derived]:
    """Log odds ratio from a standardised mean difference.

    Parameters
    ----------
    yi : float or str
        d.
    vi : float or str
        Its sampling variance.

    Returns
    -------
    dict of str to Derived
        ``"yi"`` (log odds ratio) and ``"vi"``.

    Raises
    ------
    ArgumentError
        A number that is none, or a variance not above 0.

    Notes
    -----
    ``ln OR = d pi / sqrt(3)``, ``V = V_d pi^2 / 3``. Sources as for `d_from_log_odds_ratio`.

    Examples
    --------
    >>> found = log_odds_ratio_from_d(0.5, 0.0205)
    >>> round(found["yi"].value, 4), round(found["vi"].value, 4)
    (0.9069, 0.0674)
    """
    given = read(yi=(yi, ANY), vi=(vi, POSITIVE))
    return {
        "yi": derive(
            "ln OR",
            lambda yi: yi / _FACTOR,
            _only(given, "yi"),
            "ln OR = d × π/√3 = {yi} × π/√3",
            CHINN,
            (_LOGISTIC,),
        ),
        "vi": derive(
            "variance of ln OR",
            lambda vi: vi / _FACTOR**2,
            _only(given, "vi"),
            "V = V × π²/3 = {vi} × π²/3",
            BORENSTEIN,
        ),
    }


def d_from_r(r: Printed, vi: Printed) -> dict[str, Derived]:
    """Standardised mean difference from a correlation.

    Parameters
    ----------
    r : float or str
        Correlation.
    vi : float or str
        Its sampling variance, ``(1 - r^2)^2 / (n - 1)``; not that of Fisher's z.

    Returns
    -------
    dict of str to Derived
        ``"yi"`` (d) and ``"vi"``.

    Raises
    ------
    ArgumentError
        A number that is none or breaks its rule: all at once.

    Notes
    -----
    ``d = 2 r / sqrt(1 - r^2)``, ``V_d = 4 V_r / (1 - r^2)^3``. Borenstein et al. (2009), chapter 7.
    doi:10.1002/9780470743386.ch7

    Examples
    --------
    Borenstein's example:

    >>> found = d_from_r(0.5, 0.0058)
    >>> round(found["yi"].value, 4), round(found["vi"].value, 4)
    (1.1547, 0.055)
    """
    given = read(r=(r, CORRELATION), vi=(vi, POSITIVE))
    return {
        "yi": derive(
            "d",
            lambda r: 2 * r / np.sqrt(1 - r**2),
            _only(given, "r"),
            "d = 2r / √(1 − r²) = 2 × {r} / √(1 − {r}²)",
            BORENSTEIN,
            (_BISERIAL,),
        ),
        "vi": derive(
            "variance of d",
            lambda r, vi: 4 * vi / (1 - r**2) ** 3,
            given,
            "V = 4V / (1 − r²)³ = 4 × {vi} / (1 − {r}²)³",
            BORENSTEIN,
        ),
    }


def r_from_d(
    yi: Printed, vi: Printed, *, n_treatment: Printed | None = None, n_control: Printed | None = None
) -> dict[str, Derived]:
    """Correlation from a standardised mean difference.

    Parameters
    ----------
    yi : float or str
        d.
    vi : float or str
        Its sampling variance.
    n_treatment, n_control : int or str, optional
        Participants; without them the groups are taken to be of one size.

    Returns
    -------
    dict of str to Derived
        ``"yi"`` (r) and ``"vi"``.

    Raises
    ------
    ArgumentError
        A number that is none or breaks its rule: all at once.

    Notes
    -----
    ``r = d / sqrt(d^2 + a)``, ``V_r = a^2 V_d / (d^2 + a)^3``, ``a = (n1 + n2)^2 / (n1 n2)``, 4 for groups of one
    size. Borenstein et al. (2009), chapter 7. doi:10.1002/9780470743386.ch7

    Examples
    --------
    Borenstein's example:

    >>> found = r_from_d(1.1547, 0.0550)
    >>> round(found["yi"].value, 4), round(found["vi"].value, 4)
    (0.5, 0.0058)
    """
    both = n_treatment is not None and n_control is not None
    given = read(yi=(yi, ANY), vi=(vi, POSITIVE))
    sizes = {"n_treatment": n_treatment, "n_control": n_control}
    given |= read(**{name: (size, SIZE) for name, size in sizes.items() if size is not None})
    a = _a(given["n_treatment"].value, given["n_control"].value) if both else 4.0
    notes = (_BISERIAL,) if both else (_BISERIAL, "The groups are taken to be of one size")
    return {
        "yi": derive(
            "r",
            lambda yi: yi / np.sqrt(yi**2 + a),
            _only(given, "yi"),
            f"r = d / √(d² + a) = {{yi}} / √({{yi}}² + {a:.6g})",
            BORENSTEIN,
            notes,
        ),
        "vi": derive(
            "variance of r",
            lambda yi, vi: a**2 * vi / (yi**2 + a) ** 3,
            {name: given[name] for name in ("yi", "vi")},
            f"V = a²V / (d² + a)³ = {a:.6g}² × {{vi}} / ({{yi}}² + {a:.6g})³",
            BORENSTEIN,
        ),
    }


def _a(n1: float, n2: float) -> float:
    return (n1 + n2) ** 2 / (n1 * n2)


def d_from_t(t: Printed, n_treatment: Printed, n_control: Printed) -> Derived:
    """Standardised mean difference from the t statistic of two independent groups.

    Parameters
    ----------
    t : float or str
        Its sign is that of the difference. Of an F with 1 degree of freedom for the effect, its square root.
    n_treatment, n_control : int or str
        Participants.

    Returns
    -------
    Derived
        d, not corrected for small samples.

    Raises
    ------
    ArgumentError
        A number that is none or breaks its rule: all at once.

    Notes
    -----
    ``d = t sqrt(1 / n1 + 1 / n2)``. Borenstein et al. (2009), chapter 7. doi:10.1002/9780470743386.ch7

    Examples
    --------
    >>> d_from_t(2.78, 25, 22).value.__round__(3)
    0.813
    """
    given = read(t=(t, ANY), n_treatment=(n_treatment, SIZE), n_control=(n_control, SIZE))
    return derive(
        "d",
        lambda t, n_treatment, n_control: t * np.sqrt(1 / n_treatment + 1 / n_control),
        given,
        "d = t √(1/n₁ + 1/n₂) = {t} × √(1/{n_treatment} + 1/{n_control})",
        BORENSTEIN,
    )


def _only(given: dict[str, Any], name: str) -> dict[str, Any]:
    return {name: given[name]}
