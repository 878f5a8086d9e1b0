"""Published priors named in model files: what arrives, what is said of it in tables, what is run beside it."""

from __future__ import annotations

import pytest

from mutau import exact, priors
from mutau.describing import priors_in_words
from mutau.errors import ArgumentError
from mutau.outcomes import OutcomeModel, load_model

OWN = "developmental-psychosocial-and-learning-problems"
PRINTED = "rhodes2015/mental-health/nonpharma/other"
SECURE = ([1.397, 3.429], [0.327, 1.022])


def loaded(tmp_path, text, measure="OR"):
    path = tmp_path / "falls.toml"
    path.write_text(f'measure = "{measure}"\nbenefit = "higher"\n{text}\n', encoding="utf-8")
    return load_model(path)


def test_mu_tau_and_alternatives_by_name(tmp_path):
    model = loaded(
        tmp_path,
        f"""
        [priors]
        mu = {{ published = "bartos2023/{OWN}/or/mu" }}
        tau = {{ published = "turner2015/mental-health/nonpharma-vs-control" }}
        [[priors.tau_alternatives]]
        label = "review group"
        prior = {{ published = "bartos2023/{OWN}/or/tau", across_scales = true }}
        """,
    )
    assert model.mu_prior == priors.StudentT(0, 0.83, 5)
    assert model.tau_prior == priors.published_prior("turner2015/mental-health/nonpharma-vs-control").prior
    assert model.tau_prior.label.endswith("[turner2015/mental-health/nonpharma-vs-control]")
    assert [label for label, _ in model.tau_alternatives] == ["doubled", "tau = 0", "review group"]
    group = model.tau_alternatives[2][1]
    assert group.label == f"inverse-gamma(1.83, 0.82) [bartos2023/{OWN}/or/tau]"  # no scale was crossed
    assert f"mu ~ StudentT(0, 0.83, 5) [bartos2023/{OWN}/or/mu]: " in priors_in_words(model)[0]


def test_across_scales_is_said_wherever_the_prior_is(tmp_path):
    model = loaded(tmp_path, 'priors.tau = { published = "turner2015/any", across_scales = true }', "RR")
    told = "[turner2015/any; published for OR, used for RR]"
    assert model.tau_prior.label.endswith(told)
    assert told in priors_in_words(model)[1]


def test_a_mean_difference_takes_an_smd_prior_in_its_unit(tmp_path):
    text = 'reference_sd = 5\npriors.tau = { published = "rhodes2015/any", across_scales = true }'
    model = loaded(tmp_path, text, "MD")
    assert model.tau_prior.ppf(0.5) == pytest.approx(
        5 * priors.published_prior("rhodes2015/any").prior.ppf(0.5)
    )
    assert model.tau_prior.label.endswith("used for MD; times 5]")


@pytest.mark.parametrize(
    ("name", "label", "location"),
    [(PRINTED, "by the pattern of its table", -1.425), (f"{PRINTED}/pattern", "as printed", -1.925)],
)
def test_a_suspected_misprint_is_run_in_both_versions(tmp_path, name, label, location):
    twin = (label, priors.LogStudentT(location, 0.965, 5))
    own = loaded(tmp_path, f'priors.tau = {{ published = "{name}" }}', "SMD")
    assert own.tau_alternatives[-1] == twin
    beside = f'[[priors.tau_alternatives]]\nlabel = "Rhodes"\nprior = {{ published = "{name}" }}'
    model = loaded(tmp_path, beside, "SMD")
    assert model.tau_alternatives[-1] == (f"Rhodes, {twin[0]}", twin[1])
    both = f"{beside}\n[[priors.tau_alternatives]]\nlabel = 'other'\nprior = '{twin[1]}'"
    assert len(loaded(tmp_path, both, "SMD").tau_alternatives) == 4  # it is not run twice


def test_what_a_review_says_of_its_prior_is_not_said_of_a_models_own(tmp_path):
    (tmp_path / "review.toml").write_text(
        'title = "T"\npriors.tau = { published = "turner2015/any", across_scales = true }\n', encoding="utf-8"
    )
    assert loaded(tmp_path, "", "RR").tau_prior.origin.name == "turner2015/any"
    with pytest.raises(ValueError, match="published for OR, and the measure is RR"):
        loaded(tmp_path, 'priors.tau = { published = "turner2015/pain/pharma-vs-pharma" }', "RR")


def test_python_models_are_as_strict():
    turner = priors.published_prior("turner2015/any")
    with pytest.raises(ArgumentError, match=r"across_scales=True\)"):
        OutcomeModel(name="m", measure="RR", benefit="lower", tau_prior=turner.prior)
    with pytest.raises(ArgumentError, match="published for OR"):
        OutcomeModel(name="m", measure="RR", benefit="lower", tau_alternatives=(("Turner", turner.prior),))
    with pytest.raises(ArgumentError, match="'turner2015/any' is a prior of tau"):
        OutcomeModel(name="m", measure="OR", benefit="lower", mu_prior=turner.prior)
    crossed = turner.for_measure("RR", across_scales=True)
    assert OutcomeModel(name="m", measure="RR", benefit="lower", tau_prior=crossed).tau_prior is crossed


def test_secure_attachment_under_the_review_groups_own_priors(tmp_path):
    """P(RR > 1) is .915 under the group's own priors for mu and tau, against .998 under the defaults."""
    model = loaded(
        tmp_path,
        f"""
        [priors]
        mu = {{ published = "bartos2023/{OWN}/rr/mu" }}
        tau = {{ published = "bartos2023/{OWN}/rr/tau" }}
        """,
        "RR",
    )
    posterior = exact.normal(*SECURE, mu=model.mu_prior, tau=model.tau_prior)
    assert posterior.mu.sf(0.0) == pytest.approx(0.915, abs=5e-4)
