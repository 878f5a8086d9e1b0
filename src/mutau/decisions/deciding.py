"""`decide`: from one fit to what it means for a decision, in one record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pandas as pd

from mutau.comparing import fit_alternatives
from mutau.decisions.absolute import absolute_effects
from mutau.decisions.importance import importance
from mutau.decisions.instruments import in_points
from mutau.decisions.next_trial import next_trial
from mutau.errors import ArgumentError
from mutau.stakes import Stakes

if TYPE_CHECKING:
    from mutau.decisions.absolute import AbsoluteEffects
    from mutau.decisions.baselines import Baseline
    from mutau.decisions.importance import Importance
    from mutau.decisions.next_trial import NextTrial
    from mutau.fitting import Fit
    from mutau.outcomes import OutcomeModel
    from mutau.stakes import Instrument, Loss, StatedRisk

__all__ = ["Decision", "decide"]


@dataclass(frozen=True, slots=True, eq=False)
class Decision:
    """What a fit means for a decision. Made by `mutau.decide`.

    Parameters
    ----------
    model : OutcomeModel
        The outcome.
    importance : Importance
        P(benefit), P(harm), P(beyond what matters), expected losses and actions, over the priors of the main table.
    absolute : AbsoluteEffects or None
        Events per 1,000 and numbers needed to treat, over the priors; None where no baseline was stated.
    points : DataFrame or None
        An SMD or MD in points of the instrument, and as the chance of doing better; None for other measures.
    next_trial : NextTrial or None
        How probable it is that one more trial brings an answer; None where no size was asked about.
    unstated : tuple of str
        What nobody stated, what is taken or left out instead, and what could not be asked, with the reason.
    provenance : str
        Where the data come from, and what has to be said of them wherever a result is shown.
    """

    model: OutcomeModel = field(repr=False)
    importance: Importance
    absolute: AbsoluteEffects | None
    points: pd.DataFrame | None = field(repr=False)
    next_trial: NextTrial | None
    unstated: tuple[str, ...]
    provenance: str

    @property
    def assumptions(self) -> tuple[str, ...]:
        """What the numbers take for granted: thresholds, loss, baselines, roads; unbiased trials first."""
        rope, loss = self.importance.rope, str(self.importance.loss)
        said = ["the trials are unbiased", *([str(rope)] if rope.is_known else []), loss]
        said += self.absolute.assumptions if self.absolute is not None else ()
        if self.points is not None:
            said += [text for text in [max(self.points["assumption"], key=len)] if text]
        said += self.next_trial.assumptions if self.next_trial is not None else ()
        return tuple(said)

    def to_frame(self) -> pd.DataFrame:
        """Give every probability, one row each: see `Importance`. Others: ``absolute.to_frame()``, ``points``."""
        return self.importance.to_frame().assign(provenance=self.provenance)

    def to_frames(self) -> dict[str, pd.DataFrame]:
        """Give every table by name, unrounded, each row with what it rests on.

        Returns
        -------
        dict of str to DataFrame
            ``chances`` and ``losses`` (see `Importance`); where there are some ``absolute`` (see `AbsoluteEffects`),
            ``points`` (see `in_points`), ``next_trial`` and ``next_trial_sizes`` (see `NextTrial`).
        """
        found = {
            "chances": self.importance.chances.assign(matters=str(self.importance.rope)),
            "losses": self.importance.losses.assign(loss=str(self.importance.loss)),
        }
        if self.absolute is not None:
            found["absolute"] = self.absolute.to_frame()
        if self.points is not None:
            found["points"] = self.points.copy()
        if self.next_trial is not None:
            found["next_trial"] = self.next_trial.to_frame().assign(loss=str(self.next_trial.loss))
            found["next_trial_sizes"] = self.next_trial.needed.copy()
        return {name: frame.assign(provenance=self.provenance) for name, frame in found.items()}

    def __str__(self) -> str:
        actions = "; ".join(
            f"{'the mean effect' if quantity == 'mu' else 'a new setting'}: {' or '.join(found) or 'not known'}"
            for quantity, found in self.importance.actions.items()
        )
        lines = [f"Least expected loss, over the priors, by {actions}."]
        lines += [f"Taken for granted: {'; '.join(self.assumptions)}.", f"Data: {self.provenance}"]
        return "\n".join(lines)


def decide(
    fit: Fit,
    *,
    mid: float | tuple[float, float] | None = None,
    loss: Loss | None = None,
    baselines: float | StatedRisk | Baseline | Sequence[float | StatedRisk | Baseline] | None = None,
    instrument: Instrument | None = None,
    level: float | None = None,
    sizes: Sequence[float] | None = None,
    alternatives: Mapping[str, Fit] | None = None,
    prob: float = 0.95,
) -> Decision:
    """Say what a fit means for a decision: whether the effect matters, in how many people, and what to do.

    What is not given is what the model states under ``decision`` (`mutau.stakes.Stakes`).

    Parameters
    ----------
    fit : Fit
        A fitted outcome model, sampled or exact.
    mid : float or (float, float), optional
        Minimal important differences, natural scale; by default the model's thresholds nearest to no effect.
    loss : Loss, optional
        What errors cost; where the model states none either, linear, with any benefit worthwhile.
    baselines : float, Baseline, ControlArms or a sequence of them, optional
        Risks without treatment (for an SMD, of responding): numbers, distributions, `mutau.decisions.learnt_risk`.
        An empty sequence leaves absolute effects out.
    instrument : Instrument, optional
        For an SMD or MD: a named scale with its SD.
    level : float, optional
        The probability that a next trial shall bring P(benefit) past.
    sizes : sequence of float, optional
        Participants of the next trial, both arms together; an empty sequence leaves it out.
    alternatives : mapping of str to Fit, optional
        The same model under its other priors for tau; made here if not given.
    prob : float
        Probability content of the credible intervals.

    Returns
    -------
    Decision

    Raises
    ------
    ArgumentError
        An argument is not valid, or absolute effects are asked of a measure that has none.

    Notes
    -----
    Everything is given unbiased trials, and the priors and likelihood that each row names. A next trial that the
    model asks for and that cannot be planned is left out, and `Decision.unstated` says why; one that is asked for
    here raises.
    """
    stakes = fit.model.decision or Stakes()
    loss = stakes.loss if loss is None else loss
    instrument = stakes.instrument if instrument is None else instrument
    stated = stakes.baselines if baselines is None else baselines
    asked = stated if isinstance(stated, Sequence) else [stated]
    fits = fit_alternatives(fit) if alternatives is None else alternatives
    matters = importance(fit, mid=mid, loss=loss, alternatives=fits)
    absolute = (
        absolute_effects(fit, asked, alternatives=fits, instrument=instrument, prob=prob) if asked else None
    )
    points = in_points(fit, instrument, prob) if fit.model.measure in {"SMD", "MD"} else None
    planned, refused = _planned(fit, stakes, loss, mid, level, sizes)
    unstated = [] if loss is not None else ["no loss is stated, so errors are taken to weigh alike"]
    unstated += [] if matters.rope.is_known else [str(matters.rope)]
    unstated += (
        [] if asked or points is not None else ["no baseline risk is stated, so nothing is counted in people"]
    )
    said = "; ".join(filter(None, (*fit.studies.provenance, fit.model.provenance_note)))
    return Decision(fit.model, matters, absolute, points, planned, (*unstated, *refused), said)


def _planned(
    fit: Fit,
    stakes: Stakes,
    loss: Loss | None,
    mid: float | tuple[float, float] | None,
    level: float | None,
    sizes: Sequence[float] | None,
) -> tuple[NextTrial | None, tuple[str, ...]]:
    """Ask about the next trial, or say why not."""
    level = stakes.level if level is None else level
    wanted = stakes.next_trial_sizes if sizes is None else sizes
    if not len(wanted):
        return None, ()
    try:
        return next_trial(fit, wanted, level=level, loss=loss, mid=mid), ()
    except ArgumentError as error:
        if sizes is not None:
            raise
        return None, tuple(f"the next trial: {fault.what}; {fault.rule}" for fault in error.faults)
