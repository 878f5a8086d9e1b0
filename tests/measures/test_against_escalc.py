"""Every effect measure against metafor's escalc (tests/reference/effect_sizes.json), and printed figures."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mutau import pool
from mutau.errors import ArgumentError
from mutau.measures import (
    MEASURES,
    VARIANCES,
    double_arcsine,
    effects,
    hedges_correction,
    proportion_of_double_arcsine,
)

CASES = json.loads((Path(__file__).parents[1] / "reference" / "effect_sizes.json").read_text("utf-8"))
CASES = {name: case for name, case in CASES.items() if isinstance(case, dict) and "measure" in case}
CLOSED = 1e-10
"""Relative; formulas are closed, so only rounding is left (metafor's J takes two gamma logarithms of one size)."""
SOLVED = {"RTET": 1e-5}
"""Relative; the reference's information is differentiated numerically (its estimates agree to 1e-9)."""
AT_NULL = 1e-14
"""Absolute, where an effect is 0 and differences of logarithms leave rounding."""
READY_MADE = {"HR", "GEN"}
PARTIAL = {"PCOR": 0, "ZPCOR": -2}
"""What current metafor adds to n less the number of predictors: the divisor of a partial correlation's variance."""

BONETT = {"SMDH": (("n1i", "n2i"), 2), "SMCRH": (("ni",), 1)}
"""Sizes of which the degrees of freedom of J are made, and what is taken from them."""


def _numbers(values):
    return np.array([np.nan if value is None else value for value in values])


def _computed(case):
    frame = pd.DataFrame(case["data"])
    return effects(
        frame, case["measure"], add=case["add"], to=case["to"], vtype=case["vtype"], announce=False
    )


@pytest.mark.parametrize("name", CASES)
def test_effects_are_those_of_escalc(name):
    case = CASES[name]
    found, yi, vi = _computed(case), _numbers(case["yi"]), _numbers(case["vi"])
    if case["measure"] in PARTIAL:  # metafor 3.8-1 has other degrees of freedom; see DISAGREEMENTS.md
        n, predictors = (np.array(case["data"][letter]) for letter in ("ni", "mi"))
        vi = vi * (n - predictors - 1) / (n - predictors + PARTIAL[case["measure"]])
    if case["measure"] in BONETT:  # metafor 3.8-1 multiplies by J^2, later versions do not
        degrees = sum(np.array(case["data"][letter]) for letter in BONETT[case["measure"]][0])
        vi = vi / hedges_correction(degrees - BONETT[case["measure"]][1]) ** 2
    usable = np.isfinite(yi) & (vi > 0)
    assert usable.any()
    tolerance = SOLVED.get(case["measure"], CLOSED)
    np.testing.assert_allclose(found["yi"][usable], yi[usable], rtol=tolerance, atol=AT_NULL)
    np.testing.assert_allclose(found["vi"][usable], vi[usable], rtol=tolerance)
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


def test_every_other_variance_has_an_outside_number():
    assert {(case["measure"], case["vtype"]) for case in CASES.values()} >= set(VARIANCES)


def test_metafors_own_tetrachoric_correlations_are_as_far_off_as_its_optimiser_ends():
    case = CASES["RTET_bcg"]
    np.testing.assert_allclose(_computed(case)["yi"], case["metafor"], atol=5e-4)


def test_every_rule_met_a_zero_cell():
    bare = {
        name for name, case in CASES.items() if case["to"] == "only0" and _computed(case)["corrected"].any()
    }
    met = {CASES[name]["measure"] for name in bare}
    assert met == {code for code, measure in MEASURES.items() if measure.corrected}


TABLE = {"ai": 135, "n1i": 150, "ci": 40, "n2i": 50}
CHANGE = {"m1i": 26, "sd1i": 30**0.5, "m2i": 22, "sd2i": 20**0.5, "ri": 0.7, "ni": 60}
PRINTED = [
    ("RR", {"ai": 4, "n1i": 123, "ci": 11, "n2i": 139}, -0.8893, 0.3256),
    ("PHI", TABLE, 0.1309, 0.0789**2),
    ("YUQ", TABLE, 0.3846, None),
    ("YUY", TABLE, 0.2000, None),
    ("RTET", TABLE, 0.2602, 0.1423**2),
    ("PBIT", TABLE, 0.4399, None),
    ("OR2D", TABLE, 0.4471, None),
    ("OR2DN", TABLE, 0.4915, None),
    ("UCOR", {"ri": 0.62, "ni": 15}, 0.6363, None),
    ("MPORC", {"ai": 20, "bi": 10, "ci": 5, "di": 20}, 0.6931, None),
    ("MPPETO", {"ai": 20, "bi": 10, "ci": 5, "di": 20}, 0.6667, None),
    ("IRS", {"xi": 10, "ti": 20}, 0.7071, None),
    ("IRFT", {"xi": 10, "ti": 20}, 0.7244, None),
    ("ZCOR", {"ri": 0.62, "ni": 30}, 0.7250, None),
    ("MPRR", {"ai": 20, "bi": 10, "ci": 5, "di": 20}, 0.1823, None),
    ("MPOR", {"ai": 20, "bi": 10, "ci": 5, "di": 20}, 0.3646, None),
    ("PCOR", {"ti": 4.61, "ni": 218, "mi": 4}, 0.3012, 0.0039),
    ("ZPCOR", {"ti": 4.61, "ni": 218, "mi": 4}, 0.3108, 0.0047),
    ("PAS", {"xi": 10, "ni": 20}, 0.7854, None),
    ("MC", CHANGE, 4.0, 0.2618),
    ("ROMC", CHANGE, 0.1671, None),
]
"""From metafor's own tests (test_misc_escalc.r), which hold four decimals; RTET there is 0.2603, see
DISAGREEMENTS.md."""


@pytest.mark.parametrize(("measure", "cells", "yi", "vi"), PRINTED)
def test_figures_of_metafors_own_tests(measure, cells, yi, vi):
    found = effects(pd.DataFrame([cells]), measure).iloc[0]
    assert round(found["yi"], 4) == pytest.approx(yi, abs=1e-9)
    assert vi is None or found["vi"] == pytest.approx(vi, abs=5.1e-5)


MORRIS_TREATMENT = [0.5056, 1.0481, 1.8054, 1.4181, 0.0801]
MORRIS_DIFFERENCE = [0.7421, 0.9524, 1.8054, 1.1514, 0.5050]
MORRIS_POOLED_SD = [0.7684, 0.8010, 1.2045, 1.0476, 0.4389]


def test_changes_of_morris_2008():
    """Morris (2008), doi:10.1177/1094428106291059, table 5: d_ppc1 and d_ppc2."""
    treatment, control = (CASES[f"SMCR_morris2008{arm}"]["data"] for arm in ("", "_control"))
    found = effects(pd.DataFrame(treatment), "SMCR")["yi"]
    np.testing.assert_allclose(found, MORRIS_TREATMENT, atol=5.1e-5)
    difference = found - effects(pd.DataFrame(control), "SMCR")["yi"]
    np.testing.assert_allclose(difference, MORRIS_DIFFERENCE, atol=1.01e-4)  # of two rounded effects
    (m1, m2, sd1, n1), (m3, m4, sd2, n2) = (
        [np.array(data[letter]) for letter in ("m1i", "m2i", "sd1i", "ni")] for data in (treatment, control)
    )
    pooled = np.sqrt(((n1 - 1) * sd1**2 + (n2 - 1) * sd2**2) / (n1 + n2 - 2))
    both = hedges_correction(n1 + n2 - 2) * ((m1 - m2) - (m3 - m4)) / pooled
    np.testing.assert_allclose(both, MORRIS_POOLED_SD, atol=5.1e-5)


def test_a_variance_that_a_measure_lacks_is_refused():
    frame = pd.DataFrame(CASES["RD_UB"]["data"])
    with pytest.raises(ArgumentError, match="RD has the sampling variances LS, UB, AV"):
        effects(frame, "RD", vtype="HO")
    with pytest.raises(ArgumentError, match="one sampling variance"):
        effects(pd.DataFrame(CASES["SMD_UB"]["data"]), "SMD", vtype="UB", smd_variance="RevMan")


@pytest.mark.parametrize("measure", [code for code, each in MEASURES.items() if not each.needs_correction])
def test_nothing_is_added_by_default_where_a_zero_cell_needs_nothing(measure):
    """metafor's default too (`add` is 0 for these)."""
    data = {
        "xi": [0, 4],
        "ti": [10.0, 12.0],
        "ni": [10, 12],
        "x1i": [0, 4],
        "t1i": [10.0, 12.0],
        "x2i": [1, 2],
    }
    data |= {"t2i": [9.0, 8.0], "ai": [0, 4], "n1i": [10, 12], "ci": [1, 2], "n2i": [9, 8]}
    letters = MEASURES[measure].letters
    found = effects(pd.DataFrame({letter: data[letter] for letter in letters}), measure)
    assert not found["corrected"].any()


def test_normand_1999_as_metafors_tests_have_it():
    found = effects(pd.DataFrame(CASES["SMD_normand1999"]["data"]), "SMD").iloc[:4]
    np.testing.assert_allclose(found["yi"], [-0.3552, -0.3479, -2.3176, -1.8880], atol=5.1e-5)
    np.testing.assert_allclose(found["vi"], [0.0131, 0.0645, 0.0458, 0.1606], atol=5.1e-5)


@pytest.mark.parametrize(
    ("measure", "yi", "vi"),
    [
        ("SMDH", [-0.3553, -0.3465, -2.3018, -1.8880], [0.0132, 0.0674, 0.0515, 0.1961]),
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
