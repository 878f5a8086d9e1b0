"""The coordinates of the study effects: an exact change of variables, made so that they are standard normal."""

from __future__ import annotations

import math

import numpy as np
import pymc as pm
import pytest
from scipy import stats

from mutau import priors
from mutau.requests import ModelRequest
from mutau.sampling import build_model

YI, SEI = np.array([0.3, -1.2, 4.0]), np.array([0.05, 0.4, 3.0])


def model(df=math.inf, tau=priors.HalfNormal(0.5)):
    data = {"yi": YI, "sei": SEI}
    return build_model(ModelRequest("normal", data, priors.Normal(0, 4), tau, ("a", "b", "c"), effects_df=df))


def points(built, seed=1):
    rng = np.random.default_rng(seed)
    for log_tau in (-20.0, -2.0, 0.0, 3.0):
        yield built.initial_point() | {
            "mu": np.float64(rng.normal()),
            "tau_log__": np.float64(log_tau),
            "z_near__": rng.normal(size=3),
        }


@pytest.mark.parametrize("df", [math.inf, 4.0])
def test_the_density_is_that_of_z_times_the_jacobian(df):
    built = model(df)
    density = built.compile_logp(built["z"])
    for point in points(built):
        mu, tau, x = point["mu"], np.exp(point["tau_log__"]), point["z_near__"]
        scale = SEI / np.sqrt(SEI**2 + tau**2)
        z = tau * (YI - mu) / (SEI**2 + tau**2) + scale * x
        expected = (stats.norm if math.isinf(df) else stats.t(df)).logpdf(z).sum() + np.log(scale).sum()
        assert density(point) == pytest.approx(expected, rel=1e-12)


def test_under_normal_likelihoods_study_effects_are_standard_normal_and_independent_of_mu_and_tau():
    built = model()
    assert [variable.name for variable in built.value_vars] == ["mu", "tau_log__", "z_near__"]
    gradient = built.compile_dlogp()
    for point in points(built):
        np.testing.assert_allclose(gradient(point)[2:], -point["z_near__"], rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("df", [math.inf, 4.0])
def test_draws_from_the_prior_do_not_depend_on_where_the_data_lie(df):
    with model(df):
        drawn = pm.sample_prior_predictive(4000, random_seed=1)["prior"]["z"].values.ravel()
    distribution = stats.norm if math.isinf(df) else stats.t(df)
    assert stats.kstest(drawn, distribution.cdf).pvalue > 1e-4


def test_a_tau_of_zero_is_a_point_like_any_other():
    built = model(tau=priors.PointMass(0.0))
    gradient = built.compile_dlogp()
    point = built.initial_point() | {"z_near__": np.array([0.5, -1.0, 2.0])}
    np.testing.assert_allclose(gradient(point)[1:], [-0.5, 1.0, -2.0])
