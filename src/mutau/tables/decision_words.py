"""What a decision's tables say, in sentences that quote them and nothing else."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from mutau.tables.decision import people, written_chance
from mutau.tables.numbers import number, percent, probability

if TYPE_CHECKING:
    from mutau.outcomes import OutcomeModel

__all__ = ["decision_sentences"]

_OWN = "default"
_RARE = 1e-3
_WHERE = {"mu": "on average", "theta_new": "in a new setting"}


def decision_sentences(frames: Mapping[str, pd.DataFrame], model: OutcomeModel) -> tuple[str, ...]:
    """Say in words what a decision's tables say of the mean effect, and how far other priors move it.

    Parameters
    ----------
    frames : mapping of str to DataFrame
        `mutau.decisions.Decision.to_frames`.
    model : OutcomeModel
        The outcome.
    """
    return (
        *_of_chances(frames["chances"], model),
        *(_of_people(frames["absolute"], model) if "absolute" in frames else ()),
        *(_of_points(frames["points"], model) if "points" in frames else ()),
        *_of_losses(frames["losses"], model),
        *(_of_the_next_trial(frames["next_trial"]) if "next_trial" in frames else ()),
    )


def _of_chances(frame: pd.DataFrame, model: OutcomeModel) -> Iterator[str]:
    own = {
        (row["quantity"], row["statement"]): row
        for row in frame[frame["prior_label"] == _OWN].to_dict("records")
    }

    def said(quantity: str, statement: str) -> str:
        return _chance(own[quantity, statement])

    yield (
        f"Given unbiased trials and the default priors, {model.treatment_label} helps on average with probability "
        f"{said('mu', 'benefit')} and harms with probability {said('mu', 'harm')}; in a new setting it helps with "
        f"probability {said('theta_new', 'benefit')}."
    )
    matters, harm = own["mu", "important benefit"], own["mu", "important harm"]
    if not math.isnan(matters["probability"]):
        yield (
            f"The mean effect is large enough to matter ({matters['label']}) with probability "
            f"{said('mu', 'important benefit')}, and an important harm ({harm['label']}) with probability "
            f"{said('mu', 'important harm')}."
        )
    rows = frame[(frame["quantity"] == "mu") & (frame["statement"] == "benefit")].to_dict("records")
    if len(rows) > 1:
        ends = (end(rows, key=lambda row: float(row["probability"])) for end in (min, max))
        least, most = (f"{_chance(row)} ({row['prior_label']})" for row in ends)
        yield f"Over the priors for tau the probability of benefit goes from {least} to {most}."


def _chance(row: Any) -> str:
    return written_chance(row["probability"], row["mcse"])


def _of_people(frame: pd.DataFrame, model: OutcomeModel) -> Iterator[str]:
    """One sentence for each baseline: under the default priors, or an odds ratio where that stands in."""
    for _, found in frame[frame["quantity"] == "mu"].groupby("baseline", sort=False):
        known = found[found["difference"].notna()]
        own = known[known["prior_label"] == _OWN]
        instead = known[known["measure"] != model.measure]
        rows = own if len(own) else instead
        if rows.empty:
            row = found[found["prior_label"] == _OWN].iloc[0]
            where = f"Without {model.treatment_label} (risk: {row['baseline_label']})"
            yield f"{where} nothing can be counted in people: {row['note']}."
        else:
            yield _counted(rows.iloc[0], model, stands_in=own.empty)


def _counted(row: Any, model: OutcomeModel, *, stands_in: bool) -> str:
    name, prob = model.treatment_label, percent(row["prob"])
    what = "respond" if model.measure in {"SMD", "MD"} else f"have {model.outcome_label or repr(model.title)}"
    how = ", by an odds ratio, because this measure would lead past a risk of 1" if stands_in else ""
    without = f"{people(row['without'])}{_unsure(row)} would {what} (risk: {row['baseline_label']})"
    return (
        f"Of 1,000 people without {name}, {without}; "
        f"with {name}, {people(row['with'])}: {_change(row['difference'])} ({prob} credible interval "
        f"{_change(row['difference_lower'])} to {_change(row['difference_upper'])}){how}. {_needed(row)}"
    )


def _unsure(row: Any) -> str:
    """The interval of a risk without treatment that is not one number."""
    ends = row["without_lower"], row["without_upper"]
    return "" if ends[0] == ends[1] else f" ({people(ends[0])} to {people(ends[1])})"


def _needed(row: Any) -> str:
    """The number needed to treat in words, its interval going through no difference where it must."""
    estimate, near, far = row["nnt"], row["nnt_lower"], row["nnt_upper"]
    if not math.isfinite(estimate):
        return "There is no number needed to treat where nothing differs."
    if math.isinf(near) or math.isinf(far):
        return f"That is {_treated(estimate)}."
    if near > 0 > far:
        return f"That is {_treated(estimate)} (from {_treated(near)}, through no difference, to {_treated(far)})."
    first, last = sorted((near, far), key=abs)
    return f"That is {_treated(estimate)} (from {_size(first)} to {_size(last)})."


def _treated(needed: float) -> str:
    return f"{_size(needed)} treated for one more to {'benefit' if needed > 0 else 'be harmed'}"


def _size(needed: float) -> str:
    return number(abs(needed), 0 if abs(needed) >= 10 else 1)


def _change(value: float) -> str:
    return f"{people(abs(value))} {'more' if value >= 0 else 'fewer'}"


def _of_points(frame: pd.DataFrame, model: OutcomeModel) -> Iterator[str]:
    rows = frame[frame["quantity"] == "mu"].to_dict("records")
    points, pairs = (next(row for row in rows if row["expression"] == each) for each in ("points", "cles"))
    instrument = model.decision.instrument if model.decision is not None else None
    if not math.isnan(points["estimate"]):
        scale = f" of the {instrument.name}" if instrument is not None else ""
        yield (
            f"The mean effect is {_step(points['estimate'])} in points{scale} ({percent(points['prob'])} credible "
            f"interval {_step(points['lower'])} to {_step(points['upper'])})."
        )
    if not math.isnan(pairs["estimate"]):
        name = model.treatment_label
        yield (
            f"Of one person with {name} and one without, taken at random, the one with {name} does better with "
            f"probability {number(pairs['estimate'])} ({percent(pairs['prob'])} credible interval "
            f"{number(pairs['lower'])} to {number(pairs['upper'])}; 0.5 is no difference)."
        )


def _step(value: float) -> str:
    return f"{number(abs(value))} {'higher' if value >= 0 else 'lower'}"


def _of_losses(frame: pd.DataFrame, model: OutcomeModel) -> Iterator[str]:
    loss = str(frame["loss"].iloc[0])
    own = {row["quantity"]: row for row in frame[frame["prior_label"] == _OWN].to_dict("records")}
    known = {quantity: row for quantity, row in own.items() if row["action"]}
    for action in dict.fromkeys(row["action"] for row in known.values()):
        parts = [
            f"{_WHERE[quantity]} ({number(row['loss_use'], 3)} if used, {number(row['loss_not'], 3)} if not)"
            for quantity, row in known.items()
            if row["action"] == action
        ]
        yield f"By the stated loss it loses less to {action} {model.treatment_label}: {', '.join(parts)}."
    others = frame[(frame["action"] != "") & (frame["action"] != frame["quantity"].map(_actions(known)))]
    if len(others):
        said = [f"{row['prior_label']}, {_WHERE[row['quantity']]}" for row in others.to_dict("records")]
        yield f"Other priors for tau lead to the other choice: {'; '.join(said)}."
    elif known:
        yield "No prior for tau in the tables leads to the other choice."
    for note in dict.fromkeys(frame["note"][frame["note"] != ""]):
        yield f"Not known for every prior: {note}."
    yield f"A choice is only as good as the loss behind it. Here it is a {loss}."


def _actions(rows: Mapping[Any, Any]) -> dict[Any, Any]:
    return {quantity: row["action"] for quantity, row in rows.items()}


def _of_the_next_trial(frame: pd.DataFrame) -> Iterator[str]:
    """Of the largest trial, what it may well bring: a chance of 1 in 1,000 or less is left to the table."""
    rows = frame[frame["size"] == frame["size"].max()].to_dict("records")
    likely = [row for row in rows if row["chance"] > _RARE] or rows
    said = (
        f"{probability(row['chance'])} of {row['goal']} (now {probability(row['probability_now'])})"
        for row in likely
    )
    yield f"Chances of what one more trial of {rows[0]['size']:g} would leave: {'; '.join(said)}."
