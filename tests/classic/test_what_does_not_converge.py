"""Iterations that end without an answer give NaN and say what was tried; extreme data end in an answer or in that."""

from __future__ import annotations

import math
import re
from fractions import Fraction

import numpy as np
import pytest
from scipy import stats

from mutau import diagnostics
from mutau.classic import conditional, glmm, inverse_variance, pooled_mean, roots
from mutau.classic.mixed import climbing, maximum
from mutau.classic.regression import residual_tau2
from mutau.diagnostics import trimming
from mutau.errors import ArgumentError

YI = [0.1, 0.8, -0.5, 1.9, 0.3, 1.0]
VI = [0.02, 0.05, 0.03, 0.10, 0.04, 0.06]

ITERATED = ("PM", "EB", "PMM", "ML", "REML")
"""Estimators that are searched for; the others are formulas."""

TRIED = re.compile("Brent's method|Newton's steps|halvings")
"""Words for a search."""

quiet = pytest.mark.filterwarnings("ignore::mutau.errors.ApproximationWarning")


@pytest.fixture
def one_step(monkeypatch):
    """Every search stops after its first step, short of any answer."""
    monkeypatch.setattr(roots, "MAX_STEPS", 1)
    monkeypatch.setattr(pooled_mean, "STEPS", 1)


@pytest.mark.usefixtures("one_step")
@pytest.mark.parametrize("tau2", [*ITERATED, "GENQM", "GENQM(1/vi)"])
def test_an_estimator_that_does_not_get_there_says_what_it_tried(tau2):
    result = inverse_variance(YI, VI, tau2=tau2)
    assert np.isnan([result.tau2, result.estimate, result.se, result.lower, result.upper]).all()
    assert any(TRIED.search(note) for note in result.notes)


@pytest.mark.usefixtures("one_step")
@pytest.mark.parametrize("tau2_ci", ["QP", "BJ", "BT", "J"])
def test_an_interval_of_tau2_that_does_not_get_there_says_what_it_tried(tau2_ci):
    result = inverse_variance(YI, VI, tau2="DL", tau2_ci=tau2_ci)
    assert math.isfinite(result.tau2)
    assert np.isnan([result.tau2_lower, result.tau2_upper, result.i2_lower, result.h2_upper]).any()
    (said,) = [note for note in result.notes if "interval for tau2" in note]
    assert "not found" in said
    assert TRIED.search(said)


@pytest.mark.parametrize(("tau2", "ci"), [("DL", "HC"), ("ML", "PL"), ("ML", "BC")])
def test_an_interval_of_the_mean_that_does_not_get_there_says_what_it_tried(tau2, ci, monkeypatch):
    monkeypatch.setattr(roots, "MAX_STEPS", 1)
    result = inverse_variance(YI, VI, tau2=tau2, ci=ci)
    assert math.isfinite(result.tau2)
    assert np.isnan([result.lower, result.upper]).all()
    assert TRIED.search(result.notes[-1])


@pytest.mark.usefixtures("one_step")
def test_conditional_likelihood_that_does_not_get_there_says_what_it_tried():
    result = conditional([5, 9, 2], [30, 40, 25], [9, 12, 8], [31, 38, 26])
    assert math.isnan(result.estimate)
    assert result.notes[-1].startswith("The estimate was not found")


@pytest.mark.parametrize(
    ("module", "name", "said"),
    [
        (
            climbing,
            "STEPS",
            "no maximum of the likelihood was found for a common effect (tried: Newton's steps)",
        ),
        (maximum, "STARTS", "no maximum of the likelihood was found for random effects (tried"),
        (maximum, "STEPS", "The limits of tau2 were not found (tried: Newton's steps"),
    ],
)
def test_a_mixed_model_that_does_not_get_there_says_what_it_tried(module, name, said, monkeypatch):
    monkeypatch.setattr(module, name, () if name == "STARTS" else 1)
    result = glmm([5, 9, 2, 22], [30, 40, 25, 60], [9, 32, 8, 3], [31, 38, 26, 55])
    assert math.isnan(result.tau2_upper)
    assert math.isnan(result.estimate) == ("maximum" in said)
    assert any(said in note for note in result.notes)


