"""The exact engine: the whole posterior of the normal-normal model by quadrature, without Monte Carlo error.

`normal` takes effects, standard errors and priors and gives a `NormalPosterior`, whose `mu`, `tau`, `theta` and
`theta_new` answer for means, densities, probabilities, quantiles and intervals; `normal_many` does the same for very
many sets of studies at once; `pooled_normal` reads a pooled result of which the studies are not known; `supports`
says which priors have a rule.
"""

from __future__ import annotations

from mutau.exact.many import ManyPosteriors, normal_many
from mutau.exact.marginals import Marginal
from mutau.exact.pooled import PooledPosterior, pooled_normal
from mutau.exact.posterior import Draws, NormalPosterior, normal
from mutau.exact.requests import supports

__all__ = [
    "Draws",
    "ManyPosteriors",
    "Marginal",
    "NormalPosterior",
    "PooledPosterior",
    "normal",
    "normal_many",
    "pooled_normal",
    "supports",
]
