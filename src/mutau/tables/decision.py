"""Tables of a decision, from the frames of `mutau.decisions.Decision.to_frames`."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from mutau.tables.columns import (
    Column,
    Given,
    chance,
    credible,
    frame_of,
    interval_column,
    number_column,
    text,
)
from mutau.tables.layouts import one_prob
from mutau.tables.numbers import NOT_AVAILABLE, interval, number, probability
from mutau.tables.record import Table
from mutau.tables.sensitivity import with_conditions

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import pandas as pd

    from mutau.outcomes import OutcomeModel

__all__ = ["DECISION_CAPTIONS", "OF", "decision_kinds", "decision_tables", "people", "written_chance"]

DECISION_CAPTIONS = {
    "chances": "whether the effect matters, under each prior for tau",
    "losses": "what each choice is expected to lose",
    "absolute": "in people, per 1,000",
    "points": "in points of the scale, and in pairs of people",
    "next_trial": "what one more trial may bring",
}
OF = {"mu": "mean effect", "theta_new": "a new setting"}
"""The quantities of a decision in words."""
_NEEDED = (
    "NNTB: how many are treated for one more to benefit; NNTH: for one more to be harmed. An interval through ∞ "
    "holds no difference (Altman 1998, doi:10.1136/bmj.317.7168.1309).",
    "A risk past 0 or 1 cannot be. Nothing is cut off there: where the share of the posterior with such a risk is "
    "above 1%, the row is refused, and an odds ratio from the same counts, under its default priors, stands in.",
)
_SCALED = ("Losses are counted on the analysis scale: the logarithm for ratios.",)
_PLANNED = (
    "A chance is that of the probability in its column being past the level once the trial is added, over all that "
    "the trial may show by today's posterior; it is no power at an assumed effect (O'Hagan, Stevens and Campbell "
    "2005, doi:10.1002/pst.175).",
)


def decision_tables(frames: Mapping[str, pd.DataFrame], model: OutcomeModel) -> dict[str, pd.DataFrame]:
    """Lay out the parts of a decision.

    Parameters
    ----------
    frames : mapping of str to DataFrame
        `mutau.decisions.Decision.to_frames`.
    model : OutcomeModel
        The outcome.

    Returns
    -------
    dict of str to DataFrame
        Text, by the keys of `DECISION_CAPTIONS`, those that there are.
    """
    return {name: frame_of(_LAYOUTS[name](frames[name], model)) for name in _LAYOUTS if name in frames}


def decision_kinds(frames: Mapping[str, pd.DataFrame], model: OutcomeModel) -> tuple[Table, ...]:
    """Make the tables of a decision whole: the unrounded numbers behind them, and what they take for granted."""
    own = Given(model.mu_prior.label, model.tau_prior.label, f"{model.likelihood} likelihood")
    given = {
        "chances": Given(own.mu, "the prior in its column", own.likelihood),
        "losses": Given(own.mu, "the prior in its row", own.likelihood),
        "absolute": Given("the prior in its row", "the prior in its row", "likelihood in its row"),
    }
    return tuple(
        Table(
            f"decision_{name}",
            f"{model.title}: {DECISION_CAPTIONS[name]}",
            layout(frames[name], model),
            with_conditions(frames[name], model),
            (given.get(name, own),),
            notes(name, frames[name]),
            tuple(frames[name]["provenance"].unique()),
        )
        for name, layout in _LAYOUTS.items()
        if name in frames
    )


def notes(name: str, frame: pd.DataFrame) -> tuple[str, ...]:
    """Say what a table of a decision takes for granted, as its frame has it."""
    stated = {"chances": "matters", "losses": "loss", "absolute": "baseline", "points": "assumption"}
    texts = [str(said) for said in frame[stated[name]].unique() if said] if name in stated else []
    found = [said for said in texts if not any(said != other and said in other for other in texts)]
    more = {"absolute": _NEEDED, "losses": _SCALED, "next_trial": _PLANNED}.get(name, ())
    return (*(f"{said[:1].upper()}{said[1:]}." for said in found), *more)


def written_chance(value: float, mcse: float) -> str:
    """Write a probability as sure as its Monte Carlo standard error lets it be."""
    return probability(value, value * (1 - value) / mcse**2 if mcse > 0 else math.inf)


def _grouped(frame: pd.DataFrame, by: str) -> dict[str, pd.DataFrame]:
    """Split a frame by the values of a column, in their order."""
    return {str(name): rows for name, rows in frame.groupby(by, sort=False)}


def _chances(frame: pd.DataFrame, model: OutcomeModel) -> tuple[Column, ...]:
    del model
    by_prior = _grouped(frame, "prior_label")
    first = next(iter(by_prior.values())).reset_index(drop=True)
    benefit = set(first["label"][first["statement"] == "benefit"])
    same = (first["statement"] == "worthwhile") & first["label"].isin(benefit)  # any benefit is worthwhile
    kept = [place for place, left_out in enumerate(same | first["probability"].isna()) if not left_out]
    rows = first.iloc[kept]
    said = zip(rows["statement"], rows["label"], strict=True)
    return (
        text("Statement", [f"{statement} ({label})" for statement, label in said]),
        text("Of", rows["quantity"].map(OF)),
        *(
            chance(
                f"P: {label}", map(written_chance, each["probability"].iloc[kept], each["mcse"].iloc[kept])
            )
            for label, each in by_prior.items()
        ),
    )


def _losses(frame: pd.DataFrame, model: OutcomeModel) -> tuple[Column, ...]:
    name = model.treatment_label
    actions = {"use": f"use {name}", "do not use": f"do not use {name}"}
    return (
        text("Prior for tau", frame["prior_label"]),
        text("Of", frame["quantity"].map(OF)),
        number_column(f"Expected loss: use {name}", [number(value, 3) for value in frame["loss_use"]]),
        number_column(f"Expected loss: do not use {name}", [number(value, 3) for value in frame["loss_not"]]),
        text("Loses least", [actions.get(action, NOT_AVAILABLE) for action in frame["action"]]),
        text("Why no answer", frame["note"]),
    )


def people(value: float) -> str:
    """Write a number of people of 1,000: whole."""
    return number(value, 0) if math.isnan(value) or abs(value) >= 10 else f"{value:.1f}"


def _absolute(frame: pd.DataFrame, model: OutcomeModel) -> tuple[Column, ...]:
    kind = credible(one_prob(frame))

    def cells(name: str) -> list[str]:
        rows = zip(frame[name], frame[f"{name}_lower"], frame[f"{name}_upper"], strict=True)
        return [NOT_AVAILABLE if math.isnan(row[0]) else _of_people(*row) for row in rows]

    return (
        text("Risk without", frame["baseline_label"]),
        text("Of", frame["quantity"].map(OF)),
        text("Prior for tau", frame["prior_label"]),
        interval_column(f"Without {model.treatment_label}", cells("without"), kind),
        interval_column(f"With {model.treatment_label}", cells("with"), kind),
        interval_column("Difference", cells("difference"), kind),
        text(f"Number needed to treat, with its {kind}", frame["nnt_text"]),
        text("Share past a risk of 0 or 1", map(_impossible, frame["impossible"], frame["difference"])),
    )


def _impossible(share: float, difference: float) -> str:
    written = f"{number(100 * share)}%" if share >= 1e-6 else ""
    return f"{written}, refused" if math.isnan(difference) else written


def _of_people(value: float, lower: float, upper: float) -> str:
    return people(value) if lower == value == upper else f"{people(value)} [{people(lower)}, {people(upper)}]"


def _points(frame: pd.DataFrame, model: OutcomeModel) -> tuple[Column, ...]:
    kind = credible(one_prob(frame))
    named = {
        "points": "Points",
        "cles": f"Chance that one with {model.treatment_label} does better than one without",
    }
    by_name = _grouped(frame, "expression")
    return (
        text("Of", next(iter(by_name.values()))["quantity"].map(OF)),
        *(interval_column(named[name], _effects(each), kind) for name, each in by_name.items()),
    )


def _effects(frame: pd.DataFrame) -> list[str]:
    rows = zip(frame["estimate"], frame["lower"], frame["upper"], strict=True)
    return [NOT_AVAILABLE if math.isnan(row[0]) else f"{number(row[0])} {interval(*row[1:])}" for row in rows]


def _next_trial(frame: pd.DataFrame, model: OutcomeModel) -> tuple[Column, ...]:
    del model
    by_goal = _grouped(frame, "goal")
    first = next(iter(by_goal.values()))
    arms = zip(first["size"], first["treatment"], first["control"], strict=True)
    return (
        text("Trial", [f"{size:g} ({one:g} + {other:g})" for size, one, other in arms]),
        *(
            chance(
                f"Chance of {goal}, now {probability(each['probability_now'].iloc[0])}",
                map(probability, each["chance"]),
            )
            for goal, each in by_goal.items()
        ),
        number_column(
            f"Expected SD of the mean effect, analysis scale; now {number(first['sd_now'].iloc[0])}",
            map(number, first["sd_expected"]),
        ),
        number_column("Expected saving of loss (EVSI)", [_saving(value) for value in first["evsi"]]),
        text("Note", first["note"]),
    )


def _saving(value: float) -> str:
    return number(value, 3) if math.isnan(value) or value >= 1e-4 else "< 0.0001"


_LAYOUTS: dict[str, Callable[[pd.DataFrame, OutcomeModel], tuple[Column, ...]]] = {
    "chances": _chances,
    "losses": _losses,
    "absolute": _absolute,
    "points": _points,
    "next_trial": _next_trial,
}
