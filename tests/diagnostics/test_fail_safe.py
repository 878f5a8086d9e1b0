"""Fail-safe N against metafor's fsn(), its printed figures, and what the definitions say."""

import json
import math
from pathlib import Path

import numpy as np
import pytest

import mutau
from mutau import diagnostics
from mutau.classic import inverse_variance
from mutau.errors import ApproximationWarning, ArgumentError

BLOCKS = json.loads((Path(__file__).parents[1] / "reference" / "fail_safe.json").read_text(encoding="utf-8"))
NAMES = [name for name in BLOCKS if name != "meta"]

pytestmark = pytest.mark.filterwarnings("ignore::mutau.errors.ApproximationWarning")


def count(name, method, **how):
    return diagnostics.fail_safe_n(yi=BLOCKS[name]["yi"], vi=BLOCKS[name]["vi"], method=method, **how)


@pytest.mark.parametrize("name", NAMES)
def test_closed_forms_are_metafors(name):
    block = BLOCKS[name]
    for method in ("Rosenthal", "Rosenberg"):
        found = [count(name, method, alpha=alpha) for alpha in (0.05, 0.01)]
        assert [each.n for each in found] == block[method.lower()]
        assert found[0].p_value == pytest.approx(block[f"{method.lower()}_p"], rel=1e-10, abs=1e-300)
    assert count(name, "Orwin", target=block["orwin_target"]).n == block["orwin"]
    assert count(name, "Orwin", target=block["weighted_target"], weighted=True).n == block["weighted"]


@pytest.mark.parametrize(
    ("name", "method", "how", "printed"),
    [
        ("bcg", "Rosenthal", {}, 598),  # metafor 5.1-12's help; Viechtbauer (2010), doi:10.18637/jss.v036.i03
        ("bcg", "Rosenberg", {}, 370),
        ("raudenbush1985", "Rosenthal", {}, 26),
        ("raudenbush1985", "Orwin", {"target": 0.05}, 44),
        ("raudenbush1985", "Orwin", {"target": 0.05, "weighted": True}, 4),
        ("raudenbush1985", "Rosenberg", {}, 0),
        ("raudenbush1985", "general", {}, 0),
        ("raudenbush1985", "general", {"target": 0.05}, 12),
        ("hackshaw1998", "Rosenthal", {}, 393),
        ("hackshaw1998", "Orwin", {"target": 0.049}, 186),
        ("hackshaw1998", "Orwin", {"target": 0.049, "weighted": True}, 104),
        ("hackshaw1998", "Rosenberg", {}, 202),
        ("hackshaw1998", "general", {}, 112),
        ("mcdaniel1994", "Rosenthal", {}, 50364),
        ("mcdaniel1994", "Orwin", {"target": 0.15}, 129),
        ("mcdaniel1994", "Orwin", {"target": 0.15, "weighted": True}, 65),
        ("mcdaniel1994", "Rosenberg", {}, 45528),
        ("mcdaniel1994", "general", {}, 6068),
    ],
)
def test_printed_figures(name, method, how, printed):
    """metafor 5.1-12, test_misc_fsn.r, after Becker (2005), doi:10.1002/0470870168.ch7."""
    assert count(name, method, **how).n == pytest.approx(printed, abs=GENERAL if method == "general" else 0)


GENERAL = 1
"""metafor looks for the root of a step function and rounds up what it finds, so it may be one study too high."""


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("tau2", ["CE", "DL", "REML"])
def test_the_general_number_is_the_first_that_overturns(name, tau2):
    """The formulas of the approximation, written out again for the numbers on either side."""
    block = BLOCKS[name]
    y, v = np.array(block["yi"]), np.array(block["vi"])
    whole = inverse_variance(y, v, tau2=tau2)

    def p_value(n):
        between, k = 0.0, len(y)
        if tau2 != "CE":
            unweighted = np.concatenate([np.full(k, whole.estimate), np.zeros(n)])
            inside = (k - 1 + n - 1) * whole.tau2
            between = (inside + np.sum((unweighted - unweighted.mean()) ** 2)) / (k + n - 1)
        many = inverse_variance(
            np.concatenate([y, np.zeros(n)]),
            np.concatenate([v, np.full(n, 1 / np.mean(1 / v))]) + between,
            tau2="CE",
        )
        return many.estimate, between, many.p_value

    found = count(name, "general", tau2=tau2)
    if whole.p_value >= 0.05:
        assert found.n == 0
        assert found.notes[0].startswith("0: with the observed studies alone")
        return
    n = int(found.n)
    assert p_value(n)[2] >= 0.05 > p_value(n - 1)[2]
    assert [found.estimate_with, found.tau2_with, found.p_value_with] == pytest.approx(p_value(n), rel=1e-9)
    if tau2 == "CE":
        assert n == count(name, "Rosenberg").n


def test_the_general_method_with_a_target_is_orwins_for_a_common_effect():
    block = BLOCKS["bcg"]
    found = count("bcg", "general", tau2="CE", target=block["weighted_target"])
    assert found.n == block["weighted"]
    assert abs(found.estimate_with) <= abs(block["weighted_target"]) < abs(found.estimate)
    assert math.isnan(found.alpha)


def test_a_number_beyond_reach_is_not_given():
    found = count("bcg", "general", tau2="CE", target=-1e-9)
    assert math.isnan(found.n)
    assert found.notes[0] == "No number up to 10,000,000 overturns it"


def test_every_method_says_that_it_is_advised_against():
    for method in diagnostics.FAIL_SAFE_METHODS:
        with pytest.warns(ApproximationWarning, match="not recommended"):
            found = count("hackshaw1998", method, **({"target": 0.05} if method == "Orwin" else {}))
        assert any("Handbook 5.1, 10.4.4.3" in note for note in found.notes)
        assert found.method in str(found)
        assert len(found.to_frame()) == 1


def test_what_is_wrong_is_said_together():
    with pytest.raises(ArgumentError) as caught:
        count("bcg", "Rosental", alpha=2, target=0)
    assert len(caught.value.faults) == 3
    with pytest.raises(ArgumentError, match="smallest effect that matters"):
        count("bcg", "Orwin")
    with pytest.raises(ArgumentError, match=r"Use -0\.1, if that is meant"):
        count("bcg", "Orwin", target=0.1)
    with pytest.raises(ArgumentError, match="not for a target"):
        count("bcg", "Rosenthal", target=0.1)


def test_diagnose_has_them_apart_from_the_tests_of_small_studies():
    found = mutau.diagnose(yi=BLOCKS["bcg"]["yi"], vi=BLOCKS["bcg"]["vi"], measure="RR", tau2="DL")
    assert [each.n for each in found.fail_safe] == [598, 370, count("bcg", "general", tau2="DL").n]
    assert "Rosenberg" not in "".join(found.to_frame()["method"])
    table = mutau.table(found, "fail_safe").to_markdown()
    assert "advised against" in table.splitlines()[0]
    assert table.count("not recommended") == 1
