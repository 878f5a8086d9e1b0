"""Estimators of tau2, their intervals, and further intervals of the mean, as papers and manuals print them."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest

from mutau.classic import inverse_variance
from mutau.classic.permuting import permutation_p_value, permutations
from mutau.classic.pooled_mean import pooled_mean

REFERENCE = Path(__file__).parents[1] / "reference"
DATA = json.loads((REFERENCE / "estimators.json").read_text())
SIDIK_JONKMAN = json.loads((REFERENCE / "exact.json").read_text())["sidikjonkman/HN1"]

THREE_DECIMALS = 0.0005 + 1e-9  # half a unit of the last digit printed
FOUR_DECIMALS = 0.00005 + 1e-9
FIVE_DECIMALS = 0.000005 + 1e-9
DEFAULT_THRESHOLD = 0.0001  # metafor's default stops at a change of 1e-5 in tau2, uniroot's at 1e-4
PIMETA_REML = 0.00005  # pimeta 1.1.3 and meta 8.4.0 end their REML at a looser threshold
BOOTSTRAP = 0.02  # three Monte Carlo standard errors of a limit from 25,000 draws


def arrays(name):
    return np.array(DATA[name]["yi"]), np.array(DATA[name]["vi"])


def limits(result, what=""):
    return [getattr(result, what + "lower"), getattr(result, what + "upper")]


@pytest.mark.parametrize(
    ("tau2", "printed", "tolerance"),
    [
        ("DL", 0.30876, FIVE_DECIMALS),
        ("HE", 0.32856, FIVE_DECIMALS),
        ("HS", 0.22836, FIVE_DECIMALS),
        ("HSk", 0.24917, FIVE_DECIMALS),
        ("SJ", 0.34552, FIVE_DECIMALS),
        ("ML", 0.28003, DEFAULT_THRESHOLD),
        ("REML", 0.31324, DEFAULT_THRESHOLD),
        ("EB", 0.31807, DEFAULT_THRESHOLD),
        ("PM", 0.31809, DEFAULT_THRESHOLD),
        ("PMM", 0.34341, DEFAULT_THRESHOLD),
    ],
)
def test_bcg_by_estimator(tau2, printed, tolerance):
    assert inverse_variance(*arrays("bcg_rr"), tau2=tau2).tau2 == pytest.approx(printed, abs=tolerance)


@pytest.mark.parametrize(
    ("tau2", "tau2_ci", "printed"),
    [
        ("REML", "QP", [0.11970, 1.11149]),
        ("REML", "PL", [0.11524, 0.96467]),
        ("ML", "PL", [0.10505, 0.83391]),
        ("REML", "BJ", [0.10105, 1.63607]),
        ("REML", "J", [0.12205, 1.13998]),
    ],
)
def test_bcg_intervals_of_tau2(tau2, tau2_ci, printed):
    """metafor's confint; the generalised Q by Farebrother's algorithm, where ours inverts the Laplace transform."""
    found = limits(inverse_variance(*arrays("bcg_rr"), tau2=tau2, tau2_ci=tau2_ci), "tau2_")
    assert found == pytest.approx(printed, abs=DEFAULT_THRESHOLD)


def test_bcg_q_profile_of_dersimonian_laird():
    result = inverse_variance(*arrays("bcg_rr"), tau2="DL")
    assert limits(result, "tau2_") == pytest.approx([0.1197, 1.1115], abs=FOUR_DECIMALS)
    assert [*limits(result, "i2_"), *limits(result, "h2_")] == pytest.approx(
        [81.92, 97.68, 5.53, 43.07], abs=0.005 + 1e-9
    )


def test_bcg_permutation_test():
    """metafor's exact permutation test: 12 of 8192 sign patterns."""
    yi, vi = arrays("bcg_rr")
    mean = pooled_mean(yi, vi, "REML")
    assert permutation_p_value(mean, permutations(13, 0)) == 12 / 8192


@pytest.mark.parametrize(
    ("tau2", "tau", "mean", "se"),
    [
        ("HE", 0.4410, -0.4035, 0.2327),
        ("DL2", 0.3254, -0.3655, 0.1901),
        ("EB", 0.3681, -0.3811, 0.2060),
        ("ML", 0.0023, -0.1974, 0.0694),
        ("HS", 0.1330, -0.2666, 0.1125),
        ("SJ", 0.4572, -0.4079, 0.2386),
        ("HSk", 0.1644, -0.2863, 0.1259),
        ("PMM", 0.4341, -0.4016, 0.2302),
    ],
)
def test_dersimonian_kacker_2007_by_estimator(tau2, tau, mean, se):
    """CLASP, tables 3 and 4, doi:10.1016/j.cct.2006.04.004; ML's tau is 0, where metafor ended at 0.0023."""
    result = inverse_variance(*arrays("clasp"), tau2=tau2)
    found = [math.sqrt(result.tau2), result.estimate, result.se]
    tolerance = DEFAULT_THRESHOLD if tau2 == "ML" else FOUR_DECIMALS
    assert found == pytest.approx([0.0 if tau2 == "ML" else tau, mean, se], abs=tolerance)


