"""Have the chains converged? The thresholds, each as a `CheckResult`.

R-hat and effective sample size are rank-normalised, as in Vehtari et al. (2021, Bayesian Analysis),
doi:10.1214/20-BA1221; BFMI as in Betancourt (2016), arXiv:1604.00695.
"""

from __future__ import annotations

import arviz as az
import numpy as np
import xarray as xr

from mutau.records import CheckResult

__all__ = ["BFMI_MIN", "DIVERGENT_SHARE_MAX", "ESS_MIN", "RHAT_MAX", "convergence_checks", "describe_failure"]

RHAT_MAX = 1.01
ESS_MIN = 400.0
BFMI_MIN = 0.3
DIVERGENT_SHARE_MAX = 0.001

_REMEDY = (
    "sample longer (more `tune` and `draws`) or a higher `target_accept`; if that fails, a narrower prior"
)


def convergence_checks(posterior: xr.Dataset, sample_stats: xr.Dataset) -> tuple[CheckResult, ...]:
    """Check every parameter's R-hat, bulk and tail ESS, BFMI and divergences.

    Parameters
    ----------
    posterior : Dataset
        Draws with dims (chain, draw, ...). A constant (tau under a point mass) is not checked.
    sample_stats : Dataset
        With ``diverging`` and ``energy``, dims (chain, draw).

    Returns
    -------
    tuple of CheckResult
        R-hat, bulk ESS, tail ESS, BFMI, divergences, in this order.
    """
    moving = posterior[[name for name in posterior.data_vars if float(posterior[name].std()) > 0]]
    divergent = int(sample_stats["diverging"].sum())
    total = sample_stats["diverging"].size
    with np.errstate(divide="ignore", invalid="ignore"):  # a chain that stands still; infinity and NaN fail
        bfmi = np.asarray(az.bfmi(sample_stats["energy"].values))
        rhat, bulk = az.rhat(moving), az.ess(moving, method="bulk")
        tail = az.ess(moving, method="tail", prob=(0.05, 0.95))
    return (
        _worst("R-hat", rhat, at_most=RHAT_MAX),
        _worst("bulk ESS", bulk, at_least=ESS_MIN),
        _worst("tail ESS", tail, at_least=ESS_MIN),
        CheckResult(
            "BFMI", bool(bfmi.min() >= BFMI_MIN), float(bfmi.min()), f"at least {BFMI_MIN}", "worst chain"
        ),
        CheckResult(
            "divergences",
            divergent <= DIVERGENT_SHARE_MAX * total,
            float(divergent),
            f"at most {DIVERGENT_SHARE_MAX:.1%} of draws",
            f"{divergent} of {total} draws",
        ),
    )


def _worst(
    name: str, values: xr.Dataset, *, at_most: float = np.inf, at_least: float = -np.inf
) -> CheckResult:
    """The worst value over all parameters, where it is, and whether the rule holds (a NaN fails it)."""
    sign = 1.0 if np.isfinite(at_most) else -1.0
    worst_variable, worst = "", -np.inf
    for variable, array in values.data_vars.items():
        value = float((sign * array).max(skipna=False))
        if np.isnan(value) or value > worst:
            worst_variable, worst = str(variable), value
        if np.isnan(value):
            break
    value = sign * worst
    rule = f"at most {at_most}" if sign > 0 else f"at least {at_least:.0f}"
    return CheckResult(name, bool(at_least <= value <= at_most), value, rule, f"worst: {worst_variable}")


def describe_failure(checks: tuple[CheckResult, ...]) -> str:
    """Say which checks failed, by how much, and what to do; nothing if all passed."""
    failed = [check for check in checks if not check.passed]
    if not failed:
        return ""
    faults = "; ".join(f"{check.name} {check.value:.4g} ({check.rule}; {check.detail})" for check in failed)
    return f"the chains have not converged: {faults}. Remedy: {_REMEDY}."
