r"""Power-scaling: how the posterior moves when a prior, or the likelihood, is made a little stronger or weaker."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from mutau.errors import ArgumentError, Fault
from mutau.fitting import Fit, model_request
from mutau.likelihoods import LIKELIHOODS
from mutau.sensitivities.distances import cjs_distance, reach
from mutau.sensitivities.joint import PARTS, Joint, joint_of
from mutau.sensitivities.proposals import Proposal, log_likelihood
from mutau.sensitivities.reweighting import answer
from mutau.sensitivities.weights import Smoothed, WeightedMarginal, smoothed
from mutau.summaries import events

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mutau.records import Marginal

    type Array = NDArray[np.float64]
    type Powers = tuple[float, float]

__all__ = ["COMPONENTS", "PowerScaling", "ScaledComponent", "power_scaling"]

COMPONENTS = ("prior", "mu prior", "tau prior", "baseline prior", "likelihood")
"""What is raised to a power: both priors together, each prior, the baselines' prior, the likelihood."""

SENSITIVE = 0.05
"""Sensitivity that Kallioinen et al. (2024) take as a sign of influence, as `az.psense_summary` does."""

_SCALED = {
    "prior": ("mu prior", "tau prior"),
    "mu prior": ("mu prior",),
    "tau prior": ("tau prior",),
    "likelihood": ("likelihood",),
}


@dataclass(frozen=True, slots=True)
class ScaledComponent:
    """One component raised to powers, and what that does to one quantity.

    Parameters
    ----------
    component : str
        One of `COMPONENTS`.
    quantity : {"mu", "tau"}
        Whose posterior moves.
    sensitivity : float
        Derivative of the cumulative Jensen-Shannon distance with respect to log2 of the power, at power 1.
    distance_weaker, distance_stronger : float
        The distance itself at the lower and the upper power.
    p_benefit_halved, p_benefit, p_benefit_doubled : float
        P(benefit) of the mean effect with the component counting half, once, and twice (powers 1/2, 1, 2).
    method : str
        How it was computed.
    reason : str
        Why a number is NaN; empty otherwise.
    diagnosis : str
        Of component "prior", what `az.psense_summary` would say of the quantity; empty otherwise.
    """

    component: str
    quantity: str
    sensitivity: float
    distance_weaker: float
    distance_stronger: float
    p_benefit_halved: float
    p_benefit: float
    p_benefit_doubled: float
    method: str
    reason: str = ""
    diagnosis: str = ""


@dataclass(frozen=True, slots=True)
class PowerScaling:
    """Power-scaling of one fit.

    Parameters
    ----------
    components : tuple of ScaledComponent
        One for each component and quantity.
    alphas : tuple of float
        The powers of the derivative.
    draws : int
        Number of draws whose expected reach bounds the distance, see `power_scaling`.
    """

    components: tuple[ScaledComponent, ...]
    alphas: tuple[float, float]
    draws: int

    def of(self, component: str, quantity: str = "mu") -> ScaledComponent:
        """Give one component's row."""
        return next(c for c in self.components if (c.component, c.quantity) == (component, quantity))

    def to_frame(self) -> pd.DataFrame:
        """One row per component and quantity, unrounded."""
        return pd.DataFrame([asdict(each) for each in self.components])


