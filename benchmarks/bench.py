"""How fast is mutau? Three tables: engines, classic pooling, sampling; beside them plainly written code, and metafor.

Run by `make bench`; `python benchmarks/bench.py classic` prints the second table alone. Everything is timed in this
one run, warm unless it says first call, and given as a ratio, to the exact engine's array-level posterior or to plain
NumPy: seconds differ between machines, ratios much less. The data are the BCG trials (13 log risk ratios).
"""

from __future__ import annotations

import logging
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import arviz as az
import numpy as np
import pymc as pm
from plain import plain_dl, plain_reml

import mutau
from mutau import exact, priors
from mutau.classic import TAU2_METHODS, inverse_variance, inverse_variance_many
from mutau.requests import ModelRequest
from mutau.sampling import SamplingSettings, sample
from mutau.surfacing import _surfaces, surface_posterior

ROOT = Path(__file__).parents[1]
MU, TAU = priors.Normal(0, 2.82), priors.HalfNormal(0.5)


def seconds_of(call: Callable[[], object], repeats: int) -> list[float]:
    """Wall times of a call after one unmeasured call."""
    call()
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - start)
    return seconds


def median_seconds(call: Callable[[], object], repeats: int) -> float:
    """Median of `seconds_of`."""
    return float(np.median(seconds_of(call, repeats)))


def least_seconds(call: Callable[[], object], repeats: int) -> float:
    """Least of `seconds_of`: what a call takes where nothing else wants the processor."""
    return min(seconds_of(call, repeats))


def exact_posterior(yi: np.ndarray, sei: np.ndarray) -> object:
    """The posterior, three quantiles and a tail probability."""
    mu = exact.normal(yi, sei, mu=MU, tau=TAU).mu
    return mu.quantile(np.array([0.025, 0.5, 0.975])), mu.sf(0.0)


def plain_pymc(yi: np.ndarray, sei: np.ndarray) -> object:
    """The model as one writes it first, sampled by PyMC's own NUTS with its defaults."""
    with pm.Model():
        mu = pm.Normal("mu", 0, 2.82)
        tau = pm.HalfNormal("tau", 0.5)
        theta = pm.Normal("theta", mu, tau, shape=len(yi))
        pm.Normal("y", theta, sei, observed=yi)
        return pm.sample(
            nuts_sampler="pymc", progressbar=False, random_seed=1, compute_convergence_checks=False
        )


def plain_counts(counts: dict[str, np.ndarray]) -> object:
    """The binomial model of odds ratios as one writes it first, centred, sampled by PyMC's own NUTS."""
    k = len(counts["n_treatment"])
    with pm.Model():
        mu = pm.Normal("mu", 0, 2.82)
        tau = pm.HalfNormal("tau", 0.5)
        theta = pm.Normal("theta", mu, tau, shape=k)
        eta = pm.Normal("eta", 0, 10, shape=k)
        for arm, sign in (("treatment", 1), ("control", -1)):
            n, events = (counts[f"{name}_{arm}"].astype(int) for name in ("n", "events"))
            pm.Binomial(arm, n=n, logit_p=(eta + sign * theta) / 2, observed=events)
        return pm.sample(
            nuts_sampler="pymc", progressbar=False, random_seed=1, compute_convergence_checks=False
        )


def draws_per_second(call: Callable[[], object]) -> float:
    """Smallest of bulk and tail effective sample size of mu, per second of a call after one unmeasured call."""
    call()
    start = time.perf_counter()
    result: Any = call()
    seconds = time.perf_counter() - start
    mu = result["posterior"]["mu"] if hasattr(result, "children") else result.posterior["mu"]
    return min(float(az.ess(mu, method=method)) for method in ("bulk", "tail")) / seconds