@quiet
def test_a_regression_that_does_not_settle_is_refused(monkeypatch):
    monkeypatch.setattr(residual_tau2, "STEPS", 1)
    with pytest.raises(ArgumentError, match="REML did not settle"):
        diagnostics.egger(yi=YI, vi=VI, model="rma")


@quiet
def test_trim_and_fill_that_does_not_settle_fills_nothing(monkeypatch):
    monkeypatch.setattr(trimming, "_ROUNDS", 1)
    skewed = [0, 0.1, -0.1, 0.5, 0.8, 1.1]
    found = diagnostics.trim_and_fill(yi=skewed, sei=[0.1, 0.1, 0.1, 0.3, 0.4, 0.5], tau2="CE")
    assert math.isnan(found.k0)
    assert found.pooled is None
    assert "did not settle in 1 rounds" in found.notes[-1]


def sums(yi, vi, tau2):
    """Sum of the weights, of their squares, and of weighted squares about the mean, w and w squared: exactly."""
    y, w = [Fraction(float(x)) for x in yi], [1 / (Fraction(float(v)) + Fraction(float(tau2))) for v in vi]
    total = sum(w)
    mean = sum(a * b for a, b in zip(w, y, strict=True)) / total
    squares = [(x - mean) ** 2 for x in y]
    spreads = [sum(a**power * b for a, b in zip(w, squares, strict=True)) for power in (1, 2)]
    return total, sum(x**2 for x in w), *spreads


def slope(yi, vi, tau2, name):
    """Twice the slope of the log likelihood of tau2, as the papers have it."""
    total, of_squares, _, spread = sums(yi, vi, tau2)
    return spread - (total - of_squares / total if name == "REML" else total)


EXTREME = {
    "huge effects": ([1e9, -1e9, 3e8], [1.0, 2.0, 1.0]),
    "tiny variances": ([0.1, 0.2, 0.4], [1e-18, 1e-15, 1e-17]),
    "variances over 19 decades": ([0.1, 0.2, 0.4, 0.3], [1e-10, 1.0, 1e9, 1e-3]),
    "two variances over 19 decades": ([0.1, 0.2], [1e-10, 1e9]),
    "the same effect": ([0.2] * 4, [0.1, 0.01, 1e5, 3.0]),
    "one outlier": ([0.0, 0.0, 0.0, 0.0, 1e5], [1e-8] * 5),
    "alternating": ([(-1) ** i * 10.0**i for i in range(7)], [10.0**-i for i in range(7)]),
    "two far apart": ([-1e6, 1e6], [1e-6, 1e6]),
    "near the largest number": ([1e150, 2e150, -1e150], [1e299, 2e299, 1e298]),
    "near the smallest number": ([1e-150, 2e-150, -1e-150], [1e-299, 2e-299, 1e-298]),
}


@pytest.mark.parametrize(
    ("yi", "vi", "said"),
    [
        ([1e150, -1e150, 3e149], [1.0, 2.0, 1.0], "effects 1e150 standard errors apart"),
        ([0.1, 0.2, 0.4], [1e-300, 1.0, 1e300], "variances from 1e-300 to 1e300"),
        ([1e308, -1e308], [1.0, 1.0], "standard errors apart"),
    ],
)
def test_numbers_too_far_apart_are_refused(yi, vi, said):
    with pytest.raises(ArgumentError, match=said):
        inverse_variance(yi, vi)


@pytest.mark.parametrize("data", EXTREME)
@pytest.mark.parametrize("tau2", ITERATED)
def test_extreme_data_end_in_an_answer_or_in_a_reason(tau2, data):
    yi, vi = (np.array(values) for values in EXTREME[data])
    result = inverse_variance(yi, vi, tau2=tau2)
    if math.isnan(result.tau2):
        assert any(result.notes)
        return
    wide = 1e-6 * (result.tau2 + float(np.min(vi)))
    if tau2 in ("ML", "REML"):
        assert slope(yi, vi, result.tau2 + wide, tau2) <= 0
        assert result.tau2 == 0 or slope(yi, vi, max(0.0, result.tau2 - wide), tau2) >= 0
    else:
        target = len(yi) - 1.0 if tau2 != "PMM" else float(stats.chi2(len(yi) - 1).median())
        q = float(sums(yi, vi, result.tau2)[2])
        assert q == pytest.approx(target, rel=1e-6) or (result.tau2 == 0 and q <= target)
