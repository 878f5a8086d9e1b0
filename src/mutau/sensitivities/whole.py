"""Everything that a reader may ask of one answer's sensitivity, in one record."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pandas as pd

from mutau.errors import ArgumentError
from mutau.sensitivities.case import Case
from mutau.sensitivities.choices import Choice, default_choices
from mutau.sensitivities.conflict import PriorConflict, prior_conflict
from mutau.sensitivities.multiverse import Multiverse, multiverse
from mutau.sensitivities.named import ATTITUDES, named_answers
from mutau.sensitivities.scales import PriorGrid, location_grid, scale_grid
from mutau.sensitivities.scaling import PowerScaling, power_scaling
from mutau.sensitivities.tipping import TippingPoint, tipping_points, tipping_table
from mutau.sensitivities.verdict import Verdict, VerdictThresholds, verdict
from mutau.shown import Shown

if TYPE_CHECKING:
    from mutau.fitting import Fit

__all__ = ["LEVEL", "Sensitivity", "sensitivity"]

LEVEL = 0.95
"""The P(benefit) asked about where none is stated: a convention, and no line of the verdict's."""


@dataclass(frozen=True, slots=True, eq=False)
class Sensitivity(Shown):
    """What would change one fit's answer, and what would not. Made by `sensitivity`.

    Parameters
    ----------
    fit : Fit
        The fit.
    level : float
        The P(benefit) that tipping points and heat maps ask about.
    named : DataFrame
        The answer under each named pair of priors: see `named_answers`.
    grids : tuple of PriorGrid
        SD of mu's prior against scale of tau's; location against SD of mu's.
    tipping : tuple of TippingPoint
        How far things have to go before P(benefit) falls under the level.
    scaling : PowerScaling
        Priors and likelihood a little stronger or weaker.
    conflict : tuple of PriorConflict
        Whether the priors would have expected data like these.
    multiverse : Multiverse
        The answer under other choices of how to analyse.
    verdict : Verdict
        The paragraph made from all of this.
    missing : tuple of str
        What could not be asked of this model, and why.
    notes : tuple of str
        Where only sampling fits the model, from which draws the answers were read, and what no draws cover.
    """

    fit: Fit = field(repr=False)
    level: float
    named: pd.DataFrame = field(repr=False)
    grids: tuple[PriorGrid, ...] = field(repr=False)
    tipping: tuple[TippingPoint, ...] = field(repr=False)
    scaling: PowerScaling = field(repr=False)
    conflict: tuple[PriorConflict, ...] = field(repr=False)
    multiverse: Multiverse = field(repr=False)
    verdict: Verdict
    missing: tuple[str, ...]
    notes: tuple[str, ...] = ()

    def to_frames(self) -> dict[str, pd.DataFrame]:
        """Give every number, unrounded, as one frame for each part that has any.

        Returns
        -------
        dict of str to DataFrame
            ``named_priors``, ``prior_grids``, ``tipping_points``, ``power_scaling``, ``prior_conflict``,
            ``multiverse``, ``verdict``.
        """
        frames = {
            "named_priors": self.named,
            "prior_grids": _stacked(self.grids),
            "tipping_points": tipping_table(self.tipping),
            "power_scaling": self.scaling.to_frame(),
            "prior_conflict": PriorConflict.to_frame(self.conflict),
            "multiverse": self.multiverse.to_frame(),
            "verdict": self.verdict.to_frame(),
        }
        return {name: frame for name, frame in frames.items() if len(frame)}


def _stacked(grids: tuple[PriorGrid, ...]) -> pd.DataFrame:
    """Both grids, one under the other; what varies has a column of its own."""
    frames = [grid.to_frame() for grid in grids]
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()


