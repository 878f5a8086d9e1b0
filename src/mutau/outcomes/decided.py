"""What a model states for a decision: read from the table ``[decision]``, and held to the model's measure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from mutau.errors import ArgumentError, Fault
from mutau.measures import MEASURES
from mutau.outcomes.natural import off_scale
from mutau.outcomes.records import POOLED
from mutau.outcomes.schema import Structure
from mutau.stakes import (
    BetaRisk,
    ControlArms,
    FixedRisk,
    Instrument,
    LogitNormalRisk,
    Loss,
    Stakes,
    StatedRisk,
)

__all__ = ["RISK_MEASURES", "decision_faults", "read_decision"]

RISK_MEASURES = ("OR", "RR", "RD", "HR", "SMD", "MD")
"""Measures by which a road leads from a risk without to a risk with treatment; an MD's over an instrument."""
_OF_COUNTS = ("OR", "RR", "RD")
_ON_INSTRUMENTS = ("SMD", "MD")
_ARMS = "control arms"
_FORMS = ("risk", "beta", "logit_normal", "quantiles", "learnt")
_FAMILIES: Mapping[str, type[BetaRisk] | type[LogitNormalRisk]] = MappingProxyType(
    {"beta": BetaRisk, "logit-normal": LogitNormalRisk}
)


def read_decision(entry: Structure, faults: list[Fault]) -> Stakes:
    """Read the table ``[decision]``; what cannot be read is reported and left out.

    Parameters
    ----------
    entry : dict
        The table.
    faults : list of Fault
        Grows by what is found.
    """
    given = [
        _read_baseline(each, f"decision.baselines[{place}]", faults)
        for place, each in enumerate(entry.get("baselines", ()), start=1)
    ]
    stated = Stakes(
        loss=_read(Loss, entry.get("loss"), ("kind", "source"), "A loss", "decision.loss", faults),
        instrument=_read(
            Instrument,
            entry.get("instrument"),
            ("name", "sd", "source"),
            "An instrument",
            "decision.instrument",
            faults,
        ),
        baselines=tuple(each for each in given if each is not None),
    )
    try:
        sizes = tuple(size for size in entry.get("next_trial_sizes", ()) if not _is_stand_in(size))
        return replace(stated, level=entry.get("level"), next_trial_sizes=sizes)
    except ArgumentError as error:
        faults += _placed(error, "decision")
        return stated


def _is_stand_in(value: object) -> bool:
    """Whether this entry of a list, or one inside it, was of a wrong type, and was said to be."""
    return isinstance(value, dict) or (isinstance(value, list) and any(map(_is_stand_in, value)))


def _placed(error: ArgumentError, key: str) -> list[Fault]:
    return [
        Fault(each.what, each.rule, each.remedy, key=f"{key}.{each.key}" if each.key else key)
        for each in error.faults
    ]


def _lacking(entry: Structure, needed: tuple[str, ...], what: str, key: str) -> list[Fault]:
    rule = f"{what} has {', '.join(needed)}"
    return [
        Fault("it is missing", rule, "Add it", key=f"{key}.{name}") for name in needed if name not in entry
    ]


def _read[T](
    make: Callable[..., T],
    entry: Structure | None,
    needed: tuple[str, ...],
    what: str,
    key: str,
    faults: list[Fault],
) -> T | None:
    """Make a record of a table's keys; nothing where it cannot be made."""
    if entry is None:
        return None
    lacking = _lacking(entry, needed, what, key)
    faults += lacking
    if lacking:
        return None
    try:
        return make(**entry)
    except ArgumentError as error:
        faults += _placed(error, key)
        return None


def _read_baseline(entry: Structure, key: str, faults: list[Fault]) -> StatedRisk | None:
    """Read one baseline: exactly one form, whose numbers come with their source."""
    forms = [form for form in _FORMS if form in entry]
    rule = f"A baseline has one of {', '.join(_FORMS)}"
    if len(forms) != 1:
        what = "it says no risk" if not forms else f"{' and '.join(forms)} stand together"
        faults.append(Fault(what, rule, "State one, such as risk = 0.17", key=key))
        return None
    (form,) = forms
    extra = {"quantiles": ("source", "family"), "learnt": ("source",)}.get(form, ("source",))
    found = [
        Fault(
            "it does not belong here",
            f"Beside {form} stands {', '.join(extra)}",
            "Remove it",
            key=f"{key}.{name}",
        )
        for name in entry
        if name not in (form, *extra)
    ]
    if form != "learnt":
        found += _lacking(entry, ("source",), "A stated baseline", key)
    found += _form_faults(form, entry, key)
    faults += found
    if found or _is_stand_in(entry[form]):
        return None
    try:
        return _MADE[form](entry)
    except ArgumentError as error:
        faults += [Fault(each.what, each.rule, each.remedy, key=f"{key}.{form}") for each in error.faults]
        return None


