"""Binary measures against metafor's escalc and against arithmetic."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from mutau.measures import MEASURES, correct_zero_cells, risk_difference

REFERENCE = json.loads((Path(__file__).parents[1] / "reference" / "metafor_tight.json").read_text())
CLOSED_FORM = 1e-12  # a handful of float64 operations on each side


def as_floats(values):
    return np.array([np.nan if value is None else value for value in values], dtype=float)


@pytest.mark.parametrize("measure", ["RR", "OR", "RD"])
@pytest.mark.parametrize(
    "data", ["bcg", "nielweise2007", "lee2004", "collins1985b", "hine1989", "pip_secure"]
)
def test_effects_equal_metafors(data, measure):
    block = REFERENCE[data]
    fixed = correct_zero_cells(**block["counts"])
    yi, vi = MEASURES[measure].effect(*fixed.counts)
    np.testing.assert_allclose(yi, block[measure]["yi"], rtol=CLOSED_FORM, atol=1e-15)
    np.testing.assert_allclose(vi, block[measure]["vi"], rtol=CLOSED_FORM)


@pytest.mark.parametrize("add", [0.5, 0.25])
@pytest.mark.parametrize("to", ["only0", "all", "if0all", "none"])
@pytest.mark.parametrize("measure", ["RR", "OR", "RD"])
def test_zero_cell_rules_equal_metafors(measure, to, add):
    block = REFERENCE["zero_rules"]
    expected = block[f"{measure}_{to}_{add:g}"]
    fixed = correct_zero_cells(**block["counts"], add=add, to=to)
    yi, vi = MEASURES[measure].effect(*fixed.counts)
    want_yi, want_vi = as_floats(expected["yi"]), as_floats(expected["vi"])
    np.testing.assert_allclose(yi, want_yi, rtol=CLOSED_FORM, atol=1e-15)
    np.testing.assert_allclose(vi, np.where(np.isnan(want_yi), np.nan, want_vi), rtol=CLOSED_FORM, atol=1e-17)


def test_correction_says_where_it_was_made():
    fixed = correct_zero_cells([0, 3, 0, 12], [20, 25, 30, 12], [5, 6, 0, 15], [22, 24, 15, 15])
    assert fixed.corrected.tolist() == [True, False, True, True]
    assert fixed.double_zero.tolist() == [False, False, True, True]
    assert fixed.n_treatment.tolist() == [21, 25, 31, 13]


def test_adding_nothing_corrects_nothing():
    assert not correct_zero_cells([0], [20], [5], [22], add=0.0).corrected.any()


@pytest.mark.parametrize("measure", ["RR", "OR", "RD"])
def test_swapping_the_arms_changes_the_sign_only(measure):
    effect = MEASURES[measure].effect
    yi, vi = effect([4, 30], [123, 50], [11, 10], [139, 60])
    swapped_yi, swapped_vi = effect([11, 10], [139, 60], [4, 30], [123, 50])
    np.testing.assert_allclose(swapped_yi, -yi, rtol=CLOSED_FORM)
    np.testing.assert_allclose(swapped_vi, vi, rtol=CLOSED_FORM)


def test_variance_of_a_risk_difference_is_zero_without_events():
    yi, vi = risk_difference([0], [10], [0], [20])
    assert (yi[0], vi[0]) == (0, 0)
