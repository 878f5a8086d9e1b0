"""Tables of a sensitivity analysis, from the frames of `mutau.sensitivities.Sensitivity.to_frames`."""

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
from mutau.tables.numbers import NOT_AVAILABLE, effect_interval, number, probability
from mutau.tables.record import Table

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import pandas as pd

    from mutau.outcomes import OutcomeModel

__all__ = ["SENSITIVITY_CAPTIONS", "sensitivity_kinds", "sensitivity_tables", "with_conditions"]

SENSITIVITY_CAPTIONS = {
    "named_priors": "answers under named priors",
    "tipping_points": "how far things have to go",
    "power_scaling": "each part of the model counting half and twice",
    "prior_conflict": "whether the priors would have expected data like these",
    "multiverse": "answers under other choices of how to analyse",
}
_COMPONENTS = {
    "prior": "both priors",
    "mu prior": "prior of mu",
    "tau prior": "prior of tau",
    "baseline prior": "prior of the baselines",
    "likelihood": "likelihood",
}
_OF_ITS_ROW = Given("the prior in its row", "the prior in its row", "likelihood in its row")


def sensitivity_tables(frames: Mapping[str, pd.DataFrame], model: OutcomeModel) -> dict[str, pd.DataFrame]:
    """Lay out the parts of a sensitivity analysis.

    Parameters
    ----------
    frames : mapping of str to DataFrame
        `mutau.sensitivities.Sensitivity.to_frames`.
    model : OutcomeModel
        The outcome.

    Returns
    -------
    dict of str to DataFrame
        Text, by the keys of `SENSITIVITY_CAPTIONS`, those that there are.
    """
    return {name: frame_of(_LAYOUTS[name](frames[name], model)) for name in _LAYOUTS if name in frames}


def sensitivity_kinds(
    frames: Mapping[str, pd.DataFrame], model: OutcomeModel, provenance: tuple[str, ...]
) -> tuple[Table, ...]:
    """Make the tables of a sensitivity analysis whole, the unrounded numbers behind them."""
    own = Given(model.mu_prior.label, model.tau_prior.label, f"{model.likelihood} likelihood")
    given = {
        "named_priors": Given("the prior in its row", "the prior in its row", own.likelihood),
        "multiverse": _OF_ITS_ROW,
    }
    return tuple(
        Table(
            f"sensitivity_{name}",
            f"{model.title}: {SENSITIVITY_CAPTIONS[name]}",
            layout(frames[name], model),
            with_conditions(frames[name], model),
            (given.get(name, own),),
            provenance=provenance,
        )
        for name, layout in _LAYOUTS.items()
        if name in frames
    )


def with_conditions(frame: pd.DataFrame, model: OutcomeModel) -> pd.DataFrame:
    """Name the model's priors and likelihood in each row of a frame of numbers that does not."""
    said = {
        "mu_prior": model.mu_prior.label,
        "tau_prior": model.tau_prior.label,
        "likelihood": model.likelihood,
    }
    return frame.assign(**{name: value for name, value in said.items() if name not in frame})


def _named(frame: pd.DataFrame, model: OutcomeModel) -> tuple[Column, ...]:
    return (
        text("Name", frame["prior_label"]),
        text("Prior for mu", frame["mu_prior"]),
        text("Prior for tau", frame["tau_prior"]),
        interval_column(f"{model.measure_record.code}, median", _effects(frame), credible(one_prob(frame))),
        chance(f"P(benefit), {model.likelihood} likelihood", _chances(frame, "p_benefit", "ess")),
        chance("P(benefit) in a new setting", _chances(frame, "p_benefit_new", "ess_new")),
        text("What it stands for", frame["why"]),
        text("Why no answer", frame["reason"]),
    )


def _tipping(frame: pd.DataFrame, model: OutcomeModel) -> tuple[Column, ...]:
    del model
    return text("What is moved", frame["name"]), text("How far", frame["sentence"])


def _scaling(frame: pd.DataFrame, model: OutcomeModel) -> tuple[Column, ...]:
    own = frame[frame["quantity"] == "mu"].reset_index(drop=True)
    given = f"{model.likelihood} likelihood, the model's priors"
    return (
        text("Part of the model", own["component"].map(_COMPONENTS)),
        number_column("Sensitivity of mu", [number(value, 3) for value in own["sensitivity"]]),
        chance(f"P(benefit), {given}, the part counting half", map(probability, own["p_benefit_halved"])),
        chance("once", map(probability, own["p_benefit"])),
        chance("twice", map(probability, own["p_benefit_doubled"])),
        text("What it says", own["diagnosis"]),
        text("Why no answer", own["reason"]),
    )


def _conflict(frame: pd.DataFrame, model: OutcomeModel) -> tuple[Column, ...]:
    del model
    return (
        text("Prior of", frame["quantity"]),
        text("Prior", frame["prior"]),
        text("Statistic", frame["statistic"]),
        number_column("Observed", map(number, frame["observed"])),
        number_column("Prior predictive p-value", map(probability, frame["p"])),
        text("Note", frame["note"]),
    )


def _multiverse(frame: pd.DataFrame, model: OutcomeModel) -> tuple[Column, ...]:
    del model
    options = zip(frame["dimension"], frame["option"], strict=True)
    priors = zip(frame["mu_prior"], frame["tau_prior"], strict=True)
    chances = zip(frame["p_benefit"], frame["ess"], strict=True)
    return (
        text(
            "What is other",
            [f"{dimension}: {option}" if dimension else option for dimension, option in options],
        ),
        number_column("k", [f"{k}" if k else NOT_AVAILABLE for k in frame["k"]]),
        text("Measure", frame["measure"]),
        text("Likelihood", frame["likelihood"]),
        text("Priors", [f"mu ~ {mu}, tau ~ {tau}" if mu else "" for mu, tau in priors]),
        interval_column("Median", _effects(frame), credible(one_prob(frame.dropna(subset=["prob"])))),
        chance("P(benefit)", [probability(p, ess) for p, ess in chances]),
        text("Why no answer", frame["reason"]),
    )


def _chances(frame: pd.DataFrame, value: str, ess: str) -> list[str]:
    """Probabilities, with as many digits as the draws behind them allow."""
    rows = zip(frame[value], frame[ess], strict=True)
    return [probability(p, math.inf if math.isnan(draws) else draws) for p, draws in rows]


def _effects(frame: pd.DataFrame) -> list[str]:
    rows = zip(frame["estimate"], frame["lower"], frame["upper"], strict=True)
    return [NOT_AVAILABLE if math.isnan(row[0]) else effect_interval(*row) for row in rows]


_LAYOUTS: dict[str, Callable[[pd.DataFrame, OutcomeModel], tuple[Column, ...]]] = {
    "named_priors": _named,
    "tipping_points": _tipping,
    "power_scaling": _scaling,
    "prior_conflict": _conflict,
    "multiverse": _multiverse,
}
