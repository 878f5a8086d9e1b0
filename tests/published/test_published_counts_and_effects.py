"""Printed figures of counts, rates and effects: Rothman (2008), Miller (1978), Morris (2008), metafor's tests."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from mutau import effects, pool, shared_arms
from mutau import extraction as ex
from mutau.classic import conditional, mantel_haenszel, mantel_haenszel_rates, stratified_tests
from mutau.measures import hedges_correction, proportion_of_double_arcsine

FOUR_DECIMALS = 0.00005 + 1e-9  # half a unit of the last digit printed
SIX_DECIMALS = 0.0000005 + 1e-12

TOLBUTAMIDE = ([8, 22], [106, 98], [5, 16], [120, 85])
SMOKING = (
    [32, 104, 206, 186, 102],
    [5.2407, 4.3248, 2.8612, 1.2663, 0.5317],
    [2, 12, 28, 28, 31],
    [1.879, 1.0673, 0.571, 0.2585, 0.1462],
)


def four(found, printed):
    np.testing.assert_allclose(np.asarray(found, dtype=float), printed, atol=FOUR_DECIMALS, rtol=0)


@pytest.mark.parametrize(
    ("measure", "printed"),
    [
        ("RD", [0.0349, -0.0176, 0.0874, 0.0017, 0.9669]),
        ("RR", [0.2818, -0.1442, 0.7078, 0.4472, 0.5037]),
        ("OR", [0.3387, -0.1731, 0.8505, 0.3474, 0.5556]),
    ],
)
def test_rothman_2008_mantel_haenszel(measure, printed):
    """Rothman, Greenland and Lash (2008), table 15-1, 90% intervals, as metafor's test of the chapter has them."""
    found = mantel_haenszel(*TOLBUTAMIDE, measure=measure, prob=0.9, rd_variance="Sato")
    four([found.estimate, found.lower, found.upper, found.q, found.q_p_value], printed)


def test_rothman_2008_tests_of_tables():
    """Cochran's statistic, Mantel and Haenszel's without a correction, and Tarone's."""
    found = stratified_tests(*TOLBUTAMIDE)
    four([found.cochran, found.cmh, found.tarone], [1.1976, 1.1914, 0.3489])
    four([found.cochran_p_value, found.cmh_p_value, found.tarone_p_value], [0.2738, 0.2750, 0.5547])
    tables = mantel_haenszel(*TOLBUTAMIDE, measure="OR", prob=0.9)
    limits = [tables.estimate, tables.lower, tables.upper]
    four(np.exp(limits), [1.4031, 0.8411, 2.3409])


def test_rothman_2008_strata_and_crude():
    columns = dict(zip(("ai", "n1i", "ci", "n2i"), TOLBUTAMIDE, strict=True))
    tables = pd.DataFrame(columns)
    crude = pd.DataFrame({name: [sum(values)] for name, values in columns.items()})
    four(effects(tables, "RD")["yi"], [0.0338, 0.0363])
    four(effects(crude, "RD")[["yi", "sei"]].to_numpy(), [[0.0446, 0.0326]])
    four(np.exp(effects(tables, "RR")["yi"]), [1.8113, 1.1926])
    ratio = effects(crude, "RR").iloc[0]
    four(np.exp(ratio["yi"] + np.array([0, -1, 1]) * 1.959963985 * ratio["sei"]), [1.4356, 0.8510, 2.4216])


def test_rothman_2008_rates():
    """Table 15-2: deaths of smokers and others per 10,000 years."""
    difference = mantel_haenszel_rates(*SMOKING, measure="IRD", prob=0.9)
    ratio = mantel_haenszel_rates(*SMOKING, measure="IRR", prob=0.9)
    four(
        [difference.estimate, difference.lower, difference.upper, difference.q],
        [11.4392, 6.3498, 16.5286, 26.8758],
    )
    four(
        [ratio.estimate, ratio.lower, ratio.upper, ratio.q, ratio.q_p_value],
        [0.3539, 0.1776, 0.5303, 10.4117, 0.0340],
    )
    likely = conditional(*SMOKING, measure="IRR", prob=0.9)
    four([likely.estimate, likely.lower, likely.upper], [0.3545, 0.1779, 0.5312])
    columns = dict(zip(("x1i", "t1i", "x2i", "t2i"), SMOKING, strict=True))
    four(effects(pd.DataFrame(columns), "IRD")["yi"], [5.0417, 12.8040, 22.9610, 38.5674, -20.2008])
    four(np.exp(effects(pd.DataFrame(columns), "IRR")["yi"]), [5.7366, 2.1388, 1.4682, 1.3561, 0.9047])