def sensitivity(
    fit: Fit,
    *,
    level: float = LEVEL,
    choices: Iterable[Choice] | None = None,
    thresholds: VerdictThresholds | None = None,
    prob: float = 0.95,
) -> Sensitivity:
    """Ask what would change a fit's answer.

    Parameters
    ----------
    fit : Fit
        A fitted outcome model, of either engine.
    level : float
        In (0.5, 1): the P(benefit) whose tipping points are sought. A convention of who asks.
    choices : iterable of Choice, optional
        Other ways to analyse; by default those of `mutau.sensitivities.default_choices`, with what the model states
        of its own under ``sensitivity``: admissible data sets, halved arms, columns to exclude by.
    thresholds : VerdictThresholds, optional
        Where the verdict draws its lines.
    prob : float
        Probability content of the credible intervals.

    Returns
    -------
    Sensitivity
        Named priors, grids, tipping points, power-scaling, prior-data conflict, a multiverse, and the verdict.

    Raises
    ------
    ArgumentError
        The level or `prob` cannot be used.

    Notes
    -----
    Where only sampling fits the model, everything is read from draws by importance weights, if their Pareto k allows
    it: first the fit's own, then, if the fit was sampled, those of further fits under other priors. Each named prior
    and each choice that the draws do not cover has a fit of its own; grids and tipping points have up to 8 between
    their cells or on their way, which serve all that lies near. What no draws cover is NaN, with the reason, and
    `Sensitivity.notes` counts it. The verdict reads named priors without the sceptic's and the enthusiast's, which
    are meant to pull: how sceptical one has to be is a tipping point.

    Examples
    --------
    >>> import mutau
    >>> from mutau.shipped import shipped_path
    >>> trials = mutau.read_studies(shipped_path("data", "pip", "studies.csv"))
    >>> model = mutau.load_model(shipped_path("models", "epds_routine_smd.toml"))
    >>> found = sensitivity(mutau.fit(trials, model, engine="exact", seed=1), level=0.9)
    >>> found.verdict.label
    'depends on the prior for tau'
    >>> found.tipping[2].sentence
    "P(benefit) falls under 0.9 when tau's prior is 1.49 times as wide: half-normal(0.4172)."
    """
    case, missing, grids = Case.of(fit), [], []
    named = named_answers(case, prob)
    tipping = tipping_points(case, level)
    for make in (scale_grid, location_grid):
        try:
            grids.append(make(case, prob=prob))
        except ArgumentError as error:
            missing.append(str(error))
    notes = [_how_named(case, named), *(grid.note for grid in grids)]
    scaling, conflict = power_scaling(fit), prior_conflict(fit)
    found = multiverse(fit, default_choices(fit) if choices is None else choices, prob=prob)
    asked = _as_verdict_reads(named)
    words = verdict(found, asked, scaling, conflict, thresholds or VerdictThresholds())
    return Sensitivity(
        fit,
        level,
        named,
        tuple(grids),
        tipping,
        scaling,
        conflict,
        found,
        words,
        tuple(dict.fromkeys(missing)),
        tuple(filter(None, notes)),
    )


def _as_verdict_reads(named: pd.DataFrame) -> pd.DataFrame | None:
    """Named priors as `verdict` takes them, without attitudes, whose point it is to pull."""
    if not len(named):
        return None
    kept = named[~named["prior_label"].isin(ATTITUDES)]
    pairs = zip(kept["tau_prior"], kept["mu_prior"], strict=True)
    return kept.assign(prior=[f"tau ~ {tau}; mu ~ {mu}" for tau, mu in pairs])


def _how_named(case: Case, named: pd.DataFrame) -> str:
    """Say how the answers under named priors were come by where they are not exact."""
    if case.is_exact:
        return ""
    counts = named["how"].value_counts()
    words = {
        "sampled": "from the fit's draws",
        "re-weighted": "by weighed draws",
        "refitted": "by further fits",
    }
    told = ", ".join(f"{counts[how]} {text}" for how, text in words.items() if how in counts)
    return f"The exact engine cannot answer this model: {case.why_not_exact}. Named priors: {told}."
