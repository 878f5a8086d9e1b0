"""Peto's one-step odds ratio."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from mutau.classic.arms import checked_arms
from mutau.classic.generic import inverse_variance, nothing_pooled
from mutau.classic.heterogeneity import Heterogeneity
from mutau.classic.requests import Request, label_array, request_faults, wald_only_faults

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from mutau.records import ClassicResult

    type Array = NDArray[np.float64]

__all__ = ["peto"]


def peto(
    events_treatment: ArrayLike,
    n_treatment: ArrayLike,
    events_control: ArrayLike,
    n_control: ArrayLike,
    *,
    ci: str = "wald",
    prob: float = 0.95,
    labels: Sequence[str] | None = None,
) -> ClassicResult:
    """Pool two-arm counts by Peto's method: a common odds ratio without any zero-cell correction.

    Parameters
    ----------
    events_treatment, n_treatment, events_control, n_control : array_like, shape (k,)
        Events and participants per arm.
    ci : {"wald"}
        Confidence interval.
    prob : float
        Its coverage.
    labels : sequence of str, optional
        Names of the studies, for messages.

    Returns
    -------
    ClassicResult
        On the log scale, with ``method="Peto"``. A study with no events, or nothing but events, in both arms says
        nothing about the odds ratio: it has weight 0 and is not counted in `k`.

    Raises
    ------
    ArgumentError
        Impossible counts, unequal lengths, no studies: all at once.

    Notes
    -----
    With O the events under treatment, E and V their mean and variance given the margins of the study's table (the
    hypergeometric distribution): ``yi = (O - E)/V``, ``vi = 1/V``, pooled by inverse variance. The square of the
    test statistic is the Cochran-Mantel-Haenszel statistic without continuity correction.

    Peto's odds ratio is meant for rare events, effects near none and arms of similar size; elsewhere it is biased
    towards no effect (Greenland and Salvan 1990; Bradburn et al. 2007).

    References
    ----------
    Yusuf S, Peto R, Lewis J, Collins R, Sleight P (1985). Beta blockade during and after myocardial infarction.
    Progress in Cardiovascular Diseases 27:335-371. doi:10.1016/S0033-0620(85)80003-7. Greenland S, Salvan A (1990).
    Bias in the one-step method for pooling study results. Statistics in Medicine 9:247-252.
    doi:10.1002/sim.4780090307. Bradburn MJ, Deeks JJ, Berlin JA, Russell Localio A (2007). Much ado about nothing.
    Statistics in Medicine 26:53-77. doi:10.1002/sim.2528

    Examples
    --------
    >>> result = peto([5, 1, 0], [62, 42, 16], [4, 1, 0], [57, 46, 13])
    >>> round(result.estimate, 4), result.k, result.weights[2]
    (0.1378, 2, 0.0)
    """
    request = Request("Peto", "CE", ci, prob, "HTS")
    faults = request_faults(request) + wald_only_faults(request)
    arms = checked_arms((events_treatment, n_treatment, events_control, n_control), faults, labels)
    excess, variance = _excess(*arms)
    kept = variance > 0
    left_out = ", ".join(map(str, label_array(labels, len(kept))[~kept]))
    notes = (f"No events, or nothing but events, in both arms of {left_out}: left out",) if left_out else ()
    if not kept.any():
        nothing = Heterogeneity(math.nan, math.nan, math.nan, math.nan)
        notes = (*notes, "No study has an effect to pool")
        return replace(nothing_pooled(len(kept), nothing, request, notes), k=0)
    result = inverse_variance(excess[kept] / variance[kept], 1 / variance[kept], tau2="CE", ci=ci, prob=prob)
    weights = np.zeros(len(kept))
    weights[kept] = result.weights
    return replace(
        result, method="Peto", weights=tuple(float(w) for w in weights), notes=(*notes, *result.notes)
    )


def _excess(a: Array, n1: Array, c: Array, n2: Array) -> tuple[Array, Array]:
    """Events under treatment beyond what the margins lead to expect, and their variance."""
    total, events = n1 + n2, a + c
    share1, share2 = n1 / total, n2 / total
    with np.errstate(divide="ignore", invalid="ignore"):
        variance = share1 * share2 * events * (total - events) / (total - 1)
    return a - events * share1, np.where(total > 1, variance, 0.0)
