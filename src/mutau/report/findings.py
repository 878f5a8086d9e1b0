"""The summary of findings and the evidence profile on the page, and what each outcome is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from markupsafe import Markup

from mutau.grading import (
    IN_WORDS,
    evidence_profile,
    participants,
    rating_words,
    statement,
    summary_of_findings,
)
from mutau.plots import plain
from mutau.report.views_of_tables import TableView
from mutau.tables import NOT_AVAILABLE

if TYPE_CHECKING:
    from mutau.report.record import OutcomePage, ReportInput
    from mutau.tables.record import Table

__all__ = ["findings", "linked_rows", "outcome_facts", "profile", "sayings"]


def findings(report: ReportInput) -> TableView:
    """Set all outcomes under one another: `mutau.summary_of_findings`, as the run's folder has it.

    Each outcome links to its section, with the provenance of its data under it.
    """
    table = summary_of_findings(report.outcomes)
    return _view(
        replace(table, columns=tuple(each for each in table.columns if each.title != IN_WORDS)), report
    )


def sayings(report: ReportInput) -> tuple[str, ...]:
    """Give the last column of the summary of findings as sentences under it, where a page has room for them."""
    words = next(each for each in summary_of_findings(report.outcomes).columns if each.title == IN_WORDS)
    titles = (plain(page.model.title) for page in report.outcomes)
    return tuple(f"{title}: {plain(said)}" for title, said in zip(titles, words.cells, strict=True))


def profile(report: ReportInput) -> TableView:
    """Set the reviewers' judgements beside what the numbers say: `mutau.evidence_profile`."""
    return _view(evidence_profile(report.outcomes), report)


def _view(table: Table, report: ReportInput) -> TableView:
    """Give a table for the page; its provenance is under each outcome."""
    caption = f"{table.heading}; under each outcome, the provenance of its data"
    headings = tuple(plain(column.title) for column in table.shown)
    notes = (*table.plain_notes, *(plain(given.sentence) for given in table.conditions))
    provenance = [plain("; ".join(page.fit.studies.provenance)) for page in report.outcomes]
    return linked_rows(TableView(caption, headings, table.rows, notes), "outcome", provenance)


def linked_rows(view: TableView, anchor: str, provenance: Sequence[str]) -> TableView:
    """Make each first cell a link to its outcome's section, provenance under it."""
    head = Markup('<a href="#{}-{}">{}</a><small>{}</small>')
    linked = (
        (head.format(anchor, number, row[0], told), *row[1:])
        for number, (row, told) in enumerate(zip(view.rows, provenance, strict=True), start=1)
    )
    return TableView(view.caption, view.columns, tuple(linked), view.notes)


def outcome_facts(page: OutcomePage) -> tuple[str, ...]:
    """Say in short what an outcome compares and measures, on how many, and what was concluded and rated."""
    model, published = page.model, page.model.published
    better = "higher" if model.benefit_sign > 0 else "lower"
    concluded = published.conclusion if published is not None else ""
    people = participants(page.fit)
    facts = (
        model.contrast(),
        model.timepoint,
        f"{model.measure_record.name} ({model.measure_record.code}), {better} is better",
        f"{page.fit.k} {'study' if page.fit.k == 1 else 'studies'}, "
        f"{NOT_AVAILABLE if people is None else people} participants",
        f"{model.likelihood} likelihood",
        f"the review's conclusion: {concluded}" if concluded else "",
        rating_words(model),
        f"In GRADE's words: {statement(page)}" if model.rated is not None else "",
    )
    return tuple(plain(fact) for fact in facts if fact)
