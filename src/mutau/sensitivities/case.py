"""A fitted outcome, ready to be asked under other priors and with other data: exactly, or from draws."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from mutau.engines import ENGINES, exact_posterior, is_normal
from mutau.exact import normal_grid, surface_grid
from mutau.fitting import model_request
from mutau.sensitivities.cells import Cells, exact_cells, weighed_cells
from mutau.sensitivities.proposals import Proposals
from mutau.summaries import Event, events
from mutau.surfacing import surface_for

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mutau.exact import ExactPosterior
    from mutau.fitting import Fit
    from mutau.measures import Measure
    from mutau.priors import Prior
    from mutau.requests import ModelRequest
    from mutau.sensitivities.proposals import Weighed

    type Array = NDArray[np.float64]

__all__ = ["REFITS", "Case"]

REFITS = 8
"""How many posteriors a grid, or all tipping points together, may have sampled anew."""


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
    why_not_exact : str
        Why the exact engine cannot answer the model itself; empty where it can.
    proposals : Proposals
        Draws, for what the exact engine cannot answer.
    """

    fit: Fit
    request: ModelRequest
    benefit: Event
    why_not_exact: str
    proposals: Proposals = field(repr=False, compare=False)

    @classmethod
    def of(cls, fit: Fit | Case, refits: int = REFITS) -> Case:
        """Take a fit, or a case with all its draws for another part.

        Parameters
        ----------
        fit : Fit or Case
            Of either engine.
        refits : int
            How many posteriors may be sampled anew; none where the fit is exact.
        """
        if isinstance(fit, Case):
            known = fit.proposals
            return replace(fit, proposals=replace(known, left=0 if known.fit.exact is not None else refits))
        request = model_request(fit.effects, fit.model)
        proposals = Proposals(fit, request, 0 if fit.exact is not None else refits)
        reason = ENGINES["exact"].supports(request) or ""
        return cls(fit, request, events(fit.model)[0], reason, proposals)

    @property
    def is_exact(self) -> bool:
        """Whether the exact engine answers the model itself."""
        return not self.why_not_exact

    @property
    def measure(self) -> Measure:
        """The effect measure."""
        return self.fit.model.measure_record

    def asked(
        self, mu: Prior | None = None, tau: Prior | None = None, data: Mapping[str, Array] | None = None
    ) -> ModelRequest:
        """Write a question for an engine."""
        request = self.request
        study = request.study
        if data is not None:
            k = len(next(iter(data.values())))
            study = (*study[:k], *(f"added study {i + 1}" for i in range(k - len(study))))
        return replace(
            request,
            mu_prior=mu or request.mu_prior,
            tau_prior=tau or request.tau_prior,
            data=request.data if data is None else data,
            study=study,
        )

    def posterior(
        self, mu: Prior | None = None, tau: Prior | None = None, data: Mapping[str, Array] | None = None
    ) -> ExactPosterior | Weighed:
        """Give the posterior under another prior of mu or tau, or of other data.

        Raises
        ------
        NoDrawsError
            The exact engine cannot make it, and no draws cover it.
        ImproperPosteriorError
            There is none.
        """
        asked = self.asked(mu, tau, data)
        if ENGINES["exact"].supports(asked) is None:
            return exact_posterior(asked)
        return self.proposals.posterior(asked)

    def p_benefit(
        self, mu: Prior | None = None, tau: Prior | None = None, data: Mapping[str, Array] | None = None
    ) -> float:
        """Give P(benefit) of the mean effect, as `posterior`."""
        return self.benefit.probability(self.posterior(mu, tau, data).mu)

    def grid(self, mus: Sequence[Prior], taus: Sequence[Prior], prob: float) -> Cells:
        """Give the posterior of mu under every pair of priors, densities all."""
        request, bound = self.request, self.benefit.bound
        if not self.is_exact:
            return weighed_cells(self.proposals, request, mus, taus, prob, bound)
        if is_normal(request):
            found = normal_grid(
                request.data["yi"], request.data["sei"], mus, taus, prob=prob, threshold=bound
            )
        else:
            found = surface_grid(surface_for(request, mus, taus), mus, taus, prob=prob, threshold=bound)
        return exact_cells(found)

    def chance(self, found: Cells) -> Array:
        """P(benefit) of a grid."""
        return found.above if self.benefit.side > 0 else found.below
