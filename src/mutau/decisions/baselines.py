"""The risk without the treatment: a number, a distribution, or what the control arms of the trials say."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import brentq
from scipy.special import betainc, betaincinv, expit, logit, ndtr, ndtri

from mutau.errors import ArgumentError, Fault
from mutau.exact import surface
from mutau.priors import HalfNormal, Normal, Prior

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from mutau.fitting import Fit
    from mutau.records import Marginal

    type Array = NDArray[np.float64]

__all__ = [
    "Baseline",
    "BetaRisk",
    "FixedRisk",
    "LearntRisk",
    "LogitNormalRisk",
    "as_baseline",
    "learnt_risk",
]

_X, _W = np.polynomial.legendre.leggauss(8)
_EDGES = ndtr(np.linspace(-7.5, 7.5, 31))
_HALF = 0.5 * np.diff(_EDGES)[:, None]
LEVELS = np.asarray((_EDGES[:-1, None] + _HALF * (1.0 + _X)).ravel())
"""Probabilities at whose quantiles a baseline's distribution is represented, `SHARES` of it each."""
SHARES = np.asarray((_HALF * _W).ravel() / (_HALF * _W).sum())


@dataclass(frozen=True, slots=True)
class FixedRisk:
    """A baseline risk that is one number.

    Parameters
    ----------
    risk : float
        In [0, 1].
    """

    risk: float

    def __post_init__(self) -> None:
        if not 0 <= self.risk <= 1:
            rule = "A risk lies between 0 and 1"
            raise ArgumentError(Fault(f"baseline {self.risk!r}", rule, "Give 0.17 for 17%", key="baseline"))

    def quantile(self, p: ArrayLike) -> Array:
        """The number, for every p."""
        return np.full(np.shape(p), self.risk)

    def __str__(self) -> str:
        return f"a baseline risk of {self.risk:g}"


@dataclass(frozen=True, slots=True)
class BetaRisk:
    """A baseline risk with a beta distribution.

    Parameters
    ----------
    a, b : float
        Parameters, above 0; with a uniform distribution before, as after a - 1 events and b - 1 people without one.

    Examples
    --------
    Half a chance of at most 10%, 19 in 20 of at most 20%:

    >>> BetaRisk.from_quantiles((0.5, 0.10), (0.95, 0.20)).quantile([0.5, 0.95]).round(6)
    array([0.1, 0.2])
    """

    a: float
    b: float

    def __post_init__(self) -> None:
        _require_positive(a=self.a, b=self.b)

    @classmethod
    def from_quantiles(cls, first: tuple[float, float], second: tuple[float, float]) -> BetaRisk:
        """Find the distribution with two stated quantiles, each (probability, risk).

        Raises
        ------
        ArgumentError
            The two are not two quantiles of one distribution of a risk, or no beta distribution that can be
            represented has them.
        """
        (p, x), (q, y) = _ordered(first, second)

        def b_for(log_a: float) -> float:
            """Log b that puts the first quantile right."""
            a = math.exp(log_a)
            return float(
                brentq(lambda log_b: float(betainc(a, math.exp(log_b), x)) - p, -16.0, 24.0, xtol=1e-13)
            )

        def miss(log_a: float) -> float:
            return float(betainc(math.exp(log_a), math.exp(b_for(log_a)), y)) - q

        try:
            log_a = float(brentq(miss, -7.0, 14.0, xtol=1e-13))
        except ValueError as found:
            rule = "No beta distribution within reach has these two quantiles"
            fault = Fault(f"quantiles {first} and {second}", rule, "Use LogitNormalRisk.from_quantiles")
            raise ArgumentError(fault) from found
        return cls(math.exp(log_a), math.exp(b_for(log_a)))

    def quantile(self, p: ArrayLike) -> Array:
        """Risks with probabilities p below them."""
        return np.asarray(betaincinv(self.a, self.b, np.asarray(p, dtype=np.float64)))

    def __str__(self) -> str:
        return f"a baseline risk ~ Beta({self.a:.4g}, {self.b:.4g})"


