"""Sample a model: settings in, posterior draws and a record of how they were made out."""

from __future__ import annotations

import time
import warnings
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

import nutpie
import pymc as pm
import xarray as xr

from mutau.cores import available_cores
from mutau.errors import ArgumentError, ConvergenceWarning, Fault, SamplingError, nearest
from mutau.records import CheckResult
from mutau.requests import ModelRequest
from mutau.sampling.checks import convergence_checks, describe_failure
from mutau.sampling.distributions import PYMC_PRIORS, prior_family
from mutau.sampling.graph import FAMILIES, build_model, support_width
from mutau.sampling.templates import compiled, no_fastmath

__all__ = ["SAMPLERS", "Draws", "SamplingSettings", "sample", "supports"]

SAMPLERS = ("nutpie", "pymc")

WIDEST_SUPPORT = 2**14
"""Largest number of possible counts in a study that the hypergeometric likelihood is sampled with."""

_KEPT_STATS = {  # nutpie's or PyMC's name -> ArviZ's
    "diverging": "diverging",
    "energy": "energy",
    "logp": "lp",
    "lp": "lp",
    "n_steps": "n_steps",
    "depth": "tree_depth",
    "tree_depth": "tree_depth",
    "step_size": "step_size",
    "mean_tree_accept": "acceptance_rate",
    "acceptance_rate": "acceptance_rate",
}


@dataclass(frozen=True, slots=True)
class SamplingSettings:
    """How to sample.

    Parameters
    ----------
    draws, tune, chains : int
        Kept draws and tuning steps per chain, and chains (at least 2, so that R-hat exists).
    target_accept : float
        Acceptance rate NUTS aims at, in (0, 1). 0.99 because few studies leave a posterior with a sharp neck
        near tau = 0; at the usual 0.8 a few draws diverge there.
    sampler : {"nutpie", "pymc"}
        nutpie reuses compiled models; ``"pymc"`` is PyMC's own NUTS, compiled anew at each call.
    """

    draws: int = 4000
    tune: int = 1000
    chains: int = 4
    target_accept: float = 0.99
    sampler: Literal["nutpie", "pymc"] = "nutpie"

    def __post_init__(self) -> None:
        faults = [
            Fault(f"{name} = {getattr(self, name)!r}", rule, remedy)
            for name, valid, rule, remedy in (
                ("draws", _whole(self.draws, 4), "draws is a whole number of at least 4", "use 4000"),
                ("tune", _whole(self.tune, 1), "tune is a whole number of at least 1", "use 1000"),
                ("chains", _whole(self.chains, 2), "R-hat needs at least 2 chains", "use 4"),
                (
                    "target_accept",
                    isinstance(self.target_accept, float) and 0 < self.target_accept < 1,
                    "target_accept lies between 0 and 1",
                    "use 0.99",
                ),
                ("sampler", self.sampler in SAMPLERS, "no such sampler", nearest(self.sampler, SAMPLERS)),
            )
            if not valid
        ]
        if faults:
            raise ArgumentError(faults)


