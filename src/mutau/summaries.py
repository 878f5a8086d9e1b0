"""Questions asked of one fit: estimates with intervals, and probabilities of benefit, harm and more.

Every answer is read from the fit's marginals, whichever engine made them, and returned unrounded.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from mutau.errors import ArgumentError, Fault
from mutau.priors.existence import Existence, count_moment_exists, moment_exists
from mutau.records import Interval, Scale

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from mutau.fitting import Fit
    from mutau.outcomes import OutcomeModel
    from mutau.priors import Prior
    from mutau.records import Marginal

__all__ = [
    "BenefitProbability",
    "Event",
    "benefit_by_tau",
    "chance",
    "effect_moment_exists",
    "events",
    "interval",
    "probabilities",
    "probability_of_benefit",
    "summary",
]

_NOT_GIVEN = "on the natural scale, where the far tail rules them or makes them infinite; read the median"
_FAR_TAILS = {
    "log": f"mean and sd: not given for a ratio {_NOT_GIVEN}",
    "root": f"mean and sd: not given for a square {_NOT_GIVEN}",
}
_BOUNDED = ("atanh", "logit", "arcsine")
"""Scales whose natural one ends on either side, so that mean and SD exist and are averages over quantiles."""
_MOMENT_POINTS = 4000
"""Equally probable points of a marginal over which a transformed effect is averaged."""

_TAU_STEPS = 60
_TAU_END = 0.999  # of the widest prior for tau


def summary(fit: Fit, prob: float = 0.95) -> pd.DataFrame:
    """Summarise every quantity of a fit.

    Parameters
    ----------
    fit : Fit
        A fitted outcome model.
    prob : float
        Probability content of the equal-tailed credible intervals, in (0, 1).

    Returns
    -------
    DataFrame
        One row per quantity and scale: ``quantity`` (mu, tau, theta, theta_new), ``study``, ``scale``
        (``natural``: ratios as ratios; ``analysis``: log for ratios, and where tau lives), ``estimate`` (posterior
        median), ``lower``, ``upper``, ``prob``, ``kind`` (eti), ``mean``, ``sd``, ``r_hat``, ``ess_bulk``,
        ``ess_tail``, ``mcse_median``, ``note``. A mean or SD that does not exist is NaN with the reason in ``note``.

    Notes
    -----
    Which moments exist follows from the tails of the priors and the number of studies:
    ``mutau.priors.existence``. ``r_hat`` and the effective sample sizes are ArviZ's, rank-normalised; they are the
    same on both scales because the transformations are monotone.
    """
    _check_prob(prob)
    identity = fit.model.measure_record.analysis_scale == "identity"
    scales: tuple[Scale, ...] = ("natural",) if identity else ("natural", "analysis")
    rows = [_row(fit, name, study, scale, prob) for scale in scales for name, study in _quantities(fit)]
    rows.append(_row(fit, "tau", None, "analysis", prob))
    return pd.DataFrame(rows)


def _quantities(fit: Fit) -> list[tuple[str, str | None]]:
    """The effects of a fit: the mean, a new setting's, each study's."""
    return [("mu", None), ("theta_new", None), *(("theta", study) for study in fit.effects["study"])]


def interval(fit: Fit, quantity: str = "mu", prob: float = 0.95, scale: Scale = "natural") -> Interval:
    """Give the equal-tailed credible interval of mu, tau or theta_new.

    Raises
    ------
    ArgumentError
        `quantity` is none of these, or tau is asked for on the natural scale.
    """
    _check_prob(prob)
    if quantity not in ("mu", "tau", "theta_new"):
        raise ArgumentError(
            Fault(f"quantity = {quantity!r}", "it is 'mu', 'tau' or 'theta_new'", "for theta, read `summary`")
        )
    if quantity == "tau" and scale == "natural":
        raise ArgumentError(
            Fault("tau on the natural scale", "tau lives on the analysis scale", "scale='analysis'")
        )
    tail = (1 - prob) / 2
    lower, upper = fit.marginal(quantity).quantile(np.array([tail, 1 - tail]))
    if scale == "natural":
        lower, upper = fit.model.measure_record.to_natural(np.array([lower, upper]))
    return Interval(quantity, float(lower), float(upper), prob, "eti", fit.engine.name, scale)


def _row(fit: Fit, name: str, study: str | None, scale: Scale, prob: float) -> dict[str, Any]:
    marginal, measure = fit.marginal(name, study), fit.model.measure_record
    tail = (1 - prob) / 2
    points = np.asarray(marginal.quantile(np.array([0.5, tail, 1 - tail])))
    estimate, lower, upper = measure.to_natural(points) if scale == "natural" else points
    moments, notes = _moments(fit, marginal, name, scale)
    diagnostics = marginal.diagnostics()
    if name == "tau" and fit.model.tau_prior.is_point:
        notes.append("tau is fixed by its prior")
    elif np.isinf(diagnostics["ess_bulk"]):
        notes.append("r_hat: computed exactly, not sampled")
    return {
        "quantity": name,
        "study": study or "",
        "scale": scale,
        "estimate": float(estimate),
        "lower": float(lower),
        "upper": float(upper),
        "prob": prob,
        "kind": "eti",
        **moments,
        **diagnostics,
        "note": "; ".join(notes),
    }


def _moments(fit: Fit, marginal: Marginal, name: str, scale: Scale) -> tuple[dict[str, float], list[str]]:
    """Mean and SD where they exist, else NaN with the reason."""
    analysed = fit.model.measure_record.analysis_scale
    if scale == "natural" and analysed in _FAR_TAILS:
        return {"mean": np.nan, "sd": np.nan}, [_FAR_TAILS[analysed]]
    if scale == "natural" and analysed in _BOUNDED:
        levels = (np.arange(_MOMENT_POINTS) + 0.5) / _MOMENT_POINTS
        values = fit.model.measure_record.to_natural(np.asarray(marginal.quantile(levels)))
        return {"mean": float(values.mean()), "sd": float(values.std())}, []
    moments, notes = {"mean": marginal.mean, "sd": marginal.sd}, []
    for order, column in ((1, "mean"), (2, "sd")):
        exists = effect_moment_exists(fit.model, name, order, fit.k)
        if not exists.exists:
            moments[column] = np.nan
            notes.append(f"{column}: {exists.reason}")
    return moments, notes


def effect_moment_exists(model: OutcomeModel, name: str, order: int, k: int) -> Existence:
    """Ask the rule of the model's likelihood, and of t random effects where it has them."""
    if model.of_counts:
        return count_moment_exists(name, order, model.mu_prior, model.tau_prior, model.effects_df)
    exists = moment_exists(name, order, model.mu_prior, model.tau_prior, k)
    if exists.exists and name == "theta_new" and not model.effects_df > order:
        heavy = f"t random effects with {model.effects_df:g} degrees of freedom have none"
        return Existence(False, f"it is infinite for theta_new: {heavy}")
    return exists


