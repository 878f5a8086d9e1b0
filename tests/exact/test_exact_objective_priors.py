"""The exact engine under priors made from standard errors, and under an inverse-gamma prior of tau squared."""

from __future__ import annotations

import importlib.util
import json
import math
import sys
from pathlib import Path

import numpy as np
import pytest

from mutau import exact, priors
from mutau.errors import ImproperPosteriorError

spec = importlib.util.spec_from_file_location("exact_dense", Path(__file__).with_name("dense.py"))
module = sys.modules["exact_dense"] = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
dense = module.dense

REFERENCE = json.loads((Path(__file__).parents[1] / "reference" / "bayesmeta_priors.json").read_text())
YI, SEI = np.array(REFERENCE["yi"]), np.array(REFERENCE["sei"])
FAMILIES = {
    "Jeffreys": priors.Jeffreys(),
    "BergerDeely": priors.BergerDeely(),
    "DuMouchel": priors.DuMouchel(),
    "shrinkage": priors.UniformShrinkage(),
    "I2": priors.UniformI2(),
}
TAU = 1e-6  # bayesmeta integrates tau adaptively
MU = 4e-3  # of the SD: its grid for mu is cut at 1e-4 and has a divergence of 1%
BAR = 1e-6  # of a posterior SD, against integration that shares no code


@pytest.mark.parametrize("name", FAMILIES)
def test_bayesmeta(name):
    printed, p = REFERENCE["posteriors"][name], REFERENCE["p"]
    posterior = exact.normal(YI, SEI, mu=priors.Flat(), tau=FAMILIES[name])
    np.testing.assert_allclose(posterior.tau.quantile(p), printed["tau"], rtol=TAU)
    assert posterior.tau.mean == pytest.approx(printed["tau_mean"], rel=1e-5)
    assert posterior.tau.sd == pytest.approx(printed["tau_sd"], rel=1e-5)
    np.testing.assert_allclose(posterior.mu.quantile(p), printed["mu"], atol=MU * posterior.mu.sd)
    assert math.isnan(posterior.log_marginal)
    assert posterior.error_estimate < 1e-10


CASES = {
    "crins": (YI, SEI),
    "two": ([0.1, 1.4], [0.2, 0.5]),
    "unequal": ([0.0, 0.3, -2.0, 5.0], [0.001, 0.3, 1.0, 40.0]),
}
OTHERS = [
    *FAMILIES.values(),
    priors.Jeffreys((0.01, 3.0)),  # standard errors of other studies
    priors.BergerDeely((0.01, 3.0)),
    priors.DuMouchel(times=2),
    priors.RootInverseGamma(1.0, 0.15),
    priors.RootInverseGamma(0.001, 0.001),
]


@pytest.mark.parametrize("data", CASES.values(), ids=CASES)
@pytest.mark.parametrize("tau", OTHERS, ids=str)
def test_dense_integration(data, tau):
    mu = priors.Normal(0, 4)
    posterior, made = exact.normal(*data, mu=mu, tau=tau), tau.given(data[1])
    if tau == priors.RootInverseGamma(0.001, 0.001):
        made_dense = dense(*data, mu, made, points=60001)
    else:
        made_dense = dense(*data, mu, made)
    for which in ("mu", "theta_new"):
        marginal = getattr(posterior, which)
        for p in (0.025, 0.5, 0.975):
            x = marginal.quantile(p)
            assert made_dense.cdf(which, x) == pytest.approx(p, abs=BAR)
    if made.is_proper:
        assert posterior.log_marginal == pytest.approx(made_dense.log_z, abs=1e-8)
    assert posterior.error_estimate < 1e-6


def test_standard_errors_come_from_the_data():
    posterior = exact.normal(YI, SEI, tau=priors.DuMouchel())
    assert posterior.request.tau == priors.DuMouchel().given(SEI)


def test_no_posterior_where_there_is_none():
    with pytest.raises(ImproperPosteriorError, match=r"Jeffreys.* needs at least 2 studies; there is 1"):
        exact.normal([0.1], [0.2], mu=priors.Flat(), tau=priors.Jeffreys())
