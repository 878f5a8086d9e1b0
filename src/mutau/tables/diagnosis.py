"""Tables of diagnostics, from `mutau.diagnose`: which study matters, and whether small studies find other effects."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from mutau.measures import get_measure
from mutau.tables.columns import Column, frame_of, interval_column, number_column, text
from mutau.tables.numbers import NOT_AVAILABLE, effect_interval, number, p_value, percent
from mutau.tables.record import Table

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from mutau.diagnostics import Diagnosis, FailSafe, Influence, LeaveOneOut

__all__ = ["DIAGNOSIS_CAPTIONS", "diagnosis_kinds", "diagnosis_tables"]

DIAGNOSIS_CAPTIONS = {
    "leave_one_out": "pooled effect without each study in turn",
    "influence": "influence of each study",
    "small_studies": "do small studies find other effects?",
    "fail_safe": "how many unseen studies without an effect would overturn it? (advised against)",
}
"""What each table of a diagnosis is called."""


def diagnosis_tables(found: Diagnosis) -> dict[str, pd.DataFrame]:
    """Lay out what diagnostics say, for reading.

    Parameters
    ----------
    found : Diagnosis
        From `mutau.diagnose`.

    Returns
    -------
    dict of str to DataFrame
        Text, by the keys of `DIAGNOSIS_CAPTIONS`, those that there are. Effects are on the natural scale.
    """
    return {name: frame_of(columns) for name, columns in _layouts(found).items()}


def diagnosis_kinds(found: Diagnosis) -> dict[str, Table]:
    """Make the tables of a diagnosis whole, the unrounded numbers behind them, by name."""
    frames = found.to_frames()
    title = found.about.title or "Diagnostics"
    return {
        name: Table(
            name,
            f"{title}: {DIAGNOSIS_CAPTIONS[name]}",
            columns,
            frames[name],
            notes=_notes(found, name),
            provenance=found.about.provenance,
        )
        for name, columns in _layouts(found).items()
    }


def _layouts(found: Diagnosis) -> dict[str, tuple[Column, ...]]:
    made: dict[str, tuple[Column, ...]] = {}
    if found.leave_one_out is not None:
        made["leave_one_out"] = _leave_one_out(found.leave_one_out)
    if found.influence is not None:
        made["influence"] = _influence(found.influence)
    if found.small_studies:
        made["small_studies"] = _small_studies(found)
    if found.fail_safe:
        made["fail_safe"] = _fail_safe(found.fail_safe)
    return made


def _notes(found: Diagnosis, name: str) -> tuple[str, ...]:
    said = [note for each in found.fail_safe for note in each.notes] if name == "fail_safe" else []
    return (*dict.fromkeys(said), *found.missing)


def _effect(measure: str, *values: float) -> str:
    """Write an effect with its limits on the natural scale."""
    natural = get_measure(measure).to_natural
    return NOT_AVAILABLE if math.isnan(values[0]) else effect_interval(*(float(natural(x)) for x in values))


def _leave_one_out(found: LeaveOneOut) -> tuple[Column, ...]:
    frame = found.to_frame()
    kind = f"{percent(found.prob)} confidence interval"
    limits = zip(found.estimate, found.lower, found.upper, strict=True)
    effects = [_effect(found.about.measure, *row) for row in limits]
    i2 = [f"{value:.0f}%" if math.isfinite(value) else NOT_AVAILABLE for value in frame["i2"]]
    return (
        text("Without", frame["study"]),
        interval_column(found.about.measure, effects, kind),
        number_column("tau²", map(number, frame["tau2"])),
        number_column("I²", i2),
        number_column("Q", map(number, frame["q"])),
    )


def _influence(found: Influence) -> tuple[Column, ...]:
    headings = {
        "rstudent": "Studentised residual",
        "dffits": "DFFITS",
        "cook_d": "Cook's distance",
        "cov_r": "Covariance ratio",
        "hat": "Hat",
        "dfbetas": "DFBETAS",
    }
    numbers = (number_column(said, map(number, getattr(found, name))) for name, said in headings.items())
    return (
        text("Study", found.study),
        *numbers,
        text("Influential by metafor's rules", ["yes" if flag else "no" for flag in found.influential]),
    )


def _small_studies(found: Diagnosis) -> tuple[Column, ...]:
    frame = found.to_frame()
    corrected = frame[["measure", "corrected", "corrected_lower", "corrected_upper"]]
    statistics = zip(frame["method"], frame["statistic"], frame["df"], strict=True)
    return (
        text("Method", frame["method"]),
        number_column("Studies", frame["k"]),
        text("Statistic", [_statistic(*row) for row in statistics]),
        number_column("p-value", [p_value(value) for value in frame["p_value"]]),
        interval_column(
            f"{found.about.measure} in place of the pooled one",
            [_in_place(found, *row) for row in corrected.itertuples(index=False, name=None)],
            "95% confidence interval",
        ),
        text("What its authors say", [said.replace("\n", "; ") for said in frame["notes"]]),
    )


def _fail_safe(found: Sequence[FailSafe]) -> tuple[Column, ...]:
    return (
        text("Fail-safe N", [each.method for each in found]),
        number_column("Studies", [each.k for each in found]),
        number_column("p-value now", [p_value(each.p_value) for each in found]),
        text("Overturned by", [each.overturned for each in found]),
        number_column("Unseen studies", [_count(each.n) for each in found]),
    )


def _count(n: float) -> str:
    return NOT_AVAILABLE if math.isnan(n) else f"{n:,.0f}"


def _in_place(found: Diagnosis, measure: str, *values: float) -> str:
    """Write what a method puts in the place of the pooled effect; it names its measure where that is another."""
    said = _effect(measure, *values)
    return said if measure == found.about.measure or math.isnan(values[0]) else f"{measure} {said}"


def _statistic(method: str, value: float, df: float) -> str:
    if math.isnan(value):
        return NOT_AVAILABLE
    name = "Kendall's tau" if method.startswith("Begg") else "z" if math.isinf(df) else f"t({df:g})"
    return f"{name} = {number(value)}"
