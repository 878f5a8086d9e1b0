"""The bivariate model: true values of both arms vary together, so their difference may depend on the control arm."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import chdtrc, logit, ndtr

from mutau.classic.generic import scale_of
from mutau.classic.predicting import quantile
from mutau.classic.requests import checked_effects
from mutau.classic.unstructured import Maximum, Pairs, component_covariance, maximum
from mutau.errors import ArgumentError, Fault, nearest

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike, NDArray

__all__ = ["BIVARIATE_METHODS", "BaselineLine", "Bivariate", "Estimated", "bivariate_means"]

BIVARIATE_METHODS = ("REML", "ML")
"""How the between-study covariance is estimated."""

LEAST_STUDIES = 3

NO_CHANGE = "No standard error of the slope: the between-study covariance lies on the boundary"

EMPTY = (math.nan, math.nan)


@dataclass(frozen=True, slots=True)
class Estimated:
    """An estimate with its standard error, Wald's confidence limits and the two-sided p-value of it being 0."""

    estimate: float
    se: float
    lower: float
    upper: float
    p_value: float


@dataclass(frozen=True, slots=True)
class BaselineLine:
    """How the effect depends on the control arm: the line of the true difference on the true control value.

    Parameters
    ----------
    slope : Estimated
        Change of the difference (treatment less control) per unit of the control arm; 0: it does not depend on it.
    intercept : Estimated
        Difference where the control value is 0 (log odds 0: a risk of one half).
    residual_tau2 : float
        Between-study variance of the difference about the line.
    explained : float
        Share of the between-study variance of the difference that goes with the control arm, 0 to 1.
    """

    slope: Estimated
    intercept: Estimated
    residual_tau2: float
    explained: float


