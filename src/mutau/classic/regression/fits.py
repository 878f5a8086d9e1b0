"""Meta-regression: effects regressed on moderators, with known sampling variances and a residual tau2."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import chdtrc

from mutau.classic.confidence import BELOW_ONE, p_values
from mutau.classic.estimators import ESTIMATORS
from mutau.classic.generic import scale_of
from mutau.classic.heterogeneity import Heterogeneity
from mutau.classic.pooled_mean import pooled_mean
from mutau.classic.predicting import quantile
from mutau.classic.regression import residual_tau2
from mutau.classic.regression.covariances import COVARIANCES, WeightedFit, conventional
from mutau.classic.regression.designs import Design
from mutau.classic.regression.requests import (
    column_names,
    design_matrix,
    regression_faults,
    size_faults,
    tested_places,
)
from mutau.classic.regression.residual_tau2 import Found, MixedModel, estimate
from mutau.classic.regression.results import RegressionResult, joint_test
from mutau.classic.regression.tau2_limits import residual_limits
from mutau.classic.requests import checked_effects
from mutau.errors import ArgumentError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from mutau.classic.regression.designs import Array

__all__ = ["meta_regression"]

NO_SPREAD = 1e-20
"""Hartung and Knapp's q at or below this is 0: the effects lie on the regression to 1e-10 of their errors."""

ROUNDING = 64 * float(np.finfo(float).eps)
"""Effects apart from their fitted values by no more than this share of their size lie on the regression."""