def _whole(value: object, minimum: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= minimum


@dataclass(frozen=True, slots=True)
class Draws:
    """Posterior draws and how they were made.

    Parameters
    ----------
    posterior : Dataset
        ``mu``, ``tau`` (chain, draw) and ``theta`` (chain, draw, study), on the analysis scale.
    sample_stats : Dataset
        NUTS statistics under ArviZ's names.
    settings : dict
        Those of the attempt that was kept.
    attempts : int
        1, or 2 if a first attempt failed a convergence check.
    checks : tuple of CheckResult
        Convergence checks of these draws.
    warnings : tuple of str
        What a reader must know: a repeated attempt, divergences, no convergence.
    seconds : float
        Wall time, compilation included.
    """

    posterior: xr.Dataset
    sample_stats: xr.Dataset
    settings: dict[str, Any]
    attempts: int
    checks: tuple[CheckResult, ...]
    warnings: tuple[str, ...]
    seconds: float


def supports(request: ModelRequest) -> str | None:
    """Say why this engine cannot sample a model, or None if it can."""
    if request.likelihood not in FAMILIES:
        return f"no PyMC model is written for the likelihood '{request.likelihood}'"
    if (width := support_width(request)) > WIDEST_SUPPORT:
        return f"the conditional likelihood has {width} terms in a study; the binomial likelihood has no such sum"
    for name, prior in (("mu", request.mu_prior), ("tau", request.tau_prior)):
        if prior_family(prior) not in PYMC_PRIORS:
            return f"{prior.of(name)} has no PyMC form"
    if request.mu_prior.is_point:
        return f"{request.mu_prior.of('mu')} leaves no mean effect to estimate"
    return None


def sample(request: ModelRequest, settings: SamplingSettings, seed: int) -> Draws:
    """Sample the posterior; if a convergence check fails, once more with longer tuning.

    Parameters
    ----------
    request : ModelRequest
        The model and its data.
    settings : SamplingSettings
        How to sample.
    seed : int
        The same seed gives the same draws, in a cold and in a warm process.

    Raises
    ------
    SamplingError
        The sampler itself failed.

    Warns
    -----
    ConvergenceWarning
        The second attempt fails a check too.
    """
    start = time.perf_counter()
    notes: list[str] = []
    posterior, sample_stats, checks = _attempt(request, settings, seed)
    attempts = 1
    if problem := describe_failure(checks):
        settings, attempts = _longer(settings), 2
        notes.append(f"sampled again with tune={settings.tune} because of the first attempt: {problem}")
        posterior, sample_stats, checks = _attempt(request, settings, seed)
    if problem := describe_failure(checks):
        notes.append(problem)
        warnings.warn(problem, ConvergenceWarning, stacklevel=2)
    elif divergent := int(sample_stats["diverging"].sum()):
        notes.append(f"{divergent} of {sample_stats['diverging'].size} draws diverged (below the threshold)")
    return Draws(
        posterior, sample_stats, asdict(settings), attempts, checks, tuple(notes), time.perf_counter() - start
    )


def _longer(settings: SamplingSettings) -> SamplingSettings:
    """The settings of a second attempt: four times the tuning, half the distance of target_accept from 1."""
    return replace(settings, tune=4 * settings.tune, target_accept=(1 + settings.target_accept) / 2)


def _attempt(
    request: ModelRequest, settings: SamplingSettings, seed: int
) -> tuple[xr.Dataset, xr.Dataset, tuple[CheckResult, ...]]:
    """One run of the sampler: posterior and sample_stats under ArviZ's names, and their checks."""
    run = _nutpie if settings.sampler == "nutpie" else _pymc
    try:
        tree = run(request, settings, seed)
    except (RuntimeError, pm.exceptions.SamplingError) as error:
        raise SamplingError(
            f"{settings.sampler} failed: {error}. Check the data for extreme values, or use another prior"
        ) from error
    posterior = tree["posterior"].to_dataset()
    if request.tau_prior.is_point:
        posterior["tau"] = xr.full_like(posterior["mu"], request.tau_prior.parameters["value"])
    posterior = posterior[["mu", "tau", "theta"]].assign_coords(study=list(request.study))
    stats = tree["sample_stats"].to_dataset()
    kept = {name: new for name, new in _KEPT_STATS.items() if name in stats.data_vars}
    stats = stats[list(kept)].rename({name: new for name, new in kept.items() if name != new})
    posterior, stats = posterior.drop_attrs(), stats.drop_attrs()
    return posterior, stats, convergence_checks(posterior, stats)


def _nutpie(request: ModelRequest, settings: SamplingSettings, seed: int) -> xr.DataTree:
    tree: xr.DataTree = nutpie.sample(
        compiled(request),
        draws=settings.draws,
        tune=settings.tune,
        chains=settings.chains,
        cores=min(settings.chains, available_cores()),
        target_accept=settings.target_accept,
        seed=seed,
        progress_bar=False,
        save_warmup=False,
    )
    return tree


def _pymc(request: ModelRequest, settings: SamplingSettings, seed: int) -> xr.DataTree:
    with no_fastmath(), build_model(request):
        tree: xr.DataTree = pm.sample(
            draws=settings.draws,
            tune=settings.tune,
            chains=settings.chains,
            target_accept=settings.target_accept,
            nuts_sampler="pymc",
            random_seed=seed,
            progressbar=False,
            compute_convergence_checks=False,
        )
    return tree
