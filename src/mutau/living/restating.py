"""Priors of tau made from standard errors, stated again without them, so that other trials make them anew."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mutau.priors.from_studies import StudyErrorPrior

if TYPE_CHECKING:
    from mutau.fitting import Fit
    from mutau.outcomes import OutcomeModel
    from mutau.priors import Prior

__all__ = ["restated"]


def restated(fit: Fit) -> OutcomeModel:
    """Give a fit's model as it was before its trials made its priors.

    Parameters
    ----------
    fit : Fit
        Whose priors of tau hold the standard errors of its trials, where they are made from them.

    Returns
    -------
    OutcomeModel
        Its `given` makes these priors from whatever standard errors it is given. A prior made from other standard
        errors than the fit's own was stated so and stays.
    """
    own = tuple(float(sei) for sei in fit.effects["sei"])

    def stated(prior: Prior) -> Prior:
        made_here = isinstance(prior, StudyErrorPrior) and prior.sei == own
        return replace(prior, sei=()) if made_here else prior  # type: ignore[call-arg]

    model = fit.model
    alternatives = tuple((label, stated(prior)) for label, prior in model.tau_alternatives)
    return replace(model, tau_prior=stated(model.tau_prior), tau_alternatives=alternatives)