@dataclass(frozen=True, slots=True)
class LogitNormalRisk:
    """A baseline risk whose log odds are normal.

    Parameters
    ----------
    mean, sd : float
        Of the log odds; sd above 0.

    Examples
    --------
    >>> risk = LogitNormalRisk.from_quantiles((0.025, 0.1), (0.975, 0.3))
    >>> risk.quantile([0.025, 0.5, 0.975]).round(3)
    array([0.1  , 0.179, 0.3  ])
    """

    mean: float
    sd: float

    def __post_init__(self) -> None:
        _require_positive(sd=self.sd)

    @classmethod
    def from_quantiles(cls, first: tuple[float, float], second: tuple[float, float]) -> LogitNormalRisk:
        """Find the distribution with two stated quantiles, each (probability, risk).

        Raises
        ------
        ArgumentError
            The two are not two quantiles of one distribution of a risk.
        """
        (p, x), (q, y) = _ordered(first, second)
        sd = float((logit(y) - logit(x)) / (ndtri(q) - ndtri(p)))
        return cls(float(logit(x) - sd * ndtri(p)), sd)

    def quantile(self, p: ArrayLike) -> Array:
        """Risks with probabilities p below them."""
        return np.asarray(expit(self.mean + self.sd * ndtri(np.asarray(p, dtype=np.float64))))

    def __str__(self) -> str:
        return f"a baseline risk with log odds ~ Normal({self.mean:.4g}, {self.sd:.4g})"


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

    def __str__(self) -> str:
        weak = ", which with so few arms leans on these priors" if self.k < 5 else ""
        return (
            f"the control risk in a new setting, learnt from {self.k} control arm{'s' if self.k != 1 else ''}: "
            f"events ~ binomial, log odds ~ Normal(m, s), m ~ {self.mean_prior}, s ~ {self.sd_prior}{weak}; "
            "taken as independent of the effect"
        )


type Baseline = FixedRisk | BetaRisk | LogitNormalRisk | LearntRisk
"""Every kind of baseline risk answers ``quantile`` and says itself in words."""


def as_baseline(given: float | Baseline) -> Baseline:
    """Take a number as a fixed risk."""
    return FixedRisk(float(given)) if isinstance(given, int | float) else given


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
    table = fit.effects.reindex(columns=["events_control", "n_control"]).astype(float)
    missing = table.isna().any(axis=1)
    if missing.any():
        rule = "A baseline is learnt from events_control and n_control of every trial"
        named = ", ".join(fit.effects["study"][missing].astype(str))
        fault = Fault(
            f"{named} without counts of the control arm", rule, "State the baseline", key="baseline"
        )
        raise ArgumentError(fault)
    events, n = table.to_numpy(dtype=np.float64).T

    def log_likelihood(i: int, log_odds: Array) -> Array:
        return np.asarray(
            -events[i] * np.logaddexp(0.0, -log_odds) - (n[i] - events[i]) * np.logaddexp(0.0, log_odds)
        )

    centre = np.log((events + 0.5) / (n - events + 0.5))
    scale = np.sqrt(1.0 / (events + 0.5) + 1.0 / (n - events + 0.5))
    posterior = surface(log_likelihood, centre, scale, mean_prior, sd_prior).posterior(mean_prior, sd_prior)
    return LearntRisk(posterior.theta_new, len(events), mean_prior, sd_prior)


def _require_positive(**values: float) -> None:
    faults = [
        Fault(f"{name} = {value!r}", "It is a number above 0", "Give one", key=name)
        for name, value in values.items()
        if not (math.isfinite(value) and value > 0)
    ]
    if faults:
        raise ArgumentError(faults)


def _ordered(first: tuple[float, float], second: tuple[float, float]) -> tuple[tuple[float, float], ...]:
    pair = tuple(sorted((first, second)))
    (p, x), (q, y) = pair
    if not (0 < p < q < 1 and 0 < x < y < 1):
        rule = "Two quantiles are (probability, risk) with both between 0 and 1, and the greater risk goes with the "
        fault = Fault(
            f"quantiles {first} and {second}", rule + "greater probability", "Give (0.5, 0.1), (0.95, 0.2)"
        )
        raise ArgumentError(fault)
    return pair
