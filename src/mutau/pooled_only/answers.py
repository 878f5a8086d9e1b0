"""`pooled`: what a published pooled result alone says, conditional on its tau-hat and under tau's prior."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from mutau.errors import ArgumentError, Fault
from mutau.exact import PooledPosterior, pooled_normal
from mutau.outcomes import Printed, printed
from mutau.outcomes.defaults import NO_HETEROGENEITY, OWN
from mutau.priors import PointMass
from mutau.shown import Shown
from mutau.summaries import events

if TYPE_CHECKING:
    import pandas as pd

    from mutau.outcomes import OutcomeModel, PublishedResult
    from mutau.priors import Prior
    from mutau.summaries import Event

__all__ = [
    "CONDITIONAL",
    "INTEGRATED",
    "LIKELIHOOD",
    "PROVENANCE",
    "Chance",
    "PooledAnswer",
    "PooledResult",
    "pooled",
]

CONDITIONAL = "conditional on the published tau-hat"
"""How the form that takes the published standard error as it is calls itself, everywhere."""
INTEGRATED = "integrated over the prior for tau"
"""How the form that adds tau's prior to the variance calls itself."""
PROVENANCE = "published pooled result; the trials behind it are not known"
"""What every row says of its data."""

LIKELIHOOD = "normal likelihood of the pooled result"
"""What every row says of its likelihood."""

_NO_TAU = "tau: a pooled result alone says next to nothing of tau, so there is its prior and no posterior"
_NO_NEW = (
    "prediction, p_benefit_new: the effect in a new setting needs tau, of which only the prior is known; "
    "a probability of it would be the prior's own"
)


@dataclass(frozen=True, slots=True)
class Chance:
    """How probable one statement about the mean effect is: its name, its words, and the probability."""

    event: str
    label: str
    probability: float


@dataclass(frozen=True, slots=True)
class PooledAnswer:
    """What a pooled result says of the mean effect under one treatment of tau.

    Parameters
    ----------
    label : str
        `CONDITIONAL`, or the label of the prior for tau: ``"default"``, ``"doubled"``, ...
    form : str
        `CONDITIONAL` or `INTEGRATED`. Answers of the two forms are never ranked together.
    tau_prior : Prior or None
        The prior that is integrated over; None for the conditional form.
    posterior : PooledPosterior
        Of mu, on the analysis scale.
    estimate, lower, upper : float
        Posterior median and limits of the equal-tailed credible interval, natural scale.
    prob : float
        Probability content of the interval.
    chances : tuple of Chance
        Benefit, harm, and beyond each threshold.
    benefit_range : tuple of float
        Lowest and highest P(benefit) over the rounding intervals of the three printed numbers.
    """

    label: str
    form: str
    tau_prior: Prior | None
    posterior: PooledPosterior = field(repr=False)
    estimate: float
    lower: float
    upper: float
    prob: float
    chances: tuple[Chance, ...] = field(repr=False)
    benefit_range: tuple[float, float]

    @property
    def benefit(self) -> float:
        """P(benefit) of the mean effect."""
        return self.probability("benefit")

    @property
    def harm(self) -> float:
        """P(harm) of the mean effect."""
        return self.probability("harm")

    def probability(self, event: str) -> float:
        """How probable a statement is, by its name: ``"benefit"``, ``"harm"``, ``"beyond 0.75"``."""
        return next(chance.probability for chance in self.chances if chance.event == event)


