"""The answer to one model by the quickest way that is right: exactly, from the draws of another fit, or anew."""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from mutau.engines import ENGINES, exact_posterior
from mutau.errors import ArgumentError, DataWarning, Fault
from mutau.fitting import Fit, data_notes, model_request, prepare
from mutau.fitting import fit as mutau_fit
from mutau.likelihoods import LIKELIHOODS
from mutau.summaries import events

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike, NDArray

    from mutau.outcomes import OutcomeModel
    from mutau.records import Marginal
    from mutau.requests import ModelRequest
    from mutau.studies import StudyTable

    type Array = NDArray[np.float64]

__all__ = [
    "FEWEST_DRAWS",
    "Answer",
    "Smoothed",
    "WeightedMarginal",
    "answer",
    "efficiency",
    "log_likelihood",
    "pareto_k_limit",
    "smoothed",
]

FEWEST_DRAWS = 400.0
"""Effective draws below which re-weighted draws are not used: as many as a sampled fit has to have."""

_NOTHING = 600.0
"""Below the largest log ratio: exp(-600) is no weight, and a number."""


def pareto_k_limit(draws: int) -> float:
    r"""Largest Pareto k at which re-weighted draws are used.

    Notes
    -----
    :math:`\min(1 - 1/\log_{10} S, 0.7)` for S draws [1]_.

    References
    ----------
    .. [1] Vehtari A, Simpson D, Gelman A, Yao Y, Gabry J (2024). Pareto smoothed importance sampling. Journal of
       Machine Learning Research 25(72):1-58.

    Examples
    --------
    >>> round(pareto_k_limit(1000), 3), pareto_k_limit(16000)
    (0.667, 0.7)
    """
    return min(1.0 - 1.0 / math.log10(draws), 0.7)


@dataclass(frozen=True, slots=True, eq=False)
class Smoothed:
    """Importance weights, their largest ones smoothed by a generalised Pareto distribution.

    Parameters
    ----------
    weights : ndarray, shape (n,)
        Sum to 1.
    pareto_k : float
        Shape of the tail of the raw weights; 0 where all are equal.
    ess : float
        Effective number of draws behind an average.
    """

    weights: Array = field(repr=False)
    pareto_k: float
    ess: float

    @property
    def why_unusable(self) -> str:
        """Say why averages by these weights are not to be relied on; nothing if they are."""
        limit = pareto_k_limit(len(self.weights))
        if not self.pareto_k <= limit:
            return f"Pareto k is {self.pareto_k:.2f}, above {limit:.2f}: the draws do not cover it"
        if self.ess < FEWEST_DRAWS:
            return f"the draws are worth {self.ess:.0f} of it, fewer than {FEWEST_DRAWS:.0f}"
        return ""


def smoothed(log_ratios: Array, efficiency: float = 1.0) -> Smoothed:
    """Turn log importance ratios into Pareto-smoothed weights.

    Parameters
    ----------
    log_ratios : ndarray, shape (n,)
        Log of wanted over available density at each draw, up to a constant.
    efficiency : float
        Effective draws over draws, of the draws themselves.
    """
    n = len(log_ratios)
    if not np.isfinite(log_ratios.max()):  # every draw lies where the other posterior has nothing
        return Smoothed(np.full(n, 1.0 / n), math.inf, 0.0)
    log_ratios = np.maximum(log_ratios, log_ratios.max() - _NOTHING)
    if np.ptp(log_ratios) == 0:
        return Smoothed(np.full(n, 1.0 / n), 0.0, n * efficiency)
    import arviz_stats  # noqa: F401  (registers the accessor)

    negative = xr.DataArray(-log_ratios, dims="draw")
    log_weights, k = negative.azstats.psislw(dim="draw", r_eff=min(efficiency, 1.0))
    weights = np.exp(np.asarray(log_weights) - float(log_weights.max()))
    weights /= weights.sum()
    return Smoothed(weights, float(k), float(efficiency / (weights**2).sum()))


