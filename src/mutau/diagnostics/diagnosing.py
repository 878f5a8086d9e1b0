"""All diagnostics of one set of studies: which study matters, and what every test of small studies says."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from mutau.classic import inverse_variance
from mutau.diagnostics.asymmetry import begg, egger, harbord, pet_peese, peters
from mutau.diagnostics.file_drawer import FailSafe, fail_safe_n
from mutau.diagnostics.given import Given, given_effects
from mutau.diagnostics.influence import influence, leave_one_out
from mutau.diagnostics.results import Described, Influence, LeaveOneOut, PetPeese, SmallStudyTest
from mutau.diagnostics.trimming import TrimAndFill, trim_and_fill
from mutau.errors import ApproximationWarning, ArgumentError, DataWarning, StudyDataError
from mutau.outcomes import OutcomeModel

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike

    from mutau.studies import StudyTable

__all__ = ["DIAGNOSIS_COLUMNS", "Diagnosis", "diagnose"]

DIAGNOSIS_COLUMNS = (
    *("method", "k", "statistic", "df", "p_value", "corrected", "corrected_lower", "corrected_upper"),
    *("kind", "notes", "measure", "provenance"),
)
"""Columns of `Diagnosis.to_frame`: what was asked, on how many studies it rests, its test, the effect that it puts in
the place of the pooled one (analysis scale), its authors' warnings, and the measure it is of: Harbord's and Peters'
tests are of odds ratios."""

type SmallStudyResult = SmallStudyTest | PetPeese | TrimAndFill


@dataclass(frozen=True, slots=True)
class Diagnosis(Described):
    """What diagnostics say of one set of studies. Made by `diagnose`.

    Parameters
    ----------
    k : int
        Studies with an effect of their own.
    leave_one_out : LeaveOneOut or None
        Of two studies or more.
    influence : Influence or None
        Of three studies or more.
    small_studies : tuple of SmallStudyTest, PetPeese or TrimAndFill
        Every one that could be asked.
    missing : tuple of str
        What could not be asked, and why; studies left out.
    fail_safe : tuple of FailSafe
        Rosenthal's, Rosenberg's and the general one, each with why it is advised against. Of two studies or more.
    """

    k: int
    leave_one_out: LeaveOneOut | None
    influence: Influence | None
    small_studies: tuple[SmallStudyResult, ...]
    missing: tuple[str, ...]
    fail_safe: tuple[FailSafe, ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """Give one row per test of small studies, columns `DIAGNOSIS_COLUMNS`."""
        import pandas as pd

        rows = [_row(each) | each.about.columns() for each in self.small_studies]
        return pd.DataFrame(rows, columns=list(DIAGNOSIS_COLUMNS))

    def to_frames(self) -> dict[str, pd.DataFrame]:
        """Give what there is by name: ``leave_one_out``, ``influence``, ``small_studies``, ``fail_safe``."""
        import pandas as pd

        found = {"leave_one_out": self.leave_one_out, "influence": self.influence}
        frames = {name: each.to_frame() for name, each in found.items() if each is not None}
        frames |= {"small_studies": self.to_frame()} if self.small_studies else {}
        if self.fail_safe:
            frames["fail_safe"] = pd.concat([each.to_frame() for each in self.fail_safe], ignore_index=True)
        return frames

    def __str__(self) -> str:
        return "\n".join([*map(str, (*self.small_studies, *self.fail_safe)), *self.missing])


def _row(found: SmallStudyResult) -> dict[str, Any]:
    """What a test, PET-PEESE and trim and fill have in common."""
    row: dict[str, Any] = {"k": found.k, "kind": "confidence", "notes": "\n".join(found.notes)}
    if isinstance(found, SmallStudyTest):
        method = f"{found.test}, on {found.predictor}"
        corrected = found.limit, found.limit_lower, found.limit_upper
        row |= {"method": method, "statistic": found.statistic, "df": found.df, "p_value": found.p_value}
    elif isinstance(found, PetPeese):
        corrected = found.estimate, found.lower, found.upper
        row |= {"method": f"PET-PEESE: {found.chosen} (one-sided p)", "p_value": found.pet_p_value}
    else:
        filled = found.pooled
        corrected = (filled.estimate, filled.lower, filled.upper) if filled else (math.nan,) * 3
        row |= {"method": f"trim and fill, {found.estimator}: {found.k0:g} on the {found.side}"}
        row |= {"p_value": found.k0_p_value}
    names = ("corrected", "corrected_lower", "corrected_upper")
    return {"statistic": math.nan, "df": math.nan} | row | dict(zip(names, corrected, strict=True))


def diagnose(
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
) -> Diagnosis:
    """Ask every diagnostic of one set of studies that can be asked of it.

    Parameters
    ----------
    studies, yi, vi, sei, measure, labels, tau2, ci, prob
        See `mutau.diagnostics.leave_one_out`. Studies without an effect of their own (a likelihood of counts takes
        them) are left out, and named.

    Returns
    -------
    Diagnosis
        Leave-one-out, influence, Egger's test (classic and mixed), Begg's, Harbord's and Peters' (from counts),
        PET-PEESE, trim and fill, fail-safe N. Nothing is warned of here: the advice against a test is in its
        ``notes``.

    Raises
    ------
    ArgumentError, StudyDataError
        As `mutau.pool`. What needs more studies than there are is in `missing`, and no error.

    Examples
    --------
    >>> found = diagnose(yi=[0.1, 0.3, 0.5, 0.9], sei=[0.1, 0.2, 0.3, 0.4])
    >>> found.to_frame()[["method", "k"]].head(2)
                      method  k
    0          Egger, on sei  4
    1  Egger (mixed), on sei  4
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ApproximationWarning)
        warnings.simplefilter("ignore", DataWarning)  # a zero-cell correction
        given = given_effects(
            studies, yi=yi, vi=vi, sei=sei, measure=measure, labels=labels, tau2=tau2, leave_out=True
        )
        inverse_variance(given.yi, given.vi, tau2=tau2, ci=ci, prob=prob)  # refuses wrong arguments
        missing: dict[str, list[str]] = {}
        how = {"tau2": tau2, "ci": ci, "prob": prob}
        found = {
            name: _asked(name, ask, missing) for name, ask in _questions(given, studies, measure, how).items()
        }
    about = given.about
    without, moved, *others = (
        None if each is None else replace(each, about=replace(about, measure=each.about.measure))
        for each in found.values()
    )
    asked = [each for each in others if each is not None]
    small = tuple(each for each in asked if not isinstance(each, FailSafe))
    drawers = tuple(each for each in asked if isinstance(each, FailSafe))
    return Diagnosis(given.k, without, moved, small, _said(given, missing), drawers, about=about)


