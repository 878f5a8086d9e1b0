"""What the page's template is handed of an outcome's diagnostics: which trial matters, do small ones differ."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mutau import tables
from mutau.plots import plain
from mutau.report.pictures import PictureView
from mutau.report.svg import inline_svg
from mutau.report.views_of_tables import TableView, table_view

if TYPE_CHECKING:
    from mutau.report.record import OutcomePage

__all__ = ["DiagnosisView", "diagnosis_view"]


@dataclass(frozen=True, slots=True)
class DiagnosisView:
    """An outcome's diagnostics as the template prints them: tables, the funnel plot if there is one, sentences."""

    tables: tuple[TableView, ...]
    funnel: PictureView | None
    sentences: tuple[str, ...]


def diagnosis_view(page: OutcomePage, anchor: str, provenance: str) -> DiagnosisView | None:
    """Put an outcome's diagnostics into tables, a picture and sentences; nothing where none were made."""
    found = page.diagnosis
    if found is None:
        return None
    title = plain(page.model.title)
    shown = tuple(
        table_view(frame, f"{title} – {tables.DIAGNOSIS_CAPTIONS[name]}", (), provenance)
        for name, frame in found.tables.items()
    )
    picture = None
    if "funnel" in found.figures:
        svg = inline_svg(found.figures["funnel"], f"{anchor}-funnel")
        said = "Each trial's effect against its standard error. Asymmetry may have other causes too."
        picture = PictureView("Funnel plot", svg, said)
    return DiagnosisView(shown, picture, tuple(plain(text) for text in found.sentences))
