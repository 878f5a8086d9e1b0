"""Every effect measure against metafor's escalc (tests/reference/effect_sizes.json), and printed figures."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mutau import pool
from mutau.measures import MEASURES, double_arcsine, effects, proportion_of_double_arcsine

CASES = json.loads((Path(__file__).parents[1] / "reference" / "effect_sizes.json").read_text("utf-8"))
CASES = {name: case for name, case in CASES.items() if isinstance(case, dict) and "measure" in case}
CLOSED = 1e-10
"""Relative; formulas are closed, so only rounding is left (metafor's J takes two gamma logarithms of one size)."""
AT_NULL = 1e-14
"""Absolute, where an effect is 0 and differences of logarithms leave rounding."""
READY_MADE = {"HR", "GEN"}
PARTIAL = {"PCOR": 0, "ZPCOR": -2}
"""What current metafor adds to n less the number of predictors: the divisor of a partial correlation's variance."""


def _numbers(values):
    return np.array([np.nan if value is None else value for value in values])


def _computed(case):
    frame = pd.DataFrame(case["data"])
    return effects(frame, case["measure"], add=case["add"], to=case["to"], announce=False)


@pytest.mark.parametrize("name", CASES)
def test_effects_are_those_of_escalc(name):
    case = CASES[name]
    found, yi, vi = _computed(case), _numbers(case["yi"]), _numbers(case["vi"])
    if case["measure"] in PARTIAL:  # metafor 3.8-1 has other degrees of freedom; see DISAGREEMENTS.md
        n, predictors = (np.array(case["data"][letter]) for letter in ("ni", "mi"))
        vi = vi * (n - predictors - 1) / (n - predictors + PARTIAL[case["measure"]])
    usable = np.isfinite(yi) & (vi > 0)
    assert usable.any()
    np.testing.assert_allclose(found["yi"][usable], yi[usable], rtol=CLOSED, atol=AT_NULL)
    np.testing.assert_allclose(found["vi"][usable], vi[usable], rtol=CLOSED)
    assert np.isnan(found["vi"][~usable]).all()
    assert (found["note_effect"][~usable] != "").all()


@pytest.mark.parametrize(("partial", "plain"), [("PCOR", "COR"), ("ZPCOR", "ZCOR")])
def test_a_partial_correlation_with_one_predictor_is_the_correlation(partial, plain):
    r, n = 0.4, 30
    t = r * np.sqrt((n - 2) / (1 - r**2))
    one = effects(pd.DataFrame({"t": [t], "n": [n], "predictors": [1]}), partial)
    both = effects(pd.DataFrame({"r": [r], "n": [n]}), plain)
    np.testing.assert_allclose(one[["yi", "vi"]], both[["yi", "vi"]], rtol=1e-13)


def test_every_measure_has_an_outside_number():
    assert {case["measure"] for case in CASES.values()} | READY_MADE == set(MEASURES)


def test_every_rule_met_a_zero_cell():
    bare = {
        name for name, case in CASES.items() if case["to"] == "only0" and _computed(case)["corrected"].any()
    }
    met = {CASES[name]["measure"] for name in bare}
    assert met == {code for code, measure in MEASURES.items() if measure.corrected}


PRINTED = [
    ("RR", {"ai": 4, "n1i": 123, "ci": 11, "n2i": 139}, -0.8893, 0.3256),
    ("ZCOR", {"ri": 0.62, "ni": 30}, 0.7250, None),
    ("MPRR", {"ai": 20, "bi": 10, "ci": 5, "di": 20}, 0.1823, None),
    ("MPOR", {"ai": 20, "bi": 10, "ci": 5, "di": 20}, 0.3646, None),
    ("PCOR", {"ti": 4.61, "ni": 218, "mi": 4}, 0.3012, 0.0039),
    ("ZPCOR", {"ti": 4.61, "ni": 218, "mi": 4}, 0.3108, 0.0047),
    ("PAS", {"xi": 10, "ni": 20}, 0.7854, None),
    ("MC", {"m1i": 26, "sd1i": 30**0.5, "m2i": 22, "sd2i": 20**0.5, "ri": 0.7, "ni": 60}, 4.0, 0.2618),
    ("ROMC", {"m1i": 26, "sd1i": 30**0.5, "m2i": 22, "sd2i": 20**0.5, "ri": 0.7, "ni": 60}, 0.1671, None),
]
"""From metafor's own tests (test_misc_escalc.r), which hold four decimals."""


@pytest.mark.parametrize(("measure", "cells", "yi", "vi"), PRINTED)
def test_figures_of_metafors_own_tests(measure, cells, yi, vi):
    found = effects(pd.DataFrame([cells]), measure).iloc[0]
    assert round(found["yi"], 4) == pytest.approx(yi, abs=1e-9)
    assert vi is None or round(found["vi"], 4) == pytest.approx(vi, abs=1e-9)


MORRIS_TREATMENT = [0.5056, 1.0481, 1.8054, 1.4181, 0.0801]


def test_changes_of_morris_2008():
    found = effects(pd.DataFrame(CASES["SMCR_morris2008"]["data"]), "SMCR")["yi"]
    np.testing.assert_allclose(found, MORRIS_TREATMENT, atol=5.1e-5)


def test_normand_1999_as_metafors_tests_have_it():
    found = effects(pd.DataFrame(CASES["SMD_normand1999"]["data"]), "SMD").iloc[:4]
    np.testing.assert_allclose(found["yi"], [-0.3552, -0.3479, -2.3176, -1.8880], atol=5.1e-5)
    np.testing.assert_allclose(found["vi"], [0.0131, 0.0645, 0.0458, 0.1606], atol=5.1e-5)


@pytest.mark.parametrize(
    ("measure", "yi", "vi"),
    [
        ("SMDH", [-0.3553, -0.3465, -2.3018, -1.8880], [0.0131, 0.0657, 0.0509, 0.1874]),
        ("ROM", [-0.3102, -0.0715, -0.6202, -0.7303], [0.0094, 0.0028, 0.0018, 0.0119]),
    ],
)
def test_normand_1999_unequal_sds_and_ratio_of_means(measure, yi, vi):
    found = effects(pd.DataFrame(CASES[f"{measure}_normand1999"]["data"]), measure).iloc[:4]
    np.testing.assert_allclose(found["yi"], yi, atol=5.1e-5)
    np.testing.assert_allclose(found["vi"], vi, atol=5.1e-5)


def test_biserial_correlations_of_jacobs_and_viechtbauer():
    x = np.array([20, 31, 18, 22, 30, 16, 28, 24, 23, 27, 1, 4, 8, 15, 9, 11, 11, 6, 8, 4])
    y = np.array([3, 3, 4, 5, 6, 4, 7, 6, 5, 4, 3, 5, 1, 5, 2, 4, 6, 4, 2, 4])
    high, low = y[x > np.median(x)], y[x <= np.median(x)]
    cells = pd.DataFrame(
        {
            "m1i": [high.mean()], "sd1i": [high.std(ddof=1)], "n1i": [high.size],
            "m2i": [low.mean()], "sd2i": [low.std(ddof=1)], "n2i": [low.size],
        }
    )  # fmt: skip
    for measure, printed in (("RPB", [0.3685, 0.0384]), ("RBIS", [0.4619, 0.0570])):
        np.testing.assert_allclose(effects(cells, measure)[["yi", "vi"]].iloc[0], printed, atol=5.1e-5)


def test_double_arcsine_goes_back_as_miller_1978_prints():
    table = pd.DataFrame({"events": [3, 6, 10, 1], "n": [11, 17, 21, 6]})
    pooled = pool(table, measure="PFT", tau2="CE").estimate
    assert round(2 * pooled, 4) == pytest.approx(1.3093, abs=1e-9)
    assert round(float(proportion_of_double_arcsine(pooled, table["n"])), 4) == pytest.approx(
        0.3595, abs=1e-9
    )
    plain = effects(table, "PFT")["yi"].mean()
    assert round(float(proportion_of_double_arcsine(plain, table["n"])), 4) == pytest.approx(0.3164, abs=1e-9)


def test_double_arcsine_there_and_back():
    events, n = np.array([0.0, 1, 7, 19, 20]), 20.0
    back = proportion_of_double_arcsine(double_arcsine(events, n)[0], n)
    np.testing.assert_allclose(back, events / n, atol=1e-7)


def test_double_arcsine_beyond_what_a_size_can_give_is_an_end():
    np.testing.assert_array_equal(proportion_of_double_arcsine([0.0, 2.0], 20), [0, 1])
