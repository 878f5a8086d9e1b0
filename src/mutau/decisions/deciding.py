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

if TYPE_CHECKING:
    from mutau.decisions.absolute import AbsoluteEffects
    from mutau.decisions.baselines import Baseline
    from mutau.decisions.importance import Importance
    from mutau.decisions.instruments import Instrument
    from mutau.decisions.losses import Loss
    from mutau.fitting import Fit

__all__ = ["Decision", "decide"]


@dataclass(frozen=True, slots=True, eq=False)
class Decision:
    """What a fit means for a decision. Made by `mutau.decide`.

    Parameters
    ----------
    importance : Importance
        P(benefit), P(harm), P(beyond what matters), expected losses and actions, over the priors of the main table.
    absolute : AbsoluteEffects or None
        Events per 1,000 and numbers needed to treat, over the priors; None where no baseline was stated.
    points : DataFrame or None
        An SMD or MD in points of the instrument, and as the chance of doing better; None for other measures.
    provenance : str
        Where the data come from, and what has to be said of them wherever a result is shown.
    """

    importance: Importance
    absolute: AbsoluteEffects | None
    points: pd.DataFrame | None = field(repr=False)
    provenance: str

    @property
    def assumptions(self) -> tuple[str, ...]:
        """What the numbers take for granted: thresholds, loss, baselines, roads; unbiased trials first."""
        said = ["the trials are unbiased", str(self.importance.rope), str(self.importance.loss)]
        said += self.absolute.assumptions if self.absolute is not None else ()
        if self.points is not None:
            said += [text for text in dict.fromkeys(self.points["assumption"]) if text]
        return tuple(said)

    def to_frame(self) -> pd.DataFrame:
        """Give every probability, one row each: see `Importance`. Others: ``absolute.to_frame()``, ``points``."""
        return self.importance.to_frame().assign(provenance=self.provenance)

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
    baselines: float | Baseline | Sequence[float | Baseline] = (),
    instrument: Instrument | None = None,
    alternatives: Mapping[str, Fit] | None = None,
    prob: float = 0.95,
) -> Decision:
    """Say what a fit means for a decision: whether the effect matters, in how many people, and what to do.

    Parameters
    ----------
    fit : Fit
        A fitted outcome model, sampled or exact.
    mid : float or (float, float), optional
        Minimal important differences, natural scale; by default the model's thresholds nearest to no effect.
    loss : Loss, optional
        What errors cost; by default linear, with any benefit worthwhile.
    baselines : float, Baseline or a sequence of them
        Risks without treatment (for an SMD, of responding): numbers, distributions, `mutau.decisions.learnt_risk`.
    instrument : Instrument, optional
        For an SMD or MD: a named scale with its SD.
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
    Everything is given unbiased trials, and the priors and likelihood that each row names.
    """
    fits = fit_alternatives(fit) if alternatives is None else alternatives
    matters = importance(fit, mid=mid, loss=loss, alternatives=fits)
    asked = baselines if isinstance(baselines, Sequence) else [baselines]
    absolute = (
        absolute_effects(fit, asked, alternatives=fits, instrument=instrument, prob=prob) if asked else None
    )
    points = in_points(fit, instrument, prob) if fit.model.measure in {"SMD", "MD"} else None
    said = "; ".join(filter(None, (*fit.studies.provenance, fit.model.provenance_note)))
    return Decision(matters, absolute, points, said)
