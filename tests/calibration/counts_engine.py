"""Calibrate counts and t random effects: the exact engine by its distribution functions, the PyMC model by its draws.

Baselines are simulated, and fitted, with a log odds product (or a sum of log rates) of SD 2: under the default of 10
most trials would be 0 of n or n of n. One small run has the default.
"""

from __future__ import annotations

import math
import time
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import simulation
from simulation import FAULT_TAU_SCALE, MU_SD, TAU_SCALE, FloatArray

from mutau.errors import ConvergenceWarning
from mutau.priors import HalfNormal, Normal
from mutau.requests import ModelRequest
from mutau.sampling import SamplingSettings, sample
from mutau.surfacing import surface_posterior, unsupported

__all__ = ["BINS", "FAMILIES", "calibrate", "calibrate_pymc", "exact_ranks"]

K = 3
SEED = 20261125
SIMULATIONS, FAULT_SIMULATIONS, PYMC_SIMULATIONS = 400, 100, 200
BINS, PYMC_DRAWS = 20, 199
QUANTITIES = ("mu", "tau", "theta_1", "theta_new")
SHORT = SamplingSettings(draws=1000, tune=1000)


@dataclass(frozen=True)
class Family:
    """One likelihood with its measure, the SD of its baselines, the degrees of freedom of its effects.

    ``mu_sd`` is the SD of mu's prior: narrower for risk ratios, whose likelihood has a corner where everybody has the
    event. ``share`` is the part of the simulations that is made: t effects take seconds each.
    """

    likelihood: str
    measure: str
    baseline_sd: float
    effects_df: float = math.inf
    mu_sd: float = MU_SD
    share: float = 1.0


FAMILIES = {
    "binomial OR": Family("binomial", "OR", 2.0),
    "binomial RR": Family("binomial", "RR", 2.0, mu_sd=0.4),
    "binomial OR, default baseline": Family("binomial", "OR", 10.0, share=0.25),
    "hypergeometric OR": Family("hypergeometric", "OR", 2.0),
    "poisson IRR": Family("poisson", "IRR", 2.0),
    "normal, t effects": Family("normal", "GEN", 10.0, effects_df=4.0, share=0.25),
}
SMALL = "binomial OR, default baseline"


def simulate(
    family: Family, rng: np.random.Generator, tau_scale: float
) -> tuple[dict[str, float], ModelRequest]:
    """Draw parameters from their priors and data from the parameters: the truth, and the request to fit."""
    mu, tau = family.mu_sd * rng.standard_normal(), tau_scale * abs(rng.standard_normal())
    z = (
        rng.standard_normal(K + 1)
        if math.isinf(family.effects_df)
        else rng.standard_t(family.effects_df, K + 1)
    )
    theta = mu + tau * z
    eta = family.baseline_sd * rng.standard_normal(K)
    truth = dict(zip(QUANTITIES, (mu, tau, theta[0], theta[K]), strict=True))
    data = _data(family, theta[:K], eta, rng)
    request = ModelRequest(
        family.likelihood, data, Normal(0, family.mu_sd), HalfNormal(TAU_SCALE),
        tuple(f"study {i}" for i in range(K)),
        family.measure, family.baseline_sd, family.effects_df,
    )  # fmt: skip
    return truth, request


def _data(
    family: Family, theta: FloatArray, eta: FloatArray, rng: np.random.Generator
) -> dict[str, FloatArray]:
    if family.likelihood == "normal":
        sei = np.exp(rng.uniform(*np.log(simulation.SEI_RANGE), K))
        return {"yi": theta + sei * rng.standard_normal(K), "sei": sei}
    if family.likelihood == "poisson":
        time_at_risk = rng.uniform(5, 60, (2, K))
        events = rng.poisson(np.exp((eta + np.array([[1], [-1]]) * theta) / 2) * time_at_risk)
        sizes = {"time_treatment": time_at_risk[0], "time_control": time_at_risk[1]}
    else:
        n = rng.integers(10, 80, (2, K))
        events = rng.binomial(n, np.stack(_risks(family.measure, theta, eta)))
        sizes = {"n_treatment": n[0], "n_control": n[1]}
    counts = {"events_treatment": events[0], "events_control": events[1], **sizes}
    return {name: np.asarray(values, float) for name, values in counts.items()}


def _risks(measure: str, theta: FloatArray, eta: FloatArray) -> tuple[FloatArray, FloatArray]:
    """p1 and p0 from the measure's equation and their log odds product, solved here without mutau."""
    if measure == "OR":
        return 1 / (1 + np.exp(-(eta + theta) / 2)), 1 / (1 + np.exp(-(eta - theta) / 2))
    ratio, product = np.exp(theta), np.exp(eta)
    p0 = 2 * product / (product * (1 + ratio) + np.sqrt((product * (1 - ratio)) ** 2 + 4 * ratio * product))
    return np.minimum(ratio * p0, 1.0), p0