@dataclass(frozen=True, slots=True)
class PooledResult(Shown):
    """Everything that a published pooled result alone says. ``to_frame()`` and ``probabilities()`` give tables.

    Parameters
    ----------
    model : OutcomeModel
        What was asked.
    printed : Printed
        The printed numbers on the analysis scale, with what rounding leaves open.
    conditional : PooledAnswer
        Given the review's own estimate of tau, which its interval includes.
    integrated : tuple of PooledAnswer
        Under each prior for tau, the model's own first.
    prior_chances : tuple of Chance
        The statements under mu's prior, before any data; NaN where it is improper.
    benefit_new : float
        NaN: there is no posterior of the effect in a new setting (see `reasons`).
    notes : tuple of str
        What is assumed.
    reasons : tuple of str
        Why something is NaN.
    """

    model: OutcomeModel
    printed: Printed
    conditional: PooledAnswer
    integrated: tuple[PooledAnswer, ...]
    prior_chances: tuple[Chance, ...]
    benefit_new: float
    notes: tuple[str, ...]
    reasons: tuple[str, ...]

    @property
    def answers(self) -> tuple[PooledAnswer, ...]:
        """The conditional answer, then the integrated ones."""
        return (self.conditional, *self.integrated)

    @property
    def published(self) -> PublishedResult:
        """The printed result."""
        assert self.model.published is not None
        return self.model.published

    @property
    def provenance(self) -> tuple[str, ...]:
        """What must be said of the data wherever a number is shown."""
        return (PROVENANCE,)

    @property
    def prior_benefit(self) -> float:
        """P(benefit) under mu's prior alone; NaN where it is improper."""
        return self.prior_chances[0].probability

    def to_frame(self) -> pd.DataFrame:
        """One row per answer, columns `POOLED_COLUMNS`; numbers unrounded."""
        from mutau.pooled_only.frames import answers_frame

        return answers_frame(self)

    def probabilities(self) -> pd.DataFrame:
        """One row per statement and answer: benefit, harm, and beyond each threshold."""
        from mutau.pooled_only.frames import chances_frame

        return chances_frame(self)

    def __str__(self) -> str:
        given = "; ".join(
            f"{answer.benefit:.3f} with tau ~ {answer.tau_prior} ({answer.label})"
            for answer in self.integrated
        )
        return (
            f"{self.model.name}: only the pooled result of {self.published.k} studies is known. "
            f"P(benefit) = {self.conditional.benefit:.3f} {CONDITIONAL}; {given}; mu ~ {self.model.mu_prior.label}"
        )


def pooled(model: OutcomeModel, prob: float = 0.95) -> PooledResult:
    r"""Say what a published pooled result alone says of the mean effect.

    Parameters
    ----------
    model : OutcomeModel
        With ``likelihood = "pooled"`` and its ``published`` result.
    prob : float
        Probability content of the credible intervals, in (0, 1).

    Returns
    -------
    PooledResult
        Conditional on the published tau-hat, and beside it under each prior for tau.

    Raises
    ------
    ArgumentError
        The model has trials of its own, or `prob` is none.

    Notes
    -----
    With m and its limits on the analysis scale, :math:`s = (U - L) / (2 z)`.

    - Conditional form: :math:`m \sim N(\mu, s^2)`. The interval was made with the review's own estimate of tau,
      so the answer takes that estimate for the truth.
    - Integrated form: :math:`m \sim N(\mu, s^2 + \max(0, \tau^2 - \hat\tau^2) / k)` with tau's prior. Exact for
      trials of equal size where tau is at or above the published estimate; an unknown :math:`\hat\tau^2` is taken
      as 0.

    The range of P(benefit) over rounding takes the estimate and the standard error at the lowest, printed and
    highest value they may stand for, nine pairs in all.

    References
    ----------
    The model given tau: Röver C (2020). Bayesian random-effects meta-analysis using the bayesmeta R package.
    Journal of Statistical Software 93(6). doi:10.18637/jss.v093.i06

    Examples
    --------
    >>> import mutau
    >>> from mutau.shipped import shipped_path
    >>> result = mutau.pooled(mutau.load_model(shipped_path("models", "depression_incidence.toml")))
    >>> round(result.conditional.benefit, 3), [round(answer.benefit, 3) for answer in result.integrated]
    (0.955, [0.854, 0.771])
    """
    _check(model, prob)
    published = model.published
    assert published is not None
    found = printed(published, model.measure_record)
    integrated = [(OWN, model.tau_prior), *model.tau_alternatives]
    return PooledResult(
        model,
        found,
        _answer(model, found, CONDITIONAL, None, prob),
        tuple(
            _answer(model, found, label, prior, prob)
            for label, prior in integrated
            if label != NO_HETEROGENEITY  # the same as the conditional form
        ),
        _prior_chances(model),
        math.nan,
        _notes(published, found),
        (_NO_TAU, _NO_NEW, *([] if model.mu_prior.is_proper else [_no_prior(model)])),
    )


