"""What a new trial of stated arms may show, before it is run."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from mutau.decisions.baselines import as_baseline
from mutau.decisions.planning import planner
from mutau.errors import ArgumentError, Fault

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mutau.decisions.baselines import Baseline
    from mutau.fitting import Fit

    type Array = NDArray[np.float64]

__all__ = ["TrialPrediction", "predict_trial"]


@dataclass(frozen=True, slots=True, eq=False)
class TrialPrediction:
    """The predictive distribution of a new trial. Made by `predict_trial`.

    Parameters
    ----------
    treatment, control : float
        Its arms: people, or person-time for rates.
    frame : DataFrame
        One row for each thing it will show: ``shown`` (estimate; or events_treatment and events_control), ``median``,
        ``lower``, ``upper``, ``prob``; an estimate on the natural scale.
    values : tuple of ndarray
        Estimates on the analysis scale, cell by cell; or counts of either arm.
    chance : ndarray, shape (n,) or (counts of the treatment arm, of the control arm)
        Predictive probability of each.
    favours_treatment, favours_control : float
        Probability that the trial's own result is on the side of benefit, or of harm; a tie is neither.
    left_out : float
        Probability of what was not gone through.
    """

    treatment: float
    control: float
    frame: pd.DataFrame = field(repr=False)
    values: tuple[Array, ...] = field(repr=False)
    chance: Array = field(repr=False)
    favours_treatment: float
    favours_control: float
    left_out: float

    def to_frame(self) -> pd.DataFrame:
        """Give the rows, unrounded."""
        return self.frame.copy()


def predict_trial(
    fit: Fit,
    n_treatment: float,
    n_control: float,
    *,
    baseline: float | Baseline | None = None,
    unit_sd: float | None = None,
    prob: float = 0.95,
) -> TrialPrediction:
    """Give the predictive distribution of a new trial with stated arms.

    Parameters
    ----------
    fit : Fit
        A fitted outcome model that the exact engine can fit.
    n_treatment, n_control : float
        People in either arm; person-time for rates.
    baseline, unit_sd
        As for `next_trial`.
    prob : float
        Probability content of the equal-tailed intervals. Those of counts hold at least as much.

    Returns
    -------
    TrialPrediction

    Raises
    ------
    ArgumentError
        As for `next_trial`.
    """
    if not 0 < prob < 1:
        fault = Fault(f"prob = {prob!r}", "A probability lies between 0 and 1", "Give 0.95", key="prob")
        raise ArgumentError(fault)
    stated = None if baseline is None else as_baseline(baseline)
    made = planner(fit, [], [], [(n_treatment, n_control)], baseline=stated, unit_sd=unit_sd)
    sign = fit.model.benefit_sign
    if made.request.likelihood == "normal":
        y, outcomes = made.estimates(n_treatment, n_control)
        edges = np.append(y, y[-1] + (y[1] - y[0])) - 0.5 * (y[1] - y[0])
        below = np.concatenate([[0.0], np.cumsum(outcomes.chance)])
        points = np.interp(np.array(_levels(prob)) * below[-1], below, edges)
        above = 1.0 - float(np.interp(fit.model.measure_record.null, edges, below)) / float(below[-1])
        sides = (above, 1.0 - above)
        rows = [_row("estimate", fit.model.measure_record.to_natural(points), prob)]
        return _prediction((n_treatment, n_control), rows, (y,), outcomes.chance, sides[::sign])
    outcomes = made.outcomes(n_treatment, n_control)
    chance = outcomes.chance.reshape(outcomes.shape)
    counts = tuple(np.arange(float(size)) for size in outcomes.shape)
    margins = chance.sum(axis=1), chance.sum(axis=0)
    rows = [
        _row(name, _count_quantiles(margin, prob), prob)
        for name, margin in zip(("events_treatment", "events_control"), margins, strict=True)
    ]
    rates = counts[0][:, None] * n_control - counts[1] * n_treatment
    higher, lower = (float(chance[side].sum() / chance.sum()) for side in (rates > 0, rates < 0))
    return _prediction((n_treatment, n_control), rows, counts, chance, (higher, lower)[::sign])


def _levels(prob: float) -> tuple[float, float, float]:
    return 0.5, (1 - prob) / 2, (1 + prob) / 2


def _count_quantiles(margin: Array, prob: float) -> Array:
    """Smallest counts with at least these probabilities at or below them."""
    return np.searchsorted(np.cumsum(margin) / margin.sum(), np.array(_levels(prob)) - 1e-12).astype(
        np.float64
    )


def _row(shown: str, points: Any, prob: float) -> dict[str, Any]:
    return {
        "shown": shown,
        **dict(zip(("median", "lower", "upper"), map(float, points), strict=True)),
        "prob": prob,
    }


def _prediction(
    arms: tuple[float, float],
    rows: list[dict[str, Any]],
    values: tuple[Array, ...],
    chance: Array,
    sides: tuple[float, ...],
) -> TrialPrediction:
    return TrialPrediction(
        *arms, pd.DataFrame(rows), values, chance, sides[0], sides[1], max(0.0, 1.0 - float(chance.sum()))
    )
