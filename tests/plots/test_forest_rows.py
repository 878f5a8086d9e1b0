from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from mutau.errors import ArgumentError, DataWarning
from mutau.outcomes import OutcomeModel
from mutau.plots import FOREST_COLUMNS, prepare_forest


@pytest.fixture(scope="module")
def frame(secure):
    return prepare_forest(secure.fit, secure.alternatives, secure.compared)


def test_one_row_per_mark_in_the_order_of_the_plot(frame):
    assert tuple(frame.columns) == FOREST_COLUMNS
    marks = [
        "raw",
        "shrunken",
        "raw",
        "shrunken",
        "total",
        *["bayesian"] * 3,
        "new",
        "classic",
        "classic",
        "published",
    ]
    assert list(frame["mark"]) == marks
    assert list(frame["row"]) == [0, 0, 1, 1, 2, 3, 4, 5, 6, 7, 8, 9]


def test_raw_effects_counts_and_weights(frame, secure):
    raw = frame[frame["mark"] == "raw"]
    assert list(raw["text"]) == ["4.04 [2.15, 7.59]", "30.86 [4.20, 226.65]"]
    assert list(raw["treatment"]) == ["31/46", "8/14"]
    assert list(raw["control"]) == ["9/54", "1/54"]
    sei = secure.fit.effects["sei"].to_numpy(float)
    precision = 1 / (sei**2 + float(secure.fit.tree["posterior"]["tau"].median()) ** 2)
    np.testing.assert_allclose(raw["weight"], 100 * precision / precision.sum())
    total = frame[frame["mark"] == "total"].iloc[0]
    assert (total["treatment"], total["control"], total["weight"]) == ("39/60", "10/108", 100.0)


def test_intervals_name_their_kind(frame):
    kinds = frame.groupby("mark")["kind"].unique()
    for mark in ("raw", "classic", "published"):
        assert list(kinds[mark]) == ["confidence"]
    for mark in ("shrunken", "bayesian", "new"):
        assert list(kinds[mark]) == ["eti"]


def test_shrinkage_pulls_towards_the_mean(frame):
    raw = frame[frame["mark"] == "raw"]["estimate"].to_numpy()
    shrunken = frame[frame["mark"] == "shrunken"]["estimate"].to_numpy()
    assert raw[0] < shrunken[0] < shrunken[1] < raw[1]


def test_pooled_rows_are_the_comparison_s(frame, secure):
    bayesian = secure.compared[secure.compared["engine"] == "sampling"]
    np.testing.assert_array_equal(frame.loc[frame["mark"] == "bayesian", "estimate"], bayesian["estimate"])
    new = frame[frame["mark"] == "new"].iloc[0]
    assert (new["lower"], new["upper"]) == tuple(bayesian.iloc[0][["prediction_lower", "prediction_upper"]])
    classic = frame[frame["section"] == "classic"].set_index("label")["text"]
    assert (
        classic["DerSimonian-Laird, Mantel-Haenszel Q (RevMan 5)"] == "8.93 [1.25, 63.70]"
    )  # as the review prints it
    assert classic["REML, Hartung-Knapp"].endswith("2.6 million]")
    labels = list(frame.loc[frame["mark"] == "bayesian", "label"])
    assert labels == [
        "tau ~ half-normal(0.5) (default)",
        "tau ~ half-normal(1) (doubled)",
        "Common effect (tau = 0)",
    ]


def test_labels_say_direction_provenance_and_weights(frame):
    labels = frame.attrs["labels"]
    assert (labels.left, labels.right) == ("Favours control", "Favours PIP")
    notes = " ".join(labels.footnotes)
    assert (
        "reconstructed (unique solution) (2 of 2 rows). None is an extraction from a trial report." in notes
    )
    assert "posterior median tau" in notes
    assert "credible" in notes
    assert "confidence" in notes


def test_direction_turns_with_benefit(secure):
    model = replace(secure.model, benefit="lower", thresholds=())
    fit = replace(secure.fit, model=model)
    labels = prepare_forest(fit, secure.alternatives, secure.compared).attrs["labels"]
    assert (labels.left, labels.right) == ("Favours PIP", "Favours control")


def test_one_continuous_study(made):
    frame = pd.DataFrame(
        {
            "study": ["Cooper 2003"],
            "n_treatment": [45],
            "mean_treatment": [8.9],
            "sd_treatment": [4.2],
            "n_control": [50],
            "mean_control": [11.3],
            "sd_control": [4.8],
            "provenance": "secondary extraction",
        }
    )
    one = made(frame, OutcomeModel(name="epds", measure="MD", benefit="lower", reference_sd=5.0))
    shown = prepare_forest(one.fit, one.alternatives, one.compared)
    assert shown.loc[0, "treatment"] == "8.90 (4.20) 45"
    assert shown.loc[0, "text"] == "−2.40 [−4.21, −0.59]"
    assert shown.loc[0, "weight"] == 100.0
    assert list(shown.loc[shown["mark"] == "classic", "text"]) == [
        "−2.40 [−4.21, −0.59]",
        "−2.40, no interval",
    ]
    assert (shown["mark"] == "bayesian").sum() == 3  # theta_1 is the study's own shrunken row


def test_estimates_show_their_standard_errors(made):
    given = pd.DataFrame(
        {"study": ["A", "B"], "yi": [0.1, -0.2], "sei": [0.1, 0.2], "provenance": "abstract"}
    )
    two = made(given, OutcomeModel(name="hr", measure="HR", benefit="lower"))
    shown = prepare_forest(two.fit, two.alternatives, two.compared)
    assert list(shown.loc[shown["mark"] == "raw", "treatment"]) == ["0.100", "0.200"]
    assert shown.attrs["labels"].arms == ("Standard\nerror",)


def test_a_zero_cell_correction_is_said(made, make_model):
    counts = {
        "events_treatment": [0, 3],
        "n_treatment": [20, 30],
        "events_control": [4, 6],
        "n_control": [20, 30],
    }
    given = pd.DataFrame({"study": ["Zero 1999", "B"], **counts, "provenance": "abstract"})
    with pytest.warns(DataWarning, match="Zero 1999"):
        case = made(given, make_model(benefit="lower", thresholds=(), published=None))
    shown = prepare_forest(case.fit, case.alternatives, case.compared)
    assert shown.loc[0, "treatment"] == "0/20"
    notes = shown.attrs["labels"].footnotes
    assert "Zero cells: 0.5 was added to all four cells (only0) of Zero 1999; counts are as read." in notes


def test_a_comparison_of_other_fits_is_refused(secure):
    other = secure.compared.assign(tau_prior="half-normal(3)")
    with pytest.raises(ArgumentError, match="pass compare"):
        prepare_forest(secure.fit, secure.alternatives, other)
