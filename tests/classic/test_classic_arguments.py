"""What classic pooling refuses: everything at once, with the nearest name."""

from __future__ import annotations

import numpy as np
import pytest

from mutau.classic import inverse_variance, mantel_haenszel
from mutau.errors import ArgumentError

GOOD = ([31, 8], [46, 14], [9, 1], [54, 54])


def faults(call):
    with pytest.raises(ArgumentError) as caught:
        call()
    return [str(fault) for fault in caught.value.faults]


def test_everything_wrong_is_reported_at_once():
    found = faults(
        lambda: inverse_variance(
            [np.nan, 1.0, np.inf],
            [0.1, -1.0, 0.0],
            tau2="REM",
            ci="knha",
            prob=95,
            prediction="hts",
            tau2_ci="qprofile",
            seed=-1,
            labels=["a", "b", "c"],
        )
    )
    assert len(found) == 10
    text = "\n".join(found)
    assert "Did you mean 'REML'?" in text
    assert "Did you mean 'HTS'?" in text
    assert "Valid: 'wald', 't', 'HK', 'HK-adhoc', 'cochrane', 'KR', 'robust'" in text
    assert "Valid: 'QP', 'PL', 'BJ', 'BT', 'J', 'SJ', 'wald'" in text
    assert "seed=-1. A seed is a whole number, 0 or more" in text
    assert "prob=95" in text
    assert "study 'a', key 'yi': yi[0] = nan. An effect is a finite number" in text
    assert "study 'b', key 'vi': vi[1] = -1. A variance is above 0 and finite" in text
    assert "vi[2] = 0" in text


@pytest.mark.parametrize(
    ("yi", "vi", "words"),
    [
        ([1.0, 2.0], [0.1], "2 effects and 1 variances"),
        ([], [], "no studies"),
        ([[1.0]], [[0.1]], "shape (1, 1)"),
        (["x"], [0.1], "yi of list"),
        ([None], [0.1], "yi[0] = nan"),
    ],
)
def test_arrays_that_are_none(yi, vi, words):
    assert any(words in fault for fault in faults(lambda: inverse_variance(yi, vi)))


def test_numbers_pass_for_one_study():
    assert inverse_variance(0.3, 0.1).k == 1


@pytest.mark.parametrize("prob", [0, 1, -0.1, "0.95", np.nan])
def test_coverage_lies_between_zero_and_one(prob):
    assert any(
        "A coverage lies between 0 and 1" in fault
        for fault in faults(lambda: inverse_variance([1.0], [1.0], prob=prob))
    )


@pytest.mark.parametrize("option", [{"ci": "KR"}, {"prediction": "KR"}, {"tau2_ci": "PL"}])
def test_intervals_that_rest_on_a_likelihood_refuse_other_estimators(option):
    (found,) = faults(lambda: inverse_variance([0.0, 1.0], [0.1, 0.2], tau2="DL", **option))
    assert "with tau2='DL'" in found
    assert "Use tau2='REML'" in found


def test_a_common_effect_leaves_out_what_it_does_not_have():
    assert inverse_variance([0.0, 1.0], [0.1, 0.2], tau2="CE", prediction="KR", tau2_ci="PL").k == 2


def test_mantel_haenszel_reports_everything_at_once():
    found = faults(
        lambda: mantel_haenszel(
            [31, 20, np.nan],
            [46, 14, 10],
            [9, -1, 2],
            [54, 54, 0],
            measure="HR",
            tau2="REML",
            add=-1,
            to="zero",
            mh_add=np.nan,
            rd_variance="sato",
        )
    )
    text = "\n".join(found)
    assert len(found) == 10
    for words in (
        "measure='HR'",
        "Valid: 'CE', 'DL'",
        "add=-1",
        "mh_add=nan",
        "to='zero'",
        "Did you mean 'Sato'?",
        "study 'study 2'",
        "events_treatment 20 of 14",
        "events_control -1 of 54",
        "n_control 0",
    ):
        assert words in text, words


@pytest.mark.parametrize("ci", ["HK", "HK-adhoc", "cochrane"])
def test_common_effect_mantel_haenszel_has_a_wald_interval_only(ci):
    assert any("Wald interval only" in fault for fault in faults(lambda: mantel_haenszel(*GOOD, ci=ci)))


def test_mantel_haenszel_arrays_have_one_length():
    assert any(
        "lengths 2, 2, 1, 2" in f for f in faults(lambda: mantel_haenszel([31, 8], [46, 14], [9], [54, 54]))
    )
    assert any("no studies" in f for f in faults(lambda: mantel_haenszel([], [], [], [])))
    assert any("n_control of list" in f for f in faults(lambda: mantel_haenszel([1], [2], [1], ["x"])))