@dataclass(frozen=True, slots=True)
class Bivariate:
    """Means of both arms and of their difference, with the between-study covariance, on the analysis scale.

    What does not exist is NaN, and `notes` says why.

    Parameters
    ----------
    control, treatment, difference : Estimated
        Mean true values of the arms, and treatment less control: of log odds, the log odds ratio.
    tau2_control, tau2_treatment, tau2 : float
        Between-study variances of the arms, and of the difference.
    covariance, rho : float
        Between-study covariance and correlation of the arms.
    prediction_lower, prediction_upper : float
        Normal prediction limits of the difference in a new study; tau2 is taken as known.
    line : BaselineLine
        How the difference depends on the control arm.
    log_likelihood : float
        Restricted with REML, with all constants.
    q, q_df, q_p_value : float
        Cochran's Q of both arms' values together, and its test.
    k : int
        Number of studies.
    prob : float
        Coverage of all intervals.
    method : {"REML", "ML"}
        As asked.
    measure : str
        What the arms' values are: ``"log odds"``, or empty for ready-made ones.
    provenance : tuple of str
        Where the numbers come from.
    notes : tuple of str
        What a reader must know: corrections made, a boundary, a search that did not settle.
    """

    control: Estimated
    treatment: Estimated
    difference: Estimated
    tau2_control: float
    tau2_treatment: float
    tau2: float
    covariance: float
    rho: float
    prediction_lower: float
    prediction_upper: float
    line: BaselineLine
    log_likelihood: float
    q: float
    q_df: float
    q_p_value: float
    k: int
    prob: float
    method: str
    measure: str = ""
    provenance: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def effect_at(self, risk: float) -> Estimated:
        """Give the mean log odds ratio of studies whose true risk in the control arm is `risk`.

        Parameters
        ----------
        risk : float
            Between 0 and 1.

        Returns
        -------
        Estimated
            On the line; its interval is of that mean, not of one study, whose effect varies about it by
            `line.residual_tau2`. Beyond the risks of the studies it is an extrapolation.

        Raises
        ------
        ArgumentError
            `risk` is no risk, or the values are not log odds.

        Examples
        --------
        >>> found = bivariate_means([-1, -2.1, 0.4, -1.7], [0.1, 0.2, 0.1, 0.1], [-0.4, -1, 1, -0.6], [0.1] * 4)
        >>> from dataclasses import replace
        >>> at = replace(found, measure="log odds").effect_at(0.5)
        >>> at.estimate == found.line.intercept.estimate
        True
        """
        if self.measure != "log odds" or not 0 < risk < 1:
            what = (
                f"risk={risk}" if self.measure == "log odds" else "values that are not known to be log odds"
            )
            rule = "An effect is asked for at a risk between 0 and 1, of log odds"
            raise ArgumentError(Fault(what, rule, "Use 0.1, with mutau.bivariate", key="risk"))
        steep, at = self.line.slope.estimate, float(logit(risk))
        value = self.line.intercept.estimate + steep * at
        return _estimated(value, self._line_variance(at), self.prob)

    def _line_variance(self, at: float) -> float:
        """Variance of the line at a control value: of the means, and of the slope away from the control mean."""
        c, t = self.control.se**2, self.treatment.se**2
        between = (c + t - self.difference.se**2) / 2
        steep = self.line.slope.estimate + 1
        means = t + steep**2 * c - 2 * steep * between
        return means + ((at - self.control.estimate) * self.line.slope.se) ** 2

    def to_frame(self) -> pd.DataFrame:
        """Make a frame of one row per quantity, on the analysis scale.

        ``control``, ``treatment``, ``difference`` with their between-study variances, ``slope`` and ``intercept`` of
        the difference on the control arm; the prediction limits are those of the difference.
        """
        import pandas as pd

        rows = {
            "control": (self.control, self.tau2_control),
            "treatment": (self.treatment, self.tau2_treatment),
            "difference": (self.difference, self.tau2),
            "slope": (self.line.slope, math.nan),
            "intercept": (self.line.intercept, self.line.residual_tau2),
        }
        names = ("estimate", "se", "lower", "upper", "p_value")
        frame = pd.DataFrame(
            [{"quantity": q} | {n: getattr(e, n) for n in names} | {"tau2": t} for q, (e, t) in rows.items()]
        )
        of_difference = frame["quantity"] == "difference"
        return frame.assign(
            prediction_lower=np.where(of_difference, self.prediction_lower, math.nan),
            prediction_upper=np.where(of_difference, self.prediction_upper, math.nan),
            rho=self.rho, explained=self.line.explained, log_likelihood=self.log_likelihood, k=self.k,
            prob=self.prob, kind="confidence", prediction_kind="prediction", method=self.method, measure=self.measure,
            provenance="; ".join(self.provenance), notes="\n".join(self.notes),
        )  # fmt: skip


