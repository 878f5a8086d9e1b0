"""Effects that share a control arm: Gleser and Olkin's figures, metafor's vcalc, and what has to hold anyway."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mutau import combine_arms, compare_shared_arms, effects, pool, read_studies, shared_arms, split_arms
from mutau.errors import ArgumentError, StudyDataError

PRINTED = 6e-6
"""Half a unit of the fifth decimal, to which covariances are printed."""

# Gleser and Olkin (2009), Table 19.1, as metafor's test of the chapter holds them; there the control group is first.
COUNTS = pd.DataFrame(
    {
        "study": ["1", "1", "2", "3", "3", "3"],
        "trt": [1, 2, 1, 1, 2, 3],
        "ai": [100, 150, 15, 40, 80, 50],
        "n1i": [4000, 4000, 400, 1000, 1000, 1000],
        "ci": [40, 40, 10, 150, 150, 150],
        "n2i": [1000, 1000, 200, 2000, 2000, 2000],
    }
)
# The chapter's effects are control less treatment, so the sign is the other way round.
CHAPTER = {
    "RD": ([0.0200, 0.0043, 0.0211], np.array([[24.612, 19.954, 13.323], [19.954, 28.538, 13.255],
                                               [13.323, 13.255, 69.806]]) * 1e-6, 7.191),
    "OR": ([0.5099, 0.0044, 0.4301], [[0.01412, 0.00712, 0.00425], [0.00712, 0.01178, 0.00455],
                                      [0.00425, 0.00455, 0.02703]], 2.056),
    "RR": ([0.4875, 0.0006, 0.4047], [[0.01287, 0.00623, 0.00371], [0.00623, 0.01037, 0.00399],
                                      [0.00371, 0.00399, 0.02416]], 1.895),
}  # fmt: skip
MEANS = pd.DataFrame(
    {
        "study": ["1", "1", "2", "3", "4", "4"],
        "trt": [1, 2, 1, 1, 1, 2],
        "m1i": [7.87, 4.35, 9.32, 8.08, 7.44, 5.34],
        "m2i": [-1.36, -1.36, 0.98, 1.17, 0.45, 0.45],
        "sd1i": [4.2593, 4.2593, 2.8831, 3.1764, 2.9344, 2.9344],
        "sd2i": [4.2593, 4.2593, 2.8831, 3.1764, 2.9344, 2.9344],
        "n1i": [25, 22, 38, 50, 30, 30],
        "n2i": [25, 25, 40, 50, 30, 30],
    }
)


@pytest.mark.parametrize("measure", CHAPTER)
def test_gleser_and_olkin_counts(measure):
    estimates, covariance, q = CHAPTER[measure]
    found = shared_arms(COUNTS, measure).common_effects(COUNTS["trt"])
    np.testing.assert_allclose(-found.estimates, estimates, atol=5.1e-5)
    np.testing.assert_allclose(found.covariance, covariance, atol=6e-10 if measure == "RD" else PRINTED)
    assert round(found.q, 3) == pytest.approx(q, abs=1e-9)
    assert found.df == 3


def test_gleser_and_olkin_arcsine_doubled_there():
    found = shared_arms(COUNTS, "AS").common_effects(COUNTS["trt"])
    np.testing.assert_allclose(-2 * found.estimates, [0.1010, 0.0102, 0.0982], atol=5.1e-5)
    assert round(found.q, 3) == pytest.approx(4.263, abs=1e-9)


def test_arcsine_covariance_is_that_of_vcalc():
    stored = json.loads((Path(__file__).parent / "reference" / "effect_sizes.json").read_text("utf-8"))
    expected = np.array(stored["shared_arm_AS"]).reshape(6, 6)
    np.testing.assert_allclose(shared_arms(COUNTS, "AS").covariance, expected, rtol=1e-12, atol=1e-18)


def test_gleser_and_olkin_smd():
    shared = shared_arms(MEANS, "SMD", hedges=False)
    np.testing.assert_allclose(shared.yi, [2.1670, 1.3406, 2.8927, 2.1754, 2.3821, 1.6664], atol=5.1e-5)
    found = shared.common_effects(MEANS["trt"])
    np.testing.assert_allclose(found.estimates, [2.374, 1.570], atol=5.1e-4)
    np.testing.assert_allclose(found.covariance, [[0.02257, 0.01244], [0.01244, 0.03554]], atol=PRINTED)
    assert round(found.q, 3) == pytest.approx(3.945, abs=1e-9)


@pytest.mark.parametrize("measure", ["RR", "OR", "RD", "AS", "IRR", "IRD", "MD", "ROM", "SMD"])
def test_diagonal_is_that_of_effects_where_no_arm_is_shared(measure):
    table = MEANS if measure in ("MD", "ROM", "SMD") else COUNTS
    table = table.assign(study=[f"trial {i}" for i in range(len(table))])
    if measure.startswith("IR"):
        table = table.rename(columns={"n1i": "t1i", "n2i": "t2i"})
    if measure == "ROM":
        table = table.assign(m2i=2.0)
    shared, plain = shared_arms(table, measure), effects(table, measure)
    np.testing.assert_allclose(shared.yi, plain["yi"], rtol=1e-13)
    np.testing.assert_allclose(shared.covariance, np.diag(plain["vi"]), rtol=1e-13)


@pytest.mark.parametrize("measure", ["RR", "OR", "RD", "MD", "ROM"])
def test_difference_of_two_effects_is_the_effect_of_one_treatment_against_the_other(measure):
    """The control arm cancels: var(y1 - y2) is the variance of treatment 1 against treatment 2."""
    table = (MEANS.assign(m2i=2.0) if measure in ("MD", "ROM") else COUNTS).iloc[:2]
    first = [name for name in table.columns if name.startswith(("ai", "m1", "sd1", "n1"))]
    second = [name.replace("ai", "ci").replace("1i", "2i") for name in first]
    against = pd.DataFrame(
        {a: [table[a].iloc[0]] for a in first}
        | {b: [table[a].iloc[1]] for a, b in zip(first, second, strict=True)}
    )
    found, direct = shared_arms(table, measure), effects(against, measure).iloc[0]
    contrast = np.array([1, -1])
    assert contrast @ found.yi == pytest.approx(direct["yi"], rel=1e-12)
    assert contrast @ found.covariance @ contrast == pytest.approx(direct["vi"], rel=1e-12)


def test_combined_arms_are_those_of_all_participants():
    rng = np.random.default_rng(3)
    arms = [rng.normal(size=size) + shift for size, shift in ((12, 0.0), (20, 1.0))]
    cells = [{"study": "A", "m1i": x.mean(), "sd1i": x.std(ddof=1), "n1i": x.size} for x in arms]
    table = pd.DataFrame(cells).assign(m2i=0.3, sd2i=1.1, n2i=15)
    found, everybody = combine_arms(table, "MD").iloc[0], np.concatenate(arms)
    assert found["mean_treatment"] == pytest.approx(everybody.mean(), rel=1e-13)
    assert found["sd_treatment"] == pytest.approx(everybody.std(ddof=1), rel=1e-13)
    assert (found["n_treatment"], found["n_control"]) == (32, 15)


def test_split_arms_keep_everybody_once():
    found = split_arms(COUNTS)
    totals = found.groupby("study")[["events_control", "n_control"]].sum()
    np.testing.assert_allclose(totals, [[40, 1000], [10, 200], [150, 2000]], rtol=1e-13)


def test_ways_side_by_side_and_ignoring_looks_too_precise():
    found = compare_shared_arms(COUNTS, "RR").set_index("way")
    assert list(found.index) == ["covariance", "split", "combined", "ignored"]
    assert list(found["k"]) == [6, 6, 3, 6]
    assert found.loc["ignored", "se"] < found.loc[["covariance", "split", "combined"], "se"].min()


def test_different_control_arms_of_one_study_are_refused():
    wrong = COUNTS.assign(ci=[40, 41, 10, 150, 150, 150])
    with pytest.raises(StudyDataError, match=r"events_control is 40 and 41"):
        shared_arms(wrong, "RR")


def test_a_correction_of_one_row_only_is_refused():
    with pytest.raises(StudyDataError, match="corrects some rows only"):
        shared_arms(COUNTS.assign(ai=[0, 150, 15, 40, 80, 50]), "RR")


def test_a_measure_without_a_formula_is_refused():
    with pytest.raises(ArgumentError, match="for some measures"):
        shared_arms(COUNTS, "PETO")


def test_labels_are_one_for_each_effect():
    with pytest.raises(ArgumentError, match="by has 2 labels"):
        shared_arms(COUNTS, "RR").common_effects(["a", "b"])


def test_each_way_is_the_row_of_its_own_call():
    """One call gives what four would: generalised least squares, split, combined, and ignored."""
    found = compare_shared_arms(COUNTS, "OR").set_index("way")
    shared = shared_arms(COUNTS, "OR").common_effects()
    alone = {
        "split": pool(split_arms(COUNTS, "OR"), measure="OR", tau2="CE"),
        "combined": pool(combine_arms(COUNTS, "OR"), measure="OR", tau2="CE"),
        "ignored": pool(COUNTS, measure="OR", tau2="CE"),
    }
    assert found.loc["covariance", "estimate"] == pytest.approx(float(shared.estimates[0]), rel=1e-13)
    assert found.loc["covariance", "se"] == pytest.approx(float(shared.covariance[0, 0]) ** 0.5, rel=1e-13)
    for way, result in alone.items():
        assert [found.loc[way, name] for name in ("estimate", "se", "q", "k")] == pytest.approx(
            [result.estimate, result.se, result.q, result.k], rel=1e-13
        )


def test_a_table_that_was_read_gives_the_same(tmp_path):
    named = COUNTS.assign(arm_treatment=[f"dose {i}" for i in COUNTS["trt"]]).drop(columns="trt")
    named.to_csv(tmp_path / "trials.csv", index=False)
    read = read_studies(tmp_path / "trials.csv")
    pd.testing.assert_frame_equal(compare_shared_arms(read, "RR"), compare_shared_arms(COUNTS, "RR"))
