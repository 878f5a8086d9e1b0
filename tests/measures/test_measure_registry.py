"""Measure records and their look-up."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from mutau.errors import ArgumentError
from mutau.measures import MEASURES, get_measure

RATIOS = {"RR", "OR", "IRR", "HR", "PETO", "ROM", "VR", "CVR", "ROMC", "MPRR", "MPOR", "MPORC", "MPPETO"}
ONE_GROUP = {"PR", "PLN", "PLO", "PAS", "PFT", "MN", "MNLN", "IR", "IRLN", "IRS", "IRFT"}
KINDS = {"RD": "rd", "MD": "md", "MC": "md"} | dict.fromkeys(
    ("SMD", "SMD1", "SMD1T", "SMDH", "SMCC", "SMCR", "SMCRH", "PBIT", "OR2D", "OR2DN"), "smd"
)
SCALES = {"ZCOR": "atanh", "ZPCOR": "atanh", "PLO": "logit", "PAS": "arcsine", "IRS": "root"} | dict.fromkeys(
    (*RATIOS, "PLN", "MNLN", "IRLN"), "log"
)


def test_every_measure_is_listed():
    assert list(MEASURES)[:8] == ["RR", "OR", "RD", "MD", "SMD", "IRR", "HR", "GEN"]
    assert all(code == measure.code for code, measure in MEASURES.items())


@pytest.mark.parametrize("code", MEASURES)
def test_scales_go_together(code):
    measure = get_measure(code)
    assert measure.is_ratio is (code in RATIOS)
    assert measure.analysis_scale == SCALES.get(code, "identity")
    assert measure.scale_kind == ("ratio" if code in RATIOS else KINDS.get(code, "generic"))
    assert measure.axis_label.endswith("(log scale)") is (measure.analysis_scale == "log")
    assert len(measure.letters) == len(measure.inputs)
    assert measure.source


@pytest.mark.parametrize("code", MEASURES)
def test_no_effect_is_where_groups_are_compared(code):
    measure = get_measure(code)
    assert measure.has_null is (code not in ONE_GROUP)
    if measure.has_null:
        assert measure.null == 0
        assert measure.null_natural == (1 if code in RATIOS else 0)
        assert measure.to_natural(measure.null) == measure.null_natural
    else:
        assert np.isnan([measure.null, measure.null_natural]).all()


@pytest.mark.parametrize("code", MEASURES)
def test_there_and_back(code):
    measure = get_measure(code)
    values = np.array([0.2, 0.7, 1.4] if code in ("PAS", "IRS") else [-1.0, 0.0, 2.5])
    np.testing.assert_allclose(measure.to_analysis(measure.to_natural(values)), values, atol=1e-14)


@pytest.mark.parametrize(("code", "value"), [("PLO", 1.2), ("PAS", -0.1), ("ZCOR", -1.5)])
def test_a_value_beyond_the_natural_scale_is_refused(code, value):
    with pytest.raises(ArgumentError, match="lies between"):
        get_measure(code).to_analysis([0.5, value])


def test_a_series_stays_a_series():
    assert isinstance(get_measure("RR").to_natural(pd.Series([0.0, 1.0])), pd.Series)


def test_overflow_is_infinity_without_a_warning():
    assert np.isinf(get_measure("OR").to_natural(1000.0))


def test_a_ratio_is_above_zero():
    with pytest.raises(ArgumentError, match=r"risk ratio -1\. A ratio is above 0"):
        get_measure("RR").to_analysis([0.5, -1.0])


def test_an_unknown_measure_names_the_nearest():
    with pytest.raises(ArgumentError, match=r"Did you mean 'SMD'\? Valid: 'RR', 'OR'"):
        get_measure("smd")


@pytest.mark.parametrize("junk", [None, 3, ["RR"]])
def test_what_is_no_code_is_refused(junk):
    with pytest.raises(ArgumentError, match="A measure is named by its code"):
        get_measure(junk)
