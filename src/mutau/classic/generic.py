"""Inverse-variance pooling of effects with known sampling variances."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mutau.classic.confidence import mean_interval
from mutau.classic.heterogeneity import Heterogeneity, cochran
from mutau.classic.pooled_mean import PooledMean, pooled_mean
from mutau.classic.predicting import prediction_interval
from mutau.classic.requests import Request, checked_effects, request_faults
from mutau.classic.searches import search_note
from mutau.classic.tau2_intervals import tau2_limits
from mutau.records import ClassicResult

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["NO_PREDICTION", "inverse_variance", "nothing_pooled", "pool_effects", "scale_of"]

NO_LIMITS = (math.nan, math.nan)

NO_PREDICTION = "No prediction interval, and none for tau2: a common-effect result supposes no heterogeneity"

ONE_STUDY = "One study: tau2 cannot be estimated; the result is that study's own"


def inverse_variance(
    yi: ArrayLike,
    vi: ArrayLike,
    *,
    tau2: str = "REML",
    ci: str = "wald",
    prob: float = 0.95,
    prediction: str = "HTS",
    tau2_ci: str = "QP",
    seed: int = 0,
    labels: Sequence[str] | None = None,
) -> ClassicResult:
    """Pool effects by inverse variance, common-effect or random-effects.

    Parameters
    ----------
    yi, vi : array_like, shape (k,)
        Effects and their sampling variances on the analysis scale (log for ratios).
    tau2 : str
        Common effect (``"CE"``), or the estimator of the between-study variance: ``"DL"`` (DerSimonian-Laird),
        ``"PM"`` (Paule-Mandel), ``"REML"`` and ``"ML"`` (restricted and plain maximum likelihood), ``"EB"``
        (empirical Bayes, the same as PM), ``"HE"`` (Hedges), ``"HS"`` and ``"HSk"`` (Hunter-Schmidt without and with
        its correction for few studies), ``"SJ"`` (Sidik-Jonkman), ``"PMM"`` (median-unbiased Paule-Mandel),
        ``"GENQ"`` (generalised Q with weights ``1/sei``), ``"GENQM"`` and ``"GENQM(1/vi)"`` (its median-unbiased
        version, with weights ``1/sei`` and ``1/vi``), ``"DL2"`` (two-step DerSimonian-Laird).
    ci : str
        Confidence interval; see ``mutau.classic.confidence.mean_interval``. ``"wald"``, ``"t"``, ``"HK"`` (Hartung
        and Knapp), ``"HK-adhoc"``, ``"cochrane"``, ``"KR"`` (Kenward and Roger, with REML), ``"robust"`` (Huber and
        White's sandwich times k/(k - 1), t on k - 1), ``"robust-HC0"`` (without that factor), ``"SJ"`` (Sidik and
        Jonkman's sandwich); ``"permutation"``; ``"HC"`` (Henmi and Copas, with DL: the estimate is then the
        common-effect mean, with its weights), ``"PL"`` and ``"BC"`` (profile likelihood, and with Noma's
        Bartlett-type correction, with ML), ``"NNF"`` (Nagashima, Noma and Furukawa's bootstrap without random
        numbers, with DL).
    prob : float
        Coverage of the confidence and the prediction intervals.
    prediction : {"HTS", "t(k-1)", "normal", "HK", "HK(k-2)", "KR", "KR(df-1)", "SJ", "NNF"}
        Prediction interval. The first three use the conventional standard error of the mean whatever `ci` is, with t
        on k - 2 or k - 1 degrees of freedom, or z; the next two Hartung and Knapp's (the ad hoc one with
        ``ci="HK-adhoc"``), with t on k - 1 or k - 2; then Kenward and Roger's, with REML, on their degrees of
        freedom or one less; SJ Sidik and Jonkman's robust one, with t on k - 2. NNF is Nagashima, Noma and
        Furukawa's bootstrap; see ``mutau.classic.nagashima``.
    tau2_ci : {"QP", "PL", "BJ", "BT", "J", "SJ", "wald"}
        Confidence interval of tau2: Q-profile; profile likelihood (with ML or REML); generalised Q with weights
        ``1/vi``, exact (Biggerstaff-Jackson) or by a gamma approximation (Biggerstaff-Tweedie, whose upper limit may
        be far too high), or ``1/sei`` (Jackson); Sidik and Jonkman's (with SJ); Wald, which few studies make
        worthless. Those of I2 and H2 follow from it.
    seed : int
        For ``ci="permutation"`` with more than 13 studies: 2,000 sign patterns are then drawn at random.
    labels : sequence of str, optional
        Names of the studies, for messages.

    Returns
    -------
    ClassicResult
        On the analysis scale. What does not exist is NaN, with the reason in `notes`.

    Raises
    ------
    ArgumentError
        Effects that are not finite, variances that are not above 0, unequal lengths, no studies, unknown
        names: all at once. Numbers more than 20 powers of ten apart.

    Notes
    -----
    ``mean = sum w y / sum w``, ``w = 1/(vi + tau2)``, conventional standard error ``1/sqrt(sum w)``. Q, I2
    and H2: see ``mutau.classic.heterogeneity``. Hartung-Knapp with ``tau2="CE"`` uses the common-effect
    weights, as metafor does. I2 and H2's limits are those of tau2 put into their formulas. Estimators that search
    report NaN, and what was tried, rather than their last step.

    One study: its own effect and Wald interval; Q is 0 with no degrees of freedom; tau2 (unless ``"CE"``),
    I2, H2, the Q test, Hartung-Knapp and prediction intervals are NaN. A common-effect result has no
    prediction interval: it supposes that there is nothing to predict.

    Time: a permutation interval pools every sign pattern at some 60 means; 1,000 studies take 2 (DL) to 8 seconds
    (REML) of a core, and 100,000 a hundred times that. NNF takes a tenth of a second, and half a second for 100,000
    studies; GENQM, PL, BC, BJ and J up to as much. All others take milliseconds at most.

    Multiplying `yi` by c and `vi` by c^2 multiplies the results accordingly, bit by bit if c is a power of
    two: inside, everything is first brought to one scale by a power of two, and nothing is compared with an
    absolute number.

    Examples
    --------
    The BCG vaccine trials, log risk ratios, as `metafor` prints them (-0.7141 [-1.0644, -0.3638], tau2
    0.3088):

    >>> yi = [-0.8893, -1.5854, -1.3481, -1.4416, -0.2175, -0.7861, -1.6209,
    ...       0.0120, -0.4694, -1.3713, -0.3394, 0.4459, -0.0173]
    >>> vi = [0.3256, 0.1946, 0.4154, 0.0200, 0.0512, 0.0069, 0.2230,
    ...       0.0040, 0.0564, 0.0730, 0.0124, 0.5325, 0.0714]
    >>> result = inverse_variance(yi, vi, tau2="DL")
    >>> round(result.estimate, 2), round(result.lower, 2), round(result.upper, 2), round(result.tau2, 2)
    (-0.71, -1.06, -0.36, 0.31)

    Henmi and Copas' interval about the common-effect mean, as metafor's ``hc`` gives it (-0.4303 [-1.1555, 0.2949]):

    >>> result = inverse_variance(yi, vi, tau2="DL", ci="HC")
    >>> round(result.estimate, 2), round(result.lower, 2), round(result.upper, 2)
    (-0.43, -1.16, 0.29)
    """
    request = Request("IV", tau2, ci, prob, prediction, tau2_ci, seed)
    y, v = checked_effects(yi, vi, request_faults(request), labels)
    scale = scale_of(v)
    mean = pooled_mean(y / scale, v / (scale * scale), tau2, prob=prob)
    return pool_effects(mean, cochran(mean), request, scale=scale)


def scale_of(vi: NDArray[np.float64]) -> float:
    """Give a power of two near the first standard error: dividing by it changes no digit."""
    return math.ldexp(1.0, math.frexp(vi[0])[1] // 2)


def pool_effects(
    mean: PooledMean,
    spread: Heterogeneity,
    request: Request,
    *,
    scale: float = 1.0,
    notes: Sequence[str] = (),
) -> ClassicResult:
    """Make a result of a mean.

    Parameters
    ----------
    mean : PooledMean
        Of effects divided by `scale`, with Q-profile limits at the coverage that was asked for.
    spread : Heterogeneity
        Q and what follows.
    request : Request
        What was asked.
    scale : float
        What the results are multiplied by (tau2 by its square).
    notes : sequence of str
        Notes to go first.

    Returns
    -------
    ClassicResult
    """
    about_search = ONE_STUDY if mean.k == 1 and request.tau2 != "CE" else search_note(mean, scale)
    if not math.isfinite(mean.found) and mean.k > 1:
        return nothing_pooled(mean.k, spread, request, (*notes, about_search))
    interval = mean_interval(mean, request.ci, request.prob, request.seed)
    about_tau2 = _about_tau2(mean, spread, request)
    lower, upper, reason = _prediction(mean, request)
    shown = interval.mean or mean
    w = shown.w
    remarks = (
        about_search,
        _one_study_note(mean.k, request),
        _rule_note(request),
        *interval.notes,
        about_tau2.note,
        reason,
    )
    return ClassicResult(
        estimate=shown.estimate * scale,
        se=interval.se * scale,
        lower=interval.lower * scale,
        upper=interval.upper * scale,
        statistic=interval.statistic,
        df=interval.df,
        p_value=interval.p_value,
        tau2=mean.found * scale**2,
        tau2_se=about_tau2.se * scale**2,
        tau2_lower=about_tau2.tau2[0] * scale**2,
        tau2_upper=about_tau2.tau2[1] * scale**2,
        q=spread.q,
        q_df=spread.q_df,
        q_p_value=float(spread.q_p_value),
        i2=about_tau2.i2,
        i2_lower=about_tau2.i2_limits[0],
        i2_upper=about_tau2.i2_limits[1],
        h2=about_tau2.h2,
        h2_lower=about_tau2.h2_limits[0],
        h2_upper=about_tau2.h2_limits[1],
        prediction_lower=lower * scale,
        prediction_upper=upper * scale,
        k=mean.k,
        prob=request.prob,
        method=request.method,
        tau2_method=request.tau2,
        ci_method=request.ci,
        prediction_method=request.prediction,
        tau2_ci_method=request.tau2_ci,
        weights=tuple((100 * w / np.sum(w)).tolist()),
        notes=(*notes, *(remark for remark in remarks if remark)),
    )


@dataclass(frozen=True, slots=True)
class _AboutTau2:
    """Standard error and limits of tau2, and I2 and H2 with theirs; NaN where they do not exist."""

    i2: float
    h2: float
    se: float = math.nan
    tau2: tuple[float, float] = NO_LIMITS
    i2_limits: tuple[float, float] = NO_LIMITS
    h2_limits: tuple[float, float] = NO_LIMITS
    note: str = ""


def _about_tau2(mean: PooledMean, spread: Heterogeneity, request: Request) -> _AboutTau2:
    i2, h2 = map(float, spread.i2_h2(None if request.tau2 == "CE" else mean.found))
    if request.tau2 == "CE" or mean.k < 2:
        return _AboutTau2(i2, h2)
    lower, upper, note = tau2_limits(mean, request.tau2_ci, request.prob)
    (i2_lower, h2_lower), (i2_upper, h2_upper) = spread.i2_h2(lower), spread.i2_h2(upper)
    return _AboutTau2(i2, h2, mean.tau2_se, (lower, upper), (i2_lower, i2_upper), (h2_lower, h2_upper), note)


def _prediction(mean: PooledMean, request: Request) -> tuple[float, float, str]:
    if request.tau2 == "CE":
        return math.nan, math.nan, NO_PREDICTION
    return prediction_interval(mean, request.prediction, request.prob, at_least_one=request.ci == "HK-adhoc")


def _one_study_note(k: int, request: Request) -> str:
    if k > 1:
        return ""
    without = "Q test, I2 and H2 do not exist"
    return f"One study: {without}" if request.tau2 == "CE" else without


def _rule_note(request: Request) -> str:
    if request.ci == "cochrane" and request.tau2 != "REML":
        return f"Cochrane's rule goes with REML; tau2 here is {request.tau2}"
    return ""


def nothing_pooled(
    k: int, spread: Heterogeneity, request: Request, notes: Sequence[str] = ()
) -> ClassicResult:
    """Give only what needs no tau2; everything else NaN."""
    nan = math.nan
    return ClassicResult(
        estimate=nan,
        se=nan,
        lower=nan,
        upper=nan,
        statistic=nan,
        df=nan,
        p_value=nan,
        tau2=nan,
        tau2_se=nan,
        tau2_lower=nan,
        tau2_upper=nan,
        q=spread.q,
        q_df=spread.q_df,
        q_p_value=float(spread.q_p_value),
        i2=nan,
        i2_lower=nan,
        i2_upper=nan,
        h2=nan,
        h2_lower=nan,
        h2_upper=nan,
        prediction_lower=nan,
        prediction_upper=nan,
        k=k,
        prob=request.prob,
        method=request.method,
        tau2_method=request.tau2,
        ci_method=request.ci,
        prediction_method=request.prediction,
        tau2_ci_method=request.tau2_ci,
        weights=(nan,) * k,
        notes=tuple(notes),
    )
