"""Fits made without a sampler: exact draws of the normal-normal posterior, by a grid over tau."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from mutau.comparing import compare
from mutau.engines import EngineRecord
from mutau.fitting import Fit, prepare
from mutau.outcomes import OutcomeModel, PublishedResult, Threshold
from mutau.records import CheckResult

CHAINS, DRAWS = 4, 500


def draw(yi, sei, model, rng):
    """Draw tau from its gridded marginal, then mu and theta from their normal conditionals."""
    if model.tau_prior.is_point:
        tau = np.full(CHAINS * DRAWS, model.tau_prior.mean)
        weights = None
    else:
        grid = np.linspace(1e-4, 12 * float(np.median(sei)), 4000)
        variance = sei[:, None] ** 2 + grid**2
        log_weight = model.tau_prior.logpdf(grid) + marginal(yi, variance, model)
        weights = np.exp(log_weight - log_weight.max())
        tau = rng.choice(grid, size=CHAINS * DRAWS, p=weights / weights.sum())
    variance = sei[:, None] ** 2 + tau**2
    precision, mean = mean_effect(yi, variance, model)
    mu = mean + rng.standard_normal(tau.shape) / np.sqrt(precision)
    with np.errstate(divide="ignore"):
        pooled = np.where(tau > 0, 1 / tau**2, np.inf)
    share = np.where(tau > 0, (1 / sei[:, None] ** 2) / (1 / sei[:, None] ** 2 + pooled), 0.0)
    spread = np.where(tau > 0, 1 / np.sqrt(1 / sei[:, None] ** 2 + pooled), 0.0)
    theta = share * yi[:, None] + (1 - share) * mu + spread * rng.standard_normal((len(yi), len(tau)))
    new = mu + tau * rng.standard_normal(tau.shape)
    return mu, tau, theta, new


def mean_effect(yi, variance, model):
    prior_precision = 1 / model.mu_prior.sd**2 if model.mu_prior.is_proper else 0.0
    precision = (1 / variance).sum(0) + prior_precision
    return precision, (yi[:, None] / variance).sum(0) / precision


def marginal(yi, variance, model):
    precision, mean = mean_effect(yi, variance, model)
    quadratic = (yi[:, None] ** 2 / variance).sum(0) - mean**2 * precision
    return -0.5 * (np.log(variance).sum(0) + np.log(precision) + quadratic)


def make_fit(frame, model, seed=1):
    """Make a `Fit` of these studies."""
    studies, effects = prepare(frame, model)
    rng = np.random.default_rng(seed)
    yi, sei = effects["yi"].to_numpy(float), effects["sei"].to_numpy(float)
    mu, tau, theta, new = draw(yi, sei, model, rng)
    shape = (CHAINS, DRAWS)
    coords = {"chain": range(CHAINS), "draw": range(DRAWS), "study": list(effects["study"].astype(str))}
    dims = ("chain", "draw")
    posterior = xr.Dataset(
        {
            "mu": (dims, mu.reshape(shape)),
            "tau": (dims, tau.reshape(shape)),
            "theta_new": (dims, new.reshape(shape)),
            "theta": ((*dims, "study"), theta.T.reshape(*shape, len(yi))),
        },
        coords=coords,
    )
    tree = xr.DataTree.from_dict({"posterior": posterior})
    checks = (CheckResult("R-hat", True, 1.001, "at most 1.01", "worst: mu"),)
    settings = {"draws": DRAWS, "chains": CHAINS}
    return Fit(
        model,
        studies,
        effects,
        SimpleNamespace(tree=tree),
        EngineRecord("sampling", "sampling", {"mutau": "0"}, settings, seed, 0.5, 1, checks, ()),
    )


class Made:
    """A fit, its alternatives, and their comparison."""

    def __init__(self, frame, model, seed=1):
        from dataclasses import replace

        self.model = model
        self.fit = make_fit(frame, model, seed)
        self.alternatives = {
            label: make_fit(frame, replace(model, tau_prior=prior), seed)
            for label, prior in model.tau_alternatives
        }
        self.compared = compare(self.fit, self.alternatives)


SECURE = pd.DataFrame(
    {
        "study": ["Cicchetti 1999a", "Cicchetti 2006b"],
        "events_treatment": [31, 8],
        "n_treatment": [46, 14],
        "events_control": [9, 1],
        "n_control": [54, 54],
        "provenance": "reconstructed (unique solution)",
    }
)


def secure_model(**changes):
    base = {
        "name": "secure",
        "title": "Infant attachment: secure",
        "measure": "RR",
        "benefit": "higher",
        "treatment_label": "PIP",
        "control_label": "control",
        "thresholds": (Threshold(1.25, "appreciable benefit"), Threshold(0.75, "appreciable harm")),
        "published": PublishedResult(
            8.93,
            1.25,
            63.70,
            0.95,
            2,
            168,
            "very low",
            "favoured PIP",
            "Barlow 2015, abstract",
            "Mantel-Haenszel",
        ),
    }
    return OutcomeModel(**(base | changes))


def counts(names, seed=3):
    """Make up counts for any number of studies."""
    rng = np.random.default_rng(seed)
    n_treatment, n_control = rng.integers(15, 220, len(names)), rng.integers(15, 220, len(names))
    return pd.DataFrame(
        {
            "study": names,
            "events_treatment": 1 + rng.binomial(n_treatment - 2, 0.25),
            "n_treatment": n_treatment,
            "events_control": 1 + rng.binomial(n_control - 2, 0.4),
            "n_control": n_control,
            "provenance": "extracted from the trial report",
        }
    )


@pytest.fixture(scope="session")
def made():
    """The factory."""
    return Made


@pytest.fixture(scope="session")
def secure():
    return Made(SECURE, secure_model())


@pytest.fixture(scope="session")
def make_model():
    return secure_model


@pytest.fixture(scope="session")
def make_counts():
    return counts
