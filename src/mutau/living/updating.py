"""Further trials: `update` fits them together with those of a fit, and sets old answers against new ones."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pandas as pd

from mutau.errors import Fault, ImproperPosteriorError, StudyDataError
from mutau.fitting import prepare, refit
from mutau.living.restating import restated
from mutau.studies import StudyTable
from mutau.summaries import probabilities, summary

if TYPE_CHECKING:
    from mutau.fitting import Fit
    from mutau.outcomes import OutcomeModel

__all__ = ["UPDATE_COLUMNS", "Update", "update"]

UPDATE_COLUMNS = (
    *("answer", "quantity", "scale", "before", "before_lower", "before_upper", "after", "after_lower"),
    *("after_upper", "prob", "k_before", "k_after", "mu_prior", "tau_prior_before", "tau_prior_after"),
    *("likelihood", "provenance"),
)
"""Columns of `Update.to_frame`, in order."""


@dataclass(frozen=True, slots=True)
class Update:
    """A fit before and after further trials. Made by `update`.

    Parameters
    ----------
    before, after : Fit
        By the same engine, seed and settings, under the same priors; priors of tau made from standard errors are made
        from those of all trials.
    added : tuple of str
        The trials that came, in their order.
    """

    before: Fit
    after: Fit
    added: tuple[str, ...]

    def to_frame(self, prob: float = 0.95) -> pd.DataFrame:
        """Set old answers against new ones.

        Parameters
        ----------
        prob : float
            Probability content of the equal-tailed credible intervals.

        Returns
        -------
        DataFrame
            Columns `UPDATE_COLUMNS`. A row for the mean effect and the effect in a new setting (posterior median with
            its interval, natural scale) and tau (analysis scale); then one for every probability that
            `mutau.probabilities` gives of the mean effect and a new setting, without limits (NaN).
        """
        before, after = (_answers(getattr(self, side), side, prob) for side in ("before", "after"))
        given: dict[str, Any] = {
            "prob": prob,
            "k_before": self.before.k,
            "k_after": self.after.k,
            "mu_prior": self.after.model.mu_prior.label,
            "tau_prior_before": self.before.model.tau_prior.label,
            "tau_prior_after": self.after.model.tau_prior.label,
            "likelihood": self.after.model.likelihood,
            "provenance": "; ".join(self.after.studies.provenance),
        }
        return before.join(after).reset_index().assign(**given)[list(UPDATE_COLUMNS)]

    def __repr__(self) -> str:
        return f"<Update {self.after.model.name}: {self.before.k} trials and {len(self.added)} more>"


def update(fit: Fit, new_rows: StudyTable | pd.DataFrame) -> Update:
    """Fit further trials together with those of a fit, by the same model, engine, seed and settings.

    Parameters
    ----------
    fit : Fit
        A fitted outcome model.
    new_rows : StudyTable or DataFrame
        The further trials, of any shape that `mutau.read_studies` knows, with the columns that ``fit.model.where``
        asks for.

    Returns
    -------
    Update
        Its `after` is the same as a fit of all trials at once (without what a new study would estimate, ``y_new``).

    Raises
    ------
    StudyDataError
        Everything that is wrong with the new rows, all at once: what `mutau.read_studies` and `mutau.fit` refuse,
        trials that the fit has already, trials that its model does not select.

    Warns
    -----
    ConvergenceWarning, DataWarning
        As `mutau.fit`.

    Examples
    --------
    >>> import mutau
    >>> from mutau.living import update
    >>> from mutau.shipped import shipped_path
    >>> table = mutau.read_studies(shipped_path("data", "bcg", "bcg.csv"))
    >>> model = mutau.OutcomeModel(name="bcg", measure="RR", benefit="lower")
    >>> early = mutau.fit(table.without(year=1980), model, engine="exact", seed=1)
    >>> found = update(early, table.select(year=1980))
    >>> found
    <Update bcg: 12 trials and 1 more>
    >>> found.to_frame()[["answer", "quantity", "before", "after"]].head(2).round(2)
                        answer   quantity  before  after
    0              mean effect         mu    0.45   0.49
    1  effect in a new setting  theta_new    0.46   0.49
    """
    model = restated(fit)
    faults = _repeated(fit, _names(new_rows))
    try:
        new = new_rows if isinstance(new_rows, StudyTable) else StudyTable.from_frame(new_rows, "new rows")
        faults += _unfit(new, model)
    except StudyDataError as error:
        faults += error.faults
    if faults:
        raise StudyDataError(faults)
    asked = replace(
        fit, model=model, studies=_joined(fit.studies, new)
    )  # what `refit` reads, besides the engine
    after = refit(asked, model.tau_prior)
    return Update(fit, after, new.study_names)


def _names(new_rows: StudyTable | pd.DataFrame) -> tuple[str, ...]:
    """Name the new trials, also where their rows cannot be read."""
    if isinstance(new_rows, StudyTable):
        return new_rows.study_names
    names = new_rows.get("study", pd.Series(dtype="str"))
    return tuple(dict.fromkeys(str(name).strip() for name in names))


def _repeated(fit: Fit, names: tuple[str, ...]) -> list[Fault]:
    known = set(fit.effects["study"].astype(str))
    return [
        Fault(
            "the fit has this trial already",
            "An update adds trials, each once",
            "Leave it out; for corrected numbers fit all trials anew",
            file="new rows",
            study=name,
            model=fit.model.name,
        )
        for name in names
        if name in known
    ]


def _unfit(new: StudyTable, model: OutcomeModel) -> list[Fault]:
    """List what the model refuses in the new trials, and the trials that it passes over."""
    selected = new
    try:
        if model.where:
            selected = new.select(**model.where)
        prepare(selected, model)
    except StudyDataError as error:
        return list(error.faults)
    except ImproperPosteriorError:
        pass  # of the new trials alone, which are not fitted alone
    asked = ", ".join(f"{column} = '{value}'" for column, value in model.where.items())
    return [
        Fault(
            "the model does not select this trial",
            f"It takes rows with {asked}",
            "Correct the row, or leave it out",
            file=new.source,
            study=name,
            model=model.name,
        )
        for name in new.study_names
        if name not in selected.study_names
    ]


def _joined(old: StudyTable, new: StudyTable) -> StudyTable:
    """Put the new trials under the old ones, with what was said of the reading of both."""
    frames = [frame for table in (old, new) for frame in (table.wide(), table.estimates) if len(frame)]
    rows = pd.concat(
        [frame.drop(columns=["row", "contrast"], errors="ignore") for frame in frames], ignore_index=True
    )
    table = StudyTable.from_frame(rows, f"{old.source} and {new.source}")
    notes = dict.fromkeys((*old.notes, *new.notes, *table.notes))
    return replace(table, notes=tuple(notes))


def _answers(fit: Fit, side: str, prob: float) -> pd.DataFrame:
    """Give estimates and probabilities of one fit, by answer, quantity and scale, in columns named by side."""
    found = summary(fit, prob)
    found = found[
        found["quantity"].isin(["mu", "theta_new"]) & (found["scale"] == "natural")
        | (found["quantity"] == "tau")
    ]
    words = {"mu": "mean effect", "theta_new": "effect in a new setting", "tau": "between-study SD"}
    estimates = found.assign(answer=found["quantity"].map(words))
    chances = probabilities(fit).rename(columns={"probability": "estimate", "label": "answer"})
    chances = chances[chances["quantity"] != "theta"].assign(
        scale="probability", lower=float("nan"), upper=float("nan")
    )
    chances["answer"] = "P(" + chances["answer"] + ")"
    keys = ["answer", "quantity", "scale"]
    names = {"estimate": side, "lower": f"{side}_lower", "upper": f"{side}_upper"}
    frame = pd.concat([part[[*keys, *names]] for part in (estimates, chances)])
    return frame.rename(columns=names).set_index(keys)