def test_rothman_2008_conditional_odds_ratio():
    four(conditional(*TOLBUTAMIDE, measure="OR").estimate, 0.3381)


def test_yusuf_1985_by_inverse_variance():
    """Beta-blockers, table 6, page 107: the same as Peto's method; tables without any event are left out."""
    beta_blockers = pd.DataFrame({
        "ai": [14, 18, 15, 10, 21, 3, 2, 19, 15, 5, 8, 3, 1, 0, 14, 8, 6, 3],
        "n1i": [56, 66, 100, 52, 226, 38, 20, 76, 106, 62, 133, 48, 42, 25, 221, 259, 157, 177],
        "ci": [15, 19, 12, 12, 24, 6, 3, 15, 9, 4, 11, 3, 1, 3, 15, 7, 4, 2],
        "n2i": [58, 64, 95, 47, 228, 31, 20, 67, 114, 57, 127, 49, 46, 25, 228, 129, 158, 136],
    })  # fmt: skip
    found = pool(beta_blockers, measure="PETO", tau2="CE", add=0)
    four(np.exp([found.estimate, found.lower, found.upper]), [0.9332, 0.7385, 1.1792])


def test_miller_1978():
    """doi:10.2307/2683616, page 138; his measure is twice metafor's."""
    table = pd.DataFrame({"events": [3, 6, 10, 1], "n": [11, 17, 21, 6]})
    single = effects(table, "PFT")
    four(2 * single["yi"], [1.1391, 1.2888, 1.5253, 0.9515])
    four(4 * single["vi"], [0.0870, 0.0571, 0.0465, 0.1538])
    weighted, plain = pool(table, measure="PFT", tau2="CE").estimate, single["yi"].mean()
    four([2 * weighted, 2 * plain], [1.3093, 1.2262])
    four(proportion_of_double_arcsine(np.array([weighted, plain]), table["n"]), [0.3595, 0.3164])
    other = pd.DataFrame({"events": [0, 4, 9, 16, 20], "n": [10, 10, 15, 20, 20]})
    found = pool(other, measure="PFT", tau2="CE")
    back = proportion_of_double_arcsine(np.array([found.estimate, found.lower, found.upper]), other["n"])
    four(back, [0.6886, 0.5734, 0.7943])


CHANGE = {"m1i": 26, "sd1i": 30**0.5, "m2i": 22, "sd2i": 20**0.5, "ri": 0.7, "ni": 60}
PAIRS = {"ai": 20, "bi": 10, "ci": 5, "di": 20}
TABLE = {"ai": 135, "bi": 15, "ci": 40, "di": 10}


