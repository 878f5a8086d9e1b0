"""Old answers of a review against new ones, as people read them."""

from __future__ import annotations

from typing import Any

import pandas as pd

from mutau.tables.numbers import NOT_AVAILABLE, effect_interval, probability

__all__ = ["changes_table"]


_EFFECTS = {"mu": "mean", "theta": "in the one trial"}


def changes_table(changes: pd.DataFrame) -> pd.DataFrame:
    """Word the answers that changed.

    Parameters
    ----------
    changes : DataFrame
        `changes` of a `mutau.review.ReviewUpdate`.

    Returns
    -------
    DataFrame
        Text: outcome, effect, engine, prior, and of both runs the trials, the posterior median with its credible
        interval, P(benefit) and the priors that it is given; a dash where a run has no such answer. Last the
        provenance of the trials' numbers.
    """
    table = pd.DataFrame(
        {
            "Outcome": changes["model"],
            "Effect": changes["quantity"].map(_EFFECTS),
            "Engine": changes["engine"],
            "Prior": changes["prior_label"],
        }
    )
    for side in ("before", "after"):
        rows = changes.to_dict("records")
        table[f"Trials {side}"] = [_trials(row[f"k_{side}"]) for row in rows]
        table[f"Answer {side}"] = [_answer(row, side) for row in rows]
        table[f"P(benefit) {side}"] = [probability(row[f"p_benefit_{side}"]) for row in rows]
        table[f"Given {side}"] = [_given(row, side) for row in rows]
    table["Provenance"] = changes["provenance_after"].fillna(changes["provenance_before"])
    return table


def _trials(k: float) -> str:
    return NOT_AVAILABLE if pd.isna(k) else f"{k:.0f}"


def _answer(row: dict[Any, Any], side: str) -> str:
    measure, *numbers = (row[f"{name}_{side}"] for name in ("measure", "estimate", "lower", "upper"))
    return NOT_AVAILABLE if pd.isna(measure) else f"{measure} {effect_interval(*numbers)}"


def _given(row: dict[Any, Any], side: str) -> str:
    mu, tau = row[f"mu_prior_{side}"], row[f"tau_prior_{side}"]
    return NOT_AVAILABLE if pd.isna(mu) else f"mu ~ {mu}; tau ~ {tau}"