def metafor_seconds(yi: np.ndarray, sei: np.ndarray) -> float | None:
    """Seconds of one REML fit in R's metafor, or None where R or metafor is missing."""
    if shutil.which("Rscript") is None:
        return None
    data = f"yi <- c({','.join(map(str, yi))}); vi <- c({','.join(map(str, sei**2))})"
    code = (
        "suppressMessages(library(metafor)); "
        + data
        + "; invisible(rma(yi, vi)); t <- proc.time()[['elapsed']]; "
        "for (i in 1:200) rma(yi, vi, test='knha'); cat((proc.time()[['elapsed']] - t) / 200)"
    )
    done = subprocess.run(["Rscript", "-e", code], capture_output=True, text=True, check=False)
    return float(done.stdout) if done.returncode == 0 else None


def many(n: int, error: bool) -> Callable[[], object]:
    """A call that fits n meta-analyses of 8 studies; with the quadrature's error estimate, or without."""
    rng = np.random.default_rng(1)
    yi, sei = rng.normal(0, 0.5, 8 * n), np.exp(rng.normal(-1, 0.5, 8 * n))
    k = np.full(n, 8)
    return lambda: exact.normal_many(yi, sei, k, mu=MU, tau=TAU, error=error, tau_quantiles=False)


def grids(n: int) -> Callable[[], object]:
    """A call that answers n outcomes of 3 studies, each under 50 priors of mu by 50 of tau."""
    rng = np.random.default_rng(2)
    yi, sei = rng.normal(0, 0.5, (n, 3)), np.exp(rng.normal(-1, 0.5, (n, 3)))
    factors = 2.0 ** (np.arange(-30, 20) / 10)
    mus = [priors.Normal(0, 2.82 * factor) for factor in factors]
    taus = [priors.HalfNormal(0.5 * factor) for factor in factors]
    return lambda: [exact.normal_grid(y, s, mus, taus) for y, s in zip(yi, sei, strict=True)]


def classic_rows(yi: np.ndarray, vi: np.ndarray) -> list[tuple[str, float, float]]:
    """What is pooled, seconds of one fit, and seconds of the reference that it is compared with."""
    rng, sets = np.random.default_rng(3), 20_000
    v = np.exp(rng.normal(-2, 1, 13 * sets))
    y, k = rng.normal(0, np.sqrt(v + 0.1)), np.full(sets, 13)
    few = [(y[i : i + 13], v[i : i + 13]) for i in range(0, 13 * 30, 13)]
    reml = least_seconds(lambda: [plain_reml(*one) for one in few], 60) / len(few)
    dl = least_seconds(lambda: [plain_dl(*one) for one in few], 60) / len(few)

    def many(tau2: str, ci: str) -> float:
        return least_seconds(lambda: inverse_variance_many(y, v, k, tau2=tau2, ci=ci), 25) / sets

    big_v = np.exp(rng.normal(-2, 1, 100_000))
    big_y = rng.normal(0.1, np.sqrt(big_v + 0.05))
    big = least_seconds(lambda: plain_reml(big_y, big_v), 3)

    def large(**options: str) -> float:
        return least_seconds(lambda: inverse_variance(big_y, big_v, **options), 3)

    eleven = yi[:11], vi[:11]
    return [
        ("plain NumPy: REML by Fisher scoring, Hartung-Knapp, Q, prediction", reml, reml),
        (
            "mutau.pool: the same, with Q-profile, I2, H2, notes",
            least_seconds(lambda: mutau.pool(yi=yi, vi=vi), 500),
            reml,
        ),
        ("one of 20,000 REML fits at once", many("REML", "HK"), reml),
        ("plain NumPy: DerSimonian-Laird, Wald", dl, dl),
        ("one of 20,000 DerSimonian-Laird fits at once", many("DL", "wald"), dl),
        ("plain NumPy: REML of 100,000 studies", big, big),
        ("mutau: the same, with the Q-profile interval", large(tau2="REML"), big),
        ("mutau: slowest of the other estimators", max(large(tau2=name) for name in TAU2_METHODS), big),
        ("mutau: REML, profile likelihood interval", large(tau2="REML", tau2_ci="PL"), big),
        ("mutau: REML, Biggerstaff-Jackson interval", large(tau2="REML", tau2_ci="BJ"), big),
        ("mutau: REML, Jackson interval", large(tau2="REML", tau2_ci="J"), big),
        (
            "mutau: permutation interval of 11 studies, REML under 1,024 patterns, 60 times",
            least_seconds(lambda: inverse_variance(*eleven, ci="permutation"), 3),
            reml,
        ),
    ]


