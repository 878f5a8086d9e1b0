"""Peto's odds ratio and Mantel-Haenszel rates against metafor and the examples of textbooks."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mutau import pool
from mutau.classic import mantel_haenszel, mantel_haenszel_rates, peto
from mutau.errors import ArgumentError, DataWarning

BCG = json.loads((Path(__file__).parents[1] / "reference" / "metafor_tight.json").read_text())["bcg"][
    "counts"
]

HART = (
    [9, 8, 3, 6, 7, 20],
    [413, 263, 487, 237, 489, 507],
    [19, 19, 13, 9, 23, 50],
    [398, 245, 435, 241, 483, 405],
)
"""metadat's dat.hart1999: strokes under warfarin."""

TOLBUTAMIDE = ([8, 22], [106, 98], [5, 16], [120, 85])
"""Rothman, Greenland and Lash (2008), table 15-1: deaths by age."""

DOCTORS = (
    [32, 104, 206, 186, 102],
    np.array([52407, 43248, 28612, 12663, 5317]) / 10000,
    [2, 12, 28, 28, 31],
    np.array([18790, 10673, 5710, 2585, 1462]) / 10000,
)
"""The same, table 15-2: coronary deaths per 10,000 person-years."""

YUSUF = (
    [14, 18, 15, 10, 21, 3, 2, 19, 15, 5, 0, 8, 3, 0, 1, 0, 14, 0, 8, 6, 3],
    [56, 66, 100, 52, 226, 38, 20, 76, 106, 62, 9, 133, 48, 16, 42, 25, 221, 11, 259, 157, 177],
    [15, 19, 12, 12, 24, 6, 3, 15, 9, 4, 0, 11, 3, 0, 1, 3, 15, 0, 7, 4, 2],
    [58, 64, 95, 47, 228, 31, 20, 67, 114, 57, 8, 127, 49, 13, 46, 25, 228, 11, 129, 158, 136],
)
"""metadat's dat.yusuf1985, table 6, without the trial that has no counts."""

YUSUF_FIRST = tuple(values[:6] for values in YUSUF)

ZEROS = ([0, 5, 0, 9], [100, 200, 50, 150], [4, 7, 0, 3], [90, 210, 60, 140])


def numbers(result, *names):
    return [getattr(result, name) for name in names]


def test_peto_equals_metafors_on_bcg():
    result = peto(**BCG)
    expected = [-0.4744463109406363, 0.0406590807446483, 167.7301675114894, 92.84565193129137]
    assert numbers(result, "estimate", "se", "q", "i2") == pytest.approx(expected, rel=1e-12)
    assert result.method == "Peto"


def test_peto_of_yusufs_trials_is_what_they_printed():
    result = peto(*YUSUF)
    printed = np.exp(numbers(result, "estimate", "lower", "upper"))
    assert printed.round(4) == pytest.approx([0.9332, 0.7385, 1.1792])
    expected = [-0.06916763223649615, 0.11938080585426815, 10.82748467937425, 17]
    assert numbers(result, "estimate", "se", "q", "q_df") == pytest.approx(expected, rel=1e-12)
    assert result.k == 18
    assert [i + 1 for i, w in enumerate(result.weights) if w == 0] == [11, 14, 18]
    assert "study 11, study 14, study 18" in result.notes[0]


def test_the_square_of_petos_statistic_is_cochran_mantel_haenszels():
    assert peto(*TOLBUTAMIDE).statistic ** 2 == pytest.approx(1.191400187276447, rel=1e-12)


def test_peto_without_a_single_informative_study_says_so():
    result = peto([0, 5], [10, 5], [0, 6], [12, 6])
    assert math.isnan(result.estimate)
    assert result.k == 0
    assert result.notes[-1] == "No study has an effect to pool"


@pytest.mark.parametrize(
    ("measure", "estimate", "se", "q"),
    [
        ("IRR", -1.029574596937405, 0.162094900339308, 2.968548154634326),
        ("IRD", -0.039351346850971, 0.0061049838708695, 12.53203447304788),
    ],
)
def test_rates_equal_metafors(measure, estimate, se, q):
    result = mantel_haenszel_rates(*HART, measure=measure)
    assert numbers(result, "estimate", "se", "q") == pytest.approx([estimate, se, q], rel=1e-12)


