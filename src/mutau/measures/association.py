"""Association in a table of two groups by two outcomes: phi, Yule's Q and Y, the tetrachoric correlation; and d.

Arrays of one shape ``(k,)`` in, ``(yi, vi)`` out, treatment first; what does not exist is NaN. ``a`` of ``n1`` have
the event under treatment, ``c`` of ``n2`` under control; ``b = n1 - a``, ``d = n2 - c``, ``N = n1 + n2``. The
formulas are those of metafor's ``escalc`` (Viechtbauer 2010, doi:10.18637/jss.v036.i03) where no other source is
named.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtr, ndtri

from mutau.measures.binary import log_odds_ratio
from mutau.measures.groups import floats, where_defined

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from mutau.measures.groups import Effects

    type Array = NDArray[np.float64]

__all__ = [
    "odds_ratio_as_smd",
    "odds_ratio_as_smd_cox",
    "phi",
    "phi_variance_of_fixed_groups",
    "probit_difference",
    "tetrachoric",
    "yule_q",
    "yule_y",
]

COX = 1.65
"""Cox's divisor of a log odds ratio, where the outcome is normal."""

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(96)
_HALVINGS = 60
"""Brings an angle between -pi/2 and pi/2 to float64 resolution."""


def _cells(a: ArrayLike, n1: ArrayLike, c: ArrayLike, n2: ArrayLike) -> tuple[Array, Array, Array, Array]:
    a, n1, c, n2 = floats(a, n1, c, n2)
    return a, n1 - a, c, n2 - c


def phi(a: ArrayLike, n1: ArrayLike, c: ArrayLike, n2: ArrayLike) -> Effects:
    """Phi coefficient: the correlation of group and outcome.

    Parameters
    ----------
    a, n1, c, n2 : array_like, shape (k,)
        Events and participants, treatment and control.

    Returns
    -------
    yi, vi : ndarray, shape (k,)
        ``(a d - b c) / sqrt(n1 n2 (a + c)(b + d))`` and its variance where only N was fixed by design; NaN where
        nobody or everybody had the event.

    Notes
    -----
    With ``x = (n1 - n2)/sqrt(n1 n2)`` and ``y = (events - others)/sqrt(events others)`` the variance is ``(1 - phi^2
    + phi (1 + phi^2/2) x y - 3/4 phi^2 (x^2 + y^2)) / N``: metafor's ``vtype = "LS"``, its default. Where the sizes
    of the groups were fixed it is `phi_variance_of_fixed_groups`, metafor's ``"ST"``.

    References
    ----------
    Yule GU (1912). On the methods of measuring association between two attributes. Journal of the Royal Statistical
    Society 75:579-652. doi:10.2307/2340126

    Examples
    --------
    >>> yi, vi = phi([135], [150], [40], [50])
    >>> round(float(yi[0]), 4), round(float(np.sqrt(vi[0])), 4)
    (0.1309, 0.0789)
    """
    a, b, c, d = _cells(a, n1, c, n2)
    n1, n2, events, others = a + b, c + d, a + c, b + d
    with np.errstate(divide="ignore", invalid="ignore"):
        yi = (a * d - b * c) / (np.sqrt(n1 * n2) * np.sqrt(events * others))
        x, y = (n1 - n2) / np.sqrt(n1 * n2), (events - others) / np.sqrt(events * others)
        vi = (1 - yi**2 + yi * (1 + yi**2 / 2) * x * y - 0.75 * yi**2 * (x**2 + y**2)) / (n1 + n2)
    return where_defined(yi, vi)


def phi_variance_of_fixed_groups(a: ArrayLike, n1: ArrayLike, c: ArrayLike, n2: ArrayLike) -> Array:
    """Variance of `phi` where the sizes of both groups were fixed by design.

    Parameters
    ----------
    a, n1, c, n2 : array_like, shape (k,)
        Events and participants, treatment and control.

    Returns
    -------
    ndarray, shape (k,)
        By the delta method over two independent binomial counts; metafor's ``vtype = "ST"``.
    """
    a, b, c, d = _cells(a, n1, c, n2)
    n1, n2, events, others = a + b, c + d, a + c, b + d
    with np.errstate(divide="ignore", invalid="ignore"):
        # derivatives of phi = sqrt(n1 n2) (p1 - p2) / sqrt(events others) by p1 and p2, less their common factor
        slope = (a / n1 - c / n2) * (others - events) / (2 * events * others)
        by1, by2 = 1 - slope * n1, -1 - slope * n2
        vi: Array = n1 * n2 / (events * others) * (by1**2 * a * b / n1**3 + by2**2 * c * d / n2**3)
    return vi


