"""Named priors: each row is a fit, and what has no answer says why."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import mutau
from mutau.sensitivities import named_answers, named_priors


@pytest.mark.parametrize("name", ["scores", "avoidant"])
def test_every_row_is_a_fit(name, request):
    fit = request.getfixturevalue(name)
    table = named_answers(fit)
    assert table["prior_label"].is_unique
    assert table["prior_label"].iloc[0] == "default"
    for named, (_, row) in list(zip(named_priors(fit.model), table.iterrows(), strict=True))[::3]:
        if row["reason"]:
            continue
        model = replace(fit.model, mu_prior=named.mu, tau_prior=named.tau)
        again = mutau.probability_of_benefit(mutau.fit(fit.studies, model, engine="exact", seed=1))
        assert row["p_benefit"] == pytest.approx(again.benefit, abs=1e-8)
        assert row["p_benefit_new"] == pytest.approx(again.benefit_new, abs=1e-8)


def test_what_has_no_answer_says_why(avoidant):
    row = named_answers(avoidant).set_index("prior_label").loc["flat mu"]
    assert np.isnan(row["p_benefit"])
    assert "with counts a study without events in an arm does not bound its effect" in row["reason"]


def test_a_sceptic_gives_the_threshold_five_percent_and_an_enthusiast_no_benefit(scores):
    by_label = {named.label: named for named in named_priors(scores.model)}
    assert by_label["sceptic"].mu.cdf(-0.2) == pytest.approx(0.05)
    assert by_label["enthusiast"].mu.sf(0.0) == pytest.approx(0.05)
    assert by_label["enthusiast"].mu.mean == -0.2


def test_published_priors_of_another_measure_are_never_asked(scores, avoidant):
    for fit in (scores, avoidant):
        names = [named.label for named in named_priors(fit.model) if "/" in named.label]
        assert names
        assert all(mutau.priors.published_prior(name).measure == fit.model.measure for name in names)
