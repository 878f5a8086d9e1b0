"""Every family against 60-digit arithmetic, SciPy's distributions and its own definition."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
from scipy import integrate, stats

from mutau import priors
from mutau.priors import student
from mutau.priors.base import Prior

REFERENCE = json.loads((Path(__file__).parents[1] / "reference" / "priors.json").read_text())
CASES = REFERENCE["cases"]
NAMES = [f"{case['family']}{tuple(case['parameters'])}" for case in CASES]

# Doubles hold 2e-16; a tail of probability p is as good as its exponent, which costs about -log(p) of that.
RELATIVE = 1e-12

PROPER: list[tuple[Prior, object]] = [
    (priors.Normal(0.3, 2.82), stats.norm(0.3, 2.82)),
    (priors.NormalMixture((1,), (0.3,), (2.82,)), stats.norm(0.3, 2.82)),
    (priors.StudentT(0.2, 0.38, 5), stats.t(5, 0.2, 0.38)),
    (priors.StudentT(-1, 3, 1.5), stats.t(1.5, -1, 3)),
    (priors.Cauchy(1, 0.7), stats.cauchy(1, 0.7)),
    (priors.Uniform(-1, 4), stats.uniform(-1, 5)),
    (priors.Uniform(0, 10), stats.uniform(0, 10)),
    (priors.HalfNormal(0.5), stats.halfnorm(scale=0.5)),
    (priors.HalfCauchy(25), stats.halfcauchy(scale=25)),
    (priors.HalfStudentT(0.5, 4), stats.foldnorm),
    (priors.HalfStudentT(0.5, 2.5), stats.foldnorm),
    (priors.Exponential(2), stats.expon(scale=0.5)),
    (priors.LogNormal(-1.07, 0.87), stats.lognorm(0.87, scale=math.exp(-1.07))),
    (priors.LogStudentT(-1.72, 1.295, 5), stats.lognorm),
    (priors.InverseGamma(1.73, 0.46), stats.invgamma(1.73, scale=0.46)),
    (priors.InverseGamma(4, 0.2), stats.invgamma(4, scale=0.2)),
]
BY_NAME = pytest.mark.parametrize(("prior", "witness"), PROPER, ids=[str(prior) for prior, _ in PROPER])


def has_witness(witness: object) -> bool:
    """SciPy has no half-t and no log-t; those rows carry an unfrozen stand-in."""
    return hasattr(witness, "args")


@pytest.mark.parametrize("case", CASES, ids=NAMES)
@pytest.mark.parametrize("function", ["cdf", "sf"])
def test_probabilities_match_high_precision(case, function):
    prior = priors.FAMILIES[case["family"]](*case["parameters"])
    got = getattr(prior, function)(np.array(case["x"]))
    np.testing.assert_allclose(got, case[function], rtol=RELATIVE, atol=1e-300)


@pytest.mark.parametrize("case", CASES, ids=NAMES)
def test_log_density_matches_high_precision(case):
    prior = priors.FAMILIES[case["family"]](*case["parameters"])
    got = prior.logpdf(np.array(case["x"]))
    np.testing.assert_allclose(got, case["logpdf"], rtol=RELATIVE, atol=1e-14)
    np.testing.assert_allclose(
        prior.pdf(np.array(case["x"])), np.exp(case["logpdf"]), rtol=1e-11, atol=1e-300
    )


@pytest.mark.parametrize("case", CASES, ids=NAMES)
def test_quantiles_invert_high_precision_probabilities(case):
    prior = priors.FAMILIES[case["family"]](*case["parameters"])
    p = np.array(case["cdf"])
    p = p[(p > 0) & (p < 1)]
    np.testing.assert_allclose(prior.cdf(prior.ppf(p)), p, rtol=RELATIVE)


@BY_NAME
def test_scipy_agrees(prior, witness):
    if not has_witness(witness):  # the half-t and the log-t by their definition from scipy's t
        df, scale = prior.parameters["df"], prior.parameters["scale"]
        x = np.array([0.01, 0.3, 1.0, 7.0])
        z = (
            x / scale
            if prior.family == "HalfStudentT"
            else (np.log(x) - prior.parameters["location"]) / scale
        )
        times = 2.0 if prior.family == "HalfStudentT" else 1.0
        stretch = 1.0 if prior.family == "HalfStudentT" else 1.0 / x
        np.testing.assert_allclose(prior.pdf(x), times * stats.t(df).pdf(z) / scale * stretch, rtol=1e-12)
        np.testing.assert_allclose(prior.sf(x), times * stats.t(df).sf(z), rtol=1e-12)
        return
    p = np.array(
        [1e-4, 0.025, 0.2, 0.5, 0.8, 0.975, 0.9999]
    )  # further out scipy's half-normal and uniform round
    x = witness.ppf(p)
    np.testing.assert_allclose(prior.ppf(p), x, rtol=1e-11)
    np.testing.assert_allclose(prior.logpdf(x), witness.logpdf(x), rtol=1e-11, atol=1e-12)
    np.testing.assert_allclose(prior.cdf(x), witness.cdf(x), rtol=1e-11)
    np.testing.assert_allclose(prior.sf(x), witness.sf(x), rtol=1e-11)


@BY_NAME
def test_moments(prior, witness):
    """Mean and SD as scipy's, or NaN exactly where the tail exponent says that they do not exist."""
    a = prior.tail_exponent
    assert math.isnan(prior.mean) == (not a > 2)
    assert math.isnan(prior.sd) == (not a > 3)
    for got, power in ((prior.mean, 1), (prior.sd, 2)):
        if math.isnan(got):
            continue
        if has_witness(witness):
            want = witness.mean() if power == 1 else witness.std()
        else:
            first = integrate.quad(lambda x: x * prior.pdf(x), 0, np.inf, epsrel=1e-12)[0]
            second = integrate.quad(lambda x: x * x * prior.pdf(x), 0, np.inf, epsrel=1e-10, limit=500)[0]
            want = first if power == 1 else math.sqrt(second - first**2)
        assert got == pytest.approx(want, rel=1e-7)


