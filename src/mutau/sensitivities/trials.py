"""One more trial beside those that there are: of a stated size, with a stated effect."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from mutau.sensitivities.case import Case

    type Array = NDArray[np.float64]

__all__ = ["SMALLEST", "added_trial", "events_of", "null_trial", "typical_size"]

SMALLEST = 20
"""Participants of the smallest trial that is added."""
LEAST_CELL = 3.0
"""Fewest people with, and without, an event in an arm of the trial added, where the measure is RR or RD: where an
effect leads beyond, the control risk is changed so that the effect stays what it is."""


def typical_size(case: Case) -> float | None:
    """Participants of the largest trial, both arms; None where that is not known of every trial."""
    sizes = _sizes(case)
    return float(sizes.max()) if np.isfinite(sizes).all() else None


def _sizes(case: Case) -> Array:
    effects = case.fit.effects.reindex(columns=["n_treatment", "n_control"])
    return np.asarray(effects.sum(axis="columns", skipna=False).to_numpy(dtype=np.float64))


def null_trial(case: Case, n: float) -> Mapping[str, Array]:
    """Give the data with one more trial of n participants and no effect."""
    return added_trial(case, case.benefit.bound, n)


def added_trial(case: Case, effect: float, n: float) -> Mapping[str, Array]:
    """Give the data with one more trial, half of its n participants in each arm.

    Parameters
    ----------
    case : Case
        The trials there are.
    effect : float
        What it shows, on the analysis scale.
    n : float
        Its participants.

    Returns
    -------
    mapping
        The likelihood's data columns, one entry longer.

    Notes
    -----
    Under the normal likelihood its variance is that of the trials there are, for each participant the median of
    n v. Counts are the expected ones, fractions included, with the control risk (or rate) of all control arms
    together; the conditional likelihood needs whole ones, so there they are rounded.
    """
    data = case.request.data
    if "yi" in data:
        variance = float(np.median(_sizes(case) * data["sei"] ** 2)) / n
        more = {"yi": effect, "sei": math.sqrt(variance)}
    elif "time_treatment" in data:
        more = _rates(case, effect, n)
    else:
        more = _counts(case, effect, n)
        if case.request.likelihood == "hypergeometric":
            more |= {name: float(round(value)) for name, value in more.items()}
    return {name: np.append(column, more[name]) for name, column in data.items()}


def _counts(case: Case, effect: float, n: float) -> dict[str, float]:
    data = case.request.data
    control = float(data["events_control"].sum() / data["n_control"].sum())
    half = 0.5 * n
    treatment, control = _risks(case.request.measure, effect, control, LEAST_CELL / half)
    return {
        "events_treatment": treatment * half,
        "n_treatment": half,
        "events_control": control * half,
        "n_control": half,
    }


def _risks(measure: str, effect: float, control: float, least: float) -> tuple[float, float]:
    """Risks under treatment and control that differ by the effect, `least` or more from 1 (RD: from 0 too)."""
    if measure == "OR":
        odds = min(max(control, least), 1.0 - least)
        odds = odds / (1.0 - odds)
        return odds * math.exp(effect) / (1.0 + odds * math.exp(effect)), odds / (1.0 + odds)
    if measure == "RR":
        control = min(max(control, 1e-4), (1.0 - least) * min(1.0, math.exp(-effect)))
        return control * math.exp(effect), control
    difference = math.tanh(effect)
    control = min(max(control, least, least - difference), 1.0 - least, 1.0 - least - difference)
    return control + difference, control


def _rates(case: Case, effect: float, n: float) -> dict[str, float]:
    data = case.request.data
    rate = max(float(data["events_control"].sum()), 0.5) / float(data["time_control"].sum())
    time = 0.5 * n * float((data["time_treatment"] + data["time_control"]).sum() / _sizes(case).sum())
    return {
        "events_treatment": rate * math.exp(effect) * time,
        "time_treatment": time,
        "events_control": rate * time,
        "time_control": time,
    }


def events_of(case: Case, effect: float, n: float) -> str:
    """Say what counts such a trial would show, in brackets; nothing where the likelihood is not of counts."""
    if "n_treatment" not in case.request.data:
        return ""
    more = _counts(case, effect, n)
    return (
        f" (about {more['events_treatment']:.0f} of {more['n_treatment']:.0f} with treatment against "
        f"{more['events_control']:.0f} of {more['n_control']:.0f} without)"
    )