def _no_prior(model: OutcomeModel) -> str:
    return f"prior_p_benefit: {model.mu_prior.of('mu')} is improper"


def _check(model: OutcomeModel, prob: float) -> None:
    faults = []
    if not model.is_pooled:
        rule = "mutau.pooled is for an outcome of which only the pooled result is known"
        remedy = 'Call mutau.fit, or state likelihood = "pooled" and the published result'
        faults.append(Fault(f"likelihood = '{model.likelihood}'", rule, remedy, key="likelihood"))
    if not 0 < prob < 1:
        rule = "A probability content lies strictly between 0 and 1"
        faults.append(Fault(f"prob = {prob!r}", rule, "Give 0.95", key="prob"))
    if faults:
        raise ArgumentError(faults)


def _answer(model: OutcomeModel, found: Printed, label: str, tau: Prior | None, prob: float) -> PooledAnswer:
    posterior = _posterior(model, found.estimates[1], found.ses[1], tau)
    tail = (1 - prob) / 2
    points = np.asarray(posterior.mu.quantile(np.array([0.5, tail, 1 - tail])))
    estimate, lower, upper = (float(value) for value in model.measure_record.to_natural(points))
    asked = events(model)
    benefits = [
        _chance(asked[0], _posterior(model, estimate_, se, tau)).probability
        for estimate_, se in itertools.product(found.estimates, found.ses)
    ]
    return PooledAnswer(
        label,
        CONDITIONAL if tau is None else INTEGRATED,
        tau,
        posterior,
        estimate,
        lower,
        upper,
        prob,
        tuple(_chance(event, posterior) for event in asked),
        (min(benefits), max(benefits)),
    )


def _posterior(model: OutcomeModel, estimate: float, se: float, tau: Prior | None) -> PooledPosterior:
    published = model.published
    assert published is not None
    assert published.k is not None
    return pooled_normal(
        estimate,
        se,
        published.k,
        mu=model.mu_prior,
        tau=PointMass(0) if tau is None else tau,
        tau2_published=published.tau2_published or 0.0,
    )


def _chance(event: Event, posterior: PooledPosterior) -> Chance:
    return Chance(event.name, event.label, event.probability(posterior.mu))


def _prior_chances(model: OutcomeModel) -> tuple[Chance, ...]:
    proper = model.mu_prior.is_proper
    return tuple(
        Chance(event.name, event.label, event.probability(model.mu_prior) if proper else math.nan)
        for event in events(model)
    )


def _notes(published: PublishedResult, found: Printed) -> tuple[str, ...]:
    """What is taken for granted, said aloud."""
    kind = "stated to be" if published.ci_method else "assumed to be"
    z = f"its length over {(found_z := _z(published.prob)) * 2:.2f} (2 x {found_z:.2f})"
    tau2 = published.tau2_published
    taken = (
        "the published tau squared is not known and taken as 0: if it was above 0, the answers under tau's prior "
        "are wider than they would be with it"
        if tau2 is None
        else f"the published tau squared is {tau2:g}; tau's prior adds only what exceeds it"
    )
    digits = "" if published.decimals is not None else ", as many as one of the three numbers shows"
    return (
        f"the interval is {kind} a Wald interval: the standard error on the analysis scale is {z}, "
        f"{found.ses[1]:.4f}",
        taken,
        f"for tau's part of the variance the {published.k} trials are taken to be of equal size",
        f"rounding: the three numbers are printed to {found.decimals} decimals{digits}",
    )


def _z(prob: float) -> float:
    from statistics import NormalDist

    return NormalDist().inv_cdf(0.5 + 0.5 * prob)
