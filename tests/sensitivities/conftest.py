"""Exact fits that the sensitivity tests share."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

import mutau
from mutau import priors

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def avoidant():
    """Avoidant attachment by the binomial likelihood: two trials."""
    studies = mutau.read_studies(ROOT / "data" / "pip" / "studies.csv")
    return mutau.fit(studies, mutau.load_model(ROOT / "models" / "avoidant.toml"), engine="exact", seed=1)


@pytest.fixture(scope="session")
def bcg():
    """Thirteen trials of the BCG vaccine, normal likelihood."""
    model = mutau.OutcomeModel(name="bcg", measure="RR", benefit="lower")
    return mutau.fit(mutau.read_studies(ROOT / "data" / "bcg" / "bcg.csv"), model, engine="exact", seed=1)


@pytest.fixture(scope="session")
def secure_exact(pip_studies, secure_model):
    """Secure attachment by the normal likelihood, as the sampled fixture `secure`."""
    return mutau.fit(pip_studies, secure_model, engine="exact", seed=1)


@pytest.fixture(scope="session")
def admissible():
    """The 17 sets of counts behind the avoidant and disorganised outcomes."""
    return ROOT / "data" / "pip" / "admissible_attachment.csv"


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
