"""Generalised linear mixed models of counts, by maximum likelihood: `glmm`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import chdtrc

from mutau.classic.arms import (
    COUNTS,
    PROPORTIONS,
    RATES,
    SINGLE_RATES,
    checked_columns,
    fractional_counts,
)
from mutau.classic.conditional import conditional
from mutau.classic.confidence import MeanInterval, p_values, wald_interval
from mutau.classic.generic import NO_PREDICTION, ONE_STUDY, nothing_pooled
from mutau.classic.heterogeneity import Heterogeneity, trace_term
from mutau.classic.mixed.climbing import climb
from mutau.classic.mixed.likelihood import MixedModel, Point
from mutau.classic.mixed.maximum import (
    LARGEST_SD,
    NONE,
    Fitted,
    fit_common,
    fit_random,
    profile,
    profile_limits,
    whole_point,
)
from mutau.classic.mixed.models import (
    MIXED_MEASURES,
    MIXED_METHODS,
    make_model,
    one_sided,
    sampling_variances,
    saturated_model,
    silent_studies,
)
from mutau.classic.predicting import CONVENTIONS, quantile
from mutau.classic.requests import Request, label_array, request_faults, wald_only_faults
from mutau.errors import ArgumentError, Fault, nearest

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from mutau.records import ClassicResult

    type Array = NDArray[np.float64]

__all__ = ["MIXED_CI", "MIXED_PREDICTIONS", "MIXED_TAU2", "MIXED_TAU2_CI", "glmm", "mixed_faults"]

MIXED_TAU2 = ("ML", "CE")
"""Random effects by maximum likelihood, or a common effect."""

MIXED_CI = ("wald", "t", "PL")
"""Intervals of the mean: Wald's, with t on k - 1 degrees of freedom, from the profile likelihood."""

MIXED_PREDICTIONS = ("HTS", "t(k-1)", "normal")
"""Prediction intervals."""

MIXED_TAU2_CI = ("PL",)
"""Interval of tau2: from the profile likelihood."""

_KEYS = {"OR": COUNTS, "IRR": RATES, "PLO": PROPORTIONS, "IRLN": SINGLE_RATES}
_NAN2 = (math.nan, math.nan)