def power_scaling(fit: Fit, alphas: tuple[float, float] = (0.99, 1.01)) -> PowerScaling:
    r"""Raise priors and likelihood to powers, and measure how far the posteriors of mu and tau move.

    Parameters
    ----------
    fit : Fit
        A fitted outcome model whose mu is not fixed.
    alphas : tuple of float
        A power below 1 and one above, between which the derivative is taken.

    Returns
    -------
    PowerScaling
        With rows for the priors of mu and tau together, each alone, the baselines' prior (where there are baselines)
        and the likelihood. What cannot be scaled is NaN with its reason: a power of a prior that leaves no posterior,
        or a parameter without a prior density.

    Raises
    ------
    ArgumentError
        The powers do not lie on either side of 1, or mu is fixed.

    Notes
    -----
    The likelihood is that of mu and tau, :math:`\prod_i p(y_i \mid \mu, \tau)`, with every study's effect and
    baseline integrated out: raising it to a power :math:`\alpha` is taking each study :math:`\alpha` times. So it is
    in the groups ``log_likelihood`` and ``log_prior`` that `az.psense_summary` reads [1]_, and an exact fit's numbers
    are what that function estimates. (Scaling :math:`p(y_i \mid \theta_i)` instead would leave the random effects
    unscaled, and answer another question.) The sensitivity is

    .. math:: \tfrac12 \left(\frac{D(\alpha_+)}{\log_2 \alpha_+} + \frac{D(\alpha_-)}{-\log_2 \alpha_-}\right)

    with D the cumulative Jensen-Shannon distance of `cjs_distance`. That distance depends on the interval over which
    it is taken; for draws it is the range of the draws, here from the median of the smallest to the median of the
    largest of as many draws as the fit's tree has.

    The prior of the baselines, Normal(0, sd), raised to :math:`\alpha` is Normal(0, sd / :math:`\sqrt\alpha`).

    *What to make of it.* Above 0.05 a component counts as influential. Priors and likelihood both above it: they may
    pull in different directions, or the data are few; the latter is the rule with a handful of trials. The prior
    alone above it: the prior decides. The columns with P(benefit) say the same in the unit of the answer.

    *What is not offered.* Other published measures for this very model compare posteriors by the Hellinger
    distance or the Bhattacharyya coefficient: under the model's prior and priors at a small distance from it [2]_, or
    perturbed in the share of the variation that lies between studies [3]_, against the posterior of an improper
    reference prior [4]_, or with the likelihood weighted [5]_. Such a distance has no unit of the effect and no value
    at which to do something else. What they warn of is seen here in that unit: P(benefit) with a prior, and with the
    likelihood, counting half and twice, under named priors and over grids of priors.

    References
    ----------
    .. [1] Kallioinen N, Paananen T, Bürkner P-C, Vehtari A (2024). Detecting and diagnosing prior and likelihood
       sensitivity with power-scaling. Statistics and Computing 34:57. doi:10.1007/s11222-023-10366-5
    .. [2] Roos M, Martins TG, Held L, Rue H (2015). Sensitivity analysis for Bayesian hierarchical models. Bayesian
       Analysis 10:321-349. doi:10.1214/14-BA909
    .. [3] Roos M, Hunanyan S, Bakka H, Rue H (2021). Sensitivity and identification quantification by a relative
       latent model complexity perturbation in Bayesian meta-analysis. Biometrical Journal 63:1555-1574.
       doi:10.1002/bimj.202000193
    .. [4] Ott M, Plummer M, Roos M (2021). How vague is vague? How informative is informative? Reference analysis for
       Bayesian meta-analysis. Statistics in Medicine 40. doi:10.1002/sim.9076
    .. [5] Hunanyan S, Rue H, Plummer M, Roos M (2021). Quantification of empirical determinacy: the impact of
       likelihood weighting on posterior location and spread in Bayesian meta-analysis estimated with JAGS and INLA.
       arXiv:2109.11870

    Examples
    --------
    >>> import mutau
    >>> from mutau.shipped import shipped_path
    >>> studies = mutau.read_studies(shipped_path("data", "pip", "studies.csv"))
    >>> fit = mutau.fit(studies, mutau.load_model(shipped_path("models", "avoidant.toml")), engine="exact", seed=1)
    >>> scaled = power_scaling(fit).of("tau prior")
    >>> [round(p, 3) for p in (scaled.p_benefit_halved, scaled.p_benefit, scaled.p_benefit_doubled)]
    [0.934, 0.953, 0.967]
    """
    _check(fit, alphas)
    scaled = _Exact(fit) if fit.exact is not None else _Sampled(fit)
    names = [name for name in COMPONENTS if name != "baseline prior" or _has_baseline(fit)]
    rows = [_row(fit, scaled, alphas, name, quantity) for name in names for quantity in ("mu", "tau")]
    return PowerScaling(tuple(_diagnosed(rows)), alphas, fit.posterior["mu"].size)


def _check(fit: Fit, alphas: tuple[float, float]) -> None:
    faults = []
    if not (0 < alphas[0] < 1 < alphas[1] and math.isfinite(alphas[1])):
        rule = "A derivative at 1 needs a power below 1 and one above, both positive"
        faults.append(Fault(f"alphas = {alphas}", rule, "Use (0.99, 1.01)"))
    if fit.model.mu_prior.is_point:
        rule = "A mean effect that its prior fixes does not move"
        faults.append(Fault(f"{fit.model.mu_prior} for mu", rule, "Give mu a prior with a density"))
    if faults:
        raise ArgumentError(faults)


