"""One outcome's answers side by side: Bayesian under several priors, classic by several methods, published."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pandas as pd

from mutau.beside import NO_PROBABILITY, classic_rows, named_analyses
from mutau.diagnostics import Diagnosis, diagnose
from mutau.errors import ArgumentError, DataWarning, Fault
from mutau.fitting import Fit, refit
from mutau.fitting import fit as mutau_fit
from mutau.likelihoods import LIKELIHOODS
from mutau.shown import Shown
from mutau.summaries import chance, events, interval, probabilities

if TYPE_CHECKING:
    from mutau.outcomes import OutcomeModel
    from mutau.studies import StudyTable

__all__ = [
    "COMPARE_COLUMNS",
    "Comparison",
    "bayesian_rows",
    "compare",
    "compare_likelihoods",
    "disagreement",
    "fit_alternatives",
    "fit_likelihoods",
]

COMPARE_COLUMNS = (
    "model",
    "method",
    "engine",
    "prior",
    "measure",
    "scale",
    "estimate",
    "lower",
    "upper",
    "prob",
    "kind",
    "tau",
    "prediction_lower",
    "prediction_upper",
    "p_benefit",
    "note",
    "p_benefit_new",
    "p_harm",
    "prior_p_benefit",
    "ess",
    "quantity",
    "prior_label",
    "tau_prior",
    "mu_prior",
    "k",
    "provenance",
    "likelihood",
    "prediction_kind",
)
"""Columns of `compare` and of ``summary.csv`` and ``compare.csv``, in order."""

_MADE = {"sampling": "sampled", "exact": "exact"}


class Comparison(Shown, pd.DataFrame):
    """What `compare` gives: a DataFrame of unrounded numbers that a notebook shows as a table for reading.

    Whatever is selected or computed from it is a plain DataFrame.

    Attributes
    ----------
    outcome_model : OutcomeModel
        The outcome model behind it.
    studies : StudyTable
        Its studies.
    """

    _metadata: ClassVar[list[str]] = ["outcome_model", "studies"]
    outcome_model: OutcomeModel
    studies: StudyTable

    @property
    def _constructor(self) -> type[pd.DataFrame]:
        return pd.DataFrame

    def to_markdown(self) -> str:  # type: ignore[override]
        """Give the table that a notebook shows, as Markdown to copy; ``pd.DataFrame(it)`` gives the unrounded one."""
        return Shown.to_markdown(self)

    def diagnostics(self, *, tau2: str = "REML", ci: str = "HK") -> Diagnosis:
        """Ask of the same studies which one matters, and whether small studies find other effects.

        Parameters
        ----------
        tau2, ci : str
            How they are pooled, see `mutau.pool`.

        Returns
        -------
        Diagnosis
            Of `mutau.diagnose`; each test says how many studies it rests on and where its authors advise against it.
        """
        return diagnose(self.studies, measure=self.outcome_model, tau2=tau2, ci=ci)

    @classmethod
    def of(cls, frame: pd.DataFrame, fit: Fit) -> Comparison:
        """Make a frame of answers a comparison of one fit's."""
        made = cls(frame)
        made.outcome_model, made.studies = fit.model, fit.studies
        return made


def compare(
    fit: Fit,
    alternatives: Mapping[str, Fit] | None = None,
    prob: float = 0.95,
    *,
    others: Mapping[str, Fit] | None = None,
    also: str | Sequence[str] = (),
) -> Comparison:
    """Set a fit beside its answers under other priors, classic pooling and the published result.

    Parameters
    ----------
    fit : Fit
        A fitted outcome model.
    alternatives : mapping of str to Fit, optional
        The same model under its other priors for tau, as `fit_alternatives` makes them (which happens here
        if they are not given).
    prob : float
        Probability content of credible intervals and coverage of confidence intervals.
    others : mapping of str to Fit, optional
        The same fits by another engine, by the label of their prior for tau; their rows follow.
    also : str or sequence of str
        Further classic analyses, each named by words of `mutau.pool`: ``"REML KR"``, ``"DL permutation"``,
        ``"Peto"``, ``"CM.EL"``, ``"HC"``, ``"PM HK prediction=HK"``. ``"all"`` names every estimator of tau2 and
        every confidence interval, and what there is from counts.

    Returns
    -------
    Comparison
        A DataFrame of one row per answer, columns `COMPARE_COLUMNS`. ``estimate`` (posterior median or classic
        estimate) and its interval are on the natural scale, ``tau`` on the analysis scale. ``kind`` says whether an
        interval is credible (``eti``) or a ``confidence`` interval, ``prediction_kind`` of which kind the prediction
        limits are: for Bayesian rows the equal-tailed credible interval of theta_new. A value that does not exist is
        NaN and ``note`` says why. Its ``diagnostics()`` asks the same studies which of them matters, and whether
        small studies find other effects.

    Raises
    ------
    ArgumentError, StudyDataError
        `also` names no analysis, or one that these studies do not allow.
    """
    further = named_analyses(also, fit.model.measure)
    fits = {"default": fit, **(fit_alternatives(fit) if alternatives is None else alternatives)}
    rows = [row for label, each in fits.items() for row in bayesian_rows(each, label, prob)]
    rows += [row for label, each in (others or {}).items() for row in bayesian_rows(each, label, prob)]
    rows += classic_rows(fit, prob, further)
    if fit.model.published is not None:
        rows.append(_published_row(fit.model))
    provenance = "; ".join(fit.studies.provenance)
    frame = pd.DataFrame(rows).assign(model=fit.model.name, measure=fit.model.measure, provenance=provenance)
    return Comparison.of(frame.reindex(columns=list(COMPARE_COLUMNS)), fit)


