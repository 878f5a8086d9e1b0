"""Conditional maximum likelihood, and tests of stratified tables, against R (reference/tables.json) and print."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mutau import pool
from mutau.classic import conditional, stratified_tests
from mutau.errors import ArgumentError

TABLES = json.loads((Path(__file__).parents[1] / "reference" / "tables.json").read_text("utf-8"))
COUNTS = ("events_treatment", "n_treatment", "events_control", "n_control")
RATES = ("events_treatment", "time_treatment", "events_control", "time_control")
CLOSED = 1e-10
SOLVED = 1e-8
"""Relative; both sides iterate to the last digits, glm's standard error from the last step but one."""

STATISTICS = ("cmh", "cmh_corrected", "breslow_day", "tarone")


def arms(block, names=COUNTS):
    return [block[name] for name in names]


@pytest.mark.parametrize("data", TABLES["counts"])
def test_tests_of_tables_equal_metafors(data):
    block = TABLES["counts"][data]
    found = stratified_tests(*arms(block))
    for name in STATISTICS:
        assert getattr(found, name) == pytest.approx(block[name], rel=CLOSED), name
        assert getattr(found, f"{name}_p_value") == pytest.approx(block[f"{name}_p"], rel=CLOSED), name
    assert found.df == found.k - 1


@pytest.mark.parametrize("name", [name for name, block in TABLES["counts"].items() if "estimate" in block])
def test_the_conditional_odds_ratio_equals_clogits(name):
    block = TABLES["counts"][name]
    found = conditional(*arms(block))
    assert [found.estimate, found.se] == pytest.approx([block["estimate"], block["se"]], rel=SOLVED)


@pytest.mark.parametrize("name", TABLES["rates"])
def test_the_conditional_rate_ratio_equals_glms(name):
    block = TABLES["rates"][name]
    found = conditional(*arms(block, RATES), measure="IRR")
    assert [found.estimate, found.se, found.q] == pytest.approx(
        [block["estimate"], block["se"], block["q"]], rel=SOLVED
    )


def test_printed_figures():
    """Rothman, Greenland and Lash (2008), chapter 15; van Houwelingen et al. (1993), as metafor's tests have them."""
    bcg, tolbutamide = (stratified_tests(*arms(TABLES["counts"][name])) for name in ("bcg", "tolbutamide"))
    assert [bcg.cmh_corrected, bcg.tarone] == pytest.approx([135.689, 171.757], abs=0.0005)
    assert [tolbutamide.cmh, tolbutamide.tarone] == pytest.approx([1.1914, 0.3489], abs=5.1e-5)
    deaths = ([32, 104, 206, 186, 102], [52407, 43248, 28612, 12663, 5317])
    others = ([2, 12, 28, 28, 31], [18790, 10673, 5710, 2585, 1462])
    assert conditional(*deaths, *others, measure="IRR").estimate == pytest.approx(0.3545, abs=5.1e-5)
    a, n1, c, n2 = arms(TABLES["counts"]["collins1985a"])
    swapped = conditional(c, n2, a, n1)
    assert [swapped.estimate, swapped.se] == pytest.approx(
        [0.1216, 0.0995], abs=1e-4
    )  # metafor's own optimiser


def test_one_table_is_fishers():
    """R: fisher.test(matrix(c(3, 1, 1, 3), 2))$estimate, the conditional odds ratio of Fisher's tea."""
    assert math.exp(conditional([3], [4], [1], [4]).estimate) == pytest.approx(
        6.408309, abs=2e-5
    )  # uniroot's default


def test_swapping_the_arms_turns_the_sign():
    a, n1, c, n2 = arms(TABLES["counts"]["nielweise2007"])
    there, back = conditional(a, n1, c, n2), conditional(c, n2, a, n1)
    assert [-back.estimate, back.se, back.q] == pytest.approx([there.estimate, there.se, there.q], rel=1e-12)


def test_studies_without_information_are_named_and_weigh_nothing():
    found = conditional([0, 5, 9], [20, 30, 40], [0, 9, 12], [22, 31, 38], labels=["Ash", "Birch", "Cedar"])
    assert found.k == 2
    assert found.weights[0] == 0
    assert "Ash could have fallen in one way only" in found.notes[0]
    assert found.estimate == conditional([5, 9], [30, 40], [9, 12], [31, 38]).estimate


def test_no_finite_estimate_is_nan_with_the_reason():
    found = conditional([0, 0], [20, 30], [5, 4], [20, 30])
    assert math.isnan(found.estimate)
    assert found.notes[-1].startswith("No finite estimate")
    none = conditional([0, 4], [9, 4], [0, 6], [8, 6])
    assert none.notes[-1] == "No study has an effect to pool"
    huge = conditional([1, 0], [1, 10], [0, 1], [10, 10])
    assert math.isfinite(huge.estimate)


def test_a_search_that_does_not_get_there_says_what_it_tried():
    found = conditional([1.0], [1e-300], [1.0], [1e300], measure="IRR")
    assert math.isnan(found.estimate)
    assert found.notes[-1] == "The estimate was not found: log ratios from -700 to 700 were searched"


def test_fractions_have_no_conditional_likelihood():
    with pytest.raises(ArgumentError) as caught:
        conditional([1.5, 2], [10, 12], [3, 0.5], [11, 9.5])
    assert {fault.key for fault in caught.value.faults} == {"events_treatment", "events_control", "n_control"}
    with pytest.raises(ArgumentError, match="free of the baseline"):
        conditional([1], [10], [3], [11], measure="RR")


def test_tests_that_do_not_exist_are_nan_with_the_reason():
    one = stratified_tests([3], [4], [1], [4])
    assert math.isnan(one.tarone)
    assert one.notes == ("One study has no other to be compared with: no test of one odds ratio",)
    none = stratified_tests([0, 4], [9, 4], [0, 6], [8, 6])
    assert np.isnan([none.cmh, none.tarone]).all()
    assert none.notes == ("No study has both events and others: nothing is tested",)
    one_sided = stratified_tests([0, 0], [9, 8], [3, 2], [8, 7])
    assert math.isnan(one_sided.tarone)
    assert one_sided.to_frame().loc[0, "notes"].endswith("no test of one odds ratio")


def test_pool_takes_the_columns_of_a_table():
    block = TABLES["counts"]["tolbutamide"]
    table = pd.DataFrame({"study": ["young", "old"], **{name: block[name] for name in COUNTS}})
    assert pool(table, measure="OR", method="CMLE").estimate == conditional(*arms(block)).estimate
    with pytest.raises(ArgumentError, match="has OR and IRR only"):
        pool(table, measure="RR", method="CMLE")
    with pytest.raises(ArgumentError, match="conditional estimate has a Wald interval only"):
        pool(table, measure="OR", method="CMLE", ci="HK")
