"""What the others have, against leaving a study's numbers out by hand; and a long table is read quickly."""

import math
import statistics
import time

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from mutau.studies import StudyTable
from mutau.studies.others import Others

numbers = st.tuples(st.sampled_from("ABCD"), st.one_of(st.integers(-2, 9), st.just(math.nan)))


@given(st.lists(numbers, max_size=14), st.sampled_from("ABCDE"))
def test_others_are_all_but_one(values, study):
    left = [value for name, value in values if name != study and value > 0]
    others = Others(values)
    assert others.studies(study) == len({name for name, value in values if name != study and value > 0})
    if left:
        assert others.median(study) == statistics.median(left)
        assert others.range(study) == (min(left), max(left))
    else:
        assert math.isnan(others.median(study))
        assert all(map(math.isnan, others.range(study)))


def test_comparing_each_study_with_all_others_takes_no_time():
    k = 2000
    sds = np.random.default_rng(1).uniform(1, 2, (2, k))
    arms = {"mean_treatment": 1.0, "n_treatment": 50, "mean_control": 1.1, "n_control": 50}
    frame = pd.DataFrame(
        {"study": [f"s{i}" for i in range(k)], "sd_treatment": sds[0], "sd_control": sds[1], **arms}
    )
    start = time.process_time()
    assert StudyTable.from_frame(frame).k == k
    assert time.process_time() - start < 5  # each with all others by hand takes 20 s and more
