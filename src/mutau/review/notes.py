"""What a review's models and data leave to be asked, although nothing in them is wrong."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from mutau.measures.plausible import printed_effect_notes
from mutau.outcomes import OutcomeModel, Review
from mutau.outcomes.plausible import model_notes
from mutau.review.copied import left_over_notes, published_notes
from mutau.studies import StudyTable, read_studies

__all__ = ["review_notes"]

_NAMED = 10
"""Studies that a note names."""


def review_notes(review: Review, selected: Mapping[str, StudyTable], *, whole: bool) -> Iterator[str]:
    """Say what looks like a slip in priors and printed effects, what is left of a copied review, what is unselected.

    Parameters
    ----------
    review : Review
        Without faults.
    selected : mapping of str to StudyTable
        The studies each model selects, by the model's name.
    whole : bool
        Whether `review` holds all of its models: of some alone it cannot be said what none selects.

    Yields
    ------
    str
        What stands out, and what then to do.
    """
    for model in review.models:
        yield from (f"{model.name}: {note}" for note in model_notes(model))
        if model.name in selected:
            yield from (f"{model.name}: {note}" for note in published_notes(model, selected[model.name]))
    printed = (
        note
        for model in review.models
        if model.name in selected
        for note in printed_effect_notes(selected[model.name], model.measure)
    )
    yield from dict.fromkeys(printed)
    yield from left_over_notes(review, selected)
    if whole:
        yield from _unselected(review.models, selected)


def _unselected(models: tuple[OutcomeModel, ...], selected: Mapping[str, StudyTable]) -> Iterator[str]:
    by_file: dict[Path, list[StudyTable]] = {}
    for model in models:
        if model.data is not None and model.name in selected:
            by_file.setdefault(model.data, []).append(selected[model.name])
    for file, tables in by_file.items():
        used = {name for table in tables for name in table.study_names}
        left = [name for name in read_studies(file).study_names if name not in used]
        if left:
            more = f" and {len(left) - _NAMED} more" if len(left) > _NAMED else ""
            yield (
                f"{tables[0].source}: no outcome model selects {', '.join(left[:_NAMED])}{more}. Check the models' "
                "`where`, or leave it so if the review does not pool these studies"
            )
