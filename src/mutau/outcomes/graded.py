"""Checks of what a model says for GRADE: the certainty that was rated, its domains, and the sizes of effects."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mutau.errors import Fault, nearest
from mutau.outcomes.compared import compared_measure
from mutau.outcomes.records import (
    CERTAINTIES,
    DOMAINS,
    JUDGEMENTS,
    SIZES,
    Certainty,
    DomainJudgement,
    Threshold,
)

__all__ = ["certainty_faults", "size_faults"]

_BIAS = "publication_bias"
_OF_BIAS = JUDGEMENTS[4:]


def certainty_faults(fields: Mapping[str, Any]) -> Iterator[Fault]:
    """Find what is wrong with a model's certainty rating, its reasons and its domains."""
    certainty = fields.get("certainty")
    if certainty is None:
        return
    if not isinstance(certainty, Certainty):
        remedy = 'Give mutau.outcomes.Certainty("low", ("reason", ...))'
        yield Fault(f"{certainty!r} is no certainty", "It is a record", remedy, key="certainty")
        return
    if certainty.rating not in CERTAINTIES:
        rule = "GRADE has four words for certainty"
        remedy = nearest(str(certainty.rating), CERTAINTIES)
        yield Fault(f"'{certainty.rating}' is not known", rule, remedy, key="certainty.rating")
    for place, reason in enumerate(certainty.reasons, start=1):
        if not str(reason or "").strip():
            rule = "A reason says in words why the evidence was rated down or up"
            yield Fault("it is empty", rule, "Remove it", key=f"certainty.reasons[{place}]")
    seen: set[str] = set()
    for each in certainty.domains:
        yield from _domain_faults(each)
        if isinstance(each, DomainJudgement) and each.domain in seen:
            rule = "A domain is judged once"
            yield Fault("it stands twice", rule, "Remove one", key=f"certainty.domains.{each.domain}")
        seen.add(getattr(each, "domain", ""))


def _domain_faults(given: object) -> Iterator[Fault]:
    key = "certainty.domains"
    if not isinstance(given, DomainJudgement):
        remedy = 'Give mutau.outcomes.DomainJudgement("imprecision", "serious", "reason")'
        yield Fault(f"{given!r} is no judgement", "It is a record", remedy, key=key)
        return
    if given.domain not in DOMAINS:
        remedy = nearest(str(given.domain), DOMAINS)
        yield Fault(f"'{given.domain}' is not known", "GRADE has five domains", remedy, key=key)
    words = _OF_BIAS if given.domain == _BIAS else JUDGEMENTS[:4]
    if given.judgement not in words:
        rule, remedy = "GRADE has its words for a domain", nearest(str(given.judgement), words)
        yield Fault(f"'{given.judgement}' is not known", rule, remedy, key=f"{key}.{given.domain}.judgement")
    if not str(given.reason or "").strip():
        rule = "A judgement has its reason, in words"
        yield Fault("it is empty", rule, "Say why", key=f"{key}.{given.domain}.reason")


def size_faults(fields: Mapping[str, Any]) -> Iterator[Fault]:
    """Find sizes of thresholds that are none, or that do not grow away from no effect."""
    thresholds = [each for each in fields.get("thresholds") or () if isinstance(each, Threshold)]
    for place, each in enumerate(thresholds, start=1):
        if each.size and each.size not in SIZES:
            rule = "A threshold is where an effect becomes small, moderate or large"
            remedy = f"{nearest(str(each.size), SIZES)}; leave it out if the threshold says nothing of size"
            yield Fault(f"'{each.size}' is not known", rule, remedy, key=f"thresholds[{place}].size")
    measure = compared_measure(fields)
    null = 0.0 if measure is None else measure.null_natural
    for above in (True, False):
        sized = [
            each
            for each in thresholds
            if each.size in SIZES and isinstance(each.value, (int, float)) and (each.value > null) == above
        ]
        sized.sort(key=lambda each: each.value, reverse=not above)
        ranks = [SIZES.index(each.size) for each in sized]
        if ranks != sorted(set(ranks)):
            what = ", ".join(f"{each.size} from {each.value:g}" for each in sized)
            rule = "Sizes grow away from no effect, each from one value on"
            yield Fault(what, rule, "Change the values or the sizes", key="thresholds")
