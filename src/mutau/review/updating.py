"""Run a review again into its folder of results, and set the old answers against the new ones."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd

from mutau.errors import Fault, ResultsFolderError
from mutau.review.folder import RUN, results_folder
from mutau.review.running import run_review

if TYPE_CHECKING:
    from mutau.review.records import ReviewResult

__all__ = ["CHANGE_COLUMNS", "ReviewUpdate", "update_review"]

_KEYS = ["model", "quantity", "engine", "prior_label"]
_VALUES = ["measure", "k", "estimate", "lower", "upper", "p_benefit", "mu_prior", "tau_prior", "provenance"]
CHANGE_COLUMNS = (*_KEYS, *(f"{name}_{side}" for side in ("before", "after") for name in _VALUES))
"""Columns of `ReviewUpdate.changes`, in order."""
POOLED = "pooled only"
_FILES = ("summary.csv", "pooled.csv")
AS_BEFORE: Literal["as before"] = "as before"
_LEFT_OUT = {"seed": None, "engine": None, "level": AS_BEFORE}
"""How an option looks that was left out; a level of None means no sensitivity."""


@dataclass(frozen=True, slots=True, eq=False)
class ReviewUpdate:
    """A rerun of a review and what it changed. Made by `update_review`.

    Parameters
    ----------
    result : ReviewResult
        The run.
    changes : DataFrame
        One row for each answer that differs, by outcome model, quantity (mu; theta where there is one trial), engine
        (``pooled only`` for an outcome of which only the pooled result is known) and prior, columns `CHANGE_COLUMNS`:
        measure, trials, posterior median with its credible interval (natural scale), P(benefit), the priors that it
        is given, and where the trials' numbers come from, before and after. NaN on one side: an answer that came
        new, or that is gone.
    """

    result: ReviewResult
    changes: pd.DataFrame


def update_review(
    folder: str | os.PathLike[str],
    out: str | os.PathLike[str] = "results",
    *,
    only: str | None = None,
    seed: int | None = None,
    engine: str | None = None,
    progress: Callable[[str, int, int], None] | None = None,
    jobs: int = 1,
    level: float | Literal["as before"] | None = AS_BEFORE,
) -> ReviewUpdate:
    """Run again what has changed in a review, and say what changed in its answers.

    Parameters
    ----------
    folder, only, progress, jobs
        As for `run_review`.
    seed, engine, level
        As for `run_review`; by default those of the earlier run. Others are a change too.
    out : path
        Folder that the earlier run wrote.

    Returns
    -------
    ReviewUpdate
        The answers before are those of the folder's ``summary.csv`` and ``pooled.csv``.

    Raises
    ------
    InputError
        The folder holds no results of an earlier run, or does not say how it was run; and as `run_review`, before
        anything is written.
    RunError
        As `run_review`.
    """
    root = Path(out)
    before = _answers(root)
    before = before if only is None else before[before["model"] == only]
    stated = {"seed": seed, "engine": engine, "level": level}
    options = _options(root, {name: value for name, value in stated.items() if value != _LEFT_OUT[name]})
    result = run_review(folder, out, only=only, progress=progress, jobs=jobs, **options)
    return ReviewUpdate(result, _changes(before, _answers(root)))


def _options(root: Path, stated: dict[str, Any]) -> dict[str, Any]:
    """Complete the stated options of a run by those of the run before, as its ``run.json`` says them."""
    with results_folder(root, make=False) as results:
        known = results.run_info()
    before = {"seed": known["seed"]} if "seed" in known else {}
    options: dict[str, Any] = before | known.get("asked", {}) | stated
    if missing := [name for name in _LEFT_OUT if name not in options]:
        rule = f"An update runs as before, and the earlier run does not say its {', '.join(missing)}"
        remedy = "State them"
        raise ResultsFolderError(Fault("options are missing", rule, remedy, file=str(root / RUN)))
    return options


def _answers(root: Path) -> pd.DataFrame:
    """Read the answers that a folder holds, after what a killed run had left to do is done."""
    with results_folder(root, make=False):
        found = [_read(root / name) for name in _FILES if (root / name).is_file()]
    if not found:
        rule = "An update starts from the answers of an earlier run"
        remedy = "Run the review first: mutau run"
        raise ResultsFolderError(Fault(f"there is no {' or '.join(_FILES)}", rule, remedy, file=str(root)))
    answers: pd.DataFrame = pd.concat([frame[[*_KEYS, *_VALUES]] for frame in found], ignore_index=True)
    return answers


def _read(path: Path) -> pd.DataFrame:
    """Read answers; those of outcomes of which only the pooled result is known take the columns of the others."""
    frame = pd.read_csv(path)
    if path.name == _FILES[0]:
        return frame
    given = frame["tau_prior"].astype(object).fillna("the published estimate")
    return frame.assign(quantity="mu", engine=POOLED, tau_prior=given)


def _changes(before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    """Keep the answers that are not the same to the last bit."""
    joined = before.merge(after, on=_KEYS, how="outer", suffixes=("_before", "_after"), validate="one_to_one")
    old, new = (
        joined[[f"{name}_{side}" for name in _VALUES]].set_axis(_VALUES, axis="columns")
        for side in ("before", "after")
    )
    differs = ((old != new) & ~(old.isna() & new.isna())).any(axis="columns")
    return joined.loc[differs, list(CHANGE_COLUMNS)].reset_index(drop=True)
