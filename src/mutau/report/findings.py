"""The summary of findings: every outcome in one row, with what the reviewers rated, and what each outcome is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pandas as pd
from markupsafe import Markup

from mutau import tables
from mutau.plots import plain
from mutau.report.views_of_tables import TableView, table_view
from mutau.summaries import events

if TYPE_CHECKING:
    from mutau.outcomes import OutcomeModel
    from mutau.report.record import OutcomePage, ReportInput

__all__ = ["certainty_words", "findings", "linked_rows", "outcome_facts", "participants"]

_NOT_RATED = "not rated"


def findings(report: ReportInput) -> TableView:
    """Set all outcomes under one another, as a summary of findings does.

    Trials and participants, the classic effect beside the Bayesian one, P(benefit) under every prior for tau, the
    probability of an effect that matters, and the certainty as it was rated; under each outcome the provenance of its
    data.
    """
    models = [page.model for page in report.outcomes]
    compared = pd.concat([page.compared for page in report.outcomes], ignore_index=True)
    frame = tables.review_table(models, compared)
    provenance = [plain(text) for text in frame.pop("Provenance")]
    sizes = [participants(page) for page in report.outcomes]
    counts = [f"{k} ({size})" for k, size in zip(frame.pop("k"), sizes, strict=True)]
    frame.insert(1, "Trials (participants)", counts)
    frame["P(beyond threshold): default"] = [_beyond(page) for page in report.outcomes]
    frame["Certainty, as rated"] = [_rating(model) for model in models]
    caption = "Summary of findings, classic beside Bayesian; under each outcome, the provenance of its data"
    return linked_rows(table_view(frame, caption, _NOTES), "outcome", provenance)


_NOTES = (
    "P(benefit) is of the mean effect, given unbiased trials, the model's likelihood and prior for mu, and the prior "
    "for tau that the column names.",
    "P(beyond threshold): of the mean effect lying beyond the first of the outcome's thresholds on the side of "
    "benefit, under the default priors.",
    "The certainty is what the reviewers rated, in GRADE's words. No probability here replaces it, and none was made "
    "from it.",
)


def linked_rows(view: TableView, anchor: str, provenance: Sequence[str]) -> TableView:
    """Make each first cell a link to its outcome's section, provenance under it."""
    head = Markup('<a href="#{}-{}">{}</a><small>{}</small>')
    linked = (
        (head.format(anchor, number, row[0], told), *row[1:])
        for number, (row, told) in enumerate(zip(view.rows, provenance, strict=True), start=1)
    )
    return TableView(view.caption, view.columns, tuple(linked), view.notes)


def participants(page: OutcomePage) -> str:
    """Count the participants of an outcome, where every arm's size is known."""
    sizes = [name for name in ("n_treatment", "n_control") if name in page.fit.effects]
    if len(sizes) < 2 or bool(page.fit.effects[sizes].isna().any(axis=None)):
        return tables.NOT_AVAILABLE
    return f"{page.fit.effects[sizes].to_numpy().sum():.0f}"


def _beyond(page: OutcomePage) -> str:
    """Write the probability beyond the first threshold on the side of benefit, and which one that is."""
    model = page.model
    benefits = [event for event in events(model)[2:] if event.side == model.benefit_sign]
    if not benefits:
        return tables.NOT_AVAILABLE
    chances = page.chances
    of_mean = (chances["prior"] == "default") & (chances["quantity"] == "mu")
    found = chances[of_mean & (chances["event"] == benefits[0].name)].iloc[0]
    said = tables.probability(float(found["probability"]), float(found["ess"]))
    return f"{said}: {benefits[0].label}"


def _rating(model: OutcomeModel) -> str:
    return _NOT_RATED if model.rated is None else model.rated.rating


def certainty_words(model: OutcomeModel) -> str:
    """Say how certain the evidence was rated, by whom and why; nothing where it was not."""
    rated = model.rated
    if rated is None:
        return ""
    why = f": {'; '.join(rated.reasons)}" if rated.reasons else ", reasons not stated"
    whose = f" ({rated.source})" if rated.source else ""
    return f"GRADE certainty: {rated.rating}{why}{whose}"


def outcome_facts(page: OutcomePage) -> tuple[str, ...]:
    """Say in short what an outcome compares and measures, on how many, and what was concluded and rated."""
    model, published = page.model, page.model.published
    better = "higher" if model.benefit_sign > 0 else "lower"
    concluded = published.conclusion if published is not None else ""
    facts = (
        f"{model.treatment_label} versus {model.control_label}",
        model.timepoint,
        f"{model.measure_record.name} ({model.measure_record.code}), {better} is better",
        f"{page.fit.k} {'study' if page.fit.k == 1 else 'studies'}, {participants(page)} participants",
        f"{model.likelihood} likelihood",
        f"the review's conclusion: {concluded}" if concluded else "",
        certainty_words(model),
    )
    return tuple(plain(fact) for fact in facts if fact)
