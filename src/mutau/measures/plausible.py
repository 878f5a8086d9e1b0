"""An effect that a report prints beside the data of its arms, held against what these data give."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from mutau.measures.computing import effects
from mutau.measures.registry import MEASURES
from mutau.studies.columns import normalised
from mutau.studies.extracted import EFFECTS

if TYPE_CHECKING:
    import pandas as pd

    from mutau.measures.record import Measure
    from mutau.studies import StudyTable

__all__ = ["printed_effect_notes"]

CODES = {
    "odds_ratio": "OR",
    "risk_ratio": "RR",
    "rate_ratio": "IRR",
    "risk_difference": "RD",
    "mean_difference": "MD",
}
OF_ANY_MEASURE = (
    ("effect", "effect_lower", "effect_upper"),
    ("effect_estimate", "effect_lower", "effect_upper"),
    ("mean", "ci_start", "ci_end"),
)
"""Columns of an effect that do not say of which measure; the last are those of RevMan's exports."""
OFF = 0.1
"""How many standard errors a printed effect may lie off, beside its rounding."""
WIDER = 1.25
"""How many times as wide as its own the interval may be: t for z, or another zero-cell rule."""


def printed_effect_notes(studies: StudyTable, measure: str | None = None) -> Iterator[str]:
    """Say which rows of arms carry a printed effect, or its interval, that their own numbers do not give.

    Parameters
    ----------
    studies : StudyTable
        Carried columns named ``or``, ``rr``, ``irr``, ``rd``, ``md`` or in full are effects, with ``_lower`` and
        ``_upper`` the limits of a 95% confidence interval.
    measure : str, optional
        What ``effect`` is, or the ``Mean`` with ``CI start`` and ``CI end`` of RevMan's exports.

    Yields
    ------
    str
        File, row, study, column, both numbers, and what to do.

    Examples
    --------
    >>> import pandas as pd
    >>> from mutau.studies import StudyTable
    >>> table = pd.DataFrame({"study": ["A"], "ai": [31], "n1i": [46], "ci": [9], "n2i": [54], "or": [3.44]})
    >>> print(*printed_effect_notes(StudyTable.from_frame(table)))
    'table', row 1, study 'A', column 'or': an odds ratio of 3.44 is printed, the arms give 10.33. Check both ...
    """
    wide = studies.wide()
    names = {normalised(str(name)): str(name) for name in wide.columns}
    wanted = [(form, code) for name, code in CODES.items() for form in (name, *EFFECTS[name])]
    columns = [
        (names.get(form), names.get(f"{form}_lower"), names.get(f"{form}_upper"), code)
        for form, code in wanted
    ]
    if measure is not None:
        columns += [(*(names.get(form) for form in forms), measure) for forms in OF_ANY_MEASURE]  # type: ignore[misc]
    for effect, lower, upper, code in columns:
        if effect is not None and code in MEASURES:
            yield from _compared(wide, MEASURES[code], (effect, lower, upper), studies.source)


def _compared(
    wide: pd.DataFrame, measure: Measure, columns: tuple[str, str | None, str | None], source: str
) -> Iterator[str]:
    if (
        measure.design != "two groups"
        or measure.is_ready_made
        or not set(measure.inputs) <= set(wide.columns)
    ):
        return
    rows = wide[wide[list(measure.inputs)].notna().all(axis=1)]
    if rows.empty:
        return
    found = effects(rows[["study", *measure.inputs]], measure=measure.code, announce=False)
    printed = [_numbers(rows[name]) if name else np.full(len(rows), math.nan) for name in columns]
    half = _half_a_digit(printed[0])
    for i, (row, study) in enumerate(zip(rows["row"], rows["study"], strict=True)):
        numbers = tuple(float(column[i]) for column in printed)
        own = (float(found["yi"].iloc[i]), float(found["sei"].iloc[i]))
        place = f"'{source}', row {row}, study '{study}', column"
        yield from _effect_off(measure, numbers[0], half, own, f"{place} '{columns[0]}'")
        yield from _interval_off(measure, numbers[1:], own[1], f"{place} '{columns[1]}'")


def _numbers(column: pd.Series) -> Any:
    import pandas as pd

    return pd.to_numeric(column, errors="coerce").to_numpy(dtype=np.float64)


def _half_a_digit(numbers: Any) -> float:
    """Half a unit of the last digit that any number of the column has."""
    texts = [f"{number:.12g}" for number in numbers if math.isfinite(number)]
    return 0.5 * 10.0 ** -max((len(text.partition(".")[2]) for text in texts if "e" not in text), default=0)


def _analysed(measure: Measure, value: float) -> float:
    return math.log(value) if measure.is_ratio and value > 0 else math.nan if measure.is_ratio else value


def _effect_off(
    measure: Measure, printed: float, half: float, own: tuple[float, float], place: str
) -> Iterator[str]:
    yi, sei = own
    value = _analysed(measure, printed)
    slack = half / printed if measure.is_ratio and printed > 0 else half
    if abs(value - yi) > OFF * sei + slack:
        article = "an" if measure.name[0] in "aeio" else "a"
        yield (
            f"{place}: {article} {measure.name} of {printed:g} is printed, the arms give "
            f"{float(measure.to_natural(yi)):.4g}. Check both against the report, and which arm is which; an "
            "adjusted effect may differ"
        )


def _interval_off(measure: Measure, limits: tuple[float, ...], sei: float, place: str) -> Iterator[str]:
    low, high = (_analysed(measure, limit) for limit in limits)
    se = (high - low) / (2 * 1.959963984540054)
    if se > 0 and not 1 / WIDER < se / sei < WIDER:
        scale = " of its logarithm" if measure.is_ratio else ""
        yield (
            f"{place}: the interval {limits[0]:g} to {limits[1]:g} is that of a standard error{scale} of {se:.3g}, "
            f"the arms give {sei:.3g}. Check the interval, its level (95% is assumed) and the arms against the report"
        )
