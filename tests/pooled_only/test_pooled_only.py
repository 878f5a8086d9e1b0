"""Outcomes of which only the pooled result is known: their answers, frames, words and files."""

import itertools
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

import mutau
from mutau import priors
from mutau.errors import ArgumentError
from mutau.exact import normal
from mutau.outcomes import OutcomeModel, PublishedResult, Threshold
from mutau.pooled_only import CONDITIONAL, INTEGRATED, POOLED_COLUMNS
from mutau.pooled_only.files import run_entry, written_tables
from mutau.pooled_only.wording import described, overview, pooled_table, statement_table

MODELS = Path(__file__).parents[2] / "models"
# Decision of record (docs/statistics.md, section 9, recomputed there by brute force)
TARGETS = {"incidence": (0.955, 0.854, 0.771), "level": (0.963, 0.899, 0.839)}
Z = stats.norm.ppf(0.975)


def shipped(name):
    return mutau.load_model(MODELS / f"depression_{name}.toml")


@pytest.fixture(scope="module")
def incidence():
    return mutau.pooled(shipped("incidence"))


@pytest.mark.parametrize("name", TARGETS)
def test_the_targets(name):
    result = mutau.pooled(shipped(name))
    assert tuple(round(answer.benefit, 3) for answer in result.answers) == TARGETS[name]
    assert [answer.label for answer in result.answers] == [CONDITIONAL, "default", "doubled"]
    assert [answer.form for answer in result.answers] == [CONDITIONAL, INTEGRATED, INTEGRATED]


def test_the_priors_are_the_defaults_of_the_measure():
    for name, mu, tau in (("incidence", 2.82, (0.5, 1.0)), ("level", 1.55, (0.28, 0.5))):
        result = mutau.pooled(shipped(name))
        assert result.model.mu_prior == priors.Normal(0, mu)
        assert [answer.tau_prior for answer in result.integrated] == [priors.HalfNormal(s) for s in tau]


def test_the_half_normal_of_28_hundredths_is_rounded():
    """0.5 sqrt(3)/pi is 0.2757, under which P(benefit) rounds to .900; under the default, 0.28, it is .899."""
    level = shipped("level")
    unrounded = replace(level, tau_prior=priors.HalfNormal(0.5 * math.sqrt(3) / math.pi))
    assert round(mutau.pooled(unrounded).integrated[0].benefit, 3) == 0.900


def test_conditional_form_by_hand(incidence):
    m, se = math.log(0.74), (math.log(1.04) - math.log(0.52)) / (2 * Z)
    share = 2.82**2 / (2.82**2 + se**2)
    mu = stats.norm(share * m, se * math.sqrt(share))
    answer = incidence.conditional
    assert (answer.benefit, answer.harm) == pytest.approx((mu.cdf(0), mu.sf(0)), abs=1e-12)
    assert answer.probability("beyond 0.75") == pytest.approx(mu.cdf(math.log(0.75)), abs=1e-12)
    assert answer.probability("beyond 1.25") == pytest.approx(mu.sf(math.log(1.25)), abs=1e-12)
    np.testing.assert_allclose(
        [answer.estimate, answer.lower, answer.upper], np.exp(mu.ppf([0.5, 0.025, 0.975])), rtol=1e-10
    )


def test_the_integrated_form_is_the_exact_engine_with_tau_over_root_k(incidence):
    m, se = incidence.printed.estimates[1], incidence.printed.ses[1]
    for answer in incidence.integrated:
        theirs = normal([m], [se], mu=priors.Normal(0, 2.82), tau=answer.tau_prior.scaled(1 / math.sqrt(3)))
        assert answer.benefit == pytest.approx(theirs.mu.cdf(0.0), abs=1e-9)
        np.testing.assert_allclose(
            np.log([answer.lower, answer.upper]), theirs.mu.quantile([0.025, 0.975]), atol=1e-9
        )


def test_a_published_tau2_brings_the_forms_nearer():
    level = shipped("level")
    nearer = replace(level, published=replace(level.published, tau2_published=0.03))
    before, after = mutau.pooled(level), mutau.pooled(nearer)
    assert after.conditional.benefit == before.conditional.benefit
    for less, more in zip(before.integrated, after.integrated, strict=True):
        assert less.benefit < more.benefit < before.conditional.benefit
    assert any("tau's prior adds only what exceeds it" in note for note in after.notes)
    assert any("not known and taken as 0" in note for note in before.notes)


def test_rounding_gives_a_range_and_nothing_between_lies_outside(incidence):
    found, model = incidence.printed, incidence.model
    assert found.decimals == 2
    assert found.estimates == pytest.approx(tuple(np.log([0.735, 0.74, 0.745])))
    assert found.ses[0] == pytest.approx((math.log(1.035) - math.log(0.525)) / (2 * Z))
    from mutau.pooled_only.answers import _posterior

    for answer in incidence.answers:
        low, high = answer.benefit_range
        assert low < answer.benefit < high
        grid = itertools.product(
            np.linspace(found.estimates[0], found.estimates[2], 7), np.linspace(found.ses[0], found.ses[2], 7)
        )
        inside = [_posterior(model, m, se, answer.tau_prior).mu.cdf(0.0) for m, se in grid]
        assert min(inside) == pytest.approx(low, abs=1e-12)
        assert max(inside) == pytest.approx(high, abs=1e-12)


