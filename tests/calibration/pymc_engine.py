"""Calibrate the PyMC model: fits by the compiled template, through `mutau.sampling.sample`."""

from __future__ import annotations

import time
import warnings
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np
import simulation
from simulation import FAULT_TAU_SCALE, MU_SD, QUANTITIES, TAU_SCALE, FloatArray, Ranks, Truth

from mutau.errors import ConvergenceWarning
from mutau.priors import HalfNormal, Normal
from mutau.requests import ModelRequest
from mutau.sampling import SamplingSettings, sample

__all__ = ["BINS", "SHORT", "calibrate", "power", "ranks_of", "sampled", "study", "with_shifted_mu"]

KS = (2, 5)
SEED = 20261123
SIMULATIONS = 400  # per k
SETTINGS = SamplingSettings()  # as users get them
RANKED_DRAWS = (
    399  # L. A fit has an ESS of at least 400 (sampling/checks.py): evenly thinned draws are independent
)
BINS = RANKED_DRAWS + 1

SHORT = SamplingSettings(draws=1000, tune=1000)  # for what needs many fits: 0.2 s each
FAULT_SIMULATIONS = 800  # per k
FAULT_MU_SHIFT = 0.5  # planted fault 2: every draw of mu is too high by half a posterior SD
POWER_AT = (25, 50, 200)  # simulations per k; 32, 16 and 4 repetitions of planted fault 1


def sampled(
    truth: Truth, settings: SamplingSettings, rng: np.random.Generator
) -> tuple[dict[str, FloatArray], Any]:
    """Fit: `RANKED_DRAWS` evenly thinned draws of each of `QUANTITIES`, and the `Draws` behind them."""
    request = ModelRequest(
        "normal",
        {"yi": truth.yi, "sei": truth.sei},
        Normal(0, MU_SD),
        HalfNormal(TAU_SCALE),
        tuple(f"study {i}" for i in range(len(truth.yi))),
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # counted in `study`; no fit is dropped
        fit = sample(request, settings, seed=int(rng.integers(2**31)))
    posterior = fit.posterior.stack(sample=("chain", "draw"))
    kept = np.linspace(0, posterior.sizes["sample"] - 1, RANKED_DRAWS).round().astype(int)
    mu, tau = (posterior[name].values[kept] for name in ("mu", "tau"))
    theta_1 = posterior["theta"].isel(study=0).values[kept]
    theta_new = mu + tau * rng.standard_normal(RANKED_DRAWS)
    known = simulation.log_likelihood(truth.yi, truth.sei, mu, tau)
    return dict(zip(QUANTITIES, (mu, tau, theta_1, theta_new, known), strict=True)), fit


def study(
    k: int, simulations: int, settings: SamplingSettings, seed: int, tau_scale: float = TAU_SCALE
) -> dict[str, Any]:
    """Simulate and fit many times.

    Returns
    -------
    dict
        ``ranks`` (by quantity, 0..`RANKED_DRAWS`), ``ranks_mu_shifted`` (planted fault 2), and what the sampler
        said: ``divergences`` (draws), ``divergent_fits``, ``second_attempts`` and ``not_converged`` (fits),
        ``smallest_bulk_ess``, ``seconds``.
    """
    start = time.perf_counter()
    ranks: dict[str, list[int]] = {name: [] for name in QUANTITIES}
    shifted: list[int] = []
    fits = []
    for child in np.random.SeedSequence([seed, k]).spawn(simulations):
        rng = np.random.default_rng(child)
        truth = simulation.simulate(k, rng, tau_scale)
        draws, fit = sampled(truth, settings, rng)
        for name, value in simulation.rank(truth.values(), draws).items():
            ranks[name].append(value)
        too_high = draws["mu"] + FAULT_MU_SHIFT * draws["mu"].std()
        shifted.append(simulation.rank({"mu": truth.mu}, {"mu": too_high})["mu"])
        fits.append((int(fit.sample_stats["diverging"].sum()), fit.attempts, fit.checks))
    return {
        "simulations": simulations,
        "divergences": sum(divergent for divergent, _, _ in fits),
        "divergent_fits": sum(divergent > 0 for divergent, _, _ in fits),
        "second_attempts": sum(attempts > 1 for _, attempts, _ in fits),
        "not_converged": sum(not all(check.passed for check in checks) for _, _, checks in fits),
        "smallest_bulk_ess": min(
            round(check.value) for _, _, checks in fits for check in checks if check.name == "bulk ESS"
        ),
        "seconds": round(time.perf_counter() - start, 1),
        "ranks": ranks,
        "ranks_mu_shifted": shifted,
    }


def ranks_of(studies: Mapping[Any, dict[str, Any]]) -> dict[int, Ranks]:
    """The ranks of all quantities, by k."""
    return {int(k): one["ranks"] for k, one in studies.items()}


def with_shifted_mu(studies: Mapping[Any, dict[str, Any]]) -> dict[int, Ranks]:
    """The ranks of all quantities, by k, with those of mu under planted fault 2."""
    return {int(k): one["ranks"] | {"mu": one["ranks_mu_shifted"]} for k, one in studies.items()}


def tested(studies: Mapping[Any, dict[str, Any]]) -> list[dict[str, Any]]:
    """Every quantity and k against its band, as stored."""
    return simulation.tested({k: simulation.counted(ranks, BINS) for k, ranks in ranks_of(studies).items()})


def power(ranks: Mapping[int, Ranks]) -> dict[str, dict[str, int]]:
    """Share of repetitions caught, by simulations per k."""
    return {str(n): simulation.power(ranks, n, BINS) for n in POWER_AT}


def calibrate() -> dict[str, Any]:
    """The calibration and its planted faults, as stored in pymc_normal.json."""
    studies = {k: study(k, SIMULATIONS, SETTINGS, SEED) for k in KS}
    faulty = {k: study(k, FAULT_SIMULATIONS, SHORT, SEED + 1, FAULT_TAU_SCALE) for k in KS}
    for one in faulty.values():
        del one["ranks_mu_shifted"]
    return simulation.origin("pymc", SEED, ("mutau", "pymc", "nutpie", "pytensor", "numba", "numpy")) | {
        "settings": asdict(SETTINGS),
        "ranked_draws": RANKED_DRAWS,
        "tested": tested(studies),
        "studies": studies,
        "fault_tau": {
            "what": f"tau simulated from HalfNormal({FAULT_TAU_SCALE}), fitted with HalfNormal({TAU_SCALE})",
            "settings": asdict(SHORT),
            "power": power(ranks_of(faulty)),
            "studies": faulty,
        },
        "fault_mu": {
            "what": f"every draw of mu raised by {FAULT_MU_SHIFT} posterior SD (`ranks_mu_shifted`)",
            "power": power(with_shifted_mu(studies)),
        },
    }
