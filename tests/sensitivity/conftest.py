"""Exact fits that the sensitivity tests share."""

from pathlib import Path

import pytest

import mutau

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