def glmm(
    events: ArrayLike,
    size: ArrayLike,
    events_control: ArrayLike | None = None,
    size_control: ArrayLike | None = None,
    *,
    measure: str = "OR",
    method: str = "CM.EL",
    tau2: str = "ML",
    ci: str = "wald",
    prob: float = 0.95,
    prediction: str = "HTS",
    tau2_ci: str = "PL",
    labels: Sequence[str] | None = None,
) -> ClassicResult:
    r"""Pool counts by a generalised linear mixed model: their own likelihood, normal effects, maximum likelihood.

    Parameters
    ----------
    events, size : array_like, shape (k,)
        Events, whole numbers, and participants (OR, PLO) or person-time (IRR, IRLN): of the treatment arm, or of
        the one group there is (PLO, IRLN).
    events_control, size_control : array_like, shape (k,), optional
        Those of the control arm.
    measure : {"OR", "IRR", "PLO", "IRLN"}
        Odds ratio or incidence rate ratio, pooled as its logarithm; one group's risk as its logit, its rate as its
        logarithm.
    method : {"CM.EL", "CM.AL", "UM.FS", "UM.RS", "GLMM"}
        For two arms: conditional on the events of both arms together, with the exact likelihood (noncentral
        hypergeometric; for rates binomial) or, for odds ratios, its binomial approximation for rare events;
        unconditional, with an intercept of its own in every study or with normal random intercepts. For one group
        ``"GLMM"``.
    tau2 : {"ML", "CE"}
        Random effects, or a common effect.
    ci : {"wald", "t", "PL"}
        Confidence interval of the mean: Wald's; with t on k - 1 degrees of freedom; from the profile likelihood,
        whose test is the likelihood-ratio test. A common effect has Wald's only.
    prob : float
        Coverage of all intervals.
    prediction : {"HTS", "t(k-1)", "normal"}
        Prediction interval: t on k - 2 or k - 1 degrees of freedom, or z.
    tau2_ci : {"PL"}
        Confidence interval of tau2, from its profile likelihood.
    labels : sequence of str, optional
        Names of the studies, for messages.

    Returns
    -------
    ClassicResult
        `se` and `tau2_se` come from the observed information on all parameters, tau2's among them. `q` is the
        likelihood-ratio test of a common effect against an effect of its own in every study. `i2` and `h2` compare
        tau2 with a typical sampling variance of the studies' own estimates, to which 1/2 is added where a cell is
        0, as metafor does; for a common effect they do not exist. `weights` are shares of the information on mu at
        the estimate. What does not exist is NaN, with the reason in `notes`.

    Raises
    ------
    ArgumentError
        Impossible or fractional counts, unequal lengths, no studies, unknown names: all at once.

    Notes
    -----
    With :math:`u_i \sim N(0, \tau^2)` and, for ``"UM.RS"``, :math:`v_i \sim N(0, \sigma^2)` independent of it,

    .. math:: g(\pi_{1i}),\, g(\pi_{0i}) = \alpha_i \pm \tfrac12 (\mu + u_i) \quad\text{or}\quad
              \gamma + v_i \pm \tfrac12 (\mu + u_i), \qquad g(\pi_i) = \mu + u_i \text{ for one group},

    g the logit (binomial counts) or the logarithm (Poisson counts). Given the margins of a study the first does not
    depend on :math:`\alpha_i`: its conditional likelihood is of :math:`\theta_i = \mu + u_i` alone.

    No correction is made for a zero. A study of two arms without events in either, or (OR) with nothing but events,
    says nothing of the effect in a conditional model or one with an intercept of its own; with random intercepts it
    would say something of these, but is left out there too, as metafor does. It has weight 0 and is not counted in
    `k`.

    Random effects are integrated out by the trapezoid rule between the points where the integrand has all but
    vanished (``mutau.classic.mixed.quadrature``), to about 1e-10; metafor, by lme4, uses Gauss and Hermite's rule
    with 7 nodes, and for ``"UM.RS"`` Laplace's approximation, which differ from the third to fifth digit on. The
    maximum is sought by Newton's steps with the exact Hessian, from two values of tau, and beside them at tau = 0;
    where none is found the result is NaN and says what was tried. With an intercept of its own for every study tau2
    is biased downwards where studies are small (Jackson et al. 2018). The random intercepts of ``"UM.RS"`` are
    uncorrelated with the effects.

    One study: its own estimate; tau2 cannot be estimated. A fit takes about a tenth of a second for 10 to 50 studies,
    however large; with ``"UM.RS"``, whose integrals have two dimensions, one to three seconds.

    References
    ----------
    Stijnen T, Hamza TH, Ozdemir P (2010). Random effects meta-analysis of event outcome in the framework of the
    generalized linear mixed model with applications in sparse data. Statistics in Medicine 29:3046-3067.
    doi:10.1002/sim.4040. van Houwelingen HC, Zwinderman KH, Stijnen T (1993). A bivariate approach to
    meta-analysis. Statistics in Medicine 12:2273-2284. doi:10.1002/sim.4780122405. Turner RM, Omar RZ, Yang M,
    Goldstein H, Thompson SG (2000). A multilevel model framework for meta-analysis of clinical trials with binary
    outcomes. Statistics in Medicine 19:3417-3432. doi:10.1002/1097-0258(20001230)19:24<3417::AID-SIM614>3.0.CO;2-L

    Examples
    --------
    Infections of catheters (Stijnen et al. 2010 print an odds ratio of 0.25 with tau 0.83):

    >>> treated = [0, 1, 2, 0, 5, 1, 1, 1, 1, 1, 0, 0, 3, 6, 0, 0, 1, 4]
    >>> of = [116, 44, 208, 130, 151, 98, 174, 74, 97, 113, 66, 70, 188, 187, 118, 252, 345, 64]
    >>> control = [3, 3, 9, 7, 6, 4, 3, 2, 19, 2, 7, 1, 5, 11, 0, 1, 3, 1]
    >>> of_control = [117, 35, 195, 136, 157, 139, 177, 39, 103, 122, 64, 58, 175, 180, 105, 262, 362, 69]
    >>> result = glmm(treated, of, control, of_control, measure="OR", method="CM.EL")
    >>> np.exp([result.estimate, result.lower, result.upper]).round(2), round(result.tau2**0.5, 4)
    (array([0.26, 0.13, 0.51]), 0.8327)
    """
    request = Request(method, tau2, ci, prob, prediction, tau2_ci)
    given = [array for array in (events, size, events_control, size_control) if array is not None]
    faults = [*mixed_faults(request), *_measure_faults(method, measure, len(given))]
    keys = _KEYS.get(measure, COUNTS)
    if len(keys) != len(given):
        raise ArgumentError(faults or [_wrong_number(keys, len(given))])
    arrays = checked_columns(given, faults, labels, keys)
    names = [str(name) for name in label_array(labels, len(arrays[0]))]
    rule, remedy = "A likelihood of counts is of whole numbers", "Give what was counted, or use method='IV'"
    if fractional := fractional_counts(arrays, keys, names, rule, remedy):
        raise ArgumentError(fractional)
    if tau2 == "CE" and _is_exact(method, measure):
        result = conditional(*arrays, measure=measure, ci=ci, prob=prob, labels=labels)
        return replace(
            result, method=method, prediction_method=prediction, tau2_ci_method=tau2_ci,
            notes=(*_same_note(method, measure), *result.notes),
        )  # fmt: skip
    counted, out_of = np.column_stack(arrays[::2]), np.column_stack(arrays[1::2])
    return _Pooling(counted, out_of, measure, request, tuple(names)).result()


