"""A methods paragraph to paste into a paper, written from what was done, with its references."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mutau import tables
from mutau.errors import ArgumentError
from mutau.grading import participants
from mutau.outcomes.defaults import NO_HETEROGENEITY
from mutau.plots import plain
from mutau.priors import published_prior

if TYPE_CHECKING:
    from mutau.outcomes import OutcomeModel
    from mutau.priors.origin import Origin
    from mutau.report.record import OutcomePage

__all__ = ["MethodsView", "methods_view"]

_REFERENCES = {
    "bayesmeta": (
        "Röver C (2020). Bayesian random-effects meta-analysis using the bayesmeta R package. Journal of "
        "Statistical Software 93(6):1-51. doi:10.18637/jss.v093.i06"
    ),
    "weak": (
        "Röver C, Bender R, Dias S, Schmid CH, Schmidli H, Sturtz S, Weber S, Friede T (2021). On weakly "
        "informative prior distributions for the heterogeneity parameter in Bayesian random-effects "
        "meta-analysis. Research Synthesis Methods 12:448-474. doi:10.1002/jrsm.1475"
    ),
    "effect": (
        "Günhan BK, Röver C, Friede T (2020). Random-effects meta-analysis of few studies involving rare "
        "events. Research Synthesis Methods. doi:10.1002/jrsm.1370"
    ),
    "ratios": (
        "Richardson TS, Robins JM, Wang L (2017). On modeling and estimation for the relative risk and "
        "risk difference. Journal of the American Statistical Association. "
        "doi:10.1080/01621459.2016.1192546"
    ),
    "counts": (
        "Stijnen T, Hamza TH, Özdemir P (2010). Random effects meta-analysis of event outcome in the "
        "framework of the generalized linear mixed model with applications in sparse data. Statistics in "
        "Medicine 29:3046-3067. doi:10.1002/sim.4040"
    ),
    "pymc": (
        "Abril-Pla O, Andreani V, Carroll C, et al. (2023). PyMC: a modern and comprehensive "
        "probabilistic programming framework in Python. PeerJ Computer Science 9:e1516. "
        "doi:10.7717/peerj-cs.1516"
    ),
    "rhat": (
        "Vehtari A, Gelman A, Simpson D, Carpenter B, Bürkner P-C (2021). Rank-normalization, folding, "
        "and localization: an improved R-hat for assessing convergence of MCMC. Bayesian Analysis "
        "16:667-718. doi:10.1214/20-BA1221"
    ),
    "dl": (
        "DerSimonian R, Laird N (1986). Meta-analysis in clinical trials. Controlled Clinical Trials "
        "7:177-188. doi:10.1016/0197-2456(86)90046-2"
    ),
    "reml": (
        "Viechtbauer W (2005). Bias and efficiency of meta-analytic variance estimators in the "
        "random-effects model. Journal of Educational and Behavioral Statistics 30:261-293. "
        "doi:10.3102/10769986030003261"
    ),
    "hk": (
        "Hartung J, Knapp G (2001). On tests of the overall treatment effect in meta-analysis with "
        "normally distributed responses. Statistics in Medicine 20:1771-1782. doi:10.1002/sim.791"
    ),
    "predict": (
        "Higgins JPT, Thompson SG, Spiegelhalter DJ (2009). A re-evaluation of random-effects "
        "meta-analysis. Journal of the Royal Statistical Society A 172:137-159. "
        "doi:10.1111/j.1467-985X.2008.00552.x"
    ),
}
"""What the paragraph cites, by the key it is cited by. docs/statistics.md says how the DOIs were checked."""

_LIKELIHOODS = {
    "normal": (
        "each study's estimate was taken as normal around its own effect, its standard error as known"
    ),
    "binomial": (
        "the numbers of events were taken as binomial, without any correction of cells without events"
    ),
    "hypergeometric": (
        "the numbers of events were taken as noncentral hypergeometric, given each study's total, without "
        "any correction of cells without events"
    ),
    "poisson": (
        "the numbers of events were taken as Poisson, without any correction of studies without events"
    ),
}


@dataclass(frozen=True, slots=True)
class MethodsView:
    """A paragraph and its references, numbered in the order of citation."""

    paragraph: str
    references: tuple[str, ...]


@dataclass(slots=True)
class _Citations:
    """References by number, in the order in which they are first cited."""

    cited: list[str] = field(default_factory=list)

    def __call__(self, *references: str) -> str:
        for reference in references:
            if reference not in self.cited:
                self.cited.append(reference)
        numbers = sorted(self.cited.index(reference) + 1 for reference in references)
        return f" [{', '.join(map(str, numbers))}]"


def methods_view(page: OutcomePage) -> MethodsView:
    """Write the methods of one outcome's analysis, ready to paste into a paper.

    Parameters
    ----------
    page : OutcomePage
        What was computed.

    Returns
    -------
    MethodsView
        Only what was done is said: which sentences stand there follows from the model, the engines and the results.
    """
    cite = _Citations()
    sentences = (
        *_data_and_model(page, cite),
        *_priors(page.model, cite),
        *_engines(page, cite),
        *_answers(page, cite),
        *_classic(page, cite),
        *_made_with(page),
    )
    return MethodsView(plain(" ".join(sentences)), tuple(plain(each) for each in cite.cited))


def _data_and_model(page: OutcomePage, cite: _Citations) -> list[str]:
    model, k = page.model, page.fit.k
    people = participants(page.fit)
    size = f" ({people} participants)" if people is not None else ""
    trials = "one study" if k == 1 else f"{k} studies"
    effects = "normal"
    if math.isfinite(model.effects_df):
        effects = f"Student's t with {model.effects_df:g} degrees of freedom"
    sources = {"binomial": "ratios", "hypergeometric": "counts", "poisson": "counts"}
    on = model.measure_record.analysis_words
    combined = (
        f'For the outcome "{model.title}" we combined {trials}{size} of {model.contrast("against")} '
        f"in a Bayesian random-effects meta-analysis{cite(_REFERENCES['bayesmeta'])} of the "
        f"{model.measure_record.name}."
    )
    told = _LIKELIHOODS[model.likelihood]
    if model.likelihood in sources:
        told += cite(_REFERENCES[sources[model.likelihood]])
    return [
        combined,
        f"In the likelihood {told}; the studies' effects on the scale of the {on} were taken as {effects} around the "
        "mean effect mu with standard deviation tau.",
    ]


def _priors(model: OutcomeModel, cite: _Citations) -> list[str]:
    mu, tau = model.mu_prior, model.tau_prior
    source = cite(_REFERENCES["effect"]) if mu.origin is None else cite(_source(mu.origin))
    beside = cite(_REFERENCES["weak"]) if tau.origin is None else cite(_source(tau.origin))
    said = [
        f"The prior of mu was {_written(model, 'mu')}{source}, that of tau {_written(model, 'tau')}{beside}."
    ]
    others = [
        f"{prior.short_label if label != NO_HETEROGENEITY else 'tau = 0 (a common effect)'}"
        f"{'' if prior.origin is None else cite(_source(prior.origin))}"
        for label, prior in model.tau_alternatives
    ]
    if others:
        said.append(f"Every result was computed again with other priors of tau: {'; '.join(others)}.")
    return said


def _written(model: OutcomeModel, name: str) -> str:
    prior = model.mu_prior if name == "mu" else model.tau_prior
    if prior.family == "Normal":
        mean, sd = prior.parameters.values()
        return f"normal with mean {mean:g} and standard deviation {sd:g}"
    return prior.short_label


def _source(origin: Origin) -> str:
    """Cite where a prior is from: the paper that published it, or what was stated of it."""
    try:
        source = published_prior(origin.name).source
    except ArgumentError:
        return origin.source or origin.name
    return f"{source.citation} doi:{source.doi}"


def _engines(page: OutcomePage, cite: _Citations) -> list[str]:
    engine = page.fit.engine
    said = []
    if engine.name == "exact":
        said.append(
            "Posterior distributions were computed by adaptive numerical quadrature, without Monte Carlo error."
        )
    sampled = next(iter(page.sampled.values()), None) if engine.name == "exact" else page.fit
    if sampled is None:
        return said
    record = sampled.engine
    settings, versions = record.settings, record.versions
    how = "They were checked against" if said else "Posterior distributions were sampled as"
    by = f"PyMC {versions['pymc']}" if "pymc" in versions else "PyMC"
    draws = ", ".join(
        f"{settings[key]} {words}"
        for key, words in (("chains", "chains"), ("tune", "tuning steps"), ("draws", "draws each"))
        if key in settings
    )
    checks = f" R-hat and effective sample sizes{cite(_REFERENCES['rhat'])} met their thresholds."
    passed = checks if record.converged else " Not every convergence check was met."
    sampler = f"the no-U-turn sampler in {by}{cite(_REFERENCES['pymc'])}"
    said.append(f"{how} draws of {sampler} ({draws}).{passed}")
    return said


def _answers(page: OutcomePage, cite: _Citations) -> list[str]:
    model = page.model
    prob = tables.percent(float(page.compared["prob"].iloc[0]))
    helps = "above" if model.benefit_sign > 0 else "below"
    null = model.measure_record.null_natural
    said = [
        f"We report posterior medians with equal-tailed {prob} credible intervals, the probability of "
        f"benefit (a mean "
        f"{model.measure_record.name} {helps} {null:g}), and the same for the effect in a new setting"
        f"{cite(_REFERENCES['predict'])}."
    ]
    if model.thresholds:
        values = ", ".join(f"{each.value:g} ({each.label})" for each in model.thresholds)
        said.append(f"Probabilities beyond these thresholds are given too: {values}.")
    said.append("All probabilities are conditional on the priors, on the likelihood and on unbiased studies.")
    return said


def _classic(page: OutcomePage, cite: _Citations) -> list[str]:
    methods = set(page.compared.loc[page.compared["engine"] == "classic", "method"])
    if not methods:
        return []
    ways = []
    if any("DerSimonian-Laird" in method for method in methods):
        ways.append(f"DerSimonian and Laird's{cite(_REFERENCES['dl'])}")
    if any("REML" in method for method in methods):
        ways.append(f"restricted maximum likelihood (REML){cite(_REFERENCES['reml'])}")
    hartung = any("Hartung-Knapp" in method for method in methods)
    intervals = (
        f", with Wald and Hartung-Knapp{cite(_REFERENCES['hk'])} confidence intervals" if hartung else ""
    )
    return [f"Beside it we pooled classically, with estimates of tau by {' and '.join(ways)}{intervals}."]


def _made_with(page: OutcomePage) -> list[str]:
    version = page.fit.engine.versions.get("mutau", "")
    kinds = "; ".join(dict.fromkeys(page.fit.effects["provenance"].astype(str)))
    rating = page.model.rated
    said = [f"The analysis was made with mutau {version}.".replace(" .", ".")]
    said.append(f"Provenance of the data: {kinds}.")
    if page.model.provenance_note:
        said.append(page.model.provenance_note)
    if rating is not None:
        said.append(f"The certainty of the evidence was rated {rating.rating} (GRADE).")
    return said
