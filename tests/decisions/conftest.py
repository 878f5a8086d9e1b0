from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import mutau
from mutau import priors
from mutau.outcomes import Threshold


def ready_made(
    yi, sei, tau, *, benefit="higher", measure="GEN", mu=None, thresholds=(), engine="exact", **more
):
    """Fit ready-made estimates."""
    table = pd.DataFrame({"study": [f"s{i}" for i in range(len(yi))], "yi": yi, "sei": sei, **more})
    model = mutau.OutcomeModel(
        name="made",
        measure=measure,
        benefit=benefit,
        mu_prior=mu or priors.Normal(0, 1),
        tau_prior=tau,
        thresholds=thresholds,
    )
    return mutau.fit(table, model, engine=engine, seed=3)


@pytest.fixture(scope="session")
def normal_case():
    """One estimate, no heterogeneity, a normal prior: the posterior of the effect is normal, in closed form."""
    return ready_made([0.4], [0.3], priors.PointMass(0), thresholds=(Threshold(0.2, "small"),))


@pytest.fixture(scope="session")
def normal_posterior():
    """Mean and SD of `normal_case`."""
    precision = 1 / 0.3**2 + 1.0
    return 0.4 / 0.3**2 / precision, 1 / np.sqrt(precision)


@pytest.fixture(scope="session")
def three_trials():
    return ready_made(
        [0.5, 0.1, 0.6], [0.3, 0.25, 0.4], priors.HalfNormal(0.5), thresholds=(Threshold(0.2, "small"),)
    )


@pytest.fixture(scope="session")
def secure_counts(pip_studies):
    return mutau.fit(pip_studies, mutau.load_model("models/secure.toml"), engine="exact", seed=1)


@pytest.fixture(scope="session")
def avoidant(pip_studies):
    return mutau.fit(pip_studies, mutau.load_model("models/avoidant.toml"), engine="exact", seed=1)


def counts(a, n1, c, n0, measure, *, benefit="lower", likelihood="binomial", tau=None, engine="exact"):
    """Fit two-arm counts."""
    table = pd.DataFrame(
        {
            "study": [f"s{i}" for i in range(len(a))],
            "events_treatment": a,
            "n_treatment": n1,
            "events_control": c,
            "n_control": n0,
        }
    )
    model = mutau.OutcomeModel(
        name="counts",
        measure=measure,
        benefit=benefit,
        likelihood=likelihood,
        **({} if tau is None else {"tau_prior": tau}),
    )
    return mutau.fit(table, model, engine=engine, seed=3)
