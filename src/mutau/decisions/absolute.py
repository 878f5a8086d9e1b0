"""What an effect means in people: events with and without the treatment, and how many have to be treated for one."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from mutau.decisions.baselines import baseline_of
from mutau.decisions.needed import number_needed
from mutau.decisions.risks import risks_of
from mutau.decisions.roads import ROADS
from mutau.errors import ArgumentError, Fault
from mutau.fitting import fit as mutau_fit
from mutau.tables import number

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mutau.decisions.baselines import Baseline
    from mutau.decisions.roads import Road
    from mutau.fitting import Fit
    from mutau.stakes import Instrument, StatedRisk

    type Array = NDArray[np.float64]

__all__ = ["IMPOSSIBLE", "AbsoluteEffects", "absolute_effects", "odds_ratio_fit"]

IMPOSSIBLE = 0.01
"""Posterior share of risks past 0 or 1 above which a baseline is refused."""
PER = 1000
INSTEAD = "odds ratio instead"
"""Label of the rows of an odds ratio that stands in for a road that was refused."""
_COUNTS = ("events_treatment", "n_treatment", "events_control", "n_control")


@dataclass(frozen=True, slots=True, eq=False)
class AbsoluteEffects:
    """Absolute effects over baseline risks. Made by `absolute_effects`.

    Parameters
    ----------
    frame : DataFrame
        One row for each model (the fit's, under each prior of tau; and an odds ratio where it stands in), quantity
        (mu, theta_new) and baseline; columns as `absolute_effects` says.
    assumptions : tuple of str
        What the numbers take for granted, in words.
    """

    frame: pd.DataFrame = field(repr=False)
    assumptions: tuple[str, ...]

    def to_frame(self) -> pd.DataFrame:
        """Give the rows, unrounded."""
        return self.frame.copy()


def absolute_effects(
    fit: Fit,
    baselines: float | StatedRisk | Baseline | Sequence[float | StatedRisk | Baseline],
    *,
    alternatives: Mapping[str, Fit] | None = None,
    instrument: Instrument | None = None,
    prob: float = 0.95,
) -> AbsoluteEffects:
    """Give events per 1,000 with and without treatment, their difference, and the number needed to treat.

    Parameters
    ----------
    fit : Fit
        Of a measure with a road from risk to risk: OR, RR, RD, HR; SMD (and MD, with an instrument) for responders.
    baselines : float, Baseline or a sequence of them
        Risks without the treatment: numbers, `FixedRisk`, `BetaRisk`, `LogitNormalRisk` or `learnt_risk`. For an SMD,
        the proportion of responders without treatment. `mutau.stakes.ControlArms` are learnt from here.
    alternatives : mapping of str to Fit, optional
        The same model under other priors for tau, whose rows follow.
    instrument : Instrument, optional
        For an MD: its SD.
    prob : float
        Probability content of the credible intervals.

    Returns
    -------
    AbsoluteEffects
        Columns ``prior_label``, ``measure``, ``mu_prior``, ``tau_prior``, ``likelihood``, ``quantity``, ``baseline``,
        ``baseline_label`` (in a word), ``per`` (1,000); ``without``, ``with`` and
        ``difference``, posterior medians of events per 1,000, each with ``_lower`` and ``_upper``; ``nnt``,
        ``nnt_lower``, ``nnt_upper`` (1 over the difference in the direction of benefit: above 0 an NNTB, below 0 an
        NNTH, the interval through infinity where the signs differ), ``nnt_text``; ``impossible``, the posterior share
        of risks past 0 or 1; ``mcse``, of the median difference; ``prob``, ``kind``, ``note``.

    Raises
    ------
    ArgumentError
        The measure has no road, or a baseline is no risk.

    Notes
    -----
    Effect and baseline are taken as independent. A risk ratio times a baseline, or a risk difference added to one,
    may pass 1. Nothing is ever cut off there: `impossible` is the share, and above 1% the row's numbers are NaN with
    the reason, and rows of an odds ratio from the same counts (`odds_ratio_fit`), under its default priors, follow.
    """
    road = _road(fit, instrument)
    given = baselines if isinstance(baselines, Sequence) else [baselines]
    stated = [baseline_of(each, fit) for each in given]
    sd = instrument.sd if instrument is not None else None
    fits = {"default": fit, **(alternatives or {})}
    rows = [
        row
        for label, each in fits.items()
        for baseline in stated
        for row in _rows(each, label, road, baseline, sd, prob)
    ]
    refused = [
        baseline
        for baseline in stated
        if any(math.isnan(row["difference"]) for row in rows if row["baseline"] == str(baseline))
    ]
    assumptions = [road.assumption, "the effect does not depend on the baseline risk"]
    if refused and (instead := odds_ratio_fit(fit)) is not None:
        for baseline in refused:
            rows += _rows(instead, INSTEAD, ROADS["OR"], baseline, sd, prob)
        assumptions.append(f"where an odds ratio stands in, {ROADS['OR'].assumption}")
    return AbsoluteEffects(pd.DataFrame(rows), (*assumptions, *dict.fromkeys(str(each) for each in stated)))


def odds_ratio_fit(fit: Fit) -> Fit | None:
    """Fit the counts of a risk ratio or risk difference again as an odds ratio, under its own default priors.

    Returns
    -------
    Fit or None
        None where the fit is of something else, or a trial's counts are not known or not whole.
    """
    counts = fit.effects.reindex(columns=list(_COUNTS)).astype(float)
    if (
        fit.model.measure not in {"RR", "RD"}
        or counts.isna().any(axis=None)
        or (counts % 1 != 0).any(axis=None)
    ):
        return None
    nothing: Any = None  # stands for "the measure's default"
    changed = replace(
        fit.model,
        measure="OR",
        likelihood="binomial",
        mu_prior=nothing,
        tau_prior=nothing,
        tau_alternatives=(),
        thresholds=(),
        published=None,
    )
    return mutau_fit(fit.studies, changed, engine="auto", seed=fit.engine.seed)


def _road(fit: Fit, instrument: Instrument | None) -> Road:
    measure = fit.model.measure
    if measure == "MD" and instrument is not None:
        return ROADS["SMD"]
    if measure in ROADS:
        return ROADS[measure]
    rule = f"No road leads from risk to risk by {fit.model.measure_record.name}; known are {', '.join(ROADS)}"
    remedy = "State an instrument with its SD" if measure == "MD" else "Fit one of these measures"
    raise ArgumentError(Fault(f"absolute effects of measure {measure}", rule, remedy, key="measure"))


def _rows(
    fit: Fit, label: str, road: Road, baseline: Baseline, sd: float | None, prob: float
) -> list[dict[str, Any]]:
    levels = np.array([0.5, (1 - prob) / 2, (1 + prob) / 2])
    return [
        {"prior_label": label, "measure": fit.model.measure}
        | {"mu_prior": fit.model.mu_prior.label, "tau_prior": fit.model.tau_prior.label}
        | {"likelihood": fit.model.likelihood}
        | _row(fit, quantity, road, baseline, sd, levels)
        | {"prob": prob, "kind": "eti"}
        for quantity in ("mu", "theta_new")
    ]


def _row(
    fit: Fit, quantity: str, road: Road, baseline: Baseline, sd: float | None, levels: Array
) -> dict[str, Any]:
    risks = risks_of(fit, quantity, road, baseline, sd)
    impossible, note = risks.impossible, ""
    without = np.asarray(baseline.quantile(levels))
    if impossible > IMPOSSIBLE:
        treated = difference = np.full(3, math.nan)
        note = (
            f"refused: at this baseline {number(100 * impossible)}% of the posterior has a risk past 0 or 1, which "
            "cannot be; an odds ratio keeps every risk between them"
        )
    else:
        treated, difference = (risks.quantile(levels, which) for which in (False, True))
        if impossible > 0:
            note = f"{number(100 * impossible)}% of the posterior has a risk past 0 or 1; nothing was cut off"
    sign = 1 if road.code == "SMD" else fit.model.benefit_sign
    helped = sign * difference
    needed = number_needed(helped[0], *sorted(helped[1:]))
    if helped[0] == 0 and not note and float(np.ptp(difference)) == 0:
        note = "the risk is the same with and without treatment"
    named = {"without": without, "with": treated, "difference": difference}
    return {
        "quantity": quantity,
        "baseline": str(baseline),
        "baseline_label": baseline.label,
        "per": PER,
        **{
            f"{name}{end}": PER * float(value)
            for name, values in named.items()
            for end, value in zip(("", "_lower", "_upper"), values, strict=True)
        },
        "nnt": needed.estimate,
        "nnt_lower": needed.lower,
        "nnt_upper": needed.upper,
        "nnt_text": str(needed),
        "impossible": impossible,
        "mcse": math.nan if math.isnan(difference[0]) else PER * risks.mcse(difference=True),
        "note": note,
    }
