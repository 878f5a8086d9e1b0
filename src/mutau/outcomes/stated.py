"""Priors that a model file states as a table: published ones by name, and those made from statements."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from mutau.errors import ArgumentError, Fault, nearest
from mutau.measures import MEASURES
from mutau.outcomes.schema import Structure
from mutau.priors import (
    Prior,
    PublishedPrior,
    elicit_log_normal,
    elicit_normal,
    elicit_t,
    enthusiastic,
    neutral,
    pessimistic,
    published_prior,
    sceptical,
    unit_information,
)

__all__ = ["for_model", "prior_of_table"]

_EVERY = ("measure", "across_scales")  # keys that any form takes
_STATEMENTS = ("most_likely", "above", "below", "between", "sure", "scale")
_ELICITED: Mapping[str, tuple[Callable[..., Prior], tuple[str, ...]]] = MappingProxyType(
    {
        "normal": (elicit_normal, _STATEMENTS),
        "t": (elicit_t, (*_STATEMENTS, "df")),
        "log_normal": (elicit_log_normal, (*_STATEMENTS, "median")),
    }
)


@dataclass(frozen=True, slots=True)
class _Form:
    """One form: how a prior is made from its key's value and the further keys, and which those are."""

    make: Callable[..., Prior]
    keys: tuple[str, ...]


def _attitude(make: Callable[..., Prior]) -> _Form:
    return _Form(
        lambda value, measure, **rest: make(value, measure=measure, **rest), ("probability", "scale")
    )


def _elicited(value: str, measure: str, **rest: Any) -> Prior:
    if isinstance(rest.get("between"), list):
        rest["between"] = tuple(rest["between"])
    return _ELICITED[value][0](measure=measure, **rest)


_FORMS: Mapping[str, _Form] = MappingProxyType(
    {
        "elicited": _Form(_elicited, ()),
        "sceptical": _attitude(sceptical),
        "neutral": _attitude(neutral),
        "enthusiastic": _attitude(enthusiastic),
        "pessimistic": _attitude(pessimistic),
        "unit_information": _Form(
            lambda value, measure, **rest: unit_information(measure, n=value, **rest),
            ("mean", "baseline_risk", "reference_sd"),
        ),
    }
)


def prior_of_table(given: Structure, content: Structure) -> Prior:
    """Read a prior that is written as a table.

    Parameters
    ----------
    given : dict
        The table.
    content : dict
        The model's keys: its `measure`, and for an MD its `reference_sd`, decide the scale.

    Returns
    -------
    Prior
        With its origin.

    Raises
    ------
    mutau.errors.ArgumentError
        With every fault; each fault's `key` is the table's.
    """
    if "published" in given:
        _refuse_others("published", ("across_scales",), given)
        try:
            return for_model(published_prior(given["published"]), given, content)
        except ArgumentError as error:
            raise ArgumentError([_keyed(fault, "published") for fault in error.faults]) from None
    stated = [name for name in _FORMS if name in given]
    if len(stated) != 1:
        raise ArgumentError(_no_form(stated))
    (name,) = stated
    form = _FORMS[name]
    keys = form.keys if name != "elicited" else _elicited_keys(given[name])
    _refuse_others(name, (*keys, *_EVERY), given)
    measure = str(given.get("measure", content.get("measure")))
    rest = {key: given[key] for key in keys if key in given}
    if name == "unit_information" and measure == "MD" and "reference_sd" in content:
        rest.setdefault("reference_sd", content["reference_sd"])
    try:
        prior = form.make(given[name], measure, **rest)
        wanted = content.get("measure")
        across = bool(given.get("across_scales", False))
        return prior.for_measure(str(wanted), across_scales=across) if wanted in MEASURES else prior
    except ArgumentError as error:
        raise ArgumentError([_keyed(fault, name) for fault in error.faults]) from None


def for_model(found: PublishedPrior, given: Structure, content: Structure) -> Prior:
    """Give a published prior for the model's measure; without a valid one, which is another fault, as it is."""
    stated, sd = str(content.get("measure")), content.get("reference_sd")
    measure = stated if stated in MEASURES else found.measure
    across = bool(given.get("across_scales", False))
    return found.for_measure(measure, across_scales=across, reference_sd=None if sd is None else float(sd))


def _elicited_keys(family: str) -> tuple[str, ...]:
    if family not in _ELICITED:
        rule = "A prior from statements is of one of these families"
        raise ArgumentError(
            Fault(f"'{family}' is not known", rule, nearest(family, tuple(_ELICITED)), key="elicited")
        )
    return _ELICITED[family][1]


def _refuse_others(form: str, keys: tuple[str, ...], given: Structure) -> None:
    """Refuse keys that belong to another form."""
    faults = [
        Fault("it does not belong here", f"Beside {form} stand {_listed(keys)}", "Remove it", key=key)
        for key in given
        if key not in (form, *keys)
    ]
    if faults:
        raise ArgumentError(faults)


def _no_form(stated: list[str]) -> Fault:
    forms = f"A prior's table has one of the keys published, {_listed(tuple(_FORMS))}"
    if stated:
        return Fault(f"{' and '.join(stated)} stand together", forms, "Keep one", key=stated[1])
    remedy = "Add published = \"...\", a name of 'mutau priors list', or another of these"
    return Fault("it is missing", forms, remedy, key="published")


def _keyed(fault: Fault, key: str) -> Fault:
    place = fault.key if fault.key not in (None, "effect", "n") else key
    return Fault(fault.what, fault.rule, fault.remedy, key=place)


def _listed(words: tuple[str, ...]) -> str:
    return ", ".join(words)
