"""A model that only PyMC fits: its whole sensitivity from draws, and weighed answers against sampled ones."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import mutau
from mutau.sensitivities import named_priors, sensitivity


@pytest.mark.slow
def test_counts_with_a_corner_that_only_pymc_fits():
    """Everybody had the outcome in an arm: the exact engine has no rule. Weighed answers against sampled ones."""
    table = {
        "study": ["A", "B", "C"],
        "events_treatment": [10, 14, 20],
        "n_treatment": [10, 19, 30],
        "events_control": [7, 9, 15],
        "n_control": [10, 20, 31],
    }
    model = mutau.OutcomeModel(name="corner", measure="RR", benefit="higher", likelihood="binomial")
    fit = mutau.fit(pd.DataFrame(table), model, engine="sampling", seed=1)
    found = sensitivity(fit, level=0.9, choices=())
    assert "has a corner at no effect" in found.notes[0]
    rows = found.named[found.named["how"] == "re-weighted"].set_index("prior_label")
    assert {"doubled", "mu half as wide"} <= set(rows.index)
    for label in ("doubled", "mu half as wide"):
        named = next(each for each in named_priors(fit.model) if each.label == label)
        other = replace(fit.model, mu_prior=named.mu, tau_prior=named.tau)
        again = mutau.probability_of_benefit(mutau.fit(pd.DataFrame(table), other, seed=2))
        assert rows.loc[label, "p_benefit"] == pytest.approx(again.benefit, abs=0.02)
    assert np.isfinite([grid.p_benefit[grid.own] for grid in found.grids]).all()
