"""Weighted means of effects, with all that their intervals are made from: one set of studies, or many."""

from __future__ import annotations

import functools
import itertools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import chdtri

from mutau.classic.estimators import ESTIMATORS, Estimator
from mutau.classic.quadratic import generalised_median
from mutau.numerics.pooling import (
    ESTIMATE,
    FACTS,
    FOUND,
    KNOWN,
    KR_SPREAD,
    LEVEL,
    LOWER,
    MAXIMA,
    RATIO,
    SANDWICH,
    SANDWICH_UNBIASED,
    SQUARES,
    TARGETS,
    TAU2_SE,
    TOTAL,
    TRACE,
    TYPICAL,
    UPPER,
    Q,
    pool_sets,
    scratch,
)
from mutau.numerics.tau2 import INVERSE
from mutau.numerics.threads import run_in_chunks

if TYPE_CHECKING:
    from numpy.typing import NDArray

    type Array = NDArray[np.float64]
    type Integers = NDArray[np.int64]

__all__ = ["PooledMean", "kenward_roger", "pooled_mean", "pooled_means"]

STEPS = 10_000
"""Evaluations allowed to each search for tau2: some twenty are used."""


@dataclass(frozen=True, slots=True)
class PooledMean:
    """An inverse-variance mean, or the means of many sets of studies; each number is then an array, shape (n,).

    Parameters
    ----------
    yi, vi : ndarray, shape (studies,)
        Effects and sampling variances, set after set.
    estimator : str
        Of tau2; a key of `ESTIMATORS`.
    k : int
        Number of studies.
    found, tau2_se : float
        Between-study variance, NaN for one study or where none was found, and its standard error.
    estimate, se : float
        ``sum w y / sum w`` and the conventional standard error, ``1/sqrt(sum w)``, ``w = 1/(vi + tau2)``; for one
        study its own.
    q : float
        Hartung and Knapp's q, which multiplies the squared conventional standard error: ``sum w (y - mean)^2 / (k -
        1)``; exactly 0 where the effects agree up to rounding, NaN for one study.
    cochran, typical : float
        Q about the common-effect mean, and the typical sampling variance; see `Heterogeneity`.
    q_lower, q_upper : float
        Q-profile limits of tau2; NaN where none were asked for.
    maxima : float
        Number of local maxima of the likelihood; 0 where the search failed.
    total, squares, trace, spread : float
        ``sum w``, ``sum w^2``, tr PP and ``sum w (w - squares/total)^2/total``: Kenward and Roger's ingredients.
    sandwich, sandwich_unbiased : float
        ``sum w^2 (y - mean)^2``, as it is and with each term over ``1 - w/total``: the robust errors' ingredients.
    """

    yi: Array
    vi: Array
    estimator: str
    k: Any
    found: Any
    tau2_se: Any
    estimate: Any
    se: Any
    q: Any
    cochran: Any
    typical: Any
    q_lower: Any
    q_upper: Any
    maxima: Any
    total: Any
    squares: Any
    trace: Any
    spread: Any
    sandwich: Any
    sandwich_unbiased: Any

    @property
    def tau2(self) -> float:
        """Between-study variance in the weights of one set; 0 for one study."""
        return 0.0 if self.k == 1 else float(self.found)

    @property
    def w(self) -> Array:
        """Weights of one set, shape (k,)."""
        weights: Array = 1 / (self.vi + self.tau2)
        return weights


def pooled_mean(
    yi: Array,
    vi: Array,
    estimator: str,
    *,
    tau2: float = math.nan,
    start: float = math.nan,
    prob: float = 0.0,
) -> PooledMean:
    """Pool one set of studies.

    Parameters
    ----------
    yi, vi : ndarray, shape (k,)
        Effects and sampling variances.
    estimator : str
        A key of `ESTIMATORS`.
    tau2 : float
        Between-study variance where it is known already (moment estimators and CE only).
    start : float
        Of Sidik and Jonkman's and the two-step estimator: another first tau2 than their own.
    prob : float
        Coverage of the Q-profile limits; 0 for none.

    Returns
    -------
    PooledMean

    Examples
    --------
    >>> mean = pooled_mean(np.array([0.0, 2.0, 1.0]), np.array([0.1, 0.2, 0.1]), "DL")
    >>> round(mean.found, 4), round(mean.estimate, 4)
    (0.75, 0.9636)
    """
    k = len(yi)
    targets, out = np.full((1, TARGETS), math.nan), np.empty((1, FACTS))
    targets[0] = _targets(estimator, k, prob)
    record = ESTIMATORS[estimator]
    if not math.isnan(tau2):
        targets[0, KNOWN] = tau2
    elif record.is_of_a_distribution:
        targets[0, KNOWN] = _median_tau2(yi, vi, record)
    if not math.isnan(start):
        targets[0, LEVEL] = start
    pool_sets(
        yi, vi, np.array([0, k]), 0, 1, record.way, record.kind, record.rule, targets, STEPS, out, *scratch(k)
    )
    return _from_facts(yi, vi, estimator, k, out[0].tolist())


