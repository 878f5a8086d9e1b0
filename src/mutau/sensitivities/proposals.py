"""Draws of posteriors from which other posteriors are weighed, sampled anew where the weights cannot be relied on."""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from mutau.engines import ENGINES
from mutau.errors import ArgumentError, ConvergenceWarning, Fault, ImproperPosteriorError
from mutau.likelihoods import LIKELIHOODS
from mutau.likelihoods.counts import fresh_effects
from mutau.priors import posterior_is_proper
from mutau.priors.existence import count_posterior_is_proper
from mutau.sensitivities.weights import (
    ManySmoothed,
    WeightedMarginal,
    rarer_side,
    smoothed,
    smoothed_many,
    why_unusable,
)
from mutau.summaries import events

if TYPE_CHECKING:
    from collections.abc import Mapping

    import xarray as xr
    from numpy.typing import NDArray

    from mutau.fitting import Fit
    from mutau.records import Marginal
    from mutau.requests import ModelRequest

    type Array = NDArray[np.float64]

__all__ = ["NoDrawsError", "Proposal", "Proposals", "Weighed", "log_likelihood", "require_posterior"]

QUANTITIES = ("mu", "tau", "theta_new")


class NoDrawsError(ArgumentError):
    """No draws at hand cover a posterior, and none may be made."""


@dataclass(frozen=True, slots=True, eq=False)
class Weighed:
    """A posterior read from draws.

    Parameters
    ----------
    mu, tau, theta_new : Marginal
        On the analysis scale.
    how : {"sampled", "re-weighted", "refitted"}
        From the fit's own draws; from draws of another posterior by importance weights; from a fit of its own.
    pareto_k : float
        Of the weights; NaN where there are none.
    note : str
        Why it was sampled anew, and what the sampler had to say.
    """

    mu: Marginal
    tau: Marginal
    theta_new: Marginal
    how: str
    pareto_k: float = math.nan
    note: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Proposal:
    """Draws of one posterior.

    Parameters
    ----------
    request : ModelRequest
        Whose posterior.
    marginals : mapping of str to Marginal
        Of ``mu``, ``tau`` and ``theta_new``.
    draws : mapping of str to ndarray, shape (n,)
        The same in draws.
    bound : float
        No effect, on the analysis scale.
    how : str
        As in `Weighed`, of this posterior itself.
    efficiency : float
        Effective draws of mu over draws.
    note : str
        As in `Weighed`.
    """

    request: ModelRequest
    marginals: Mapping[str, Marginal] = field(repr=False)
    draws: Mapping[str, Array] = field(repr=False)
    bound: float
    how: str
    efficiency: float
    note: str = ""

    @classmethod
    def of_fit(cls, fit: Fit, request: ModelRequest) -> Proposal:
        """Take a fit's draws."""
        marginals = {name: fit.marginal(name) for name in QUANTITIES}
        draws = {name: np.asarray(fit.posterior[name]).ravel() for name in QUANTITIES}
        how = "sampled" if fit.exact is None else "exact"
        efficiency = 1.0 if how == "exact" else _efficiency(marginals["mu"], len(draws["mu"]))
        return cls(request, marginals, draws, events(fit.model)[0].bound, how, efficiency)

    @property
    def itself(self) -> Weighed:
        """The posterior that was drawn."""
        mu, tau, new = (self.marginals[name] for name in QUANTITIES)
        return Weighed(mu, tau, new, self.how, note=self.note)

    def is_of(self, request: ModelRequest) -> bool:
        """Whether the draws are of this very posterior."""
        own = self.request
        priors = own.mu_prior == request.mu_prior and own.tau_prior == request.tau_prior
        return priors and _same_likelihood(own, request) and _more(own, request) == 0

    def why_not(self, request: ModelRequest) -> str:
        """Say why these draws cannot be weighed into a posterior at all; nothing if they can be tried."""
        for name in ("mu_prior", "tau_prior"):
            before, after = getattr(self.request, name), getattr(request, name)
            if (before.is_point or after.is_point) and before != after:
                quantity = name.removesuffix("_prior")
                return f"{quantity} is a fixed number in one of the two and not in the other"
        return ""

    def log_ratios(self, request: ModelRequest) -> Array:
        """Log of the wanted over the drawn posterior density of mu and tau at each draw, up to a constant."""
        mu, tau = self.draws["mu"], self.draws["tau"]
        total = self.gained(request)
        for name, at in (("mu_prior", mu), ("tau_prior", tau)):
            before, after = getattr(self.request, name), getattr(request, name)
            if before != after:
                total = total + np.asarray(after.logpdf(at)) - np.asarray(before.logpdf(at))
        return total

    def gained(self, request: ModelRequest) -> Array:
        """Log likelihood of the wanted over the drawn posterior at each draw; with trials added, theirs."""
        mu, tau = self.draws["mu"], self.draws["tau"]
        if _same_likelihood(self.request, request) and (more := _more(self.request, request)) is not None:
            if more == 0:
                return np.zeros_like(mu)
            added = {name: column[-more:] for name, column in request.data.items()}
            return log_likelihood(replace(request, data=added, study=request.study[-more:]), mu, tau)
        return log_likelihood(request, mu, tau) - log_likelihood(self.request, mu, tau)

    def weigh(self, request: ModelRequest) -> tuple[Weighed | None, str, float]:
        """Weigh the draws into another posterior: the result or why there is none, and the effective draws."""
        if why := self.why_not(request):
            return None, why, 0.0
        found = smoothed(self.log_ratios(request), self.efficiency)
        if why := found.why_unusable(self.draws["mu"] > self.bound):
            return None, why, found.ess
        marginals = {
            name: WeightedMarginal(self.draws[name], found.weights, found.ess) for name in QUANTITIES
        }
        return Weighed(**marginals, how="re-weighted", pareto_k=found.pareto_k, note=""), "", found.ess

    def weigh_many(self, log_ratios: Array) -> tuple[ManySmoothed, list[str]]:
        """Weigh into several posteriors, rows of log ratios; why each cannot be relied on, empty where it can."""
        found = smoothed_many(log_ratios, self.efficiency)
        beyond = rarer_side(found.weights, self.draws["mu"] > self.bound)
        n = log_ratios.shape[1]
        facts = zip(found.pareto_k, found.ess, beyond, strict=True)
        return found, [why_unusable(float(k), float(ess), float(few), n) for k, ess, few in facts]