@pytest.mark.parametrize(
    ("measure", "cells", "printed"),
    [
        ("YUQ", TABLE, [0.3846, 0.1901**2]),
        ("YUY", TABLE, [0.2000, 0.1071**2]),
        ("PBIT", TABLE, [0.4399, 0.2456**2]),
        ("OR2D", TABLE, [0.4471, 0.2460**2]),
        ("OR2DN", TABLE, [0.4915, 0.2704**2]),
        ("UCOR", {"ri": 0.62, "ni": 15}, [0.6363, 0.0253]),
        ("UCOR", {"ri": -0.13, "ni": 41}, [-0.1317, 0.0241]),
        ("COR", {"ri": 0.62, "ni": 15}, [0.62, 0.0271]),
        ("ZCOR", {"ri": 0.62, "ni": 15}, [0.7250, 0.0833]),
        ("PAS", {"xi": 10, "ni": 20}, [0.7854, 0.0125]),
        ("IRS", {"xi": 10, "ti": 20}, [0.7071, 0.0125]),
        ("IRFT", {"xi": 10, "ti": 20}, [0.7244, 0.0125]),
        ("IRSD", {"x1i": 10, "t1i": 20, "x2i": 6, "t2i": 20}, [0.1594, 0.0250]),
        ("MNLN", {"mi": 10, "sdi": 2, "ni": 20}, [2.3026, 0.0020]),
        ("MC", CHANGE, [4.0, 0.2618]),
        ("SMCRH", CHANGE, [0.7210, 0.0133]),
        ("ROMC", CHANGE, [0.1671, 0.0004]),
        ("MPRR", PAIRS, [0.1823, 0.0200]),
        ("MPOR", PAIRS, [0.3646, 0.0782]),
        ("MPORC", PAIRS, [0.6931, 0.3000]),
        ("MPPETO", PAIRS, [0.6667, 0.2667]),
        ("CVR", {"m1i": 55, "sd1i": 47, "n1i": 155, "m2i": 75, "sd2i": 64, "n2i": 156}, [0.0014, 0.0159]),
        ("VR", {"sd1i": 47, "n1i": 155, "sd2i": 64, "n2i": 156}, [-0.3087, 0.0065]),
    ],
)
def test_effects_of_metafors_tests(measure, cells, printed):
    """metafor 5.1-12, test_misc_escalc.r: estimates with their variances."""
    found = effects(pd.DataFrame([cells]), measure).iloc[0]
    assert found["yi"] == pytest.approx(printed[0], abs=FOUR_DECIMALS)
    assert found["vi"] == pytest.approx(printed[1], abs=FOUR_DECIMALS)


MORRIS = {
    "treatment": {
        "m1i": [38.5, 26.8, 0.7, 75.9, 36.0], "sd1i": [11.6, 4.1, 0.1, 4.4, 4.6],
        "m2i": [30.6, 23.5, 0.5, 53.4, 35.6], "sd2i": [15.0, 3.1, 0.1, 14.5, 4.7],
        "ni": [20, 50, 9, 10, 14], "ri": [0.47, 0.64, 0.77, 0.89, 0.44],
    },
    "control": {
        "m1i": [19.7, 25.3, 0.6, 60.7, 33.4], "sd1i": [14.8, 3.3, 0.2, 17.9, 6.9],
        "m2i": [23.1, 24.9, 0.6, 55.7, 34.8], "sd2i": [13.8, 4.1, 0.2, 17.3, 3.1],
        "ni": [20, 42, 9, 11, 14], "ri": [0.47, 0.64, 0.77, 0.89, 0.44],
    },
}  # fmt: skip


@pytest.mark.parametrize(
    ("measure", "treatment", "control", "difference", "variance"),
    [
        (
            "SMCR",
            [0.5056, 1.0481, 1.8054, 1.4181, 0.0801],
            [-0.2365, 0.0958, 0.0000, 0.2667, -0.4250],
            [0.7421, 0.9524, 1.8054, 1.1514, 0.5050],
            [0.1138, 0.0426, 0.2833, 0.1458, 0.1667],
        ),
        (
            "SMCC",
            [0.5417, 1.0198, 2.6619, 1.9088, 0.0765],
            [-0.2213, 0.1219, 0.0000, 0.5575, -0.2126],
            [0.7630, 0.8979, 2.6619, 1.3513, 0.2891],
            [0.1086, 0.0544, 0.6159, 0.3872, 0.1447],
        ),
    ],
)
def test_morris_2008(measure, treatment, control, difference, variance):
    """doi:10.1177/1094428106291059, table 5, and metafor's test of it."""
    before = {"SMCR": lambda data: {**data, "sd1i": data["sd2i"]}, "SMCC": dict}[
        measure
    ]  # SMCR's SD is that before
    found = {arm: effects(pd.DataFrame(before(data)), measure) for arm, data in MORRIS.items()}
    four(found["treatment"]["yi"], treatment)
    four(found["control"]["yi"], control)
    four(found["treatment"]["yi"] - found["control"]["yi"], difference)
    four(found["treatment"]["vi"] + found["control"]["vi"], variance)


