"""The comparison table: published digits, every prior, and a reason for every empty cell."""

import numpy as np
import pandas as pd
import pytest

import mutau
from mutau.comparing import COMPARE_COLUMNS
from mutau.errors import DataWarning
from mutau.tables import data_table

STATED = [
    *("model", "method", "engine", "prior", "measure", "scale", "estimate", "lower", "upper", "prob", "kind"),
    *("tau", "prediction_lower", "prediction_upper", "p_benefit", "note"),
]
REASONS = {
    "tau": "tau",
    "prediction_lower": "prediction",
    "prediction_upper": "prediction",
    "p_benefit": "p_benefit",
    "lower": "interval",
    "upper": "interval",
}


@pytest.fixture(scope="module")
def compared(secure, secure_alternatives):
    return mutau.compare(secure, secure_alternatives)


def test_columns_are_the_stated_ones_first(compared):
    assert list(compared.columns[: len(STATED)]) == STATED
    assert tuple(compared.columns) == COMPARE_COLUMNS


def test_no_prior_is_shown_alone(compared):
    bayesian = compared[compared["engine"] == "sampling"].set_index("prior_label")
    assert list(bayesian["tau_prior"][:3]) == ["half-normal(0.5)", "half-normal(1)", "point mass at 0"]
    # .998 under half-normal(0.5) and .984 under half-normal(1): docs/statistics.md
    assert bayesian["p_benefit"].iloc[0] == pytest.approx(0.998, abs=0.005)
    assert bayesian["p_benefit"].iloc[1] == pytest.approx(0.984, abs=0.013)
    assert bayesian["tau"].iloc[2] == 0


def test_revman_row_prints_what_the_review_printed(compared):
    row = compared[compared["method"].str.contains("RevMan")].iloc[0]
    printed = compared[compared["engine"] == "published"].iloc[0]
    for column in ("estimate", "lower", "upper"):
        assert round(row[column], 2) == printed[column]


def test_hartung_knapp_with_two_trials_is_uninformative_and_shown(compared):
    row = compared[compared["method"] == "REML, Hartung-Knapp"].iloc[0]
    assert row["estimate"] == pytest.approx(8.88, abs=0.005)
    assert row["lower"] < 0.005
    assert row["upper"] == pytest.approx(2.6e6, rel=0.02)


def test_a_credible_interval_is_not_called_a_confidence_interval(compared):
    kinds = compared.groupby("engine")["kind"].unique()
    assert {engine: list(kind) for engine, kind in kinds.items()} == {
        "sampling": ["eti"],
        "classic": ["confidence"],
        "published": ["confidence"],
    }


@pytest.mark.parametrize("which", ["secure", "epds", "five_studies"])
def test_every_empty_cell_has_its_reason(which, request):
    table = mutau.compare(request.getfixturevalue(which), {})
    for column, word in REASONS.items():
        for _, row in table[table[column].isna()].iterrows():
            assert word in row["note"], (row["method"], column, row["note"])


def test_one_trial_has_rows_for_the_trial_and_the_mean(epds):
    table = mutau.compare(epds, {})
    bayesian = table[table["engine"] == "sampling"]
    assert set(bayesian["quantity"]) == {"mu", "theta"}
    theta = bayesian[bayesian["quantity"] == "theta"]["p_benefit"]
    mu = bayesian[bayesian["quantity"] == "mu"]["p_benefit"]
    assert theta.iloc[0] > mu.iloc[0]


def test_ratios_are_natural_and_tau_is_not(compared, secure):
    row = compared.iloc[0]
    posterior = secure.tree["posterior"]
    assert row["estimate"] == pytest.approx(float(np.exp(posterior["mu"].median())))
    assert row["tau"] == float(posterior["tau"].median())
    assert row["scale"] == "natural"


def test_provenance_survives(compared):
    assert set(compared["provenance"]) == {"reconstructed (unique solution)"}


@pytest.fixture(scope="module")
def with_a_zero_cell():
    frame = pd.DataFrame(
        {
            "study": ["none died", "some died"],
            "events_treatment": [0, 12],
            "n_treatment": [40, 60],
            "events_control": [3, 20],
            "n_control": [41, 58],
        }
    )
    model = mutau.OutcomeModel(name="deaths", measure="RR", benefit="lower")
    with pytest.warns(DataWarning, match="0.5 was added to all four cells of none died"):
        return mutau.fit(frame, model, seed=1)


def test_a_zero_cell_correction_is_said_in_every_row_that_rests_on_it(with_a_zero_cell):
    with pytest.warns(DataWarning):  # once per prior
        table = mutau.compare(with_a_zero_cell)
    assert table["note"].str.contains("0.5 was added to all four cells of none died").all()
    notes = table.set_index("method")["note"]
    assert "for Q and the random-effects stage only" in notes["common effect, Mantel-Haenszel"]
    revman = notes["DerSimonian-Laird, Mantel-Haenszel Q (RevMan 5)"]
    assert "0.5 for the Mantel-Haenszel estimate" in revman
    assert "zero cell: 0.5 added" in data_table(with_a_zero_cell.effects, with_a_zero_cell.model)["Note"][0]


def test_a_missing_provenance_is_said(with_a_zero_cell):
    assert any("provenance" in note for note in with_a_zero_cell.notes)
