"""Calibrate the exact engine: each rank is the marginal's distribution function at the truth, without draws.

The log-likelihood has no marginal in the engine: its truth is ranked among independent joint draws, in every
`JOINT_EVERY`-th simulation, because drawing costs more than fitting.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import numpy as np
import simulation
from simulation import FAULT_TAU_SCALE, MU_SD, QUANTITIES, TAU_SCALE, Counts, Ranks

from mutau import exact
from mutau.priors import HalfNormal, Normal

__all__ = ["KS", "SEED", "SIMULATIONS", "calibrate", "counts", "study"]

KS = (2, 3, 5, 10, 20)
SEED = 20261124
SIMULATIONS = 20_000  # per k
BINS = 100
JOINT_DRAWS = 19  # 20 possible ranks
JOINT_EVERY = 5
BINS_OF = dict.fromkeys(QUANTITIES, BINS) | {"log_likelihood": JOINT_DRAWS + 1}

FAULT_SIMULATIONS = 10_000  # per k, of planted fault 1
POWER_AT = (10, 25, 50)  # simulations per k; 1,000, 400 and 200 repetitions
SMALL_TAU_SCALE = 0.525  # a small fault: tau is simulated with a scale 5% too large
SMALL_MU_SHIFT = 0.05  # a small fault: mu is too high by a twentieth of a posterior SD


def study(
    k: int, simulations: int, seed: int, tau_scale: float = TAU_SCALE, joint_every: int = JOINT_EVERY
) -> Ranks:
    """Simulate and fit many times: the bin of each truth, by quantity, and ``mu_shifted`` (a planted fault)."""
    rng = np.random.default_rng([seed, k])
    mu_prior, tau_prior = Normal(0, MU_SD), HalfNormal(TAU_SCALE)
    ranks: dict[str, list[int]] = {name: [] for name in (*QUANTITIES, "mu_shifted")}
    for number in range(simulations):
        truth = simulation.simulate(k, rng, tau_scale)
        posterior = exact.normal(truth.yi, truth.sei, mu=mu_prior, tau=tau_prior)
        for name, probability in (
            ("mu", posterior.mu.cdf(truth.mu)),
            ("tau", posterior.tau.cdf(truth.tau)),
            ("theta_1", posterior.theta[0].cdf(truth.theta[0])),
            ("theta_new", posterior.theta_new.cdf(truth.theta_new)),
            ("mu_shifted", posterior.mu.cdf(truth.mu - SMALL_MU_SHIFT * posterior.mu.sd)),
        ):
            ranks[name].append(min(int(probability * BINS), BINS - 1))
        if joint_every and number % joint_every == 0:
            draws = posterior.sample(rng, JOINT_DRAWS)
            known = simulation.log_likelihood(truth.yi, truth.sei, draws.mu, draws.tau)
            ranks["log_likelihood"].append(int(np.count_nonzero(known < truth.values()["log_likelihood"])))
    return ranks


def counts(studies: Mapping[int, Ranks], *names: str) -> dict[int, dict[str, Counts]]:
    """Histograms of the named quantities, by k."""
    return {
        k: {name: np.bincount(ranks[name], minlength=BINS_OF.get(name, BINS)) for name in names}
        for k, ranks in studies.items()
    }


def calibrate() -> dict[str, Any]:
    """The calibration and its planted faults, as stored in exact_normal.json."""
    start = time.perf_counter()
    right = {k: study(k, SIMULATIONS, SEED) for k in KS}
    seconds = round(time.perf_counter() - start, 1)
    faulty = {k: study(k, FAULT_SIMULATIONS, SEED + 1, FAULT_TAU_SCALE, joint_every=0) for k in KS}
    marginals = {k: {name: ranks[name] for name in QUANTITIES[:-1]} for k, ranks in faulty.items()}
    nearly = {k: study(k, SIMULATIONS, SEED + 2, SMALL_TAU_SCALE, joint_every=0) for k in KS[:1]}
    histograms = counts(right, *QUANTITIES)
    small = {"tau": counts(nearly, "tau"), "mu": counts(right, "mu_shifted")}
    return simulation.origin("exact", SEED, ("mutau", "numba", "numpy", "scipy")) | {
        "simulations": SIMULATIONS,
        "seconds": seconds,
        "tested": simulation.tested(histograms),
        "counts": plain(histograms),
        "fault_tau": {
            "what": f"tau simulated from HalfNormal({FAULT_TAU_SCALE}), fitted with HalfNormal({TAU_SCALE})",
            "simulations": FAULT_SIMULATIONS,
            "power": {str(n): simulation.power(marginals, n, BINS) for n in POWER_AT},
        },
        "small_faults": {
            "what": f"tau simulated from HalfNormal({SMALL_TAU_SCALE}); mu raised by {SMALL_MU_SHIFT} posterior SD",
            "tested": {name: simulation.tested(histogram) for name, histogram in small.items()},
            "counts": {name: plain(histogram) for name, histogram in small.items()},
        },
    }


def plain(histograms: Mapping[int, Mapping[str, Counts]]) -> dict[str, dict[str, list[int]]]:
    """Histograms as JSON has them."""
    return {
        str(k): {name: one.tolist() for name, one in by_name.items()} for k, by_name in histograms.items()
    }
