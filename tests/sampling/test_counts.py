"""Counts in PyMC: the likelihood of NumPy, finite gradients, and the posteriors of brute-force integration."""

from pathlib import Path

import arviz as az
import numpy as np
import pytest
from scipy import stats

import mutau
from mutau import priors
from mutau.likelihoods import LIKELIHOODS
from mutau.likelihoods.links import LINKS
from mutau.requests import ModelRequest
from mutau.sampling import SamplingSettings, build_model, sample, supports, templates

MCSE_ALLOWED = 4.0
SECURE = ((31, 46, 9, 54), (8, 14, 1, 54))
MODELS = [
    ("binomial", "RR"),
    ("binomial", "OR"),
    ("binomial", "RD"),
    ("hypergeometric", "OR"),
    ("poisson", "IRR"),
]


def request(tables=SECURE, likelihood="binomial", measure="RR", tau=priors.HalfNormal(0.5), **more):
    columns = LIKELIHOODS[likelihood].data_columns
    data = {name: np.array([float(t[i]) for t in tables]) for i, name in enumerate(columns)}
    names = tuple(f"study {i}" for i in range(len(tables)))
    return ModelRequest(likelihood, data, priors.Normal(0, 2.82), tau, names, measure, **more)


@pytest.mark.parametrize(("likelihood", "measure"), MODELS)
def test_gradients_are_finite_at_the_start_and_far_away(likelihood, measure):
    model = build_model(request([*SECURE, (0, 20, 0, 30), (20, 20, 30, 30)], likelihood, measure))
    gradient, start = model.compile_dlogp(), model.initial_point()
    assert np.isfinite(gradient(start)).all()
    for mu in (-300.0, -20.0, 0.0, 1e-9, 20.0, 300.0):
        for eta in (-700.0, -90.0, 0.0, 90.0, 700.0):
            for log_tau in (-30.0, 0.0, 5.0):
                point = start | {"mu": np.float64(mu), "tau_log__": np.float64(log_tau)}
                point["z_near__"] = np.array([1.0, -2, 0, 3])
                if "eta" in start:
                    point["eta"] = np.full(4, eta)
                assert np.isfinite(gradient(point)).all(), (mu, eta, log_tau)