@dataclass(frozen=True, slots=True)
class BenefitProbability:
    """The posterior probability of benefit, with everything it depends on.

    Given unbiased trials, these priors and this likelihood. ``float(result)`` is `benefit`.

    Parameters
    ----------
    benefit, harm : float
        P(mean effect on the side that helps, or harms, the patient).
    benefit_new, harm_new : float
        The same for the effect in a new setting (theta_new), which adds tau.
    prior_benefit : float
        What the prior for mu alone says, before any data; NaN if it is improper.
    mcse : float
        Monte Carlo standard error of `benefit`.
    benefit_direction : {"higher", "lower"}
        Which direction helps.
    mu_prior, tau_prior, likelihood : str
        What the probability is conditional on.
    """

    benefit: float
    harm: float
    benefit_new: float
    harm_new: float
    prior_benefit: float
    mcse: float
    benefit_direction: str
    mu_prior: str
    tau_prior: str
    likelihood: str

    def __float__(self) -> float:
        return self.benefit

    def __str__(self) -> str:
        return (
            f"P(benefit) = {self.benefit:.3f} (in a new setting {self.benefit_new:.3f}; Monte Carlo standard error "
            f"{self.mcse:.1g}), given unbiased trials, "
            f"mu ~ {self.mu_prior}, tau ~ {self.tau_prior}, {self.likelihood} likelihood"
        )


