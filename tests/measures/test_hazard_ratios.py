"""Log hazard ratios from intervals and from the log-rank statistic."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from mutau.errors import StudyDataError
from mutau.measures import effects


def test_the_interval_of_the_effect_is_the_one_given():
    table = pd.DataFrame({"study": ["A"], "hr": [0.5], "hr_lower": [0.25], "hr_upper": [1.0]})
    found = effects(table, "HR").iloc[0]
    ends = np.exp(found["yi"] + np.array([-1, 1]) * 1.959963984540054 * found["sei"])
    np.testing.assert_allclose(ends, [0.25, 1.0], rtol=1e-12)


def test_logrank_of_one_stratum_is_peto():
    """With every event at one time the log-rank statistic is the hypergeometric one of a 2 x 2 table."""
    a, n1, c, n2 = 4.0, 123.0, 11.0, 139.0
    total, events = n1 + n2, a + c
    v = events * (total - events) * n1 * n2 / (total**2 * (total - 1))
    table = pd.DataFrame({"study": ["A"], "o_minus_e": [a - events * n1 / total], "v": [v]})
    counts = pd.DataFrame({"study": ["A"], "ai": [a], "n1i": [n1], "ci": [c], "n2i": [n2]})
    np.testing.assert_allclose(
        effects(table, "HR")[["yi", "vi"]], effects(counts, "PETO")[["yi", "vi"]], rtol=1e-12
    )


def test_ready_made_rows_stay_and_logrank_goes_first():
    table = pd.DataFrame(
        {
            "study": list("ABC"), "yi": [0.3, np.nan, np.nan], "sei": [0.2, np.nan, np.nan],
            "o_minus_e": [np.nan, -4.0, np.nan], "v": [np.nan, 8.0, np.nan],
            "hr": [np.nan, 0.9, 1.0], "hr_lower": [np.nan, 0.45, 0.5], "hr_upper": [np.nan, 1.8, 2.0],
        }
    )  # fmt: skip
    found = effects(table, "HR")
    np.testing.assert_allclose(found["yi"], [0.3, -0.5, 0.0], atol=1e-15)
    np.testing.assert_allclose(found["vi"].iloc[:2], [0.04, 0.125], rtol=1e-13)


def test_all_that_is_wrong_is_said_at_once():
    table = pd.DataFrame(
        {
            "study": list("ABC"), "hr": [-0.7, 0.5, "n.s."], "hr_lower": [-1.4, 0.4, 0.5],
            "hr_upper": [0.0, 1.5, 2.0],
        }
    )  # fmt: skip
    with pytest.raises(StudyDataError) as caught:
        effects(table, "HR")
    said = [(fault.study, fault.column) for fault in caught.value.faults]
    assert said == [("C", "hr"), ("A", "hr"), ("B", "hr")]
