"""What the page says in sentences, held against the numbers behind it."""

import re
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm, t

import mutau
from mutau.comparing import compare, compare_likelihoods, fit_alternatives
from mutau.grading import rating_words
from mutau.outcomes import Certainty, OutcomeModel, Threshold
from mutau.priors import HalfNormal, Normal
from mutau.report import OutcomePage, ReportInput
from mutau.report.disagreeing import why_they_differ
from mutau.report.findings import findings, outcome_facts
from mutau.report.mathematics import mathml, model_formulas
from mutau.report.methods import _REFERENCES as REFERENCES
from mutau.report.methods import methods_view
from mutau.report.svg import SHARED_STYLES, inline_svg, share_styles
from mutau.summaries import probabilities, summary


def page_of(studies, model):
    fit = mutau.fit(studies, model, engine="exact", seed=1)
    others = fit_alternatives(fit)
    chances = [probabilities(each).assign(prior=label) for label, each in {"default": fit, **others}.items()]
    likelihoods = compare_likelihoods(fit) if model.of_counts else None
    compared = compare(fit, others)
    return OutcomePage(
        model, fit, others, compared, summary(fit), pd.concat(chances), {}, likelihoods=likelihoods
    )


def estimates(yi, sei):
    names = [f"S{i}" for i in range(len(yi))]
    return pd.DataFrame({"study": names, "yi": yi, "sei": sei, "provenance": "abstract"})


def generic(**changes):
    stated = {"mu_prior": Normal(0, 1), "tau_prior": HalfNormal(0.5)} | changes
    return OutcomeModel(name="m", measure="GEN", benefit="higher", **stated)


@pytest.fixture(scope="module")
def secure(fits):
    return page_of(fits.SECURE, fits.secure_model(likelihood="binomial"))


def test_two_trials_with_a_large_estimate_of_tau(secure):
    """The review's own case: the prior holds tau below the classic estimate, Hartung-Knapp explodes."""
    lead, tau, common, hartung, prior, likelihood = why_they_differ(secure)
    rows = secure.compared.set_index("method")
    classic = rows.loc["DerSimonian-Laird, Mantel-Haenszel Q (RevMan 5)"]
    own = secure.compared.iloc[0]
    wide, wider = (np.log(row["upper"] / row["lower"]) for row in (classic, own))
    assert f"{100 * wider / wide:.0f}% as wide as" in lead
    se = wide / (2 * norm.ppf(0.975))
    moved = abs(np.log(own["estimate"] / classic["estimate"])) / se
    assert f"{moved:.1f} classic standard errors nearer to no effect" in lead
    assert (
        f"its estimate of tau, {classic['tau']:.2f}, as if it were known. 2 trials say little of it." in tau
    )
    assert f"a probability of {secure.model.tau_prior.sf(classic['tau']):.3f}" in tau
    fixed = rows[rows["prior_label"] == "tau = 0"].iloc[0]
    assert f"{fixed['estimate']:.2f} [{fixed['lower']:.2f}" in common
    assert (
        f"multiplies its standard error by {t.ppf(0.975, 1):.1f} where the usual interval takes 1.96"
        in hartung
    )
    mu = secure.summarised[(secure.summarised["quantity"] == "mu")].iloc[-1]
    spread = (mu["upper"] - mu["lower"]) / (2 * norm.ppf(0.975))
    assert f"about {100 * (spread / 2.82) ** 2:.2g}% of the posterior's precision" in prior
    normal = secure.likelihoods.set_index("likelihood_label").loc["normal"]
    assert f"it would be {normal['estimate']:.2f} [" in likelihood
    assert f"instead of {own['estimate']:.2f} [" in likelihood


def test_an_estimate_of_zero_is_said_to_leave_variation_out():
    page = page_of(estimates([0.30, 0.31, 0.29], [0.2, 0.2, 0.2]), generic())
    said = why_they_differ(page)
    assert "The classic estimate of tau is 0, and the classic interval takes that as the truth" in said[1]
    assert "3 trials say little of it" in said[1]
    assert "times as wide as" in said[0]
    assert any("luck rather than knowledge" in text for text in said)  # Hartung-Knapp is the narrower