def probability_of_benefit(fit: Fit) -> BenefitProbability:
    """Give the posterior probability that the mean effect helps the patient.

    Parameters
    ----------
    fit : Fit
        A fitted outcome model; its ``model.benefit`` says which direction helps.

    Returns
    -------
    BenefitProbability
        For the mean effect and for a new setting, with priors and likelihood named.
    """
    table = probabilities(fit)

    benefit = chance(table, "benefit", "mu")
    return BenefitProbability(
        benefit["probability"],
        chance(table, "harm", "mu")["probability"],
        chance(table, "benefit", "theta_new")["probability"],
        chance(table, "harm", "theta_new")["probability"],
        benefit["prior_probability"],
        benefit["mcse"],
        fit.model.benefit,
        fit.model.mu_prior.label,
        fit.model.tau_prior.label,
        fit.model.likelihood,
    )


@dataclass(frozen=True, slots=True)
class Event:
    """A one-sided statement about an effect: `side` * (effect - `bound`) > 0, on the analysis scale."""

    name: str
    label: str
    bound: float
    side: int

    def probability(self, distribution: Marginal | Prior) -> float:
        """How probable the statement is when the effect has this distribution."""
        return float(distribution.sf(self.bound) if self.side > 0 else distribution.cdf(self.bound))


def events(model: OutcomeModel) -> tuple[Event, ...]:
    """List the statements whose probability is reported: benefit, harm, and beyond each threshold."""
    measure, sign = model.measure_record, model.benefit_sign
    null = measure.null
    found = [
        Event(
            "benefit",
            f"benefit ({measure.code} {'>' if sign > 0 else '<'} {measure.null_natural:g})",
            null,
            sign,
        ),
        Event(
            "harm", f"harm ({measure.code} {'<' if sign > 0 else '>'} {measure.null_natural:g})", null, -sign
        ),
    ]
    for threshold in model.thresholds:
        bound = float(measure.to_analysis(np.float64(threshold.value)))
        side = 1 if bound > null else -1
        label = f"{threshold.label} ({measure.code} {'>' if side > 0 else '<'} {threshold.value:g})"
        found.append(Event(f"beyond {threshold.value:g}", label, bound, side))
    return tuple(found)


def probabilities(fit: Fit) -> pd.DataFrame:
    """Give the probability of benefit, harm and beyond each threshold, for mu, a new setting and each study.

    Returns
    -------
    DataFrame
        Columns ``event``, ``label``, ``quantity`` (mu, theta_new, theta), ``study``, ``probability``, ``mcse``,
        ``ess`` (of the indicator; a probability printed as 0 or 1 means "nearer than 1/ess"),
        ``prior_probability`` (for mu, under its prior alone), ``mu_prior``, ``tau_prior``, ``likelihood``.
    """
    mu_prior = fit.model.mu_prior
    rows = []
    for event in events(fit.model):
        prior = event.probability(mu_prior) if mu_prior.is_proper else np.nan
        for quantity, study in _quantities(fit):
            marginal = fit.marginal(quantity, study)
            chance_of_it, ess = event.probability(marginal), marginal.ess_at(event.bound)
            rows.append(
                {
                    "event": event.name,
                    "label": event.label,
                    "quantity": quantity,
                    "study": study or "",
                    "probability": chance_of_it,
                    "mcse": np.sqrt(chance_of_it * (1 - chance_of_it) / ess),
                    "ess": ess,
                    "prior_probability": prior if quantity == "mu" else np.nan,
                }
            )
    given = {
        "mu_prior": fit.model.mu_prior.label,
        "tau_prior": fit.model.tau_prior.label,
        "likelihood": fit.model.likelihood,
    }
    return pd.DataFrame(rows).assign(**given)


