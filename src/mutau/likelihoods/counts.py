"""What the likelihoods of counts share: theta integrated out, and replicates with a fresh theta."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from mutau.likelihoods.baselines import BaselineRule
from mutau.likelihoods.effects import EffectTable
from mutau.likelihoods.record import Data, FloatArray, StudyLogLikelihood

__all__ = ["CountFamily", "fresh_effects"]

_ETA_POINTS = np.linspace(-4.5, 4.5, 73)
"""Standard normal scores at which a baseline's distribution is tabulated, and where theta's is: a fine grid."""
_THETA_POINTS = 97


@dataclass(frozen=True, slots=True)
class CountFamily:
    """What tells one likelihood of counts from another.

    Parameters
    ----------
    study_log_likelihood : callable
        With the baseline integrated out, theta given.
    corner : callable
        ``(data, i, measure) -> bool``: whether study i's likelihood may have a corner at theta = 0.
    centre : callable
        ``(data, i) -> float``: a value of theta near which study i's likelihood is large.
    draw : callable
        ``(data, i, eta, theta, measure, rng) -> array (draw, 2)``: both arms' events; eta is None where there is no
        baseline.
    eta_rule : callable, optional
        ``(data, i, theta, measure, baseline_sd) -> BaselineRule``.
    """

    study_log_likelihood: StudyLogLikelihood
    corner: Callable[[Data, int, str], bool]
    centre: Callable[[Data, int], float]
    draw: Callable[[Data, int, FloatArray | None, FloatArray, str, np.random.Generator], FloatArray]
    eta_rule: Callable[[Data, int, FloatArray, str, float], BaselineRule] | None = None

    def log_likelihood(
        self, data: Data, mu: FloatArray, tau: FloatArray, *,
        measure: str, baseline_sd: float = 10.0, effects_df: float = math.inf,
    ) -> FloatArray:  # fmt: skip
        """Log probability of each study's counts with its effect and its baseline integrated out.

        Parameters
        ----------
        data : mapping
            The likelihood's data columns, each of shape (study,).
        mu, tau : array
            Mean effect and between-study SD, analysis scale, broadcastable to a common shape (...,).
        measure : str
            Which link.
        baseline_sd, effects_df : float
            SD of the baselines' prior; degrees of freedom of the effects, infinite for normal.

        Returns
        -------
        array
            Shape (..., study), natural logarithm, constants included; the error is `EffectTable`'s, about 1e-8.
        """
        mu, tau = np.broadcast_arrays(np.asarray(mu, float), np.asarray(tau, float))
        columns = []
        for i in range(_studies(data)):
            table = self._table(data, i, mu.ravel(), tau.ravel(), measure, baseline_sd, effects_df)
            columns.append(table.log_integral(mu.ravel(), tau.ravel()).reshape(mu.shape))
        return np.stack(columns, axis=-1)

    def replicate(
        self, data: Data, mu: FloatArray, tau: FloatArray, rng: np.random.Generator, *,
        measure: str, baseline_sd: float = 10.0, effects_df: float = math.inf,
    ) -> FloatArray:  # fmt: skip
        """Draw the events of each study run again: the same arms and baseline, a fresh theta_i.

        Parameters
        ----------
        data, mu, tau, measure, baseline_sd, effects_df
            As for `log_likelihood`.
        rng : numpy.random.Generator
            Source of randomness.

        Returns
        -------
        array
            Shape (..., study, 2): events in the treatment and in the control arm.

        Notes
        -----
        The baseline is drawn from its posterior given the study's own counts, mu and tau: a baseline drawn anew
        from its prior would give nothing but empty and full arms. It is read from quantiles tabulated on a grid of
        effects, which is fine enough for predictive checks.
        """
        mu, tau = np.broadcast_arrays(np.asarray(mu, float), np.asarray(tau, float))
        shape, flat_mu, flat_tau = mu.shape, mu.ravel(), tau.ravel()
        columns = []
        for i in range(_studies(data)):
            eta = None
            if self.eta_rule is not None:
                table = self._table(data, i, flat_mu, flat_tau, measure, baseline_sd, effects_df)
                own = table.draw(flat_mu, flat_tau, rng)
                eta = self._draw_eta(data, i, own, measure, baseline_sd, rng)
            fresh = flat_mu + flat_tau * fresh_effects(rng, flat_mu.shape, effects_df)
            columns.append(self.draw(data, i, eta, fresh, measure, rng).reshape(*shape, 2))
        return np.stack(columns, axis=-2)

    def _table(
        self, data: Data, i: int, mu: FloatArray, tau: FloatArray, measure: str, baseline_sd: float, df: float
    ) -> EffectTable:
        one = {name: column[i : i + 1] for name, column in data.items()}

        def log_likelihood(theta: FloatArray) -> FloatArray:
            return np.asarray(self.study_log_likelihood(one, theta, measure, baseline_sd)[0])

        limit = 60.0 + 12.0 * baseline_sd
        return EffectTable(
            log_likelihood, mu, tau, df,
            centre=self.centre(data, i), limit=limit, corner=self.corner(data, i, measure),
        )  # fmt: skip

    def _draw_eta(
        self,
        data: Data,
        i: int,
        theta: FloatArray,
        measure: str,
        baseline_sd: float,
        rng: np.random.Generator,
    ) -> FloatArray:
        """Draw the baseline given the study's data and its own effect, by interpolated quantiles."""
        assert self.eta_rule is not None
        low, high = float(theta.min()), float(theta.max())
        grid = np.linspace(low, max(high, low + 1e-9), _THETA_POINTS)
        rule = self.eta_rule(data, i, grid, measure, baseline_sd)
        quantiles = np.stack([_quantiles(*each) for each in zip(rule.eta, rule.log_mass, strict=True)])
        scores = np.clip(rng.standard_normal(theta.shape), _ETA_POINTS[0], _ETA_POINTS[-1])
        row, across = _cell(theta, grid)
        column, along = _cell(scores, _ETA_POINTS)
        upper, lower = (
            quantiles[r, column] * (1 - along) + quantiles[r, column + 1] * along for r in (row, row + 1)
        )
        return np.asarray(upper * (1 - across) + lower * across)


def fresh_effects(rng: np.random.Generator, shape: tuple[int, ...], effects_df: float) -> FloatArray:
    """Draw standardised effects: standard normal, or Student's t with `effects_df` degrees of freedom."""
    if math.isinf(effects_df):
        return np.asarray(rng.standard_normal(shape))
    return np.asarray(rng.standard_t(effects_df, shape))


def _studies(data: Data) -> int:
    return len(next(iter(data.values())))


def _quantiles(eta: FloatArray, log_mass: FloatArray) -> FloatArray:
    """Quantiles of one theta's baseline at the grid of normal scores."""
    order = np.argsort(eta)
    mass = np.exp(log_mass[order] - log_mass.max())
    middle = (np.cumsum(mass) - mass / 2) / mass.sum()
    return np.asarray(np.interp(ndtr(_ETA_POINTS), middle, eta[order]))


def _cell(x: FloatArray, grid: FloatArray) -> tuple[np.ndarray[tuple[int], np.dtype[np.intp]], FloatArray]:
    """The grid cell that each x is in, and how far across."""
    place = (x - grid[0]) / (grid[1] - grid[0])
    cell = np.clip(place.astype(np.intp), 0, grid.size - 2)
    return cell, np.clip(place - cell, 0.0, 1.0)
