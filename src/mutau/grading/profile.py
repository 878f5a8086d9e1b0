"""The evidence profile: GRADE's five domains as the reviewers judged them, beside what the numbers say of two."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from mutau import tables
from mutau.grading.findings import conditions
from mutau.grading.graded import NOT_RATED, as_graded, counted, participants, rating_words
from mutau.outcomes.records import DOMAINS
from mutau.pooling import pool
from mutau.summaries import events
from mutau.tables.columns import number_column, text
from mutau.tables.record import Table

if TYPE_CHECKING:
    from mutau.fitting import Fit
    from mutau.grading.graded import Graded, Outcome
    from mutau.outcomes import OutcomeModel

__all__ = ["evidence_profile"]

_NOT_STATED = "not stated"
_NOTES = (
    "Domains and certainty are the reviewers' judgements, with their reasons; a domain that is not stated is one of "
    "which nothing is known here. Nothing was judged by mutau.",
    "What the numbers say of inconsistency: tau (on the scale of the analysis) with its 95% credible interval, I2 by "
    "DerSimonian and Laird, and the 95% interval for the effect in a new setting.",
    "What the numbers say of imprecision: whether the 95% credible interval of the mean effect holds no effect and "
    "each threshold, and the probability beyond each.",
)


def evidence_profile(outcomes: Iterable[Outcome | Fit]) -> Table:
    """Set GRADE's domains, as the reviewers judged them, beside what the numbers say of two of them.

    Parameters
    ----------
    outcomes : iterable
        Fits, or the outcomes of a run: ``mutau.run_review(...).outcomes``. Their models have the certainty, its
        domains and the thresholds.

    Returns
    -------
    Table
        One row per outcome to read. Its ``numbers`` are unrounded: per outcome one row for each of no effect and the
        thresholds, with ``bound``, ``inside`` (whether the credible interval holds it), ``probability`` beyond it,
        and ``tau``, ``i2`` and the new setting's interval.

    Raises
    ------
    ArgumentError
        There is no outcome, or something is none.

    Notes
    -----
    The rating stays the reviewers'. `mutau` describes imprecision and inconsistency, and judges neither.
    """
    graded = as_graded(outcomes)
    numbers = [_numbers(each) for each in graded]
    columns = (
        text("Outcome", [each.model.title for each in graded]),
        number_column("Trials (participants)", [counted(each.fit) for each in graded]),
        *(
            text(domain.replace("_", " ").capitalize(), [_judged(each.model, domain) for each in graded])
            for domain in DOMAINS
        ),
        text("Certainty, as rated", [_rated(each.model) for each in graded]),
        text(
            "Inconsistency, in numbers",
            [_spread_words(each, rows) for each, rows in zip(graded, numbers, strict=True)],
        ),
        text(
            "Imprecision, in numbers",
            [_precision_words(each, rows) for each, rows in zip(graded, numbers, strict=True)],
        ),
    )
    return Table(
        name="evidence_profile",
        title="Evidence profile: the reviewers' judgements, and what the numbers say",
        columns=columns,
        numbers=pd.concat(numbers, ignore_index=True),
        given=conditions(graded),
        notes=_NOTES,
        provenance=tuple(f"{each.model.title}: {each.provenance}" for each in graded),
    )


def _judged(model: OutcomeModel, domain: str) -> str:
    """Write what was judged of a domain, and why."""
    domains = () if model.rated is None else model.rated.domains
    found = [each for each in domains if each.domain == domain]
    return f"{found[0].judgement}: {found[0].reason}" if found else _NOT_STATED


def _rated(model: OutcomeModel) -> str:
    """Write the certainty and, where no domain has it, its reasons."""
    return rating_words(model).removeprefix("GRADE certainty: ") or NOT_RATED


def _numbers(graded: Graded) -> pd.DataFrame:
    """One row for each of no effect and the thresholds, with what is known of the spread."""
    model, fit = graded.model, graded.fit
    row = graded.row
    _, *new = graded.spread("theta_new", "natural")
    shared = {
        "model": model.name,
        "outcome": model.title,
        "k": fit.k,
        "participants": participants(fit),
        "lower": row["lower"],
        "upper": row["upper"],
        "prob": row["prob"],
        **dict(zip(("tau", "tau_lower", "tau_upper"), graded.spread("tau", "analysis"), strict=True)),
        "i2": _i2(fit),
        **dict(zip(("new_lower", "new_upper"), new, strict=True)),
        "rating": "" if model.rated is None else model.rated.rating,
        "provenance": graded.provenance,
    }
    told = [event for event in events(model) if event.name != "harm"]
    to_natural = model.measure_record.to_natural
    rows = [
        {
            "event": event.name,
            "label": event.label,
            "bound": (bound := float(to_natural(np.float64(event.bound)))),
            "inside": bool(row["lower"] <= bound <= row["upper"]),
            **dict(zip(("probability", "ess"), graded.chance(event), strict=True)),
        }
        for event in told
    ]
    return pd.DataFrame(rows).assign(**shared)


def _i2(fit: Fit) -> float:
    """I2 in percent, by DerSimonian and Laird; NaN for one study, or where a study has no estimate of its own."""
    yi, sei = (fit.effects[name].to_numpy(dtype=float) for name in ("yi", "sei"))
    if fit.k < 2 or not np.isfinite([yi, sei]).all():
        return math.nan
    return float(pool(yi=yi, sei=sei, tau2="DL", ci="wald").i2)


def _spread_words(graded: Graded, numbers: pd.DataFrame) -> str:
    first: Any = numbers.iloc[0]
    code = graded.model.measure_record.code
    if graded.fit.k < 2:
        return "one trial: what differs between trials cannot be seen"
    i2 = "I2 not defined" if math.isnan(first["i2"]) else f"I2 {tables.number(first['i2'], 0)}%"
    tau = tables.effect_interval(first["tau"], first["tau_lower"], first["tau_upper"])
    return (
        f"tau {tau}; {i2}; {code} in a new setting {tables.interval(first['new_lower'], first['new_upper'])}"
    )


def _precision_words(graded: Graded, numbers: pd.DataFrame) -> str:
    first: Any = numbers.iloc[0]
    code = graded.model.measure_record.code
    said = [f"{code} {tables.interval(first['lower'], first['upper'])}"]
    for row in numbers.to_dict("records"):
        what = "no effect" if row["event"] == "benefit" else f"{code} {tables.number(row['bound'])}"
        holds = "includes" if row["inside"] else "excludes"
        said.append(f"{holds} {what}, P({row['label']}) {tables.probability(row['probability'], row['ess'])}")
    return "; ".join(said)