def pooled_means(
    yi: Array, vi: Array, ends: Integers, estimator: str, *, prob: float = 0.0, threads: int | None = None
) -> PooledMean:
    """Pool many sets of studies: set i is ``yi[ends[i]:ends[i + 1]]``; otherwise as `pooled_mean`."""
    k = np.diff(ends)
    sizes, which = np.unique(k, return_inverse=True)
    targets = np.array([_targets(estimator, int(size), prob) for size in sizes])[which]
    out, record = np.empty((len(k), FACTS)), ESTIMATORS[estimator]
    if record.is_of_a_distribution:
        targets[:, KNOWN] = [_median_tau2(yi[a:b], vi[a:b], record) for a, b in itertools.pairwise(ends)]

    def work(first: int, last: int) -> None:
        pool_sets(
            yi, vi, ends, first, last, record.way, record.kind, record.rule, targets, STEPS, out,
            *scratch(int(np.max(k[first:last]))),
        )  # fmt: skip

    run_in_chunks(work, ends, threads)
    return _from_facts(yi, vi, estimator, k, out.T)


def _median_tau2(yi: Array, vi: Array, record: Estimator) -> float:
    """tau2 of an estimator by the distribution of Q; infinite where none is found, which the kernel makes NaN."""
    if len(yi) < 2:
        return math.nan
    tau2 = generalised_median(yi, vi, 1 / vi if record.kind == INVERSE else 1 / np.sqrt(vi))
    return math.inf if math.isnan(tau2) else tau2


@functools.lru_cache(maxsize=1000)
def _targets(estimator: str, k: int, prob: float) -> tuple[float, ...]:
    """What Q is set to, a known tau2, and the two levels of Q's profile, in the order of the kernel's columns."""
    level, df, tail = math.nan, k - 1, (1 - prob) / 2
    if df > 0:
        quantile = ESTIMATORS[estimator].quantile
        level = float(df) if quantile is None else float(chdtri(df, quantile))
        level = level if ESTIMATORS[estimator].is_of_q else math.nan
    profile = (
        (float(chdtri(df, tail)), float(chdtri(df, 1 - tail))) if prob > 0 and df > 0 else (math.nan,) * 2
    )
    return level, 0.0 if estimator == "CE" else math.nan, *profile


def _from_facts(yi: Array, vi: Array, estimator: str, k: Any, facts: Any) -> PooledMean:
    total = facts[TOTAL]
    return PooledMean(
        yi=yi,
        vi=vi,
        estimator=estimator,
        k=k,
        found=facts[FOUND],
        tau2_se=facts[TAU2_SE],
        estimate=facts[ESTIMATE],
        se=1 / (math.sqrt(total) if isinstance(total, float) else np.sqrt(total)),
        q=facts[RATIO],
        cochran=facts[Q],
        typical=facts[TYPICAL],
        q_lower=facts[LOWER],
        q_upper=facts[UPPER],
        maxima=facts[MAXIMA],
        total=total,
        squares=facts[SQUARES],
        trace=facts[TRACE],
        spread=facts[KR_SPREAD],
        sandwich=facts[SANDWICH],
        sandwich_unbiased=facts[SANDWICH_UNBIASED],
    )


def kenward_roger(mean: PooledMean) -> tuple[Any, Any]:
    """Kenward and Roger's standard error and degrees of freedom of a REML mean.

    Parameters
    ----------
    mean : PooledMean
        Of at least two studies.

    Returns
    -------
    se, df : float
        Standard error, enlarged for the uncertainty of tau2, and the degrees of freedom of its t distribution.

    Notes
    -----
    With ``W_p = sum w^p`` and the expected information on tau2 ``I = W_2/2 - W_3/W_1 + (W_2/W_1)^2/2``: variance
    ``(1 + 2 (W_3/W_1 - (W_2/W_1)^2)/I)/W_1``, degrees of freedom ``2 I/(variance W_2)^2``. Equal sampling variances
    give the conventional standard error and k - 1.

    References
    ----------
    Kenward MG, Roger JH (1997). Small sample inference for fixed effects from restricted maximum likelihood.
    Biometrics 53:983-997. doi:10.2307/2533558. Partlett C, Riley RD (2017). doi:10.1002/sim.7140
    """
    information = mean.trace / 2
    variance = (1 + 2 * mean.spread / information) / mean.total
    return np.sqrt(variance), 2 * information / (variance * mean.squares) ** 2