def test_large_moments_overflow_to_infinity_quietly():
    assert priors.LogNormal(0, 60).mean == math.inf
    assert priors.LogNormal(0, 60).sd == math.inf


@BY_NAME
def test_density_integrates_to_the_distribution_function(prior, witness):
    low, high = prior.ppf(0.1), prior.ppf(0.9)
    area = integrate.quad(prior.pdf, low, high, epsabs=1e-13, epsrel=1e-12)[0]
    assert area == pytest.approx(0.8, abs=1e-10)


@BY_NAME
def test_draws_follow_the_distribution(prior, witness):
    draws = prior.sample(np.random.default_rng(20240501), (4, 1000))
    assert draws.shape == (4, 1000)
    assert draws.dtype == np.float64
    assert stats.kstest(draws.ravel(), prior.cdf).pvalue > 1e-3
    np.testing.assert_array_equal(draws, prior.sample(np.random.default_rng(20240501), (4, 1000)))


TAILS = [
    (priors.Normal(0, 1), math.inf),
    (priors.NormalMixture((0.9, 0.1), (0.5, 0), (0.2, 2.82)), math.inf),
    (priors.StudentT(0, 1, 4), 5.0),
    (priors.StudentT(2, 3, 0.5), 1.5),
    (priors.Cauchy(0, 1), 2.0),
    (priors.Flat(), 0.0),
    (priors.Uniform(0, math.inf), 0.0),
    (priors.HalfNormal(0.5), math.inf),
    (priors.HalfCauchy(0.5), 2.0),
    (priors.HalfStudentT(0.5, 4), 5.0),
    (priors.Exponential(2), math.inf),
    (priors.LogNormal(-1, 0.8), math.inf),
    (priors.LogStudentT(-1.72, 1.295, 5), 1.0),
    (priors.InverseGamma(1.73, 0.46), 2.73),
]


@pytest.mark.parametrize(("prior", "exponent"), TAILS, ids=[str(prior) for prior, _ in TAILS])
def test_tail_exponent_is_the_slope_of_the_log_density(prior, exponent):
    """The slope of log p against log x, twice: it settles at -a, or keeps falling where a is infinite."""
    assert prior.tail_exponent == pytest.approx(exponent)

    def slope(log_x: float) -> float:
        step = 0.01
        return (prior.logpdf(math.exp(log_x + step)) - prior.logpdf(math.exp(log_x))) / step

    if math.isinf(exponent):
        near, far = (slope(x) for x in ((3.0, 5.0) if prior.family != "LogNormal" else (20.0, 40.0)))
        assert far < 1.5 * near < -3
    elif prior.family == "LogStudentT":  # x**-1 (log x)**-6: the slope is -1 - 6/log x
        assert slope(600.0) == pytest.approx(-1 - 6 / 600, abs=1e-3)
    else:
        assert slope(60.0) == pytest.approx(-exponent, abs=1e-6)