def test_no_tau_and_no_new_setting(incidence):
    assert math.isnan(incidence.benefit_new)
    assert [reason.split(":")[0] for reason in incidence.reasons] == ["tau", "prediction, p_benefit_new"]
    frame = incidence.to_frame()
    assert frame[["tau", "prediction_lower", "prediction_upper", "p_benefit_new"]].isna().all(axis=None)
    assert frame["note"].str.contains("p_benefit_new: the effect in a new setting needs tau").all()


def test_what_is_assumed_is_said():
    bare = PublishedResult(0.74, 0.52, 1.04, k=3)
    model = OutcomeModel(name="m", measure="RR", benefit="lower", likelihood="pooled", published=bare)
    result = mutau.pooled(model)
    said = "; ".join(result.notes)
    assert "assumed to be a Wald interval" in said
    assert "as many as one of the three numbers shows" in said
    assert result.to_frame()["ci_method"].unique().tolist() == ["wald (assumed)"]
    assert "Wald interval, assumed" in "\n".join(described(model))


def test_frames_are_unrounded_and_say_which_rows_are_which(incidence):
    frame = incidence.to_frame()
    assert tuple(frame.columns) == POOLED_COLUMNS
    assert frame["form"].tolist() == [CONDITIONAL, INTEGRATED, INTEGRATED]
    assert frame["p_benefit"].tolist() == [answer.benefit for answer in incidence.answers]
    assert frame["provenance"].unique().tolist() == list(incidence.provenance)
    assert (frame["error_estimate"] < 1e-9).all()
    chances = incidence.probabilities()
    assert len(chances) == 3 * 4
    assert chances["event"].unique().tolist() == ["benefit", "harm", "beyond 0.75", "beyond 1.25"]
    assert chances.loc[chances["event"] == "benefit", "prior_probability"].tolist() == [0.5] * 3


def test_a_flat_prior_for_mu_has_no_probability_before_data():
    flat = replace(shipped("level"), mu_prior=priors.Flat())
    result = mutau.pooled(flat)
    assert math.isnan(result.prior_benefit)
    assert any(reason.startswith("prior_p_benefit") for reason in result.reasons)
    assert result.conditional.benefit == pytest.approx(stats.norm.cdf(0.22 / (0.48 / (2 * Z))), abs=1e-12)
    assert pooled_table(result).frame["P(benefit) before data"].tolist() == ["–"] * 4


def test_alternatives_of_the_model_follow_and_tau_zero_is_the_conditional_form():
    own = replace(shipped("level"), tau_alternatives=(("empirical", priors.HalfNormal(0.1)),))
    labels = [answer.label for answer in mutau.pooled(own).answers]
    assert labels == [CONDITIONAL, "default", "doubled", "empirical"]
    fixed = mutau.pooled(replace(own, tau_prior=priors.PointMass(0)))
    assert fixed.integrated[0].benefit == fixed.conditional.benefit


def test_higher_may_be_better():
    model = replace(shipped("level"), benefit="higher", thresholds=(Threshold(0.1, "some"),))
    low, high = mutau.pooled(shipped("level")), mutau.pooled(model)
    assert high.conditional.benefit == pytest.approx(low.conditional.harm, abs=1e-14)
    assert high.conditional.benefit_range[0] < high.conditional.benefit


def test_tables_round_and_never_mix_the_forms(incidence):
    table = pooled_table(incidence).frame
    assert table["What is done with tau"].tolist() == [
        *("as published", CONDITIONAL, "default: tau ~ half-normal(0.5)", "doubled: tau ~ half-normal(1)")
    ]
    assert table["P(benefit)"].tolist() == ["–", "0.955", "0.854", "0.771"]
    assert table["P(benefit) in a new setting"].tolist() == ["–"] * 4
    assert table.iloc[0, 1] == "0.74 [0.52, 1.04] (95% confidence interval)"
    assert statement_table(incidence).frame.shape == (4, 5)
    both = overview("Both", [incidence, mutau.pooled(shipped("level"))]).frame
    assert both[f"P(benefit): {CONDITIONAL}"].tolist() == ["0.955", "0.963"]
    assert both["Participants"].tolist() == ["278", "356"]


def test_files_and_the_entry_of_the_run(incidence):
    made = written_tables(incidence)
    assert [table.name for table in made] == ["pooled", "probabilities"]
    for table in made:
        for text in (table.to_csv(), table.to_markdown()):
            assert "the trials behind it are not known" in text
            assert CONDITIONAL in text
    entry = run_entry(incidence)
    assert list(entry["answers"]) == [CONDITIONAL, "default", "doubled"]
    assert entry["answers"]["default"]["tau_prior"] == "HalfNormal(0.5)"
    assert str(incidence).count("P(benefit)") == 1


def test_fit_names_the_right_call(pip_studies):
    for call in (mutau.fit, mutau.pymc_model):
        with pytest.raises(ArgumentError, match=r"Call mutau\.pooled\(model\)"):
            call(pip_studies, shipped("level"))


def test_pooled_names_the_right_call():
    with pytest.raises(ArgumentError) as caught:
        mutau.pooled(mutau.load_model(MODELS / "secure.toml"), prob=95)
    assert [fault.key for fault in caught.value.faults] == ["likelihood", "prob"]
    assert "Call mutau.fit" in caught.value.faults[0].remedy


def test_a_model_takes_the_priors_of_mu_that_the_rule_takes():
    from mutau.exact.pooled import POOLED_MU_FAMILIES
    from mutau.outcomes.printed import _MU_FAMILIES

    assert set(_MU_FAMILIES) == set(POOLED_MU_FAMILIES)
