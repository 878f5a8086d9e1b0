"""A prior from an earlier fit: how far it is from the posterior it stands for, and how a robust one gives way."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import pytest
from scipy import integrate, stats

import mutau
from mutau import exact, priors
from mutau.drawn import DrawsMarginal
from mutau.errors import ApproximationWarning, ArgumentError

EARLIER = pd.DataFrame({"study": list("abc"), "yi": [-0.4, -0.1, -0.3], "sei": [0.2, 0.15, 0.3]})
MODEL = mutau.OutcomeModel(name="earlier", measure="OR", benefit="lower")
GRID = np.linspace(-12, 12, 4001)


@pytest.fixture(scope="module")
def earlier():
    return mutau.fit(EARLIER, MODEL, engine="exact", seed=1)


@pytest.mark.parametrize("components", [None, 2, 5])
def test_the_stated_error_is_the_error(earlier, components):
    found = priors.map_prior(earlier, components=components, tolerance=0.02)
    posterior = earlier.marginal("theta_new")
    gap = np.abs(posterior.cdf(GRID) - found.prior.cdf(GRID)).max()
    assert gap == pytest.approx(found.error, rel=0.02)
    tail = float(stats.norm.cdf(-4))
    inside = [float(posterior.quantile(p)) for p in (tail, 0.5, 1 - tail)]

    def term(x):
        return posterior.pdf(x) * (math.log(posterior.pdf(x)) - found.prior.logpdf(x))

    parts = [integrate.quad(term, low, high)[0] for low, high in itertools.pairwise(inside)]
    beyond = (found.prior.cdf(inside[0]), found.prior.sf(inside[-1]))
    divergence = math.fsum((*parts, *(tail * math.log(tail / each) for each in beyond)))
    assert divergence == pytest.approx(found.divergence, abs=1e-5)
    assert components is None or len(found.prior.weights) == components


def test_more_components_are_closer(earlier):
    errors = [priors.map_prior(earlier, components=n, tolerance=1).error for n in (1, 2, 3, 6)]
    assert errors == sorted(errors, reverse=True)
    assert errors[-1] < 5e-4


def test_a_normal_posterior_is_found_again():
    fit = mutau.fit(EARLIER, replace(MODEL, tau_prior=priors.PointMass(0)), engine="exact", seed=1)
    found, mu = priors.map_prior(fit), fit.marginal("mu")
    assert len(found.prior.weights) == 1
    assert found.prior.means[0] == pytest.approx(mu.mean, abs=1e-4)
    assert found.prior.sds[0] == pytest.approx(mu.sd, rel=1e-3)
    assert found.error < 1e-3


@dataclass
class Sampled:
    draws: np.ndarray
    model: mutau.OutcomeModel
    k: int = 4

    def marginal(self, quantity):
        assert quantity == "theta_new"
        return DrawsMarginal(self.draws)


def test_sampled_fits_too():
    draws = np.random.default_rng(1).normal(-0.3, 0.4, (4, 2000))
    found = priors.map_prior(Sampled(draws, MODEL), tolerance=0.02)
    assert found.prior.mean == pytest.approx(-0.3, abs=0.03)
    assert found.prior.sd == pytest.approx(0.4, rel=0.04)


def test_it_says_where_it_is_from_and_stays_on_its_scale(earlier):
    found = priors.map_prior(earlier)
    assert (
        found.prior.origin.remark
        == f"approximated to within {math.ceil(found.error * 1e4) / 1e4:.4f} in probability"
    )
    assert "10.1111/biom.12242" in found.prior.origin.source
    assert priors.parse_prior(str(found.prior)) == found.prior
    later = replace(MODEL, name="later", mu_prior=found.prior)
    assert "meta-analytic-predictive (earlier, 3 studies)" in later.mu_prior.stated
    with pytest.raises(ArgumentError, match="stated for OR, and the measure is RR"):
        replace(later, measure="RR")


def test_what_cannot_be_followed_is_said(earlier):
    with pytest.warns(ApproximationWarning, match=r"by 0\.09\d* in probability, more than 0\.005"):
        priors.map_prior(earlier, components=1)
    with pytest.raises(ArgumentError, match="The number of components is 1 to 6"):
        priors.map_prior(earlier, components=0)


def test_a_robust_prior_gives_way():
    """Weights after the data by hand (Schmidli et al. 2014): each times the marginal likelihood of its component."""
    informative, vague, y, s = priors.Normal(-0.3, 0.1), priors.Normal(0, 2), 1.0, 0.2
    robust = priors.robustify(informative, vague, weight=0.1)
    posterior = exact.normal([y], [s], mu=robust, tau=priors.PointMass(0))
    parts = ((0.9, informative), (0.1, vague))
    marginal = np.array([w * stats.norm.pdf(y, p.mean, math.hypot(p.sd, s)) for w, p in parts])
    weights = marginal / marginal.sum()
    precision = np.array([1 / p.sd**2 + 1 / s**2 for _, p in parts])
    means = np.array([p.mean / p.sd**2 + y / s**2 for _, p in parts]) / precision
    assert weights[1] > 0.99
    assert posterior.mu.mean == pytest.approx(weights @ means, rel=1e-10)
    assert posterior.mu.cdf(0.5) == pytest.approx(
        weights @ stats.norm.cdf(0.5, means, precision**-0.5), rel=1e-9
    )


def test_robustify_keeps_the_origin(earlier):
    found = priors.map_prior(earlier).prior
    robust = priors.robustify(found, priors.unit_information("OR"), weight=0.2)
    assert robust.weights[-1] == 0.2
    np.testing.assert_allclose(robust.weights[:-1], 0.8 * np.asarray(found.weights))
    assert robust.origin.note.endswith("robust: 0.2 on normal(0, 4)")
    assert priors.robustify(priors.Normal(0, 1), priors.Normal(0, 4)).origin is None


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"weight": 0}, "lies between 0 and 1"),
        ({"vague": priors.HalfNormal(1)}, "It is Normal"),
        ({"prior": priors.StudentT(0, 1, 4)}, "It is Normal or NormalMixture"),
        ({"vague": priors.unit_information("RR")}, "Both are of one effect measure"),
    ],
)
def test_refusals(words, said):
    asked = {"prior": priors.unit_information("OR"), "vague": priors.Normal(0, 4), "weight": 0.1} | words
    with pytest.raises(ArgumentError, match=said):
        priors.robustify(**asked)
