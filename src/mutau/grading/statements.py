"""An effect in words: GRADE's informative statements, from its size class and the reviewers' certainty rating."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mutau import tables
from mutau.grading.graded import Graded, as_graded
from mutau.grading.language import words_of

if TYPE_CHECKING:
    from mutau.fitting import Fit
    from mutau.grading.graded import Outcome
    from mutau.outcomes import OutcomeModel

__all__ = ["Statement", "graded_statement", "size_class", "statement"]


@dataclass(frozen=True, slots=True)
class Statement:
    """One outcome in words. Made by `statement`.

    Parameters
    ----------
    text : str
        GRADE's informative statement; where none can be made, which of rating and sizes is missing.
    numbers : str
        A sentence with the numbers behind it, those of the tables.
    size : {"trivial", "small", "moderate", "large", ""}
        Of the posterior median; empty where the model states no size on its side of no effect.
    rating : {"high", "moderate", "low", "very low", ""}
        The reviewers'; empty where there is none.
    why : str
        How the size was found.
    """

    text: str
    numbers: str
    size: str
    rating: str
    why: str

    def __str__(self) -> str:
        return f"{self.text} {self.numbers}"


def size_class(model: OutcomeModel, estimate: float) -> tuple[str, str]:
    """Say how large an effect is by the sizes that the model's thresholds state.

    Parameters
    ----------
    model : OutcomeModel
        Whose thresholds have sizes.
    estimate : float
        On the natural scale.

    Returns
    -------
    size : {"trivial", "small", "moderate", "large", ""}
        That of the farthest threshold passed on the estimate's side of no effect; trivial short of the first; empty
        where no threshold on that side states one. No effect at all is trivial if any size is stated.
    why : str
        In words.

    Examples
    --------
    >>> import mutau
    >>> from mutau.outcomes import Threshold
    >>> sizes = (Threshold(-0.2, "small", "small"), Threshold(-0.5, "moderate", "moderate"))
    >>> model = mutau.OutcomeModel(name="depression", measure="SMD", benefit="lower", thresholds=sizes)
    >>> [size_class(model, effect)[0] for effect in (-0.1, -0.3, -0.9, 0.3)]
    ['trivial', 'small', 'moderate', '']
    """
    measure = model.measure_record
    null, code = measure.null_natural, measure.code
    side = np.sign(estimate - null)
    sized = [
        each for each in model.thresholds if each.size and (side == 0 or np.sign(each.value - null) == side)
    ]
    shown = f"{code} {tables.number(estimate)}"
    if not sized:
        return "", f"no size is stated for effects on the side of {shown}"
    passed = [each for each in sized if side * (estimate - each.value) > 0]
    if not passed:
        first = min(sized, key=lambda each: abs(each.value - null))
        return "trivial", f"{shown} lies short of {tables.number(first.value)}, '{first.label}'"
    farthest = max(passed, key=lambda each: abs(each.value - null))
    return farthest.size, f"{shown} lies beyond {tables.number(farthest.value)}, '{farthest.label}'"


def statement(outcome: Fit | Outcome, *, language: str = "en") -> Statement:
    """Say an outcome's mean effect in GRADE's informative wording.

    Parameters
    ----------
    outcome : Fit, or an outcome of `mutau.run_review`
        Its model has the certainty rating and the sizes of effects. Neither is ever computed or guessed: without a
        rating there is no statement, and without sizes only that of very low certainty, which names none.
    language : str
        One of `languages`.

    Returns
    -------
    Statement

    Raises
    ------
    ArgumentError
        There is no wording in the language, or `outcome` is neither.

    References
    ----------
    Santesso N, et al. (2020). GRADE guidelines 26. Journal of Clinical Epidemiology 119:126-135.
    doi:10.1016/j.jclinepi.2019.10.014
    """
    return graded_statement(as_graded([outcome])[0], language)


def graded_statement(graded: Graded, language: str = "en") -> Statement:
    """Say the same of an outcome that is at hand."""
    words, model, row = words_of(language), graded.model, graded.row
    estimate = float(row["estimate"])
    size, why = size_class(model, estimate)
    rating = "" if model.rated is None else model.rated.rating
    measure = model.measure_record
    names = {
        **words["direction"]["higher" if estimate > measure.null_natural else "lower"],
        "treatment": model.treatment_label,
        "control": model.control_label,
        "outcome": model.outcome_label or words["numbers"]["quoted"].format(title=model.title),
    }
    sides = measure.has_sides
    if not sides:
        template = words["none"]["no_treatments"]
    elif not rating:
        template = words["none"]["unrated"]
    else:
        template = words["statements"][rating].get(size or "unsized", words["none"]["unsized"])
    text = template.format(**names)
    numbers = words["numbers"]["effect" if sides else "alone"].format(
        **names,
        measure=measure.code,
        effect=tables.effect_interval(estimate, float(row["lower"]), float(row["upper"])),
        prob=tables.percent(float(row["prob"])),
        benefit=tables.probability(float(row["p_benefit"]), float(row["ess"])),
        given=f"mu ~ {row['mu_prior']}, tau ~ {row['tau_prior']} and the {model.likelihood} likelihood",
    )
    return Statement(text[:1].upper() + text[1:], numbers, size, rating, why)
