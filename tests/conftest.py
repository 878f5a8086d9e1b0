"""Fits that many tests read: made once, never changed."""

from pathlib import Path

import matplotlib as mpl
import pytest
from hypothesis import settings

mpl.use("Agg")
# The same examples in every run, and no clock: a busy machine must not fail a test.
settings.register_profile("mutau", deadline=None, derandomize=True)
settings.load_profile("mutau")

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def pip_studies():
    import mutau

    return mutau.read_studies(ROOT / "data" / "pip" / "studies.csv")


@pytest.fixture(scope="session")
def secure_model():
    """Secure attachment by the normal likelihood, under the priors that every table shows."""
    from dataclasses import replace

    import mutau

    model = mutau.load_model(ROOT / "models" / "secure.toml")
    return replace(model, likelihood="normal", tau_alternatives=())


@pytest.fixture(scope="session")
def secure(pip_studies, secure_model):
    """Secure attachment: two trials, risk ratio."""
    import mutau

    return mutau.fit(pip_studies, secure_model, seed=1)


@pytest.fixture(scope="session")
def secure_alternatives(secure):
    from mutau.comparing import fit_alternatives

    return fit_alternatives(secure)


@pytest.fixture(scope="session")
def epds(pip_studies):
    """Depression level against routine care: one trial, standardised mean difference."""
    import mutau

    return mutau.fit(pip_studies, mutau.load_model(ROOT / "models" / "epds_routine_smd.toml"), seed=1)


@pytest.fixture(scope="session")
def five_studies():
    """Five studies with ready-made estimates."""
    import pandas as pd

    import mutau
    from mutau import priors

    frame = pd.DataFrame(
        {
            "study": list("abcde"),
            "yi": [0.1, 0.3, -0.2, 0.5, 0.15],
            "sei": [0.2, 0.15, 0.3, 0.25, 0.1],
        }
    )
    model = mutau.OutcomeModel(
        name="five",
        measure="GEN",
        benefit="higher",
        mu_prior=priors.Normal(0, 1),
        tau_prior=priors.HalfNormal(0.5),
    )
    return mutau.fit(frame, model, seed=1, sei_new=0.2)
