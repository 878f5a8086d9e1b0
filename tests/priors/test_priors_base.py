"""What holds for every prior: edges, shapes, faults, scaling, text."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest

from mutau import priors
from mutau.errors import ArgumentError

ALL = [
    priors.BergerDeely((0.3, 0.5)),
    priors.Cauchy(0, 1),
    priors.DuMouchel((0.3, 0.5)),
    priors.Exponential(2),
    priors.Flat(),
    priors.HalfCauchy(0.5),
    priors.HalfNormal(0.5),
    priors.HalfStudentT(0.5, 4),
    priors.InverseGamma(1, 0.15),
    priors.Jeffreys((0.3, 0.5)),
    priors.LogNormal(-1.07, 0.87),
    priors.LogStudentT(-1.72, 1.295, 5),
    priors.Mixture((0.7, 0.3), (priors.HalfNormal(0.2), priors.HalfStudentT(1, 4))),
    priors.Normal(0, 2.82),
    priors.NormalMixture((0.9, 0.1), (0.5, 0), (0.2, 2.82)),
    priors.PointMass(0),
    priors.RootInverseGamma(1, 0.15),
    priors.StudentT(0, 1, 4),
    priors.Uniform(0, 4),
    priors.Uniform(0, math.inf),
    priors.UniformI2((0.3, 0.5)),
    priors.UniformShrinkage((0.3, 0.5)),
]
PROPER = [prior for prior in ALL if prior.is_proper]
IMPROPER = [prior for prior in ALL if not prior.is_proper]
POSITIVE = [prior for prior in ALL if prior.support == (0.0, math.inf)]


def test_every_family_is_here():
    assert {prior.family for prior in ALL} == set(priors.FAMILIES)


def test_namespace():
    assert priors.__all__ == sorted(priors.__all__)
    assert set(priors.FAMILIES) <= set(priors.__all__)
    for name in priors.__all__:
        assert getattr(priors, name).__doc__


LABELS = [
    (priors.Normal(0, 2.82), "Normal(0, 2.82)", "normal(0, 2.82)"),
    (
        priors.NormalMixture((0.9, 0.1), (0.5, 0), (0.2, 2.82)),
        "NormalMixture((0.9, 0.1), (0.5, 0), (0.2, 2.82))",
        "0.9 normal(0.5, 0.2) + 0.1 normal(0, 2.82)",
    ),
    (priors.NormalMixture([1], [-0.5], [2]), "NormalMixture((1,), (-0.5,), (2,))", "1 normal(-0.5, 2)"),
    (priors.StudentT(0, 1, 4), "StudentT(0, 1, 4)", "t(0, 1, df 4)"),
    (priors.Cauchy(0, 1), "Cauchy(0, 1)", "Cauchy(0, 1)"),
    (priors.Flat(), "Flat()", "flat"),
    (priors.Uniform(0, 4), "Uniform(0, 4)", "uniform(0, 4)"),
    (priors.Uniform(0, math.inf), "Uniform(0, inf)", "uniform(0, inf)"),
    (priors.HalfNormal(0.5), "HalfNormal(0.5)", "half-normal(0.5)"),
    (priors.HalfCauchy(25), "HalfCauchy(25)", "half-Cauchy(25)"),
    (priors.HalfStudentT(0.5, 4), "HalfStudentT(0.5, 4)", "half-t(0.5, df 4)"),
    (priors.Exponential(2), "Exponential(2)", "exponential(2)"),
    (priors.LogNormal(-1.07, 0.87), "LogNormal(-1.07, 0.87)", "log-normal(-1.07, 0.87)"),
    (priors.LogStudentT(-1.72, 1.295, 5), "LogStudentT(-1.72, 1.295, 5)", "log-t(-1.72, 1.295, df 5)"),
    (priors.InverseGamma(1, 0.15), "InverseGamma(1, 0.15)", "inverse-gamma(1, 0.15)"),
    (priors.PointMass(0), "PointMass(0)", "point mass at 0"),
    (priors.RootInverseGamma(1, 0.5), "RootInverseGamma(1, 0.5)", "root of inverse-gamma(1, 0.5)"),
    (priors.Jeffreys(), "Jeffreys()", "Jeffreys (improper)"),
    (priors.BergerDeely(), "BergerDeely()", "Berger-Deely (improper)"),
    (priors.DuMouchel(), "DuMouchel()", "DuMouchel"),
    (
        priors.DuMouchel(times=2),
        "DuMouchel(times=2)",
        "DuMouchel (of 2 times the standard errors)",
    ),
    (priors.UniformShrinkage((0.4,)), "UniformShrinkage(sei=(0.4,))", "uniform shrinkage (s0 0.4)"),
    (
        priors.UniformI2((0.4, 0.4), 2),
        "UniformI2(sei=(0.4, 0.4), times=2)",
        "uniform in I2 (sigma 0.8)",
    ),
]


@pytest.mark.parametrize(("prior", "call", "label"), LABELS)
def test_call_form_and_label(prior, call, label):
    assert str(prior) == call
    assert prior.label == label
    assert priors.parse_prior(call) == prior
    assert priors.parse_prior(repr(prior)) == prior


@pytest.mark.parametrize("prior", ALL, ids=str)
def test_frozen_hashable_and_slotted(prior):
    assert hash(prior) == hash(dataclasses.replace(prior))
    assert not hasattr(prior, "__dict__")
    for name in prior.parameters:
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(prior, name, 1.0)


def test_integers_and_numpy_numbers_become_floats():
    prior = priors.Normal(np.int64(0), np.float32(0.5))
    assert [type(value) for value in prior.parameters.values()] == [float, float]
    assert prior == priors.Normal(0, 0.5)
    assert str(priors.Normal(-0.0, 1)) == "Normal(0, 1)"


@pytest.mark.parametrize("prior", ALL, ids=str)
def test_one_step_outside_the_support(prior):
    low, high = prior.support
    outside = [np.nextafter(low, -np.inf), np.nextafter(high, np.inf)]
    outside = [x for x in outside if not low <= x <= high]
    assert all(prior.logpdf(x) == -math.inf and prior.pdf(x) == 0 for x in [*outside, -math.inf, math.inf])
    if prior.is_proper and not prior.is_point:
        assert (prior.cdf(low), prior.sf(low)) == (0.0, 1.0)
        assert (prior.cdf(high), prior.sf(high)) == (1.0, 0.0)
        assert (prior.cdf(-math.inf), prior.sf(math.inf)) == (0.0, 0.0)
        assert (prior.ppf(0.0), prior.ppf(1.0)) == (low, high)


@pytest.mark.parametrize("prior", POSITIVE, ids=str)
def test_density_at_zero(prior):
    """Closed at 0 where the density is positive there, open where it vanishes (log-t: is unbounded)."""
    exponential = {"InverseGamma", "LogNormal", "RootInverseGamma"}
    linear = {"BergerDeely", "Jeffreys", "UniformI2", "UniformShrinkage"}
    assert (prior.pdf(0.0) == 0.0) == (prior.family in {*exponential, *linear, "LogStudentT"})
    assert math.isfinite(prior.logpdf(5e-324)) or prior.family in exponential
    assert prior.pdf(-5e-324) == 0.0


@pytest.mark.parametrize("prior", PROPER, ids=str)
def test_scalars_arrays_and_nan(prior):
    for name in ("logpdf", "pdf", "cdf", "sf", "ppf"):
        function = getattr(prior, name)
        assert type(function(0.5)) is float
        assert type(function(np.float64(0.5))) is float
        assert type(function(np.array(0.5))) is float
        grid = np.array([[0.1, 0.5, math.nan], [0.9, 0.25, 1.0]])
        got = function(grid)
        assert got.shape == grid.shape
        assert got.dtype == np.float64
        assert np.isnan(got[0, 2])
        assert got[0, 1] == function(0.5)
        np.testing.assert_array_equal(function([0.1, 0.5]), function(np.array([0.1, 0.5])))
        assert function(np.array([])).shape == (0,)
    assert np.isnan(prior.ppf([-0.1, 1.1])).all()


@pytest.mark.parametrize("prior", IMPROPER, ids=str)
@pytest.mark.parametrize(
    "ask",
    [
        lambda prior: prior.cdf(1.0),
        lambda prior: prior.sf(1.0),
        lambda prior: prior.ppf(0.5),
        lambda prior: prior.sample(np.random.default_rng(1), 3),
    ],
)
def test_improper_priors_refuse_probabilities(prior, ask):
    with pytest.raises(ArgumentError, match="improper: its density does not integrate to 1"):
        ask(prior)
    assert math.isnan(prior.mean)
    assert math.isnan(prior.sd)
    if prior.family in {"Flat", "Uniform"}:
        np.testing.assert_array_equal(prior.logpdf([0.0, 2.0, 1e300]), [0.0, 0.0, 0.0])
        assert prior.scaled(3.0) == prior


def test_all_faults_at_once():
    with pytest.raises(ArgumentError) as caught:
        priors.StudentT(math.inf, -1, 0)
    assert [fault.what for fault in caught.value.faults] == [
        "StudentT: location = inf",
        "StudentT: scale = -1",
        "StudentT: df = 0",
    ]
    assert caught.value.faults[1].rule == "scale must be a finite number above 0"
    assert caught.value.faults[1].remedy == "Give StudentT(location, scale, df) with another scale"


@pytest.mark.parametrize("bad", [0, -1, math.nan, math.inf, True, "0.5", None, 1j, 10**400])
def test_what_a_scale_cannot_be(bad):
    for make in (
        priors.HalfNormal,
        priors.HalfCauchy,
        priors.Exponential,
        lambda value: priors.Normal(0, value),
        lambda value: priors.Cauchy(0, value),
        lambda value: priors.LogNormal(0, value),
        lambda value: priors.InverseGamma(1, value),
        lambda value: priors.HalfStudentT(1, value),
    ):
        with pytest.raises(ArgumentError, match="must be a finite number above 0"):
            make(bad)


@pytest.mark.parametrize(
    ("lower", "upper", "rule"),
    [
        (1, 1, "lower must be below upper"),
        (2, 1, "lower must be below upper"),
        (-math.inf, 1, "lower must be a finite number"),
        (0, math.nan, "upper must be a finite number or inf"),
        (0, -math.inf, "upper must be a finite number or inf"),
        (1, math.inf, "Only the uniform prior from 0 may be unbounded"),
        (-1e308, 1e308, "The width must not exceed the largest double"),
    ],
)
def test_what_bounds_cannot_be(lower, upper, rule):
    with pytest.raises(ArgumentError) as caught:
        priors.Uniform(lower, upper)
    assert rule in [fault.rule for fault in caught.value.faults]


def test_uniform_reaches_its_bounds():
    prior = priors.Uniform(0.1, 0.7)
    assert (prior.pdf(0.1), prior.pdf(0.7)) == pytest.approx((1 / 0.6, 1 / 0.6))
    assert prior.cdf(0.4) == pytest.approx(0.5)


@pytest.mark.parametrize("factor", [0, math.nan, math.inf, "2", True])
@pytest.mark.parametrize("prior", [priors.Normal(0, 1), priors.HalfNormal(1)], ids=str)
def test_what_a_factor_cannot_be(prior, factor):
    with pytest.raises(ArgumentError, match="factor must be a finite number"):
        prior.scaled(factor)


@pytest.mark.parametrize("prior", [p for p in POSITIVE if p.is_proper], ids=str)
def test_positive_priors_refuse_a_negative_factor(prior):
    with pytest.raises(ArgumentError, match="factor must be a finite number above 0"):
        prior.scaled(-2.0)


def test_scaled_by_hand():
    assert priors.Normal(1, 2).scaled(-3) == priors.Normal(-3, 6)
    assert priors.StudentT(1, 2, 4).scaled(0.5) == priors.StudentT(0.5, 1, 4)
    assert priors.Cauchy(1, 2).scaled(2) == priors.Cauchy(2, 4)
    assert priors.Uniform(-1, 4).scaled(-2) == priors.Uniform(-8, 2)
    assert priors.HalfNormal(0.28).scaled(5) == priors.HalfNormal(0.28 * 5)
    assert priors.HalfCauchy(2).scaled(3) == priors.HalfCauchy(6)
    assert priors.HalfStudentT(2, 4).scaled(3) == priors.HalfStudentT(6, 4)
    assert priors.Exponential(2).scaled(4) == priors.Exponential(0.5)
    assert priors.InverseGamma(2, 3).scaled(4) == priors.InverseGamma(2, 12)
    assert priors.LogNormal(1, 2).scaled(math.e) == priors.LogNormal(2, 2)
    assert priors.LogStudentT(1, 2, 5).scaled(math.e) == priors.LogStudentT(2, 2, 5)
    assert priors.PointMass(2).scaled(-3) == priors.PointMass(-6)
    assert priors.PointMass(0).scaled(-3) == priors.PointMass(0)
