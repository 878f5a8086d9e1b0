"""Simulation-based calibration (SBC): truths and data from the priors, and the ranks of the truths.

A truth is drawn from the priors and data from the truth; an engine is then given the data and the same priors. If
it is right, each true value is distributed like one more draw of its own posterior, so its rank among L
independent posterior draws is uniform on 0..L (Talts et al. 2018, arXiv:1804.06788). `bands.py` tests that.

The log-likelihood is ranked as well because ranks of the parameters alone cannot see an engine that ignores the
data: such an engine returns the prior, and under it they are uniform too (Modrák et al. 2023, Simulation-based
calibration checking for Bayesian computation: the choice of test quantities shapes sensitivity, Bayesian
Analysis).
"""

from __future__ import annotations

import json
import platform
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import bands
import numpy as np
from numpy.typing import NDArray

__all__ = [
    "MU_SD",
    "QUANTITIES",
    "TAU_SCALE",
    "Truth",
    "counted",
    "log_likelihood",
    "origin",
    "power",
    "rank",
    "simulate",
    "tested",
    "write",
]

MU_SD = 2.82  # priors of mu and tau: the defaults for log ratios, docs/statistics.md, section 2
TAU_SCALE = 0.5
SEI_RANGE = (0.15, 1.0)  # log-uniform; of the log RR, 0.06 to 0.73 in data/bcg and 0.32 to 1.02 in data/pip
QUANTITIES = ("mu", "tau", "theta_1", "theta_new", "log_likelihood")

FAULT_TAU_SCALE = 1.0  # planted fault 1: tau is simulated from half-normal(1), fitted with half-normal(0.5)

type FloatArray = NDArray[np.float64]
type Counts = NDArray[np.int64]
type Ranks = Mapping[str, Sequence[int]]  # by quantity, one per simulation


@dataclass(frozen=True, slots=True)
class Truth:
    """One simulated meta-analysis: the values that made it, and its data, on the analysis scale.

    Parameters
    ----------
    mu, tau, theta_new : float
        True mean effect, between-study SD, and effect in a new setting.
    theta, yi, sei : array
        True effects, estimates and standard errors, shape (study,).
    """

    mu: float
    tau: float
    theta_new: float
    theta: FloatArray
    yi: FloatArray
    sei: FloatArray

    def values(self) -> dict[str, float]:
        """The true value of each of `QUANTITIES`."""
        known = float(log_likelihood(self.yi, self.sei, self.mu, self.tau))
        return dict(zip(QUANTITIES, (self.mu, self.tau, self.theta[0], self.theta_new, known), strict=True))


def simulate(k: int, rng: np.random.Generator, tau_scale: float = TAU_SCALE) -> Truth:
    """Draw the parameters from their priors, then k estimates from the parameters."""
    mu, tau = MU_SD * rng.standard_normal(), tau_scale * abs(rng.standard_normal())
    theta = mu + tau * rng.standard_normal(k)
    sei = np.exp(rng.uniform(*np.log(SEI_RANGE), k))
    yi = theta + sei * rng.standard_normal(k)
    return Truth(mu, tau, mu + tau * rng.standard_normal(), theta, yi, sei)


def log_likelihood(
    yi: FloatArray, sei: FloatArray, mu: FloatArray | float, tau: FloatArray | float
) -> FloatArray:
    """log p(y | mu, tau) with every theta integrated out, in the shape of mu and tau."""
    variance = sei**2 + np.square(tau)[..., np.newaxis]
    squares = (yi - np.asarray(mu)[..., np.newaxis]) ** 2 / variance
    return -0.5 * (squares + np.log(2 * np.pi * variance)).sum(axis=-1)


def rank(values: Mapping[str, float], draws: Mapping[str, FloatArray]) -> dict[str, int]:
    """How many draws of each quantity lie below its true value."""
    return {name: int(np.count_nonzero(draws[name] < value)) for name, value in values.items()}


def counted(ranks: Ranks, bins: int) -> dict[str, Counts]:
    """Histogram of each quantity's ranks 0..bins - 1."""
    return {name: np.bincount(values, minlength=bins) for name, values in ranks.items()}


def power(ranks: Mapping[int, Ranks], simulations: int, bins: int) -> dict[str, int]:
    """Cut the ranks into disjoint repetitions of `simulations` per k; in how many is any ECDF outside?"""
    shortest = min(len(values) for by_name in ranks.values() for values in by_name.values())
    repetitions = shortest // simulations
    caught = 0
    for repetition in range(repetitions):
        part = slice(repetition * simulations, (repetition + 1) * simulations)
        counts = {
            k: counted({name: values[part] for name, values in by_name.items()}, bins)
            for k, by_name in ranks.items()
        }
        caught += bool(bands.outside(bands.deviations(counts)))
    return {"repetitions": repetitions, "caught": caught}


def tested(counts: Mapping[int, Mapping[str, Counts]]) -> list[dict[str, Any]]:
    """Every quantity and k against its band, as stored; ``p`` is before Bonferroni's correction."""
    return [
        {
            "k": one.k,
            "quantity": one.quantity,
            "largest": round(one.largest, 4),
            "allowed": round(one.allowed, 4),
            "p": round(bands.p_value(counts[one.k][one.quantity]), 5),
            "outside": one.outside,
        }
        for one in bands.deviations(counts)
    ]


def origin(engine: str, seed: int, packages: Sequence[str]) -> dict[str, Any]:
    """What a stored file says of itself."""
    return {
        "engine": engine,
        "made_by": f"python tests/calibration/calibrate.py {engine}",
        "date": datetime.now(UTC).date().isoformat(),
        "versions": {"python": platform.python_version()} | {name: version(name) for name in packages},
        "seed": seed,
        "priors": {"mu": f"Normal(0, {MU_SD})", "tau": f"HalfNormal({TAU_SCALE})"},
        "sei": f"log-uniform on {SEI_RANGE}",
        "level": bands.FAMILY_LEVEL,
    }


def write(result: Mapping[str, Any], path: Path) -> None:
    """Write JSON, each list of numbers on one line."""
    text = json.dumps(result, indent=1)
    path.write_text(re.sub(r"\[[^\[\]{}]*\]", lambda found: re.sub(r"\s+", " ", found[0]), text) + "\n")