@pytest.mark.parametrize(
    ("measure", "estimate", "se", "q"),
    [
        ("IRR", -0.02372769377928984, 0.37838187305916804, 5.03661102628586),
        ("IRD", -0.0006646182630505078, 0.0105935165471494636, 6.236798354657112),
    ],
)
def test_zero_events_are_corrected_in_q_only(measure, estimate, se, q):
    with pytest.warns(
        DataWarning, match=rf"{measure}: No events in an arm: 0\.5 was added to both arms of study 1"
    ):
        result = mantel_haenszel_rates(*ZEROS, measure=measure)
    assert numbers(result, "estimate", "se", "q") == pytest.approx([estimate, se, q], rel=1e-11)
    assert result.k == (3 if measure == "IRR" else 4)
    assert result.notes[1] == "No events in both arms of study 3: left out for Q and the random-effects stage"


def test_rothmans_examples():
    """Printed digits; 90% intervals, as in the book."""
    found = {
        measure: mantel_haenszel(*TOLBUTAMIDE, measure=measure, prob=0.90, rd_variance="Sato")
        for measure in ("RD", "RR", "OR")
    }
    rates = {
        measure: mantel_haenszel_rates(*DOCTORS, measure=measure, prob=0.90) for measure in ("IRD", "IRR")
    }
    assert {key: round(value.estimate, 4) for key, value in (found | rates).items()} == {
        "RD": 0.0349, "RR": 0.2818, "OR": 0.3387, "IRD": 11.4392, "IRR": 0.3539,
    }  # fmt: skip
    assert np.round(numbers(found["RR"], "lower", "upper"), 4) == pytest.approx([-0.1442, 0.7078])
    assert np.round(numbers(found["OR"], "lower", "upper"), 4) == pytest.approx([-0.1731, 0.8505])
    assert np.round(numbers(rates["IRD"], "lower", "upper"), 4) == pytest.approx([6.3498, 16.5286])


def test_another_unit_of_time_moves_the_difference_only():
    a, t1, c, t2 = HART
    inverse = mantel_haenszel_rates(a, np.divide(t1, 1e6), c, np.divide(t2, 1e6), measure="IRD")
    plain = mantel_haenszel_rates(*HART, measure="IRD")
    assert numbers(inverse, "estimate", "se", "q") == pytest.approx(
        [plain.estimate * 1e6, plain.se * 1e6, plain.q], rel=1e-12
    )


def test_random_effects_take_q_about_the_mantel_haenszel_estimate():
    result = mantel_haenszel_rates(*HART, measure="IRD", tau2="DL", ci="HK")
    common = mantel_haenszel_rates(*HART, measure="IRD")
    assert result.q == common.q
    assert result.tau2 > 0
    assert result.se > common.se


def test_wrong_numbers_are_refused_at_once():
    with pytest.raises(ArgumentError) as caught:
        mantel_haenszel_rates([-1, 2], [10, 0], [1, 2], [10, 10], measure="RR", ci="HK")
    assert {fault.key for fault in caught.value.faults} == {
        "events_treatment",
        "time_treatment",
        "measure",
        "ci",
    }
    with pytest.raises(ArgumentError, match="Wald interval only"):
        peto([1], [10], [2], [10], ci="HK")


def test_pool_takes_the_columns_of_a_table():
    names = ("events_treatment", "n_treatment", "events_control", "n_control")
    table = pd.DataFrame({"study": list("abcdef"), **dict(zip(names, YUSUF_FIRST, strict=True))})
    assert pool(table, measure="OR", method="Peto").estimate == peto(*YUSUF_FIRST).estimate
    rates = table.drop(columns=list(names)).assign(
        **dict(zip((name.replace("n_", "time_") for name in names), HART, strict=True))
    )
    assert pool(rates, measure="IRR", method="MH").se == mantel_haenszel_rates(*HART).se


def test_pool_refuses_what_does_not_go_with_the_method():
    table = pd.DataFrame({"study": ["a"], "events_treatment": [1]})
    with pytest.raises(ArgumentError) as caught:
        pool(table, measure="RR", method="Peto", tau2="REML")
    assert {fault.key for fault in caught.value.faults} == {"measure", "tau2"}
    with pytest.raises(ArgumentError, match="Peto estimate has a Wald interval only"):
        pool(table, measure="OR", method="Peto", ci="HK")
