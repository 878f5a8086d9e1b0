"""A fitted outcome, ready to be asked under other priors and with other data, by the exact engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from mutau.engines import ENGINES, choose, exact_posterior, is_normal
from mutau.errors import ArgumentError, Fault
from mutau.exact import GridPosteriors, normal_grid, surface_grid
from mutau.fitting import model_request
from mutau.summaries import Event, events
from mutau.surfacing import surface_for

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mutau.exact import ExactPosterior
    from mutau.fitting import Fit
    from mutau.measures import Measure
    from mutau.priors import Prior
    from mutau.requests import ModelRequest

    type Array = NDArray[np.float64]

__all__ = ["Case"]


@dataclass(frozen=True, slots=True)
class Case:
    """What a sensitivity analysis asks again and again.

    Parameters
    ----------
    fit : Fit
        The fitted outcome.
    request : ModelRequest
        Its data and priors as engines take them.
    benefit : Event
        When the mean effect helps, on the analysis scale.
    """

    fit: Fit
    request: ModelRequest
    benefit: Event

    @classmethod
    def of(cls, fit: Fit) -> Case:
        """Take a fit, sampled or exact, whose model the exact engine can answer.

        Raises
        ------
        ArgumentError
            The exact engine cannot, and why.
        """
        request = model_request(fit.effects, fit.model)
        if reason := ENGINES["exact"].supports(request):
            rule = f"Thousands of priors are asked of the exact engine, which cannot fit this model: {reason}"
            remedy = "Fit the model again under each prior that matters"
            raise ArgumentError(Fault(f"sensitivity of {fit.model.name}", rule, remedy))
        return cls(fit, request, events(fit.model)[0])

    @property
    def measure(self) -> Measure:
        """The effect measure."""
        return self.fit.model.measure_record

    def posterior(
        self, mu: Prior | None = None, tau: Prior | None = None, data: Mapping[str, Array] | None = None
    ) -> ExactPosterior:
        """Give the posterior under another prior of mu or tau, or of other data.

        Raises
        ------
        ArgumentError
            The exact engine cannot make it.
        ImproperPosteriorError
            There is none.
        """
        request = self.request
        asked = replace(
            request,
            mu_prior=mu or request.mu_prior,
            tau_prior=tau or request.tau_prior,
            data=request.data if data is None else data,
        )
        if data is not None:
            k = len(next(iter(data.values())))
            asked = replace(asked, study=tuple(f"study {i + 1}" for i in range(k)))
        choose("exact", asked)  # raises where it cannot
        return exact_posterior(asked)

    def p_benefit(
        self, mu: Prior | None = None, tau: Prior | None = None, data: Mapping[str, Array] | None = None
    ) -> float:
        """Give P(benefit) of the mean effect, as `posterior`."""
        return self.benefit.probability(self.posterior(mu, tau, data).mu)

    def grid(self, mus: Sequence[Prior], taus: Sequence[Prior], prob: float) -> GridPosteriors:
        """Give the posterior of mu under every pair of priors, densities all."""
        request, bound = self.request, self.benefit.bound
        if is_normal(request):
            return normal_grid(request.data["yi"], request.data["sei"], mus, taus, prob=prob, threshold=bound)
        return surface_grid(surface_for(request, mus, taus), mus, taus, prob=prob, threshold=bound)

    def chance(self, found: GridPosteriors) -> Array:
        """P(benefit) of a grid."""
        return found.above if self.benefit.side > 0 else found.below
