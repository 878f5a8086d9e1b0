"""Studies without two groups: correlations, changes in one sample, matched pairs, from a table to a fit."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import mutau
from mutau.errors import ArgumentError, StudyDataError
from mutau.priors import HalfNormal, Normal
from mutau.sensitivities.conflict import prior_conflict

NAMES = ["Ash 2001", "Birch 2004", "Cedar 2009"]
TABLES = {
    "ZCOR": {"r": [0.3, 0.5, 0.1], "n": [40, 25, 60]},
    "COR": {"ri": [0.3, 0.5, 0.1], "ni": [40, 25, 60]},
    "ZPCOR": {"t": [2.0, 3.1, 0.4], "n": [40, 25, 60], "predictors": [3, 2, 5]},
    "SMCC": {
        "mean_after": [5.0, 6.1, 4.8], "sd_after": [2.0, 2.2, 1.9], "mean_before": [4.1, 5.0, 4.6],
        "sd_before": [1.8, 2.1, 2.0], "r": [0.6, 0.5, 0.7], "n": [40, 25, 60],
    },
    "PLO": {"events": [3, 8, 12], "n": [40, 25, 60]},
    "PFT": {"xi": [0, 8, 12], "ni": [40, 25, 60]},
    "PR": {"events": [3, 8, 12], "nonevents": [37, 17, 48]},
    "MNLN": {"mean": [3.1, 2.2, 4.0], "sd": [1.0, 0.9, 1.5], "n": [40, 25, 60]},
    "MN": {"mi": [3.1, 2.2, 4.0], "sdi": [1.0, 0.9, 1.5], "ni": [40, 25, 60]},
    "IRLN": {"events": [3, 8, 12], "person_time": [400.0, 250, 600]},
    "IR": {"xi": [3, 8, 12], "ti": [400.0, 250, 600]},
    "SMCRH": {
        "mean_after": [5.0, 6.1, 4.8], "mean_before": [4.1, 5.0, 4.6], "sd_before": [1.8, 2.1, 2.0],
        "sd_after": [2.0, 2.2, 1.9], "r": [0.6, 0.5, 0.7], "n": [40, 25, 60],
    },
    "HR": {"hr": [0.5, 0.8, 1.0], "hr_lower": [0.25, 0.4, 0.5], "hr_upper": [1.0, 1.6, 2.0]},
    "MPOR": {
        "pairs_both": [10, 8, 12], "pairs_treatment_only": [5, 9, 7], "pairs_control_only": [2, 4, 6],
        "pairs_neither": [20, 18, 30],
    },
}  # fmt: skip


@pytest.mark.parametrize("measure", TABLES)
def test_a_table_of_samples_gives_the_effects_of_its_frame(measure, tmp_path):
    frame = pd.DataFrame({"study": NAMES, **TABLES[measure]})
    frame.to_csv(tmp_path / "studies.csv", index=False)
    read = mutau.effects(mutau.read_studies(tmp_path / "studies.csv"), measure)
    plain = mutau.effects(frame, measure)
    np.testing.assert_array_equal(read[["yi", "vi"]], plain[["yi", "vi"]])
    assert np.isfinite(plain["yi"]).all()


def test_correlations_are_fitted_and_read_as_correlations():
    model = mutau.OutcomeModel(
        name="grit", measure="ZCOR", benefit="higher", mu_prior=Normal(0, 0.5), tau_prior=HalfNormal(0.2)
    )
    fit = mutau.fit(pd.DataFrame({"study": NAMES, **TABLES["ZCOR"]}), model, engine="exact", seed=1)
    interval = mutau.interval(fit)
    assert -1 < interval.lower < interval.upper < 1
    assert float(mutau.probability_of_benefit(fit)) > 0.9


def test_a_cell_that_is_no_number_is_said():
    frame = pd.DataFrame({"study": NAMES, "r": ["0.3", "?", "0.1"], "n": [40, 25, 60]})
    with pytest.raises(StudyDataError, match="Birch 2004"):
        mutau.StudyTable.from_frame(frame)


def test_a_model_of_one_group_asks_for_the_value_it_is_compared_with():
    with pytest.raises(ArgumentError, match=r"PLO \(proportion\) describes one group"):
        mutau.OutcomeModel(name="carriage", measure="PLO", benefit="lower")


def test_a_measure_without_default_priors_asks_for_them():
    with pytest.raises(ArgumentError, match="ZCOR has no default priors"):
        mutau.OutcomeModel(name="grit", measure="ZCOR", benefit="higher")


def test_conflict_of_prior_and_data_takes_fishers_z_as_it_is():
    model = mutau.OutcomeModel(
        name="grit", measure="ZCOR", benefit="higher", mu_prior=Normal(0, 0.5), tau_prior=HalfNormal(0.2)
    )
    generic = mutau.OutcomeModel(
        name="grit", measure="GEN", benefit="higher", mu_prior=Normal(0, 0.5), tau_prior=HalfNormal(0.2)
    )
    table = pd.DataFrame({"study": NAMES, **TABLES["ZCOR"]})
    ready = mutau.effects(table, "ZCOR")[["study", "yi", "sei"]]
    fits = [
        mutau.fit(data, each, engine="exact", seed=1) for data, each in ((table, model), (ready, generic))
    ]
    found, plain = (prior_conflict(fit)[0] for fit in fits)
    assert found.p == pytest.approx(plain.p, rel=1e-12)
