"""The numbers behind what priors say in words."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from mutau.outcomes import OutcomeModel
    from mutau.priors import Prior

__all__ = ["PRIOR_LEVELS", "prior_quantiles"]

PRIOR_LEVELS = (0.025, 0.05, 0.5, 0.95, 0.975)
"""Probabilities of the quantiles of `prior_quantiles`."""

_Z95 = 1.959963984540054


def prior_quantiles(model: OutcomeModel, taus: Mapping[str, Prior]) -> pd.DataFrame:
    """Give quantiles of the prior of mu and of each prior of tau, unrounded.

    Parameters
    ----------
    model : OutcomeModel
        Its measure and the prior of mu.
    taus : mapping of str to Prior
        Priors of tau by label.

    Returns
    -------
    DataFrame
        One row per prior and probability: ``quantity``, ``label``, ``prior``, ``p``, ``analysis`` (the quantile on
        the analysis scale), ``natural`` (of mu: as it is read), ``spread`` (of tau: within what factor of their
        average, for measures that are not analysed as logarithms within what distance, 95% of true effects lie),
        ``reason``.
        An improper prior has one row, without numbers.

    Examples
    --------
    >>> from mutau.outcomes import OutcomeModel
    >>> from mutau.priors import HalfNormal
    >>> rows = prior_quantiles(OutcomeModel(name="m", measure="RR", benefit="lower"), {"default": HalfNormal(0.5)})
    >>> rows[rows["quantity"] == "tau"].round(3)[["p", "analysis", "spread"]].iloc[2].to_list()
    [0.5, 0.337, 1.937]
    """
    named = [("mu", "", model.mu_prior), *(("tau", label, prior) for label, prior in taus.items())]
    return pd.DataFrame([row for one in named for row in _rows(model, *one)])


def _rows(model: OutcomeModel, quantity: str, label: str, prior: Prior) -> list[dict[str, object]]:
    blank = {"quantity": quantity, "label": label, "prior": prior.label, "p": math.nan, "analysis": math.nan}
    blank |= {"natural": math.nan, "spread": math.nan, "reason": ""}
    if not prior.is_proper:
        return [blank | {"reason": "the prior is improper: it has no quantiles"}]
    measure = model.measure_record
    rows = []
    for p in PRIOR_LEVELS:
        at = float(prior.ppf(p))
        if quantity == "mu":
            more = {"natural": float(measure.to_natural(np.float64(at)))}
        else:
            far = _Z95 * at
            more = {"spread": float(np.exp(far)) if measure.analysis_scale == "log" else far}
        rows.append(blank | {"p": p, "analysis": at} | more)
    return rows