def _questions(
    given: Given,
    studies: StudyTable | pd.DataFrame | None,
    measure: str | OutcomeModel | None,
    how: dict[str, Any],
) -> dict[str, Callable[[], Any]]:
    """Every diagnostic by name, not asked yet: leave-one-out and influence first."""
    ready: dict[str, Any] = {"yi": given.yi, "vi": given.vi, "measure": given.measure}
    named = ready | {"labels": given.labels}
    asked: dict[str, Callable[[], Any]] = {
        "Leave-one-out": lambda: leave_one_out(**named, **how),
        "Influence": lambda: influence(**named, tau2=how["tau2"]),
        "Egger's test": lambda: egger(**ready),
        "Egger's test (mixed)": lambda: egger(**ready, model="rma", tau2=how["tau2"]),
        "Begg's test": lambda: begg(**ready),
    }
    if given.counts is not None and studies is not None:
        of = measure if isinstance(measure, OutcomeModel) else "OR"
        asked["Harbord's test"] = lambda: harbord(studies, measure=of)
        asked["Peters' test"] = lambda: peters(studies, measure=of)
    asked["PET-PEESE"] = lambda: pet_peese(**ready)
    asked["Trim and fill"] = lambda: trim_and_fill(**ready, **how)
    for method in ("Rosenthal", "Rosenberg", "general"):
        asked[f"Fail-safe N ({method})"] = partial(fail_safe_n, **ready, method=method, tau2=how["tau2"])
    return asked


def _asked(name: str, ask: Callable[[], Any], missing: dict[str, list[str]]) -> Any:
    """Ask, or note why it cannot be asked of these studies."""
    try:
        return ask()
    except (ArgumentError, StudyDataError) as error:
        reasons = (
            f"{fault.rule}; here: {', '.join(filter(None, (fault.study, fault.what)))}"
            for fault in error.faults
        )
        missing.setdefault("; ".join(reasons), []).append(name)
        return None


def _said(given: Given, missing: dict[str, list[str]]) -> tuple[str, ...]:
    """Say which studies are left out, and what could not be asked (as asked) for the same reason in one sentence."""
    without = f"Without {', '.join(given.left_out)}: no effect, or no variance, of their own."
    said = [f"{', '.join(names)}: {reason}." for reason, names in missing.items()]
    return (*([without] if given.left_out else []), *said)