def meta_regression(
    yi: ArrayLike,
    vi: ArrayLike,
    x: ArrayLike,
    *,
    names: Sequence[str] | None = None,
    tau2: str = "REML",
    ci: str = "wald",
    prob: float = 0.95,
    prediction: str = "HTS",
    tau2_ci: str = "QP",
    tested: Sequence[str] | None = None,
    labels: Sequence[str] | None = None,
) -> RegressionResult:
    """Regress effects on moderators: weighted least squares with weights ``1/(vi + tau2)``.

    Parameters
    ----------
    yi, vi : array_like, shape (k,)
        Effects and their sampling variances on the analysis scale (log for ratios).
    x : array_like, shape (k, p)
        Design matrix, its column of ones included; k above p. One dimension is one moderator beside an intercept.
    names : sequence of str, optional
        Of the columns; by default ``"intercept"`` for one that is 1 throughout, else ``"x1"``, ``"x2"``, ...
    tau2 : str
        Common effect or the estimator of the residual between-study variance, as in `inverse_variance`.
    ci : {"wald", "t", "HK", "HK-adhoc", "robust", "robust-HC0"}
        Covariance and distribution of the coefficients. All but Wald's refer to t with k - p degrees of freedom. HK
        multiplies the conventional covariance ``(X'WX)^-1`` by q, HK-adhoc by the larger of q and 1. robust-HC0 is
        Huber and White's sandwich ``(X'WX)^-1 X'W diag(e^2) W X (X'WX)^-1``, robust the same times ``k/(k - p)``
        (metafor's ``robust()`` with ``adjust=FALSE`` and ``TRUE``, a study to a cluster).
    prob : float
        Coverage of all intervals.
    prediction : {"HTS", "t(k-1)", "normal", "HK", "HK(k-2)"}
        Prediction interval at stated moderators, as in `inverse_variance`, with k - p degrees of freedom for k - 1
        and k - p - 1 for k - 2.
    tau2_ci : {"QP", "PL", "BJ", "J", "wald"}
        Confidence interval of the residual tau2: Q-profile, profile likelihood (with ML or REML), generalised Q with
        weights ``1/vi`` or ``1/sei``, Wald. Those of I2 and H2 follow from it.
    tested : sequence of str, optional
        Coefficients that are tested together; by default all but the intercept.
    labels : sequence of str, optional
        Names of the studies, for messages.

    Returns
    -------
    RegressionResult
        On the analysis scale. What does not exist is NaN, with the reason in `notes`.

    Raises
    ------
    ArgumentError
        Wrong effects, moderators or names, no more studies than coefficients, columns that say nothing of their own:
        all at once.

    Notes
    -----
    QE is Cochran's Q around the common-effect regression, chi-squared on k - p. Residual I2 and H2 put tau2 beside
    the typical variance ``(k - p)/tr P``, P with weights ``1/vi``; with ``tau2="CE"`` they follow from QE. R2 is
    ``100 (tau2_without - tau2)/tau2_without``, at least 0. QM tests coefficients together: chi-squared for Wald's
    covariance, else F on k - p.

    ML and REML take the global maximum of their likelihood (``mutau.classic.regression.residual_tau2`` says why none
    is missed) and say so where there are several. Nothing is compared with an absolute number; columns may be of any
    size.

    References
    ----------
    Berkey CS, Hoaglin DC, Mosteller F, Colditz GA (1995). A random-effects regression model for meta-analysis.
    Statistics in Medicine 14:395-411. doi:10.1002/sim.4780140406. Knapp G, Hartung J (2003). Improved tests for a
    random effects meta-regression with a single covariate. Statistics in Medicine 22:2693-2710. doi:10.1002/sim.1482.
    Raudenbush SW (2009). In: The Handbook of Research Synthesis and Meta-Analysis, 2nd ed., 295-315. López-López JA,
    Marín-Martínez F, Sánchez-Meca J, Van den Noortgate W, Viechtbauer W (2014). Estimation of the predictive power of
    the model in mixed-effects meta-regression. British Journal of Mathematical and Statistical Psychology 67:30-48.
    doi:10.1111/bmsp.12002

    Examples
    --------
    The BCG vaccine trials by absolute latitude (metafor: 0.2515 and -0.0291, tau2 0.0764, R2 75.6%):

    >>> yi = [-0.8893, -1.5854, -1.3481, -1.4416, -0.2175, -0.7861, -1.6209,
    ...       0.0120, -0.4694, -1.3713, -0.3394, 0.4459, -0.0173]
    >>> vi = [0.3256, 0.1946, 0.4154, 0.0200, 0.0512, 0.0069, 0.2230,
    ...       0.0040, 0.0564, 0.0730, 0.0124, 0.5325, 0.0714]
    >>> latitude = [44, 55, 42, 52, 13, 44, 19, 13, 27, 42, 18, 33, 33]
    >>> result = meta_regression(yi, vi, latitude, names=["intercept", "latitude"])
    >>> [round(b, 3) for b in result.estimate], round(result.tau2, 3), round(result.r2)
    ([0.251, -0.029], 0.076, 76)
    """
    faults = regression_faults(tau2, ci, prob, prediction, tau2_ci)
    design, design_faults = design_matrix(x)
    y, v = checked_effects(yi, vi, faults + design_faults, labels)
    known = column_names(design, names)
    faults = size_faults(design, known, len(y), names)
    if faults:
        raise ArgumentError(faults)
    order = np.argsort(v, kind="stable")
    space, design_faults = Design.of(design[order], known)
    places, name_faults = tested_places(tested, known, design)
    if design_faults or name_faults:
        raise ArgumentError([*design_faults, *name_faults])
    scale = scale_of(v)
    ask = _Asked(known, places, tau2, ci, float(prob), prediction, tau2_ci, scale)
    return _regress(y[order] / scale, v[order] / scale**2, space, order, ask)


@dataclass(frozen=True, slots=True)
class _Asked:
    """What was asked, checked."""

    names: tuple[str, ...]
    tested: list[int]
    tau2: str
    ci: str
    prob: float
    prediction: str
    tau2_ci: str
    scale: float