@pytest.mark.parametrize("prior", [priors.Uniform(-1, 2), priors.PointMass(0.4)], ids=str)
def test_bounded_priors_have_no_tail(prior):
    assert prior.tail_exponent == math.inf
    assert prior.logpdf(prior.support[1] + 1) == -math.inf


def test_point_mass():
    prior = priors.PointMass(0.4)
    assert prior.is_point
    assert prior.is_proper
    assert (prior.mean, prior.sd, prior.support) == (0.4, 0.0, (0.4, 0.4))
    np.testing.assert_array_equal(prior.logpdf([0.3, 0.4, 0.5]), [-math.inf, 0.0, -math.inf])
    np.testing.assert_array_equal(prior.cdf([0.3, 0.4, 0.5]), [0.0, 1.0, 1.0])
    np.testing.assert_array_equal(prior.sf([0.3, 0.4, 0.5]), [1.0, 0.0, 0.0])
    np.testing.assert_array_equal(prior.ppf([0.0, 0.3, 1.0]), [0.4, 0.4, 0.4])
    np.testing.assert_array_equal(prior.sample(np.random.default_rng(1), 3), [0.4, 0.4, 0.4])
    assert not priors.Normal(0, 1).is_point


MIXTURES = [
    priors.NormalMixture((0.9, 0.1), (0.5, 0), (0.2, 2.82)),
    priors.NormalMixture((0.5, 0.3, 0.2), (-2, 0.1, 5), (0.1, 1, 0.3)),
    priors.NormalMixture((0.5, 0.5), (-40, 40), (0.5, 0.5)),  # nothing at all in between
]


@pytest.mark.parametrize("prior", MIXTURES, ids=str)
def test_a_mixture_is_what_it_is_made_of(prior):
    parts = [stats.norm(mean, sd) for mean, sd in zip(prior.means, prior.sds, strict=True)]
    x = np.array([-300.0, -41.0, -3.0, 0.0, 0.5, 7.0, 41.0, 60.0])
    for name in ("pdf", "cdf", "sf"):
        want = sum(w * getattr(part, name)(x) for w, part in zip(prior.weights, parts, strict=True))
        np.testing.assert_allclose(getattr(prior, name)(x), want, rtol=RELATIVE, atol=1e-300)
    moments = [
        sum(w * part.moment(order) for w, part in zip(prior.weights, parts, strict=True)) for order in (1, 2)
    ]
    assert prior.mean == pytest.approx(moments[0], rel=1e-14, abs=1e-14)
    assert prior.sd == pytest.approx(math.sqrt(moments[1] - moments[0] ** 2), rel=1e-12)
    draws = prior.sample(np.random.default_rng(20240501), (4, 1000))
    assert draws.shape == (4, 1000)
    assert stats.kstest(draws.ravel(), prior.cdf).pvalue > 1e-3


@pytest.mark.parametrize("prior", MIXTURES, ids=str)
def test_quantiles_of_a_mixture_in_both_tails(prior):
    p = np.array([1e-300, 1e-20, 1e-4, 0.2, 0.49, 0.51, 0.9, 1 - 1e-4])
    np.testing.assert_allclose(prior.cdf(prior.ppf(p)), p, rtol=1e-11)
    upper = 1 - np.array([1e-4, 1e-9, 2.0**-50])
    np.testing.assert_allclose(prior.sf(prior.ppf(upper)), 1 - upper, rtol=1e-11)


def test_a_gap_between_two_components_has_its_median_somewhere_in_it():
    low, middle, high = MIXTURES[2].ppf([0.4999, 0.5, 0.5001])
    assert -40 < low < -36
    assert low < middle < high
    assert 36 < high < 40