def yule_q(a: ArrayLike, n1: ArrayLike, c: ArrayLike, n2: ArrayLike) -> Effects:
    """Yule's Q, ``(OR - 1)/(OR + 1)``.

    Parameters
    ----------
    a, n1, c, n2 : array_like, shape (k,)
        Events and participants, treatment and control.

    Returns
    -------
    yi, vi : ndarray, shape (k,)
        With variance ``(1 - Q^2)^2 (1/a + 1/b + 1/c + 1/d) / 4``; NaN with a zero cell.

    References
    ----------
    Yule GU (1900). On the association of attributes in statistics. Philosophical Transactions of the Royal Society A
    194:257-319. doi:10.1098/rsta.1900.0019

    Examples
    --------
    >>> round(float(yule_q([135], [150], [40], [50])[0][0]), 4)
    0.3846
    """
    log_odds, variance = log_odds_ratio(a, n1, c, n2)
    yi = np.tanh(log_odds / 2)
    return yi, (1 - yi**2) ** 2 * variance / 4


def yule_y(a: ArrayLike, n1: ArrayLike, c: ArrayLike, n2: ArrayLike) -> Effects:
    """Yule's Y (colligation), ``(sqrt(OR) - 1)/(sqrt(OR) + 1)``.

    Parameters
    ----------
    a, n1, c, n2 : array_like, shape (k,)
        Events and participants, treatment and control.

    Returns
    -------
    yi, vi : ndarray, shape (k,)
        With variance ``(1 - Y^2)^2 (1/a + 1/b + 1/c + 1/d) / 16``; NaN with a zero cell.

    References
    ----------
    Yule GU (1912). On the methods of measuring association between two attributes. Journal of the Royal Statistical
    Society 75:579-652. doi:10.2307/2340126

    Examples
    --------
    >>> round(float(yule_y([135], [150], [40], [50])[0][0]), 4)
    0.2
    """
    log_odds, variance = log_odds_ratio(a, n1, c, n2)
    yi = np.tanh(log_odds / 4)
    return yi, (1 - yi**2) ** 2 * variance / 16


def odds_ratio_as_smd(a: ArrayLike, n1: ArrayLike, c: ArrayLike, n2: ArrayLike) -> Effects:
    """Standardised mean difference from an odds ratio, the outcome being logistic: ``log(OR) sqrt(3)/pi``.

    Parameters
    ----------
    a, n1, c, n2 : array_like, shape (k,)
        Events and participants, treatment and control.

    Returns
    -------
    yi, vi : ndarray, shape (k,)
        NaN with a zero cell.

    References
    ----------
    Chinn S (2000). Statistics in Medicine 19:3127-3131.
    doi:10.1002/1097-0258(20001130)19:22<3127::AID-SIM784>3.0.CO;2-M

    Examples
    --------
    >>> round(float(odds_ratio_as_smd([135], [150], [40], [50])[0][0]), 4)
    0.4471
    """
    log_odds, variance = log_odds_ratio(a, n1, c, n2)
    return math.sqrt(3) / math.pi * log_odds, 3 / math.pi**2 * variance


def odds_ratio_as_smd_cox(a: ArrayLike, n1: ArrayLike, c: ArrayLike, n2: ArrayLike) -> Effects:
    """Standardised mean difference from an odds ratio, the outcome being normal: ``log(OR)/1.65``.

    Parameters
    ----------
    a, n1, c, n2 : array_like, shape (k,)
        Events and participants, treatment and control.

    Returns
    -------
    yi, vi : ndarray, shape (k,)
        NaN with a zero cell.

    References
    ----------
    Cox DR, Snell EJ (1989). Analysis of binary data, second edition. Chapman and Hall.

    Examples
    --------
    >>> round(float(odds_ratio_as_smd_cox([135], [150], [40], [50])[0][0]), 4)
    0.4915
    """
    log_odds, variance = log_odds_ratio(a, n1, c, n2)
    return log_odds / COX, variance / COX**2