def _form_faults(form: str, entry: Structure, key: str) -> Iterator[Fault]:
    given, place = entry[form], f"{key}.{form}"
    if form == "learnt" and given != _ARMS:
        rule = "A baseline is learnt from the control arms of the trials"
        yield Fault(f"'{given}' is not known", rule, f'Write learnt = "{_ARMS}"', key=place)
    if form in ("beta", "logit_normal") and len(given) != 2:
        pair = "[a, b]" if form == "beta" else "[mean, sd] of the log odds"
        yield Fault(f"{len(given)} numbers", f"It is a pair, {pair}", "Give two numbers", key=place)
    if form == "quantiles":
        if [len(each) for each in given] != [2, 2]:
            rule = "Two quantiles are two pairs of probability and risk"
            yield Fault("they are not", rule, "Write [[0.05, 0.1], [0.95, 0.3]]", key=place)
        if entry.get("family") not in _FAMILIES:
            rule = "Two quantiles are of a beta or a logit-normal distribution"
            what = f"'{entry['family']}' is not known" if "family" in entry else "it is missing"
            yield Fault(what, rule, 'Write family = "beta" or "logit-normal"', key=f"{key}.family")


_MADE: Mapping[str, Callable[[Structure], StatedRisk]] = MappingProxyType(
    {
        "risk": lambda entry: FixedRisk(float(entry["risk"]), entry["source"]),
        "beta": lambda entry: BetaRisk(entry["beta"][0], entry["beta"][1], entry["source"]),
        "logit_normal": lambda entry: LogitNormalRisk(
            entry["logit_normal"][0], entry["logit_normal"][1], entry["source"]
        ),
        "quantiles": lambda entry: _FAMILIES[entry["family"]].from_quantiles(
            tuple(entry["quantiles"][0]), tuple(entry["quantiles"][1]), entry["source"]
        ),
        "learnt": lambda entry: ControlArms(),  # noqa: ARG005
    }
)


def decision_faults(fields: Mapping[str, Any]) -> Iterator[Fault]:
    """Find what a model states for a decision that its measure or its likelihood has no use for."""
    stakes = fields.get("decision")
    if stakes is None:
        return
    if not isinstance(stakes, Stakes):
        remedy = "Give mutau.stakes.Stakes(loss=..., baselines=...)"
        yield Fault(f"{stakes!r} states no stakes", "It is a record", remedy, key="decision")
        return
    if fields.get("likelihood") == POOLED:
        rule = "A pooled result alone has no posterior of a new setting to decide by"
        yield Fault("a decision is asked for", rule, "Remove it, or name another likelihood", key="decision")
        return
    measure = MEASURES.get(str(fields.get("measure")))
    if measure is None:
        return
    code = measure.code
    if stakes.loss is not None and stakes.loss.worthwhile is not None:
        problem = off_scale(stakes.loss.worthwhile, measure.scale_kind)
        if problem is not None:
            yield Fault(*problem, key="decision.loss.worthwhile")
    for place, each in enumerate(stakes.baselines, start=1):
        yield from _baseline_use(each, code, stakes, f"decision.baselines[{place}]")
    if stakes.instrument is not None and code not in _ON_INSTRUMENTS:
        rule = "An instrument is for an effect that is a difference of scores, SMD or MD"
        yield Fault(f"measure {code} makes no use of it", rule, "Remove it", key="decision.instrument")


def _baseline_use(given: StatedRisk, code: str, stakes: Stakes, key: str) -> Iterator[Fault]:
    if code not in RISK_MEASURES:
        rule = f"A road from risk to risk is known for {', '.join(RISK_MEASURES)}"
        yield Fault(f"measure {code} makes no use of it", rule, "Remove it", key=key)
    elif code == "MD" and stakes.instrument is None:
        rule = "A mean difference becomes a share of responders over the SD of its instrument"
        yield Fault("there is no instrument", rule, "Add decision.instrument, or remove it", key=key)
    elif isinstance(given, ControlArms) and code not in _OF_COUNTS:
        rule = f"Control arms are counts for {', '.join(_OF_COUNTS)} only"
        yield Fault(f"{code} has none to learn from", rule, "State a number or a distribution", key=key)
