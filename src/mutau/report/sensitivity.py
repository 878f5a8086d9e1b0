"""What the page's template is handed of an outcome's sensitivity."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mutau import tables
from mutau.plots import plain
from mutau.report.svg import inline_svg
from mutau.report.views_of_tables import TableView, table_view

if TYPE_CHECKING:
    from markupsafe import Markup

    from mutau.report.record import OutcomePage

__all__ = ["SensitivityView", "sensitivity_view"]

_WIDE = ("named_priors",)
_FIGURES = {
    "named_priors": "The answer under each named prior",
    "scales": "The answer under wider and narrower priors of the mean effect and of tau",
    "locations": "The answer under priors of the mean effect that are centred elsewhere, and firmer or looser",
    "specifications": "P(benefit) in every specification, in order",
}


@dataclass(frozen=True, slots=True)
class SensitivityView:
    """An outcome's sensitivity as the template prints it: the verdict; captions, pictures, whether wide; tables."""

    level: str
    verdict: str
    figures: tuple[tuple[str, Markup, bool], ...]
    tables: tuple[TableView, ...]
    missing: tuple[str, ...]
    notes: tuple[str, ...]


def sensitivity_view(page: OutcomePage, anchor: str, provenance: str) -> SensitivityView | None:
    """Put an outcome's sensitivity into words, tables and pictures; nothing where it was not asked."""
    found = page.sensitivity
    if found is None:
        return None
    title = plain(page.model.title)
    figures = tuple(
        (
            words,
            inline_svg(found.figures[name], f"{anchor}-{name}", f"{words}, {title}."),
            name in _WIDE,
        )
        for name, words in _FIGURES.items()
        if name in found.figures
    )
    shown = tuple(
        table_view(frame, f"{title} – {tables.SENSITIVITY_CAPTIONS[name]}", (), provenance)
        for name, frame in found.tables.items()
    )
    missing, notes = (tuple(map(plain, texts)) for texts in (found.missing, found.notes))
    return SensitivityView(f"{found.level:g}", plain(found.verdict), figures, shown, missing, notes)
