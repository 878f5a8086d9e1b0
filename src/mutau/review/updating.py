"""Run a review again into its folder of results, and set the old answers against the new ones."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from mutau.errors import Fault, ResultsFolderError
from mutau.review.folder import results_folder
from mutau.review.running import run_review
from mutau.sensitivities.whole import LEVEL

if TYPE_CHECKING:
    from mutau.review.records import ReviewResult

__all__ = ["CHANGE_COLUMNS", "ReviewUpdate", "update_review"]

_KEYS = ["model", "quantity", "engine", "prior_label"]
_VALUES = ["measure", "k", "estimate", "lower", "upper", "p_benefit", "mu_prior", "tau_prior", "provenance"]
CHANGE_COLUMNS = (*_KEYS, *(f"{name}_{side}" for side in ("before", "after") for name in _VALUES))
"""Columns of `ReviewUpdate.changes`, in order."""


@dataclass(frozen=True, slots=True, eq=False)
class ReviewUpdate:
    """A rerun of a review and what it changed. Made by `update_review`.

    Parameters
    ----------
    result : ReviewResult
        The run.
    changes : DataFrame
        One row for each answer that differs, by outcome model, quantity (mu; theta where there is one trial), engine
        and prior, columns `CHANGE_COLUMNS`: measure, trials, posterior median with its credible interval (natural
        scale), P(benefit), the priors that it is given, and where the trials' numbers come from, before and after.
        NaN on one side: an answer that came new, or that is gone.
    """

    result: ReviewResult
    changes: pd.DataFrame


def update_review(
    folder: str | os.PathLike[str],
    out: str | os.PathLike[str] = "results",
    *,
    only: str | None = None,
    seed: int = 1,
    engine: str = "both",
    progress: Callable[[str, int, int], None] | None = None,
    jobs: int = 1,
    level: float | None = LEVEL,
) -> ReviewUpdate:
    """Run again what has changed in a review, and say what changed in its answers.

    Parameters
    ----------
    folder, only, seed, engine, progress, jobs, level
        As for `run_review`; options other than those of the earlier run are a change too.
    out : path
        Folder that the earlier run wrote.

    Returns
    -------
    ReviewUpdate
        The answers before are those of the folder's ``summary.csv``.

    Raises
    ------
    InputError
        The folder holds no results of an earlier run; and as `run_review`, before anything is written.
    RunError
        As `run_review`.
    """
    before = _answers(Path(out))
    before = before if only is None else before[before["model"] == only]
    result = run_review(
        folder, out, only=only, seed=seed, engine=engine, progress=progress, jobs=jobs, level=level
    )
    return ReviewUpdate(result, _changes(before, _answers(Path(out))))


def _answers(root: Path) -> pd.DataFrame:
    """Read the answers that a folder holds, after what a killed run had left to do is done."""
    with results_folder(root, make=False):
        path = root / "summary.csv"
        if not path.is_file():
            rule = "An update starts from the answers of an earlier run"
            remedy = "Run the review first: mutau run"
            raise ResultsFolderError(Fault("there is no summary.csv", rule, remedy, file=str(root)))
        return pd.read_csv(path)[[*_KEYS, *_VALUES]]


def _changes(before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    """Keep the answers that are not the same to the last bit."""
    joined = before.merge(after, on=_KEYS, how="outer", suffixes=("_before", "_after"), validate="one_to_one")
    old, new = (
        joined[[f"{name}_{side}" for name in _VALUES]].set_axis(_VALUES, axis="columns")
        for side in ("before", "after")
    )
    differs = ((old != new) & ~(old.isna() & new.isna())).any(axis="columns")
    return joined.loc[differs, list(CHANGE_COLUMNS)].reset_index(drop=True)
