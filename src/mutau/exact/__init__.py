"""The exact engine: whole posteriors by quadrature, without Monte Carlo error.

`normal` takes effects, standard errors and priors and gives a `NormalPosterior`, whose `mu`, `tau`, `theta` and
`theta_new` answer for means, densities, probabilities, quantiles and intervals; `normal_many` does the same for very
many sets of studies at once, and `normal_grid` for one set under many priors; `surface` takes any likelihood of which
each study's part is known, and gives a `SurfacePosterior` for each pair of priors, or a `surface_grid`;
`pooled_normal` reads a pooled result of which the studies are not known; `supports` says which priors have a rule.
"""

from __future__ import annotations

from mutau.exact.grids import GridPosteriors, normal_grid, surface_grid
from mutau.exact.many import ManyPosteriors, normal_many
from mutau.exact.marginals import Marginal
from mutau.exact.pooled import PooledPosterior, pooled_normal
from mutau.exact.posterior import Draws, NormalPosterior, normal
from mutau.exact.requests import supports
from mutau.exact.surface_posterior import SurfacePosterior
from mutau.exact.surfaces import Surface, surface

type ExactPosterior = NormalPosterior | SurfacePosterior
"""What the exact engine gives for one set of studies."""

__all__ = [
    "Draws",
    "ExactPosterior",
    "GridPosteriors",
    "ManyPosteriors",
    "Marginal",
    "NormalPosterior",
    "PooledPosterior",
    "Surface",
    "SurfacePosterior",
    "normal",
    "normal_grid",
    "normal_many",
    "pooled_normal",
    "supports",
    "surface",
    "surface_grid",
]
