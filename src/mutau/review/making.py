"""Make one outcome: fit it under all its priors, and write its folder."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from mutau import errors
from mutau.comparing import compare, compare_likelihoods, disagreement, fit_alternatives
from mutau.decisions import decide
from mutau.errors import MutauWarning
from mutau.fitting import Fit, fit
from mutau.outcomes import OutcomeModel
from mutau.outcomes.defaults import OWN
from mutau.pooled_only import PooledResult, pooled
from mutau.review.files import write_outcome, write_pooled
from mutau.review.keeping import keep, key_of
from mutau.review.records import OutcomeResult
from mutau.sensitivities import sensitivity
from mutau.studies import StudyTable
from mutau.summaries import probabilities, summary
from mutau.surfacing import forget_surfaces

__all__ = ["Task", "make", "make_elsewhere", "run_outcome", "say"]


@dataclass(frozen=True, slots=True)
class Task:
    """One outcome to be made.

    Parameters
    ----------
    model : OutcomeModel
        What is asked.
    studies : StudyTable or None
        The studies it selects; None where only the pooled result is known.
    seed : int
        The outcome's own.
    engine : str
        Of the run.
    level : float, optional
        The P(benefit) that its sensitivity is asked about; without one it is not asked.
    """

    model: OutcomeModel
    studies: StudyTable | None
    seed: int
    engine: str
    level: float | None = None

    @property
    def name(self) -> str:
        """The model's name, which is its folder's too."""
        return self.model.name

    @property
    def key(self) -> dict[str, str]:
        """What its results depend on, in digests."""
        return key_of(self.model, self.studies, self.seed, self.engine, self.level)


def make(task: Task, folder: Path) -> OutcomeResult | PooledResult:
    """Compute an outcome and write its folder, ``outcome.json`` last."""
    if task.studies is None:
        alone = pooled(task.model)
        write_pooled(alone, folder)
        keep(folder, task.key, task.model, ())
        return alone
    with _noted() as notes:
        outcome = run_outcome(task.model, task.studies, task.seed, task.engine)
        found = None if task.level is None else sensitivity(outcome.fit, level=task.level)
        decided = None
        if outcome.model.decision is not None:
            decided = decide(outcome.fit, alternatives=outcome.alternatives)
            if decided.absolute is not None:
                outcome = replace(outcome, absolute=decided.absolute.to_frame())
        page = write_outcome(outcome, folder, found, decided)
    keep(folder, task.key, page, tuple(notes))
    return outcome


def make_elsewhere(task: Task, folder: Path) -> None:
    """Do the same in a process of its own, where nobody listens: what is to be said stands in the folder."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", MutauWarning)
        make(task, folder)


def run_outcome(model: OutcomeModel, studies: StudyTable, seed: int, engine: str) -> OutcomeResult:
    """Fit an outcome model under all its priors, and make the tables of it."""
    forget_surfaces()
    fitted = fit(studies, model, engine="auto" if engine == "both" else engine, seed=seed)
    alternatives = fit_alternatives(fitted)
    fits = {OWN: fitted, **alternatives}
    chances = pd.concat(
        [probabilities(each).assign(prior=label) for label, each in fits.items()], ignore_index=True
    )
    sampled: dict[str, Fit] = {}
    if engine == "both" and fitted.engine.name == "exact":
        check = fit(studies, model, engine="sampling", seed=seed)
        sampled = {OWN: check, **fit_alternatives(check)}
    compared = compare(fitted, alternatives, others=sampled)
    agreement = disagreement(fits, sampled) if sampled else None
    likelihoods = compare_likelihoods(fitted) if model.of_counts else None
    return OutcomeResult(
        fitted, alternatives, compared, summary(fitted), chances, sampled, agreement, likelihoods
    )


@contextmanager
def _noted() -> Iterator[list[tuple[str, str]]]:
    """Note mutau's warnings, by class and text, and let every warning pass on."""
    notes: list[tuple[str, str]] = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield notes
    for each in caught:
        if issubclass(each.category, MutauWarning):
            notes.append((each.category.__name__, str(each.message)))
        warnings.warn_explicit(each.message, each.category, each.filename, each.lineno)


def say(notes: tuple[tuple[str, str], ...]) -> None:
    """Warn of what was noted when an outcome was made elsewhere or earlier."""
    for name, text in notes:
        warnings.warn(text, getattr(errors, name), stacklevel=2)
