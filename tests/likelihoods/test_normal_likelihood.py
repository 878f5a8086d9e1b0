"""The integrated normal likelihood against quadrature over theta; its replicates against their moments."""

import numpy as np
import pytest
from scipy import integrate, stats

from mutau.likelihoods import LIKELIHOODS, NORMAL

DATA = {"yi": np.array([1.4, -0.2]), "sei": np.array([0.3, 1.02])}


@pytest.mark.parametrize(("mu", "tau"), [(0.0, 0.5), (1.7, 0.01), (-3.0, 2.0)])
def test_integrates_theta_out(mu, tau):
    expected = []
    for yi, sei in zip(DATA["yi"], DATA["sei"], strict=True):
        centre, spread = (yi + mu) / 2, 12 * (sei + tau + abs(yi - mu))
        value, _ = integrate.quad(
            lambda theta, yi=yi, sei=sei: stats.norm.pdf(yi, theta, sei) * stats.norm.pdf(theta, mu, tau),
            centre - spread,
            centre + spread,
            points=[yi, mu],
            epsabs=0,
            epsrel=1e-11,
            limit=400,
        )
        expected.append(np.log(value))
    got = NORMAL.log_likelihood(DATA, np.array(mu), np.array(tau))
    np.testing.assert_allclose(got, expected, rtol=1e-9)


def test_tau_zero_is_the_common_effect_likelihood():
    got = NORMAL.log_likelihood(DATA, np.array([0.5, 1.0]), np.array([0.0, 0.0]))
    expected = stats.norm.logpdf(DATA["yi"], np.array([[0.5], [1.0]]), DATA["sei"])
    np.testing.assert_allclose(got, expected, rtol=1e-13)


def test_shapes_follow_chain_draw_study():
    mu = np.zeros((4, 10))
    assert NORMAL.log_likelihood(DATA, mu, mu + 1).shape == (4, 10, 2)
    assert NORMAL.replicate(DATA, mu, mu + 1, np.random.default_rng(1)).shape == (4, 10, 2)


def test_replicates_have_a_fresh_theta():
    rng = np.random.default_rng(1)
    draws = NORMAL.replicate(DATA, np.full(200_000, 0.7), np.full(200_000, 0.5), rng)
    expected_sd = np.hypot(DATA["sei"], 0.5)
    np.testing.assert_allclose(draws.mean(0), 0.7, atol=5 * expected_sd.max() / np.sqrt(200_000))
    np.testing.assert_allclose(draws.std(0), expected_sd, rtol=0.01)


def test_registry_names_are_the_records_names():
    assert all(name == likelihood.name for name, likelihood in LIKELIHOODS.items())