def test_weights_typed_with_few_decimals_are_divided_by_their_sum():
    prior = priors.NormalMixture((0.33333, 0.33333, 0.33333), (0, 0, 0), (1, 1, 1))
    np.testing.assert_allclose(prior.cdf([-1.0, 0.0, 2.0]), stats.norm.cdf([-1.0, 0.0, 2.0]), rtol=1e-14)
    assert prior.shares.sum() == pytest.approx(1.0, abs=1e-15)
    assert priors.parse_prior(str(prior)) == prior


def test_a_mixture_in_words():
    words = priors.mu_in_words(MIXTURES[1], "ratio", "risk ratio")
    low, high = np.exp(MIXTURES[1].ppf([0.025, 0.975]))
    assert words == f"average risk ratio between {low:.3g} and {high:.3g} with probability 95%"


@pytest.mark.parametrize("make", [priors.LogNormal.on_tau2, priors.LogStudentT.on_tau2])
def test_on_tau2_is_the_law_of_the_square_root(make):
    df = (5.0,) if "Student" in make.__qualname__ or make.__self__ is priors.LogStudentT else ()
    on_tau, on_square = make(-3.44, 2.59, *df), make.__self__(-3.44, 2.59, *df)
    tau = np.array([0.01, 0.2, 1.0, 5.0])
    np.testing.assert_allclose(on_tau.cdf(tau), on_square.cdf(tau**2), rtol=1e-13)
    np.testing.assert_allclose(on_tau.pdf(tau), on_square.pdf(tau**2) * 2 * tau, rtol=1e-13)


@pytest.mark.parametrize("make", [priors.LogNormal.on_tau2, priors.LogStudentT.on_tau2])
def test_on_tau2_refuses_what_the_family_refuses(make):
    df = (5.0,) if make.__self__ is priors.LogStudentT else ()
    with pytest.raises(ValueError, match="must be a finite number above 0"):
        make(-3.44, -1.0, *df)


@pytest.mark.parametrize("x", [0.3, 1.0, 19.999, 20.0, 57.5, 1e4, 1e12])
def test_gamma_half_step_is_continuous_and_right(x):
    """Two half steps of log Gamma make a whole one, which is log x."""
    step = student.log_gamma_half_step
    assert step(x) + step(x + 0.5) == pytest.approx(math.log(x), abs=3e-14)


@pytest.mark.parametrize("df", [1e6, 1e10, 1e16])
def test_student_with_huge_df_is_normal(df):
    z = np.array([-8.0, -1.0, 0.0, 0.5, 6.0])
    limit = 8.0**4 / df + 1e-12  # first correction of the t tail: z**4 / (4 df)
    np.testing.assert_allclose(priors.StudentT(0, 1, df).cdf(z), priors.Normal(0, 1).cdf(z), rtol=limit)
    np.testing.assert_allclose(priors.StudentT(0, 1, df).pdf(z), priors.Normal(0, 1).pdf(z), rtol=limit)


def test_one_degree_of_freedom_is_cauchy():
    z = np.array([-1e200, -40.0, -1e-9, 0.0, 0.1, 3.0, 1e150])
    t, cauchy = priors.StudentT(0, 1, 1), priors.Cauchy(0, 1)
    np.testing.assert_allclose(t.cdf(z), cauchy.cdf(z), rtol=1e-13)
    np.testing.assert_allclose(t.sf(z), cauchy.sf(z), rtol=1e-13)
    np.testing.assert_allclose(t.logpdf(z), cauchy.logpdf(z), rtol=1e-13)
    p = np.array([1e-250, 1e-20, 0.1, 0.5, 0.7, 1 - 1e-12])
    np.testing.assert_allclose(t.ppf(p), cauchy.ppf(p), rtol=1e-12, atol=1e-15)


def test_the_heaviest_tails_do_not_break():
    prior = priors.LogStudentT(0, 1, 1)
    assert prior.ppf(0.9999) == math.inf  # exp(3183), beyond the largest double
    assert prior.sf(1e300) == pytest.approx(math.atan(1 / (300 * math.log(10))) / math.pi, rel=1e-12)
    half = priors.HalfStudentT(1, 0.1)
    assert half.cdf(half.ppf(1 - 1e-12)) == pytest.approx(1.0)
    assert half.sf(half.ppf(0.999999)) == pytest.approx(1e-6, rel=1e-9)
