"""Grids of priors: every cell is a fit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import mutau
from mutau import exact, priors
from mutau.errors import ArgumentError
from mutau.priors import parse_prior
from mutau.sensitivities import location_grid, scale_grid
from mutau.sensitivities.scales import location, moved, widened

NORMAL = 1e-12  # the same rule by another way through the kernel
SURFACE = 1e-8  # panels of a surface for wider priors lie elsewhere


@pytest.mark.parametrize(("name", "tolerance"), [("scores", NORMAL), ("avoidant", SURFACE)])
@pytest.mark.parametrize("make", [scale_grid, location_grid])
def test_the_models_own_cell_is_the_fit_and_other_cells_are_fits_too(name, tolerance, make, request):
    fit = request.getfixturevalue(name)
    grid = make(fit)
    assert grid.p_benefit.shape == (50, 50)
    own = mutau.probability_of_benefit(fit).benefit
    assert grid.p_benefit[grid.own] == pytest.approx(own, abs=tolerance)
    interval = mutau.interval(fit, "mu")
    assert grid.lower[grid.own] == pytest.approx(interval.lower, rel=100 * tolerance)
    frame = grid.to_frame()
    for place in (3, 1777):
        row = frame.iloc[place]
        model = replace(
            fit.model, mu_prior=parse_prior(row["mu_prior"]), tau_prior=parse_prior(row["tau_prior"])
        )
        again = mutau.fit(fit.studies, model, engine="exact", seed=1)
        assert row["p_benefit"] == pytest.approx(mutau.probability_of_benefit(again).benefit, abs=tolerance)
        limits = mutau.interval(again, "mu")
        np.testing.assert_allclose(
            [row["lower"], row["upper"]], [limits.lower, limits.upper], rtol=100 * tolerance
        )


def test_swapping_arms_swaps_benefit_and_harm(avoidant):
    arms = avoidant.studies.arms.copy()
    swapped = arms.assign(arm=arms["arm"].map({"treatment": "control", "control": "treatment"}))
    other = replace(avoidant.model, benefit="higher", where={}, thresholds=())
    again = mutau.fit(swapped, other, engine="exact", seed=1)
    one, two = scale_grid(avoidant, cells=6), scale_grid(again, cells=6)
    np.testing.assert_allclose(one.p_benefit, two.p_benefit, atol=1e-7)


def test_normal_grid_gives_normals_digits():
    yi, sei = np.array([0.1, -0.4, 0.9]), np.array([0.2, 0.4, 0.3])
    mus = [priors.StudentT(0, 0.5, 4), priors.StudentT(0.3, 0.5, 4)]
    taus = [priors.InverseGamma(1.2, 0.3), priors.HalfCauchy(0.4), priors.PointMass(0.1)]
    grid = exact.normal_grid(yi, sei, mus, taus, threshold=0.1)
    for a, mu in enumerate(mus):
        for b, tau in enumerate(taus):
            one = exact.normal(yi, sei, mu, tau)
            np.testing.assert_allclose(grid.quantiles[a, b], one.mu.quantile([0.025, 0.5, 0.975]), atol=1e-10)
            assert grid.above[a, b] == pytest.approx(float(one.mu.sf(0.1)), abs=1e-11)
            assert grid.below[a, b] + grid.above[a, b] == pytest.approx(1, abs=1e-12)
            assert grid.log_marginal[a, b] == pytest.approx(one.log_marginal, abs=1e-10)


@pytest.mark.parametrize(
    "prior",
    [
        priors.Normal(0.3, 2),
        priors.StudentT(-1, 0.5, 3),
        priors.Cauchy(2, 1),
        priors.NormalMixture((0.5, 0.5), (-1, 1), (0.3, 0.3)),
    ],
    ids=str,
)
def test_a_prior_is_widened_about_its_own_location(prior):
    wide = widened(prior, 3.0)
    assert location(wide) == pytest.approx(location(prior))
    assert wide.ppf(0.9) - location(wide) == pytest.approx(3 * (prior.ppf(0.9) - location(prior)))
    assert location(moved(prior, 0.7)) == pytest.approx(location(prior) + 0.7)


def test_priors_without_a_scale_are_refused_together(one_effect):
    model = replace(one_effect.model, mu_prior=priors.Flat())
    fit = mutau.fit(one_effect.studies, model, engine="exact", seed=1)
    with pytest.raises(ArgumentError) as error:
        scale_grid(fit, cells=1)
    assert len(error.value.faults) == 3


def test_a_model_that_only_sampling_fits_is_refused_with_the_reason():
    table = pd.DataFrame(
        {"study": ["A", "B"], "events_treatment": [10, 5], "n_treatment": [10, 9], "events_control": [9, 4],
         "n_control": [10, 9]}
    )  # fmt: skip
    model = mutau.OutcomeModel(name="corner", measure="RR", benefit="higher", likelihood="binomial")
    from mutau.fitting import prepare

    with pytest.raises(ArgumentError, match="corner at no effect"):
        mutau.fit(table, model, engine="exact")
    assert len(prepare(table, model)[1]) == 2
