"""Tables of a sensitivity analysis, for reading: from the frames of `mutau.sensitivities.Sensitivity.to_frames`."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pandas as pd

from mutau.tables.numbers import NOT_AVAILABLE, effect_interval, number, percent, probability

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mutau.outcomes import OutcomeModel

__all__ = ["SENSITIVITY_CAPTIONS", "sensitivity_tables"]

SENSITIVITY_CAPTIONS = {
    "named_priors": "answers under named priors",
    "tipping_points": "how far things have to go",
    "power_scaling": "each part of the model counting half and twice",
    "prior_conflict": "whether the priors would have expected data like these",
    "multiverse": "answers under other choices of how to analyse",
}


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
    makers: dict[str, Callable[[pd.DataFrame, OutcomeModel], pd.DataFrame]] = {
        "named_priors": _named,
        "tipping_points": _tipping,
        "power_scaling": _scaling,
        "prior_conflict": _conflict,
        "multiverse": _multiverse,
    }
    return {name: make(frames[name], model) for name, make in makers.items() if name in frames}


def _named(frame: pd.DataFrame, model: OutcomeModel) -> pd.DataFrame:
    code = model.measure_record.code
    return pd.DataFrame(
        {
            "Name": frame["prior_label"],
            "Prior for mu": frame["mu_prior"],
            "Prior for tau": frame["tau_prior"],
            f"{code}, median [{percent(frame['prob'].iloc[0])} credible interval]": _effects(frame),
            f"P(benefit), {model.likelihood} likelihood": [probability(p) for p in frame["p_benefit"]],
            "P(benefit) in a new setting": [probability(p) for p in frame["p_benefit_new"]],
            "What it stands for": frame["why"],
            "Why no answer": frame["reason"],
        }
    )


def _tipping(frame: pd.DataFrame, model: OutcomeModel) -> pd.DataFrame:
    del model
    return pd.DataFrame({"What is moved": frame["name"], "How far": frame["sentence"]})


def _scaling(frame: pd.DataFrame, model: OutcomeModel) -> pd.DataFrame:
    own = frame[frame["quantity"] == "mu"].reset_index(drop=True)
    given = f"{model.likelihood} likelihood, the model's priors"
    return pd.DataFrame(
        {
            "Part of the model": own["component"],
            "Sensitivity of mu": [number(value, 3) for value in own["sensitivity"]],
            f"P(benefit), {given}, it counting half": [probability(p) for p in own["p_benefit_halved"]],
            "once": [probability(p) for p in own["p_benefit"]],
            "twice": [probability(p) for p in own["p_benefit_doubled"]],
            "What it says": own["diagnosis"],
            "Why no answer": own["reason"],
        }
    )


def _conflict(frame: pd.DataFrame, model: OutcomeModel) -> pd.DataFrame:
    del model
    return pd.DataFrame(
        {
            "Prior of": frame["quantity"],
            "Prior": frame["prior"],
            "Statistic": frame["statistic"],
            "Observed": [number(value) for value in frame["observed"]],
            "Prior predictive p-value": [probability(p) for p in frame["p"]],
            "Note": frame["note"],
        }
    )


def _multiverse(frame: pd.DataFrame, model: OutcomeModel) -> pd.DataFrame:
    del model
    return pd.DataFrame(
        {
            "What is other": [
                option if not dimension else f"{dimension}: {option}"
                for dimension, option in zip(frame["dimension"], frame["option"], strict=True)
            ],
            "k": [f"{k}" if k else NOT_AVAILABLE for k in frame["k"]],
            "Measure": frame["measure"],
            "Likelihood": frame["likelihood"],
            "Priors": [
                f"mu ~ {mu}, tau ~ {tau}" if mu else ""
                for mu, tau in zip(frame["mu_prior"], frame["tau_prior"], strict=True)
            ],
            "Median [credible interval]": _effects(frame),
            "P(benefit)": [probability(p, e) for p, e in zip(frame["p_benefit"], frame["ess"], strict=True)],
            "Why no answer": frame["reason"],
        }
    )


def _effects(frame: pd.DataFrame) -> list[str]:
    rows = zip(frame["estimate"], frame["lower"], frame["upper"], strict=True)
    return [NOT_AVAILABLE if math.isnan(row[0]) else effect_interval(*row) for row in rows]
