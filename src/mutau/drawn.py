"""The posterior of one quantity, read from draws: the same questions an exact marginal answers, with their error."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import arviz as az
import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["DrawsMarginal"]


@dataclass(frozen=True, slots=True, eq=False)
class DrawsMarginal:
    """Posterior draws of one quantity, on the analysis scale.

    Parameters
    ----------
    draws : ndarray, shape (chain, draw)
        The draws, chain by chain. A quantity fixed by its prior is constant.
    """

    draws: NDArray[np.float64]

    @property
    def mean(self) -> float:
        """Mean of the draws (whether the posterior has one is another question)."""
        return float(self.draws.mean())

    @property
    def sd(self) -> float:
        """Standard deviation of the draws."""
        return float(self.draws.std(ddof=1))

    def cdf(self, x: ArrayLike) -> Any:
        """Share of draws at or below `x`; shape as `x`."""
        ordered = np.sort(self.draws, axis=None)
        return np.searchsorted(ordered, x, side="right") / ordered.size

    def sf(self, x: ArrayLike) -> Any:
        """Share of draws above `x`; shape as `x`."""
        return 1 - self.cdf(x)

    def quantile(self, p: ArrayLike) -> Any:
        """Quantiles of the draws at probabilities `p`; shape as `p`."""
        return np.quantile(self.draws, np.asarray(p, dtype=np.float64))

    def pdf(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        """Kernel density estimate (ArviZ's) on the increasing, evenly spaced grid `x`."""
        inside = self.draws[(self.draws >= x[0]) & (self.draws <= x[-1])]
        _, density, _ = az.kde(inside, custom_lims=(x[0], x[-1]), grid_len=len(x))
        scaled: NDArray[np.float64] = density * (inside.size / self.draws.size)
        return scaled

    @property
    def is_constant(self) -> bool:
        """Whether every draw is the same number."""
        return bool(self.draws.min() == self.draws.max())

    def diagnostics(self) -> dict[str, float]:
        """R-hat, bulk and tail effective sample size, Monte Carlo error of the median; NaN for a constant."""
        if self.is_constant:
            return dict.fromkeys(("r_hat", "ess_bulk", "ess_tail", "mcse_median"), np.nan)
        return {
            "r_hat": float(az.rhat(self.draws)),
            "ess_bulk": float(az.ess(self.draws, method="bulk")),
            "ess_tail": float(az.ess(self.draws, method="tail", prob=(0.05, 0.95))),
            "mcse_median": float(az.mcse(self.draws, method="median")),
        }

    def mcse_quantile(self, p: float) -> float:
        """Monte Carlo standard error of the quantile at `p`; 0 for a constant."""
        return 0.0 if self.is_constant else float(az.mcse(self.draws, method="quantile", prob=p))

    def ess_at(self, x: float) -> float:
        """Effective number of draws behind the share above (or below) `x`.

        Of the indicator, or of the quantity itself where all draws lie on one side.
        """
        above = self.draws > x
        if self.is_constant:
            return float(self.draws.size)
        if above.all() or not above.any():
            return float(az.ess(self.draws, method="bulk"))
        return float(az.ess(above.astype(np.float64), method="mean"))
