"""Other units change no answer but their own: every estimator, interval and test of the classic half, to rounding.

`test_classic_properties.py` asks the same of any data, for a factor that is a power of two bit by bit.
"""

from __future__ import annotations

import warnings
from functools import partial

import numpy as np
import pytest

from mutau import diagnostics
from mutau.classic import (
    CI_METHODS,
    PREDICTION_METHODS,
    TAU2_CI_METHODS,
    TAU2_METHODS,
    inverse_variance,
    inverse_variance_many,
)
from mutau.classic.confidence import CI_ESTIMATORS
from mutau.classic.predicting import CONVENTIONS
from mutau.classic.tau2_intervals import TAU2_INTERVALS

SLOW = ("permutation", "NNF")
FACTORS = (np.pi * 1e-7, 1e5 / 3)  # not powers of two: every number is rounded anew
ROUNDING = 1e-9
POWERS = {
    **dict.fromkeys(("estimate", "se", "lower", "upper", "prediction_lower", "prediction_upper"), 1),
    **dict.fromkeys(("tau2", "tau2_se", "tau2_lower", "tau2_upper"), 2),
    **dict.fromkeys(("statistic", "df", "p_value", "q", "q_p_value", "i2", "i2_lower", "i2_upper", "h2"), 0),
}
"""The power of the factor that each number is multiplied by."""

RNG = np.random.default_rng(17)
VI = np.exp(RNG.normal(-2, 1.2, 12))
YI = RNG.normal(0.3, np.sqrt(VI + 0.4))
QUIET = np.array([0.31, 0.28, 0.35, 0.30, 0.27, 0.33]), np.array([0.02, 0.05, 0.11, 0.04, 0.3, 0.07])
DATA = [(YI, VI), QUIET]


def assert_multiplied(one, other, c, powers):
    for name, power in powers.items():
        expected = np.asarray(getattr(one, name), dtype=float) * c**power
        np.testing.assert_allclose(getattr(other, name), expected, rtol=ROUNDING, atol=0, err_msg=name)


def options(tau2):
    """Each interval that goes with an estimator at least once."""
    goes = {"CE": "REML"}.get(tau2, tau2)
    cis = [ci for ci in CI_METHODS if ci not in SLOW and tau2 in CI_ESTIMATORS.get(ci, (tau2,))]
    predictions = [
        p for p in PREDICTION_METHODS if p != "NNF" and goes in (CONVENTIONS[p].estimators or (goes,))
    ]
    tau2_cis = [c for c in TAU2_CI_METHODS if goes in (TAU2_INTERVALS[c].estimators or (goes,))]
    for i in range(max(len(cis), len(predictions), len(tau2_cis))):
        ci, prediction, tau2_ci = (names[i % len(names)] for names in (cis, predictions, tau2_cis))
        yield {"ci": ci, "prediction": prediction, "tau2_ci": tau2_ci}


@pytest.mark.parametrize("c", FACTORS)
@pytest.mark.parametrize("tau2", TAU2_METHODS)
def test_every_estimator_and_interval(tau2, c):
    for yi, vi in DATA:
        for chosen in options(tau2):
            one = inverse_variance(yi, vi, tau2=tau2, **chosen)
            assert_multiplied(one, inverse_variance(c * yi, c * c * vi, tau2=tau2, **chosen), c, POWERS)


@pytest.mark.parametrize("c", FACTORS)
def test_the_permutation_and_bootstrap_intervals(c):
    yi, vi = YI[:8], VI[:8]
    for chosen in ({"tau2": "REML", "ci": "permutation"}, {"tau2": "DL", "ci": "NNF", "prediction": "NNF"}):
        one = inverse_variance(yi, vi, **chosen)
        assert np.isfinite([one.lower, one.prediction_lower]).all()
        known = {name: power for name, power in POWERS.items() if not np.isnan(getattr(one, name))}
        assert_multiplied(one, inverse_variance(c * yi, c * c * vi, **chosen), c, known)


@pytest.mark.parametrize("c", FACTORS)
def test_many_sets_each_with_units_of_its_own(c):
    k, units = np.array([5, 1, 6]), np.repeat([1.0, c, 1 / c], [5, 1, 6])
    one = inverse_variance_many(YI, VI, k, ci="HK")
    other = inverse_variance_many(units * YI, units**2 * VI, k, ci="HK")
    known = {name: power for name, power in POWERS.items() if hasattr(one, name)}
    assert_multiplied(one, other, np.array([1.0, c, 1 / c]), known)


TESTS = {
    "leave-one-out": (
        diagnostics.leave_one_out,
        {"estimate": 1, "se": 1, "lower": 1, "upper": 1, "p_value": 0, "q": 0, "tau2": 2, "i2": 0, "h2": 0},
    ),
    "influence": (
        diagnostics.influence,
        {
            "rstudent": 0,
            "dffits": 0,
            "cook_d": 0,
            "cov_r": 0,
            "tau2_deleted": 2,
            "qe_deleted": 0,
            "dfbetas": 0,
        },
    ),
    "Baujat": (diagnostics.baujat, {"x": 0, "y": 0}),
    "radial": (diagnostics.radial, {"x": -1, "z": 0, "slope": 1, "lower": 1, "upper": 1}),
    "normal quantiles": (diagnostics.normal_quantiles, {"theoretical": 0, "sample": 0}),
    "GOSH": (diagnostics.gosh, {"estimate": 1, "q": 0, "i2": 0, "h2": 0, "tau2": 2}),
    "Egger": (diagnostics.egger, {"estimate": 0, "se": 0, "statistic": 0, "p_value": 0, "limit": 1}),
    "Egger, mixed": (
        partial(diagnostics.egger, model="rma"),
        {"estimate": 0, "se": 0, "statistic": 0, "p_value": 0, "limit": 1, "tau2": 2},
    ),
    "Begg": (diagnostics.begg, {"estimate": 0, "p_value": 0}),
    "PET-PEESE": (
        diagnostics.pet_peese,
        {"pet": 1, "pet_lower": 1, "pet_upper": 1, "pet_p_value": 0, "peese": 1, "estimate": 1, "upper": 1},
    ),
    **{
        f"trim and fill, {name}": (
            partial(diagnostics.trim_and_fill, estimator=name, side="left"),
            {"k0": 0, "k0_se": 0, "yi": 1, "vi": 2},
        )
        for name in diagnostics.TRIM_ESTIMATORS
    },
}


@pytest.mark.parametrize("c", FACTORS)
@pytest.mark.parametrize("name", TESTS)
def test_every_test_and_diagnostic(name, c):
    ask, powers = TESTS[name]
    short = 7 if name == "GOSH" else len(YI)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        one, other = ask(yi=YI[:short], vi=VI[:short]), ask(yi=c * YI[:short], vi=c * c * VI[:short])
    assert_multiplied(one, other, c, powers)
