"""How an effect turns a risk without the treatment into the risk with it: each measure by its own road."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import expit, logit, ndtr, ndtri

if TYPE_CHECKING:
    from numpy.typing import NDArray

    type Array = NDArray[np.float64]

__all__ = ["ROADS", "Road"]


@dataclass(frozen=True, slots=True)
class Road:
    """One way from a baseline risk and an effect to the risk with treatment.

    Parameters
    ----------
    code : str
        The measure's code.
    risk : callable
        ``(baseline, effect) -> risk with treatment``, effect on the natural scale; rises with the effect.
    effect : callable
        ``(baseline, risk) -> effect``, for a baseline strictly between 0 and 1: its inverse, infinite where no effect
        leads so far.
    assumption : str
        What it takes for granted.
    bounded : bool
        Whether every effect leads to a risk between 0 and 1.
    """

    code: str
    risk: Callable[[Array, Array], Array]
    effect: Callable[[Array, Array], Array]
    assumption: str
    bounded: bool = True


def _odds(p0: Array, ratio: Array) -> Array:
    with np.errstate(divide="ignore"):
        return np.asarray(np.where((p0 <= 0) | (p0 >= 1), p0, expit(logit(p0) + np.log(ratio))))


def _odds_back(p0: Array, p1: Array) -> Array:
    inside = np.clip(p1, 0.0, 1.0)
    with np.errstate(divide="ignore", over="ignore"):
        return np.asarray(np.exp(logit(inside) - logit(p0)))


def _hazard(p0: Array, ratio: Array) -> Array:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.where((p0 <= 0) | (p0 >= 1), p0, -np.expm1(ratio * np.log1p(-p0))))


def _hazard_back(p0: Array, p1: Array) -> Array:
    with np.errstate(divide="ignore"):
        return np.asarray(np.log1p(-np.clip(p1, 0.0, 1.0)) / np.log1p(-p0))


def _response(p0: Array, d: Array) -> Array:
    return np.asarray(ndtr(ndtri(p0) + d))


def _response_back(p0: Array, p1: Array) -> Array:
    return np.asarray(ndtri(np.clip(p1, 0.0, 1.0)) - ndtri(p0))


ROADS = {
    "OR": Road("OR", _odds, _odds_back, "the odds ratio is the same at every baseline risk"),
    "RR": Road(
        "RR",
        lambda p0, ratio: np.asarray(p0 * ratio),
        lambda p0, p1: np.asarray(np.maximum(p1, 0.0) / p0),
        "the risk ratio is the same at every baseline risk",
        bounded=False,
    ),
    "RD": Road(
        "RD",
        lambda p0, d: np.asarray(p0 + d),
        lambda p0, p1: np.asarray(p1 - p0),
        "the risk difference is the same at every baseline risk",
        bounded=False,
    ),
    "HR": Road("HR", _hazard, _hazard_back, "hazards are proportional up to the time of the baseline risk"),
    "SMD": Road(
        "SMD",
        _response,
        _response_back,
        "the outcome is normal with the same SD with and without treatment, and a responder is whoever is on the "
        "better side of one fixed score",
    ),
}
"""Every road by its measure. That of an SMD leads from responders without to responders with treatment, its effect
being in the direction of benefit (Furukawa and Leucht 2011, doi:10.1371/journal.pone.0019070)."""