@pytest.mark.parametrize(("likelihood", "measure"), MODELS)
def test_the_gradient_is_the_derivative(likelihood, measure):
    model = build_model(request(likelihood=likelihood, measure=measure))
    gradient, density, start = model.compile_dlogp(), model.compile_logp(), model.initial_point()
    point = start | {"mu": np.float64(0.7), "z_near__": np.array([0.4, -1.1])}
    if "eta" in start:
        point["eta"] = np.array([-1.3, 0.8])
    step, slopes = 1e-5, []
    for name in point:
        for i in np.ndindex(point[name].shape):
            shifted = []
            for sign in (1, -1):
                value = np.array(point[name], dtype=float)
                value[i] += sign * step
                shifted.append(float(density(point | {name: value})))
            slopes.append((shifted[0] - shifted[1]) / (2 * step))
    np.testing.assert_allclose(gradient(point), slopes, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("measure", LINKS)
def test_pymc_density_is_scipys(measure):
    asked = request(measure=measure)
    model = build_model(asked)
    point = model.initial_point() | {
        "mu": np.float64(0.4),
        "z_near__": np.array([0.2, -0.3]),
        "eta": np.array([-1.0, 0.5]),
    }
    terms = model.compile_logp([model["events_treatment"], model["events_control"]], sum=False)(point)
    free = {name: point[name] for name in ("mu", "tau_log__", "z_near__")}
    theta = model.compile_fn(model.replace_rvs_by_values([model["theta"]])[0])(free)
    risks = LINKS[measure](point["eta"], theta)
    for arm, log_p, term in zip(("treatment", "control"), (risks.p1, risks.p0), terms, strict=True):
        expected = stats.binom.logpmf(asked.data[f"events_{arm}"], asked.data[f"n_{arm}"], np.exp(log_p))
        np.testing.assert_allclose(term, expected, rtol=1e-10)


def test_templates_tell_measures_and_effects_apart():
    settings = SamplingSettings(draws=50, tune=100)
    with pytest.warns(mutau.errors.ConvergenceWarning):
        sample(request(effects_df=4.0), settings, 1)
    keys = set(templates.compilations())
    assert templates.TemplateKey("binomial", 2, "Normal", "HalfNormal", "RR", True, 0) in keys
    assert set(templates.compilations().values()) == {1}


def test_a_sum_of_too_many_terms_is_refused():
    wide = request([(40_000, 100_000, 39_000, 100_000)], "hypergeometric", "OR")
    assert "the binomial likelihood has no such sum" in supports(wide)


TARGETS = {  # docs/statistics.md, section 7; here once more by `brute_force`
    "secure": (6.92, 2.54, 24.0, 0.9988),
    "insecure_to_secure": (11.6, 4.05, 39.3, 0.9998),
    "avoidant": (0.469, 0.165, 1.18, 1 - 0.9527),
    "disorganised": (0.305, 0.123, 0.69, 1 - 0.9941),
}


def brute_force(asked):
    """Posterior of mu on a grid: the study likelihoods by their own quadrature, everything else by equal steps."""
    likelihood = LIKELIHOODS[asked.likelihood]
    mu, tau, x = np.linspace(-9, 9, 721), (np.arange(160) + 0.5) * 0.02, np.arange(-8, 8.01, 0.25)
    theta = np.linspace(-40, 40, 8001)
    log_l = likelihood.study_log_likelihood(asked.data, theta, asked.measure, asked.baseline_sd)
    density = np.zeros(mu.size)
    for t in tau:
        given = np.exp(asked.tau_prior.logpdf(t))
        places = np.clip(mu[:, np.newaxis] + t * x, -40, 40)
        for row in log_l:
            given = given * (np.exp(np.interp(places, theta, row)) @ (stats.norm.pdf(x) * 0.25))
        density += given
    density *= np.exp(asked.mu_prior.logpdf(mu))
    cdf = np.cumsum(density) - density / 2
    cdf /= density.sum()
    return lambda p: np.interp(p, cdf, mu), lambda value: np.interp(value, mu, cdf)


@pytest.mark.parametrize(
    "name", ["secure", *(pytest.param(name, marks=pytest.mark.slow) for name in TARGETS if name != "secure")]
)
def test_risk_ratios_of_the_review_agree_with_brute_force(name, pip_studies):
    models = Path(__file__).parents[2] / "models"
    selected = pip_studies.select(**mutau.load_model(models / f"{name}.toml").where).wide()
    asked = request(selected[list(LIKELIHOODS["binomial"].data_columns)].to_numpy())
    quantile, cdf = brute_force(asked)
    median, lower, upper, above = TARGETS[name]
    np.testing.assert_allclose(
        np.exp(quantile(np.array([0.5, 0.025, 0.975]))), [median, lower, upper], rtol=0.01
    )
    assert 1 - cdf(0.0) == pytest.approx(above, abs=1e-4)
    draws = sample(asked, SamplingSettings(), 20261125)
    assert all(check.passed for check in draws.checks)
    drawn = draws.posterior["mu"].values
    for p in (0.025, 0.5, 0.975):
        error = az.mcse(drawn, method="quantile", prob=p)
        assert abs(np.quantile(drawn, p) - quantile(p)) < MCSE_ALLOWED * error


@pytest.mark.slow
@pytest.mark.parametrize(("likelihood", "measure"), MODELS)
@pytest.mark.parametrize("df", [np.inf, 4.0])
def test_every_family_converges(likelihood, measure, df):
    draws = sample(request(likelihood=likelihood, measure=measure, effects_df=df), SamplingSettings(), 1)
    assert all(check.passed for check in draws.checks), draws.warnings