def test_many_trials_agree_and_no_reason_is_made_up():
    rng = np.random.default_rng(4)
    yi = rng.normal(0.2, 0.3, 60)
    said = why_they_differ(page_of(estimates(yi, np.full(60, 0.1)), generic()))
    assert "about as wide as" in said[0]
    assert "the estimates lie close together" in said[0]
    assert "it hardly matters" in said[-1]
    assert not any("say little" in text or "Hartung" in text or "holds tau" in text for text in said)


def test_one_trial_adds_the_spread_that_its_prior_allows():
    page = page_of(estimates([0.5], [0.2]), generic())
    said = why_they_differ(page)
    assert "One trial says nothing of tau" in said[1]
    theta = page.compared[page.compared["quantity"] == "theta"].iloc[0]
    assert f"The effect in that trial itself is {theta['estimate']:.2f} [{theta['lower']:.3f}" in said[1]


def test_a_model_without_heterogeneity_says_so():
    page = page_of(estimates([0.5, 0.1], [0.2, 0.2]), generic(tau_prior=mutau.priors.PointMass(0)))
    assert "The model fixes tau at 0" in why_they_differ(page)[1]


def test_findings_hold_what_a_reviewer_looks_for(secure):
    rated = Certainty("low", ("imprecision: few events",), "our team")
    own = replace(secure.model, certainty=rated, title="Rated")
    bare = replace(secure.model, published=None, thresholds=(Threshold(0.75, "harm"),))
    pages = (secure, replace(secure, model=own), replace(secure, model=bare))
    review = mutau.outcomes.Review("R", "", "", (), Path())
    table = findings(ReportInput(review, pages, {}))
    first, second, third = (dict(zip(table.columns, row, strict=True)) for row in table.rows)
    assert first["Trials (participants)"] == "2 (168)"
    assert first["Certainty, as rated"] == "very low"  # the published one
    assert (second["Certainty, as rated"], third["Certainty, as rated"]) == ("low", "not rated")
    chances = secure.chances
    beyond = chances[(chances["event"] == "beyond 1.25") & (chances["quantity"] == "mu")]
    said = first["P(beyond threshold): default"]
    assert said.startswith(f"{beyond['probability'].iloc[0]:.3f}: appreciable benefit (RR > 1.25)")
    assert third["P(beyond threshold): default"] == "–"  # no threshold on the side of benefit
    for label in ("default", "doubled", "tau = 0"):
        assert f"P(benefit): {label}" in table.columns
    assert 'href="#outcome-1"' in first["Outcome"]
    assert "reconstructed (unique solution)" in first["Outcome"]
    assert rating_words(own) == "GRADE certainty: low: imprecision: few events (our team)"
    assert rating_words(bare) == ""
    assert "GRADE certainty: very low, reasons not stated" in " ".join(outcome_facts(secure))


def spoken(element):
    return re.sub(r"\s+", " ", "".join(ElementTree.fromstring(str(element)).itertext())).strip()


def test_mathematics_are_marked_up():
    assert mathml("theta_i ~ Normal(mu, tau^2)") == (
        "<math><msub><mi>θ</mi><mi>i</mi></msub><mo>∼</mo><mi>Normal</mi><mo>(</mo><mi>μ</mi><mo>,</mo>"
        '<mspace width="0.3em"/><msup><mi>τ</mi><mn>2</mn></msup><mo>)</mo></math>'
    )
    assert spoken(mathml("rate1_i + p0_i")) == "rate1i+p0i"
    assert spoken(mathml("<b> & x")) == "<b>&x"


@pytest.mark.parametrize(
    ("measure", "likelihood", "words"),
    [
        ("RR", "binomial", "log(p1i/p0i)=θi"),
        ("OR", "binomial", "logitp1i=(ηi+θi)/2"),
        ("RD", "binomial", "atanh(p1i−p0i)=θi"),
        ("OR", "hypergeometric", "ai∼NoncentralHypergeometric(n1i,n0i,mi,exp(θi))"),
        ("IRR", "poisson", "ai∼Poisson(t1irate1i)"),
        ("SMD", "normal", "yi∼Normal(θi,si2)"),
    ],
)
def test_every_likelihood_has_its_mathematics(measure, likelihood, words):
    model = OutcomeModel(name="m", measure=measure, likelihood=likelihood, benefit="lower")
    lines = [spoken(line.formula) for line in model_formulas(model) if line.formula]
    assert any(words in line for line in lines)
    assert any(line.startswith("μ∼Normal(0,") for line in lines)  # of which the variance is written
    assert sum(line.startswith("τ∼") for line in lines) == 3


