"""The answer under each of a documented set of priors."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from mutau.errors import MutauError
from mutau.outcomes.defaults import OWN
from mutau.priors import Flat, Normal, Prior, published_priors
from mutau.sensitivities.case import Case
from mutau.sensitivities.scales import LOCATED, widened

if TYPE_CHECKING:
    from mutau.fitting import Fit
    from mutau.outcomes import OutcomeModel

__all__ = ["ATTITUDES", "NamedPrior", "named_answers", "named_priors"]

TAIL = 1.6448536269514722
"""Standard normal distance with 5% beyond."""
ATTITUDES = ("sceptic", "enthusiast")
"""Labels of priors that stand for an attitude, not for what is known."""
MANY = 1000
"""Pairs that may be sampled anew: all of them."""
EVERYWHERE = ("any setting", "Cochrane")
"""Settings of published priors that hold for any review."""


@dataclass(frozen=True, slots=True)
class NamedPrior:
    """A pair of priors with the reason for asking about it.

    Parameters
    ----------
    label : str
        What a table calls it.
    mu, tau : Prior
        The priors.
    why : str
        What it stands for, in a clause.
    """

    label: str
    mu: Prior
    tau: Prior
    why: str


def named_priors(model: OutcomeModel) -> tuple[NamedPrior, ...]:
    """List the priors that a sensitivity analysis asks about, the model's own first.

    Parameters
    ----------
    model : OutcomeModel
        The outcome.

    Returns
    -------
    tuple of NamedPrior
        Other priors of tau: those of the model's main table, half as wide, and published ones for the measure and
        any setting. Other priors of mu: half and twice as wide, flat, published; where the model states a threshold
        on the side of benefit, a sceptic's and an enthusiast's. Each changes one prior.

    Notes
    -----
    The sceptic's prior is centred at no effect and gives the threshold or more 5%; the enthusiast's is centred at the
    threshold and gives no effect or less 5% [1]_. A published prior is asked about only for the measure that it was
    published for.

    References
    ----------
    .. [1] Spiegelhalter DJ, Freedman LS, Parmar MKB (1994). Bayesian approaches to randomized trials. Journal of the
       Royal Statistical Society A 157:357-416. doi:10.2307/2983527
    """
    mu, tau = model.mu_prior, model.tau_prior
    found = [NamedPrior(OWN, mu, tau, "the model's own priors")]
    found += [
        NamedPrior(label, mu, prior, "a prior of the main table") for label, prior in model.tau_alternatives
    ]
    if tau.is_proper and not tau.is_point:
        found.append(NamedPrior("half the heterogeneity", mu, tau.scaled(0.5), "tau's prior half as wide"))
    if mu.family in LOCATED:
        for factor, word in ((0.5, "half"), (2.0, "twice")):
            label = f"mu {word} as wide"
            found.append(NamedPrior(label, widened(mu, factor), tau, f"mu's prior {word} as wide"))
    found.append(NamedPrior("flat mu", Flat(), tau, "nothing is known of the mean effect"))
    found += _attitudes(model)
    for published in published_priors():
        if published.measure == model.measure and published.in_words in EVERYWHERE:
            own = published.for_measure(model.measure)
            pair = (own, tau) if published.parameter == "mu" else (mu, own)
            found.append(NamedPrior(published.name, *pair, f"published for {published.in_words}"))
    return _distinct(found)


def _attitudes(model: OutcomeModel) -> list[NamedPrior]:
    """A sceptic's and an enthusiast's prior, from the first threshold on the side of benefit."""
    null, measure = model.measure_record.null, model.measure_record
    bounds = [float(measure.to_analysis(np.float64(each.value))) for each in model.thresholds]
    plausible = next((bound for bound in bounds if model.benefit_sign * (bound - null) > 0), None)
    if plausible is None:
        return []
    sd, value = (
        abs(plausible - null) / TAIL,
        f"{measure.code} {float(measure.to_natural(np.float64(plausible))):g}",
    )
    return [
        NamedPrior(
            ATTITUDES[0], Normal(null, sd), model.tau_prior, f"gives {value} or better a chance of 5%"
        ),
        NamedPrior(
            ATTITUDES[1],
            Normal(plausible, sd),
            model.tau_prior,
            f"expects {value}; gives no benefit a chance of 5%",
        ),
    ]


def _distinct(found: list[NamedPrior]) -> tuple[NamedPrior, ...]:
    kept: dict[tuple[str, str], NamedPrior] = {}
    for each in found:
        kept.setdefault((str(each.mu), str(each.tau)), each)
    return tuple(kept.values())


def named_answers(fit: Fit | Case, prob: float = 0.95) -> pd.DataFrame:
    """Answer the outcome's question under each of `named_priors`.

    Parameters
    ----------
    fit : Fit
        A fitted outcome model.
    prob : float
        Probability content of the credible intervals.

    Returns
    -------
    DataFrame
        One row per pair of priors: ``prior_label``, ``why``, ``mu_prior``, ``tau_prior``; ``estimate`` (posterior
        median), ``lower`` and ``upper`` on the natural scale, ``prob``, ``kind``; ``p_benefit`` and
        ``p_benefit_new``, of the mean effect and of a new setting; ``likelihood``; ``how`` (``"exact"``; where only
        sampling fits the model ``"sampled"``, ``"re-weighted"`` or ``"refitted"``: see `Answer`), ``pareto_k``
        of the importance weights, ``ess`` and ``ess_new``, effective draws behind the two probabilities, infinite
        where they are exact; ``note``; ``reason``, why there is no answer where there is none.

    Notes
    -----
    Where only sampling fits the model, the draws are weighed if Pareto k allows it; a pair of priors that they do not
    cover is sampled anew if the fit was sampled.
    """
    case = Case.of(fit, refits=MANY)
    rows = [_row(case, named, prob) for named in named_priors(case.fit.model)]
    return pd.DataFrame(rows)


def _row(case: Case, named: NamedPrior, prob: float) -> dict[str, Any]:
    row: dict[str, Any] = {
        "prior_label": named.label,
        "why": named.why,
        "mu_prior": named.mu.label,
        "tau_prior": named.tau.label,
        "estimate": math.nan,
        "lower": math.nan,
        "upper": math.nan,
        "prob": prob,
        "kind": "eti",
        "p_benefit": math.nan,
        "p_benefit_new": math.nan,
        "likelihood": case.request.likelihood,
        "how": "",
        "pareto_k": math.nan,
        "ess": math.nan,
        "ess_new": math.nan,
        "note": "",
        "reason": "",
    }
    try:
        posterior = case.posterior(named.mu, named.tau)
    except MutauError as error:
        return row | {"reason": str(error)}
    tail = 0.5 - 0.5 * prob
    points = np.asarray(posterior.mu.quantile(np.array([0.5, tail, 1.0 - tail])))
    estimate, lower, upper = (float(value) for value in case.measure.to_natural(points))
    return row | {
        "estimate": estimate,
        "lower": lower,
        "upper": upper,
        "p_benefit": case.benefit.probability(posterior.mu),
        "p_benefit_new": case.benefit.probability(posterior.theta_new),
        "how": getattr(posterior, "how", "exact"),
        "pareto_k": getattr(posterior, "pareto_k", math.nan),
        "ess": posterior.mu.ess_at(case.benefit.bound),
        "ess_new": posterior.theta_new.ess_at(case.benefit.bound),
        "note": getattr(posterior, "note", ""),
    }
