"""One group: proportions, means and rates; one sample twice; correlations.

Arrays of one shape ``(k,)`` in, ``(yi, vi)`` out; what does not exist is NaN. The formulas are those of metafor's
``escalc`` (Viechtbauer 2010, doi:10.18637/jss.v036.i03) where no other source is named.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.special import hyp2f1

from mutau.measures.continuous import hedges_correction
from mutau.measures.groups import floats, where_defined

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from mutau.measures.groups import Effects

__all__ = [
    "arcsine_proportion",
    "double_arcsine",
    "double_root_rate",
    "fisher_z",
    "fisher_z_partial",
    "gauss",
    "heteroscedastic_change",
    "log_mean",
    "log_proportion",
    "log_rate",
    "log_ratio_of_paired_means",
    "logit_proportion",
    "mean",
    "mean_change",
    "partial_correlation",
    "proportion",
    "proportion_of_double_arcsine",
    "rate",
    "raw_correlation",
    "root_rate",
    "standardised_change",
    "standardised_change_by_before",
    "unbiased_correlation",
]

_LARGE, _TERMS = 50.0, 200
"""Where the series is used, and its length: the last term is then below 1e-40."""


def proportion(events: ArrayLike, n: ArrayLike) -> Effects:
    """Proportion ``p = x/n`` with variance ``p (1 - p) / n``; `events` and `n` of shape (k,)."""
    x, n = floats(events, n)
    return x / n, x * (n - x) / n**3


def log_proportion(events: ArrayLike, n: ArrayLike) -> Effects:
    """Log proportion with variance ``1/x - 1/n``; `events` and `n` of shape (k,), NaN without events."""
    x, n = floats(events, n)
    with np.errstate(divide="ignore", invalid="ignore"):
        return where_defined(np.log(x / n), 1 / x - 1 / n)


def logit_proportion(events: ArrayLike, n: ArrayLike) -> Effects:
    """Log odds with variance ``1/x + 1/(n - x)``; `events` and `n` of shape (k,), NaN at 0 and 1."""
    x, n = floats(events, n)
    with np.errstate(divide="ignore", invalid="ignore"):
        return where_defined(np.log(x / (n - x)), 1 / x + 1 / (n - x))


def arcsine_proportion(events: ArrayLike, n: ArrayLike) -> Effects:
    """Arcsine square root of a proportion with variance ``1/(4 n)``; `events` and `n` of shape (k,)."""
    x, n = floats(events, n)
    return np.arcsin(np.sqrt(x / n)), 1 / (4 * n)


def double_arcsine(events: ArrayLike, n: ArrayLike) -> Effects:
    """Freeman and Tukey's double arcsine of a proportion.

    Parameters
    ----------
    events, n : array_like, shape (k,)

    Returns
    -------
    yi, vi : ndarray, shape (k,)
        ``(asin(sqrt(x/(n+1))) + asin(sqrt((x+1)/(n+1)))) / 2`` and ``1/(4 n + 2)``.

    References
    ----------
    Freeman MF, Tukey JW (1950). Transformations related to the angular and the square root. Annals of Mathematical
    Statistics 21:607-611. doi:10.1214/aoms/1177729756
    """
    x, n = floats(events, n)
    yi = (np.arcsin(np.sqrt(x / (n + 1))) + np.arcsin(np.sqrt((x + 1) / (n + 1)))) / 2
    return yi, 1 / (4 * n + 2)


def proportion_of_double_arcsine(x: ArrayLike, n: ArrayLike) -> NDArray[np.float64]:
    """Take a double arcsine (of a study, or pooled) back to a proportion, by the harmonic mean of the sizes.

    Parameters
    ----------
    x : array_like
        Double arcsines as `double_arcsine` gives them (not doubled), any shape.
    n : array_like, shape (k,)
        Sizes of the studies; their harmonic mean is used. One size inverts a single study.

    Returns
    -------
    ndarray
        Proportions, in the shape of `x`; 0 or 1 beyond what `n` can give.

    Notes
    -----
    The inverse depends on a sample size, and a pooled value has none: with sizes that differ widely the harmonic mean
    can give a misleading pooled proportion (Schwarzer 2019), even one outside the range of all studies. Prefer the
    logit (PLO) where this matters.

    References
    ----------
    Miller JJ (1978). The inverse of the Freeman-Tukey double arcsine transformation. American Statistician 32:138.
    doi:10.1080/00031305.1978.10479283

    Schwarzer G, Chemaitelly H, Abu-Raddad LJ, Ruecker G (2019). Seriously misleading results using inverse of
    Freeman-Tukey double arcsine transformation. Research Synthesis Methods 10:476-483. doi:10.1002/jrsm.1348

    Examples
    --------
    >>> yi, _ = double_arcsine([3], [10])
    >>> proportion_of_double_arcsine(yi, 10).round(10)
    array([0.3])
    """
    t, sizes = floats(x, n)
    size = 1 / np.mean(1 / sizes)
    low, high = double_arcsine([0.0, size], [size, size])[0]
    inside = np.clip(2 * t, 2 * low, 2 * high)
    sine, cosine = np.sin(inside), np.cos(inside)
    root = np.sqrt(np.clip(1 - (sine + (sine - 1 / sine) / size) ** 2, 0, None))
    return np.asarray(np.clip(0.5 * (1 - np.sign(cosine) * root), 0, 1))


def mean(mean: ArrayLike, sd: ArrayLike, n: ArrayLike) -> Effects:
    """Mean with variance ``sd^2/n``; all of shape (k,)."""
    m, sd, n = floats(mean, sd, n)
    return m, sd**2 / n


def log_mean(mean: ArrayLike, sd: ArrayLike, n: ArrayLike) -> Effects:
    """Log mean with variance ``sd^2/(n m^2)``; all of shape (k,), NaN where the mean is not above 0."""
    m, sd, n = floats(mean, sd, n)
    with np.errstate(divide="ignore", invalid="ignore"):
        return where_defined(np.log(m), sd**2 / (n * m**2))


def rate(events: ArrayLike, person_time: ArrayLike) -> Effects:
    """Incidence rate ``x/t`` with variance ``x/t^2``; both of shape (k,)."""
    x, t = floats(events, person_time)
    return x / t, x / t**2


def log_rate(events: ArrayLike, person_time: ArrayLike) -> Effects:
    """Log incidence rate with variance ``1/x``; both of shape (k,), NaN without events."""
    x, t = floats(events, person_time)
    with np.errstate(divide="ignore", invalid="ignore"):
        return where_defined(np.log(x / t), 1 / x)


def root_rate(events: ArrayLike, person_time: ArrayLike) -> Effects:
    """Square root of an incidence rate with variance ``1/(4 t)``; both of shape (k,)."""
    x, t = floats(events, person_time)
    return np.sqrt(x / t), 1 / (4 * t)


def double_root_rate(events: ArrayLike, person_time: ArrayLike) -> Effects:
    """Freeman and Tukey's ``(sqrt(x/t) + sqrt((x + 1)/t)) / 2`` of a rate, variance ``1/(4 t)``; both of shape (k,).

    References
    ----------
    Freeman MF, Tukey JW (1950). doi:10.1214/aoms/1177729756

    Examples
    --------
    >>> round(float(double_root_rate([10], [20])[0][0]), 4)
    0.7244
    """
    x, t = floats(events, person_time)
    return (np.sqrt(x / t) + np.sqrt((x + 1) / t)) / 2, 1 / (4 * t)


def raw_correlation(r: ArrayLike, n: ArrayLike) -> Effects:
    """Correlation with variance ``(1 - r^2)^2/(n - 1)``; both of shape (k,), NaN for one pair."""
    r, n = floats(r, n)
    with np.errstate(divide="ignore", invalid="ignore"):
        return where_defined(r, (1 - r**2) ** 2 / (n - 1))


def unbiased_correlation(r: ArrayLike, n: ArrayLike) -> Effects:
    """Correlation without its bias in small samples; NaN for fewer than 5 pairs.

    Parameters
    ----------
    r, n : array_like, shape (k,)

    Returns
    -------
    yi, vi : ndarray, shape (k,)
        ``r F(1/2, 1/2; (n - 2)/2; 1 - r^2)``, F being Gauss's hypergeometric function, and ``(1 - yi^2)^2/(n - 1)``.

    References
    ----------
    Olkin I, Pratt JW (1958). Unbiased estimation of certain correlation coefficients. Annals of Mathematical
    Statistics 29:201-211. doi:10.1214/aoms/1177706717

    Examples
    --------
    >>> round(float(unbiased_correlation([0.62], [15])[0][0]), 4)
    0.6363
    """
    r, n = floats(r, n)
    n = np.where(n > 4, n, np.nan)
    yi = r * gauss(0.5, (n - 2) / 2, 1 - r**2)
    return where_defined(yi, (1 - yi**2) ** 2 / (n - 1))


def gauss(a: float, c: ArrayLike, x: ArrayLike) -> NDArray[np.float64]:
    """Gauss's hypergeometric function ``F(a, a; c; x)`` for a of 1/2 or 1, ``c > 2 a`` and x between 0 and 1.

    By its power series where c is large: SciPy's function is lost there for x near 1.
    """
    c, x = np.broadcast_arrays(*floats(c, x))
    series = np.ones(x.shape)
    large = np.where(c > _LARGE, c, _LARGE)
    term = np.ones(x.shape)
    for k in range(_TERMS):
        term = term * (k + a) ** 2 * x / ((large + k) * (k + 1))
        series = series + term
    return np.asarray(np.where(c > _LARGE, series, hyp2f1(a, a, np.where(c > _LARGE, _LARGE, c), x)))


def fisher_z(r: ArrayLike, n: ArrayLike) -> Effects:
    """Fisher's z of a correlation with variance ``1/(n - 3)``; NaN for r = -1 or 1, or fewer than 4 pairs.

    Parameters
    ----------
    r, n : array_like, shape (k,)

    Returns
    -------
    yi, vi : ndarray, shape (k,)

    References
    ----------
    Fisher RA (1921). On the "probable error" of a coefficient of correlation deduced from a small sample. Metron
    1:3-32.

    Examples
    --------
    >>> round(float(fisher_z([0.62], [30])[0][0]), 4)
    0.725
    """
    r, n = floats(r, n)
    with np.errstate(divide="ignore", invalid="ignore"):
        return where_defined(np.arctanh(r), np.where(n > 3, 1 / (n - 3), np.nan))


def partial_correlation(t: ArrayLike, n: ArrayLike, predictors: ArrayLike) -> Effects:
    """Partial correlation of a regression coefficient's t statistic.

    Parameters
    ----------
    t, n, predictors : array_like, shape (k,)
        t statistic, sample size, number of predictors in the model (the one of interest included).

    Returns
    -------
    yi, vi : ndarray, shape (k,)
        ``t / sqrt(t^2 + df)`` with ``df = n - predictors - 1``, and ``(1 - yi^2)^2 / (df + 1)``; NaN where df is not
        above 0.

    Notes
    -----
    With one predictor it is the correlation, and so is its variance: ``n - 1`` less one for every other predictor.
    metafor up to 3.8 divides by ``df``.

    References
    ----------
    Aloe AM, Thompson CG (2013). The synthesis of partial effect sizes. Journal of the Society for Social Work and
    Research 4:390-405. doi:10.5243/jsswr.2013.24
    """
    t, n, predictors = floats(t, n, predictors)
    df = np.where(n - predictors > 1, n - predictors - 1, np.nan)
    yi = t / np.sqrt(t**2 + df)
    return yi, (1 - yi**2) ** 2 / (df + 1)


def fisher_z_partial(t: ArrayLike, n: ArrayLike, predictors: ArrayLike) -> Effects:
    """Fisher's z of `partial_correlation`, with variance ``1 / (n - predictors - 2)``; of shape (k,).

    ``n - 3`` of an ordinary correlation less one for every other predictor; metafor up to 3.8 adds one.
    """
    yi, _ = partial_correlation(t, n, predictors)
    left = np.subtract(*floats(n, predictors)) - 2
    return where_defined(np.arctanh(yi), 1 / np.where(left > 0, left, np.nan))


def mean_change(
    m1: ArrayLike, sd1: ArrayLike, m2: ArrayLike, sd2: ArrayLike, r: ArrayLike, n: ArrayLike
) -> Effects:
    """Mean change ``m1 - m2``, after less before; variance ``(sd1^2 + sd2^2 - 2 r sd1 sd2)/n``; of shape (k,)."""
    m1, sd1, m2, sd2, r, n = floats(m1, sd1, m2, sd2, r, n)
    return m1 - m2, (sd1**2 + sd2**2 - 2 * r * sd1 * sd2) / n


def standardised_change(
    m1: ArrayLike, sd1: ArrayLike, m2: ArrayLike, sd2: ArrayLike, r: ArrayLike, n: ArrayLike
) -> Effects:
    """Mean change in standard deviations of the change.

    Parameters
    ----------
    m1, sd1, m2, sd2, r, n : array_like, shape (k,)
        Mean and standard deviation after, then before, their correlation, and the sample size.

    Returns
    -------
    yi, vi : ndarray, shape (k,)
        ``J(n - 1) (m1 - m2) / sd_change`` and ``1/n + yi^2/(2 n)``; NaN for ``n < 3``.

    References
    ----------
    Gibbons RD, Hedeker DR, Davis JM (1993). doi:10.3102/10769986018003271
    """
    m1, sd1, m2, sd2, r, n = floats(m1, sd1, m2, sd2, r, n)
    with np.errstate(divide="ignore", invalid="ignore"):
        yi = hedges_correction(n - 1) * (m1 - m2) / np.sqrt(sd1**2 + sd2**2 - 2 * r * sd1 * sd2)
    return where_defined(yi, 1 / n + yi**2 / (2 * n))


def standardised_change_by_before(
    m1: ArrayLike, m2: ArrayLike, sd2: ArrayLike, r: ArrayLike, n: ArrayLike
) -> Effects:
    """Mean change in standard deviations of the raw scores before.

    Parameters
    ----------
    m1, m2, sd2, r, n : array_like, shape (k,)
        Mean after, mean and standard deviation before, their correlation, and the sample size.

    Returns
    -------
    yi, vi : ndarray, shape (k,)
        ``J(n - 1) (m1 - m2) / sd2`` and ``2 (1 - r)/n + yi^2/(2 n)``; NaN for ``n < 3``.

    References
    ----------
    Becker BJ (1988). Synthesizing standardized mean-change measures. British Journal of Mathematical and Statistical
    Psychology 41:257-278. doi:10.1111/j.2044-8317.1988.tb00901.x
    """
    m1, m2, sd2, r, n = floats(m1, m2, sd2, r, n)
    yi = hedges_correction(n - 1) * (m1 - m2) / sd2
    return where_defined(yi, 2 * (1 - r) / n + yi**2 / (2 * n))


def heteroscedastic_change(
    m1: ArrayLike, m2: ArrayLike, sd2: ArrayLike, sd1: ArrayLike, r: ArrayLike, n: ArrayLike
) -> Effects:
    """Mean change in standard deviations of the raw scores before, where those after may spread otherwise.

    Parameters
    ----------
    m1, m2, sd2, sd1, r, n : array_like, shape (k,)
        Mean after, mean and standard deviation before, standard deviation after, correlation, sample size.

    Returns
    -------
    yi, vi : ndarray, shape (k,)
        ``yi = J(n - 1) (m1 - m2) / sd2``, and ``sd_change^2/(sd2^2 (n - 1)) + yi^2/(2 (n - 1))``, Bonett's with the
        corrected change, as in metafor 5; NaN for ``n < 3``.

    References
    ----------
    Bonett DG (2008). Confidence intervals for standardized linear contrasts of means. Psychological Methods
    13:99-109. doi:10.1037/1082-989X.13.2.99
    """
    m1, m2, sd2, sd1, r, n = floats(m1, m2, sd2, sd1, r, n)
    correction = hedges_correction(n - 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        yi = correction * (m1 - m2) / sd2
        change = sd1**2 + sd2**2 - 2 * r * sd1 * sd2
        return where_defined(yi, change / (sd2**2 * (n - 1)) + yi**2 / (2 * (n - 1)))


def log_ratio_of_paired_means(
    m1: ArrayLike, sd1: ArrayLike, m2: ArrayLike, sd2: ArrayLike, r: ArrayLike, n: ArrayLike
) -> Effects:
    """Log ratio of the means after and before in one sample.

    Parameters
    ----------
    m1, sd1, m2, sd2, r, n : array_like, shape (k,)
        Mean and standard deviation after, then before, their correlation, and the sample size.

    Returns
    -------
    yi, vi : ndarray, shape (k,)
        NaN where the means differ in sign or one is 0.

    References
    ----------
    Lajeunesse MJ (2011). On the meta-analysis of response ratios for studies with correlated and multi-group designs.
    Ecology 92:2049-2055. doi:10.1890/11-0423.1
    """
    m1, sd1, m2, sd2, r, n = floats(m1, sd1, m2, sd2, r, n)
    with np.errstate(divide="ignore", invalid="ignore"):
        cv1, cv2 = sd1 / m1, sd2 / m2
        return where_defined(np.log(m1 / m2), (cv1**2 + cv2**2 - 2 * r * cv1 * cv2) / n)
