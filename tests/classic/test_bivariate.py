"""The bivariate model of both arms: metafor's rma.mv, van Houwelingen et al. (2002), and what must hold."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import mutau
from mutau.classic import bivariate_means, unstructured
from mutau.classic.bivariate import NO_CHANGE
from mutau.classic.unstructured import Pairs, maximum
from mutau.errors import ArgumentError, DataWarning, StudyDataError

BLOCKS = json.loads((Path(__file__).parents[1] / "reference" / "bivariate.json").read_text(encoding="utf-8"))
NAMES = [name for name in BLOCKS if name != "meta"]
COUNTS = ("events_treatment", "n_treatment", "events_control", "n_control")
SEARCHED = 2e-7
"""Relative: metafor's optimisers end where the likelihood no longer changes in its last digits, half of them."""
DIFFERENTIATED = 1e-6
"""Relative: metafor differentiates the likelihood numerically."""
FOUR_DECIMALS = 0.00005 + 1e-9

quiet = pytest.mark.filterwarnings("ignore::mutau.errors.DataWarning")


def table(name):
    return pd.DataFrame({column: BLOCKS[name][column] for column in COUNTS})


@quiet
@pytest.mark.parametrize("method", ["ML", "REML"])
@pytest.mark.parametrize("name", NAMES)
def test_estimates_are_those_of_metafors_rma_mv(name, method):
    expected = BLOCKS[name][method]
    found = mutau.bivariate(table(name), method=method)
    assert found.log_likelihood == pytest.approx(expected["log_likelihood"], abs=1e-10)
    assert found.q == pytest.approx(expected["q"], rel=1e-12)
    arms = [found.control, found.treatment]
    assert [arm.estimate for arm in arms] == pytest.approx(expected["estimates"], rel=SEARCHED)
    errors = np.sqrt(np.array(expected["covariance"])[[0, 3]])
    assert [arm.se for arm in arms] == pytest.approx(errors, rel=SEARCHED)
    contrast = np.array([-1, 1])
    variance = contrast @ np.reshape(expected["covariance"], (2, 2)) @ contrast
    assert found.difference.se == pytest.approx(math.sqrt(variance), rel=SEARCHED)
    tau2 = [found.tau2_control, found.tau2_treatment]
    assert tau2 == pytest.approx(expected["tau2"], rel=SEARCHED, abs=1e-12)
    if max(expected["tau2"]) < 1e-12:  # metafor's search ends just above 0; no correlation exists there
        assert tau2 == [0, 0]
        assert math.isnan(found.rho)
    else:
        assert found.rho == pytest.approx(expected["rho"], rel=SEARCHED)
    if "line" in expected:
        line = found.line
        assert [line.intercept.estimate, line.slope.estimate + 1] == pytest.approx(expected["line"], rel=1e-6)
        # matreg takes the means as known: its intercept's error is the slope's times the control mean
        theirs = expected["line_se"]
        assert line.slope.se == pytest.approx(theirs[1], rel=DIFFERENTIATED)
        assert abs(found.control.estimate) * line.slope.se == pytest.approx(theirs[0], rel=DIFFERENTIATED)


def test_van_houwelingen_2002():
    """doi:10.1002/sim.1040, pages 604 and 605, as metafor's test_analysis_example_vanhouwelingen2002.r has them."""
    found = mutau.bivariate(table("bcg"), method="ML")
    printed = [found.control.estimate, found.treatment.estimate, found.tau2_control, found.tau2_treatment]
    assert printed == pytest.approx([-4.0960, -4.8337, 2.4073, 1.4314], abs=FOUR_DECIMALS)
    assert [found.rho, found.tau2] == pytest.approx([0.9467, 0.3241], abs=FOUR_DECIMALS)
    effect = found.difference
    assert [effect.estimate, effect.se, found.control.se] == pytest.approx(
        [-0.7378, 0.1797, 0.4347], abs=FOUR_DECIMALS
    )
    limits = [effect.estimate, effect.lower, effect.upper, found.prediction_lower, found.prediction_upper]
    assert np.exp(limits) == pytest.approx([0.4782, 0.3362, 0.6801, 0.1484, 1.5407], abs=FOUR_DECIMALS)
    line = found.line
    assert [line.intercept.estimate, line.slope.estimate + 1] == pytest.approx(
        [-1.8437, 0.7300], abs=FOUR_DECIMALS
    )
    assert [abs(found.control.estimate) * line.slope.se, line.slope.se] == pytest.approx(
        [0.3548, 0.0866], abs=FOUR_DECIMALS
    )