def test_methods_say_what_was_done_and_cite_in_order(secure):
    found = methods_view(secure)
    for words in (
        "we combined 2 studies (168 participants) of PIP against control",
        "taken as binomial, without any correction",
        "normal with mean 0 and standard deviation 2.82",
        "half-normal(1); tau = 0 (a common effect)",
        "adaptive numerical quadrature, without Monte Carlo error",
        "a mean risk ratio above 1",
        "1.25 (appreciable benefit)",
        "conditional on the priors, on the likelihood and on unbiased studies",
        "Provenance of the data: reconstructed (unique solution)",
        "rated very low (GRADE)",
    ):
        assert words in found.paragraph, words
    assert "no-U-turn" not in found.paragraph
    cited = [
        int(number) for group in re.findall(r"\[([\d, ]+)\]", found.paragraph) for number in group.split(",")
    ]
    assert list(dict.fromkeys(cited)) == list(range(1, len(found.references) + 1))
    assert all(re.search(r"doi:10\.\S+$", reference) for reference in found.references)


def test_methods_of_a_sampled_fit_name_the_sampler(fits):
    case = fits.Made(fits.SECURE, fits.secure_model())
    page = OutcomePage(
        case.model, case.fit, case.alternatives, case.compared, summary(case.fit), pd.DataFrame(), {}
    )
    paragraph = methods_view(page).paragraph
    assert "Posterior distributions were sampled as draws of the no-U-turn sampler in PyMC" in paragraph
    assert "4 chains, 500 draws each" in paragraph
    assert "quadrature" not in paragraph


def test_every_reference_stands_in_the_statistics_document():
    document = (Path(__file__).parents[2] / "docs" / "statistics.md").read_text(encoding="utf-8")
    assert len(REFERENCES) == 11
    for reference in REFERENCES.values():
        doi = re.search(r"doi:(10\.\S+)$", reference)[1]
        assert doi in document, doi


def test_a_published_prior_is_cited():
    model = mutau.load_model(Path(__file__).parents[2] / "models" / "secure.toml")
    found = methods_view(page_of(mutau.read_studies(model.data), model))
    assert any("doi:10.48550/arXiv.2306.11468" in reference for reference in found.references)
    assert "across_scales" not in " ".join(found.references)


CURVE = [(10 + 1.2345 * i, 50 - 0.0371 * i * i) for i in range(60)]


def test_long_lines_are_written_in_steps_that_end_where_they_did():
    drawn = "M " + " L ".join(f"{x:.6f} {y:.6f}" for x, y in CURVE)
    document = f'<svg xmlns="http://www.w3.org/2000/svg"><path d="{drawn}"/></svg>'
    found = re.search(r' d="([^"]*)"', inline_svg(document, "p", "x"))[1]
    assert len(found) < 0.6 * len(drawn)
    start, steps = re.fullmatch(r"M(.*?)l(.*)", found).groups()
    numbers = np.array([float(n) for n in f"{start} {steps}".split()]).reshape(-1, 2)
    np.testing.assert_allclose(numbers.cumsum(axis=0), CURVE, atol=0.0501)


def test_pictures_share_styles_and_take_the_page_s_colours():
    picture = (
        '<svg role="img" style="a: b"><path style="stroke: #0072b2"/><path style="stroke: #0072b2"/></svg>'
    )
    text = '&lt;svg style=&#34;x&#34;&gt; <p style="kept">'
    shared = share_styles(f"<style>{SHARED_STYLES}</style>{text}{picture}{picture}")
    assert shared.count('class="p1"') == 4
    assert ".p1 { stroke: var(--figure-bayesian) }" in shared
    assert text in shared
