"""Effects of two groups beyond the common ones: arcsine and Peto, variability, heteroscedastic and biserial.

Arrays of one shape ``(k,)`` in, ``(yi, vi)`` out, treatment first; what does not exist is NaN.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtri

from mutau.measures.continuous import hedges_correction

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = [
    "arcsine_difference",
    "biserial",
    "glass_by_control",
    "glass_by_treatment",
    "heteroscedastic_smd",
    "log_ratio_of_means",
    "log_variability_ratio",
    "log_variation_ratio",
    "peto_log_odds_ratio",
    "point_biserial",
    "rate_difference",
    "root_rate_difference",
]

type Effects = tuple[NDArray[np.float64], NDArray[np.float64]]


def floats(*arrays: ArrayLike) -> tuple[NDArray[np.float64], ...]:
    """Read every array as float64."""
    return tuple(np.asarray(x, dtype=np.float64) for x in arrays)


def where_defined(yi: NDArray[np.float64], vi: NDArray[np.float64]) -> Effects:
    """Make both NaN where either does not exist."""
    defined = np.isfinite(yi) & np.isfinite(vi)
    return np.where(defined, yi, np.nan), np.where(defined, vi, np.nan)


def arcsine_difference(a: ArrayLike, n1: ArrayLike, c: ArrayLike, n2: ArrayLike) -> Effects:
    """Difference of the arcsine square roots of two risks.

    Parameters
    ----------
    a, n1, c, n2 : array_like, shape (k,)
        Events and participants, treatment and control.

    Returns
    -------
    yi, vi : ndarray, shape (k,)
        ``asin(sqrt(p1)) - asin(sqrt(p2))`` and ``1/(4 n1) + 1/(4 n2)``; both exist with any zero cell.

    References
    ----------
    Ruecker G, Schwarzer G, Carpenter J, Olkin I (2009). Why add anything to nothing? Statistics in Medicine
    28:721-738. doi:10.1002/sim.3511

    Examples
    --------
    >>> yi, vi = arcsine_difference([4], [123], [11], [139])
    >>> round(float(yi[0]), 4), round(float(vi[0]), 4)
    (-0.1038, 0.0038)
    """
    a, n1, c, n2 = floats(a, n1, c, n2)
    return np.arcsin(np.sqrt(a / n1)) - np.arcsin(np.sqrt(c / n2)), 1 / (4 * n1) + 1 / (4 * n2)


def peto_log_odds_ratio(a: ArrayLike, n1: ArrayLike, c: ArrayLike, n2: ArrayLike) -> Effects:
    """Peto's one-step log odds ratio.

    Parameters
    ----------
    a, n1, c, n2 : array_like, shape (k,)
        Events and participants, treatment and control.

    Returns
    -------
    yi, vi : ndarray, shape (k,)
        ``(a - E) / V`` and ``1 / V``, with E and V the hypergeometric mean and variance of a; NaN where nobody
        or everybody had the event.

    Notes
    -----
    It needs no zero-cell correction, but metafor's rule is applied unless ``to="none"``. It is biased where arms
    are of very different size or the effect is large.

    References
    ----------
    Yusuf S, Peto R, Lewis J, Collins R, Sleight P (1985). Progress in Cardiovascular Diseases 27:335-371.
    doi:10.1016/S0033-0620(85)80003-7

    Examples
    --------
    >>> yi, vi = peto_log_odds_ratio([4], [123], [11], [139])
    >>> round(float(yi[0]), 4)
    -0.8604
    """
    a, n1, c, n2 = floats(a, n1, c, n2)
    total, events = n1 + n2, a + c
    with np.errstate(divide="ignore", invalid="ignore"):
        variance = events * (total - events) * (n1 / total) * (n2 / total) / (total - 1)
        return where_defined((a - events * n1 / total) / variance, 1 / variance)


def rate_difference(x1: ArrayLike, t1: ArrayLike, x2: ArrayLike, t2: ArrayLike) -> Effects:
    """Difference of two incidence rates, with variance ``x1/t1^2 + x2/t2^2``.

    Parameters
    ----------
    x1, t1, x2, t2 : array_like, shape (k,)
        Events and person-time, treatment and control.

    Returns
    -------
    yi, vi : ndarray, shape (k,)

    References
    ----------
    Viechtbauer W (2010). doi:10.18637/jss.v036.i03 (``escalc(measure="IRD")``).
    """
    x1, t1, x2, t2 = floats(x1, t1, x2, t2)
    return x1 / t1 - x2 / t2, x1 / t1**2 + x2 / t2**2


def root_rate_difference(x1: ArrayLike, t1: ArrayLike, x2: ArrayLike, t2: ArrayLike) -> Effects:
    """Difference of the square roots of two rates, with variance ``1/(4 t1) + 1/(4 t2)``.

    Parameters
    ----------
    x1, t1, x2, t2 : array_like, shape (k,)
        Events and person-time, treatment and control.

    Returns
    -------
    yi, vi : ndarray, shape (k,)

    References
    ----------
    Viechtbauer W (2010). doi:10.18637/jss.v036.i03 (``escalc(measure="IRSD")``).
    """
    x1, t1, x2, t2 = floats(x1, t1, x2, t2)
    return np.sqrt(x1 / t1) - np.sqrt(x2 / t2), 1 / (4 * t1) + 1 / (4 * t2)


def glass_by_control(
    m1: ArrayLike, sd1: ArrayLike, n1: ArrayLike, m2: ArrayLike, sd2: ArrayLike, n2: ArrayLike
) -> Effects:
    """Glass's delta, standardised by the control group's standard deviation, with Hedges' correction.

    Parameters
    ----------
    m1, sd1, n1, m2, sd2, n2 : array_like, shape (k,)
        Mean, standard deviation and size, treatment and control.

    Returns
    -------
    yi, vi : ndarray, shape (k,)
        ``J(n2 - 1) (m1 - m2) / sd2`` and ``1/n1 + 1/n2 + yi^2 / (2 n2)``; NaN for ``n2 < 3``.

    References
    ----------
    Hedges LV (1981). doi:10.3102/10769986006002107; Glass GV (1976). doi:10.3102/0013189X005010003
    """
    m1, _, n1, m2, sd2, n2 = floats(m1, sd1, n1, m2, sd2, n2)
    yi = hedges_correction(n2 - 1) * (m1 - m2) / sd2
    return where_defined(yi, 1 / n1 + 1 / n2 + yi**2 / (2 * n2))


def glass_by_treatment(
    m1: ArrayLike, sd1: ArrayLike, n1: ArrayLike, m2: ArrayLike, sd2: ArrayLike, n2: ArrayLike
) -> Effects:
    """Glass's delta standardised by the treatment group's standard deviation; see `glass_by_control`.

    Parameters
    ----------
    m1, sd1, n1, m2, sd2, n2 : array_like, shape (k,)
        Mean, standard deviation and size, treatment and control.

    Returns
    -------
    yi, vi : ndarray, shape (k,)
        NaN for ``n1 < 3``.

    References
    ----------
    Hedges LV (1981). doi:10.3102/10769986006002107
    """
    yi, vi = glass_by_control(m2, sd2, n2, m1, sd1, n1)
    return -yi, vi


def heteroscedastic_smd(
    m1: ArrayLike, sd1: ArrayLike, n1: ArrayLike, m2: ArrayLike, sd2: ArrayLike, n2: ArrayLike
) -> Effects:
    """Standardised mean difference that lets the two standard deviations differ.

    Parameters
    ----------
    m1, sd1, n1, m2, sd2, n2 : array_like, shape (k,)
        Mean, standard deviation and size, treatment and control.

    Returns
    -------
    yi, vi : ndarray, shape (k,)
        ``J (m1 - m2) / sqrt((sd1^2 + sd2^2) / 2)``, J with ``n1 + n2 - 2`` degrees of freedom, and the variance
        of Bonett, into which the corrected difference is put, as in that of the SMD and in metafor 5.

    References
    ----------
    Bonett DG (2009). Meta-analytic interval estimation for standardized and unstandardized mean differences.
    Psychological Methods 14:225-238. doi:10.1037/a0016619
    """
    m1, sd1, n1, m2, sd2, n2 = floats(m1, sd1, n1, m2, sd2, n2)
    correction = hedges_correction(n1 + n2 - 2)
    both = sd1**2 + sd2**2
    with np.errstate(divide="ignore", invalid="ignore"):
        yi = correction * (m1 - m2) / np.sqrt(both / 2)
        vi = yi**2 * (sd1**4 / (n1 - 1) + sd2**4 / (n2 - 1)) / (2 * both**2)
        vi = vi + (sd1**2 / (n1 - 1) + sd2**2 / (n2 - 1)) / (both / 2)
    return where_defined(yi, vi)


def log_ratio_of_means(
    m1: ArrayLike, sd1: ArrayLike, n1: ArrayLike, m2: ArrayLike, sd2: ArrayLike, n2: ArrayLike
) -> Effects:
    """Log ratio of two means of one sign.

    Parameters
    ----------
    m1, sd1, n1, m2, sd2, n2 : array_like, shape (k,)
        Mean, standard deviation and size, treatment and control.

    Returns
    -------
    yi, vi : ndarray, shape (k,)
        ``log(m1/m2)`` and ``sd1^2/(n1 m1^2) + sd2^2/(n2 m2^2)``; NaN where the means differ in sign or one is 0.

    References
    ----------
    Hedges LV, Gurevitch J, Curtis PS (1999). Ecology 80:1150-1156.
    doi:10.1890/0012-9658(1999)080[1150:TMAORR]2.0.CO;2
    """
    m1, sd1, n1, m2, sd2, n2 = floats(m1, sd1, n1, m2, sd2, n2)
    with np.errstate(divide="ignore", invalid="ignore"):
        return where_defined(np.log(m1 / m2), sd1**2 / (n1 * m1**2) + sd2**2 / (n2 * m2**2))


def log_variability_ratio(sd1: ArrayLike, n1: ArrayLike, sd2: ArrayLike, n2: ArrayLike) -> Effects:
    """Log ratio of two standard deviations.

    Parameters
    ----------
    sd1, n1, sd2, n2 : array_like, shape (k,)
        Standard deviation and size, treatment and control.

    Returns
    -------
    yi, vi : ndarray, shape (k,)
        ``log(sd1/sd2) + 1/(2(n1-1)) - 1/(2(n2-1))`` and ``1/(2(n1-1)) + 1/(2(n2-1))``; NaN with one participant.

    References
    ----------
    Nakagawa S et al. (2015). Meta-analysis of variation. Methods in Ecology and Evolution 6:143-152.
    doi:10.1111/2041-210X.12309
    """
    sd1, n1, sd2, n2 = floats(sd1, n1, sd2, n2)
    with np.errstate(divide="ignore", invalid="ignore"):
        half1, half2 = 1 / (2 * (n1 - 1)), 1 / (2 * (n2 - 1))
        return where_defined(np.log(sd1 / sd2) + half1 - half2, half1 + half2)


def log_variation_ratio(
    m1: ArrayLike, sd1: ArrayLike, n1: ArrayLike, m2: ArrayLike, sd2: ArrayLike, n2: ArrayLike
) -> Effects:
    """Log ratio of two coefficients of variation.

    Parameters
    ----------
    m1, sd1, n1, m2, sd2, n2 : array_like, shape (k,)
        Mean, standard deviation and size, treatment and control; means above 0.

    Returns
    -------
    yi, vi : ndarray, shape (k,)
        `log_variability_ratio` less the log ratio of the means; variances of both added (mean and standard deviation
        taken as independent).

    References
    ----------
    Nakagawa S et al. (2015). doi:10.1111/2041-210X.12309
    """
    m1, sd1, n1, m2, sd2, n2 = floats(m1, sd1, n1, m2, sd2, n2)
    yi, vi = log_variability_ratio(sd1, n1, sd2, n2)
    positive = (m1 > 0) & (m2 > 0)
    level, spread = log_ratio_of_means(np.where(positive, m1, np.nan), sd1, n1, m2, sd2, n2)
    return where_defined(yi - level, vi + spread)


def _d_and_h(
    m1: ArrayLike, sd1: ArrayLike, n1: ArrayLike, m2: ArrayLike, sd2: ArrayLike, n2: ArrayLike
) -> Effects:
    m1, sd1, n1, m2, sd2, n2 = floats(m1, sd1, n1, m2, sd2, n2)
    df = np.where(n1 + n2 > 2, n1 + n2 - 2, np.nan)
    return (m1 - m2) / np.sqrt(((n1 - 1) * sd1**2 + (n2 - 1) * sd2**2) / df), df / n1 + df / n2


def point_biserial(
    m1: ArrayLike, sd1: ArrayLike, n1: ArrayLike, m2: ArrayLike, sd2: ArrayLike, n2: ArrayLike
) -> Effects:
    """Point-biserial correlation of group and outcome.

    Parameters
    ----------
    m1, sd1, n1, m2, sd2, n2 : array_like, shape (k,)
        Mean, standard deviation and size of the two groups.

    Returns
    -------
    yi, vi : ndarray, shape (k,)
        ``d / sqrt(d^2 + h)`` with ``h = m/n1 + m/n2``, ``m = n1 + n2 - 2``, for groups of fixed sizes.

    References
    ----------
    Tate RF (1954). doi:10.1214/aoms/1177728730
    """
    n1, n2 = floats(n1, n2)
    d, h = _d_and_h(m1, sd1, n1, m2, sd2, n2)
    return where_defined(
        d / np.sqrt(d**2 + h), h**2 / (h + d**2) ** 3 * (1 / n1 + 1 / n2 + d**2 / (2 * (n1 + n2)))
    )


def biserial(
    m1: ArrayLike, sd1: ArrayLike, n1: ArrayLike, m2: ArrayLike, sd2: ArrayLike, n2: ArrayLike
) -> Effects:
    """Biserial correlation: the groups are a normal variable cut in two.

    Parameters
    ----------
    m1, sd1, n1, m2, sd2, n2 : array_like, shape (k,)
        Mean, standard deviation and size of the two groups.

    Returns
    -------
    yi, vi : ndarray, shape (k,)
        May lie beyond 1 by chance; the variance (Soper's) is then that at 1.

    References
    ----------
    Soper HE (1914). On the probable error of the bi-serial expression for the correlation coefficient. Biometrika
    10:384-390. doi:10.1093/biomet/10.2-3.384; Jacobs P, Viechtbauer W (2017). doi:10.1002/jrsm.1218
    """
    n1, n2 = floats(n1, n2)
    d, h = _d_and_h(m1, sd1, n1, m2, sd2, n2)
    p1, p2 = n1 / (n1 + n2), n2 / (n1 + n2)
    z = -ndtri(p1)
    height = np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)
    yi = np.sqrt(p1 * p2) / height * d / np.sqrt(d**2 + h)
    r = np.clip(yi, -1, 1)
    middle = 1.5 + (1 - p1 * z / height) * (1 + p2 * z / height)
    return where_defined(yi, (p1 * p2 / height**2 - middle * r**2 + r**4) / (n1 + n2 - 1))