def arms(name="bcg"):
    block = BLOCKS[name]
    (y_c, y_t), (v_c, v_t) = (np.reshape(block[what], (2, -1)) for what in ("yi", "vi"))
    return y_t, v_t, y_c, v_c


def values(found):
    return np.array([*found.to_frame()[["estimate", "se", "tau2"]].to_numpy().ravel(), found.rho])


@pytest.mark.parametrize("method", ["ML", "REML"])
def test_scale_shift_and_swapped_arms(method):
    y_t, v_t, y_c, v_c = arms()
    plain = bivariate_means(y_t, v_t, y_c, v_c, method=method)
    wide = bivariate_means(y_t * 16, v_t * 256, y_c * 16, v_c * 256, method=method)
    assert wide.difference.estimate == 16 * plain.difference.estimate
    assert wide.tau2 == 256 * plain.tau2
    assert [wide.rho, wide.line.slope] == [plain.rho, plain.line.slope]
    odd = bivariate_means(y_t * 1e3, v_t * 1e6, y_c * 1e3, v_c * 1e6, method=method)
    assert odd.line.slope.estimate == pytest.approx(plain.line.slope.estimate, rel=1e-8)
    count = 26 if method == "ML" else 24
    assert odd.log_likelihood == pytest.approx(plain.log_likelihood - count * math.log(1e3), rel=1e-12)
    shifted = bivariate_means(y_t + 3, v_t, y_c + 3, v_c, method=method)
    assert shifted.difference.estimate == pytest.approx(plain.difference.estimate, rel=1e-8)
    assert shifted.tau2 == pytest.approx(plain.tau2, rel=1e-8)
    swapped = bivariate_means(y_c, v_c, y_t, v_t, method=method)
    assert swapped.difference.estimate == pytest.approx(-plain.difference.estimate, rel=1e-8)
    assert [swapped.tau2, swapped.rho] == pytest.approx([plain.tau2, plain.rho], rel=1e-8)


def drawn(seed, rho):
    rng = np.random.default_rng(seed)
    v = rng.uniform(0.05, 1, (8, 2))
    both = rng.multivariate_normal([0, 0], [[0.6, 0.4 * rho], [0.4 * rho, 0.4]], 8)
    return both + rng.normal(size=(8, 2)) * np.sqrt(v), v


@pytest.mark.parametrize(
    ("seed", "rho", "restricted"), [(1, 1, True), (2, -1, False), (3, 0.5, True), (4, 0, False)]
)
def test_no_point_of_a_grid_is_higher(seed, rho, restricted):
    """The likelihood written out again with matrices; the grid has the boundary on it."""
    y, v = drawn(seed, rho)
    found, _ = maximum(Pairs(y, v, restricted))

    def height(sigma):
        weights = np.linalg.inv(np.array([np.diag(row) for row in v]) + sigma)
        information = weights.sum(axis=0)
        mean = np.linalg.solve(information, np.einsum("kij,kj->i", weights, y))
        distance = np.einsum("ki,kij,kj->", y - mean, weights, y - mean)
        total = 16 * math.log(2 * math.pi) - np.linalg.slogdet(weights)[1].sum() + distance
        if restricted:
            total += np.linalg.slogdet(information)[1] - 2 * math.log(2 * math.pi) - 2 * math.log(8)
        return -total / 2

    assert found.log_likelihood == pytest.approx(height(found.sigma), abs=1e-10)
    sds = np.linspace(0, 1.6, 9)
    for one in sds:
        for other in sds:
            for r in np.linspace(-1, 1, 9):
                sigma = np.array([[one**2, r * one * other], [r * one * other, other**2]])
                assert height(sigma) <= found.log_likelihood + 1e-9


