"""Printed figures of meta-regressions: papers, and metafor's tests and help pages that check them."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest

from mutau.classic import inverse_variance, meta_regression

REFERENCE = Path(__file__).parents[1] / "reference"
DATA = json.loads((REFERENCE / "regression.json").read_text())
ODDS_RATIOS = json.loads((REFERENCE / "estimators.json").read_text())["bcg_or"]
COUNTS = json.loads((REFERENCE / "metafor_tight.json").read_text())["bcg"]["counts"]

FOUR_DECIMALS = 0.00005 + 1e-9  # half a unit of the last digit printed
FIVE_DECIMALS = 0.000005 + 1e-9
TWO_DECIMALS = 0.005 + 1e-9
UNIROOT = (
    0.00007  # metafor's search ends 1e-4 from a limit by default: 1.1245 where Q has its quantile at 1.12456
)
LAST_STEP = 0.0001  # its REML leaves tau2 at 7e-7 where it is 0, and moves z by 4e-5
VAN_HOUWELINGEN = (
    0.0002  # its ML, ended at a change of 1e-5 in a tau2 of 0.0040, moves coefficients and errors so far
)
DEFAULT_THRESHOLD = (
    2e-5  # metafor's REML by default stops at a change of 1e-5 in tau2: 2e-6 here, 0.0011 of QM
)

LATITUDE = np.array([44, 55, 42, 52, 13, 44, 19, 13, 27, 42, 18, 33, 33], dtype=float)
YEAR = np.array([1948, 1949, 1960, 1977, 1973, 1953, 1973, 1980, 1968, 1961, 1974, 1969, 1976], dtype=float)


def given(name):
    block = DATA[name]
    x = np.column_stack([np.array(column, dtype=float) for column in block["x"].values()])
    return np.array(block["yi"]), np.array(block["vi"]), x


def test_bcg_by_latitude():
    """metafor: ``rma(yi, vi, mods = ~ ablat)``, and with ``test = "knha"``."""
    yi, vi, x = given("bcg_ablat")
    result = meta_regression(yi, vi, x)
    found = [*result.estimate, *result.se, result.tau2]
    assert found == pytest.approx([0.25146, -0.02910, 0.24910, 0.00720, 0.07635], abs=DEFAULT_THRESHOLD)
    assert result.r2 == pytest.approx(75.62, abs=0.01)
    assert result.qe == pytest.approx(30.7331, abs=FOUR_DECIMALS)
    assert result.moderators.statistic == pytest.approx(16.3571, rel=1e-4)
    hk = meta_regression(yi, vi, x, ci="HK")
    assert hk.statistic[1] == pytest.approx(-3.5483, abs=2 * FOUR_DECIMALS)
    assert hk.moderators.statistic == pytest.approx(12.5906, rel=1e-4)
    assert hk.moderators.p_value == pytest.approx(0.00457, abs=FIVE_DECIMALS)


def test_bcg_by_latitude_and_year():
    """metafor's help page of rma.uni."""
    result = meta_regression(*given("bcg_ablat_year"))
    assert result.tau2 == pytest.approx(0.1108, abs=FOUR_DECIMALS)
    assert [result.i2, result.r2] == pytest.approx([71.98, 64.63], abs=TWO_DECIMALS)
    assert result.qe == pytest.approx(28.3251, abs=FOUR_DECIMALS)


def smoothed():
    """Berkey's variances: as if every trial had the mean odds of its arm."""
    a, n1, c, n2 = (np.array(column, dtype=float) for column in COUNTS.values())
    treated, control = (np.mean((n - x) / x) for x, n in ((a, n1), (c, n2)))
    return np.array(given("bcg_ablat")[0]), treated / n1 + control / n2


def test_berkey_1995_without_moderators():
    """doi:10.1002/sim.4780140406, p. 408."""
    result = inverse_variance(*smoothed(), tau2="EB")
    assert [result.estimate, result.se, result.tau2] == pytest.approx(
        [-0.5429, 0.1842, 0.2682], abs=FOUR_DECIMALS
    )


def test_berkey_1995_by_latitude():
    """P. 408; the article has -0.6304 where metafor and we have -0.6303, and 0.0039 for the last standard error."""
    yi, vi = smoothed()
    result = meta_regression(yi, vi, LATITUDE - 33.46, tau2="EB")
    assert [*result.estimate, *result.se] == pytest.approx(
        [-0.6303, -0.0268, 0.1591, 0.0110], abs=FOUR_DECIMALS
    )
    assert result.tau2 == pytest.approx(0.1572, abs=FOUR_DECIMALS)
    assert result.r2 == pytest.approx(41.3844, abs=FOUR_DECIMALS)
    ratios = np.exp(result.predict_rows([[1, 0], [1, 42 - 33.46]]).estimate)
    assert ratios == pytest.approx([0.5324, 0.4236], abs=FOUR_DECIMALS)
    fixed = meta_regression(yi, vi, LATITUDE - 33.46, tau2="CE")
    assert [*fixed.estimate, *fixed.se] == pytest.approx(
        [-0.5949, -0.0282, 0.0696, 0.0040], abs=FOUR_DECIMALS
    )


JACKSON = [  # example, weights of the interval, printed limits
    ("jackson2014_1", "BJ", [0.0029, 0.6907]),
    ("jackson2014_1", "J", [0.0000, 1.1245]),
    ("jackson2014_1", "QP", [0.0023, 1.4871]),
    ("jackson2014_2", "BJ", [0.0170, 0.1393]),
    ("jackson2014_2", "J", [0.0180, 0.1375]),
    ("jackson2014_2", "QP", [0.0178, 0.1564]),
]