def fit_alternatives(fit: Fit) -> dict[str, Fit]:
    """Fit a model again under each of its other priors for tau: doubled, tau = 0, and those its file adds."""
    return {label: refit(fit, prior) for label, prior in fit.model.tau_alternatives}


def fit_likelihoods(fit: Fit) -> dict[str, Fit]:
    """Fit counts again under the other ways to tell them: other baselines, conditional, and the normal likelihood.

    Parameters
    ----------
    fit : Fit
        A fitted outcome model.

    Returns
    -------
    dict of str to Fit
        The fit itself first, then by label. All under the model's own priors, by the exact engine where it can.

    Notes
    -----
    Each study's baseline has a wide normal prior, whose SD of 10 is a convention: half and double of it stand
    beside it. The conditional likelihood of an odds ratio needs none. The normal likelihood takes a log ratio and
    its standard error as known, after a zero-cell correction where there is a zero.
    """
    model = fit.model
    changes: dict[str, dict[str, Any]] = {}
    if LIKELIHOODS[model.likelihood].has_baseline:
        changes |= {
            f"baseline SD {factor * model.baseline_sd:g}": {"baseline_sd": factor * model.baseline_sd}
            for factor in (0.5, 2.0)
        }
    if model.measure == "OR" and model.likelihood == "binomial":
        changes["conditional"] = {"likelihood": "hypergeometric"}
    changes["normal"] = {"likelihood": "normal"}
    fits = {model.likelihood: fit}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)  # a zero-cell correction; the row's note says it
        for label, change in changes.items():
            fits[label] = mutau_fit(
                fit.studies, replace(model, **change), engine="auto", seed=fit.engine.seed
            )
    return fits


def compare_likelihoods(fit: Fit, prob: float = 0.95) -> pd.DataFrame:
    """Set the answers to the same counts under each likelihood side by side: see `fit_likelihoods`.

    Parameters
    ----------
    fit : Fit
        A fitted outcome model whose likelihood is of counts.
    prob : float
        Probability content of the credible intervals.

    Returns
    -------
    DataFrame
        One row per likelihood, columns ``likelihood_label`` and `COMPARE_COLUMNS`.

    Raises
    ------
    ArgumentError
        The likelihood is not of counts.
    """
    if not fit.model.of_counts:
        rule = "Likelihoods are compared where the model's own is of counts"
        what = f"likelihood = {fit.model.likelihood!r}"
        raise ArgumentError(Fault(what, rule, 'Fit a model with likelihood = "binomial" or "poisson"'))
    frames = []
    for label, each in fit_likelihoods(fit).items():
        rows = pd.DataFrame(bayesian_rows(each, "default", prob)).assign(
            likelihood_label=label,
            model=each.model.name,
            measure=each.model.measure,
            provenance="; ".join(each.studies.provenance),
        )
        frames.append(rows[rows["quantity"] == "mu"])
    return pd.concat(frames, ignore_index=True).reindex(columns=["likelihood_label", *COMPARE_COLUMNS])


