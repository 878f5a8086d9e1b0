"""What would change the answer: other priors, other data, other models, asked of one fitted outcome."""

from __future__ import annotations

from mutau.sensitivities.named import NamedPrior, named_answers, named_priors
from mutau.sensitivities.scales import PriorGrid, location_grid, scale_grid
from mutau.sensitivities.tipping import TippingPoint, sceptical_limit, tipping_points

__all__ = [
    "NamedPrior",
    "PriorGrid",
    "TippingPoint",
    "location_grid",
    "named_answers",
    "named_priors",
    "scale_grid",
    "sceptical_limit",
    "tipping_points",
]