@pytest.mark.parametrize(("data", "tau2_ci", "printed"), JACKSON)
def test_jackson_2014(data, tau2_ci, printed):
    """doi:10.1186/1471-2288-14-103: generalised Q with weights 1/vi and 1/sei, and Q-profile."""
    result = meta_regression(*given(data), tau2="PM", tau2_ci=tau2_ci)
    assert [result.tau2_lower, result.tau2_upper] == pytest.approx(printed, abs=UNIROOT)


@pytest.mark.parametrize(
    ("data", "printed"), [("jackson2014_1", [0.0110, 0.6330]), ("jackson2014_2", [0.0163, 0.1108])]
)
def test_jackson_2014_by_reml(data, printed):
    """The approximate interval from REML's estimate and its standard error, on the logarithmic scale."""
    result = meta_regression(*given(data))
    half = 1.96 * result.tau2_se / result.tau2
    limits = [result.tau2 * math.exp(-half), result.tau2 * math.exp(half)]
    assert limits == pytest.approx(printed, abs=2 * FOUR_DECIMALS)


@pytest.mark.parametrize(
    ("tau2", "se", "t", "lower", "upper"),
    [
        ("CE", 0.0398, 1.5148, -0.0234, 0.1441),
        ("ML", 0.0475, 1.6369, -0.0220, 0.1775),
        ("REML", 0.0500, 1.6756, -0.0213, 0.1887),
        ("DL", 0.0522, 1.7105, -0.0204, 0.1990),
        ("HE", 0.0618, 1.8503, -0.0155, 0.2441),
    ],
)
def test_raudenbush_2009_huber_white(tau2, se, t, lower, upper):
    """Table 16.3, p. 309; ML and REML with metafor's default threshold."""
    yi, vi, _ = given("raudenbush1985")
    result = meta_regression(yi, vi, np.ones((19, 1)), tau2=tau2, ci="robust-HC0")
    found = [*result.se, *result.lower, *result.upper]
    assert found == pytest.approx([se, lower, upper], abs=FOUR_DECIMALS)
    assert result.statistic[0] == pytest.approx(t, abs=2e-4)


def test_raudenbush_2009_by_weeks():
    """Pp. 90 and 92 of Raudenbush and Bryk (1985), table 16.2; QE is 16.58 there."""
    result = meta_regression(*given("raudenbush1985"))
    assert [*result.estimate, result.tau2] == pytest.approx([0.4072, -0.1572, 0.0], abs=FOUR_DECIMALS)
    assert [*result.statistic, result.qe] == pytest.approx([4.6782, -4.3884, 16.5708], abs=LAST_STEP)
    assert [min(result.fitted), max(result.fitted)] == pytest.approx([-0.0645, 0.4072], abs=FOUR_DECIMALS)


LINDE = [
    ("HS", 0.0253, 0.0197),
    ("HE", 0.0388, 0.0764),
    ("DL", 0.0475, 0.0376),
    ("SJ", 0.0912, 0.0436),
    ("PM", 0.0633, 0.0460),
    ("ML", 0.0240, 0.0222),
    ("REML", 0.0558, 0.0409),
    ("EB", 0.0633, 0.0460),
]


@pytest.mark.parametrize(("tau2", "estimate", "se"), LINDE)
def test_viechtbauer_2007b_estimators(tau2, estimate, se):
    """St John's wort, dose by baseline severity. metafor's GENQ there weighs by participants; DLIT, SJIT are PM."""
    result = meta_regression(*given("linde2005"), tau2=tau2)
    assert [result.tau2, result.tau2_se] == pytest.approx([estimate, se], abs=FOUR_DECIMALS)


def test_viechtbauer_2007b():
    """Table II, p. 113, by DerSimonian and Laird's estimator; predictions p. 113."""
    result = meta_regression(*given("linde2005"), tau2="DL")
    assert result.r2 == pytest.approx(47.3778, abs=FOUR_DECIMALS)
    printed = [0.47625885, -0.0058448, -0.06722782, -0.00156996]
    assert result.estimate == pytest.approx(printed, abs=1e-8)
    assert result.se == pytest.approx([0.08764097, 0.00999872, 0.03522283, 0.00344659], abs=1e-8)
    assert result.statistic == pytest.approx([5.43420301, -0.58455444, -1.9086436, -0.45551255], abs=1e-8)
    assert result.p_value == pytest.approx([6e-08, 0.55884735, 0.05630808, 0.64874054], abs=1e-8)
    there = result.predict_rows([[1, 0, 12.5 - 20, 0], [1, 0, 23.6 - 20, 0]])
    ratios = np.exp([there.estimate, there.lower, there.upper]).T
    assert ratios[0] == pytest.approx([2.6657, 1.4560, 4.8806], abs=FOUR_DECIMALS)
    assert ratios[1] == pytest.approx([1.2639, 0.9923, 1.6099], abs=FOUR_DECIMALS)


def test_van_houwelingen_2002():
    """doi:10.1002/sim.1040, pp. 608-609: log odds ratios by latitude, ML."""
    result = meta_regression(ODDS_RATIOS["yi"], ODDS_RATIOS["vi"], LATITUDE, tau2="ML")
    found = [*result.estimate, *result.se, result.tau2]
    assert found == pytest.approx([0.3710, -0.0327, 0.1061, 0.0034, 0.0040], abs=VAN_HOUWELINGEN)
    assert result.r2 == pytest.approx(98.6691, abs=0.01)
