"""Priors from text: what is read, and every way it can be wrong."""

from __future__ import annotations

import math

import pytest

from mutau import priors
from mutau.errors import ArgumentError
from mutau.priors import parse_prior

GOOD = [
    ("HalfNormal(0.5)", priors.HalfNormal(0.5)),
    ("  HalfNormal( scale = 0.5 ) ", priors.HalfNormal(0.5)),
    ("Normal(-1, sd=2)", priors.Normal(-1, 2)),
    ("Normal(+1, 2e-1)", priors.Normal(1, 0.2)),
    ("StudentT(0, df=4, scale=2)", priors.StudentT(0, 2, 4)),
    ("NormalMixture((1,), [0], sds=(2,))", priors.NormalMixture((1,), (0,), (2,))),
    (
        "NormalMixture(weights=(.9, .1), means=(-1, 0), sds=(1, 2e0))",
        priors.NormalMixture((0.9, 0.1), (-1, 0), (1, 2)),
    ),
    ("Uniform(0, inf)", priors.Uniform(0, math.inf)),
    ("Flat()", priors.Flat()),
    ("PointMass(0)", priors.PointMass(0)),
    ("LogNormal.on_tau2(-2.14, 1.74)", priors.LogNormal(-1.07, 0.87)),
    ("LogNormal.on_tau2(mean=-2.14, sd=1.74)", priors.LogNormal(-1.07, 0.87)),
    ("LogStudentT.on_tau2(-3.44, 2.59, df=5)", priors.LogStudentT(-1.72, 1.295, 5)),
]


@pytest.mark.parametrize(("text", "prior"), GOOD)
def test_reads(text, prior):
    assert parse_prior(text) == prior


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("HalfNorml(0.5)", "Did you mean 'HalfNormal'?"),
        ("halfnormal(0.5)", "Did you mean 'HalfNormal'?"),
        ("Gamma(1, 1)", "'InverseGamma'"),
        ("Flat", "Write 'Flat(...)'"),
        ("HalfNormal", "Write 'HalfNormal(...)'"),
        ("0.5", "written as a family with its numbers in brackets"),
        ("", "written as a family with its numbers in brackets"),
        ("HalfNormal(0.5", "written as a family with its numbers in brackets"),
        ("HalfNormal(0.5) # half", None),
        ("a\0b", "written as a family with its numbers in brackets"),
        ("(" * 5000, "written as a family with its numbers in brackets"),
        ("HalfNormal(0.5); Flat()", "written as a family with its numbers in brackets"),
        ("HalfNormal(sigma=0.5)", "parameter 'sigma'. It takes scale."),
        ("HalfNormal(0.5, scale=1)", "scale given twice"),
        ("HalfNormal(0.5, 2)", "2 numbers by position"),
        ("HalfNormal()", "scale missing"),
        ("Flat(1)", "It takes no parameters"),
        ("Flat(scale=1)", "Leave the brackets empty"),
        ("HalfNormal('0.5')", "scale = '0.5'"),
        ("HalfNormal(True)", "scale = True"),
        ("HalfNormal(1/2)", "scale = 1 / 2"),
        ("HalfNormal(nan)", "scale = nan"),
        ("HalfNormal(1j)", "scale = 1j"),
        ("HalfNormal((0.5, 0.5))", "scale must be a finite number above 0"),
        ("NormalMixture(1, 0, 1)", "weights must be a tuple, each entry a finite number above 0"),
        ("NormalMixture((1,), (a,), (1,))", "means = (a,)"),
        ("NormalMixture((1,), ((0,),), (1,))", "means = ((0,),)"),
        ("NormalMixture((0.5, 0.6), (0, 1), (1, 1))", "the weights sum to 1.1. The weights must sum to 1"),
        ("NormalMixture((0.5, 0.5), (0, 1), (1,))", "2 weights, 2 means, 1 sds"),
        ("HalfNormal(*[1])", "scale = *[1]"),
        ("HalfNormal(**{})", "parameter '**'"),
        ("HalfNormal(__import__('os').getpid())", "A parameter is a plain number"),
        ("HalfNormal(-0.5)", "scale must be a finite number above 0"),
        ("HalfNormal(inf)", "scale must be a finite number above 0"),
        ("HalfNormal(1e400)", "scale must be a finite number above 0"),
        (f"HalfNormal(1{'0' * 400})", "scale must be a finite number above 0"),
        ("HalfNormal.on_tau2(1)", "Only InverseGamma, LogNormal, LogStudentT have another way to be made"),
        ("LogNormal.on_tau(1, 2)", "Did you mean 'LogNormal.on_tau2'?"),
        ("LogNormal.on_tau2(1)", "sd missing"),
        ("os.system('x')", "family 'os'"),
        ("Uniform(2, 1)", "lower must be below upper"),
    ],
)
def test_refuses_and_says_why(text, told):
    if told is None:
        assert parse_prior(text) == priors.HalfNormal(0.5)
        return
    with pytest.raises(ArgumentError) as caught:
        parse_prior(text)
    assert told in str(caught.value)


@pytest.mark.parametrize("thing", [None, 0.5, ["HalfNormal(0.5)"]])
def test_refuses_what_is_no_text(thing):
    with pytest.raises(ArgumentError, match="written as a family"):
        parse_prior(thing)


def test_all_faults_at_once():
    with pytest.raises(ArgumentError) as caught:
        parse_prior("StudentT(zero, sd=1, df='4')")
    assert [fault.what.split(": ", 1)[1] for fault in caught.value.faults] == [
        "parameter 'sd'",
        "scale missing",
        "location = zero",
        "df = '4'",
    ]