def benefit_by_tau(fit: Fit, taus: ArrayLike | None = None) -> pd.DataFrame:
    """Give the probability of benefit given each value of tau: what the data say without any prior for tau.

    Parameters
    ----------
    fit : Fit
        An exact fit (``engine="exact"`` or ``"auto"``).
    taus : array_like, optional
        Values of tau, on the analysis scale. Without them: 0, and 60 values, closer together towards 0, up to the
        0.999 quantile of the widest of the model's proper priors for tau, its alternatives included.

    Returns
    -------
    DataFrame
        One row per value. ``tau``; ``p_benefit`` and ``p_benefit_new``, P(benefit) given that value, mu's prior and
        the likelihood, for the mean effect and for a new setting; ``tau_quantile`` and ``prior_quantile``, the
        probability of a tau of at most that value under tau's posterior and under its prior, which say how much
        weight the value has in the fit's own answer. ``prior_quantile`` is NaN under an improper prior. Where tau
        is fixed by its prior the model has that one value: it is the whole default grid, and the probabilities at
        other values are NaN.

    Raises
    ------
    ArgumentError
        The fit was sampled: draws hold hardly any pairs with exactly the tau asked for.

    Notes
    -----
    P(benefit) of the fit is the average of ``p_benefit`` over tau's posterior.
    """
    posterior = fit.exact
    if posterior is None:
        rule = "draws do not answer for one value of tau; the exact posterior does"
        remedy = 'fit with engine="exact"'
        raise ArgumentError(Fault(f"benefit_by_tau of a {fit.engine.name} fit", rule, remedy))
    model = fit.model
    tau = _tau_grid(fit) if taus is None else np.atleast_1d(np.asarray(taus, dtype=np.float64)).ravel()
    null = model.measure_record.null
    above = [np.asarray(ask(null, tau)) for ask in (posterior.mu_above, posterior.theta_new_above)]
    mean, new = above if model.benefit_sign > 0 else (1.0 - chance_above for chance_above in above)
    prior = model.tau_prior
    return pd.DataFrame(
        {
            "tau": tau,
            "p_benefit": mean,
            "p_benefit_new": new,
            "tau_quantile": np.asarray(fit.marginal("tau").cdf(tau)),
            "prior_quantile": np.asarray(prior.cdf(tau)) if prior.is_proper else np.nan,
        }
    )


def _tau_grid(fit: Fit) -> NDArray[np.float64]:
    """Values of tau from 0 to beyond where any of the model's priors puts it; the one value of a fixed tau."""
    model = fit.model
    if model.tau_prior.is_point:
        return np.array([model.tau_prior.support[0]])
    priors = (model.tau_prior, *(prior for _, prior in model.tau_alternatives))
    ends = [float(prior.ppf(_TAU_END)) for prior in priors if prior.is_proper and not prior.is_point]
    end = max(ends) if ends else float(fit.marginal("tau").quantile(_TAU_END))
    middle = float(fit.marginal("tau").quantile(0.5))
    steps = np.linspace(0.0, np.arcsinh(end / middle), _TAU_STEPS + 1)
    return np.asarray(
        middle * np.sinh(steps)
    )  # even steps where the posterior is, growing ones in a heavy tail


def chance(table: pd.DataFrame, event: str, quantity: str) -> dict[str, float]:
    """Read the numbers of one statement from `probabilities` (for theta, of the first study)."""
    row = table[(table["event"] == event) & (table["quantity"] == quantity)].iloc[0]
    return {name: float(row[name]) for name in ("probability", "mcse", "ess", "prior_probability")}


def _check_prob(prob: float) -> None:
    if not 0 < prob < 1:
        raise ArgumentError(Fault(f"prob = {prob!r}", "a probability lies between 0 and 1", "use 0.95"))
