"""The engines that turn a request into a posterior, behind one shape of answer.

Each engine says whether it supports a request, and runs it. Nothing falls back in silence: ``auto`` takes the exact
engine where it can, and the result names the engine that made it.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from mutau.errors import ArgumentError, Fault, nearest
from mutau.priors import Mixture
from mutau.records import CheckResult
from mutau.requests import ModelRequest

if TYPE_CHECKING:
    from mutau.exact import ExactPosterior
    from mutau.sampling import SamplingSettings

__all__ = [
    "ASKABLE",
    "ENGINES",
    "Engine",
    "EngineRecord",
    "EngineResult",
    "choose",
    "exact_posterior",
    "is_normal",
]

EXACT_DRAWS = (4, 1000)
"""Independent draws that fill ``posterior`` when nothing was sampled: as four chains, so that ArviZ works."""

ERROR_MAX = 1e-6
"""Largest error estimate of the normal-normal quadrature that passes, in posterior SDs (or as a probability)."""

SURFACE_ERROR_MAX = 1e-4
"""The same for a surface over mu and tau, whose estimate is of the polynomials between its nodes, not at them."""


@dataclass(frozen=True, slots=True, eq=False)
class EngineResult:
    """What any engine gives back.

    Parameters
    ----------
    draws : callable
        Gives a Dataset with ``mu``, ``tau`` (chain, draw), ``theta`` (chain, draw, study), and ``theta_new`` where
        the engine draws it. The exact engine draws when it is called: its answers need no draws.
    settings : dict
        The engine's settings.
    attempts : int
        Attempts made.
    checks : tuple of CheckResult
        Of convergence or of the quadrature.
    warnings : tuple of str
        What a reader must know.
    seconds : float
        Wall time.
    sample_stats : Dataset, optional
        The sampler's statistics.
    exact : NormalPosterior or SurfacePosterior, optional
        The posterior itself, where it is known exactly.
    """

    draws: Callable[[], xr.Dataset]
    settings: dict[str, Any]
    attempts: int
    checks: tuple[CheckResult, ...]
    warnings: tuple[str, ...]
    seconds: float
    sample_stats: xr.Dataset | None = None
    exact: ExactPosterior | None = None


@dataclass(frozen=True, slots=True)
class EngineRecord:
    """How a posterior was made, enough to make it again.

    Parameters
    ----------
    name : str
        The engine that made it: ``"sampling"`` or ``"exact"``.
    asked : str
        What was asked for: one of these, or ``"auto"``.
    versions : dict
        Of mutau and the libraries that matter for the numbers.
    settings : dict
        The engine's settings of the attempt that was kept.
    seed : int
        The same seed gives the same numbers.
    seconds : float
        Wall time of the engine, compilation included.
    attempts : int
        Attempts made; more than 1 if a first one failed its convergence checks.
    checks : tuple of CheckResult
        Of convergence, or of the quadrature's error estimate.
    warnings : tuple of str
        What a reader must know of this run.
    """

    name: str
    asked: str
    versions: dict[str, str]
    settings: dict[str, Any]
    seed: int
    seconds: float
    attempts: int
    checks: tuple[CheckResult, ...]
    warnings: tuple[str, ...]

    @property
    def converged(self) -> bool:
        """Whether every check passed."""
        return all(check.passed for check in self.checks)


@dataclass(frozen=True, slots=True)
class Engine:
    """One engine.

    Parameters
    ----------
    name : str
        The word `mutau.fit` takes.
    supports : callable
        Says why it cannot fit a request, or nothing if it can.
    run : callable
        ``(request, seed sequence, sampling settings or None) -> EngineResult``.
    """

    name: str
    supports: Callable[[ModelRequest], str | None]
    run: Callable[[ModelRequest, np.random.SeedSequence, SamplingSettings | None], EngineResult]


def _sampling_supports(request: ModelRequest) -> str | None:
    from mutau.sampling import supports

    return supports(request)


def _run_sampling(
    request: ModelRequest, seed: np.random.SeedSequence, sampling: SamplingSettings | None
) -> EngineResult:
    from mutau.sampling import SamplingSettings, sample

    draws = sample(request, sampling or SamplingSettings(), int(seed.generate_state(1)[0]))
    return EngineResult(
        partial(getattr, draws, "posterior"),
        draws.settings,
        draws.attempts,
        draws.checks,
        draws.warnings,
        draws.seconds,
        sample_stats=draws.sample_stats,
    )


def _exact_supports(request: ModelRequest) -> str | None:
    from mutau.exact import supports
    from mutau.surfacing import unsupported

    if not is_normal(request):
        return unsupported(request)
    answer = supports(request.mu_prior, request.tau_prior)
    return None if answer.exists else answer.reason


def is_normal(request: ModelRequest) -> bool:
    """Whether the normal-normal rule applies: normal likelihood and random effects, and no mixture for tau."""
    normal = request.likelihood == "normal" and math.isinf(request.effects_df)
    return normal and not isinstance(request.tau_prior, Mixture)


def exact_posterior(request: ModelRequest) -> ExactPosterior:
    """Integrate by the normal-normal rule where it applies, else on the surface of the likelihood over mu and tau.

    Parameters
    ----------
    request : ModelRequest
        One that ``ENGINES["exact"]`` supports.
    """
    from mutau import exact
    from mutau.surfacing import surface_posterior

    if is_normal(request):
        return exact.normal(
            request.data["yi"], request.data["sei"], mu=request.mu_prior, tau=request.tau_prior
        )
    return surface_posterior(request)


def _run_exact(
    request: ModelRequest, seed: np.random.SeedSequence, sampling: SamplingSettings | None
) -> EngineResult:
    start = time.perf_counter()
    del sampling  # nothing is sampled; the draws below are independent
    posterior = exact_posterior(request)
    error = posterior.error_estimate
    most = ERROR_MAX if is_normal(request) else SURFACE_ERROR_MAX
    check = CheckResult(
        "quadrature error", bool(error <= most), error, f"at most {most:g} posterior SD", "estimate"
    )
    warnings = () if check.passed else (f"the quadrature's error estimate is {error:.2g} posterior SD",)
    settings = dict(zip(("chains", "draws"), EXACT_DRAWS, strict=True))
    seconds = time.perf_counter() - start
    draws = partial(_independent_draws, posterior, request.study, seed)
    return EngineResult(draws, settings, 1, (check,), warnings, seconds, exact=posterior)


def _independent_draws(
    posterior: ExactPosterior, study: tuple[str, ...], seed: np.random.SeedSequence
) -> xr.Dataset:
    chains, draws = EXACT_DRAWS
    drawn = posterior.sample(np.random.default_rng(seed), chains * draws)
    dims, shape = ("chain", "draw"), EXACT_DRAWS
    return xr.Dataset(
        {
            "mu": (dims, drawn.mu.reshape(shape)),
            "tau": (dims, drawn.tau.reshape(shape)),
            "theta": ((*dims, "study"), drawn.theta.reshape(*shape, posterior.k)),
            "theta_new": (dims, drawn.theta_new.reshape(shape)),
        },
        coords={"chain": np.arange(chains), "draw": np.arange(draws), "study": list(study)},
    )


ENGINES = {
    "sampling": Engine("sampling", _sampling_supports, _run_sampling),
    "exact": Engine("exact", _exact_supports, _run_exact),
}
"""Every engine that makes a posterior, by name."""

ASKABLE = (*ENGINES, "auto")
"""What `mutau.fit` takes as engine."""


def choose(asked: str, request: ModelRequest) -> Engine:
    """Give the engine asked for, or the exact one if ``auto`` is asked for and it can, else sampling.

    Raises
    ------
    ArgumentError
        No such engine, or it cannot fit this request: says why.
    """
    if asked not in ASKABLE:
        raise ArgumentError(Fault(f"engine = {asked!r}", "There is no such engine", nearest(asked, ASKABLE)))
    if asked == "auto":
        return ENGINES["sampling" if ENGINES["exact"].supports(request) else "exact"]
    engine = ENGINES[asked]
    if reason := engine.supports(request):
        rule = f"This engine cannot fit this model: {reason}"
        raise ArgumentError(Fault(f"engine = {asked!r}", rule, 'Change the model, or use engine="auto"'))
    return engine
