"""The answers as tables of unrounded numbers, for export."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pandas as pd

from mutau.pooled_only.answers import LIKELIHOOD, PROVENANCE, PooledAnswer, PooledResult

if TYPE_CHECKING:
    from typing import Any

__all__ = ["POOLED_COLUMNS", "answers_frame", "chances_frame"]

POOLED_COLUMNS = (
    "model",
    "form",
    "prior_label",
    "tau_prior",
    "mu_prior",
    "measure",
    "scale",
    "estimate",
    "lower",
    "upper",
    "prob",
    "kind",
    "p_benefit",
    "p_benefit_lowest",
    "p_benefit_highest",
    "p_harm",
    "prior_p_benefit",
    "tau",
    "prediction_lower",
    "prediction_upper",
    "p_benefit_new",
    "k",
    "participants",
    "published_estimate",
    "published_lower",
    "published_upper",
    "published_prob",
    "ci_method",
    "tau2_published",
    "se",
    "error_estimate",
    "note",
    "provenance",
    "likelihood",
)
"""Columns of `answers_frame` and of ``pooled.csv``, in order."""


def answers_frame(result: PooledResult) -> pd.DataFrame:
    """Set out the answers, one row each, columns `POOLED_COLUMNS`.

    Parameters
    ----------
    result : PooledResult
        From `mutau.pooled`.

    Returns
    -------
    DataFrame
        ``form`` says which rows are conditional on the published tau-hat and which integrate tau over its prior.
        Effects are on the natural scale, ``se`` and ``tau2_published`` (0 where it is not known) on the analysis
        scale. ``p_benefit_lowest`` and ``p_benefit_highest`` are the range over the rounding of the printed
        numbers. What does not exist is NaN and ``note`` says why.
    """
    published = result.published
    shared = {
        "model": result.model.name,
        "mu_prior": result.model.mu_prior.label,
        "measure": result.model.measure,
        "scale": "natural",
        "kind": "eti",
        "prior_p_benefit": result.prior_benefit,
        "tau": math.nan,
        "prediction_lower": math.nan,
        "prediction_upper": math.nan,
        "p_benefit_new": result.benefit_new,
        "k": published.k,
        "participants": published.participants,
        "published_estimate": published.estimate,
        "published_lower": published.lower,
        "published_upper": published.upper,
        "published_prob": published.prob,
        "ci_method": published.ci_method or "wald (assumed)",
        "tau2_published": published.tau2_published or 0.0,
        "se": result.printed.ses[1],
        "note": "; ".join((*result.notes, *result.reasons)),
        "provenance": PROVENANCE,
        "likelihood": LIKELIHOOD,
    }
    rows = [shared | _row(answer) for answer in result.answers]
    return pd.DataFrame(rows).reindex(columns=list(POOLED_COLUMNS))


def _row(answer: PooledAnswer) -> dict[str, Any]:
    return {
        "form": answer.form,
        "prior_label": answer.label,
        "tau_prior": "" if answer.tau_prior is None else answer.tau_prior.label,
        "estimate": answer.estimate,
        "lower": answer.lower,
        "upper": answer.upper,
        "prob": answer.prob,
        "p_benefit": answer.benefit,
        "p_benefit_lowest": answer.benefit_range[0],
        "p_benefit_highest": answer.benefit_range[1],
        "p_harm": answer.harm,
        "error_estimate": answer.posterior.error_estimate,
    }


def chances_frame(result: PooledResult) -> pd.DataFrame:
    """Set out the probabilities: one row per statement and answer.

    Returns
    -------
    DataFrame
        Columns ``event``, ``label``, ``form``, ``prior_label``, ``tau_prior``, ``probability``,
        ``prior_probability``, ``mu_prior``, ``provenance``, ``likelihood``. They are about the mean effect.
    """
    rows = [
        {
            "event": chance.event,
            "label": chance.label,
            "form": answer.form,
            "prior_label": answer.label,
            "tau_prior": "" if answer.tau_prior is None else answer.tau_prior.label,
            "probability": chance.probability,
            "prior_probability": before.probability,
        }
        for answer in result.answers
        for chance, before in zip(answer.chances, result.prior_chances, strict=True)
    ]
    return pd.DataFrame(rows).assign(
        mu_prior=result.model.mu_prior.label, provenance=PROVENANCE, likelihood=LIKELIHOOD
    )
