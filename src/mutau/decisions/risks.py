"""The distribution of the risk with treatment, from that of the effect and that of the baseline risk."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import toms748

from mutau.decisions.baselines import LEVELS, SHARES
from mutau.decisions.expectations import posterior_draws
from mutau.stakes import FixedRisk

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mutau.decisions.baselines import Baseline
    from mutau.decisions.roads import Road
    from mutau.fitting import Fit
    from mutau.records import Marginal

    type Array = NDArray[np.float64]

__all__ = ["Effect", "Risks", "effect_of", "risks_of"]

_BEYOND = 0.1
"""Quantiles of risks are looked for between those of effects that leave out so much of their tail."""
_HUGE = 1e300


@dataclass(frozen=True, slots=True)
class Effect:
    """An effect as a road takes it: on the natural scale, or an SMD in the direction of benefit.

    Parameters
    ----------
    marginal : Marginal
        On the analysis scale.
    scale : str
        Analysis scale of the measure.
    factor : float
        What the effect on the natural scale is multiplied by: the direction of benefit for an SMD (over its SD for
        an MD), else 1.
    """

    marginal: Marginal
    scale: str
    factor: float

    def quantile(self, p: Array) -> Array:
        """Quantiles."""
        return self.of(np.asarray(self.marginal.quantile(p if self.factor > 0 else 1.0 - p)))

    def of(self, analysis: Array) -> Array:
        """Take effects from the analysis scale."""
        with np.errstate(over="ignore"):
            natural = {"log": np.exp, "atanh": np.tanh}.get(self.scale, np.asarray)(analysis)
        return np.asarray(self.factor * natural)

    def cdf(self, x: Array) -> Array:
        """P(effect <= x); x may be infinite."""
        at = np.asarray(x, dtype=np.float64) / self.factor
        with np.errstate(divide="ignore"):
            if self.scale == "log":
                at = np.log(np.maximum(at, 0.0))
            elif self.scale == "atanh":
                at = np.arctanh(np.clip(at, -1.0, 1.0))
        flat, finite = at.ravel(), np.isfinite(at).ravel()
        below = np.where(flat > 0, 1.0, 0.0)
        if finite.any():
            below[finite] = self.marginal.cdf(flat[finite])
        return (below if self.factor > 0 else 1.0 - below).reshape(at.shape)


def effect_of(fit: Fit, quantity: str, sd: float | None = None) -> Effect:
    """Give mu or theta_new as its road takes it; `sd` turns an MD into an SMD."""
    model = fit.model
    oriented = model.measure in {"SMD", "MD"}
    factor = model.benefit_sign / (sd if model.measure == "MD" and sd else 1.0) if oriented else 1.0
    return Effect(fit.marginal(quantity), model.measure_record.analysis_scale, factor)


@dataclass(frozen=True, slots=True)
class Risks:
    """Risks with treatment, baseline and effect independent of each other. Made by `risks_of`.

    Parameters
    ----------
    road : Road
        From effect to risk.
    effect : Effect
        The effect.
    baseline : ndarray, shape (n,)
        Baseline risks, of the probabilities `shares`.
    shares : ndarray, shape (n,)
        Sum to 1.
    draws : DrawsMarginal or None
        Pairs of a drawn effect and a baseline: risk with treatment, and its difference; None for an exact fit.
    """

    road: Road
    effect: Effect
    baseline: Array = field(repr=False)
    shares: Array = field(repr=False)
    draws: tuple[Marginal, Marginal] | None = field(default=None, repr=False)

    @property
    def impossible(self) -> float:
        """Posterior probability of a risk above 1 or below 0."""
        if self.road.bounded:
            return 0.0
        with np.errstate(divide="ignore", invalid="ignore"):  # at a baseline of 0 no ratio leads anywhere
            one, zero = (self.road.effect(self.baseline, np.asarray(end)) for end in (1.0, 0.0))
        low = np.nextafter(zero, -np.inf)
        return float(self.shares @ (1.0 - self.effect.cdf(one) + self.effect.cdf(low)))

    def quantile(self, p: Array, difference: bool) -> Array:
        """Quantiles of the risk with treatment, or of its difference from the one without."""
        if self.draws is not None:
            return np.asarray(self.draws[difference].quantile(p))
        if len(self.baseline) == 1:
            with_treatment = self.road.risk(self.baseline[0], self.effect.quantile(p))
            return with_treatment - self.baseline[0] if difference else with_treatment
        tail = min(float(np.min(p)), 1.0 - float(np.max(p))) * _BEYOND
        effects = np.clip(self.effect.quantile(np.array([tail, 1.0 - tail])), -_HUGE, _HUGE)
        ends = self.road.risk(self.baseline[:, None], effects)
        reach = ends - self.baseline[:, None] if difference else ends
        low, high = float(reach.min()), float(reach.max())
        return np.array(
            [
                toms748(lambda x, q=q: self.cdf(x, difference) - q, low, high, xtol=1e-13, maxiter=400)
                for q in p
            ]
        )

    def cdf(self, x: float, difference: bool) -> float:
        """P(risk with treatment <= x), or of its difference; for a baseline that is a distribution."""
        at = self.baseline + x if difference else np.full_like(self.baseline, x)
        with np.errstate(divide="ignore", invalid="ignore"):
            below = self.effect.cdf(self.road.effect(self.baseline, at))
        return float(self.shares @ np.where(at < 0, self._below_zero(below), below))

    def _below_zero(self, below: Array) -> Array:
        """A risk below 0 is reached on the road of differences alone."""
        return np.zeros_like(below) if self.road.bounded or self.road.code == "RR" else below

    def mcse(self, difference: bool) -> float:
        """Monte Carlo standard error of the median; 0 where nothing was sampled."""
        return 0.0 if self.draws is None else self.draws[difference].mcse_quantile(0.5)


def risks_of(fit: Fit, quantity: str, road: Road, baseline: Baseline, sd: float | None = None) -> Risks:
    """Put mu or theta_new on a baseline risk.

    Notes
    -----
    Exactly: a sum over 240 quantiles of the baseline. From draws: each is paired with one quantile of the baseline,
    evenly spread ones in random order.
    """
    effect = effect_of(fit, quantity, sd)
    fixed = isinstance(baseline, FixedRisk)
    levels, shares = (np.array([0.5]), np.ones(1)) if fixed else (LEVELS, SHARES)
    at = np.asarray(baseline.quantile(levels), dtype=np.float64)
    drawn = posterior_draws(fit, quantity)
    if drawn is None:
        return Risks(road, effect, at, shares)
    from mutau.drawn import DrawsMarginal

    rng = np.random.default_rng(fit.engine.seed)
    spread = rng.permutation((np.arange(drawn.size) + 0.5) / drawn.size).reshape(drawn.shape)
    without = np.asarray(baseline.quantile(spread))
    treated = road.risk(without, effect.of(drawn))
    return Risks(road, effect, at, shares, (DrawsMarginal(treated), DrawsMarginal(treated - without)))
