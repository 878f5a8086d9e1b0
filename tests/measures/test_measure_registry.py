"""Measure records and their look-up."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from mutau.errors import ArgumentError
from mutau.measures import MEASURES, get_measure

RATIOS = {"RR", "OR", "IRR", "HR"}


def test_every_measure_is_listed():
    assert list(MEASURES) == ["RR", "OR", "RD", "MD", "SMD", "IRR", "HR", "GEN"]


@pytest.mark.parametrize("code", MEASURES)
def test_scales_go_together(code):
    measure = get_measure(code)
    ratio = code in RATIOS
    assert measure.code == code
    assert measure.is_ratio is ratio
    assert measure.analysis_scale == ("log" if ratio else "identity")
    assert measure.scale_kind == (
        "ratio" if ratio else {"RD": "rd", "MD": "md", "SMD": "smd", "GEN": "generic"}[code]
    )
    assert measure.null == 0
    assert measure.null_natural == (1 if ratio else 0)
    assert measure.to_natural(measure.null) == measure.null_natural
    assert measure.axis_label.endswith("(log scale)") is ratio
    assert measure.source


@pytest.mark.parametrize("code", MEASURES)
def test_there_and_back(code):
    measure = get_measure(code)
    np.testing.assert_allclose(
        measure.to_analysis(measure.to_natural(np.array([-1.0, 0.0, 2.5]))), [-1, 0, 2.5], atol=1e-15
    )


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
