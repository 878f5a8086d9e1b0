"""The answer to one model by the quickest way that is right: exactly, from the draws of another fit, or anew."""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from mutau.engines import ENGINES, exact_posterior
from mutau.errors import ArgumentError, DataWarning, Fault
from mutau.fitting import Fit, data_notes, model_request, prepare
from mutau.sensitivities.proposals import NoDrawsError, Proposals
from mutau.summaries import events

if TYPE_CHECKING:
    from mutau.outcomes import OutcomeModel
    from mutau.records import Marginal
    from mutau.studies import StudyTable

__all__ = ["Answer", "answer"]


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """What one model says of the mean effect and the between-study SD.

    Parameters
    ----------
    model : OutcomeModel
        What was asked.
    k : int
        Number of studies.
    mu, tau : Marginal
        Their posteriors, on the analysis scale.
    how : {"exact", "sampled", "re-weighted", "refitted"}
        By the exact engine; by the fit's own draws; by those draws with importance weights; by a sampled fit of its
        own.
    pareto_k : float
        Of the importance weights; NaN where there are none.
    note : str
        What must be known of the data, and why the answer was not read in an easier way.
    provenance : str
        Where the studies' numbers come from.
    """

    model: OutcomeModel
    k: int
    mu: Marginal = field(repr=False)
    tau: Marginal = field(repr=False)
    how: str
    pareto_k: float = math.nan
    note: str = ""
    provenance: str = ""

    @property
    def p_benefit(self) -> float:
        """P(benefit) of the mean effect."""
        return events(self.model)[0].probability(self.mu)

    @property
    def ess(self) -> float:
        """Effective draws behind P(benefit); infinite where it is exact."""
        return self.mu.ess_at(events(self.model)[0].bound)

    def effect(self, prob: float = 0.95) -> tuple[float, float, float]:
        """Median of the mean effect and its equal-tailed interval, on the natural scale."""
        tail = (1 - prob) / 2
        points = np.asarray(self.mu.quantile(np.array([0.5, tail, 1 - tail])))
        estimate, lower, upper = (float(each) for each in self.model.measure_record.to_natural(points))
        return estimate, lower, upper


def answer(
    fit: Fit,
    model: OutcomeModel | None = None,
    studies: StudyTable | None = None,
    *,
    refit: bool | None = None,
) -> Answer:
    """Answer another model, or other studies, beside a fit.

    Parameters
    ----------
    fit : Fit
        The fit beside which the question is asked.
    model : OutcomeModel, optional
        The other model; the fit's own if left out.
    studies : StudyTable, optional
        The other studies; the fit's own if left out.
    refit : bool, optional
        Whether a model is sampled anew where there is no easier way, which takes seconds or tens of them. By default
        only where the fit itself was sampled.

    Returns
    -------
    Answer
        By the exact engine where it has a rule; else from the fit's draws, weighted by the ratio of the two
        posteriors of mu and tau (study effects integrated out of both), if the weights can be relied on; else from a
        fit of its own. ``how`` and ``note`` say which, and why.

    Raises
    ------
    MutauError
        The model cannot be answered; says why.

    Examples
    --------
    >>> import mutau
    >>> from dataclasses import replace
    >>> from mutau.shipped import shipped_path
    >>> studies = mutau.read_studies(shipped_path("data", "pip", "studies.csv"))
    >>> fit = mutau.fit(studies, mutau.load_model(shipped_path("models", "secure.toml")), engine="exact", seed=1)
    >>> narrow = replace(fit.model, mu_prior=mutau.priors.Normal(0, 0.35))
    >>> other = answer(fit, narrow)
    >>> other.how, round(other.p_benefit, 3)
    ('exact', 0.877)
    """
    if model is None and studies is None:
        provenance = "; ".join(fit.studies.provenance)
        how = "exact" if fit.exact is not None else "sampled"
        notes = "; ".join((*fit.notes, *fit.engine.warnings))
        return Answer(
            fit.model, fit.k, fit.marginal("mu"), fit.marginal("tau"), how, note=notes, provenance=provenance
        )
    model = fit.model if model is None else model
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)  # the answer's note says it
        selected, effects = prepare(fit.studies if studies is None else studies, model)
    model = model.given(effects["sei"])
    request = model_request(effects, model)
    said = {
        "note": "; ".join(data_notes(selected, effects, model)),
        "provenance": "; ".join(selected.provenance),
    }
    reason = ENGINES["exact"].supports(request)
    if reason is None:
        posterior = exact_posterior(request)
        return Answer(model, len(effects), posterior.mu, posterior.tau, "exact", **said)  # type: ignore[arg-type]
    refit = fit.exact is None if refit is None else refit
    try:
        found = Proposals(fit, model_request(fit.effects, fit.model), int(refit)).posterior(request)
    except NoDrawsError as error:
        rule = error.faults[0].rule
        remedy = "Ask it of a sampled fit, beside which other models are sampled where that is needed"
        raise ArgumentError(Fault(f"no exact answer: {reason}", rule, remedy)) from None
    return Answer(
        model, len(effects), found.mu, found.tau, found.how, found.pareto_k,
        note="; ".join(filter(None, (said["note"], found.note))), provenance=said["provenance"],
    )  # fmt: skip
