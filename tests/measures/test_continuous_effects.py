"""Continuous measures against metafor, against arithmetic, and against the definition of J."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest

from mutau.measures import MEASURES, hedges_correction, ready_made, standardised_mean_difference

REFERENCE = json.loads((Path(__file__).parents[1] / "reference" / "metafor_tight.json").read_text())
CLOSED_FORM = 1e-12  # a handful of float64 operations on each side
GAMMA = 1e-11  # differences of log gammas of a few hundred lose three digits

FLEISS = {
    "mean_treatment": [5, 4.9, 22.5, 12.5, 6.5],
    "sd_treatment": [4.7, 1.71, 3.44, 1.47, 0.76],
    "n_treatment": [13, 30, 35, 20, 8],
    "mean_control": [6.5, 6.1, 24.9, 12.3, 7.38],
    "sd_control": [3.8, 2.3, 10.65, 1.66, 1.41],
    "n_control": [13, 50, 35, 20, 8],
}


@pytest.mark.parametrize("data", ["normand1999", "epds"])
@pytest.mark.parametrize("measure", ["SMD", "MD"])
def test_effects_equal_metafors(data, measure):
    block = REFERENCE[data]
    yi, vi = MEASURES[measure].effect(**block["data"])
    np.testing.assert_allclose(yi, block[measure]["yi"], rtol=GAMMA)
    np.testing.assert_allclose(vi, block[measure]["vi"], rtol=GAMMA)


def test_smallest_trials_equal_metafors():
    yi, vi = standardised_mean_difference([1, 2], [1, 1.5], [2, 3], [0, 1], [1.2, 1], [2, 3])
    np.testing.assert_allclose(yi, REFERENCE["smd_tiny"]["yi"], rtol=CLOSED_FORM)
    np.testing.assert_allclose(vi, REFERENCE["smd_tiny"]["vi"], rtol=CLOSED_FORM)


@pytest.mark.parametrize("m", [2, 4, 6, 10, 40])
def test_correction_is_a_ratio_of_gammas(m):
    exact = math.gamma(m / 2) / (math.sqrt(m / 2) * math.gamma((m - 1) / 2))
    assert hedges_correction(m) == pytest.approx(exact, rel=CLOSED_FORM)


def test_approximation_of_the_correction_is_as_good_as_documented():
    m = np.arange(19.0, 1000.0)
    assert np.max(np.abs(hedges_correction(m) - (1 - 3 / (4 * m - 1)))) < 1e-4


def test_correction_does_not_exist_for_one_degree_of_freedom():
    assert np.isnan(hedges_correction([0.0, 1.0])).all()


def test_revmans_variance_is_its_formula():
    yi, vi = standardised_mean_difference(**FLEISS, variance="RevMan")
    n1, n2 = np.array(FLEISS["n_treatment"]), np.array(FLEISS["n_control"])
    total = n1 + n2
    np.testing.assert_allclose(vi, total / (n1 * n2) + yi**2 / (2 * (total - 3.94)), rtol=CLOSED_FORM)
    metafor_yi, metafor_vi = standardised_mean_difference(**FLEISS)
    np.testing.assert_array_equal(yi, metafor_yi)
    assert (vi > metafor_vi).all()


def test_g_equals_r_metas():
    """Hedges' g of Fleiss (1993), R meta 8.4.0 (exact J)."""
    yi, _ = standardised_mean_difference(**FLEISS)
    meta = [-0.339876087067, -0.5658896644917, -0.299908862925, 0.1250235914109, -0.7344441116903]
    np.testing.assert_allclose(yi, meta, rtol=1e-11)  # thirteen digits are at hand


def test_three_participants_have_no_smd():
    yi, vi = standardised_mean_difference([1.0], [1.0], [2], [0.0], [1.0], [1])
    assert np.isnan(yi[0])
    assert np.isnan(vi[0])


def test_ready_made_effects_are_left_alone():
    yi, vi = ready_made([0.3, -1.0], [0.1, 0.2])
    assert yi.tolist() == [0.3, -1.0]
    np.testing.assert_allclose(vi, [0.01, 0.04])