def print_classic(yi: np.ndarray, vi: np.ndarray) -> None:
    """Print the table of classic pooling as Markdown."""
    print("\n| classic pooling | seconds | ratio to plain NumPy |\n| --- | ---: | ---: |")
    for name, seconds, reference in classic_rows(yi, vi):
        print(f"| {name} | {seconds:.3g} | {seconds / reference:,.3g} |")


def cold_seconds(code: str) -> float:
    """Seconds of a first call in a fresh process with an empty cache, imports included."""
    with tempfile.TemporaryDirectory() as cache:
        timed = f"import time; start = time.perf_counter(); {code}; print(time.perf_counter() - start)"
        environment = os.environ | {"NUMBA_CACHE_DIR": cache}
        done = subprocess.run(
            [sys.executable, "-c", timed], capture_output=True, text=True, check=True, env=environment
        )
    return float(done.stdout)


COLD_NORMAL = "from mutau import exact; exact.normal([0.1, 0.4], [0.2, 0.3]).mu.quantile(0.5)"
COLD_MANY = "from mutau import exact; exact.normal_many([0.1, 0.4], [0.2, 0.3], [2])"
COLD_FIT = f"""import mutau
model = mutau.OutcomeModel(name="bcg", measure="RR", benefit="lower")
mutau.fit(mutau.read_studies({str(ROOT / "data" / "bcg" / "bcg.csv")!r}), model, engine="exact", seed=1)"""


def counts_request(studies: object) -> ModelRequest:
    """The BCG trials as counts: binomial, odds ratio."""
    table = mutau.effects(studies, measure="OR")
    columns = ("events_treatment", "n_treatment", "events_control", "n_control")
    data = {name: table[name].to_numpy(dtype=np.float64) for name in columns}
    return ModelRequest("binomial", data, MU, TAU, tuple(table["study"] + table.index.astype(str)), "OR")


def exact_counts(request: ModelRequest) -> object:
    """The surface made anew, then the posterior of mu and of a new setting, three quantiles each."""
    _surfaces.clear()
    posterior = surface_posterior(request)
    p = np.array([0.025, 0.5, 0.975])
    return posterior.mu.quantile(p), posterior.theta_new.quantile(p)


def sampling_speed(request: ModelRequest, counts: ModelRequest) -> list[tuple[str, float]]:
    """Effective draws of mu per second, warm: each model by its compiled template, then plainly written."""
    settings, yi, sei = SamplingSettings(), request.data["yi"], request.data["sei"]
    two = _first_two(counts)
    return [
        ("normal, 13 trials: mutau", draws_per_second(lambda: sample(request, settings, 1))),
        ("normal, 13 trials: plainly written", draws_per_second(lambda: plain_pymc(yi, sei))),
        ("normal, 2 trials: mutau", draws_per_second(lambda: sample(_first_two(request), settings, 1))),
        ("normal, 2 trials: plainly written", draws_per_second(lambda: plain_pymc(yi[:2], sei[:2]))),
        ("binomial, 13 trials: mutau", draws_per_second(lambda: sample(counts, settings, 1))),
        ("binomial, 13 trials: plainly written", draws_per_second(lambda: plain_counts(dict(counts.data)))),
        ("binomial, 2 trials: mutau", draws_per_second(lambda: sample(two, settings, 1))),
        ("binomial, 2 trials: plainly written", draws_per_second(lambda: plain_counts(dict(two.data)))),
    ]


def _first_two(request: ModelRequest) -> ModelRequest:
    return replace(
        request, data={name: column[:2] for name, column in request.data.items()}, study=request.study[:2]
    )


