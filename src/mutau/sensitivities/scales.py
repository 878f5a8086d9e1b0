"""The answer over a grid of priors: SD of mu's prior against scale of tau's, and location against SD of mu's."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from mutau.errors import ArgumentError, Fault
from mutau.priors import Mixture, Prior
from mutau.sensitivities.case import REFITS, Case
from mutau.sensitivities.cells import Cells

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mutau.fitting import Fit

    type Array = NDArray[np.float64]

__all__ = [
    "LOCATED",
    "Axis",
    "PriorGrid",
    "location",
    "location_grid",
    "moved",
    "scale_grid",
    "spread",
    "widened",
]

CELLS = 50
PER_DOUBLING = 10
"""Steps of the grid in which a scale doubles."""
NARROWER = 30
"""Steps below the model's own scale (an eighth of it); the others lie above."""
REACH = 0.5
"""Of the SD of the model's own prior of mu: how far locations lie from its own."""


@dataclass(frozen=True, slots=True, eq=False)
class Axis:
    """What varies along one side of a grid: a name, and values on the analysis scale, shape (n,)."""

    name: str
    values: Array


@dataclass(frozen=True, slots=True, eq=False)
class PriorGrid:
    """The answer under each pair of priors of a grid. Effects are on the natural scale.

    Parameters
    ----------
    name : {"scales", "locations"}
        Which grid.
    rows, columns : Axis
        What varies: a values and b values.
    own : tuple of int
        Row and column of the model's own priors, whose cell is the fit.
    mu_priors, tau_priors : tuple of str
        Priors of the cells: mu's by row and tau's by column; in ``"locations"`` mu's by cell, row by row, and one
        of tau.
    p_benefit, median, lower, upper : ndarray, shape (a, b)
        P(benefit); median and limits of the mean effect's equal-tailed credible interval.
    prob : float
        Probability content of the intervals.
    likelihood : str
        What all cells share.
    cells : Cells
        The same on the analysis scale, and how each cell was come by: exactly, or by importance weights from which
        draws, with which Pareto k. A cell that no draws cover is NaN.
    """

    name: str
    rows: Axis = field(repr=False)
    columns: Axis = field(repr=False)
    own: tuple[int, int]
    mu_priors: tuple[str, ...] = field(repr=False)
    tau_priors: tuple[str, ...] = field(repr=False)
    p_benefit: Array = field(repr=False)
    median: Array = field(repr=False)
    lower: Array = field(repr=False)
    upper: Array = field(repr=False)
    prob: float
    likelihood: str
    cells: Cells = field(repr=False)

    def to_frame(self) -> pd.DataFrame:
        """Give one row per cell: both priors, P(benefit), median and interval, how it was come by or why not."""
        a, b = self.p_benefit.shape
        cells = self.cells
        many = len(self.mu_priors) == a * b
        return pd.DataFrame(
            {
                "grid": self.name,
                "mu_prior": self.mu_priors if many else np.repeat(self.mu_priors, b),
                "tau_prior": np.tile(self.tau_priors, a * b // len(self.tau_priors)),
                self.rows.name: np.repeat(self.rows.values, b),
                self.columns.name: np.tile(self.columns.values, a),
                "p_benefit": self.p_benefit.ravel(),
                "estimate": self.median.ravel(),
                "lower": self.lower.ravel(),
                "upper": self.upper.ravel(),
                "prob": self.prob,
                "kind": "eti",
                "likelihood": self.likelihood,
                "how": "exact" if cells.exact else np.where(cells.source < 0, "", "re-weighted").ravel(),
                "draws_of": cells.draws_of().ravel(),
                "pareto_k": cells.pareto_k.ravel(),
                "ess": cells.ess.ravel(),
                "reason": cells.reasons.ravel(),
            }
        )

    @property
    def note(self) -> str:
        """Say how cells were come by where they are not exact; nothing where they are."""
        words = " against ".join((self.rows.name, self.columns.name))
        return f"Grid of {words}: {self.cells.note}." if self.cells.note else ""

    def share(self, level: float) -> float:
        """Share of the grid's cells, of those with an answer, in which P(benefit) is at least `level`."""
        known = np.isfinite(self.p_benefit)
        return float((self.p_benefit[known] >= level).mean()) if known.any() else math.nan


def scale_grid(fit: Fit | Case, *, cells: int = CELLS, prob: float = 0.95, refits: int = REFITS) -> PriorGrid:
    """Vary the SD of mu's prior and the scale of tau's, each from an eighth of the model's own to nearly four times.

    Parameters
    ----------
    fit : Fit
        A fitted outcome model.
    cells : int
        Along each axis; scales double every 10 cells, and the model's own is the 31st (or the last).
    prob : float
        Probability content of the credible intervals.

    Returns
    -------
    PriorGrid
        Its own cell is the fit.

    Raises
    ------
    ArgumentError
        A prior has no scale (flat, or one point).

    Examples
    --------
    >>> import mutau
    >>> trials = mutau.read_studies("data/pip/studies.csv")
    >>> fit = mutau.fit(trials, mutau.load_model("models/secure.toml"), engine="exact", seed=1)
    >>> grid = scale_grid(fit)
    >>> float(grid.p_benefit[grid.own].round(4)), float(grid.p_benefit.min().round(2))
    (0.9988, 0.66)
    """
    case, factors, own = _start(fit, cells, refits)
    mu, tau = case.request.mu_prior, case.request.tau_prior
    mus, taus = [widened(mu, factor) for factor in factors], [tau.scaled(factor) for factor in factors]
    found = case.grid(mus, taus, prob)
    axes = Axis(_sd_word(mu), factors * spread(mu)), Axis(_scale_word(tau), factors * _scale(tau))
    return _grid(case, "scales", axes, (own, own), mus, taus, found)


def location_grid(
    fit: Fit | Case, *, cells: int = CELLS, prob: float = 0.95, refits: int = REFITS
) -> PriorGrid:
    """Vary the location and the SD of mu's prior: how sceptical or how hopeful, and how firmly.

    Parameters
    ----------
    fit, cells, prob, refits
        As for `scale_grid`. Locations lie evenly up to half an SD of the model's own prior on either side of its own.

    Returns
    -------
    PriorGrid
        Rows are locations, columns SDs, tau's prior the model's own.

    Raises
    ------
    ArgumentError
        A prior has no scale.
    """
    case, factors, own = _start(fit, cells, refits)
    mu, tau = case.request.mu_prior, case.request.tau_prior
    steps = REACH * spread(mu) * (np.arange(cells) - cells // 2) / (cells // 2)
    mus = [moved(widened(mu, factor), step) for step in steps for factor in factors]
    found = case.grid(mus, [tau], prob)
    axes = Axis("location of mu's prior", location(mu) + steps), Axis(_sd_word(mu), factors * spread(mu))
    return _grid(case, "locations", axes, (cells // 2, own), mus, [tau], found)


def _start(fit: Fit | Case, cells: int, refits: int) -> tuple[Case, Array, int]:
    """Check what is asked; give the case, the factors of scales, and the place of 1 among them."""
    case = Case.of(fit, refits)
    mu, tau = case.request.mu_prior, case.request.tau_prior
    faults = []
    if cells < 2:
        faults.append(Fault(f"cells = {cells!r}", "A grid has at least 2 cells along each axis", "Use 50"))
    if mu.family not in LOCATED:
        rule = f"A prior of mu is widened about its location, which {', '.join(sorted(LOCATED))} have"
        faults.append(Fault(f"mu's prior {mu}", rule, "State one of these in the model"))
    if tau.is_point or not tau.is_proper:
        rule = "A prior of tau is widened by its scale, which a point or an improper prior has not"
        faults.append(
            Fault(f"tau's prior {tau}", rule, "State a proper prior of tau, such as HalfNormal(0.5)")
        )
    if faults:
        raise ArgumentError(faults)
    own = min(NARROWER, cells - 1)
    return case, 2.0 ** ((np.arange(cells) - own) / PER_DOUBLING), own


def _grid(
    case: Case, name: str, axes: tuple[Axis, Axis], own: tuple[int, int], mus: Sequence[Prior],
    taus: Sequence[Prior], found: Cells,
) -> PriorGrid:  # fmt: skip
    shape = len(axes[0].values), len(axes[1].values)
    limits = np.asarray(case.measure.to_natural(found.quantiles)).reshape(*shape, 3)
    return PriorGrid(
        name, axes[0], axes[1], own, tuple(map(str, mus)), tuple(map(str, taus)), case.chance(found).reshape(shape),
        limits[..., 1], limits[..., 0], limits[..., 2], found.prob, case.request.likelihood, found,
    )  # fmt: skip


# A prior of mu about its location

LOCATED = {"Normal": "mean", "StudentT": "location", "Cauchy": "location", "NormalMixture": "means"}


def location(mu: Prior) -> float:
    """Give the centre of a prior of mu: its median."""
    return float(mu.ppf(0.5))


def moved(mu: Prior, by: float) -> Prior:
    """Give the same prior of mu about another location."""
    name = LOCATED[mu.family]
    at = np.asarray(getattr(mu, name)) + by
    return replace(mu, **{name: tuple(at.tolist()) if at.ndim else float(at)}, origin=None)


def widened(mu: Prior, factor: float) -> Prior:
    """Give the same prior of mu, `factor` times as wide about its own location."""
    return moved(mu.scaled(factor), (1.0 - factor) * location(mu))


def spread(mu: Prior) -> float:
    """Give the SD of a prior of mu, its scale where it has none."""
    return mu.sd if math.isfinite(mu.sd) else float(mu.parameters["scale"])


def _sd_word(mu: Prior) -> str:
    return f"{'SD' if math.isfinite(mu.sd) else 'scale'} of mu's prior"


def _scale(tau: Prior) -> float:
    """Give the number that stands for the width of a prior of tau: its scale, its median where it has none."""
    return float(tau.parameters.get("scale", tau.ppf(0.5)))


def _scale_word(tau: Prior) -> str:
    family = "mixture" if isinstance(tau, Mixture) else tau.short_label.split("(")[0]
    return f"{'scale' if 'scale' in tau.parameters else 'median'} of tau's prior ({family})"