def bivariate_means(
    y_treatment: ArrayLike,
    v_treatment: ArrayLike,
    y_control: ArrayLike,
    v_control: ArrayLike,
    *,
    method: str = "REML",
    prob: float = 0.95,
    labels: Sequence[str] | None = None,
) -> Bivariate:
    """Pool the values of both arms together, with an unstructured between-study covariance.

    Parameters
    ----------
    y_treatment, v_treatment, y_control, v_control : array_like, shape (k,)
        Values of the arms (log odds, for instance) and their sampling variances, independent of one another.
    method : {"REML", "ML"}
        How the between-study covariance is estimated.
    prob : float
        Coverage of confidence and prediction intervals.
    labels : sequence of str, optional
        Names of the studies, for messages.

    Returns
    -------
    Bivariate
        On the scale of the values.

    Raises
    ------
    ArgumentError
        Values that are not finite, variances that are not above 0, unequal lengths, fewer than three studies, unknown
        names: all at once.

    Notes
    -----
    ``(y_c, y_t)_i ~ N(theta_i, diag(v_ci, v_ti))``, ``theta_i ~ N(mu, Sigma)``. Means by generalised least squares;
    Sigma by maximum or restricted maximum likelihood: see ``mutau.classic.unstructured.maximum``. Wald's intervals
    take Sigma as known and are too narrow for few studies. The line of the difference on the control arm has slope
    ``Sigma_ct/Sigma_cc - 1``: it is of the true values, so it is not biased by the control arm's sampling error being
    part of the difference, as a regression of observed on observed values is. The slope's standard error is by the
    delta method from the observed information on Sigma, the intercept's from that and the covariance of the means.

    Where the likelihood is highest on the boundary (a correlation of 1 or -1, or no variance at all) this is the
    answer and is said; the information is then no guide to standard errors of the line.

    References
    ----------
    van Houwelingen HC, Arends LR, Stijnen T (2002). Advanced methods in meta-analysis: multivariate approach and
    meta-regression. Statistics in Medicine 21:589-624. doi:10.1002/sim.1040. van Houwelingen HC, Zwinderman KH,
    Stijnen T (1993). A bivariate approach to meta-analysis. Statistics in Medicine 12:2273-2284.
    doi:10.1002/sim.4780122405

    Examples
    --------
    >>> found = bivariate_means(
    ...     [-1.0, -2.1, -0.4, -1.7], [0.1, 0.2, 0.1, 0.1], [-0.4, -1.2, 0.3, -0.6], [0.1, 0.1, 0.2, 0.1], method="ML"
    ... )
    >>> round(found.difference.estimate, 3), round(found.tau2, 3)
    (-0.78, 0.017)
    """
    (y_t, v_t), (y_c, v_c) = _checked(y_treatment, v_treatment, y_control, v_control, method, prob, labels)
    scale = scale_of(v_c)
    pairs = Pairs(
        np.column_stack([y_c, y_t]) / scale, np.column_stack([v_c, v_t]) / scale**2, method == "REML"
    )
    found, reason = maximum(pairs)
    if found is None:
        return _nothing(len(y_t), method, prob, reason)
    return _result(pairs, found, scale, method, prob)


def _checked(
    y_t: ArrayLike,
    v_t: ArrayLike,
    y_c: ArrayLike,
    v_c: ArrayLike,
    method: str,
    prob: float,
    labels: Sequence[str] | None,
) -> tuple[tuple[NDArray[np.float64], ...], ...]:
    faults = []
    if method not in BIVARIATE_METHODS:
        remedy = nearest(str(method), BIVARIATE_METHODS)
        faults.append(Fault(f"method={method!r}", "The covariance is estimated by", remedy, key="method"))
    if not 0 < prob < 1:
        faults.append(Fault(f"prob={prob}", "A coverage lies between 0 and 1", "Use 0.95", key="prob"))
    arms = []
    for arm, y, v in (("treatment", y_t, v_t), ("control", y_c, v_c)):
        try:
            arms.append(checked_effects(y, v, [], labels))
        except ArgumentError as error:
            faults += [
                Fault(f"{arm}: {f.what}", f.rule, f.remedy, study=f.study, key=f.key) for f in error.faults
            ]
    if not faults and len(arms[0][0]) != len(arms[1][0]):
        what = f"{len(arms[0][0])} treatment and {len(arms[1][0])} control arms"
        faults.append(Fault(what, "Each study has both arms", "Give arrays of one length", key="y_control"))
    elif not faults and len(arms[0][0]) < LEAST_STUDIES:
        few = f"{len(arms[0][0])} {'study' if len(arms[0][0]) == 1 else 'studies'}"
        rule = f"Two means and three numbers of a covariance need at least {LEAST_STUDIES} studies"
        faults.append(Fault(few, rule, "Pool the differences: mutau.pool", key="studies"))
    if faults:
        raise ArgumentError(faults)
    return tuple(arms)


def _estimated(estimate: float, variance: float, prob: float, scale: float = 1.0) -> Estimated:
    se = math.sqrt(variance) if variance >= 0 else math.nan
    half = quantile(math.inf, prob) * se
    p_value = 2 * float(ndtr(-abs(estimate) / se)) if se > 0 else math.nan
    return Estimated(
        estimate * scale, se * scale, (estimate - half) * scale, (estimate + half) * scale, p_value
    )


