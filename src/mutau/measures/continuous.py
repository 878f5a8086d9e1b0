"""Effects of two-arm studies with means and standard deviations: mean differences, plain and standardised.

All functions take arrays of one shape ``(k,)`` and return float64 arrays. Treatment comes first: a difference
below 0 means lower scores under treatment.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.special import gammaln

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = [
    "SMD_VARIANCES",
    "hedges_correction",
    "mean_difference",
    "ready_made",
    "standardised_mean_difference",
]

SMD_VARIANCES = ("metafor", "RevMan")
"""The sampling variances on offer for a standardised mean difference, by the program that uses each."""


def hedges_correction(df: ArrayLike) -> NDArray[np.float64]:
    """Compute the exact factor J that takes Cohen's d to Hedges' g.

    Parameters
    ----------
    df : array_like
        Degrees of freedom of the pooled standard deviation, ``n1 + n2 - 2``; above 1.

    Returns
    -------
    ndarray
        ``J(m) = Gamma(m/2) / (sqrt(m/2) Gamma((m-1)/2))``, in (0, 1); NaN for ``m <= 1``, where d has no
        mean.

    Notes
    -----
    RevMan uses the approximation ``1 - 3 / (4 m - 1)``, which is within 0.0001 of J from ``m = 19`` on.

    References
    ----------
    Hedges LV (1981). Distribution theory for Glass's estimator of effect size and related estimators. Journal
    of Educational Statistics 6:107-128. doi:10.3102/10769986006002107

    Examples
    --------
    >>> hedges_correction([2.0, 10.0, 50.0]).round(4)
    array([0.5642, 0.9227, 0.9849])
    """
    m = np.asarray(df, dtype=np.float64)
    safe = np.where(m > 1, m, np.nan)
    log_j: NDArray[np.float64] = gammaln(safe / 2) - 0.5 * np.log(safe / 2) - gammaln((safe - 1) / 2)
    return np.exp(log_j)


def mean_difference(
    mean_treatment: ArrayLike,
    sd_treatment: ArrayLike,
    n_treatment: ArrayLike,
    mean_control: ArrayLike,
    sd_control: ArrayLike,
    n_control: ArrayLike,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean difference and its sampling variance, in the units of the outcome.

    Parameters
    ----------
    mean_treatment, sd_treatment, n_treatment, mean_control, sd_control, n_control : array_like, shape (k,)
        Mean, standard deviation and participants per arm.

    Returns
    -------
    yi, vi : ndarray, shape (k,)
        ``yi = m1 - m2`` and ``vi = sd1^2/n1 + sd2^2/n2``: no common variance is assumed (metafor's default).

    References
    ----------
    Normand SLT (1999). Meta-analysis: formulating, evaluating, combining, and reporting. Statistics in
    Medicine 18:321-359. doi:10.1002/(SICI)1097-0258(19990215)18:3<321::AID-SIM28>3.0.CO;2-P

    Examples
    --------
    Length of stay after stroke, first trial of Normand 1999 (who prints 40.6: she pools the two SDs):

    >>> yi, vi = mean_difference([55], [47], [155], [75], [64], [156])
    >>> float(yi[0]), round(float(vi[0]), 1)
    (-20.0, 40.5)
    """
    m1, sd1, n1, m2, sd2, n2 = (
        np.asarray(x, dtype=np.float64)
        for x in (mean_treatment, sd_treatment, n_treatment, mean_control, sd_control, n_control)
    )
    return m1 - m2, sd1**2 / n1 + sd2**2 / n2


def standardised_mean_difference(
    mean_treatment: ArrayLike,
    sd_treatment: ArrayLike,
    n_treatment: ArrayLike,
    mean_control: ArrayLike,
    sd_control: ArrayLike,
    n_control: ArrayLike,
    *,
    variance: str = "metafor",
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Standardised mean difference (Hedges' g) and its sampling variance.

    Parameters
    ----------
    mean_treatment, sd_treatment, n_treatment, mean_control, sd_control, n_control : array_like, shape (k,)
        Mean, standard deviation and participants per arm.
    variance : {"metafor", "RevMan"}
        ``"metafor"``: ``1/n1 + 1/n2 + g^2 / (2 N)``, its default. ``"RevMan"``: ``N/(n1 n2) + g^2 / (2 (N -
        3.94))``.

    Returns
    -------
    yi, vi : ndarray, shape (k,)
        ``yi = J(N - 2) (m1 - m2) / s`` with ``s`` the pooled standard deviation, in standard deviations; both
        NaN where ``N = n1 + n2`` is below 4.

    Notes
    -----
    The two variances differ by ``g^2 (1.97 / N^2)`` to first order: 0.002 for g = 1 and N = 31. J is the
    exact one for both; RevMan's own g uses an approximation of J (see `hedges_correction`), so RevMan's yi
    can differ in the fourth decimal.

    References
    ----------
    Hedges LV (1981). doi:10.3102/10769986006002107. Deeks JJ, Higgins JPT (2010). Statistical algorithms in
    Review Manager 5 (the Cochrane Collaboration). Viechtbauer W (2010). Conducting meta-analyses in R with
    the metafor package. Journal of Statistical Software 36(3). doi:10.18637/jss.v036.i03

    Examples
    --------
    Length of stay after stroke, first trial of Normand 1999:

    >>> yi, vi = standardised_mean_difference([55], [47], [155], [75], [64], [156])
    >>> round(float(yi[0]), 4), round(float(vi[0]), 4)
    (-0.3552, 0.0131)
    """
    m1, sd1, n1, m2, sd2, n2 = (
        np.asarray(x, dtype=np.float64)
        for x in (mean_treatment, sd_treatment, n_treatment, mean_control, sd_control, n_control)
    )
    total = n1 + n2
    df = np.where(total > 3, total - 2, np.nan)
    pooled_sd = np.sqrt(((n1 - 1) * sd1**2 + (n2 - 1) * sd2**2) / df)
    yi = hedges_correction(df) * (m1 - m2) / pooled_sd
    effective = {"metafor": total, "RevMan": total - 3.94}[variance]
    vi = 1 / n1 + 1 / n2 + yi**2 / (2 * effective)
    return yi, vi


def ready_made(yi: ArrayLike, sei: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Effects that come with their standard errors, on the analysis scale (log for ratios).

    Parameters
    ----------
    yi, sei : array_like, shape (k,)
        Effects and standard errors.

    Returns
    -------
    yi, vi : ndarray, shape (k,)
        The effects as given and the squared standard errors.

    Examples
    --------
    >>> yi, vi = ready_made([-0.33], [0.1])
    >>> round(float(vi[0]), 4)
    0.01
    """
    return np.asarray(yi, dtype=np.float64), np.asarray(sei, dtype=np.float64) ** 2