def mixed_faults(request: Request) -> list[Fault]:
    """List everything wrong with a request to a mixed model."""
    plain = replace(request, tau2="CE", ci="wald", prediction="HTS", tau2_ci="PL")
    faults = request_faults(plain, ("CE",))
    for key, value, valid, rule in (
        ("method", request.method, MIXED_METHODS, "The mixed model is named"),
        ("tau2", request.tau2, MIXED_TAU2, "A mixed model is fitted by maximum likelihood"),
        ("ci", request.ci, MIXED_CI, "The confidence intervals that a mixed model has"),
        (
            "prediction",
            request.prediction,
            MIXED_PREDICTIONS,
            "The prediction intervals that a mixed model has",
        ),
        ("tau2_ci", request.tau2_ci, MIXED_TAU2_CI, "The interval of tau2 that a mixed model has"),
    ):
        if value not in valid:
            faults.append(Fault(f"{key}={value!r}", rule, nearest(str(value), valid), key=key))
    if request.tau2 == "CE" and request.ci in MIXED_CI and request.ci != "wald":
        faults += wald_only_faults(request)
    return faults


def _measure_faults(method: str, measure: str, arrays: int) -> list[Fault]:
    valid = MIXED_MEASURES.get(method, ())
    if not valid:
        return []
    if measure not in valid:
        rule = f"Mixed models of counts by method '{method}' have the measures {' and '.join(valid)}"
        return [Fault(f"measure={measure!r}", rule, nearest(str(measure), valid), key="measure")]
    keys = _KEYS[measure]
    return [] if arrays == len(keys) else [_wrong_number(keys, arrays)]


def _wrong_number(keys: Sequence[str], arrays: int) -> Fault:
    return Fault(f"{arrays} arrays", f"The counts are {', '.join(keys)}", f"Give {len(keys)}", key="events")


def _is_exact(method: str, measure: str) -> bool:
    """Whether the likelihood is the conditional one that a common effect has a function of its own for."""
    return method == "CM.EL" or (method == "CM.AL" and measure == "IRR")


def _same_note(method: str, measure: str) -> tuple[str, ...]:
    if method == "CM.AL" and measure == "IRR":
        return ("For rates the conditional likelihood is binomial without approximation: CM.AL is CM.EL",)
    return ()


