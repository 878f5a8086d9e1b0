"""Every kind of table, whole: laid out, its unrounded numbers behind it, its conditions named."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from mutau.tables import layouts
from mutau.tables.columns import Column, Given, text
from mutau.tables.record import Table
from mutau.tables.texts import numbered_notes

if TYPE_CHECKING:
    from mutau.fitting import Fit
    from mutau.outcomes import OutcomeModel
    from mutau.studies import StudyTable

__all__ = [
    "CAPTIONS",
    "agreement",
    "checks",
    "compare",
    "data",
    "effects",
    "likelihoods",
    "main",
    "numbered",
    "probabilities",
    "review",
    "studies",
    "summary",
]

CAPTIONS = {
    "main": "answers under each prior for tau",
    "data": "data",
    "summary": "posterior summary",
    "compare": "Bayesian beside classic",
    "probabilities": "probabilities under the default priors",
    "likelihoods": "answers under each likelihood",
    "checks": "checks of every fit",
    "agreement": "exact and sampled results",
}
"""What each table of an outcome is called."""

_ROWS_PRIOR = "the prior in its row"
_ROWS_LIKELIHOOD = "likelihood in its row"


def main(compared: pd.DataFrame, model: OutcomeModel) -> Table:
    """One outcome's Bayesian answers under all its priors for tau, from `mutau.compare`."""
    columns = layouts.main_columns(compared, model)
    given = _given(model, tau=_ROWS_PRIOR)
    return _of_outcome("main", model, columns, layouts.first_engine(compared), given, _said(compared))


def compare(compared: pd.DataFrame, model: OutcomeModel) -> Table:
    """Every answer of `mutau.compare`: Bayesian, classic, published."""
    columns, notes = numbered(layouts.comparison_columns(compared, model))
    given = Given(model.mu_prior.label, _ROWS_PRIOR, _ROWS_LIKELIHOOD)
    return _of_outcome("compare", model, columns, compared, given, _said(compared), notes)


def likelihoods(compared: pd.DataFrame, model: OutcomeModel) -> Table:
    """The answers to the same counts under each likelihood, from `mutau.compare_likelihoods`."""
    columns = layouts.likelihood_columns(compared, model)
    given = Given(model.mu_prior.label, model.tau_prior.label, _ROWS_LIKELIHOOD)
    return _of_outcome("likelihoods", model, columns, compared, given, _said(compared))


def summary(summarised: pd.DataFrame, fit: Fit) -> Table:
    """The posterior summary of a fit, from `mutau.summary`."""
    columns, notes = numbered((*layouts.summary_columns(summarised), text("Note", summarised["note"])))
    return _of_outcome(
        "summary", fit.model, columns, summarised, _given(fit.model), fit.studies.provenance, notes
    )


def probabilities(chances: pd.DataFrame, fit: Fit) -> Table:
    """The probabilities of a fit under its own priors, from `mutau.probabilities`; the numbers may hold others."""
    own = chances["tau_prior"] == fit.model.tau_prior.label
    columns = layouts.probability_columns(chances[own])
    return _of_outcome(
        "probabilities", fit.model, columns, chances, _given(fit.model), fit.studies.provenance
    )


def data(fit: Fit) -> Table:
    """The studies of a fit with each one's effect."""
    return effects(fit.effects, fit.model, fit.studies)


def effects(found: pd.DataFrame, model: OutcomeModel, table: StudyTable) -> Table:
    """The studies that a model selects with each one's effect, before anything is fitted."""
    columns, notes = numbered(layouts.data_columns(found, model))
    return _of_outcome("data", model, columns, found, None, table.provenance, notes)


def checks(fits: Mapping[str, Fit]) -> Table:
    """The checks of fits of one model, by the label of their prior for tau."""
    first = next(iter(fits.values()))
    numbers = pd.DataFrame(
        [
            {"prior_label": label, "check": check.name, "value": check.value, "rule": check.rule}
            | {"where": check.detail, "passed": check.passed}
            for label, fit in fits.items()
            for check in fit.engine.checks
        ]
    )
    return _of_outcome(
        "checks", first.model, layouts.check_columns(fits), numbers, None, first.studies.provenance
    )


def agreement(found: pd.DataFrame, fit: Fit) -> Table:
    """Exact beside sampled, from `mutau.comparing.disagreement`."""
    model = fit.model
    priors = {"default": model.tau_prior, **dict(model.tau_alternatives)}
    tau = {label: prior.label for label, prior in priors.items()}
    told = "; ".join(f"{label}: {prior}" for label, prior in tau.items())
    numbers = found.assign(
        mu_prior=model.mu_prior.label, tau_prior=found["prior_label"].map(tau), likelihood=model.likelihood
    )
    columns = layouts.agreement_columns(found)
    given = _given(model, tau=f"{_ROWS_PRIOR} ({told})")
    return _of_outcome("agreement", model, columns, numbers, given, fit.studies.provenance)


def studies(table: StudyTable) -> Table:
    """The studies of a table as read."""
    numbers = pd.concat([table.wide(), table.estimates], ignore_index=True).sort_values("row", kind="stable")
    title = f"{table.source}: {table.k} {'study' if table.k == 1 else 'studies'}"
    columns, notes = numbered(layouts.study_columns(table))
    return Table("studies", title, columns, numbers, (), (*notes, *table.notes), table.provenance)


def review(title: str, models: Sequence[OutcomeModel], compared: pd.DataFrame) -> Table:
    """A whole review, one row per outcome, from `mutau.compare` of all of them."""
    given = tuple(replace(_given(model, tau=_told_priors(model)), of=model.title) for model in models)
    return Table(
        "compare", title, layouts.review_columns(models, compared), compared, given, (), _said(compared)
    )


def numbered(columns: Sequence[Column]) -> tuple[tuple[Column, ...], tuple[str, ...]]:
    """Replace the long cells of a column of notes by numbers, and give the notes in the order of their numbers."""
    cells = next((column.cells for column in columns if column.heading == "Note"), ())
    places, notes = numbered_notes(cells)
    replaced = (replace(column, cells=places) if column.heading == "Note" else column for column in columns)
    return tuple(replaced), notes


def _of_outcome(
    name: str,
    model: OutcomeModel,
    columns: tuple[Column, ...],
    numbers: pd.DataFrame,
    given: Given | None,
    provenance: Sequence[str],
    notes: tuple[str, ...] = (),
) -> Table:
    conditions = () if given is None else (given,)
    return Table(
        name, f"{model.title}: {CAPTIONS[name]}", columns, numbers, conditions, notes, tuple(provenance)
    )


def _given(model: OutcomeModel, tau: str = "") -> Given:
    effects = "" if np.isinf(model.effects_df) else f", t random effects (df {model.effects_df:g})"
    return Given(
        model.mu_prior.label, tau or model.tau_prior.label, f"{model.likelihood} likelihood{effects}"
    )


def _told_priors(model: OutcomeModel) -> str:
    priors = (("default", model.tau_prior), *model.tau_alternatives)
    return "; ".join(f"{prior.label} ({label})" for label, prior in priors)


def _said(compared: pd.DataFrame) -> tuple[str, ...]:
    parts: Iterable[str] = (
        part for cell in compared["provenance"].dropna() for part in str(cell).split("; ")
    )
    return tuple(dict.fromkeys(part for part in parts if part))
