"""What a copied model may still say of the review that it was copied from: asked in notes, never refused."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator, Mapping

from mutau.errors import InputError
from mutau.outcomes import OutcomeModel, Review, load_review
from mutau.shipped import shipped_path
from mutau.studies import StudyTable

__all__ = ["left_over_notes", "published_notes"]


def published_notes(model: OutcomeModel, table: StudyTable) -> Iterator[str]:
    """Ask whether a published result is of the studies that a model selects.

    Parameters
    ----------
    model : OutcomeModel
        With or without a published result.
    table : StudyTable
        The studies it selects.
    """
    published = model.published
    if published is None:
        return
    people = _participants(table)
    differing = [
        f"published.{key} is {stated:,} and the model selects {found:,}"
        for key, stated, found in (
            ("k", published.k, table.k),
            ("participants", published.participants, people),
        )
        if stated is not None and found is not None and stated != found
    ]
    if differing:
        yield (
            f"{'; '.join(differing)}: the published result stands beside other trials than its own. Check "
            "`published` and `where`; leave it so if the review pooled other studies"
        )


def _participants(table: StudyTable) -> int | None:
    """Count the participants of studies whose arms' sizes are all known."""
    wide = table.wide()
    if len(table.estimates) or "n_treatment" not in wide or "n_control" not in wide:
        return None
    total = float(wide[["n_treatment", "n_control"]].to_numpy(dtype=float).sum())
    return None if math.isnan(total) else round(total)


def left_over_notes(review: Review, selected: Mapping[str, StudyTable]) -> Iterator[str]:
    """Say what the shipped review says of itself in models that read other data than its own.

    Parameters
    ----------
    review : Review
        Without faults.
    selected : mapping of str to StudyTable
        The studies each model selects, by the model's name.

    Yields
    ------
    str
        One note for ``review.toml``, and one for each model that has such keys.
    """
    if not selected:
        return
    try:
        shipped = load_review(shipped_path("models"))
    except InputError:  # an installation without the shipped review: nothing can be left over from it
        return
    files = {model.data for model in shipped.models if model.data is not None}
    own_data = {hashlib.sha256(file.read_bytes()).hexdigest() for file in files}
    others = [model for model in review.models if model.name in selected]
    others = [model for model in others if selected[model.name].sha256 not in own_data]
    if not others:
        return
    keys = [
        key for key in ("title", "citation", "note") if getattr(review, key) == getattr(shipped, key) != ""
    ]
    if keys:
        yield _note("review.toml", keys, shipped)
    for model in others:
        if keys := [*_left_over(model, shipped.models)]:
            yield _note(model.name, keys, shipped)


def _note(where: str, keys: list[str], shipped: Review) -> str:
    are = "is" if len(keys) == 1 else "are"
    return (
        f"{where}: {', '.join(keys)} {are} word for word as in the shipped review, {shipped.title}, and these are "
        "not its data. Review or remove"
    )


def _left_over(model: OutcomeModel, shipped: tuple[OutcomeModel, ...]) -> Iterator[str]:
    """Name the keys of a model that say of it what some shipped model says of its own outcome."""
    for key in ("title", "comparison", "treatment_label", "outcome_label", "provenance_note"):
        said = getattr(model, key)
        if said and said in {getattr(each, key) for each in shipped}:
            yield key
    if model.published is not None:
        if model.published in [each.published for each in shipped]:
            yield "published"
        elif model.published.source and model.published.source in _sources(shipped):
            yield "published.source"
    theirs = [pair for each in shipped for pair in each.tau_alternatives if pair[1].origin is not None]
    yield from (
        f"priors.tau_alternatives ({label})"
        for label, prior in model.tau_alternatives
        if (label, prior) in theirs
    )


def _sources(models: tuple[OutcomeModel, ...]) -> set[str]:
    return {model.published.source for model in models if model.published is not None}
