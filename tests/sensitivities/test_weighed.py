"""A model that only sampling fits: every part of its sensitivity from draws, against the exact engine's answers.

The exact engine is told that it has no rule, and what samples is NumPy: draws of the exact posterior.
"""

from __future__ import annotations

from dataclasses import asdict, replace
from functools import partial

import numpy as np
import pytest

import mutau
from mutau import priors
from mutau.engines import ENGINES
from mutau.sampling import SamplingSettings
from mutau.sensitivities import (
    location_grid,
    named_answers,
    named_priors,
    scale_grid,
    sensitivity,
    tipping_points,
)
from mutau.sensitivities.case import Case
from mutau.sensitivities.weights import FEWEST_DRAWS, FINITE_VARIANCE, pareto_k_limit

FIVE_MCSE = 5.0
CELLS = 23  # scales from a quarter of the model's own to its own
LEVEL = 0.99


@pytest.fixture(scope="module")
def strong(scores):
    """Three trials with an effect so large that a narrow prior about no effect contradicts them."""
    arms = scores.studies.arms
    arms = arms[arms["study"] != "D"].copy()
    arms.loc[arms["arm"] == "control", "mean"] += 5.0
    return mutau.fit(mutau.StudyTable.from_frame(arms), scores.model, engine="exact", seed=1)


@pytest.fixture(scope="module")
def sampled(strong):
    """The same as a sampled fit would be: draws, and no exact posterior."""
    settings = asdict(SamplingSettings())
    return replace(strong, exact=None, engine=replace(strong.engine, name="sampling", settings=settings))


@pytest.fixture(autouse=True)
def only_sampling(monkeypatch):
    """No rule of the exact engine; sampling in NumPy. Gives what was sampled."""
    exact, asked = ENGINES["exact"], []

    def draw(request, seed, settings):
        asked.append(request)
        assert settings == SamplingSettings()
        return replace(exact.run(request, seed, None), exact=None)

    monkeypatch.setitem(ENGINES, "exact", replace(exact, supports=lambda _: "it has no rule here"))
    monkeypatch.setitem(ENGINES, "sampling", replace(ENGINES["sampling"], supports=lambda _: None, run=draw))
    return asked


@pytest.fixture(scope="module")
def truth(strong):
    """The same parts by the exact engine, before it is told anything."""
    exact = ENGINES["exact"]
    assert exact.supports(Case.of(strong).request) is None
    return {
        "named": named_answers(strong),
        "scales": scale_grid(strong, cells=CELLS),
        "locations": location_grid(strong, cells=CELLS),
        "case": Case.of(strong),
    }


@pytest.fixture(autouse=True, scope="module")
def _truth_first(truth):
    """Before the engines are changed for a test."""


def test_named_priors_are_weighed_or_sampled_anew_and_each_row_says_which(sampled, truth, only_sampling):
    found = named_answers(sampled).set_index("prior_label")
    exact = truth["named"].set_index("prior_label")
    error = FIVE_MCSE * np.sqrt(exact["p_benefit"] * (1 - exact["p_benefit"]) / found["ess"]) + 1e-4
    assert (np.abs(found["p_benefit"] - exact["p_benefit"]) < error).all()
    assert found["how"].iloc[0] == "sampled"
    assert set(found["how"]) == {"sampled", "re-weighted", "refitted"}
    weighed = found[found["how"] == "re-weighted"]
    assert (weighed["pareto_k"] <= pareto_k_limit(4000)).all()
    assert found.loc["tau = 0", "note"].startswith("sampled anew: tau is a fixed number")
    assert len(only_sampling) == (found["how"] == "refitted").sum()


def test_a_pair_without_a_posterior_says_so_and_is_not_weighed(sampled, monkeypatch):
    improper = named_priors(sampled.model)[0]
    pair = replace(improper, mu=priors.Flat(), tau=priors.Uniform(0, np.inf), label="nothing")
    monkeypatch.setattr("mutau.sensitivities.named.named_priors", lambda _: (pair,))
    two = replace(sampled, effects=sampled.effects.iloc[:2])
    (row,) = named_answers(two).to_dict("records")
    assert np.isnan(row["p_benefit"])
    assert "needs at least 3 studies" in row["reason"]


