"""What the page's template is handed of what an outcome means for a decision."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mutau import tables
from mutau.plots import plain
from mutau.report.pictures import PictureView
from mutau.report.svg import inline_svg
from mutau.report.views_of_tables import TableView, table_view

if TYPE_CHECKING:
    import pandas as pd

    from mutau.report.record import DecisionPage, OutcomePage

__all__ = ["DecisionView", "decision_view"]


@dataclass(frozen=True, slots=True)
class DecisionView:
    """A decision as the template prints it: sentences, tables, the next trial drawn, and what opens on demand."""

    sentences: tuple[str, ...]
    tables: tuple[TableView, ...]
    next_trial: PictureView | None
    details: tuple[tuple[str, TableView], ...]
    assumptions: tuple[str, ...]
    unstated: tuple[str, ...]


_ON_DEMAND = {"losses": "Expected losses", "absolute": "In people, under every prior for tau"}
"""Tables with a row for each prior: the sentences above them say how far they agree."""
_FIRST = {"absolute": ("Prior for tau", ("default", "odds ratio instead"))}
"""Of which rows are shown at once."""


def decision_view(page: OutcomePage, anchor: str, provenance: str) -> DecisionView | None:
    """Put what an outcome means for a decision into sentences and tables; nothing where its model states nothing."""
    found = page.decision
    if found is None:
        return None
    title = plain(page.model.title)
    at_once = {
        name: frame for name, frame in found.tables.items() if name not in _ON_DEMAND or name in _FIRST
    }
    for name in _FIRST.keys() & at_once.keys():
        column, rows = _FIRST[name]
        at_once[name] = at_once[name][at_once[name][column].isin(rows)]
    return DecisionView(
        tuple(map(plain, found.sentences)),
        tuple(
            _view(found, name, frame, f"{title} – {tables.DECISION_CAPTIONS[name]}", provenance)
            for name, frame in at_once.items()
        ),
        _next_trial(found, anchor, title),
        tuple(
            (words, _view(found, name, found.tables[name], f"{title} – {words}", provenance))
            for name, words in _ON_DEMAND.items()
            if name in found.tables
        ),
        tuple(map(plain, found.assumptions)),
        tuple(map(plain, found.unstated)),
    )


def _next_trial(found: DecisionPage, anchor: str, title: str) -> PictureView | None:
    """The chance of an answer over the size of the next trial, where sizes were asked about."""
    if "next_trial" not in found.figures:
        return None
    reading = plain(found.readings.get("next_trial", "")).rstrip(".")
    label = f"Chance that one more trial brings an answer, by its size, {title}. {reading}."
    svg = inline_svg(found.figures["next_trial"], f"{anchor}-next-trial", label)
    said = (
        "How probable it is that one more trial brings each answer, for trials of each size. The numbers are in "
        "the table of this section, and unrounded in decision_next_trial.csv in the folder of the outcome."
    )
    return PictureView("What one more trial may bring", svg, said)


def _view(found: DecisionPage, name: str, frame: pd.DataFrame, caption: str, provenance: str) -> TableView:
    return table_view(frame, caption, tuple(map(plain, found.notes[name])), provenance)
