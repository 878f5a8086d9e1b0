"""Mantel-Haenszel pooling of events in person-time."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from mutau.classic.arms import RATES, checked_arms
from mutau.classic.requests import Request, is_positive_number, label_array, request_faults, wald_only_faults
from mutau.classic.table_results import StudyEffects, common_effect, random_effects
from mutau.classic.tables import mh_rate_difference, mh_rate_ratio
from mutau.errors import DataWarning, Fault, nearest
from mutau.measures.binary import TO_RULES
from mutau.measures.rates import correct_zero_events, log_rate_ratio

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from mutau.classic.arms import Arms
    from mutau.records import ClassicResult

    type Array = NDArray[np.float64]

__all__ = ["mantel_haenszel_rates"]


def _rate_difference(a: Array, t1: Array, c: Array, t2: Array) -> tuple[Array, Array]:
    return a / t1 - c / t2, a / t1**2 + c / t2**2


EFFECTS = {"IRR": log_rate_ratio, "IRD": _rate_difference}
"""Effect of one study, by measure."""

POOLED = {"IRR": mh_rate_ratio, "IRD": mh_rate_difference}
"""Effect of all studies, by measure."""


def mantel_haenszel_rates(
    events_treatment: ArrayLike,
    time_treatment: ArrayLike,
    events_control: ArrayLike,
    time_control: ArrayLike,
    *,
    measure: str = "IRR",
    tau2: str = "CE",
    ci: str = "wald",
    prob: float = 0.95,
    prediction: str = "HTS",
    tau2_ci: str = "QP",
    seed: int = 0,
    add: float = 0.5,
    to: str = "only0",
    labels: Sequence[str] | None = None,
) -> ClassicResult:
    """Pool events in person-time by the Mantel-Haenszel method.

    Parameters
    ----------
    events_treatment, time_treatment, events_control, time_control : array_like, shape (k,)
        Events and person-time per arm, in one unit.
    measure : {"IRR", "IRD"}
        Incidence rate ratio (pooled as its logarithm) or incidence rate difference.
    tau2, ci, prob, prediction, tau2_ci, seed
        As `mantel_haenszel` takes them: a common effect with Wald's interval, or DerSimonian-Laird.
    add, to : float, str
        Zero-event rule for the effects of single studies, which Q and the random-effects stage need; see
        ``correct_zero_events`` of `mutau.measures`. A correction is announced by a DataWarning and in `notes`; the
        common-effect estimate needs none.
    labels : sequence of str, optional
        Names of the studies, for messages.

    Returns
    -------
    ClassicResult
        With ``method="MH"``; IRR on the log scale, IRD per unit of person-time. Studies without events in either
        arm are left out of Q and of the random-effects stage.

    Raises
    ------
    ArgumentError
        Impossible numbers, unequal lengths, no studies, unknown names: all at once.

    Warns
    -----
    DataWarning
        Where events were corrected.

    References
    ----------
    Greenland S, Robins JM (1985). Estimation of a common effect parameter from sparse follow-up data. Biometrics
    41:55-68. doi:10.2307/2530643. Rothman KJ, Greenland S, Lash TL (2008). Modern Epidemiology, third edition,
    chapter 15.

    Examples
    --------
    Deaths from coronary disease of British doctors, smokers against non-smokers, by age:

    >>> deaths = ([32, 104, 206, 186, 102], [5.2407, 4.3248, 2.8612, 1.2663, 0.5317])
    >>> others = ([2, 12, 28, 28, 31], [1.8790, 1.0673, 0.5710, 0.2585, 0.1462])
    >>> round(mantel_haenszel_rates(*deaths, *others, measure="IRD").estimate, 4)
    11.4392
    """
    request = Request("MH", tau2, ci, prob, prediction, tau2_ci, seed)
    values = (events_treatment, time_treatment, events_control, time_control)
    arms = checked_arms(values, _faults(request, measure, add, to), labels, RATES)
    study = _study_effects(arms, measure, add, to, label_array(labels, len(arms[0])))
    pooled = POOLED[measure](*arms)
    if study.correction:
        warnings.warn(f"{measure}: {study.correction}", DataWarning, stacklevel=2)
    if tau2 == "CE":
        informative = arms[0] + arms[2] > 0 if measure == "IRR" else np.full(len(arms[0]), fill_value=True)
        return common_effect(pooled, study, informative, request)
    return random_effects(pooled, study, request)


def _faults(request: Request, measure: str, add: float, to: str) -> list[Fault]:
    faults = request_faults(request, ("CE", "DL")) + wald_only_faults(request)
    faults += [
        Fault(f"{key}={value!r}", rule, nearest(str(value), tuple(valid)), key=key)
        for key, value, valid, rule in (
            ("measure", measure, EFFECTS, "Events in person-time have a rate ratio and a rate difference"),
            ("to", to, TO_RULES, "The option is named"),
        )
        if value not in valid
    ]
    if not is_positive_number(add):
        rule = "What is added to events is a number, 0 or more"
        faults.append(Fault(f"add={add!r}", rule, "Use 0.5", key="add"))
    return faults


def _study_effects(arms: Arms, measure: str, add: float, to: str, names: NDArray[Any]) -> StudyEffects:
    a, c, corrected, neither = correct_zero_events(arms[0], arms[2], add=add, to=to)
    yi, vi = EFFECTS[measure](a, arms[1], c, arms[3])
    usable = np.isfinite(yi) & np.isfinite(vi) & (vi > 0) & ~neither
    where = "for Q and the random-effects stage"
    told = (
        (
            corrected & usable,
            f"No events in an arm: {add:g} was added to both arms of {{}} (to={to!r}), {where} only",
        ),
        (neither, f"No events in both arms of {{}}: left out {where}"),
        (
            ~usable & ~neither,
            f"Without a zero-event correction {{}} has no effect or variance: left out {where}",
        ),
    )
    notes = [text.format(", ".join(map(str, names[which]))) if which.any() else "" for which, text in told]
    return StudyEffects(yi[usable], vi[usable], usable, tuple(note for note in notes if note), notes[0])