@dataclass(slots=True)
class Proposals:
    """All draws at hand for one fit's questions, and how many more posteriors may be sampled.

    Parameters
    ----------
    fit : Fit
        Beside which is asked.
    request : ModelRequest
        What it was asked: its draws are taken when they are first needed.
    left : int
        How many may still be sampled. Falls.
    known : list of Proposal
        Draws taken so far, the fit's own first. Grows.
    """

    fit: Fit = field(repr=False)
    request: ModelRequest = field(repr=False)
    left: int
    known: list[Proposal] = field(default_factory=list, repr=False)

    @property
    def made(self) -> list[Proposal]:
        """All draws at hand, the fit's own first."""
        if not self.known:
            self.known.append(Proposal.of_fit(self.fit, self.request))
        return self.known

    def posterior(self, request: ModelRequest) -> Weighed:
        """Give a posterior by the draws that are worth most of it, else by draws of its own.

        Raises
        ------
        NoDrawsError
            The draws at hand do not cover it, and no more may be made.
        ImproperPosteriorError
            There is no such posterior.
        """
        require_posterior(request)
        reasons: list[str] = []
        best: tuple[float, Weighed] | None = None
        for proposal in self.made:
            if proposal.is_of(request):
                return proposal.itself
            found, why, ess = proposal.weigh(request)
            reasons.append(why)
            if found is not None and (best is None or ess > best[0]):
                best = ess, found
        if best is not None:
            return best[1]
        if self.left < 1:
            rule = f"The draws at hand do not answer it: {reasons[0]}"
            what = f"mu ~ {request.mu_prior.label}, tau ~ {request.tau_prior.label}"
            what += ", with a study added" if len(request.study) > len(self.request.study) else ""
            raise NoDrawsError(Fault(what, rule, "Fit the model anew under these priors"))
        return self.sampled(request, reasons[0]).itself

    def sampled(self, request: ModelRequest, why: str) -> Proposal:
        """Sample a posterior, and keep its draws for the others."""
        self.left -= 1
        made = _sample(self.fit, request, why)
        self.made.append(made)
        return made