def measure(request: ModelRequest, counts: ModelRequest, studies: object) -> list[tuple[str, float | None]]:
    """Time everything, in the order of the table."""
    model = mutau.OutcomeModel(name="bcg", measure="RR", benefit="lower")
    yi, sei = request.data["yi"], request.data["sei"]
    settings, sets = SamplingSettings(), 100_000
    wider = replace(counts, tau_prior=priors.HalfNormal(1.0))
    return [
        (
            "exact: posterior, 3 quantiles, a tail probability",
            median_seconds(lambda: exact_posterior(yi, sei), 200),
        ),
        ("exact: one of 100,000 at once (k = 8)", median_seconds(many(sets, False), 3) / sets),
        ("exact: the same, with the error estimate", median_seconds(many(sets, True), 3) / sets),
        ("exact: 34 outcomes, 50 by 50 priors each", median_seconds(grids(34), 3)),
        (
            "exact: mutau.fit with 4,000 draws and the whole tree",
            median_seconds(lambda: mutau.fit(studies, model, engine="exact", seed=1).tree, 20),
        ),
        (
            "exact: counts, binomial odds ratio, surface and answers",
            median_seconds(lambda: exact_counts(counts), 5),
        ),
        (
            "exact: counts, the same surface under another prior",
            median_seconds(lambda: surface_posterior(wider).mu, 20),
        ),
        (
            "sampled: 16,000 draws through the compiled template",
            median_seconds(lambda: sample(request, settings, 1), 5),
        ),
        (
            "sampled: PyMC's own NUTS on the plainly written model, 4,000 draws",
            median_seconds(lambda: plain_pymc(yi, sei), 1),
        ),
        (
            "classic: mutau.pool, REML with Hartung-Knapp",
            median_seconds(lambda: mutau.pool(yi=yi, sei=sei), 500),
        ),
        ("classic: metafor's rma, REML with Hartung-Knapp", metafor_seconds(yi, sei)),
        ("exact: first call with nothing compiled yet, exact.normal", cold_seconds(COLD_NORMAL)),
        ("exact: the same, exact.normal_many", cold_seconds(COLD_MANY)),
        ("exact: the same, mutau.fit", cold_seconds(COLD_FIT)),
    ]


def main() -> None:
    """Print the table as Markdown."""
    logging.getLogger("pymc").setLevel(logging.ERROR)
    warnings.simplefilter("ignore")
    studies = mutau.read_studies(ROOT / "data" / "bcg" / "bcg.csv")
    table = mutau.effects(studies, measure="RR")
    data = {name: table[name].to_numpy() for name in ("yi", "sei")}
    request = ModelRequest("normal", data, MU, TAU, tuple(table["study"] + table.index.astype(str)))
    if sys.argv[1:] == ["classic"]:
        print_classic(data["yi"], data["sei"] ** 2)
        return
    counts = counts_request(studies)
    rows = measure(request, counts, studies)
    unit = rows[0][1]
    assert unit is not None
    print(f"{date.today()}, {platform.machine()}, Python {platform.python_version()}, BCG (13 trials)\n")
    print("| what | seconds | ratio |\n| --- | ---: | ---: |")
    for name, seconds in rows:
        ratio = 0.0 if seconds is None else seconds / unit
        shown = (
            "not installed |" if seconds is None else f"{seconds:.3g} | {ratio:,.{0 if ratio > 1 else 2}f}"
        )
        print(f"| {name} | {shown} |")
    print_classic(data["yi"], data["sei"] ** 2)
    speed = sampling_speed(request, counts)
    print(
        "\n| sampling, of the BCG trials | effective draws of mu per second | ratio |\n| --- | ---: | ---: |"
    )
    plain = [rate for _, rate in speed[1::2] for _ in range(2)]
    for (name, rate), other in zip(speed, plain, strict=True):
        print(f"| {name} | {rate:,.0f} | {rate / other:.1f} |")


if __name__ == "__main__":
    main()
