"""From a Mantel-Haenszel estimate and the effects of the single studies to a result."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from mutau.classic.confidence import MeanInterval, wald_interval
from mutau.classic.generic import NO_PREDICTION, nothing_pooled, pool_effects
from mutau.classic.heterogeneity import Heterogeneity, heterogeneity, trace_term
from mutau.classic.pooled_mean import pooled_mean
from mutau.records import ClassicResult

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mutau.classic.requests import Request
    from mutau.classic.tables import TableEstimate

    type Array = NDArray[np.float64]

__all__ = ["StudyEffects", "common_effect", "random_effects"]


@dataclass(frozen=True, slots=True)
class StudyEffects:
    """Effects of the single studies, for Q and for the random-effects stage.

    Parameters
    ----------
    yi, vi : ndarray, shape (m,)
        Effects and variances of the studies that have one.
    kept : ndarray of bool, shape (k,)
        Which studies those are.
    notes : tuple of str
        What was corrected or left out.
    correction : str
        The first of them, if cells were corrected; else empty.
    """

    yi: Array
    vi: Array
    kept: NDArray[np.bool_]
    notes: tuple[str, ...]
    correction: str


def _spread(study: StudyEffects, pooled: TableEstimate) -> tuple[Heterogeneity, str]:
    if len(study.yi) < 2:
        return heterogeneity(study.yi, study.vi), "Fewer than two studies have an effect: no Q test, I2 or H2"
    if not math.isfinite(pooled.estimate):
        return Heterogeneity(math.nan, len(study.yi) - 1.0, math.nan, math.nan), "No Q: " + pooled.reason
    return heterogeneity(study.yi, study.vi, about=pooled.estimate), ""


def common_effect(
    pooled: TableEstimate, study: StudyEffects, informative: NDArray[np.bool_], request: Request
) -> ClassicResult:
    """Give the common-effect result; `informative` marks the studies that the estimate rests on."""
    spread, no_spread = _spread(study, pooled)
    i2, h2 = map(float, spread.i2_h2(None)) if math.isfinite(spread.q) else (math.nan, math.nan)
    if math.isfinite(pooled.se) and pooled.se > 0:
        mean = wald_interval(pooled.estimate, pooled.se, request.prob)
    else:
        reason = pooled.reason or "No standard error: nothing varies in any study"
        mean = MeanInterval(math.nan, math.nan, math.nan, math.nan, math.inf, math.nan, (reason,))
    weight = float(np.sum(pooled.weights))
    return ClassicResult(
        estimate=pooled.estimate,
        se=mean.se,
        lower=mean.lower,
        upper=mean.upper,
        statistic=mean.statistic,
        df=mean.df,
        p_value=mean.p_value,
        tau2=0.0,
        tau2_se=math.nan,
        tau2_lower=math.nan,
        tau2_upper=math.nan,
        q=spread.q,
        q_df=spread.q_df,
        q_p_value=spread.q_p_value,
        i2=i2,
        i2_lower=math.nan,
        i2_upper=math.nan,
        h2=h2,
        h2_lower=math.nan,
        h2_upper=math.nan,
        prediction_lower=math.nan,
        prediction_upper=math.nan,
        k=int(np.sum(informative)),
        prob=request.prob,
        method=request.method,
        tau2_method=request.tau2,
        ci_method=request.ci,
        prediction_method=request.prediction,
        tau2_ci_method=request.tau2_ci,
        weights=tuple(float(w) for w in 100 * pooled.weights / weight)
        if weight > 0
        else (math.nan,) * len(pooled.weights),
        notes=tuple(note for note in (*study.notes, *mean.notes, no_spread, NO_PREDICTION) if note),
    )


def random_effects(pooled: TableEstimate, study: StudyEffects, request: Request) -> ClassicResult:
    """Give the random-effects result, by DerSimonian and Laird from Q about the common-effect estimate."""
    k = len(study.yi)
    if k == 0:
        return replace(
            nothing_pooled(len(study.kept), Heterogeneity(math.nan, math.nan, math.nan, math.nan), request),
            k=0,
            notes=(*study.notes, "No study has an effect to pool"),
        )
    spread, no_spread = _spread(study, pooled)
    if k > 1 and not math.isfinite(spread.q):
        result = nothing_pooled(k, spread, request, (*study.notes, no_spread))
    else:
        tau2 = max(0.0, (spread.q - spread.q_df) / trace_term(1 / study.vi)) if k > 1 else math.nan
        mean = pooled_mean(study.yi, study.vi, "DL", tau2=tau2, prob=request.prob)
        result = pool_effects(mean, spread, request, notes=study.notes)
    weights = np.zeros(len(study.kept))
    weights[study.kept] = result.weights
    return replace(result, weights=tuple(float(w) for w in weights))