@pytest.mark.parametrize(("make", "name"), [(scale_grid, "scales"), (location_grid, "locations")])
def test_cells_are_weighed_and_those_not_covered_are_none_with_a_reason(make, name, sampled, truth):
    few, exact = make(sampled, cells=CELLS, refits=0), truth[name]
    frame = few.to_frame()
    unknown = frame["p_benefit"].isna()
    assert 0 < unknown.sum() < len(frame)
    assert (frame["reason"][unknown] != "").all()
    assert (frame["reason"][~unknown] == "").all()
    assert ((frame["pareto_k"] > FINITE_VARIANCE) | (frame["ess"] < FEWEST_DRAWS))[unknown].all()
    assert f"{unknown.sum()} have no answer" in few.note
    whole = make(sampled, cells=CELLS)
    assert np.isfinite(whole.p_benefit).all()
    assert "further fit" in whole.note
    same = (few.cells.source == 0).reshape(whole.p_benefit.shape)
    np.testing.assert_array_equal(whole.p_benefit[same], few.p_benefit[same])
    ess = whole.cells.ess.reshape(whole.p_benefit.shape)
    assert (np.abs(whole.p_benefit - exact.p_benefit) < FIVE_MCSE * np.sqrt(0.25 / ess)).all()
    assert whole.median[whole.own] == pytest.approx(exact.median[exact.own], abs=0.02)
    assert whole.p_benefit[whole.own] == pytest.approx(float((sampled.posterior["mu"] < 0).mean()), abs=1e-9)


def test_at_each_tipping_point_the_exact_engine_says_nearly_the_level(sampled, truth):
    case, found = truth["case"], {p.name: p for p in tipping_points(sampled, LEVEL)}
    within = FIVE_MCSE * np.sqrt(LEVEL * (1 - LEVEL) / FEWEST_DRAWS)
    mu, tau = case.request.mu_prior, case.request.tau_prior
    assert {point.how for point in found.values()} == {"re-weighted"}
    asked = {
        "scepticism": {"mu": priors.Normal(0, found["scepticism"].value)},
        "location": {"mu": priors.Normal(found["location"].value, mu.sd)},
        "heterogeneity": {"tau": tau.scaled(found["heterogeneity"].value)},
    }
    from mutau import exact

    for name, changed in asked.items():
        data = case.request.data
        posterior = exact.normal(data["yi"], data["sei"], **({"mu": mu, "tau": tau} | changed))
        assert float(posterior.mu.cdf(0.0)) == pytest.approx(LEVEL, abs=within), name
        assert "By weighed draws" in found[name].sentence


def test_where_no_draws_lead_on_the_tipping_point_is_not_known(sampled):
    found = {point.name: point for point in tipping_points(sampled, LEVEL, refits=0)}
    assert np.isnan(found["scepticism"].value)
    assert found["scepticism"].sentence.startswith("Not known: weighed draws lead no further")


def test_the_whole_says_from_which_draws_it_was_read(sampled, monkeypatch):
    for name, make in (("scale_grid", scale_grid), ("location_grid", location_grid)):
        monkeypatch.setattr(f"mutau.sensitivities.whole.{name}", partial(make, cells=3))
    monkeypatch.setattr("mutau.sensitivities.whole.tipping_points", partial(tipping_points, refits=0))
    found = sensitivity(sampled, level=LEVEL, choices=())
    assert found.missing == ()
    assert "it has no rule here" in found.notes[0]
    assert len(found.notes) == 3
    assert found.verdict.label
    assert set(found.to_frames()) == {
        "named_priors", "prior_grids", "tipping_points", "power_scaling", "prior_conflict", "multiverse", "verdict",
    }  # fmt: skip