def _sample(fit: Fit, request: ModelRequest, why: str) -> Proposal:
    """Sample as the fit was, with its seed and settings."""
    engine = ENGINES["sampling"]
    if reason := engine.supports(request):
        rule = f"The draws at hand do not answer it ({why}), and it cannot be sampled: {reason}"
        raise NoDrawsError(Fault(f"mu ~ {request.mu_prior.label}", rule, "Use another prior"))
    settings = None
    if fit.engine.name == "sampling":
        from mutau.sampling import SamplingSettings

        settings = SamplingSettings(**fit.engine.settings)
    seed, forward = np.random.SeedSequence(fit.engine.seed).spawn(2)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # the note says it
        result = engine.run(request, seed, settings)
    drawn = _with_new_setting(result.draws(), request, np.random.default_rng(forward))
    from mutau.drawn import DrawsMarginal  # ArviZ is slow to load

    marginals = {name: DrawsMarginal(np.asarray(drawn[name])) for name in QUANTITIES}
    draws = {name: np.asarray(drawn[name]).ravel() for name in QUANTITIES}
    note = "; ".join((f"sampled anew: {why}", *result.warnings))
    efficiency = _efficiency(marginals["mu"], len(draws["mu"]))
    return Proposal(request, marginals, draws, events(fit.model)[0].bound, "refitted", efficiency, note)


def _with_new_setting(drawn: xr.Dataset, request: ModelRequest, rng: np.random.Generator) -> xr.Dataset:
    if "theta_new" in drawn:
        return drawn
    fresh = fresh_effects(rng, drawn["mu"].shape, request.effects_df)
    return drawn.assign(theta_new=drawn["mu"] + drawn["tau"] * fresh)


def _efficiency(mu: Marginal, draws: int) -> float:
    return min(1.0, mu.diagnostics()["ess_bulk"] / draws)


def _same_likelihood(one: ModelRequest, other: ModelRequest) -> bool:
    names = ("likelihood", "measure", "baseline_sd", "effects_df")
    return all(getattr(one, name) == getattr(other, name) for name in names)


def _more(one: ModelRequest, other: ModelRequest) -> int | None:
    """How many trials the other has behind all those of the one; None where they are not the same trials."""
    k, most = len(one.study), len(other.study)
    if most < k or set(one.data) != set(other.data):
        return None
    same = all(np.array_equal(column, other.data[name][:k]) for name, column in one.data.items())
    return most - k if same else None


def require_posterior(request: ModelRequest) -> None:
    """Raise where priors and data define no posterior: weights would not tell.

    Raises
    ------
    ImproperPosteriorError
        With the reason.
    """
    mu, tau = request.mu_prior, request.tau_prior
    if LIKELIHOODS[request.likelihood].of_counts:
        proper = count_posterior_is_proper(mu, tau)
    else:
        proper = posterior_is_proper(mu, tau, len(request.study))
    if not proper.exists:
        raise ImproperPosteriorError(f"There is no posterior: {proper.reason}.")


def log_likelihood(request: ModelRequest, mu: Array, tau: Array) -> Array:
    """Log likelihood of mu and tau, each of shape (n,), study effects and baselines integrated out; shape (n,)."""
    each = LIKELIHOODS[request.likelihood].log_likelihood(
        request.data, mu, tau,
        measure=request.measure, baseline_sd=request.baseline_sd, effects_df=request.effects_df,
    )  # fmt: skip
    return np.asarray(each.sum(axis=-1))
