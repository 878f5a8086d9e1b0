"""The table of a bivariate model: both arms, their difference, and its line on the control arm."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import expit

from mutau.tables.columns import interval_column, number_column, text
from mutau.tables.numbers import NOT_AVAILABLE, effect_interval, interval, number, percent
from mutau.tables.record import Table

if TYPE_CHECKING:
    from collections.abc import Callable

    from mutau.classic import Bivariate, Estimated

__all__ = ["bivariate_table"]


def bivariate_table(found: Bivariate) -> Table:
    """Lay out `mutau.bivariate`: log odds as risks, their difference as an odds ratio."""
    odds = found.measure == "log odds"
    risk: Callable[[float], float] = (lambda x: float(expit(x))) if odds else float
    ratio: Callable[[float], float] = (lambda x: float(np.exp(x))) if odds else float
    rows = (
        ("Risk in the control arm" if odds else "Control arm", found.control, risk, found.tau2_control),
        (
            "Risk in the treatment arm" if odds else "Treatment arm",
            found.treatment,
            risk,
            found.tau2_treatment,
        ),
        ("Odds ratio" if odds else "Treatment less control", found.difference, ratio, found.tau2),
        (
            "Slope of the log odds ratio on the control arm's log odds"
            if odds
            else "Slope of it on the control arm",
            found.line.slope,
            float,
            math.nan,
        ),
    )
    limits = interval(ratio(found.prediction_lower), ratio(found.prediction_upper))
    coverage = percent(found.prob)
    columns = (
        text("Quantity", [name for name, *_ in rows]),
        interval_column(
            "Estimate", [_estimate(e, scale) for _, e, scale, _ in rows], f"{coverage} confidence interval"
        ),
        number_column("tau²", [number(tau2) for *_, tau2 in rows]),
        interval_column(
            "In a new study",
            ["", "", limits, ""],
            f"{coverage} prediction interval",
        ),
    )
    title = "Both arms of the studies, pooled together"
    return Table("bivariate", title, columns, found.to_frame(), (), _notes(found, odds), found.provenance)


def _estimate(found: Estimated, scale: Callable[[float], float]) -> str:
    if math.isnan(found.estimate):
        return NOT_AVAILABLE
    return effect_interval(scale(found.estimate), scale(found.lower), scale(found.upper))


def _notes(found: Bivariate, odds: bool) -> tuple[str, ...]:
    unit = "log odds" if odds else "values"
    said = [
        f"By {found.method}, {found.k} studies, with an unstructured between-study covariance of the arms' {unit} "
        "(tau²).",
    ]
    if not math.isnan(found.rho):
        said.append(f"Between-study correlation of the arms: {number(found.rho)}.")
    if not math.isnan(found.line.explained):
        share = f"{100 * found.line.explained:.0f}%"
        said.append(f"{share} of the between-study variance of the difference goes with the control arm.")
    said.append("Confidence intervals are Wald's; with few studies they are too narrow.")
    return (*said, *found.notes)
