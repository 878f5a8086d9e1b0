"""Tables of each study's true effect: drawn to the mean by classic pooling, alone and beside the Bayesian one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mutau.tables.columns import Column, Given, credible, interval_column, number_column, text
from mutau.tables.numbers import NOT_AVAILABLE, effect_interval, number, percent
from mutau.tables.record import Table

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mutau.diagnostics import Shrunken, ShrunkenBeside

__all__ = ["shrunken_beside_table", "shrunken_table"]

CAPTIONS = {
    "shrunken": "each study's true effect, drawn towards the mean",
    "shrunken_beside": "each study's true effect, classic beside Bayesian",
}
"""What each of the tables is called."""


def shrunken_table(found: Shrunken) -> Table:
    """Lay out `mutau.diagnostics.shrunken`, effects on the natural scale."""
    measure = found.about.record
    rows = (
        map(measure.to_natural, row) for row in zip(found.estimate, found.lower, found.upper, strict=True)
    )
    columns = (
        text("Study", found.study),
        number_column(f"{measure.code}, the study alone", _numbers(measure.to_natural(y) for y in found.yi)),
        number_column("Drawn to the mean by", (f"{100 * share:.0f}%" for share in found.shrinkage)),
        interval_column(measure.code, (_effect(*map(float, row)) for row in rows), _kind(found.prob)),
    )
    how = (
        f"Classic pooling by {found.tau2_method}, {found.ci_method}: tau2 {number(found.pooled.tau2)}, mean "
        f"{measure.code} {number(float(measure.to_natural(found.pooled.estimate)))}."
    )
    return _table("shrunken", found, columns, (how, *found.notes))


def shrunken_beside_table(found: ShrunkenBeside) -> Table:
    """Lay out `mutau.diagnostics.shrunken_beside`."""
    code, model = found.about.record.code, found.fit.model
    classic = zip(found.classic, found.classic_lower, found.classic_upper, strict=True)
    bayesian = zip(found.bayesian, found.bayesian_lower, found.bayesian_upper, strict=True)
    columns = (
        text("Study", found.study),
        number_column(f"{code}, the study alone", _numbers(found.own)),
        interval_column(
            f"Classic ({found.tau2_method}, {found.classic_ci})",
            (_effect(*row) for row in classic),
            _kind(found.prob),
        ),
        interval_column("Bayesian (theta)", (_effect(*row) for row in bayesian), credible(found.prob)),
    )
    given = Given(model.mu_prior.label, model.tau_prior.label, f"{model.likelihood} likelihood")
    return _table("shrunken_beside", found, columns, found.notes, (given,))


def _kind(prob: float) -> str:
    return f"{percent(prob)} empirical Bayes interval, tau2 taken as known"


def _numbers(values: Iterable[float]) -> list[str]:
    return [number(float(value)) for value in values]


def _effect(estimate: float, lower: float, upper: float) -> str:
    written = effect_interval(estimate, lower, upper)
    return NOT_AVAILABLE if written.startswith(NOT_AVAILABLE) else written


def _table(
    name: str,
    found: Shrunken | ShrunkenBeside,
    columns: tuple[Column, ...],
    notes: tuple[str, ...],
    given: tuple[Given, ...] = (),
) -> Table:
    title = f"{found.about.title or 'Studies'}: {CAPTIONS[name]}"
    return Table(name, title, columns, found.to_frame(), given, notes, found.about.provenance)
