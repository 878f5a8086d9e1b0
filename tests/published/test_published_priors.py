"""Numbers that papers print about prior distributions."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import integrate, special

from mutau import priors


def test_turner_2015_as_printed_by_roever_2020():
    """Röver 2020 (doi:10.18637/jss.v093.i06) prints 0.06234 .34301 1.88735; the last is 1.88734 exactly."""
    prior = priors.LogNormal.on_tau2(-2.14, 1.74)
    assert prior == priors.LogNormal(-1.07, 0.87)
    printed = [0.06234, 0.34301, 1.88735]
    np.testing.assert_allclose(prior.ppf([0.025, 0.5, 0.975]), printed, rtol=6e-5)
    assert prior.ppf(0.975) == pytest.approx(math.exp(-1.07 + 0.87 * 1.959963984540054), rel=1e-14)


@pytest.mark.parametrize(
    ("tau", "printed"),
    [
        (priors.HalfNormal(0.5), 1.092287),
        (priors.HalfNormal(1), 2.184573),
        (priors.HalfCauchy(0.5), 5.050571),
    ],
    ids=str,
)
def test_prior_predictive_of_a_study_effect_as_bayesmeta_prints(tau, printed):
    """97.5% quantile of theta ~ Normal(0, tau squared) over the prior of tau.

    bayesmeta's grid (by default it cuts 1e-4 off tau) puts the tail beyond the printed value 0.3% below 0.025.
    """

    def above(share: float) -> float:
        return float(special.ndtr(-printed / tau.ppf(share)))

    tail = integrate.quad(above, 0, 1, epsabs=1e-12, limit=500)[0]
    assert tail == pytest.approx(0.025, rel=4e-3)


def test_guenhan_roever_friede_2020_abstract():
    """Normal(0, 2.82) holds the odds ratio in 1/250 to 250 with 95% probability (doi:10.1002/jrsm.1370)."""
    prior = priors.default_priors("ratio").mu
    assert prior.cdf(math.log(250)) - prior.cdf(-math.log(250)) == pytest.approx(0.95, abs=5e-4)
    assert round(math.exp(prior.ppf(0.975)), -1) == 250