def _result(pairs: Pairs, found: Maximum, scale: float, method: str, prob: float) -> Bivariate:
    k, squared = len(pairs.y), scale * scale
    (s11, s12), (_, s22) = found.sigma.tolist()
    contrast = np.array([-1.0, 1.0])
    tau2 = max(0.0, float(contrast @ found.sigma @ contrast))
    variance = float(contrast @ found.covariance @ contrast)
    means = found.means.tolist()
    difference = _estimated(means[1] - means[0], variance, prob, scale)
    half = quantile(math.inf, prob) * math.sqrt(variance + tau2) * scale
    arms = (_estimated(means[i], float(found.covariance[i, i]), prob, scale) for i in (0, 1))
    control, treatment = arms
    degrees = 2 * (k - 1)
    return Bivariate(
        control,
        treatment,
        difference,
        s11 * squared,
        s22 * squared,
        tau2 * squared,
        s12 * squared,
        s12 / math.sqrt(s11 * s22) if found.rank == 2 else _boundary_rho(s11, s12, s22),
        difference.estimate - half,
        difference.estimate + half,
        _line(pairs, found, scale, prob, tau2),
        found.log_likelihood - 2 * (k - (method == "REML")) * math.log(scale),
        found.q,
        float(degrees),
        float(chdtrc(degrees, found.q)),
        k,
        prob,
        method,
        notes=_notes(found),
    )


def _boundary_rho(s11: float, s12: float, s22: float) -> float:
    return math.copysign(1.0, s12) if s11 > 0 and s22 > 0 else math.nan


def _notes(found: Maximum) -> tuple[str, ...]:
    (s11, s12), (_, s22) = found.sigma.tolist()
    if found.rank == 2:
        return ()
    if s11 > 0 and s22 > 0:
        sign = "1" if s12 > 0 else "-1"
        return (f"The likelihood is highest at a correlation of {sign}, on the boundary", NO_CHANGE)
    which = "either arm" if s11 + s22 == 0 else "the control arm" if s11 == 0 else "the treatment arm"
    no_rho = f"The likelihood is highest where nothing varies between studies in {which}: no correlation"
    return (no_rho, NO_CHANGE if s11 > 0 else "No line on the control arm, which does not vary")


def _line(pairs: Pairs, found: Maximum, scale: float, prob: float, tau2: float) -> BaselineLine:
    (s11, s12), (_, s22) = found.sigma.tolist()
    if s11 == 0:
        nothing = Estimated(math.nan, math.nan, math.nan, math.nan, math.nan)
        return BaselineLine(nothing, nothing, math.nan, math.nan)
    steep = s12 / s11
    moved = np.array([-steep, 1.0])
    slope_variance = intercept_variance = math.nan
    if found.rank == 2:
        by = np.array([-steep / s11, 1 / s11, 0.0])
        slope_variance = float(by @ component_covariance(pairs, found.sigma) @ by)
        intercept_variance = (
            float(moved @ found.covariance @ moved) + float(found.means[0]) ** 2 * slope_variance
        )
    residual = max(0.0, s22 - s12 * steep) if found.rank == 2 else 0.0
    return BaselineLine(
        _estimated(steep - 1, slope_variance, prob),
        _estimated(float(moved @ found.means), intercept_variance, prob, scale),
        residual * scale * scale,
        s11 * (steep - 1) ** 2 / tau2 if tau2 > 0 else math.nan,
    )


def _nothing(k: int, method: str, prob: float, reason: str) -> Bivariate:
    nan = math.nan
    none = Estimated(nan, nan, nan, nan, nan)
    line = BaselineLine(none, none, nan, nan)
    return Bivariate(
        none, none, none, nan, nan, nan, nan, nan, nan, nan, line, nan, nan, nan, nan, k, prob, method,
        notes=(f"No covariance was found: {reason}",),
    )  # fmt: skip