def probit_difference(a: ArrayLike, n1: ArrayLike, c: ArrayLike, n2: ArrayLike) -> Effects:
    """Difference of probits: the standardised mean difference of a normal outcome that was cut in two.

    Parameters
    ----------
    a, n1, c, n2 : array_like, shape (k,)
        Events and participants, treatment and control.

    Returns
    -------
    yi, vi : ndarray, shape (k,)
        ``z1 - z2``, the normal quantiles of the two risks, and ``sum 2 pi p (1 - p) exp(z^2) / n``; NaN with a zero
        cell.

    References
    ----------
    Sanchez-Meca J, Marin-Martinez F, Chacon-Moscoso S (2003). Effect-size indices for dichotomized outcomes in
    meta-analysis. Psychological Methods 8:448-467. doi:10.1037/1082-989X.8.4.448

    Examples
    --------
    >>> round(float(probit_difference([135], [150], [40], [50])[0][0]), 4)
    0.4399
    """
    a, b, c, d = _cells(a, n1, c, n2)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        z1, z2 = ndtri(a / (a + b)), ndtri(c / (c + d))
        vi = 2 * np.pi * (a * b * np.exp(z1**2) / (a + b) ** 3 + c * d * np.exp(z2**2) / (c + d) ** 3)
        return where_defined(z1 - z2, vi)


def tetrachoric(a: ArrayLike, n1: ArrayLike, c: ArrayLike, n2: ArrayLike) -> Effects:
    """Tetrachoric correlation: of two normal variables, each cut in two.

    Parameters
    ----------
    a, n1, c, n2 : array_like, shape (k,)
        Events and participants, treatment and control.

    Returns
    -------
    yi, vi : ndarray, shape (k,)
        The maximum-likelihood estimate with both cuts estimated too, and its variance; NaN with a zero cell, where
        the estimate is -1, 1 or nothing.

    Notes
    -----
    Three parameters fit three free proportions exactly: the cuts are the normal quantiles of the margins, and the
    correlation makes the bivariate normal probability of the first cell what was observed. It rises with the
    correlation, so that the equation is solved by halving, in ``asin(rho)``, to the last digit. The variance follows
    by the delta method, which the inverse information is here.

    References
    ----------
    Pearson K (1900). On the correlation of characters not quantitatively measurable. Philosophical Transactions of
    the Royal Society A 195:1-47. doi:10.1098/rsta.1900.0022

    Examples
    --------
    >>> yi, vi = tetrachoric([135], [150], [40], [50])
    >>> round(float(yi[0]), 4), round(float(np.sqrt(vi[0])), 4)
    (0.2602, 0.1423)
    """
    cells = np.stack(np.broadcast_arrays(*_cells(a, n1, c, n2)))
    usable = np.all(cells > 0, axis=0)
    total = np.sum(cells, axis=0)
    p = np.where(usable, cells / total, 0.25)
    row, column = ndtri(p[0] + p[1]), ndtri(p[0] + p[2])
    angle = _angle(p[0], row, column)
    rho, left = np.sin(angle), np.cos(angle)
    height = np.exp(-(row**2 + column**2 - 2 * rho * row * column) / (2 * left**2)) / (2 * np.pi * left)
    by_row, by_column = ndtr((column - rho * row) / left), ndtr((row - rho * column) / left)
    slopes = np.stack([1 - by_row - by_column, -by_row, -by_column, np.zeros_like(rho)]) / height
    mean = np.sum(p * slopes, axis=0)
    vi = np.sum(p * (slopes - mean) ** 2, axis=0) / total
    return where_defined(np.where(usable, rho, np.nan), vi)


def _angle(first: Array, row: Array, column: Array) -> Array:
    """Arcsine of the correlation at which the probability below both cuts is `first`."""
    lower, upper = np.full(first.shape, -np.pi / 2), np.full(first.shape, np.pi / 2)
    for _ in range(_HALVINGS):
        middle = (lower + upper) / 2
        below = _below_both(middle, row, column) < first
        lower, upper = np.where(below, middle, lower), np.where(below, upper, middle)
    angle: Array = (lower + upper) / 2
    return angle


def _below_both(angle: Array, row: Array, column: Array) -> Array:
    """Bivariate normal distribution function at the cuts, the correlation being the sine of `angle`.

    Its derivative by the correlation is the density (Plackett 1954, doi:10.1093/biomet/41.3-4.351), integrated from
    0.
    """
    along = angle[..., None] * (1 + _NODES) / 2
    row, column = row[..., None], column[..., None]
    exponent = -(row**2 + column**2 - 2 * row * column * np.sin(along)) / (2 * np.cos(along) ** 2)
    integral = np.sum(_WEIGHTS * np.exp(exponent), axis=-1) * angle / (4 * np.pi)
    inside: Array = ndtr(row[..., 0]) * ndtr(column[..., 0]) + integral
    return inside
