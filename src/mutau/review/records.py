"""What a run gives back: each outcome with its fits and tables, and the review that holds them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Self

import pandas as pd

from mutau.comparing import COMPARE_COLUMNS
from mutau.fitting import Fit
from mutau.outcomes import OutcomeModel, Review
from mutau.outcomes.defaults import OWN
from mutau.pooled_only import PooledResult

if TYPE_CHECKING:
    from mutau.report import OutcomePage

__all__ = ["OutcomeResult", "ReviewResult", "joined"]

Z_MAX = 5.0
"""Monte Carlo standard errors by which engines may differ: of a run's some 200 figures, a true engine passes this
limit once in 8,000 runs."""


@dataclass(frozen=True, slots=True, eq=False)
class OutcomeResult:
    """One outcome model, fitted under all its priors, with the tables made from it.

    Parameters
    ----------
    fit : Fit
        Under the model's own prior for tau.
    alternatives : dict of str to Fit
        Under its other priors, by label.
    compared, summarised, chances : DataFrame
        `mutau.compare`, `mutau.summary` and `mutau.probabilities` of it; the last under every prior.
    sampled : dict of str to Fit
        The same fits sampled, by label, where both engines ran; else empty.
    agreement : DataFrame, optional
        `mutau.comparing.disagreement` of the two engines, where both ran.
    likelihoods : DataFrame, optional
        `mutau.comparing.compare_likelihoods`, where the likelihood is of counts.
    absolute : DataFrame, optional
        Events per 1,000 over the baseline risks that the model states: see `mutau.decisions.absolute_effects`.
    """

    fit: Fit
    alternatives: dict[str, Fit]
    compared: pd.DataFrame
    summarised: pd.DataFrame
    chances: pd.DataFrame
    sampled: dict[str, Fit] = field(default_factory=dict)
    agreement: pd.DataFrame | None = None
    likelihoods: pd.DataFrame | None = None
    absolute: pd.DataFrame | None = None

    @classmethod
    def of_page(cls, page: OutcomePage) -> Self:
        """Take what a page shows of an outcome for the outcome's result."""
        return cls(**{each.name: getattr(page, each.name) for each in fields(cls)})

    @property
    def model(self) -> OutcomeModel:
        """The outcome model."""
        return self.fit.model

    @property
    def fits(self) -> dict[str, Fit]:
        """Every fit that the tables show, by the label of its prior for tau."""
        return {OWN: self.fit, **self.alternatives}

    @property
    def every_fit(self) -> dict[str, Fit]:
        """Every fit made: those of the tables, then the sampled ones that check them."""
        return self.fits | {f"{label}, sampled": each for label, each in self.sampled.items()}

    @property
    def converged(self) -> bool:
        """Whether every fit passed its checks."""
        return all(each.engine.converged for each in self.every_fit.values())

    @property
    def agreed(self) -> bool:
        """Whether the two engines agree within what Monte Carlo error allows (true where one ran)."""
        return self.agreement is None or bool(self.agreement["z"].abs().max() <= Z_MAX)


@dataclass(frozen=True, slots=True, eq=False)
class ReviewResult:
    """A review that was run.

    Parameters
    ----------
    review : Review
        What was asked.
    outcomes : tuple of OutcomeResult
        One per outcome model that has trials, in the order of the review.
    folder : Path
        Where the results are.
    seconds : float
        Wall time.
    pooled : tuple of PooledResult
        One per outcome model of which only the pooled result is known; apart from the others everywhere.
    said : mapping of str to str
        What was done for each outcome, by its model's name: ``"unchanged, kept"``, ``"fitted"``,
        ``"fitted again: the studies changed"``.
    """

    review: Review
    outcomes: tuple[OutcomeResult, ...]
    folder: Path
    seconds: float
    pooled: tuple[PooledResult, ...] = ()
    said: Mapping[str, str] = field(default_factory=dict)

    @property
    def compared(self) -> pd.DataFrame:
        """Every outcome's `mutau.compare`, one under the other (without those in `pooled`)."""
        return joined(self.outcomes)

    @property
    def converged(self) -> bool:
        """Whether every fit under every prior passed its checks."""
        return all(outcome.converged for outcome in self.outcomes)

    @property
    def agreed(self) -> bool:
        """Whether the engines agree on every outcome (true where one ran)."""
        return all(outcome.agreed for outcome in self.outcomes)


def joined(outcomes: Sequence[OutcomeResult | OutcomePage]) -> pd.DataFrame:
    """Every outcome's `mutau.compare`, one under the other; the columns alone where there is no outcome."""
    frames = [outcome.compared for outcome in outcomes]
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=list(COMPARE_COLUMNS))