@dataclass(frozen=True, slots=True, eq=False)
class WeightedMarginal:
    """The posterior of one quantity, read from draws of another posterior by importance weights.

    Parameters
    ----------
    draws, weights : ndarray, shape (n,)
        Draws on the analysis scale; weights that sum to 1.
    ess : float
        Effective number of draws.
    """

    draws: Array = field(repr=False)
    weights: Array = field(repr=False)
    ess: float

    @property
    def mean(self) -> float:
        """Weighted mean."""
        return float(self.weights @ self.draws)

    @property
    def sd(self) -> float:
        """Weighted standard deviation."""
        return float(np.sqrt(self.weights @ (self.draws - self.mean) ** 2))

    def cdf(self, x: ArrayLike) -> Any:
        """Weight of the draws at or below `x`; shape as `x`."""
        order = np.argsort(self.draws)
        below = np.append(0.0, np.cumsum(self.weights[order]))
        place = np.searchsorted(self.draws[order], np.asarray(x, dtype=np.float64), side="right")
        return np.minimum(below[place], 1.0)

    def sf(self, x: ArrayLike) -> Any:
        """Weight of the draws above `x`; shape as `x`."""
        return 1 - self.cdf(x)

    def quantile(self, p: ArrayLike) -> Any:
        """Weighted quantiles at probabilities `p`, linear between draws; shape as `p`."""
        order = np.argsort(self.draws)
        weights = self.weights[order]
        middle = np.cumsum(weights) - 0.5 * weights
        return np.interp(np.asarray(p, dtype=np.float64), middle, self.draws[order])

    def pdf(self, x: Array) -> Array:
        """Kernel density estimate at `x`, shape (n,)."""
        from scipy.stats import gaussian_kde

        return np.asarray(gaussian_kde(self.draws, weights=self.weights)(np.asarray(x, dtype=np.float64)))

    def ess_at(self, x: float) -> float:  # noqa: ARG002
        """Effective number of draws behind P(quantity > x)."""
        return self.ess

    def mcse_quantile(self, p: float) -> float:
        """Monte Carlo standard error of the quantile at `p`: half the width of the quantiles one error of p away."""
        error = math.sqrt(p * (1 - p) / self.ess)
        low, high = self.quantile(np.clip([p - error, p + error], 0.0, 1.0))
        return float(high - low) / 2

    def diagnostics(self) -> dict[str, float]:
        """Effective number of draws and Monte Carlo error of the median; no R-hat."""
        return {
            "r_hat": math.nan,
            "ess_bulk": self.ess,
            "ess_tail": self.ess,
            "mcse_median": self.mcse_quantile(0.5),
        }


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """What one model says of the mean effect and the between-study SD.

    Parameters
    ----------
    model : OutcomeModel
        What was asked.
    k : int
        Number of studies.
    mu, tau : Marginal
        Their posteriors, on the analysis scale.
    how : {"exact", "sampled", "re-weighted", "refitted"}
        By the exact engine; by the fit's own draws; by those draws with importance weights; by a sampled fit of its
        own.
    pareto_k : float
        Of the importance weights; NaN where there are none.
    note : str
        What must be known of the data, and why the answer was not read in an easier way.
    provenance : str
        Where the studies' numbers come from.
    """

    model: OutcomeModel
    k: int
    mu: Marginal = field(repr=False)
    tau: Marginal = field(repr=False)
    how: str
    pareto_k: float = math.nan
    note: str = ""
    provenance: str = ""

    @property
    def p_benefit(self) -> float:
        """P(benefit) of the mean effect."""
        return events(self.model)[0].probability(self.mu)

    @property
    def ess(self) -> float:
        """Effective draws behind P(benefit); infinite where it is exact."""
        return self.mu.ess_at(events(self.model)[0].bound)

    def effect(self, prob: float = 0.95) -> tuple[float, float, float]:
        """Median of the mean effect and its equal-tailed interval, on the natural scale."""
        tail = (1 - prob) / 2
        points = np.asarray(self.mu.quantile(np.array([0.5, tail, 1 - tail])))
        estimate, lower, upper = (float(each) for each in self.model.measure_record.to_natural(points))
        return estimate, lower, upper


def answer(
    fit: Fit,
    model: OutcomeModel | None = None,
    studies: StudyTable | None = None,
    *,
    refit: bool | None = None,
) -> Answer:
    """Answer another model, or other studies, beside a fit.

    Parameters
    ----------
    fit : Fit
        The fit beside which the question is asked.
    model : OutcomeModel, optional
        The other model; the fit's own if left out.
    studies : StudyTable, optional
        The other studies; the fit's own if left out.
    refit : bool, optional
        Whether a model is sampled anew where there is no easier way, which takes seconds or tens of them. By default
        only where the fit itself was sampled.

    Returns
    -------
    Answer
        By the exact engine where it has a rule; else from the fit's draws, weighted by the ratio of the two
        posteriors of mu and tau (study effects integrated out of both), if the weights can be relied on; else from a
        fit of its own. ``how`` and ``note`` say which, and why.

    Raises
    ------
    MutauError
        The model cannot be answered; says why.

    Examples
    --------
    >>> import mutau
    >>> from dataclasses import replace
    >>> from mutau.shipped import shipped_path
    >>> studies = mutau.read_studies(shipped_path("data", "pip", "studies.csv"))
    >>> fit = mutau.fit(studies, mutau.load_model(shipped_path("models", "secure.toml")), engine="exact", seed=1)
    >>> narrow = replace(fit.model, mu_prior=mutau.priors.Normal(0, 0.35))
    >>> other = answer(fit, narrow)
    >>> other.how, round(other.p_benefit, 3)
    ('exact', 0.877)
    """
    if model is None and studies is None:
        provenance = "; ".join(fit.studies.provenance)
        how = "exact" if fit.exact is not None else "sampled"
        notes = "; ".join((*fit.notes, *fit.engine.warnings))
        return Answer(
            fit.model, fit.k, fit.marginal("mu"), fit.marginal("tau"), how, note=notes, provenance=provenance
        )
    model = fit.model if model is None else model
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)  # the answer's note says it
        selected, effects = prepare(fit.studies if studies is None else studies, model)
    model = model.given(effects["sei"])
    request = model_request(effects, model)
    said = {
        "note": "; ".join(data_notes(selected, effects, model)),
        "provenance": "; ".join(selected.provenance),
    }
    reason = ENGINES["exact"].supports(request)
    if reason is None:
        posterior = exact_posterior(request)
        return Answer(model, len(effects), posterior.mu, posterior.tau, "exact", **said)  # type: ignore[arg-type]
    refit = fit.exact is None if refit is None else refit
    return _sampled(fit, model, selected, effects, reason, said, refit=refit)