def test_morris_2008_pooled_sd():
    """d_ppc2 of table 5: both arms by their pooled standard deviation before."""
    (after1, before1, sd1, n1), (after2, before2, sd2, n2) = (
        [np.array(data[key]) for key in ("m1i", "m2i", "sd2i", "ni")] for data in MORRIS.values()
    )
    pooled = np.sqrt(((n1 - 1) * sd1**2 + (n2 - 1) * sd2**2) / (n1 + n2 - 2))
    change = (after1 - before1) - (after2 - before2)
    four(hedges_correction(n1 + n2 - 2) * change / pooled, [0.7684, 0.8010, 1.2045, 1.0476, 0.4389])


GLESER = pd.DataFrame({
    "study": ["1", "1", "2", "3", "3", "3"], "trt": [1, 2, 1, 1, 2, 3],
    "ai": [100, 150, 15, 40, 80, 50], "n1i": [4000, 4000, 400, 1000, 1000, 1000],
    "ci": [40, 40, 10, 150, 150, 150], "n2i": [1000, 1000, 200, 2000, 2000, 2000],
})  # fmt: skip


@pytest.mark.parametrize(
    ("measure", "times", "yi", "pooled", "q"),
    [
        ("RD", 1, [0.0150, 0.0025, 0.0125, 0.0350, -0.0050, 0.0250], [0.0200, 0.0043, 0.0211], 7.1907),
        ("OR", 1, [0.4855, 0.0671, 0.3008, 0.6657, -0.0700, 0.4321], [0.5099, 0.0044, 0.4301], 2.0563),
        ("RR", 1, [0.4700, 0.0645, 0.2877, 0.6286, -0.0645, 0.4055], [0.4875, 0.0006, 0.4047], 1.8954),
        ("AS", 2, [0.0852, 0.0130, 0.0613, 0.1521, -0.0187, 0.1038], [0.1010, 0.0102, 0.0982], 4.2634),
    ],
)
def test_gleser_and_olkin_2009(measure, times, yi, pooled, q):
    """Chapter 19 of the Handbook of Research Synthesis, pages 360 to 365; there control less treatment, AS twice."""
    shared = shared_arms(GLESER, measure)
    four(-times * np.asarray(shared.yi), yi)
    found = shared.common_effects(GLESER["trt"])
    four(-times * np.asarray(found.estimates), pooled)
    assert found.q == pytest.approx(q, abs=FOUR_DECIMALS)
    if measure == "AS":
        printed = [[0.00058, 0.0004, 0.00024], [0.0004, 0.00061, 0.00025], [0.00024, 0.00025, 0.00137]]
        np.testing.assert_allclose(4 * found.covariance, printed, atol=5.1e-6)


def test_gleser_and_olkin_2009_means():
    means = pd.DataFrame({
        "study": ["1", "1", "2", "3", "4", "4"], "trt": [1, 2, 1, 1, 1, 2],
        "m1i": [7.87, 4.35, 9.32, 8.08, 7.44, 5.34], "m2i": [-1.36, -1.36, 0.98, 1.17, 0.45, 0.45],
        "sd1i": [4.2593, 4.2593, 2.8831, 3.1764, 2.9344, 2.9344],
        "sd2i": [4.2593, 4.2593, 2.8831, 3.1764, 2.9344, 2.9344],
        "n1i": [25, 22, 38, 50, 30, 30], "n2i": [25, 25, 40, 50, 30, 30],
    })  # fmt: skip
    found = shared_arms(means, "SMD", hedges=False).common_effects(means["trt"])
    four([*found.estimates, found.q], [2.3743, 1.5702, 3.9447])


