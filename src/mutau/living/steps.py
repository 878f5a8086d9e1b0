"""Cumulative meta-analysis: the posterior after each trial, in the order in which the trials came."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from mutau.classic import inverse_variance
from mutau.classic.requests import Request, request_faults
from mutau.engines import ENGINES, exact_posterior
from mutau.errors import ArgumentError, Fault, StudyDataError
from mutau.fitting import model_request
from mutau.living.restating import restated
from mutau.priors import posterior_is_proper
from mutau.summaries import events

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mutau.fitting import Fit
    from mutau.outcomes import OutcomeModel

__all__ = ["CUMULATIVE_COLUMNS", "Cumulative", "Step", "cumulative"]

CUMULATIVE_COLUMNS = (
    *("added", "when", "k", "estimate", "lower", "upper", "tau", "p_benefit", "reason"),
    *("classic_estimate", "classic_lower", "classic_upper", "classic_note"),
    *("prob", "measure", "mu_prior", "tau_prior", "likelihood", "classic_method", "provenance"),
)
"""Columns of `Cumulative.to_frame`, in order."""


@dataclass(frozen=True, slots=True)
class Step:
    """What the trials so far say.

    Parameters
    ----------
    added : str
        The trial that came last.
    when : float
        Its year, or its value of the column that orders the trials.
    k : int
        Trials so far, this one included.
    estimate, lower, upper : float
        Posterior median of mu with its equal-tailed credible interval, natural scale.
    tau : float
        Posterior median of tau, analysis scale.
    p_benefit : float
        P(mean effect on the side that helps), given the priors of the `Cumulative`.
    reason : str
        Why these are NaN, where so few trials and the priors define no posterior; else empty.
    classic_estimate, classic_lower, classic_upper : float
        Classic pooled effect with its confidence interval, natural scale.
    classic_note : str
        What does not exist there, and why.
    """

    added: str
    when: float
    k: int
    estimate: float
    lower: float
    upper: float
    tau: float
    p_benefit: float
    reason: str
    classic_estimate: float
    classic_lower: float
    classic_upper: float
    classic_note: str


@dataclass(frozen=True, slots=True)
class Cumulative:
    """A cumulative meta-analysis. Made by `cumulative`.

    Parameters
    ----------
    fit : Fit
        The fit it leads to.
    steps : tuple of Step
        One for each trial, in order.
    order : str
        Column that orders the trials.
    prob : float
        Probability content of the credible intervals, coverage of the confidence intervals.
    mu_prior, tau_prior, likelihood : str
        What every probability is conditional on. A prior of tau that is made from standard errors is made at each
        step from those of the trials so far.
    classic_method : str
        How the classic effects are pooled.
    notes : tuple of str
        What a reader must know of the order and of the data.
    """

    fit: Fit
    steps: tuple[Step, ...]
    order: str
    prob: float
    mu_prior: str
    tau_prior: str
    likelihood: str
    classic_method: str
    notes: tuple[str, ...]

    def to_frame(self) -> pd.DataFrame:
        """Give one row per step, columns `CUMULATIVE_COLUMNS`; mu on the natural, tau on the analysis scale."""
        given: dict[str, Any] = {
            "prob": self.prob,
            "measure": self.fit.model.measure,
            "mu_prior": self.mu_prior,
            "tau_prior": self.tau_prior,
            "likelihood": self.likelihood,
            "classic_method": self.classic_method,
            "provenance": "; ".join(self.fit.studies.provenance),
        }
        frame = pd.DataFrame([asdict(step) for step in self.steps]).assign(**given)
        return frame[list(CUMULATIVE_COLUMNS)]

    def __repr__(self) -> str:
        moved = " -> ".join(f"{step.p_benefit:.3f}" for step in (self.steps[0], self.steps[-1]))
        return f"<Cumulative {self.fit.model.name}: {len(self.steps)} trials by {self.order}, P(benefit) {moved}>"


def cumulative(
    fit: Fit, *, order: str = "year", prob: float = 0.95, tau2: str = "REML", ci: str = "HK"
) -> Cumulative:
    r"""Give the posterior after each trial, in the order of their years, with the classic result beside it.

    Parameters
    ----------
    fit : Fit
        A fitted outcome model, sampled or exact; every step is computed by the exact engine.
    order : str
        Column of the table of studies that orders the trials, numbers. Trials with the same number enter one at a
        time in the order of the table, and a note names them.
    prob : float
        Probability content of the credible intervals and coverage of the confidence intervals, in (0, 1).
    tau2, ci : str
        Classic pooling, see `mutau.classic.inverse_variance`.

    Returns
    -------
    Cumulative
        Its last step is the exact answer of the fit itself.

    Raises
    ------
    StudyDataError
        Trials without a number in the column, each named.
    ArgumentError
        The exact engine cannot answer the model; `prob`, `tau2` or `ci` is not valid.

    Notes
    -----
    Step j is the posterior :math:`p(\mu, \tau \mid y_1, \dots, y_j)` under the fit's priors, which do not depend on
    the trials, save those of tau made from standard errors. By Bayes' theorem it is the prior of step j + 1: nothing
    has to be corrected for having looked before [1]_ (P(benefit) of a step is still a statement under its priors, not
    a rule for stopping with known error rates). Where the priors and j trials define no posterior the step is NaN,
    with the reason. The classic side is that of Lau et al. [2]_; its confidence intervals are not corrected for
    repeated looks.

    References
    ----------
    .. [1] Spiegelhalter DJ, Abrams KR, Myles JP (2004). Bayesian Approaches to Clinical Trials and Health-Care
       Evaluation. Wiley. doi:10.1002/0470092602
    .. [2] Lau J, Antman EM, Jimenez-Silva J, et al. (1992). Cumulative meta-analysis of therapeutic trials for
       myocardial infarction. New England Journal of Medicine 327:248-254. doi:10.1056/NEJM199207233270406

    Examples
    --------
    >>> import mutau
    >>> from mutau.living import cumulative
    >>> from mutau.shipped import shipped_path
    >>> bcg = mutau.read_studies(shipped_path("data", "bcg", "bcg.csv"))
    >>> model = mutau.OutcomeModel(name="bcg", measure="RR", benefit="lower")
    >>> found = cumulative(mutau.fit(bcg, model, engine="exact", seed=1))
    >>> found.to_frame()[["added", "k", "estimate", "p_benefit"]].tail(2).round(3)
                         added   k  estimate  p_benefit
    11  Hart & Sutherland 1977  12     0.455        1.0
    12         TPT Madras 1980  13     0.493        1.0
    """
    if faults := request_faults(Request("IV", tau2, ci, prob, "HTS")):
        raise ArgumentError(faults)
    if why := ENGINES["exact"].supports(model_request(fit.effects, fit.model)):
        rule = f"Each step is asked of the exact engine, which cannot fit this model: {why}"
        raise ArgumentError(
            Fault(
                f"cumulative meta-analysis of {fit.model.name}", rule, "Use proper priors from its families"
            )
        )
    when = _when(fit, order)
    places = np.argsort(when, kind="stable")
    effects, when, model = fit.effects.iloc[places], when[places], restated(fit)
    steps = tuple(
        Step(
            added=str(effects["study"].iloc[k - 1]),
            when=float(when[k - 1]),
            k=k,
            **_posterior(effects.iloc[:k], model, prob),
            **_classic(effects.iloc[:k], model, prob, tau2, ci),
        )
        for k in range(1, fit.k + 1)
    )
    return Cumulative(
        fit=fit,
        steps=steps,
        order=order,
        prob=prob,
        mu_prior=model.mu_prior.label,
        tau_prior=model.tau_prior.label,
        likelihood=model.likelihood,
        classic_method=f"inverse variance, {tau2}, {ci}",
        notes=(*_order_notes(effects, when, order), *_model_notes(model), *fit.notes),
    )


def _when(fit: Fit, order: str) -> NDArray[np.float64]:
    """Read the column that orders the trials; refuses trials without a number in it, all at once."""
    column = fit.effects.get(order, pd.Series("", index=fit.effects.index))
    values = np.asarray(pd.to_numeric(column, errors="coerce"), dtype=np.float64)
    faults = [
        Fault(
            f"{order} = '{'' if pd.isna(column.iloc[i]) else column.iloc[i]}'",
            f"A cumulative meta-analysis orders the trials by a number in column '{order}'",
            "Give the number, or name another column with `order=`",
            file=fit.studies.source,
            study=str(fit.effects["study"].iloc[i]),
            column=order,
            model=fit.model.name,
        )
        for i in np.flatnonzero(~np.isfinite(values))
    ]
    if faults:
        raise StudyDataError(faults)
    return values


def _posterior(effects: pd.DataFrame, model: OutcomeModel, prob: float) -> dict[str, Any]:
    """Answer from the trials so far, or say why there is no answer."""
    missing = dict.fromkeys(("estimate", "lower", "upper", "tau", "p_benefit"), math.nan)
    try:
        given = model.given(effects["sei"])
    except ArgumentError as error:  # a prior of tau that so few standard errors cannot make
        return {**missing, "reason": "; ".join(f"{fault.what}: {fault.rule}" for fault in error.faults)}
    if not given.of_counts:  # with counts the fit's priors are proper, and any number of trials is enough
        proper = posterior_is_proper(model.mu_prior, model.tau_prior, len(effects))
        if not proper.exists:
            return {**missing, "reason": proper.reason}
    posterior = exact_posterior(model_request(effects, given))
    tail = (1.0 - prob) / 2.0
    points = np.asarray(posterior.mu.quantile(np.array([0.5, tail, 1.0 - tail])))
    estimate, lower, upper = (float(x) for x in given.measure_record.to_natural(points))
    return {
        "estimate": estimate,
        "lower": lower,
        "upper": upper,
        "tau": float(posterior.tau.quantile(0.5)),
        "p_benefit": events(given)[0].probability(posterior.mu),
        "reason": "",
    }


def _classic(effects: pd.DataFrame, model: OutcomeModel, prob: float, tau2: str, ci: str) -> dict[str, Any]:
    """Pool the trials so far that have an estimate of their own."""
    usable = effects[np.isfinite(effects["yi"]) & np.isfinite(effects["vi"])]
    left_out = [str(name) for name in effects["study"] if name not in set(usable["study"])]
    notes = [f"without {', '.join(left_out)}: no estimate of their own"] if left_out else []
    points, found = np.full(3, math.nan), None
    if len(usable):
        found = inverse_variance(usable["yi"], usable["vi"], tau2=tau2, ci=ci, prob=prob)
        points = np.array([found.estimate, found.lower, found.upper])
        notes += found.notes
    estimate, lower, upper = (float(x) for x in model.effects_record.to_natural(points))
    return {
        "classic_estimate": estimate,
        "classic_lower": lower,
        "classic_upper": upper,
        "classic_note": "; ".join(notes),
    }


def _order_notes(effects: pd.DataFrame, when: NDArray[np.float64], order: str) -> list[str]:
    """Name the trials that share a place in the order."""
    values, counts = np.unique(when, return_counts=True)
    return [
        f"{order} {value:.12g}: {', '.join(effects['study'][when == value].astype(str))} came together; they enter "
        "one at a time in the order of the table"
        for value in values[counts > 1]
    ]


def _model_notes(model: OutcomeModel) -> list[str]:
    notes = []
    if model.tau_prior.is_pending:
        notes.append(
            f"tau ~ {model.tau_prior.label}: made at each step from the standard errors of the trials so far"
        )
    if model.zero_cells.to == "if0all":
        notes.append("zero cells: every step has the correction that all trials together led to")
    return notes