def _has_baseline(fit: Fit) -> bool:
    return LIKELIHOODS[fit.model.likelihood].has_baseline


def why_not(fit: Fit, component: str, alpha: float) -> str:
    r"""Say why a component cannot be raised to a power, or nothing if it can.

    Notes
    -----
    With tails :math:`\tau^{-a}` and :math:`|\mu|^{-b}` of the priors and k studies, the posterior with the likelihood
    to the power l, the priors to m and t, falls with tau like :math:`\tau^{-(ta + lk - \max(0, 1 - mb))}` (the
    reasoning of `mutau.priors.posterior_is_proper`), and has to fall faster than :math:`1/\tau`. Towards 0 a log-t
    density is :math:`\tau^{-1}` times a power of :math:`\log\tau` that makes it integrable; to any power above 1 it
    is not. With counts each scaled prior has to be proper by itself.
    """
    model = fit.model
    if model.tau_prior.is_point:
        return "tau is fixed: its prior has no density to scale" if component == "tau prior" else ""
    power = {name: alpha if name in _SCALED.get(component, ()) else 1.0 for name in PARTS}
    if model.tau_prior.family == "LogStudentT" and power["tau prior"] > 1:
        return f"{model.tau_prior.label} to a power above 1 has infinite mass at tau = 0, and so has the posterior"
    mu_fall = power["mu prior"] * model.mu_prior.tail_exponent
    tau_fall = power["tau prior"] * model.tau_prior.tail_exponent
    log_t = (
        model.tau_prior.family == "LogStudentT" and power["tau prior"] == 1
    )  # proper although it falls like 1 / tau
    if model.of_counts:
        wide = [f"{model.mu_prior.label} for mu"] if not mu_fall > 1 else []
        wide += [f"{model.tau_prior.label} for tau"] if not (tau_fall > 1 or log_t) else []
        rule = "is improper, and with counts priors have to be proper"
        return f"{' and '.join(wide)} to the power {alpha:g} {rule}" if wide else ""
    fall = tau_fall + power["likelihood"] * fit.k - max(0.0, 1.0 - mu_fall)
    exists = fall > 1 or (fall == 1 and log_t)
    return (
        "" if exists else f"to the power {alpha:g} it leaves tau's posterior infinite mass in its upper tail"
    )


class _Exact:
    """Scaled posteriors from the exact one, laid out on panels."""

    method = "exact"

    def __init__(self, fit: Fit) -> None:
        assert fit.exact is not None
        self.fit = fit
        self.joint: Joint = joint_of(fit.exact, fit.model.mu_prior, fit.model.tau_prior)
        self.made: dict[tuple[str, float], dict[str, Marginal | None]] = {}

    def reach(self, quantity: str) -> tuple[float, float]:
        """The interval of the distance."""
        return reach(self.fit.marginal(quantity), self.fit.posterior["mu"].size)

    def marginal(self, component: str, alpha: float, quantity: str) -> Marginal:
        """The posterior of a quantity with a component to a power."""
        key = (component, alpha)
        if key not in self.made:
            if component == "baseline prior":
                sd = self.fit.model.baseline_sd / math.sqrt(alpha)
                other = answer(self.fit, replace(self.fit.model, baseline_sd=sd))
                self.made[key] = {"mu": other.mu, "tau": other.tau}
            else:
                scaled = self.joint.scaled(dict.fromkeys(_SCALED[component], alpha))
                self.made[key] = dict(zip(("mu", "tau"), scaled, strict=True))
        found = self.made[key][quantity]
        assert found is not None
        return found

    def slope(self, component: str, quantity: str, alphas: Powers, distances: Powers) -> float:
        """Derivative of the distance."""
        del component, quantity
        return _slope(alphas, distances)

    def why_unusable(self, component: str, alpha: float) -> str:
        """Nothing: what is exact can be used."""
        del component, alpha
        return ""


