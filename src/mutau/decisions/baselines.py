"""The risk without the treatment as a fit answers it: what was stated, or what the control arms of its trials say."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import expit, ndtr

from mutau.errors import ArgumentError, Fault
from mutau.exact import surface
from mutau.priors import HalfNormal, Normal, Prior
from mutau.stakes import BetaRisk, ControlArms, FixedRisk, LogitNormalRisk

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike, NDArray

    from mutau.fitting import Fit
    from mutau.records import Marginal
    from mutau.stakes import StatedRisk

    type Array = NDArray[np.float64]

__all__ = ["Baseline", "LearntRisk", "as_baseline", "baseline_of", "learning_faults", "learnt_risk"]

_X, _W = np.polynomial.legendre.leggauss(8)
_EDGES = ndtr(np.linspace(-7.5, 7.5, 31))
_HALF = 0.5 * np.diff(_EDGES)[:, None]
LEVELS = np.asarray((_EDGES[:-1, None] + _HALF * (1.0 + _X)).ravel())
"""Probabilities at whose quantiles a baseline's distribution is represented, `SHARES` of it each."""
SHARES = np.asarray((_HALF * _W).ravel() / (_HALF * _W).sum())


@dataclass(frozen=True, slots=True, eq=False)
class LearntRisk:
    """The control risk in a new setting, learnt from control arms. Made by `learnt_risk`.

    Parameters
    ----------
    log_odds : Marginal
        Posterior of its log odds.
    k : int
        Number of control arms.
    mean_prior, sd_prior : Prior
        Of the mean log odds, and of their between-trial SD.
    """

    log_odds: Marginal = field(repr=False)
    k: int
    mean_prior: Prior
    sd_prior: Prior

    def quantile(self, p: ArrayLike) -> Array:
        """Risks with posterior probabilities p below them."""
        return np.asarray(expit(np.asarray(self.log_odds.quantile(p))))

    @property
    def label(self) -> str:
        """The baseline in a word, for a cell of a table."""
        return f"learnt from {self.k} control arm{'s' if self.k != 1 else ''}"

    def __str__(self) -> str:
        weak = ", which with so few arms leans on these priors" if self.k < 5 else ""
        return (
            f"the control risk in a new setting, learnt from {self.k} control arm{'s' if self.k != 1 else ''}: "
            f"events ~ binomial, log odds ~ normal(m, s), m ~ {self.mean_prior.label}, s ~ {self.sd_prior.label}"
            f"{weak}; taken as independent of the effect"
        )


type Baseline = FixedRisk | BetaRisk | LogitNormalRisk | LearntRisk
"""Every kind of baseline risk answers ``quantile``, has a short ``label`` and says itself in words."""


def as_baseline(given: float | Baseline) -> Baseline:
    """Take a number as a fixed risk."""
    return FixedRisk(float(given)) if isinstance(given, int | float) else given


def baseline_of(given: float | StatedRisk | Baseline, fit: Fit) -> Baseline:
    """Take a number as a fixed risk, and learn from a fit's control arms where that is what is stated."""
    if isinstance(given, ControlArms):
        return learnt_risk(fit, given.mean_prior, given.sd_prior)
    return as_baseline(given)


_ARM = ("events_control", "n_control")


def learning_faults(effects: pd.DataFrame) -> list[Fault]:
    """Say which trials have no counts of their control arm to learn a baseline from."""
    missing = effects.reindex(columns=list(_ARM)).astype(float).isna().any(axis=1)
    if not missing.any():
        return []
    rule = "A baseline is learnt from events_control and n_control of every trial"
    named = ", ".join(effects["study"][missing].astype(str))
    return [Fault(f"{named} without counts of the control arm", rule, "State the baseline", key="baseline")]


def learnt_risk(
    fit: Fit,
    mean_prior: Prior = Normal(0, 2),  # noqa: B008
    sd_prior: Prior = HalfNormal(1),  # noqa: B008
) -> LearntRisk:
    r"""Learn the control risk in a new setting from the control arms of a fit's trials.

    Parameters
    ----------
    fit : Fit
        Its studies have ``events_control`` and ``n_control``.
    mean_prior, sd_prior : Prior
        Proper priors of the mean log odds of the control risk, and of their SD between trials.

    Returns
    -------
    LearntRisk

    Raises
    ------
    ArgumentError
        A study has no counts of its control arm.

    Notes
    -----
    .. math:: c_i \sim \mathrm{Binomial}(n_{0i}, p_i), \quad \mathrm{logit}\, p_i \sim \mathrm{Normal}(m, s^2),

    integrated exactly. It is a model of its own: the fit's own likelihood takes each trial's baseline as unrelated to
    the others', and this one says nothing of the effect. With two trials its answer is mostly its priors'.
    """
    faults = learning_faults(fit.effects)
    if faults:
        raise ArgumentError(faults)
    events, n = fit.effects[list(_ARM)].astype(float).to_numpy(dtype=np.float64).T

    def log_likelihood(i: int, log_odds: Array) -> Array:
        return np.asarray(
            -events[i] * np.logaddexp(0.0, -log_odds) - (n[i] - events[i]) * np.logaddexp(0.0, log_odds)
        )

    centre = np.log((events + 0.5) / (n - events + 0.5))
    scale = np.sqrt(1.0 / (events + 0.5) + 1.0 / (n - events + 0.5))
    posterior = surface(log_likelihood, centre, scale, mean_prior, sd_prior).posterior(mean_prior, sd_prior)
    return LearntRisk(posterior.theta_new, len(events), mean_prior, sd_prior)
