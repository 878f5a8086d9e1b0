"""Run the kernels for one request: components of the posterior, and how far a finer rule moves them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from mutau.errors import MutauError
from mutau.exact.requests import one_model
from mutau.numerics import solving
from mutau.numerics.panels import HIGH, LOW, MANY_PANELS, MASS, PANELS, SPAN
from mutau.numerics.workspace import workspace

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mutau.exact.requests import Request

    type Array = NDArray[np.float64]

__all__ = ["Rules", "bound", "out_of_room", "probabilities", "solve_request"]

SAFETY = 10.0  # what the difference of two rules is multiplied by to bound the error of the coarser one
FLOOR = 5e-12  # rounding, about ten times what was seen against a dense rule (tests/exact)
FLOOR_STUDIES = 2e-14  # and for every study, because the log likelihood is a sum over them
EPS = float(np.finfo(np.float64).eps)
AT_ZERO = np.zeros((1, 2))


@dataclass(frozen=True, slots=True)
class Rules:
    """Weighted components of the posterior.

    Parameters
    ----------
    weights, tau, means, variances : ndarray, shape (n,)
        Weight and tau of each component, mean and variance of mu given it.
    lower, upper, masses : ndarray, shape (m,)
        Ends of the panels in the variable x, in order, and their probabilities.
    below, above : float
        Probability of a tau below the first and above the last panel.
    unit, stretch : float
        tau is unit * stretch * sinh(x), or unit * exp(x) where stretch is 0.
    tau_mean, tau_square, excess : float
        Mean and mean square of tau, and what the latter exceeds the sum over components by.
    log_z : float
        Log marginal likelihood.
    error : float
        The error estimate.
    """

    weights: Array = field(repr=False)
    tau: Array = field(repr=False)
    means: Array = field(repr=False)
    variances: Array = field(repr=False)
    lower: Array = field(repr=False)
    upper: Array = field(repr=False)
    masses: Array = field(repr=False)
    below: float
    above: float
    unit: float
    stretch: float
    tau_mean: float
    tau_square: float
    excess: float
    log_z: float
    error: float


def probabilities(prob: float) -> Array:
    """Write the three probabilities of a median and an equal-tailed interval as `solving.solve_many` takes them."""
    tail = 0.5 - 0.5 * prob
    p = np.array([tail, 0.5, 1.0 - tail])
    distance = 3.919927969080108 if prob == 0.95 else _normal_distance(prob)
    return np.array([p, p[::-1], [0.0, 0.0, distance]])


def _normal_distance(prob: float) -> float:
    from scipy.special import ndtri

    return float(2.0 * ndtri(0.5 + 0.5 * prob))


COMPARED = probabilities(0.95)


def solve_request(request: Request) -> Rules:
    """Integrate over tau (and, for a mixture prior of mu, over its components)."""
    model, ends = request.model, np.array([0, request.k])
    out = np.empty((1, solving.FACTS))
    for room in (PANELS, MANY_PANELS):
        space = workspace(request.k, room, max(1, model.finer.shape[1]))
        solving.solve_many(
            request.yi, request.sei, ends, 0, 1, *one_model(model), True, False, COMPARED, AT_ZERO, out, *space,
        )  # fmt: skip
        if out[0, solving.COUNT] >= 0:
            break
    else:
        raise out_of_room()
    return _rules(request, out[0], space[0], space[2])


def _rules(request: Request, facts: Array, mixture: Array, table: Array) -> Rules:
    weights, tau, means, variances = mixture[:, : int(facts[solving.SIZE])].copy()
    table = table[:, : int(facts[solving.COUNT])]
    low, high, mass = table[LOW], table[HIGH], table[MASS] / table[MASS].sum()
    panels = np.flatnonzero((table[SPAN] > 0.0) & (high > low))
    panels = panels[np.argsort(low[panels])]
    atoms = [] if request.tau.is_point else list(np.flatnonzero(high == low))
    below = sum(float(mass[p]) for p in atoms if low[p] <= low[panels[0]])
    above = sum(float(mass[p]) for p in atoms if low[p] > low[panels[0]])
    largest = float(np.abs(request.yi).max())
    return Rules(
        weights, tau, means, variances, low[panels], high[panels], mass[panels], below, above,
        float(facts[solving.UNIT]), float(facts[solving.STRETCH]), float(facts[solving.TAU_MEAN]),
        float(facts[solving.TAU_SQUARE]), float(facts[solving.EXCESS]), float(facts[solving.LOG_Z]),
        float(bound(facts[solving.CHANGE], facts[solving.SPREAD], facts[solving.LOG_Z], request.k, largest)),
    )  # fmt: skip


def bound(
    change: Array, spread: Array, log_z: Array, k: NDArray[np.int64] | int, largest: Array | float
) -> Array:
    """Bound the error: ten times what a rule with every panel halved changes, and a floor for rounding.

    Parameters
    ----------
    change, spread, log_z : ndarray, shape (n,)
        As the kernel gives them.
    k : ndarray or int
        Numbers of studies.
    largest : ndarray or float
        Largest effects in absolute value.
    """
    floor = FLOOR + FLOOR_STUDIES * k + 4.0 * EPS * largest / spread
    result: Array = SAFETY * change + floor + 16.0 * EPS * np.abs(log_z)
    return result


def out_of_room() -> MutauError:
    """Say that a rule needed more panels than there can be."""
    return MutauError("The quadrature ran out of panels; please report these data as a fault of mutau.")