@pytest.mark.parametrize(
    ("quantiles", "mean", "sd"),
    [
        ({"minimum": 2, "median": 6, "maximum": 14}, 6.594468, 3.211576),
        ({"q1": 4, "median": 6, "q3": 10}, 6.719500, 4.787076),
        ({"minimum": 2, "q1": 4, "median": 6, "q3": 10, "maximum": 14}, 6.938841, 3.679435),
    ],
)
def test_means_from_medians_as_metafor_prints_them(quantiles, mean, sd):
    """conv.fivenum's help, n = 20, method "luo/wan/shi", which is its default; Luo 2018, Wan 2014, Shi 2020."""
    assert ex.mean_from_quantiles(20, **quantiles).value == pytest.approx(mean, abs=SIX_DECIMALS)
    assert ex.sd_from_quantiles(20, **quantiles).value == pytest.approx(sd, abs=SIX_DECIMALS)


FLEISS = pd.DataFrame({
    "m1i": [5, 4.9, 22.5, 12.5, 6.5], "sd1i": [4.7, 1.71, 3.44, 1.47, 0.76], "n1i": [13, 30, 35, 20, 8],
    "m2i": [6.5, 6.1, 24.9, 12.3, 7.38], "sd2i": [3.8, 2.3, 10.65, 1.66, 1.41], "n2i": [13, 50, 35, 20, 8],
})  # fmt: skip
"""Fleiss (1993), doi:10.1177/096228029300200202: length of stay, meta's Fleiss1993cont."""
META = 1e-9
"""Relative; meta 8.4.0's numbers are stored with 13 digits."""


def test_fleiss_1993_hedges():
    """R meta, method.smd = "Hedges", exact: its variance is metafor's unbiased one."""
    found = effects(FLEISS, "SMD", vtype="UB")
    yi = [-0.339876087067, -0.5658896644917, -0.299908862925, 0.1250235914109, -0.7344441116903]
    sei = [0.3955262588804, 0.2354424378713, 0.240461349681, 0.316568424908, 0.5215254463336]
    np.testing.assert_allclose(found["yi"], yi, rtol=META)
    np.testing.assert_allclose(found["sei"], sei, rtol=META)
    pooled = pool(FLEISS, measure="SMD", vtype="UB", tau2="REML", ci="wald")
    numbers = [pooled.estimate, pooled.se, pooled.lower, pooled.upper, pooled.q, pooled.tau2_upper]
    assert numbers == pytest.approx(
        [
            -0.3434457534575,
            0.1343746160979,
            -0.6068151614459,
            -0.08007634546912,
            3.677488225836,
            0.7255086024763,
        ],
        rel=1e-5,  # meta's limit of tau2 ends its search there
    )
    assert [pooled.tau2, pooled.tau2_lower] == [0, 0]


def test_fleiss_1993_cohen_and_glass():
    """R meta, method.smd = "Cohen" and "Glass": mutau's g and SMD1 without their corrections for small samples."""
    n1, n2 = FLEISS["n1i"].to_numpy(), FLEISS["n2i"].to_numpy()
    hedges, control = effects(FLEISS, "SMD", vtype="UB"), effects(FLEISS, "SMD1")
    cohen = hedges["yi"] / hedges_correction(n1 + n2 - 2)
    glass = control["yi"] / hedges_correction(n2 - 1)
    np.testing.assert_allclose(
        cohen,
        [-0.3509792331731, -0.5714045682232, -0.3032681464482, 0.1275607228931, -0.7769529730687],
        rtol=META,
    )
    np.testing.assert_allclose(
        glass,
        [-0.3947368421053, -0.5217391304348, -0.2253521126761, 0.1204819277108, -0.6241134751773],
        rtol=META,
    )
    common = pool(yi=cohen, vi=hedges["vi"], tau2="CE", ci="wald")
    assert [common.estimate, common.se, common.q] == pytest.approx(
        [-0.3499376284842, 0.1343746160979, 3.868027003094], rel=META
    )
    random = pool(yi=cohen, vi=hedges["vi"], tau2="REML", ci="wald")
    assert [random.estimate, random.tau2] == pytest.approx([-0.3496822924517, 0.0008806470735593], rel=2e-3)
    assert math.isfinite(random.se)
