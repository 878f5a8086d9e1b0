"""The mixed models of counts by name: which counts, which likelihood, which intercepts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mutau.classic.mixed.families import Binomial, Poisson, hypergeometric
from mutau.classic.mixed.likelihood import MixedModel
from mutau.measures.binary import correct_one_group, correct_zero_cells, log_odds_ratio
from mutau.measures.rates import correct_zero_events, log_rate_ratio
from mutau.measures.single import log_rate, logit_proportion

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mutau.classic.mixed.families import Family

    type Array = NDArray[np.float64]
    type Which = NDArray[np.bool_]

__all__ = [
    "MIXED_MEASURES",
    "MIXED_METHODS",
    "make_model",
    "one_sided",
    "sampling_variances",
    "saturated_model",
    "silent_studies",
]

MIXED_METHODS = ("UM.FS", "UM.RS", "CM.AL", "CM.EL", "GLMM")
"""Unconditional, fixed or random study intercepts; conditional, approximate or exact likelihood; one group."""

_TWO_ARMS = ("OR", "IRR")
MIXED_MEASURES = dict.fromkeys(MIXED_METHODS[:4], _TWO_ARMS) | {"GLMM": ("PLO", "IRLN")}
"""Measures of each model."""

_HALF = np.array([[0.5], [-0.5]])
"""The effect of the treated and of the control arm: half of it up, half of it down."""

_BOTH = np.ones((2, 1))
_ONE = np.ones((1, 1))


def make_model(method: str, measure: str, events: Array, size: Array) -> MixedModel:
    """Make the random-effects model of a method; its first fixed effect is mu, its first standard deviation tau.

    Parameters
    ----------
    method, measure : str
        One of `MIXED_METHODS`, one of its `MIXED_MEASURES`.
    events, size : ndarray, shape (k, a)
        Events and participants or person-time; treatment first where there are two arms.
    """
    if method == "UM.FS":
        return MixedModel(_arms(measure, events, size), _HALF, _HALF, np.ones(2))
    if method == "UM.RS":
        both = np.concatenate([_HALF, _BOTH], axis=1)
        return MixedModel(_arms(measure, events, size), both, both)
    if method == "GLMM":
        return MixedModel(_arms(measure, events, size), _ONE, _ONE)
    if method == "CM.EL" and measure == "OR":
        return MixedModel(hypergeometric(events, size), _ONE, _ONE)
    offset = np.log(size[:, :1]) - np.log(size[:, 1:])
    return MixedModel(Binomial(events[:, :1], events.sum(axis=1, keepdims=True), offset), _ONE, _ONE)


def saturated_model(measure: str, events: Array, size: Array) -> MixedModel:
    """Random study intercepts, and an effect of its own in every study."""
    return MixedModel(_arms(measure, events, size), _BOTH, _BOTH, _HALF[:, 0])


def _arms(measure: str, events: Array, size: Array) -> Family:
    if measure in ("IRR", "IRLN"):
        return Poisson(events, size)
    return Binomial(events, size, np.zeros(events.shape))


def silent_studies(measure: str, events: Array, size: Array) -> Which:
    """Studies of two arms without events in either, or (OR) with nothing but events, shape (k,)."""
    if events.shape[1] == 1:
        return np.zeros(len(events), dtype=np.bool_)
    silent = events.sum(axis=1) == 0
    if measure == "OR":
        silent |= (events == size).all(axis=1)
    return np.asarray(silent)


def one_sided(method: str, measure: str, events: Array, size: Array) -> bool:
    """Whether the likelihood rises for ever in some direction, whatever the standard deviations are."""
    none, full = events == 0, (events == size) & (measure in ("OR", "PLO"))
    if method in ("UM.RS", "GLMM"):  # an arm without events, or with nothing else, in every study
        return bool((none.all(axis=0) | full.all(axis=0)).any())
    if method == "CM.AL":
        return bool(none.all(axis=0).any())
    lowest, highest = none[:, 0] | full[:, 1], none[:, 1] | full[:, 0]
    return bool(lowest.all() or highest.all())


def sampling_variances(measure: str, events: Array, size: Array) -> Array:
    """Sampling variances of the studies' own estimates, 1/2 added to the cells of a study with a zero, shape (k,)."""
    if measure == "OR":
        cells = correct_zero_cells(events[:, 0], size[:, 0], events[:, 1], size[:, 1])
        return log_odds_ratio(*cells.counts)[1]
    if measure == "IRR":
        treated, control, *_ = correct_zero_events(events[:, 0], events[:, 1])
        return log_rate_ratio(treated, size[:, 0], control, size[:, 1])[1]
    effect, cells_of = (logit_proportion, "both") if measure == "PLO" else (log_rate, "events")
    arrays, *_ = correct_one_group((events[:, 0], size[:, 0]), cells_of)
    return effect(*arrays)[1]
