"""What GRADE's tables are made from: an outcome's fit, its comparison, and its ratings in words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import pandas as pd

from mutau import tables
from mutau.comparing import compare
from mutau.errors import ArgumentError, Fault
from mutau.fitting import Fit
from mutau.outcomes.defaults import OWN
from mutau.summaries import Event, probabilities, summary

if TYPE_CHECKING:
    from mutau.outcomes import OutcomeModel

__all__ = ["NOT_RATED", "Graded", "Outcome", "as_graded", "participants", "rating_words"]

NOT_RATED = "not rated"


class Outcome(Protocol):
    """Anything that has these six, such as an outcome of `mutau.run_review`."""

    @property
    def model(self) -> OutcomeModel:
        """What was asked, and what was rated."""

    @property
    def fit(self) -> Fit:
        """Under the model's own priors."""

    @property
    def compared(self) -> pd.DataFrame:
        """`mutau.compare` of the fit."""

    @property
    def summarised(self) -> pd.DataFrame:
        """`mutau.summary` of the fit."""

    @property
    def chances(self) -> pd.DataFrame:
        """`mutau.probabilities` of the fit, with the label of its prior in a column ``prior``."""

    @property
    def absolute(self) -> pd.DataFrame | None:
        """Events per 1,000 over the model's baseline risks: the frame of `mutau.decisions.AbsoluteEffects`."""


@dataclass(frozen=True, slots=True, eq=False)
class Graded:
    """One outcome for GRADE's tables.

    Parameters
    ----------
    model : OutcomeModel
        What was asked, and what was rated.
    fit : Fit
        Under the model's own priors.
    compared, summarised, chances : DataFrame
        `mutau.compare`, `mutau.summary` and `mutau.probabilities` of the fit. What GRADE's tables say is read from
        these and not asked of the fit again: a fit that was kept by an earlier run would have to be made anew.
    absolute : DataFrame or None
        Events per 1,000 over the baseline risks that the model states, where they were made already.
    """

    model: OutcomeModel
    fit: Fit
    compared: pd.DataFrame
    summarised: pd.DataFrame
    chances: pd.DataFrame
    absolute: pd.DataFrame | None = None

    @property
    def row(self) -> pd.Series[Any]:
        """The answer that is quoted: of the mean effect, under the default priors."""
        rows = self.compared
        return rows[(rows["quantity"] == "mu") & (rows["prior_label"] == "default")].iloc[0]

    def spread(self, quantity: str, scale: str) -> tuple[float, float, float]:
        """Median and 95% credible limits of tau or of a new setting's effect."""
        rows = self.summarised
        found = rows[(rows["quantity"] == quantity) & (rows["scale"] == scale)].iloc[0]
        return float(found["estimate"]), float(found["lower"]), float(found["upper"])

    def chance(self, event: Event) -> tuple[float, float]:
        """Probability of a statement about mu, and the effective sample size it rests on."""
        rows = self.chances
        mine = (rows["event"] == event.name) & (rows["quantity"] == "mu") & (rows["prior"] == OWN)
        found = rows[mine].iloc[0]
        return float(found["probability"]), float(found["ess"])

    @property
    def provenance(self) -> str:
        """Where the data come from."""
        return "; ".join(self.fit.studies.provenance)


def as_graded(given: Iterable[Outcome | Fit]) -> tuple[Graded, ...]:
    """Take outcomes as they are, and compare fits.

    Raises
    ------
    ArgumentError
        There is no outcome, or something is neither.
    """
    outcomes = tuple(given)
    wrong = [each for each in outcomes if not isinstance(each, Fit) and not hasattr(each, "compared")]
    rule, remedy = (
        "Outcomes are fits, or the outcomes of a run",
        "Give [mutau.fit(...)] or mutau.run_review(...).outcomes",
    )
    if wrong or not outcomes:
        raise ArgumentError(
            [Fault(f"{type(each).__name__!r} is none", rule, remedy, key="outcomes") for each in wrong]
            or [Fault("there is no outcome", rule, remedy, key="outcomes")]
        )
    return tuple(_of_fit(each) if isinstance(each, Fit) else _of_outcome(each) for each in outcomes)


def _of_fit(fit: Fit) -> Graded:
    return Graded(fit.model, fit, compare(fit), summary(fit), probabilities(fit).assign(prior=OWN))


def _of_outcome(outcome: Outcome) -> Graded:
    return Graded(
        outcome.model, outcome.fit, outcome.compared, outcome.summarised, outcome.chances, outcome.absolute
    )


def participants(fit: Fit) -> int | None:
    """Count the participants of an outcome, where the size of every arm, or of every sample, is known."""
    wanted = ("n_treatment", "n_control") if fit.model.effects_record.has_sides else ("n",)
    sizes = [name for name in wanted if name in fit.effects]
    if len(sizes) < len(wanted) or bool(fit.effects[sizes].isna().any(axis=None)):
        return None
    return round(float(fit.effects[sizes].to_numpy().sum()))


def counted(fit: Fit) -> str:
    """Write trials and participants: ``2 (168)``."""
    people = participants(fit)
    return f"{fit.k} ({tables.NOT_AVAILABLE if people is None else people})"


def rating_words(model: OutcomeModel) -> str:
    """Say how certain the evidence was rated, by whom and why; nothing where it was not."""
    rated = model.rated
    if rated is None:
        return ""
    reasons = rated.reasons or tuple(
        f"{each.domain.replace('_', ' ')}, {each.judgement}: {each.reason}" for each in rated.domains
    )
    why = f": {'; '.join(reasons)}" if reasons else ", reasons not stated"
    whose = f" ({rated.source})" if rated.source else ""
    return f"GRADE certainty: {rated.rating}{why}{whose}"
