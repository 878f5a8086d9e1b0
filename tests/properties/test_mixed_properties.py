"""Laws that mixed models keep for any counts: arms swapped, studies in another order, another unit of time."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from mutau.classic import glmm

ROUNDING = 1e-6
"""Of the standard error: where the likelihood is flat in tau, Newton's last step leaves that much."""

EFFECTS = ("estimate", "se", "tau2", "q")
arms = st.integers(2, 40).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
tables = st.lists(st.tuples(arms, arms), min_size=2, max_size=4)
few = settings(max_examples=3, deadline=None)


def columns(data):
    return [
        np.array(values, dtype=float) for values in zip(*((*one, *two) for one, two in data), strict=True)
    ]


def numbers(result):
    return np.array([getattr(result, name) for name in EFFECTS])


def assert_same(one, other, sign=1.0):
    """Both found the same maximum, or neither one."""
    assert math.isnan(one.estimate) == math.isnan(other.estimate)
    if math.isnan(one.estimate):
        return
    size = max(one.se, 1e-3)
    assert sign * other.estimate == pytest.approx(one.estimate, abs=ROUNDING * size)
    np.testing.assert_allclose(numbers(other)[1:], numbers(one)[1:], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("method", ["CM.EL", "UM.FS"])
@given(data=tables)
@few
def test_swapping_the_arms_flips_the_sign(method, data):
    a, n1, c, n0 = columns(data)
    found, swapped = glmm(a, n1, c, n0, method=method), glmm(c, n0, a, n1, method=method)
    assert_same(found, swapped, -1.0)
    np.testing.assert_allclose(swapped.weights, found.weights, atol=1e-4)


@given(data=tables)
@few
def test_counting_those_without_the_event_flips_the_sign(data):
    a, n1, c, n0 = columns(data)
    assert_same(glmm(a, n1, c, n0), glmm(n1 - a, n1, n0 - c, n0), -1.0)


@given(data=tables, more=st.data())
@few
def test_the_order_of_the_studies_does_not_matter(data, more):
    order = more.draw(st.permutations(range(len(data))))
    assert_same(glmm(*columns(data)), glmm(*columns([data[i] for i in order])))


@pytest.mark.parametrize("method", ["CM.EL", "UM.FS"])
@given(data=tables, unit=st.sampled_from([1e-3, 365.25]))
@few
def test_the_unit_of_time_does_not_matter_to_a_rate_ratio(method, data, unit):
    a, t1, c, t0 = columns(data)
    asked = {"measure": "IRR", "method": method}
    assert_same(glmm(a, t1, c, t0, **asked), glmm(a, unit * t1, c, unit * t0, **asked))


@given(data=tables)
@few
def test_a_rate_is_shifted_by_the_log_of_the_unit(data):
    a, t, *_ = columns(data)
    asked = {"measure": "IRLN", "method": "GLMM"}
    found, per_thousand = glmm(a, t, **asked), glmm(a, t / 1000, **asked)
    assume(not math.isnan(found.estimate))
    assert per_thousand.estimate == pytest.approx(found.estimate + math.log(1000), abs=1e-5)
    assert per_thousand.tau2 == pytest.approx(found.tau2, abs=1e-5)


def test_random_intercepts_are_symmetric_in_the_arms_too():
    """The effect is half up and half down, so that its random part is the same in both arms."""
    counts = ([4, 6, 3, 8], [30, 40, 25, 60], [9, 8, 7, 6], [28, 41, 27, 55])
    found = glmm(*counts, method="UM.RS", tau2="CE")
    swapped = glmm(*counts[2:], *counts[:2], method="UM.RS", tau2="CE")
    assert_same(found, swapped, -1.0)
