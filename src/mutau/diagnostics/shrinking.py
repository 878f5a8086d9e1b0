"""Each study's true effect by classic pooling: estimates drawn towards the mean, beside the Bayesian ones."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from mutau.classic import ClassicResult, inverse_variance
from mutau.classic.confidence import ERRORS, SOUGHT
from mutau.classic.generic import NO_PREDICTION
from mutau.classic.predicting import quantile
from mutau.diagnostics.about import about_table
from mutau.diagnostics.given import FloatArray, given_effects
from mutau.diagnostics.results import Columns
from mutau.errors import ArgumentError, Fault

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike

    from mutau.fitting import Fit
    from mutau.outcomes import OutcomeModel
    from mutau.studies import StudyTable

__all__ = ["Shrunken", "ShrunkenBeside", "shrunken", "shrunken_beside"]

TAU2_AS_KNOWN = (
    "Each estimate takes tau2 as known; its interval holds the uncertainty of the study and of the mean, not that of "
    "tau2, and is too narrow where few studies say little about tau2"
)

HOW_THEY_DIFFER = (
    "Classic: drawn towards one mean as if tau2 were known; the interval knows nothing of the uncertainty of tau2. "
    "Bayesian: averaged over all values of mu and tau by how probable they are after the data, under the priors; the "
    "credible interval holds their uncertainty"
)


@dataclass(frozen=True, slots=True)
class Shrunken(Columns):
    """Empirical Bayes estimates of each study's true effect (BLUPs), on the analysis scale.

    Parameters
    ----------
    study : tuple of str
        Names.
    yi, sei : tuple of float
        Each study's own estimate and standard error.
    shrinkage : tuple of float
        How far it is drawn towards the mean: 0 stays where it is, 1 is the mean itself.
    estimate, se, lower, upper : tuple of float
        Estimate of the study's true effect, its standard error, and the limits at `prob`.
    tau2_method, ci_method : str
        As asked.
    prob : float
        Coverage.
    pooled : ClassicResult
        The mean and tau2 that are taken as known, or nearly so.
    notes : tuple of str
        What a reader must know; why something does not exist.
    """

    study: tuple[str, ...]
    yi: tuple[float, ...]
    sei: tuple[float, ...]
    shrinkage: tuple[float, ...]
    estimate: tuple[float, ...]
    se: tuple[float, ...]
    lower: tuple[float, ...]
    upper: tuple[float, ...]
    tau2_method: str
    ci_method: str
    prob: float
    pooled: ClassicResult
    notes: tuple[str, ...]

    def to_frame(self) -> pd.DataFrame:
        """Make a frame of one row per study; `kind` is ``empirical Bayes``, no confidence interval of the mean."""
        frame = Columns.to_frame(self)
        return frame.assign(
            kind="empirical Bayes",
            mean=self.pooled.estimate,
            tau2=self.pooled.tau2,
            notes="\n".join(self.notes),
        )


@dataclass(frozen=True, slots=True)
class ShrunkenBeside(Columns):
    """Each study's true effect the classic way beside the posterior of theta, on the natural scale.

    Parameters
    ----------
    study : tuple of str
        Names.
    own : tuple of float
        What the study itself estimates; NaN where it has no effect of its own.
    classic, classic_lower, classic_upper : tuple of float
        Empirical Bayes estimate with its limits at `prob`; NaN as `own`.
    bayesian, bayesian_lower, bayesian_upper : tuple of float
        Posterior median of theta with the equal-tailed credible interval.
    tau2_method : str
        Estimator of tau2 of the classic ones.
    classic_ci : str
        Their interval.
    prob : float
        Coverage of the classic, and content of the credible intervals.
    notes : tuple of str
        How the two differ; why something does not exist.
    classic_record : Shrunken
        The classic ones on the analysis scale.
    fit : Fit
        Where the Bayesian ones are from.
    """

    study: tuple[str, ...]
    own: tuple[float, ...]
    classic: tuple[float, ...]
    classic_lower: tuple[float, ...]
    classic_upper: tuple[float, ...]
    bayesian: tuple[float, ...]
    bayesian_lower: tuple[float, ...]
    bayesian_upper: tuple[float, ...]
    tau2_method: str
    classic_ci: str
    prob: float
    notes: tuple[str, ...]
    classic_record: Shrunken
    fit: Fit = field(compare=False, repr=False)

    def to_frame(self) -> pd.DataFrame:
        """Make a frame of one row per study, on the natural scale, with the kind of either interval."""
        model = self.fit.model
        frame = Columns.to_frame(self)
        return frame.assign(
            classic_ci=self.classic_ci, classic_kind="empirical Bayes", bayesian_kind="eti",
            tau_prior=model.tau_prior.label, mu_prior=model.mu_prior.label, likelihood=model.likelihood,
            notes="\n".join(self.notes),
        )  # fmt: skip


def shrunken(
    studies: StudyTable | pd.DataFrame | None = None,
    *,
    yi: ArrayLike | None = None,
    vi: ArrayLike | None = None,
    sei: ArrayLike | None = None,
    measure: str | OutcomeModel | None = None,
    labels: Sequence[str] | None = None,
    tau2: str = "REML",
    ci: str = "HK",
    prob: float = 0.95,
) -> Shrunken:
    """Estimate each study's true effect by drawing its own estimate towards the mean (empirical Bayes, BLUP).

    Parameters
    ----------
    studies, yi, vi, sei, measure, tau2, prob
        As in `mutau.pool`; `measure` may be an `OutcomeModel`. Every estimator of tau2 goes.
    labels : sequence of str, optional
        Names of ready-made effects.
    ci : {"wald", "t", "HK", "HK-adhoc", "cochrane", "KR", "robust", "robust-HC0", "SJ"}
        Whose standard error of the mean is taken, and whether the multiplier is z's or t's: as metafor's ``blup``
        takes those of ``test="z"``, ``"t"``, ``"knha"`` and ``"adhoc"``.

    Returns
    -------
    Shrunken
        One value per study. Where tau2 is 0 every study has the mean's effect.

    Raises
    ------
    ArgumentError, StudyDataError
        As `mutau.pool`; fewer than two studies; an interval that has no standard error, as ``"permutation"``.

    Notes
    -----
    With ``B_i = v_i / (v_i + tau2)``: estimate ``(1 - B_i) y_i + B_i m``, variance ``(1 - B_i) v_i + B_i^2 s^2``,
    where m is the pooled mean and s its standard error. tau2 is taken as known, so the intervals are too narrow for
    few studies; the posterior of theta of a Bayesian fit is not: see `shrunken_beside`.

    References
    ----------
    Raudenbush SW, Bryk AS (1985). Empirical Bayes meta-analysis. Journal of Educational Statistics 10:75-98.
    doi:10.3102/10769986010002075. Morris CN (1983). Parametric empirical Bayes inference. Journal of the American
    Statistical Association 78:47-55. doi:10.1080/01621459.1983.10477920

    Examples
    --------
    >>> result = shrunken(yi=[0.1, 0.2, 0.9], sei=[0.1, 0.1, 0.2], tau2="DL", ci="wald")
    >>> [round(value, 3) for value in result.estimate]
    [0.128, 0.217, 0.722]
    """
    if ci in SOUGHT:
        rule = f"An interval of a study's effect takes a standard error of the mean; {ci} has none"
        raise ArgumentError(Fault(f"ci={ci!r}", rule, f"Use {', '.join(ERRORS)}", key="ci"))
    given = given_effects(studies, yi=yi, vi=vi, sei=sei, measure=measure, labels=labels, least=2, tau2=tau2)
    pooled = inverse_variance(given.yi, given.vi, tau2=tau2, ci=ci, prob=prob, prediction="normal")
    share = given.vi / (given.vi + pooled.tau2)
    centre = (1 - share) * given.yi + share * pooled.estimate
    se = np.sqrt((1 - share) * given.vi + (share * pooled.se) ** 2)
    half = quantile(pooled.df, prob) * se if math.isfinite(pooled.se) else np.full(given.k, math.nan)
    numbers = (given.yi, np.sqrt(given.vi), share, centre, se, centre - half, centre + half)
    return Shrunken(
        study=given.labels,
        **_named(("yi", "sei", "shrinkage", "estimate", "se", "lower", "upper"), numbers),
        tau2_method=tau2,
        ci_method=ci,
        prob=prob,
        pooled=pooled,
        notes=_notes(pooled, tau2),
        about=given.about,
    )


def _notes(pooled: ClassicResult, tau2: str) -> tuple[str, ...]:
    notes = tuple(note for note in pooled.notes if note != NO_PREDICTION)
    if tau2 == "CE":
        return (*notes, "A common effect: every study's effect is the mean, by supposition")
    if pooled.tau2 == 0:
        notes += (f"tau2 by {tau2} is 0: every study's effect is put at the mean",)
    return (*notes, TAU2_AS_KNOWN)


def shrunken_beside(fit: Fit, *, tau2: str = "REML", ci: str = "HK", prob: float = 0.95) -> ShrunkenBeside:
    """Set the classic estimates of each study's true effect beside the posterior of theta of a fit.

    Parameters
    ----------
    fit : Fit
        A fitted outcome model.
    tau2, ci, prob
        See `shrunken`; `prob` is the content of the credible intervals too.

    Returns
    -------
    ShrunkenBeside
        On the natural scale (ratios as ratios). A study without an effect of its own, which a likelihood of counts
        takes, has no classic estimate.

    Raises
    ------
    ArgumentError, StudyDataError
        As `shrunken`, of the studies that have an effect.

    Notes
    -----
    The classic estimate is the posterior mean of theta for one value of tau, the one that was estimated, and (but for
    its variance) one of mu. The Bayesian one averages over both.

    Examples
    --------
    >>> import mutau, pandas as pd
    >>> studies = pd.DataFrame({"study": ["a", "b", "c"], "yi": [0.1, 0.2, 0.9], "sei": [0.1, 0.1, 0.2]})
    >>> model = mutau.OutcomeModel(name="m", measure="SMD", benefit="higher")
    >>> beside = shrunken_beside(mutau.fit(studies, model, engine="exact", seed=1))
    >>> beside.classic_upper[2] > beside.own[2] > beside.bayesian[2] > 0.4
    True
    """
    studies = fit.effects
    known = (np.isfinite(studies["yi"]) & np.isfinite(studies["vi"])).to_numpy()
    names = studies["study"].astype(str).to_numpy()
    usable = studies[known]
    classic = shrunken(
        yi=usable["yi"],
        vi=usable["vi"],
        measure=fit.model,
        labels=list(names[known]),
        tau2=tau2,
        ci=ci,
        prob=prob,
    )
    record = classic.about.record
    found = np.full((4, len(names)), math.nan)
    found[:, known] = [classic.yi, classic.estimate, classic.lower, classic.upper]
    tail = (1 - prob) / 2
    levels = np.array([0.5, tail, 1 - tail])
    posterior = np.array([fit.marginal("theta", name).quantile(levels) for name in names]).T
    natural = fit.model.measure_record.to_natural
    notes = (*(note for note in classic.notes if note != TAU2_AS_KNOWN), HOW_THEY_DIFFER)
    if not known.all():
        notes += (f"No effect of their own, so no classic estimate: {', '.join(names[~known])}",)
    return ShrunkenBeside(
        study=tuple(names.tolist()),
        **_named(("own", "classic", "classic_lower", "classic_upper"), map(record.to_natural, found)),
        **_named(("bayesian", "bayesian_lower", "bayesian_upper"), map(natural, posterior)),
        tau2_method=tau2,
        classic_ci=ci,
        prob=prob,
        notes=notes,
        classic_record=classic,
        fit=fit,
        about=about_table(studies, fit.model),
    )


def _named(names: tuple[str, ...], columns: Iterable[FloatArray]) -> dict[str, Any]:
    return {
        name: tuple(np.asarray(column, dtype=np.float64).tolist())
        for name, column in zip(names, columns, strict=True)
    }
