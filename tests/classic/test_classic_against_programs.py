"""Every number of classic pooling against metafor (tight control) and R meta."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from mutau.classic import inverse_variance, mantel_haenszel
from mutau.measures import MEASURES

REFERENCE = Path(__file__).parents[1] / "reference"
METAFOR = json.loads((REFERENCE / "metafor_tight.json").read_text())
META = json.loads((REFERENCE / "meta_fleiss1993.json").read_text())

CLOSED_FORM = (
    1e-10  # same formula on both sides; sums of up to 28 terms, then a tail probability or a quantile
)
ITERATIVE = 1e-8  # metafor stopped at a change of 1e-13 in tau2 near 1; a limit near 0 loses two digits more
BOUNDARY = (
    1e-10  # metafor ends its search at about 1e-14 where tau2 is 0; I2 is that times 100 over a variance
)
META_DIGITS = 1e-11  # thirteen digits were kept
META_ITERATIVE = 1e-3  # meta ran metafor's REML with default control

CI = {"z": "wald", "knha": "HK", "adhoc": "HK-adhoc"}
PREDICTION = {"z": "normal", "knha": "HK", "adhoc": "HK"}
RILEY = {"z": "HTS", "knha": "HK(k-2)", "adhoc": "HK(k-2)"}
T_MINUS_1 = {"z": "t(k-1)", "knha": "HK", "adhoc": "HK"}
NUMBERS = ("estimate", "se", "lower", "upper", "statistic", "p_value", "tau2", "i2", "h2", "q", "q_p_value")


def blocks():
    for name, block in METAFOR.items():
        if "fits" in block:
            yield name, block
        else:
            yield from ((f"{name} {m}", b) for m, b in block.items() if isinstance(b, dict) and "fits" in b)


FITS = [
    pytest.param(block, key, id=f"{name} {key}")
    for name, block in blocks()
    for key in block["fits"]
    if name != "one_study"
]
TABLES = [
    pytest.param(block["counts"], measure, block[measure], id=f"{name} {measure}")
    for name, block in METAFOR.items()
    if "RR" in block
    for measure in ("RR", "OR", "RD")
]


@pytest.mark.parametrize(("block", "key"), FITS)
def test_inverse_variance_equals_metafor(block, key):
    estimator, test = key.split("_")
    expected = block["fits"][key]
    tau2 = "CE" if estimator == "EE" else estimator
    result = inverse_variance(block["yi"], block["vi"], tau2=tau2, ci=CI[test], prediction=PREDICTION[test])
    tolerance = ITERATIVE if tau2 in ("PM", "REML") else CLOSED_FORM
    for number in NUMBERS:
        assert getattr(result, number) == pytest.approx(
            expected[number], rel=tolerance, abs=BOUNDARY if number in ("tau2", "i2") else 1e-300
        ), number
    assert result.k == expected["k"]
    if test == "z":
        assert result.weights == pytest.approx(expected["weights"], rel=tolerance)


@pytest.mark.parametrize(
    ("conventions", "key_in_metafor"), [(PREDICTION, "pi_default"), (RILEY, "pi_riley"), (T_MINUS_1, "pi_t")]
)
@pytest.mark.parametrize(("block", "key"), [p for p in FITS if "EE" not in p.values[1]])
def test_prediction_intervals_equal_metafors(block, key, conventions, key_in_metafor):
    estimator, test = key.split("_")
    expected = block["fits"][key].get(key_in_metafor)
    result = inverse_variance(
        block["yi"], block["vi"], tau2=estimator, ci=CI[test], prediction=conventions[test]
    )
    limits = [result.prediction_lower, result.prediction_upper]
    if expected is None:
        assert result.k == 2
        assert np.isnan(limits).all()
    else:
        assert limits == pytest.approx(expected, rel=ITERATIVE, abs=ITERATIVE * float(np.ptp(expected)))


@pytest.mark.parametrize(("counts", "measure", "block"), TABLES)
@pytest.mark.parametrize("drop00", [True, False])
def test_mantel_haenszel_equals_metafor(counts, measure, block, drop00, recwarn):
    expected = block["MH" if drop00 else "MH_keep00"]
    result = mantel_haenszel(**counts, measure=measure, drop00=drop00, rd_variance="Sato")
    for number in NUMBERS:
        if number != "tau2":
            assert getattr(result, number) == pytest.approx(expected[number], rel=CLOSED_FORM), number
    assert result.q_df == expected["k_yi"] - 1


@pytest.mark.parametrize("measure", ["RR", "OR", "RD"])
def test_mantel_haenszel_equals_r_meta(measure):
    """R meta uses Greenland and Robins' variance for the risk difference, where metafor uses Sato's."""
    result = mantel_haenszel(**META["counts"], measure=measure)
    assert result.estimate == pytest.approx(META[measure]["TE.common"], rel=META_DIGITS)
    assert result.se == pytest.approx(META[measure]["se.common"], rel=META_DIGITS)


@pytest.mark.parametrize("measure", ["RR", "OR", "RD"])
def test_random_effects_equal_r_meta(measure):
    yi, vi = MEASURES[measure].effect(*META["counts"].values())
    result = inverse_variance(yi, vi, tau2="REML", prediction="t(k-1)")
    expected = META[measure]
    assert result.q == pytest.approx(expected["Q"], rel=META_DIGITS)
    assert result.estimate == pytest.approx(expected["TE.random"], rel=META_ITERATIVE)
    assert result.tau2 == pytest.approx(
        expected["tau2"], rel=1e-2
    )  # its threshold is absolute; RD's tau2 is 1.4e-4
    assert [result.lower, result.upper] == pytest.approx(expected["ci"], rel=1e-2)
    assert [result.prediction_lower, result.prediction_upper] == pytest.approx(expected["pi"], rel=1e-2)


def test_q_about_the_mantel_haenszel_estimate_is_no_smaller():
    """The inverse-variance mean minimises Q."""
    counts = METAFOR["bcg"]["counts"]
    about_mh = mantel_haenszel(**counts, measure="RR")
    about_mean = inverse_variance(METAFOR["bcg"]["RR"]["yi"], METAFOR["bcg"]["RR"]["vi"], tau2="CE")
    assert about_mh.q > about_mean.q


def test_random_effects_mantel_haenszel_is_inverse_variance_with_its_tau2():
    block = METAFOR["bcg"]
    yi, vi = np.array(block["RR"]["yi"]), np.array(block["RR"]["vi"])
    q = block["RR"]["MH"]["q"]
    w = 1 / vi
    tau2 = (q - 12) / (w.sum() - (w**2).sum() / w.sum())
    expected = np.sum(yi / (vi + tau2)) / np.sum(1 / (vi + tau2))
    result = mantel_haenszel(**block["counts"], measure="RR", tau2="DL")
    assert result.tau2 == pytest.approx(tau2, rel=CLOSED_FORM)
    assert result.estimate == pytest.approx(expected, rel=CLOSED_FORM)
    assert result.i2 == pytest.approx(100 * (q - 12) / q, rel=CLOSED_FORM)