@dataclass(frozen=True, eq=False)
class _Pooling:
    """One analysis of checked counts; `events` and `size` of shape (k, arms)."""

    events: Array
    size: Array
    measure: str
    request: Request
    names: tuple[str, ...]

    def result(self) -> ClassicResult:
        """Fit, and put together what follows."""
        method, request = self.request.method, self.request
        silent = silent_studies(self.measure, self.events, self.size)
        notes = list(_same_note(method, self.measure))
        if silent.any():
            what = "No event" + (", or nothing but events," if self.measure == "OR" else "")
            who = ", ".join(name for name, out in zip(self.names, silent, strict=True) if out)
            notes.append(f"{what} in both arms of {who}: left out")
        kept = replace(self, events=self.events[~silent], size=self.size[~silent])
        k = len(kept.events)
        if k == 0 or one_sided(method, self.measure, kept.events, kept.size):
            every = "every arm of one kind" if method in ("UM.RS", "GLMM") else "every study"
            one = f"No finite estimate: in {every} the events are as extreme as they could be"
            return self._nothing(k, [*notes, one if k else "No study has an effect to pool"])
        model = make_model(method, self.measure, kept.events, kept.size)
        common = fit_common(_one_study(model) if k == 1 else model)
        fitted = common if common.reason or request.tau2 == "CE" or k == 1 else fit_random(model, common)
        if fitted.reason:
            return self._nothing(k, [*notes, fitted.reason])
        return kept._of(model, common, fitted, silent, notes)

    def _nothing(self, k: int, notes: Sequence[str]) -> ClassicResult:
        nothing = Heterogeneity(math.nan, math.nan, math.nan, math.nan)
        return replace(nothing_pooled(len(self.events), nothing, self.request, notes), k=k)

    def _of(
        self, model: MixedModel, common: Fitted, fitted: Fitted, silent: NDArray[np.bool_], notes: list[str]
    ) -> ClassicResult:
        """Make the result of the studies that say something; `silent` is of all."""
        request, k = self.request, len(self.events)
        random = request.tau2 == "ML" and k > 1
        spread, about_q = self._heterogeneity(common)
        se = math.sqrt(fitted.covariance[0, 0])
        mean = self._interval(model, fitted, se)
        tau2 = fitted.tau**2 if random else (0.0 if request.tau2 == "CE" else math.nan)
        low, high = _NAN2
        if random:
            at_0 = common.summit.value
            low, high = profile_limits(model, fitted, model.counts[0], request.prob, at_0)
        squares = (low**2, high**2 if math.isfinite(high) else math.nan)
        (i2, h2), *limits = (
            map(float, spread.i2_h2(value)) if random else _NAN2 for value in (tau2, *squares)
        )
        (i2_lower, h2_lower), (i2_upper, h2_upper) = limits
        predicted = self._prediction(fitted.estimate, se, tau2, k)
        weights = np.zeros(len(silent))
        weights[~silent] = -fitted.summit.curvatures[:, 0]
        notes += [*mean.notes, *about_q, *self._remarks(fitted, k, high), predicted[2]]
        return replace(
            nothing_pooled(len(silent), spread, request, tuple(note for note in notes if note)),
            estimate=fitted.estimate, se=se, lower=mean.lower, upper=mean.upper,
            statistic=mean.statistic, df=mean.df, p_value=mean.p_value,
            tau2=tau2, tau2_se=_tau2_error(fitted, model) if random else math.nan,
            tau2_lower=squares[0], tau2_upper=squares[1],
            i2=i2, i2_lower=i2_lower, i2_upper=i2_upper, h2=h2, h2_lower=h2_lower, h2_upper=h2_upper,
            prediction_lower=predicted[0], prediction_upper=predicted[1],
            k=k, weights=tuple((100 * weights / weights.sum()).tolist()),
        )  # fmt: skip

    def _heterogeneity(self, common: Fitted) -> tuple[Heterogeneity, list[str]]:
        """Likelihood-ratio test against an effect of its own in every study, and the typical sampling variance."""
        df = len(self.events) - 1.0
        if df < 1:
            return Heterogeneity(math.nan, 0.0, math.nan, math.nan), ["Q test, I2 and H2 do not exist"]
        best = float(common.model.family.highest.sum())
        if self.request.method == "UM.RS":
            best = self._saturated(common)
        q = max(2 * (best - common.summit.value), 0.0)
        vi = sampling_variances(self.measure, self.events, self.size)
        typical = df / trace_term(1 / vi)
        said = "Q is the likelihood-ratio test; "
        if self.request.tau2 == "CE":
            said += "I2 and H2 are not defined from it"
        else:
            said += "I2 and H2 rest on the studies' own sampling variances, 1/2 added to cells where one is 0"
        unknown = "" if math.isfinite(q) else "; the likelihood with an effect in every study had no maximum"
        return Heterogeneity(q, df, float(chdtrc(df, q)), typical), [said + unknown]

    def _saturated(self, common: Fitted) -> float:
        """Highest log likelihood with random intercepts and an effect of its own in every study."""
        model = saturated_model(self.measure, self.events, self.size)
        start = model.family.start
        point = Point(common.summit.point.shared[1:], start[:, 0] - start[:, 1])
        summit = climb(model, point, np.ones(2, dtype=np.bool_))
        return summit.value if summit.converged else math.nan

    def _interval(self, model: MixedModel, fitted: Fitted, se: float) -> MeanInterval:
        request, k = self.request, len(self.events)
        if request.ci == "t":
            if k < 2:
                why = "No t interval: one study leaves no degrees of freedom"
                return MeanInterval(se, *_NAN2, math.nan, 0.0, math.nan, (why,))
            return wald_interval(fitted.estimate, se, request.prob, k - 1.0)
        if request.ci != "PL":
            return wald_interval(fitted.estimate, se, request.prob)
        whole = fitted.model if k < 2 else model
        lower, upper = profile_limits(whole, fitted, 0, request.prob)
        notes = ["PL: limits and test from the profile likelihood of the mean, the standard error is Wald's"]
        if math.isnan(lower) or math.isnan(upper):
            notes.append("No PL limits were found (tried: Newton's steps from Wald's limits)")
        z = _signed_root(whole, fitted)
        return MeanInterval(se, lower, upper, z, math.inf, float(p_values(z, math.inf)), tuple(notes))

    def _prediction(self, estimate: float, se: float, tau2: float, k: int) -> tuple[float, float, str]:
        if self.request.tau2 == "CE":
            return math.nan, math.nan, NO_PREDICTION
        if k < 2:
            return math.nan, math.nan, "No prediction interval: one study says nothing about others"
        lost = CONVENTIONS[self.request.prediction].lost
        df = math.inf if lost is None else k - float(lost)
        if df <= 0:
            reason = f"No {self.request.prediction} prediction interval: it needs more than {lost} studies"
            return math.nan, math.nan, reason
        half = quantile(df, self.request.prob) * math.sqrt(tau2 + se**2)
        return estimate - half, estimate + half, ""

    def _remarks(self, fitted: Fitted, k: int, high: float) -> list[str]:
        """What has to be said of tau2 and of the intercepts."""
        said = []
        if self.request.method == "UM.RS" and k > 1:
            sd = abs(float(fitted.summit.point.shared[-1]))
            said.append(f"Variance of the random study intercepts: {sd**2 if sd > NONE else 0:.4g}")
        if self.request.tau2 == "CE":
            return said
        if k < 2:
            return [*said, ONE_STUDY]
        if len(fitted.taus) > 1:
            places = ", ".join(f"{tau:.4g}" for tau in fitted.taus)
            said.append(
                f"The likelihood has {len(fitted.taus)} maxima, at tau = {places}; the highest is used"
            )
        if fitted.tau == 0:
            said.append("tau2 is 0, the end of its range, where it has no standard error")
        if math.isinf(high):
            said.append(
                f"tau2 has no upper limit: at tau = {LARGEST_SD:g} its likelihood has not come down enough"
            )
        if math.isnan(high):
            said.append("The limits of tau2 were not found (tried: Newton's steps from Wald's limits)")
        return said


def _one_study(model: MixedModel) -> MixedModel:
    """One study has no spread: its model without random intercepts; tau stays to be left out."""
    return replace(model, random=model.random[:, :1])


def _tau2_error(fitted: Fitted, model: MixedModel) -> float:
    if fitted.tau == 0:
        return math.nan
    b = model.counts[0]
    return 2 * fitted.tau * math.sqrt(fitted.covariance[b, b])


def _signed_root(model: MixedModel, fitted: Fitted) -> float:
    """Signed root of the likelihood ratio against no mean effect."""
    null = profile(model, whole_point(model, fitted), 0, 0.0)
    if not null.converged:
        return math.nan
    return math.copysign(math.sqrt(max(2 * (fitted.summit.value - null.value), 0.0)), fitted.estimate)