def disagreement(exact: Mapping[str, Fit], sampled: Mapping[str, Fit], prob: float = 0.95) -> pd.DataFrame:
    """Hold sampled fits against exact ones: median, limits and P(benefit) of mu and theta_new.

    Parameters
    ----------
    exact, sampled : mapping of str to Fit
        The same model by the two engines, by the label of the prior for tau.
    prob : float
        Probability content of the intervals whose limits are compared.

    Returns
    -------
    DataFrame
        One row per prior, quantity and figure: ``model``, ``prior_label``, ``quantity``, ``figure``, ``exact``,
        ``sampled`` (analysis scale; P(benefit) as a probability), ``difference`` (in posterior SDs: the
        interquartile range over 1.349, which always exists; for P(benefit) a probability) and ``z``, the difference
        over its Monte Carlo standard error (beyond 4 an engine is at fault).
    """
    rows = []
    for label, truth in exact.items():
        model = truth.model
        benefit = next(event for event in events(model) if event.name == "benefit")
        for quantity in ("mu", "theta_new"):
            right, drawn = truth.marginal(quantity), sampled[label].marginal(quantity)
            sd = float(np.diff(right.quantile(np.array([0.25, 0.75])))[0]) / 1.349
            for figure, p in (("median", 0.5), ("lower", (1 - prob) / 2), ("upper", (1 + prob) / 2)):
                a, b = float(right.quantile(p)), float(drawn.quantile(p))
                row = {"figure": figure, "exact": a, "sampled": b, "difference": (b - a) / sd}
                rows.append(
                    {"prior_label": label, "quantity": quantity, **row, "z": (b - a) / drawn.mcse_quantile(p)}
                )
            a, b = benefit.probability(right), benefit.probability(drawn)
            row = {"figure": "P(benefit)", "exact": a, "sampled": b, "difference": b - a}
            error = np.sqrt(a * (1 - a) / drawn.ess_at(benefit.bound))
            rows.append(
                {"prior_label": label, "quantity": quantity, **row, "z": (b - a) / error if error else 0.0}
            )
    return pd.DataFrame(rows).assign(model=next(iter(exact.values())).model.name)


def bayesian_rows(fit: Fit, label: str, prob: float = 0.95) -> list[dict[str, Any]]:
    """Rows of one fit: the mean effect and, with a single study, that study's own effect beside it."""
    rows = [_bayesian_row(fit, label, prob, "mu")]
    if fit.k == 1:
        rows.append(_bayesian_row(fit, label, prob, "theta"))
    return rows


def _bayesian_row(fit: Fit, label: str, prob: float, quantity: str) -> dict[str, Any]:
    model, chances = fit.model, probabilities(fit)
    benefit, harm = (chance(chances, event, quantity) for event in ("benefit", "harm"))
    tail = (1 - prob) / 2
    study = fit.effects["study"].iloc[0] if quantity == "theta" else None
    points = fit.marginal(quantity, study).quantile(np.array([tail, 0.5, 1 - tail]))
    lower, estimate, upper = model.measure_record.to_natural(np.asarray(points))
    names = {
        "mu": "Bayesian common effect" if model.tau_prior.is_point else "Bayesian random effects",
        "theta": "Bayesian, effect in the one study (theta_1)",
    }
    row = {
        "method": f"{names[quantity]}, {model.likelihood} likelihood, {_MADE[fit.engine.name]}",
        "engine": fit.engine.name,
        "prior": f"{label}: tau ~ {model.tau_prior.label}; mu ~ {model.mu_prior.label}",
        "quantity": quantity,
        "prior_label": label,
        "tau_prior": model.tau_prior.label,
        "mu_prior": model.mu_prior.label,
        "likelihood": model.likelihood,
        "scale": "natural",
        "estimate": float(estimate),
        "lower": float(lower),
        "upper": float(upper),
        "prob": prob,
        "kind": "eti",
        "tau": float(fit.marginal("tau").quantile(0.5)),
        "p_benefit": benefit["probability"],
        "p_harm": harm["probability"],
        "ess": benefit["ess"],
        "k": fit.k,
    }
    notes = [*fit.notes, *fit.engine.warnings]
    if quantity == "theta":
        notes.append("prediction, p_benefit_new, prior_p_benefit: about the mean effect, see that row")
        return row | {"note": "; ".join(notes)}
    if not model.mu_prior.is_proper:
        notes.append("prior_p_benefit: the prior for mu is improper")
    new = interval(fit, "theta_new", prob)
    return row | {
        "prediction_lower": new.lower,
        "prediction_upper": new.upper,
        "prediction_kind": new.kind,
        "p_benefit_new": chance(chances, "benefit", "theta_new")["probability"],
        "prior_p_benefit": benefit["prior_probability"],
        "note": "; ".join(notes),
    }


def _published_row(model: OutcomeModel) -> dict[str, Any]:
    published = model.published
    assert published is not None
    said = [published.source, published.certainty and f"GRADE certainty: {published.certainty}"]
    said += [published.conclusion and f"the review's conclusion: {published.conclusion}"]
    missing = "tau, prediction: not among the published figures"
    return {
        "method": f"as published: {published.method}",
        "engine": "published",
        "prior": "",
        "scale": "natural",
        "estimate": published.estimate,
        "lower": published.lower,
        "upper": published.upper,
        "prob": published.prob,
        "kind": "confidence",
        "k": published.k,
        "note": "; ".join([*filter(None, said), missing, NO_PROBABILITY]),
    }