def exact_ranks(family: Family, simulations: int, seed: int, tau_scale: float = TAU_SCALE) -> dict[str, Any]:
    """Simulate and fit exactly: the bin of each truth, and how many simulations had no smooth likelihood.

    Those are left out, which is fair: whether one is left out depends on the data alone, and a posterior is
    calibrated given any data.
    """
    ranks: dict[str, list[int]] = {name: [] for name in QUANTITIES}
    left_out = 0
    for child in np.random.SeedSequence(seed).spawn(round(simulations * family.share)):
        truth, request = simulate(family, np.random.default_rng(child), tau_scale)
        if unsupported(request):
            left_out += 1
            continue
        posterior = surface_posterior(request)
        marginals = (posterior.mu, posterior.tau, posterior._study(0), posterior.theta_new)
        for name, marginal in zip(QUANTITIES, marginals, strict=True):
            ranks[name].append(min(int(marginal.cdf(truth[name]) * BINS), BINS - 1))
    return {"ranks": ranks, "left_out": left_out}


def pymc_ranks(family: Family, simulations: int, seed: int) -> dict[str, Any]:
    """Simulate and sample: the rank of each truth among evenly thinned draws, divergences, failed checks."""
    ranks: dict[str, list[int]] = {name: [] for name in QUANTITIES}
    divergences, failed = 0, 0
    for child in np.random.SeedSequence(seed).spawn(simulations):
        rng = np.random.default_rng(child)
        truth, request = simulate(family, rng, TAU_SCALE)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # counted; no fit is dropped
            fit = sample(request, SHORT, seed=int(rng.integers(2**31)))
        posterior = fit.posterior.stack(sample=("chain", "draw"))
        kept = np.linspace(0, posterior.sizes["sample"] - 1, PYMC_DRAWS).round().astype(int)
        mu, tau = (posterior[name].values[kept] for name in ("mu", "tau"))
        z = rng.standard_normal(PYMC_DRAWS)
        if math.isfinite(family.effects_df):
            z = rng.standard_t(family.effects_df, PYMC_DRAWS)
        draws = dict(
            zip(
                QUANTITIES,
                (mu, tau, posterior["theta"].isel(study=0).values[kept], mu + tau * z),
                strict=True,
            )
        )
        for name, value in simulation.rank(truth, draws).items():
            ranks[name].append(value * BINS // (PYMC_DRAWS + 1))
        divergences += int(fit.sample_stats["diverging"].sum())
        failed += not all(check.passed for check in fit.checks)
    return {"ranks": ranks, "divergences": divergences, "not_converged": failed}


def tested(ranks: Mapping[str, Mapping[str, list[int]]]) -> dict[str, list[dict[str, Any]]]:
    """Every quantity of every family against its band; the families together make the 99%."""
    numbered = {i: simulation.counted(one, BINS) for i, one in enumerate(ranks.values())}
    rows = simulation.tested(numbered)
    names = list(ranks)
    return {name: [{**row, "k": K} for row in rows if row["k"] == i] for i, name in enumerate(names)}


def calibrate() -> dict[str, Any]:
    """The calibration of the exact engine and a planted fault, as stored in exact_counts.json."""
    start = time.perf_counter()
    runs = {name: exact_ranks(family, SIMULATIONS, SEED) for name, family in FAMILIES.items()}
    seconds = round(time.perf_counter() - start, 1)
    faulty = {
        name: exact_ranks(family, FAULT_SIMULATIONS, SEED + 1, FAULT_TAU_SCALE)["ranks"]
        for name, family in FAMILIES.items()
        if name != SMALL
    }
    ranks = {name: one["ranks"] for name, one in runs.items()}
    return simulation.origin("exact_counts", SEED, ("mutau", "numba", "numpy", "scipy")) | {
        "seconds": seconds,
        "studies": K,
        "left_out": {name: one["left_out"] for name, one in runs.items()},
        "tested": tested(ranks),
        "ranks": ranks,
        "fault_tau": {
            "what": f"tau simulated from HalfNormal({FAULT_TAU_SCALE}), fitted with HalfNormal({TAU_SCALE})",
            "tested": tested(faulty),
            "ranks": faulty,
        },
    }


def calibrate_pymc() -> dict[str, Any]:
    """The calibration of the PyMC models, as stored in pymc_counts.json."""
    start = time.perf_counter()
    runs = {
        name: pymc_ranks(family, PYMC_SIMULATIONS, SEED + 2)
        for name, family in FAMILIES.items()
        if name != SMALL
    }
    ranks = {name: one.pop("ranks") for name, one in runs.items()}
    return simulation.origin("pymc_counts", SEED, ("mutau", "pymc", "nutpie", "pytensor", "numpy")) | {
        "seconds": round(time.perf_counter() - start, 1),
        "simulations": PYMC_SIMULATIONS,
        "runs": runs,
        "tested": tested(ranks),
        "ranks": ranks,
    }