def test_dersimonian_kacker_2007_other_starts():
    """Two-step Cochran (CA2), and Sidik and Jonkman's estimator from Hedges' estimate (SJ2)."""
    yi, vi = arrays("clasp")
    hedges = inverse_variance(yi, vi, tau2="HE").tau2
    for name, printed in (("DL2", 0.3831), ("SJ", 0.4084)):
        found = pooled_mean(yi, vi, name, start=hedges).found
        assert math.sqrt(found) == pytest.approx(printed, abs=FOUR_DECIMALS)


@pytest.mark.parametrize(
    ("data", "printed"),
    [
        (
            "viechtbauer2005a",
            {
                "HS": (0.2282, 77.2284, 4.3914, 0.1328),
                "HE": (0.1484, 68.7988, 3.2050, 0.1234),
                "DL": (0.2768, 80.4447, 5.1137, 0.1841),
                "ML": (0.1967, 74.5098, 3.9231, 0.1255),
                "REML": (0.2232, 76.8399, 4.3178, 0.1464),
                "EB": (0.1920, 74.0511, 3.8537, 0.1330),
                "SJ": (0.1992, 74.7545, 3.9611, 0.0979),
            },
        ),
        (
            "viechtbauer2005b",
            {
                "HS": (0.0099, 22.9266, 1.2975, 0.0138),
                "HE": (0.0, 0.0, 1.0, 0.0217),
                "DL": (0.0126, 27.5275, 1.3798, 0.0159),
                "ML": (0.0132, 28.4505, 1.3976, 0.0151),
                "REML": (0.0157, 32.0203, 1.4710, 0.0167),
                "EB": (0.0104, 23.7198, 1.3110, 0.0156),
                "SJ": (0.0248, 42.6734, 1.7444, 0.0118),
            },
        ),
    ],
)
def test_viechtbauer_2005_by_estimator(data, printed):
    """doi:10.3102/10769986030003261, pages 271 and 272, with the digits of metafor's tests."""
    for tau2, expected in printed.items():
        result = inverse_variance(*arrays(data), tau2=tau2)
        found = [result.tau2, result.i2, result.h2, result.tau2_se]
        i2 = 0.005 if tau2 in ("ML", "REML", "EB") else FOUR_DECIMALS  # 100 times metafor's default threshold
        for ours, theirs, tolerance in zip(
            found, expected, (FOUR_DECIMALS, i2, 0.001, FOUR_DECIMALS), strict=True
        ):
            assert ours == pytest.approx(theirs, abs=tolerance), tau2


@pytest.mark.parametrize(
    ("tau2", "estimate", "intervals"),
    [
        ("DL", 0.2297, {"QP": [0.0723, 2.2027]}),
        ("ML", 0.2386, {"PL": [0.0266, 1.1308], "wald": [0, 0.5782]}),
        ("REML", 0.3008, {"PL": [0.0427, 1.4747], "wald": [0, 0.7322]}),
        ("SJ", 0.4563, {}),
    ],
)
def test_viechtbauer_2007_intervals(tau2, estimate, intervals):
    """Collins 1985, doi:10.1002/sim.2514, table II without its rounding."""
    assert inverse_variance(*arrays("collins1985b"), tau2=tau2).tau2 == pytest.approx(
        estimate, abs=FOUR_DECIMALS
    )
    for tau2_ci, printed in intervals.items():
        found = limits(inverse_variance(*arrays("collins1985b"), tau2=tau2, tau2_ci=tau2_ci), "tau2_")
        assert found == pytest.approx(printed, abs=DEFAULT_THRESHOLD)


def test_sidik_jonkman_2007():
    """29 studies, log odds ratios, doi:10.1002/sim.2688, as bayesmeta's manual quotes them."""
    yi, vi = np.array(SIDIK_JONKMAN["yi"]), np.array(SIDIK_JONKMAN["sei"]) ** 2
    printed = {"DL": 0.429, "HE": 0.841, "ML": 0.562, "REML": 0.598, "EB": 0.703, "SJ": 0.818}
    found = {tau2: inverse_variance(yi, vi, tau2=tau2).tau2 for tau2 in printed}
    assert found == pytest.approx(printed, abs=THREE_DECIMALS)
    from_hedges = pooled_mean(yi, vi, "SJ", start=found["HE"]).found
    assert from_hedges == pytest.approx(0.747, abs=THREE_DECIMALS)