def _regress(y: Array, v: Array, space: Design, order: Any, ask: _Asked) -> RegressionResult:
    first = MixedModel(y, v, space.basis, 0.0).at(0.0)
    common = first.coefficients(y)
    apart = y - space.basis @ common
    if np.max(np.abs(apart)) <= ROUNDING * np.max(np.abs(y)):
        apart = np.zeros_like(y)
    model = MixedModel(apart, v, space.basis, float(np.var(y)))
    found = estimate(model, ask.tau2)
    fit = _fit(model, space, found.tau2, common)
    qe = first.quadratic(apart)
    spread = Heterogeneity(qe, float(model.df), float(chdtrc(model.df, qe)), model.df / first.trace())
    notes = [_search_note(found, ask)]
    covariance = COVARIANCES[ask.ci](fit)
    notes += _interval_notes(ask, fit, model.df)
    return RegressionResult(
        names=ask.names,
        **_coefficients(fit.coefficients, covariance, model.df, ask),
        conventional=_rows(conventional(fit) * ask.scale**2),
        **_heterogeneity(model, found, spread, ask, notes),
        **_explained(y, v, space, found, spread, ask, notes),
        q=fit.q,
        **_likelihood(model, space, found, ask),
        k=len(y),
        prob=ask.prob,
        tau2_method=ask.tau2,
        ci_method=ask.ci,
        prediction_method=ask.prediction,
        tau2_ci_method=ask.tau2_ci,
        weights=_back(100 * fit.projection.w / np.sum(fit.projection.w), order),
        fitted=_back((y - fit.residuals) * ask.scale, order),
        notes=tuple(note for note in notes if note),
    )


def _fit(model: MixedModel, space: Design, tau2: float, common: Array) -> WeightedFit:
    """Fit the effects of `model`, which lack the combination `common` of the basis; all NaN where tau2 is."""
    p = model.at(tau2)
    if math.isnan(tau2):
        lost = np.full_like(common, math.nan)
        return WeightedFit(
            p, lost, np.full_like(space.back, math.nan), np.full_like(model.y, math.nan), math.nan
        )
    weighted = p.residual(model.y)
    q = float(weighted @ weighted) / model.df
    lift = space.back @ np.linalg.inv(p.r)
    beta = space.back @ (common + p.coefficients(model.y))
    return WeightedFit(p, beta, lift, weighted / p.root, 0.0 if q <= NO_SPREAD else q)


def _coefficients(beta: Array, covariance: Array, df: int, ask: _Asked) -> dict[str, Any]:
    """Estimates, their errors, tests and limits, and the test of several together."""
    se = np.sqrt(np.diag(covariance))
    freedom = math.inf if ask.ci == "wald" else float(df)
    statistic = beta / se
    half = quantile(freedom, ask.prob) * se
    chosen = np.ix_(ask.tested, ask.tested)
    test = joint_test([ask.names[i] for i in ask.tested], beta[ask.tested], covariance[chosen], freedom)
    scaled = {"estimate": beta, "se": se, "lower": beta - half, "upper": beta + half}
    numbers = {name: tuple((values * ask.scale).tolist()) for name, values in scaled.items()}
    return numbers | {
        "statistic": tuple(statistic.tolist()),
        "p_value": tuple(p_values(statistic, freedom).tolist()),
        "df": freedom,
        "covariance": _rows(covariance * ask.scale**2),
        "moderators": test,
    }


def _heterogeneity(
    model: MixedModel, found: Found, spread: Heterogeneity, ask: _Asked, notes: list[str]
) -> dict[str, Any]:
    """tau2 with its error and limits, and I2 and H2 with theirs; NaN where they do not exist."""
    unit = ask.scale**2
    i2, h2 = map(float, spread.i2_h2(None if ask.tau2 == "CE" else found.tau2))
    lower = upper = math.nan
    if ask.tau2 != "CE" and math.isfinite(found.tau2):
        lower, upper, note = residual_limits(model, found, ask.tau2, ask.tau2_ci, ask.prob)
        notes.append(note)
    (i2_lower, h2_lower), (i2_upper, h2_upper) = spread.i2_h2(lower), spread.i2_h2(upper)
    return {
        "tau2": found.tau2 * unit,
        "tau2_se": found.se * unit,
        "tau2_lower": lower * unit,
        "tau2_upper": upper * unit,
        "i2": i2,
        "i2_lower": float(i2_lower),
        "i2_upper": float(i2_upper),
        "h2": h2,
        "h2_lower": float(h2_lower),
        "h2_upper": float(h2_upper),
        "qe": spread.q,
        "qe_df": spread.q_df,
        "qe_p_value": spread.q_p_value,
    }


