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

_FIGURES = {
    "scales": "The answer under wider and narrower priors of the mean effect and of tau",
    "locations": "The answer under priors of the mean effect that are centred elsewhere, and firmer or looser",
    "specifications": "P(benefit) in every specification, in order",
}


@dataclass(frozen=True, slots=True)
class SensitivityView:
    """An outcome's sensitivity as the template prints it: the verdict, pictures with captions, tables by name."""

    level: str
    verdict: str
    figures: tuple[tuple[str, Markup], ...]
    tables: tuple[TableView, ...]
    missing: tuple[str, ...]


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
        )
        for name, words in _FIGURES.items()
        if name in found.figures
    )
    shown = tuple(
        table_view(frame, f"{title} – {tables.SENSITIVITY_CAPTIONS[name]}", (), provenance)
        for name, frame in found.tables.items()
    )
    missing = tuple(plain(text) for text in found.missing)
    return SensitivityView(f"{found.level:g}", plain(found.verdict), figures, shown, missing)
