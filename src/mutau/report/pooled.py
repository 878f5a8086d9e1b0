"""What the template is handed of an outcome of which only the pooled result is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mutau.grading import rating_words
from mutau.plots import plain
from mutau.pooled_only.wording import POOLED_CAPTIONS, overview, pooled_table, priors_table, statement_table
from mutau.report.findings import linked_rows
from mutau.report.views_of_tables import TableView, table_view

if TYPE_CHECKING:
    from mutau.pooled_only import PooledResult

__all__ = ["PooledView", "pooled_overview", "pooled_view"]


@dataclass(frozen=True, slots=True)
class PooledView:
    """One such outcome as the template prints it."""

    anchor: str
    title: str
    facts: tuple[str, ...]
    provenance: str
    main: TableView
    notes: tuple[str, ...]
    probabilities: TableView
    priors: TableView


def pooled_view(result: PooledResult, number: int) -> PooledView:
    """Put an outcome of which only the pooled result is known into words and tables.

    Parameters
    ----------
    result : PooledResult
        What was computed.
    number : int
        Its place among them, from 1; ids are made of it.
    """
    model = result.model
    provenance = plain("; ".join(result.provenance))
    heading = plain(model.title)
    said = plain(model.provenance_note) or f"{provenance[:1].upper()}{provenance[1:]}."
    captions = {name: f"{heading} – {caption}" for name, caption in POOLED_CAPTIONS.items()}
    return PooledView(
        anchor=f"pooled-{number}",
        title=heading,
        facts=_facts(result),
        provenance=said,
        main=table_view(pooled_table(result).frame, captions["pooled"], provenance=provenance),
        notes=tuple(plain(note) for note in (*result.notes, *result.reasons)),
        probabilities=table_view(
            statement_table(result).frame, captions["probabilities"], provenance=provenance
        ),
        priors=table_view(priors_table(result), captions["priors"]),
    )


def _facts(result: PooledResult) -> tuple[str, ...]:
    model, published = result.model, result.published
    better = "higher" if model.benefit_sign > 0 else "lower"
    people = f", {published.participants} participants" if published.participants else ""
    said = [f"the review's conclusion: {published.conclusion}" if published.conclusion else ""]
    said += [rating_words(model)]
    facts = (
        model.contrast(),
        model.timepoint,
        f"{model.measure_record.name} ({model.measure_record.code}), {better} is better",
        f"{published.k} {'study' if published.k == 1 else 'studies'}{people}, not known one by one",
        "; ".join(filter(None, said)),
        f"printed in {published.source}" if published.source else "",
        f"pooled by {published.method}" if published.method else "",
    )
    return tuple(plain(fact) for fact in facts if fact)


def pooled_overview(results: Sequence[PooledResult]) -> TableView:
    """Set these outcomes under one another, each with a link to its section."""
    table = overview("Outcomes of which only the pooled result is known; under each, its provenance", results)
    frame = table.frame
    provenance = [plain(text) for text in frame.pop("Provenance")]
    view = table_view(frame, table.title)
    return linked_rows(view, "pooled", provenance)
