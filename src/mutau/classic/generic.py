"""Inverse-variance pooling of effects with known sampling variances."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from mutau.classic.confidence import hartung_knapp_factor, mean_interval
from mutau.classic.heterogeneity import ESTIMATORS, Heterogeneity, Tau2, heterogeneity, weighted_mean
from mutau.classic.predicting import CONVENTIONS, prediction_interval
from mutau.classic.requests import Request, checked_effects, request_faults
from mutau.records import ClassicResult

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["inverse_variance", "nothing_pooled", "pool_effects", "scale_of"]

ONE_STUDY = "One study: tau2 cannot be estimated; the result is that study's own"


def inverse_variance(
    yi: ArrayLike,
    vi: ArrayLike,
    *,
    tau2: str = "REML",
    ci: str = "wald",
    prob: float = 0.95,
    prediction: str = "HTS",
    labels: Sequence[str] | None = None,
) -> ClassicResult:
    """Pool effects by inverse variance, common-effect or random-effects.

    Parameters
    ----------
    yi, vi : array_like, shape (k,)
        Effects and their sampling variances on the analysis scale (log for ratios).
    tau2 : {"CE", "DL", "PM", "REML"}
        Common effect, DerSimonian-Laird, Paule-Mandel, restricted maximum likelihood.
    ci : {"wald", "HK", "HK-adhoc", "cochrane"}
        Confidence interval; see `mutau.classic.confidence.mean_interval`.
    prob : float
        Coverage of the confidence and the prediction interval.
    prediction : {"HTS", "t(k-1)", "normal", "HK", "HK(k-2)"}
        Prediction interval. The first three use the conventional standard error of the mean whatever `ci` is,
        with t on k - 2 or k - 1 degrees of freedom, or z; the last two Hartung and Knapp's (the ad hoc one
        with ``ci="HK-adhoc"``), with t on k - 1 or k - 2.
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
        names: all at once.

    Notes
    -----
    ``mean = sum w y / sum w``, ``w = 1/(vi + tau2)``, conventional standard error ``1/sqrt(sum w)``. Q, I2
    and H2: see `mutau.classic.heterogeneity`. Hartung-Knapp with ``tau2="CE"`` uses the common-effect
    weights, as metafor does.

    One study: its own effect and Wald interval; Q is 0 with no degrees of freedom; tau2 (unless ``"CE"``),
    I2, H2, the Q test, Hartung-Knapp and prediction intervals are NaN. A common-effect result has no
    prediction interval: it supposes that there is nothing to predict.

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
    """
    request = Request("IV", tau2, ci, prob, prediction)
    y, v = checked_effects(yi, vi, request_faults(request), labels)
    scale = scale_of(v)
    y, v = y / scale, v / scale**2
    estimated = Tau2(math.nan, ONE_STUDY) if len(y) == 1 and tau2 != "CE" else ESTIMATORS[tau2](y, v)
    return pool_effects(y, v, estimated, heterogeneity(y, v), request, scale=scale)


def scale_of(vi: NDArray[np.float64]) -> float:
    """Give the power of two nearest to a typical standard error: dividing by it changes no digit."""
    return 2.0 ** round(float(np.median(np.log2(vi))) / 2)


def pool_effects(
    yi: NDArray[np.float64],
    vi: NDArray[np.float64],
    tau2: Tau2,
    spread: Heterogeneity,
    request: Request,
    *,
    scale: float = 1.0,
    notes: Sequence[str] = (),
) -> ClassicResult:
    """Pool checked effects with a given tau2.

    Parameters
    ----------
    yi, vi : ndarray, shape (k,)
        Effects and variances, divided by `scale` and its square.
    tau2 : Tau2
        Between-study variance, on the same divided scale.
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
    k = len(yi)
    if not math.isfinite(tau2.value) and k > 1:
        return nothing_pooled(k, spread, request, (*notes, tau2.note))
    used = 0.0 if k == 1 else tau2.value
    w = 1 / (vi + used)
    estimate, se = weighted_mean(yi, w), 1 / math.sqrt(float(np.sum(w)))
    q = hartung_knapp_factor(yi, vi, used)
    mean = mean_interval(estimate, se, k, q, tau2.value, request.ci, request.prob)
    i2, h2 = spread.i2_h2(None if request.tau2 == "CE" else tau2.value)
    lower, upper, reason = _prediction(estimate, used, se, q, k, request)
    remarks = (tau2.note, _one_study_note(k, request), _rule_note(request), *mean.notes, reason)
    return ClassicResult(
        estimate=estimate * scale,
        se=mean.se * scale,
        lower=mean.lower * scale,
        upper=mean.upper * scale,
        statistic=mean.statistic,
        df=mean.df,
        p_value=mean.p_value,
        tau2=tau2.value * scale**2,
        q=spread.q,
        q_df=spread.q_df,
        q_p_value=spread.q_p_value,
        i2=i2,
        h2=h2,
        prediction_lower=lower * scale,
        prediction_upper=upper * scale,
        k=k,
        prob=request.prob,
        method=request.method,
        tau2_method=request.tau2,
        ci_method=request.ci,
        prediction_method=request.prediction,
        weights=tuple(float(share) for share in 100 * w / np.sum(w)),
        notes=(*notes, *(remark for remark in remarks if remark)),
    )


def _prediction(
    estimate: float, tau2: float, se: float, q: float, k: int, request: Request
) -> tuple[float, float, str]:
    if request.tau2 == "CE":
        return math.nan, math.nan, "No prediction interval: a common-effect result supposes no heterogeneity"
    if CONVENTIONS[request.prediction].hartung_knapp:
        factor = max(1.0, q) if request.ci == "HK-adhoc" else q
        se = math.sqrt(factor) * se if factor > 0 else math.nan
    return prediction_interval(estimate, tau2, se, k, request.prob, request.prediction)


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
        q=spread.q,
        q_df=spread.q_df,
        q_p_value=spread.q_p_value,
        i2=nan,
        h2=nan,
        prediction_lower=nan,
        prediction_upper=nan,
        k=k,
        prob=request.prob,
        method=request.method,
        tau2_method=request.tau2,
        ci_method=request.ci,
        prediction_method=request.prediction,
        weights=(nan,) * k,
        notes=tuple(notes),
    )