class _Sampled:
    """Scaled posteriors by Pareto-smoothed importance weights."""

    method = "importance weights"

    def __init__(self, fit: Fit) -> None:
        self.fit = fit
        own = Proposal.of_fit(fit, model_request(fit.effects, fit.model))
        self.draws, self.efficiency, self.bound = own.draws, own.efficiency, own.bound
        self.made: dict[tuple[str, float], Smoothed] = {}

    def reach(self, quantity: str) -> tuple[float, float]:
        """The interval of the distance."""
        return float(self.draws[quantity].min()), float(self.draws[quantity].max())

    def marginal(self, component: str, alpha: float, quantity: str) -> Marginal:
        """The posterior of a quantity with a component to a power."""
        weighted = self._weights(component, alpha)
        return WeightedMarginal(self.draws[quantity], weighted.weights, weighted.ess)

    def slope(self, component: str, quantity: str, alphas: Powers, distances: Powers) -> float:
        """Derivative of the distance, by ArviZ where the tree has the component's logs."""
        if component == "baseline prior" or max(distances) == 0:
            return _slope(alphas, distances)
        import arviz as az

        group = "likelihood" if component == "likelihood" else "prior"
        names = [component.removesuffix(" prior")] if component in PARTS[:2] else None
        found = az.psense(
            self.fit.tree, var_names=[quantity], group=group, alphas=alphas, group_var_names=names
        )
        return float(found[quantity])

    def why_unusable(self, component: str, alpha: float) -> str:
        """Say why the weights cannot be used."""
        return self._weights(component, alpha).why_unusable(self.draws["mu"] > self.bound)

    def _weights(self, component: str, alpha: float) -> Smoothed:
        key = (component, alpha)
        if key not in self.made:
            self.made[key] = smoothed(self._log_ratios(component, alpha), self.efficiency)
        return self.made[key]

    def _log_ratios(self, component: str, alpha: float) -> Array:
        """Log of what the posterior is multiplied by at each draw."""
        mu, tau = self.draws["mu"], self.draws["tau"]
        model, request = self.fit.model, model_request(self.fit.effects, self.fit.model)
        if component == "likelihood":
            return (alpha - 1.0) * log_likelihood(request, mu, tau)
        if component == "baseline prior":
            other = replace(request, baseline_sd=model.baseline_sd / math.sqrt(alpha))
            return log_likelihood(other, mu, tau) - log_likelihood(request, mu, tau)
        total = np.zeros_like(mu)
        for name, prior, at in (("mu prior", model.mu_prior, mu), ("tau prior", model.tau_prior, tau)):
            if name in _SCALED[component] and not prior.is_point:
                total = total + (alpha - 1.0) * np.asarray(prior.logpdf(at))
        return total


def _slope(alphas: Powers, distances: Powers) -> float:
    return 0.5 * (distances[1] / math.log2(alphas[1]) - distances[0] / math.log2(alphas[0]))


def _row(
    fit: Fit, scaled: _Exact | _Sampled, alphas: Powers, component: str, quantity: str
) -> ScaledComponent:
    reason = next(filter(None, (why_not(fit, component, alpha) for alpha in alphas)), "")
    if quantity == "tau" and fit.model.tau_prior.is_point:
        reason = "tau is fixed by its prior and does not move"
    slope, distances = math.nan, (math.nan, math.nan)
    if not reason:
        base, ends = fit.marginal(quantity), scaled.reach(quantity)
        low, high = (cjs_distance(base, scaled.marginal(component, a, quantity), ends) for a in alphas)
        distances, slope = (low, high), scaled.slope(component, quantity, alphas, (low, high))
    benefit, chances, reasons = events(fit.model)[0], [], [reason]
    for alpha in (0.5, 2.0):
        why = why_not(fit, component, alpha) or scaled.why_unusable(component, alpha)
        reasons.append(why)
        chances.append(math.nan if why else benefit.probability(scaled.marginal(component, alpha, "mu")))
    return ScaledComponent(
        component, quantity, slope, *distances, chances[0], benefit.probability(fit.marginal("mu")), chances[1],
        scaled.method, "; ".join(dict.fromkeys(filter(None, reasons))),
    )  # fmt: skip


def _diagnosed(rows: list[ScaledComponent]) -> list[ScaledComponent]:
    """Add the paper's reading of prior and likelihood together to the rows of the prior."""
    likelihood = {row.quantity: row.sensitivity for row in rows if row.component == "likelihood"}
    return [
        replace(row, diagnosis=_diagnosis(row.sensitivity, likelihood[row.quantity]))
        if row.component == "prior"
        else row
        for row in rows
    ]


def _diagnosis(prior: float, likelihood: float) -> str:
    if math.isnan(prior) or math.isnan(likelihood):
        return ""
    if prior < SENSITIVE:
        return "the prior has little influence"
    if likelihood < SENSITIVE:
        return "strong prior or weak likelihood"
    return "prior and likelihood both have influence: few data, or a conflict of the two"
