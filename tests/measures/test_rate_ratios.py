"""The incidence rate ratio, by the formula of metafor's escalc(measure="IRR")."""

import numpy as np
import pandas as pd
import pytest

from mutau.errors import DataWarning, StudyDataError
from mutau.measures import correct_zero_events, effects, log_rate_ratio
from mutau.studies import StudyTable

WIDE = pd.DataFrame(
    {
        "study": ["one", "two", "none"],
        "events_treatment": [9, 0, 0],
        "time_treatment": [413.0, 263.0, 50.0],
        "events_control": [19, 7, 0],
        "time_control": [398.0, 487.0, 70.0],
    }
)
LONG = pd.DataFrame(
    {
        "study": ["one", "one"],
        "arm": ["treatment", "control"],
        "events": [9, 19],
        "person_time": [413.0, 398.0],
    }
)


def test_formula():
    yi, vi = log_rate_ratio([9], [413.0], [19], [398.0])
    assert yi[0] == pytest.approx(np.log((9 / 413) / (19 / 398)))
    assert vi[0] == pytest.approx(1 / 9 + 1 / 19)
    assert np.isnan(log_rate_ratio([0], [1.0], [3], [1.0])).all()


def test_zero_counts_get_a_half_and_time_is_left_alone():
    with pytest.warns(DataWarning, match="two, none"):
        found = effects(WIDE, "IRR")
    assert list(found["corrected"]) == [False, True, True]
    assert found["yi"][1] == pytest.approx(np.log((0.5 / 263) / (7.5 / 487)))
    assert found["vi"][1] == pytest.approx(1 / 0.5 + 1 / 7.5)
    assert found["yi"][2] == pytest.approx(np.log(70 / 50))


def test_both_shapes_of_table_are_read():
    wide, long = (effects(StudyTable.from_frame(frame), "IRR") for frame in (WIDE[:1], LONG))
    assert long["yi"][0] == wide["yi"][0]
    assert long["vi"][0] == wide["vi"][0]


@pytest.mark.parametrize(("to", "expected"), [("all", [9.5, 0.5]), ("if0all", [9.5, 0.5]), ("none", [9, 0])])
def test_rules(to, expected):
    a, _, corrected, double = correct_zero_events([9, 0], [19, 0], to=to)
    assert list(a) == expected
    assert corrected.all() == (to != "none")
    assert list(double) == [False, True]


def test_person_time_is_above_zero():
    with pytest.raises(StudyDataError, match="Person-time is above 0"):
        effects(WIDE.assign(time_treatment=[1.0, 0.0, 2.0]), "IRR")
