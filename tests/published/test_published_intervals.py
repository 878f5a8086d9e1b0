"""Robust, Henmi-Copas, bootstrap and gamma intervals, as papers and manuals print them."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mutau.classic import inverse_variance
from mutau.pooling import pool

REFERENCE = Path(__file__).parents[1] / "reference"
DATA = json.loads((REFERENCE / "estimators.json").read_text())
PIMETA = json.loads((REFERENCE / "pimeta.json").read_text())

FIVE_DECIMALS = 0.000005 + 1e-9  # half a unit of the last digit printed
FOUR_DECIMALS = 0.00005 + 1e-9
THREE_DECIMALS = 0.0005 + 1e-9
DEFAULT_THRESHOLD = 0.0001  # R's uniroot stops at a change of 1e-4
TABLE_16_3 = 0.0002  # metafor's REML and ML with their default threshold
PIMETA_REML = 0.00005  # pimeta 1.1.3 and meta 8.4.0 end their REML at a looser threshold
BOOTSTRAP = 0.004  # three Monte Carlo standard errors of a limit of the mean from 25,000 draws


def arrays(name):
    return np.array(DATA[name]["yi"], float), np.array(DATA[name]["vi"], float)


def limits(result, what=""):
    return [getattr(result, what + "lower"), getattr(result, what + "upper")]


def test_bcg_median_unbiased_generalised_q():
    """metafor 5.1.12, ``method="GENQM", weights=1/vi``: 0.38279, by its default search to 1e-4."""
    result = inverse_variance(*arrays("bcg_rr"), tau2="GENQM(1/vi)")
    assert result.tau2 == pytest.approx(0.38279, abs=DEFAULT_THRESHOLD)


def test_berkey_1995():
    """BCG by empirical Bayes with smoothed variances, doi:10.1002/sim.4780140406, page 408."""
    counts = json.loads((REFERENCE / "metafor_tight.json").read_text())["bcg"]["counts"]
    events, sizes = (
        [np.array(counts[f"{what}_{arm}"], float) for arm in ("treatment", "control")]
        for what in ("events", "n")
    )
    vi = sum(np.mean((n - e) / e) / n for e, n in zip(events, sizes, strict=True))
    result = inverse_variance(arrays("bcg_rr")[0], vi, tau2="EB")
    assert [result.estimate, result.se, result.tau2] == pytest.approx([-0.5429, 0.1842, 0.2682], abs=0.0001)


@pytest.mark.parametrize(
    ("data", "printed"),
    [("bcg_rr", [-0.43029, -1.15551, 0.29494]), ("lee2004", [-0.5145, -0.9994, -0.0295])],
)
def test_henmi_and_copas(data, printed):
    """metafor 5.1.12 (BCG); Henmi and Copas (2010), doi:10.1002/sim.4029, page 2978 (Lee and Done 2004)."""
    result = inverse_variance(*arrays(data), tau2="DL", ci="HC")
    assert [result.estimate, *limits(result)] == pytest.approx(printed, abs=DEFAULT_THRESHOLD)
    if data == "lee2004":
        plain = inverse_variance(*arrays(data), tau2="DL")
        assert [plain.estimate, *limits(plain), plain.tau2] == pytest.approx(
            [-0.6787, -1.0664, -0.2911, 0.3325], abs=FOUR_DECIMALS
        )


def test_collins_1985_biggerstaff_tweedie():
    """Viechtbauer (2007), doi:10.1002/sim.2514, table II: [0.0481, 2.3551]."""
    result = inverse_variance(*arrays("collins1985b"), tau2="DL", tau2_ci="BT")
    assert limits(result, "tau2_") == pytest.approx([0.0481, 2.3551], abs=DEFAULT_THRESHOLD)


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
    """Raudenbush (2009), table 16.3, with the digits of metafor's tests: the sandwich as it is, and t with k - 1."""
    plain = inverse_variance(*arrays("raudenbush1985"), tau2=tau2, ci="robust-HC0")
    assert [plain.se, plain.statistic, *limits(plain)] == pytest.approx([se, t, lower, upper], abs=TABLE_16_3)
    corrected = inverse_variance(*arrays("raudenbush1985"), tau2=tau2, ci="robust")
    assert corrected.se == pytest.approx(plain.se * math.sqrt(19 / 18), rel=1e-12)


def test_pimeta_blood_pressure_intervals():
    """pimeta's vignette: Nagashima's confidence interval, and Partlett and Riley's with Sidik and Jonkman's error."""
    nnf = inverse_variance(*arrays("sbp"), tau2="DL", ci="NNF")
    assert [nnf.estimate, *limits(nnf)] == pytest.approx([-0.3341, -0.5613, -0.0985], abs=BOOTSTRAP)
    sidik = inverse_variance(*arrays("sbp"), ci="SJ", prediction="SJ")
    assert limits(sidik, "prediction_") == pytest.approx([-0.98354, 0.32606], abs=PIMETA_REML)
    assert limits(sidik) == pytest.approx([-0.56252, -0.09496], abs=PIMETA_REML)


@pytest.mark.parametrize(
    ("tau2", "prediction", "printed"),
    [
        ("DL", "HTS", [-0.8362, -0.0186]),
        ("REML", "HK(k-2)", [-0.7784, -0.0645]),
        ("REML", "SJ", [-0.77102, -0.07189]),
    ],
)
def test_pimeta_pain_as_printed(tau2, prediction, printed):
    """Antidepressants for fibromyalgia, 22 trials: -0.4274 by DerSimonian and Laird."""
    block = PIMETA["pain"]
    result = pool(yi=block["yi"], sei=block["sei"], tau2=tau2, prediction=prediction)
    assert limits(result, "prediction_") == pytest.approx(printed, abs=2 * PIMETA_REML)
    if tau2 == "DL":
        assert result.estimate == pytest.approx(-0.4274, abs=FOUR_DECIMALS)


@pytest.mark.filterwarnings("ignore::mutau.errors.DataWarning")
def test_pimeta_cisapride_interval_of_the_mean():
    """Hartung and Knapp (2001), 13 trials; 1/2 added to all cells: 4.141, Nagashima's interval [2.224, 7.820]."""
    table = pd.DataFrame(
        {
            "ai": [15, 12, 29, 42, 14, 44, 14, 29, 10, 17, 38, 19, 21],
            "n1i": [16, 16, 34, 56, 22, 54, 17, 58, 14, 26, 44, 29, 38],
            "ci": [9, 1, 18, 31, 6, 17, 7, 23, 3, 6, 12, 22, 19],
            "n2i": [16, 16, 34, 56, 22, 55, 15, 58, 15, 27, 45, 30, 38],
        }
    )
    result = pool(table, measure="OR", ci="NNF", add=0.5, to="all")
    assert math.exp(result.estimate) == pytest.approx(4.141, abs=THREE_DECIMALS)
    assert limits(result) == pytest.approx([math.log(2.224), math.log(7.820)], abs=3 * BOOTSTRAP)


def test_fleiss_1993_skipkas_prediction_interval():
    """R meta 8.4.0, 'S', and 'classic', 'KR' intervals of the mean."""
    result = inverse_variance(*arrays("fleiss1993"), prediction="normal")
    assert limits(result, "prediction_") == pytest.approx([-0.36669, 0.12211], abs=PIMETA_REML)
    assert limits(result) == pytest.approx([-0.24533, 0.00074], abs=PIMETA_REML)