def _sampled(
    fit: Fit,
    model: OutcomeModel,
    studies: StudyTable,
    effects: pd.DataFrame,
    reason: str,
    said: dict[str, str],
    *,
    refit: bool,
) -> Answer:
    """Answer from the fit's draws if they will do, else from new ones."""
    request = model_request(effects, model)
    why = _no_common_draws(model_request(fit.effects, fit.model), request)
    if not why:
        weighted = _weights(fit, request)
        why = weighted.why_unusable
        if not why:
            mu, tau = (np.asarray(fit.posterior[name]).ravel() for name in ("mu", "tau"))
            return Answer(
                model,
                len(effects),
                WeightedMarginal(mu, weighted.weights, weighted.ess),
                WeightedMarginal(tau, weighted.weights, weighted.ess),
                "re-weighted",
                weighted.pareto_k,
                said["note"],
                said["provenance"],
            )
    if not refit:
        what = f"no exact answer: {reason}"
        rule = f"The fit's draws do not answer it either: {why}"
        raise ArgumentError(Fault(what, rule, "Let it be sampled (refit=True)"))
    sampling = None
    if fit.engine.name == "sampling":
        from mutau.sampling import SamplingSettings

        sampling = SamplingSettings(**fit.engine.settings)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)
        made = mutau_fit(studies, model, engine="sampling", seed=fit.engine.seed, sampling=sampling)
    note = "; ".join(filter(None, (said["note"], f"sampled anew: {why}", *made.engine.warnings)))
    return Answer(
        model, made.k, made.marginal("mu"), made.marginal("tau"), "refitted",
        note=note, provenance=said["provenance"],
    )  # fmt: skip


def _no_common_draws(old: ModelRequest, new: ModelRequest) -> str:
    """Say why draws of one posterior cannot be weighted into the other at all."""
    for name in ("mu", "tau"):
        before, after = getattr(old, f"{name}_prior"), getattr(new, f"{name}_prior")
        if (before.is_point or after.is_point) and before != after:
            return f"{name} is a fixed number in one of the two and not in the other"
    return ""


def _weights(fit: Fit, request: ModelRequest) -> Smoothed:
    mu, tau = (np.asarray(fit.posterior[name]).ravel() for name in ("mu", "tau"))
    old = model_request(fit.effects, fit.model)
    ratios = _log_posterior(request, mu, tau) - _log_posterior(old, mu, tau)
    return smoothed(ratios, efficiency(fit))


def efficiency(fit: Fit) -> float:
    """Effective draws of mu over draws."""
    if fit.exact is not None:
        return 1.0
    ess = fit.marginal("mu").diagnostics()["ess_bulk"]
    return min(1.0, ess / fit.posterior["mu"].size)


def log_likelihood(request: ModelRequest, mu: Array, tau: Array) -> Array:
    """Log likelihood of mu and tau, each of shape (n,), study effects and baselines integrated out; shape (n,)."""
    each = LIKELIHOODS[request.likelihood].log_likelihood(
        request.data, mu, tau,
        measure=request.measure, baseline_sd=request.baseline_sd, effects_df=request.effects_df,
    )  # fmt: skip
    return np.asarray(each.sum(axis=-1))


def _log_posterior(request: ModelRequest, mu: Array, tau: Array) -> Array:
    """Log posterior density of mu and tau up to a constant; -inf where a new prior has no support."""
    total = log_likelihood(request, mu, tau)
    for prior, at in ((request.mu_prior, mu), (request.tau_prior, tau)):
        if not prior.is_point:
            total = total + np.asarray(prior.logpdf(at))
    return total