def _explained(
    y: Array, v: Array, space: Design, found: Found, spread: Heterogeneity, ask: _Asked, notes: list[str]
) -> dict[str, Any]:
    """R2, and tau2 without moderators."""
    without = pooled_mean(y, v, ask.tau2)
    known = {"tau2_without": float(without.found) * ask.scale**2, "r2": math.nan}
    k, df = len(y), spread.q_df
    if not math.isfinite(without.found + found.tau2):
        notes.append("No R2: tau2 with or without moderators was not found")
    elif not space.has_constant:
        notes.append("No R2: without an intercept there is no model without moderators to compare with")
    elif df == k - 1:
        notes.append("No R2: the model has no moderators")
    elif ask.tau2 == "CE":
        if without.cochran > 0:
            known["r2"] = max(0.0, 100 * (1 - spread.q / without.cochran * (k - 1) / df))
        else:
            notes.append("No R2: without moderators too the effects are all equal")
    elif without.found > 0:
        known["r2"] = max(0.0, 100 * (without.found - found.tau2) / without.found)
    else:
        notes.append("No R2: tau2 without moderators is 0, so there is no heterogeneity to account for")
    return known


def _likelihood(model: MixedModel, space: Design, found: Found, ask: _Asked) -> dict[str, Any]:
    """Log likelihood with its constants, on the scale of the effects, and the criteria made of it."""
    restricted = ask.tau2 == "REML"
    count = model.df if restricted else len(model.y)
    if math.isnan(found.tau2):
        return dict.fromkeys(("log_likelihood", "aic", "bic"), math.nan)
    value = model.log_likelihood(found.tau2, restricted) - count * math.log(ask.scale)
    parameters = space.basis.shape[1] + (ask.tau2 != "CE")
    return {
        "log_likelihood": value,
        "aic": 2 * parameters - 2 * value,
        "bic": math.log(count) * parameters - 2 * value,
    }


def _search_note(found: Found, ask: _Asked) -> str:
    name = ask.tau2
    if math.isnan(found.tau2):
        record = ESTIMATORS[name]
        tried = (
            f"{residual_tau2.STEPS} of Newton's steps from 0"
            if record.is_of_q
            else f"{residual_tau2.STEPS} halvings of intervals"
        )
        return f"No regression: {name} found no residual tau2 for these effects (tried: {tried})"
    if len(found.maxima) < 2:
        return ""
    places = ", ".join(f"{ask.scale * math.sqrt(tau2):.4g}" for tau2 in found.maxima)
    kind = "restricted likelihood" if name == "REML" else "likelihood"
    return f"The {kind} has {len(found.maxima)} maxima, at tau = {places}; the highest is used"


def _interval_notes(ask: _Asked, fit: WeightedFit, df: int) -> list[str]:
    if math.isnan(fit.q) or ask.ci == "wald":
        return []
    notes = []
    if fit.q == 0 and ask.ci not in ("t", "HK-adhoc"):
        notes.append(f"No {ask.ci} interval: the effects lie on the regression, so it would have no width")
    elif ask.ci == "HK" and fit.q < BELOW_ONE:
        notes.append(f"HK: q = {fit.q:.3g} is below 1, so standard errors are below the conventional ones")
    if df == 1:
        notes.append(f"{ask.ci}: 1 degree of freedom, a multiplier of {quantile(1.0, ask.prob):.3g}")
    return notes


def _rows(matrix: Array) -> tuple[tuple[float, ...], ...]:
    return tuple(map(tuple, matrix.tolist()))


def _back(values: Array, order: Any) -> tuple[float, ...]:
    """Bring the studies into the order of the data."""
    found = np.empty_like(values)
    found[order] = values
    return tuple(found.tolist())
