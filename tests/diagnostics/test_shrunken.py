"""Each study's true effect by classic pooling: metafor's blup(), Raudenbush and Bryk (1985), what must hold."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import mutau
from mutau import diagnostics
from mutau.classic import TAU2_METHODS
from mutau.classic.confidence import ERRORS, SOUGHT
from mutau.diagnostics.shrinking import HOW_THEY_DIFFER, TAU2_AS_KNOWN
from mutau.errors import ArgumentError
from mutau.outcomes.model import ZeroCells

BLOCKS = json.loads((Path(__file__).parents[1] / "reference" / "shrunken.json").read_text(encoding="utf-8"))
NAMES = [name for name in BLOCKS if name != "meta"]
TESTS = {"z": "wald", "t": "t", "knha": "HK", "adhoc": "HK-adhoc"}
CLOSED = {"DL", "HE", "HS", "SJ", "EE"}
CLOSED_FORM = 1e-12
"""Relative to the largest number of its kind: both programs evaluate the same expressions."""
ITERATIVE = 1e-10
"""The same where tau2 is searched: metafor ends within 1e-14 of the mean sampling variance of its last step."""

DEFAULT_THRESHOLD = 1.5e-4
"""Of printed digits: half a unit of the last, and what metafor's default leaves, a last step of 1e-5 in tau2."""


@pytest.mark.parametrize("name", NAMES)
def test_estimates_are_those_of_metafors_blup(name):
    block = BLOCKS[name]
    for key, expected in ((key, value) for key, value in block.items() if isinstance(value, dict)):
        method, test = key.split("_")
        found = diagnostics.shrunken(
            yi=block["yi"], vi=block["vi"], tau2="CE" if method == "EE" else method, ci=TESTS[test]
        )
        tolerance = CLOSED_FORM if method in CLOSED else ITERATIVE
        for number, values in expected.items():
            scale = np.max(np.abs(values))
            np.testing.assert_allclose(
                getattr(found, number), values, rtol=0, atol=tolerance * scale, err_msg=f"{key} {number}"
            )


PRINTED = {
    "estimate": [0.0543, 0.1006, -0.0064, 0.2144, 0.1051, -0.0082, 0.0174, -0.0293, 0.1604, 0.2485, 0.1618, 0.1102,
                 0.0646, 0.1105, -0.0288, 0.0258, 0.1905, 0.0744, 0.0248],
    "lower": [-0.1324, -0.1033, -0.2228, -0.0533, -0.1622, -0.1737, -0.1481, -0.2689, -0.0543, 0, -0.097, -0.1303,
              -0.192, -0.1463, -0.2405, -0.1906, -0.0076, -0.0808, -0.1954],
    "upper": [0.2411, 0.3045, 0.21, 0.4821, 0.3724, 0.1572, 0.1828, 0.2102, 0.3751, 0.497, 0.4206, 0.3507, 0.3212,
              0.3672, 0.1829, 0.2422, 0.3886, 0.2295, 0.245],
}  # fmt: skip
"""Raudenbush and Bryk (1985), figure 2, doi:10.3102/10769986010002075, as metafor's test of the paper has it."""


def test_raudenbush_and_bryk_1985():
    block = BLOCKS["raudenbush1985"]
    found = diagnostics.shrunken(yi=block["yi"], vi=block["vi"], ci="wald")
    for number, printed in PRINTED.items():
        np.testing.assert_allclose(getattr(found, number), printed, atol=DEFAULT_THRESHOLD, rtol=0)
    # Raudenbush (2009), page 304: the range of the empirical Bayes estimates
    assert [min(found.estimate), max(found.estimate)] == pytest.approx([-0.0293, 0.2485], abs=5.1e-5)


@pytest.mark.parametrize("tau2", TAU2_METHODS)
def test_every_estimator_lies_between_the_study_and_the_mean(tau2):
    block = BLOCKS["bcg"]
    found = diagnostics.shrunken(yi=block["yi"], vi=block["vi"], tau2=tau2, ci="wald")
    own, mean = np.array(found.yi), found.pooled.estimate
    np.testing.assert_allclose(
        found.estimate, own + np.array(found.shrinkage) * (mean - own), rtol=1e-13, atol=1e-15
    )
    if tau2 == "CE":
        assert set(found.shrinkage) == {1.0}
        assert "common effect" in found.notes[-1]
    else:
        assert all(0 < share < 1 for share in found.shrinkage)
        assert found.notes == (TAU2_AS_KNOWN,)


