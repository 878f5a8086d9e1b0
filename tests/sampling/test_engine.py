"""Templates are compiled once, the same seed gives the same draws everywhere, and failures are said."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest
import xarray as xr

from mutau import priors
from mutau.errors import ArgumentError, ConvergenceWarning
from mutau.records import CheckResult
from mutau.requests import ModelRequest
from mutau.sampling import SamplingSettings, build_model, engine, sample, supports, templates
from mutau.sampling.checks import convergence_checks, describe_failure
from mutau.sampling.distributions import PYMC_PRIORS, prior_variable

SHORT = SamplingSettings(draws=1500, tune=1000)


def request(yi, sei, tau=priors.HalfNormal(0.5), mu=priors.Normal(0, 2.82)):
    data = {"yi": np.asarray(yi), "sei": np.asarray(sei)}
    return ModelRequest("normal", data, mu, tau, tuple(f"study {i}" for i in range(len(data["yi"]))))


ALL_MIXED = priors.Mixture(
    (0.2, 0.2, 0.2, 0.2, 0.1, 0.1),
    (
        priors.HalfNormal(0.5), priors.HalfCauchy(0.5), priors.HalfStudentT(0.5, 4), priors.LogNormal(-1.07, 0.87),
        priors.InverseGamma(1.0, 0.15), priors.Exponential(2.0),
    ),
)  # fmt: skip
SECURE = request([1.397, 3.429], [0.327, 1.022])


def test_one_compilation_per_template_key():
    before = templates.compilations()
    for wide, values in ((0.5, [1.4, 3.4]), (1.0, [1.4, 3.4]), (0.1, [-2, 0])):  # the last ones are integers
        sample(request(values, [0.3, 1], priors.HalfNormal(wide)), SHORT, seed=1)
    new = {key: count for key, count in templates.compilations().items() if before.get(key) != count}
    assert set(new.values()) <= {1}
    assert templates.compilations()[templates.TemplateKey("normal", 2, "Normal", "HalfNormal")] == 1


@pytest.mark.slow
def test_mixtures_share_a_template_with_as_many_components():
    one = priors.NormalMixture((1,), (0,), (2.82,))
    two, other = (priors.NormalMixture((w, 1 - w), (0, 1), (2.82, 0.5)) for w in (0.33333, 0.6))
    for mu in (two, other, one):
        draws = sample(request([1.4, 3.4], [0.3, 1], mu=mu), SHORT, seed=1)
        assert all(check.passed for check in draws.checks)
    keys = [templates.TemplateKey("normal", 2, f"NormalMixture of {q}", "HalfNormal") for q in (1, 2)]
    assert [templates.compilations()[key] for key in keys] == [1, 1]


@pytest.mark.slow
def test_integer_data_do_not_become_integer_templates():
    sample(request([1, 3], [1, 1], priors.Exponential(2)), SHORT, seed=1)
    fractional = sample(request([0.9, 0.9], [0.05, 0.05], priors.Exponential(2)), SHORT, seed=1)
    assert abs(float(fractional.posterior["theta"].median()) - 0.9) < 0.05


def test_the_same_seed_gives_the_same_draws_and_another_seed_others():
    first, again, other = (sample(SECURE, SHORT, seed) for seed in (7, 7, 8))
    xr.testing.assert_identical(first.posterior, again.posterior)
    assert not np.array_equal(first.posterior["mu"], other.posterior["mu"])


COLD_AND_WARM = """
import hashlib, json, sys
import numpy as np
from mutau import priors
from mutau.requests import ModelRequest
from mutau.sampling import SamplingSettings, sample
data = {"yi": np.array([1.397, 3.429]), "sei": np.array([0.327, 1.022])}
asked = ModelRequest("normal", data, priors.Normal(0, 2.82), priors.HalfNormal(0.5), ("a", "b"))
draws = sample(asked, SamplingSettings(draws=300, tune=300), seed=7).posterior
print(json.dumps({name: hashlib.sha256(draws[name].values.tobytes()).hexdigest() for name in draws}))
"""


@pytest.mark.slow
def test_cold_and_warm_processes_draw_the_same(tmp_path):
    environment = os.environ | {
        "PYTENSOR_FLAGS": f"base_compiledir={tmp_path / 'pytensor'}",
        "NUMBA_CACHE_DIR": str(tmp_path / "numba"),
    }
    runs = [
        subprocess.run(
            [sys.executable, "-W", "ignore", "-c", COLD_AND_WARM],
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
        for _ in ("cold", "warm")
    ]
    cold, warm = (json.loads(run.stdout.splitlines()[-1]) for run in runs)
    assert set(cold) == {"mu", "tau", "theta"}
    assert cold == warm


def test_pymc_sampler_agrees_with_nutpie():
    settings = SamplingSettings(draws=1000, tune=1000, chains=2, sampler="pymc")
    ours, theirs = sample(SECURE, SamplingSettings(), seed=1), sample(SECURE, settings, seed=1)
    assert theirs.settings["sampler"] == "pymc"
    assert set(theirs.sample_stats) >= {"diverging", "energy", "tree_depth", "acceptance_rate"}
    for name, spread in (("mu", 0.55), ("tau", 0.35)):
        difference = float(ours.posterior[name].mean() - theirs.posterior[name].mean())
        assert abs(difference) < 5 * spread / np.sqrt(400)  # an ESS of 400 is what the checks demand


def test_point_mass_is_the_common_effect_model():
    draws = sample(request([0.2, 0.6], [0.1, 0.2], priors.PointMass(0.0)), SamplingSettings(), seed=1)
    weights = 1 / np.array([0.1, 0.2]) ** 2
    expected_sd = 1 / np.sqrt(weights.sum() + 1 / 2.82**2)
    expected = (weights @ [0.2, 0.6]) * expected_sd**2
    assert (draws.posterior["tau"] == 0).all()
    assert (draws.posterior["theta"] == draws.posterior["mu"]).all()
    assert abs(float(draws.posterior["mu"].mean()) - expected) < 4 * expected_sd / np.sqrt(2000)
    assert float(draws.posterior["mu"].std()) == pytest.approx(expected_sd, rel=0.08)


def test_a_failed_attempt_is_repeated_with_more_tuning_and_recorded(monkeypatch):
    seen = []

    def fails_once(posterior, stats):
        seen.append(posterior.sizes["draw"])
        return (CheckResult("R-hat", len(seen) > 1, 1.5, "at most 1.01", "worst: tau"),)

    monkeypatch.setattr(engine, "convergence_checks", fails_once)
    draws = sample(SECURE, SHORT, seed=1)
    assert draws.attempts == 2
    assert draws.settings["tune"] == 4 * SHORT.tune
    assert draws.settings["target_accept"] > SHORT.target_accept
    assert "R-hat 1.5" in draws.warnings[0]


def test_no_convergence_is_a_warning_with_the_remedy():
    hopeless = SamplingSettings(draws=8, tune=1, chains=2)
    with pytest.warns(ConvergenceWarning, match=r"ESS .* Remedy: sample longer"):
        draws = sample(SECURE, hopeless, seed=1)
    assert not all(check.passed for check in draws.checks)


def fake_run(*, divergent=0, energy=None, shift=0.0):
    rng = np.random.default_rng(0)
    mu = rng.normal(size=(4, 2000)) + shift * np.arange(4)[:, None]
    energy = rng.normal(size=mu.shape) if energy is None else energy
    diverging = np.zeros(mu.shape, bool)
    diverging.flat[:divergent] = True
    dims = ("chain", "draw")
    return (
        xr.Dataset({"mu": (dims, mu), "tau": (dims, np.zeros_like(mu))}),
        xr.Dataset({"diverging": (dims, diverging), "energy": (dims, energy)}),
    )


@pytest.mark.parametrize(
    ("run", "failing"),
    [
        (fake_run(), set()),
        (fake_run(divergent=8), set()),
        (fake_run(divergent=9), {"divergences"}),
        (fake_run(shift=1.0), {"R-hat", "bulk ESS", "tail ESS"}),
        (fake_run(energy=np.cumsum(np.random.default_rng(0).normal(size=(4, 2000)), axis=1)), {"BFMI"}),
    ],
)
def test_each_convergence_threshold_can_fail(run, failing):
    checks = convergence_checks(*run)
    assert {check.name for check in checks if not check.passed} == failing
    assert bool(describe_failure(checks)) == bool(failing)


def test_settings_report_every_fault_at_once():
    with pytest.raises(ArgumentError) as caught:
        SamplingSettings(draws=1, tune=0, chains=1, target_accept=1.0, sampler="nutpi")
    assert len(caught.value.faults) == 5
    assert "Did you mean 'nutpie'?" in str(caught.value)


def test_supports_says_why_not():
    assert supports(SECURE) is None
    assert "point mass of mu" in supports(request([1.0], [1.0], mu=priors.PointMass(0.0)))


@pytest.mark.parametrize(
    ("name", "prior"),
    [
        ("mu", priors.Normal(0.3, 1.7)),
        ("mu", priors.NormalMixture((0.9, 0.1), (0.5, 0), (0.2, 2.82))),
        ("mu", priors.NormalMixture((1,), (0.3,), (1.7,))),
        ("mu", priors.StudentT(0.35, 0.1, 3)),
        ("mu", priors.Cauchy(0.1, 0.707)),
        ("mu", priors.Uniform(-2, 3)),
        ("tau", priors.HalfNormal(0.5)),
        ("tau", priors.HalfCauchy(0.5)),
        ("tau", priors.HalfStudentT(0.5, 4)),
        ("tau", priors.LogNormal(-1.07, 0.87)),
        ("tau", priors.InverseGamma(1.0, 0.15)),
        ("tau", priors.Exponential(2.0)),
        ("tau", priors.Uniform(0, 5)),
        ("tau", ALL_MIXED),
    ],
)
def test_pymc_density_is_the_priors_density(name, prior):
    import pymc as pm

    with pm.Model():
        variable = prior_variable(name, prior)
    low, high = prior.ppf(0.001), prior.ppf(0.999)
    points = np.linspace(low, high, 7)
    got = pm.logp(variable, points).eval()
    np.testing.assert_allclose(got, prior.logpdf(points), atol=3e-9)  # PyMC adds log 2 in single precision


@pytest.mark.parametrize(
    "prior",
    [
        priors.LogStudentT(-1.7, 1.3, 5),
        priors.RootInverseGamma(1.0, 0.15),
        priors.DuMouchel((0.3, 0.5)),
        priors.UniformShrinkage((0.3, 0.5)),
        priors.UniformI2((0.3, 0.5)),
    ],
    ids=str,
)
def test_a_transformed_tau_is_drawn_as_its_prior(prior):
    import pymc as pm

    with pm.Model():
        draws = pm.draw(prior_variable("tau", prior), 20_000, random_seed=1)
    ranks = np.sort(prior.cdf(draws))
    assert np.abs(ranks - np.linspace(0, 1, ranks.size)).max() < 1.95 / np.sqrt(ranks.size)  # KS at 0.1%


@pytest.mark.parametrize("prior", [priors.Jeffreys((0.3, 0.5)), priors.BergerDeely((0.3, 0.5))], ids=str)
def test_an_improper_density_is_added_to_the_graph(prior):
    import pymc as pm

    with pm.Model() as model:
        prior_variable("tau", prior)
    tau = np.array([0.01, 0.3, 4.0])
    logp = model.compile_logp(jacobian=False)
    got = [float(logp({"tau_log__": np.log(each)})) for each in tau]
    np.testing.assert_allclose(np.diff(got), np.diff(prior.logpdf(tau)), rtol=1e-7)


def test_every_prior_family_has_a_pymc_form():
    assert set(PYMC_PRIORS) == set(priors.FAMILIES) | {"HalfFlat"}


def test_the_public_graph_has_a_finite_gradient_at_its_start():
    model = build_model(SECURE)
    assert set(model.named_vars) >= {
        "mu",
        "tau",
        "z",
        "theta",
        "yi",
        "yi_data",
        "sei_data",
        "tau_prior_scale",
    }
    assert np.isfinite(model.compile_dlogp()(model.initial_point())).all()