def test_a_correlation_of_one_is_said_and_has_no_error_of_the_line():
    y_c = np.array([-3.0, -2.0, -1.0, 0.0, 1.0])
    found = bivariate_means(0.5 * y_c - 0.3, np.full(5, 0.2), y_c, np.full(5, 0.1))
    assert found.rho == 1
    assert "a correlation of 1, on the boundary" in found.notes[0]
    assert NO_CHANGE in found.notes
    assert math.isnan(found.line.slope.se)
    assert found.line.slope.estimate == pytest.approx(found.tau2_treatment**0.5 / found.tau2_control**0.5 - 1)
    assert [found.line.residual_tau2, found.line.explained] == pytest.approx([0, 1], abs=1e-12)
    shown = mutau.table(found).to_markdown()
    assert "Treatment less control" in shown
    assert ", no interval" in shown


def test_nothing_that_varies_has_no_line():
    found = mutau.bivariate(table("hine1989"))
    assert [found.tau2, found.tau2_control] == [0, 0]
    assert math.isnan(found.line.slope.estimate)
    assert "nothing varies between studies in either arm" in found.notes[0]
    assert "No line" in found.notes[1]
    assert found.difference.se > 0


def test_a_search_that_does_not_settle_says_what_it_tried(monkeypatch):
    monkeypatch.setattr(unstructured, "_STEPS", 2)
    found = bivariate_means(*arms())
    assert math.isnan(found.difference.estimate)
    assert math.isnan(found.log_likelihood)
    assert found.notes[0].startswith("No covariance was found: Newton's method from 12 starts, 2 steps each")
    assert found.k == 13


def test_what_is_wrong_is_said_together():
    with pytest.raises(ArgumentError) as caught:
        bivariate_means([1, 2, 3], [1, 0, 1], [1, 2, math.nan], [1, 1, 1], method="EM", prob=2)
    assert len(caught.value.faults) == 4
    with pytest.raises(ArgumentError, match="at least 3 studies"):
        bivariate_means([1, 2], [1, 1], [1, 2], [1, 1])
    with pytest.raises(ArgumentError, match="Each study has both arms"):
        bivariate_means([1, 2, 3], [1, 1, 1], [1, 2, 3, 4], [1, 1, 1, 1])
    with pytest.raises(StudyDataError, match="takes the counts of both arms"):
        mutau.bivariate(pd.DataFrame({"study": list("abc"), "yi": [0.1] * 3, "sei": [0.2] * 3}))


def test_zero_cells_are_corrected_aloud_or_refused():
    few = table("nielweise2007").assign(study=[f"trial {i}" for i in range(18)])
    with pytest.warns(
        DataWarning, match=r"0\.5 was added to the events and non-events of the treatment arm of trial"
    ):
        found = mutau.bivariate(few)
    assert found.notes[0].startswith("0.5 was added")
    with pytest.raises(StudyDataError, match="An arm has events and non-events"):
        mutau.bivariate(few, to="none")


def test_the_frame_has_a_row_per_quantity():
    found = mutau.bivariate(mutau.read_studies(Path(__file__).parents[2] / "data" / "bcg" / "bcg.csv"))
    frame = found.to_frame().set_index("quantity")
    assert list(frame.index) == ["control", "treatment", "difference", "slope", "intercept"]
    assert set(frame["kind"]) == {"confidence"}
    assert frame["prediction_lower"].notna().tolist() == [False, False, True, False, False]
    assert frame["provenance"].iloc[0].startswith("as tabulated in metadat")
    assert "Odds ratio" in mutau.table(found).to_markdown()


def test_the_effect_at_a_risk_lies_on_the_line():
    found = mutau.bivariate(table("bcg"), method="ML")
    half, mean = found.effect_at(0.5), found.effect_at(1 / (1 + math.exp(-found.control.estimate)))
    assert [half.estimate, half.se] == pytest.approx(
        [found.line.intercept.estimate, found.line.intercept.se], rel=1e-12
    )
    assert mean.estimate == pytest.approx(found.difference.estimate, rel=1e-12)
    assert mean.se < found.difference.se  # what goes with the control arm is not part of it
    assert found.effect_at(0.001).estimate > mean.estimate > found.effect_at(0.05).estimate
    for wrong in (0, 1, math.nan):
        with pytest.raises(ArgumentError, match="between 0 and 1"):
            found.effect_at(wrong)
    with pytest.raises(ArgumentError, match="not known to be log odds"):
        bivariate_means(*arms()).effect_at(0.1)