def test_no_heterogeneity_puts_every_study_at_the_mean():
    found = diagnostics.shrunken(yi=[0.1, 0.2, 0.15], sei=[0.2, 0.2, 0.3], labels=["a", "b", "c"])
    assert found.study == ("a", "b", "c")
    assert found.pooled.tau2 == 0
    np.testing.assert_allclose(found.estimate, found.pooled.estimate, rtol=1e-15)
    np.testing.assert_allclose(found.lower, found.pooled.lower, rtol=1e-14)
    assert any("REML is 0" in note for note in found.notes)


def test_without_a_standard_error_of_the_mean_there_is_no_interval():
    found = diagnostics.shrunken(yi=[0.2, 0.2, 0.2], sei=[0.1, 0.2, 0.3])
    assert found.estimate == (0.2, 0.2, 0.2)
    assert np.isnan(found.se).all()
    assert np.isnan(found.upper).all()
    assert "No HK interval" in found.notes[0]


def test_scale_and_coverage():
    block = BLOCKS["egger2001"]
    found = diagnostics.shrunken(yi=block["yi"], vi=block["vi"], ci="KR", prob=0.8)
    wider = diagnostics.shrunken(
        yi=np.array(block["yi"]) * 8, vi=np.array(block["vi"]) * 64, ci="KR", prob=0.8
    )
    for number in ("estimate", "se", "lower", "upper"):
        assert np.array_equal(getattr(wider, number), 8 * np.array(getattr(found, number)))
    assert wider.shrinkage == found.shrinkage


def test_what_is_refused():
    for ci in SOUGHT:
        with pytest.raises(ArgumentError, match=f"{ci} has none"):
            diagnostics.shrunken(yi=[0.1, 0.2], sei=[0.1, 0.1], ci=ci)
    for ci in ERRORS:
        found = diagnostics.shrunken(yi=[0.1, 0.2, 0.9], sei=[0.1, 0.1, 0.2], ci=ci)
        assert np.isfinite(found.lower).all(), ci
    with pytest.raises(ArgumentError, match="at least 2 studies"):
        diagnostics.shrunken(yi=[0.1], sei=[0.1])


@pytest.fixture(scope="module")
def fit():
    frame = pd.DataFrame(
        {"study": ["a", "b", "c", "d"], "ai": [3, 10, 4, 0], "n1i": [50, 60, 40, 10], "ci": [9, 12, 11, 0],
         "n2i": [50, 60, 41, 10], "provenance": "made for this"}
    )  # fmt: skip
    model = mutau.OutcomeModel(name="m", measure="RR", title="Relapse", benefit="lower", likelihood="binomial",
                               zero_cells=ZeroCells(add=0))  # fmt: skip
    return mutau.fit(frame, model, engine="exact", seed=1)


def test_beside_theta_is_what_either_says_alone(fit):
    found = diagnostics.shrunken_beside(fit, tau2="DL", ci="wald")
    three = fit.effects.iloc[:3]
    alone = diagnostics.shrunken(yi=three["yi"], vi=three["vi"], tau2="DL", ci="wald")
    np.testing.assert_allclose(found.classic[:3], np.exp(alone.estimate), rtol=1e-15)
    np.testing.assert_allclose(found.classic_upper[:3], np.exp(alone.upper), rtol=1e-15)
    assert np.isnan([found.own[3], found.classic[3]]).all()
    summary = mutau.summary(fit).query("quantity == 'theta' and scale == 'natural'")
    np.testing.assert_allclose(found.bayesian, summary["estimate"], rtol=1e-15)
    np.testing.assert_allclose(found.bayesian_lower, summary["lower"], rtol=1e-15)
    assert HOW_THEY_DIFFER in found.notes
    assert found.notes[-1].endswith("no classic estimate: d")
    frame = found.to_frame()
    assert list(frame["provenance"].unique()) == ["made for this"]
    assert set(frame["classic_kind"]) == {"empirical Bayes"}
    assert set(frame["bayesian_kind"]) == {"eti"}


def test_tables_say_what_kind_each_interval_is(fit):
    beside = mutau.table(diagnostics.shrunken_beside(fit, tau2="DL")).to_markdown()
    assert "Classic (DL, HK) [95% empirical Bayes interval, tau2 taken as known]" in beside
    assert "Bayesian (theta) [95% credible interval]" in beside
    assert "tau ~ half-normal(0.5)" in beside
    alone = mutau.table(
        diagnostics.shrunken(yi=[0.1, 0.2, 0.9], sei=[0.1, 0.1, 0.2], tau2="DL")
    ).to_markdown()
    assert "| study 3 " in alone
    assert "confidence" not in alone