@pytest.mark.parametrize(
    ("tau2", "printed", "hk"),
    [
        ("ML", (0.0126, 0.0777, 0.0475, 1.6368), (0.0593, 1.3110, -0.0468, 0.2023)),
        ("HE", (0.0804, 0.1143, 0.0792, 1.4432), (0.0711, 1.6078, -0.0351, 0.2637)),
    ],
)
def test_raudenbush_2009_other_estimators(tau2, printed, hk):
    """Table 16.3: teacher expectancy, 19 studies, conventional and Knapp-Hartung."""
    wald = inverse_variance(*arrays("raudenbush1985"), tau2=tau2)
    knapp = inverse_variance(*arrays("raudenbush1985"), tau2=tau2, ci="HK")
    found = [wald.tau2, wald.estimate, wald.se, wald.statistic]
    assert found == pytest.approx(printed, abs=0.0002)
    assert [knapp.se, knapp.statistic, *limits(knapp)] == pytest.approx(hk, abs=0.0002)


def test_van_houwelingen_2002():
    """BCG as odds ratios by ML, doi:10.1002/sim.1040: profile likelihood, Q-profile, Knapp-Hartung, prediction."""
    data = arrays("bcg_or")
    result = inverse_variance(*data, tau2="ML", tau2_ci="PL", prediction="normal")
    found = [math.exp(x) for x in (result.estimate, *limits(result))]
    assert found == pytest.approx([0.4762, 0.3360, 0.6749], abs=FOUR_DECIMALS)
    assert [result.tau2, *limits(result, "tau2_")] == pytest.approx([0.3025, 0.1151, 0.8937], abs=0.0001)
    assert limits(result, "prediction_") == pytest.approx([-1.875, 0.391], abs=THREE_DECIMALS)
    hk = inverse_variance(*data, tau2="ML", ci="HK")
    assert [math.exp(x) for x in limits(hk)] == pytest.approx([0.3175, 0.7141], abs=FOUR_DECIMALS)
    assert limits(hk, "tau2_") == pytest.approx([0.1302, 1.1812], abs=0.0001)


def test_linde_2005():
    """St John's wort, RR: Viechtbauer (2007), doi:10.1027/0044-3409.215.2.104, pages 107 to 109."""
    common = inverse_variance(*arrays("linde2005"), tau2="CE")
    found = [math.exp(x) for x in (common.estimate, *limits(common))]
    assert [*found, common.q] == pytest.approx([1.3840, 1.2599, 1.5204, 51.5454], abs=FOUR_DECIMALS)
    result = inverse_variance(*arrays("linde2005"), tau2="DL", prediction="normal")
    values = (result.estimate, *limits(result), *limits(result, "prediction_"))
    assert [math.exp(x) for x in values] == pytest.approx(
        [1.5722, 1.3103, 1.8864, 0.8488, 2.9120], abs=FOUR_DECIMALS
    )
    assert result.tau2 == pytest.approx(0.0903, abs=FOUR_DECIMALS)


@pytest.mark.parametrize(
    ("data", "prediction", "printed"),
    [
        ("sbp", "KR(df-1)", [-1.02804, 0.37056]),
        ("fleiss1993", "KR", [-0.59613, 0.35154]),
        ("fleiss1993", "KR(df-1)", [-0.97815, 0.73356]),
    ],
)
def test_kenward_roger_prediction(data, prediction, printed):
    """pimeta's vignette (sbp) and meta 8.4.0 (aspirin, Fleiss 1993)."""
    result = inverse_variance(*arrays(data), ci="KR", prediction=prediction)
    assert limits(result, "prediction_") == pytest.approx(printed, abs=1e-4)
    mean = {"sbp": [-0.581531, -0.075949], "fleiss1993": [-0.381289, 0.136704]}[data]
    assert limits(result) == pytest.approx(mean, abs=PIMETA_REML)
    if data == "fleiss1993":
        assert result.df == pytest.approx(2.40, abs=0.005)


@pytest.mark.parametrize(
    ("data", "printed"), [("sbp", [-0.8807, 0.2240]), ("fleiss1993", [-0.49181, 0.19655])]
)
def test_nagashima_2019(data, printed):
    """pimeta's bootstrap with 25,000 draws; ours has no random numbers."""
    result = inverse_variance(*arrays(data), prediction="NNF")
    assert limits(result, "prediction_") == pytest.approx(printed, abs=BOOTSTRAP)
