from __future__ import annotations

import pandas as pd
import pytest

import mutau
from mutau import priors


@pytest.fixture(scope="session")
def attachment():
    """Avoidant attachment: two trials, binomial."""
    model = mutau.load_model("models/avoidant.toml")
    return mutau.fit(mutau.read_studies(model.data), model, engine="exact", seed=1)


@pytest.fixture(scope="session")
def scores():
    """Four normal estimates with arm sizes; a lower effect helps."""
    table = pd.DataFrame(
        {
            "study": ["A", "B", "C", "D"],
            "mean_treatment": [8.9, 9.2, 7.5, 10.1],
            "sd_treatment": [4.2, 4.9, 5.1, 4.0],
            "n_treatment": [45, 30, 60, 25],
            "mean_control": [11.3, 10.0, 9.9, 10.6],
            "sd_control": [4.8, 5.0, 4.6, 4.2],
            "n_control": [50, 31, 58, 27],
        }
    )
    model = mutau.OutcomeModel(
        name="scores", measure="SMD", benefit="lower", thresholds=(mutau.outcomes.Threshold(-0.2, "small"),)
    )
    return mutau.fit(table, model, engine="exact", seed=1)


@pytest.fixture(scope="session")
def one_effect():
    """One effect, tau fixed at 0, mu flat: everything has a closed form."""
    table = pd.DataFrame({"study": ["A"], "yi": [-0.5], "sei": [0.2]})
    model = mutau.OutcomeModel(
        name="one",
        measure="GEN",
        benefit="lower",
        mu_prior=priors.Normal(0, 100),
        tau_prior=priors.PointMass(0),
    )
    return mutau.fit(table, model, engine="exact", seed=1)
