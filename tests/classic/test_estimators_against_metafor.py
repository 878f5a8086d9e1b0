"""Every estimator of tau2, its intervals and the t interval against metafor (tight control), on 33 data sets."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest

from mutau.classic import inverse_variance

REFERENCE = json.loads((Path(__file__).parents[1] / "reference" / "estimators.json").read_text())
DATA = [name for name in REFERENCE if name != "meta"]

CLOSED_FORM = 1e-10  # the same sums in another order; in tau2 the difference of two larger numbers is taken
ITERATIVE = 1e-8  # metafor stopped at a change of 1e-13 in tau2 near 1
ROOT_OF_LIKELIHOOD = (
    1e-6  # metafor's profile likelihood limits: uniroot on a curve known to 1e-13 where it is flat
)
AT_ZERO = 1e-12  # of the mean sampling variance: metafor ends its search a little above 0 where tau2 is 0
SEARCHED = ("ML", "REML", "EB", "PM", "PMM", "GENQM", "GENQM(1/vi)")
FITTED = ("tau2", "tau2_se", "estimate", "se", "i2", "h2")


def close(found, expected, tolerance, at_zero):
    return found == pytest.approx(expected, rel=tolerance, abs=at_zero)


@pytest.mark.parametrize("data", DATA)
def test_estimators_equal_metafors(data):
    block = REFERENCE[data]
    size = float(np.mean(block["vi"]))
    for method, expected in block["fits"].items():
        result = inverse_variance(block["yi"], block["vi"], tau2=method, ci="wald")
        tolerance = ITERATIVE if method in SEARCHED else CLOSED_FORM
        for number in FITTED:
            at_zero = {"tau2": AT_ZERO * size, "i2": 1e-9, "estimate": AT_ZERO * math.sqrt(size)}.get(
                number, 0
            )
            found = getattr(result, number)
            assert close(found, expected[number], tolerance, at_zero), (method, number)


@pytest.mark.parametrize("data", DATA)
def test_t_intervals_equal_metafors(data):
    block = REFERENCE[data]
    at_zero = AT_ZERO * math.sqrt(float(np.mean(block["vi"])))
    for method, expected in block["fits"].items():
        result = inverse_variance(block["yi"], block["vi"], tau2=method, ci="t")
        for number in ("lower", "upper", "p_value"):
            found = getattr(result, number)
            assert close(found, expected[f"t_{number}"], ITERATIVE, at_zero), (method, number)


@pytest.mark.parametrize("data", DATA)
def test_intervals_of_tau2_i2_and_h2_equal_metafors(data):
    block = REFERENCE[data]
    size = float(np.mean(block["vi"]))
    compared = 0
    for key, expected in block["intervals"].items():
        kind, method = key.split("_")
        if any(limit is None for limit in expected):
            continue
        name = "wald" if kind == "Wald" else kind
        result = inverse_variance(block["yi"], block["vi"], tau2=method, tau2_ci=name, ci="wald")
        found = [
            getattr(result, f"{what}_{end}") for what in ("tau2", "i2", "h2") for end in ("lower", "upper")
        ]
        tolerance = ROOT_OF_LIKELIHOOD if kind == "PL" else ITERATIVE
        for i, (ours, theirs) in enumerate(zip(found, expected, strict=True)):
            at_zero = (AT_ZERO * size, 1e-9, 1e-10)[i // 2]
            assert close(ours, theirs, tolerance, at_zero), (key, i)
        compared += 1
    assert compared >= 6  # QP and Wald of three estimators; PL where metafor's search ended


@pytest.mark.parametrize("data", [name for name in DATA if REFERENCE[name]["permutation"]["DL"]["p_value"]])
def test_permutation_test_equals_metafors(data):
    """All sign patterns; metafor counts each twice, with its opposite."""
    block = REFERENCE[data]
    result = inverse_variance(block["yi"], block["vi"], tau2="DL", ci="permutation")
    assert result.p_value == pytest.approx(block["permutation"]["DL"]["p_value"], rel=CLOSED_FORM)


@pytest.mark.parametrize(
    ("prob", "limits"),
    [
        (0.95, [-1.5853886648429178, -0.2175473191266011]),
        (0.80, [-1.4291659703149868, -0.6387492265916116]),
    ],
)
def test_permutation_limits_equal_metafors(prob, limits):
    """metafor 3.8-1, the first six BCG trials: ``permutest(rma(yi, vi, method="DL"), exact=TRUE, permci=TRUE)``."""
    yi, vi = REFERENCE["bcg_rr"]["yi"][:6], REFERENCE["bcg_rr"]["vi"][:6]
    result = inverse_variance(yi, vi, tau2="DL", ci="permutation", prob=prob)
    assert [result.lower, result.upper] == pytest.approx(limits, rel=1e-6)
