"""From the keys of a model file to the parameters of an OutcomeModel, as far as they can be read."""

from __future__ import annotations

import difflib
import math
from pathlib import Path
from typing import Any

from mutau.errors import ArgumentError, Fault
from mutau.outcomes.decided import read_decision
from mutau.outcomes.defaults import RESERVED_LABELS
from mutau.outcomes.records import (
    Certainty,
    DomainJudgement,
    HalvedArm,
    OtherAnalyses,
    PublishedResult,
    Threshold,
    ZeroCells,
)
from mutau.outcomes.schema import Structure
from mutau.outcomes.stated import for_model, prior_of_table
from mutau.priors import HalfNormal, Prior, parse_prior, published_prior

__all__ = ["draft"]

_AS_THEY_ARE = (
    "title",
    "where",
    "comparison",
    "timepoint",
    "measure",
    "likelihood",
    "baseline_sd",
    "effects_df",
    "benefit",
    "compared_with",
    "treatment_label",
    "control_label",
    "outcome_label",
    "smd_variance",
    "reference_sd",
    "provenance_note",
)


def draft(content: Structure, file: Path) -> tuple[dict[str, Any], list[Fault]]:
    """Read the parts of a model that are more than a value: priors, thresholds, records, the data's path.

    Parameters
    ----------
    content : dict
        Keys and values of a model file, of the right types.
    file : Path
        The model file: it gives the name, and the folder that a relative path starts from.

    Returns
    -------
    fields : dict
        Parameters of `OutcomeModel`. What could not be read has a stand-in, so that the rest can be checked;
        a model is made of them only if there are no faults.
    faults : list of Fault
        With dotted keys as they stand in the file.
    """
    faults: list[Fault] = []
    fields: dict[str, Any] = {"name": file.stem}
    fields |= {key: content[key] for key in _AS_THEY_ARE if key in content}
    fields |= _priors(content.get("priors", {}), content, faults)
    fields |= _thresholds(content.get("thresholds", []), faults)
    fields |= _certainty(content.get("certainty"), faults)
    fields |= _published(content.get("published"), faults)
    fields |= _sensitivity(content.get("sensitivity"), file, faults)
    if "decision" in content:
        fields["decision"] = read_decision(content["decision"], faults)
    if "zero_cells" in content:
        fields["zero_cells"] = ZeroCells(**content["zero_cells"])
    if "data" in content:
        fields["data"] = _data(content["data"], file, faults)
    return fields, faults


def _data(given: str, file: Path, faults: list[Fault], key: str = "data") -> Path:
    rule = "Data are a CSV file, named from the folder of the model file"
    try:
        path = (file.parent / given).resolve()
        there, folder = path.is_file(), path.is_dir()
    except (OSError, ValueError) as error:
        faults.append(Fault(f"'{given}' is no path ({error})", rule, "Name the file", key=key))
        return file
    if folder:
        faults.append(Fault(f"'{given}' is a folder", rule, "Name the CSV file inside it", key=key))
    elif not there:
        near = sorted(each.name for each in path.parent.glob("*.csv")) if path.parent.is_dir() else []
        close = difflib.get_close_matches(path.name, near, n=1)
        guess = f"Did you mean '{close[0]}'? " if close else ""
        remedy = f"{guess}It was looked for at {path}"
        faults.append(Fault(f"there is no file '{given}'", rule, remedy, key=key))
    return path


_STAND_IN = HalfNormal(1)


def _prior(entry: Structure, name: str, key: str, content: Structure, faults: list[Fault]) -> Prior:
    """Read a prior; one that cannot be read is reported, and a stand-in lets the other checks go on."""
    given = entry.get(name)
    if given is None:
        return _STAND_IN
    table = isinstance(given, dict)
    try:
        return prior_of_table(given, content) if table else parse_prior(given)
    except ArgumentError as error:
        places = [f"{key}.{fault.key}" if table else key for fault in error.faults]
        found = zip(error.faults, places, strict=True)
        faults += [Fault(fault.what, fault.rule, fault.remedy, key=place) for fault, place in found]
        return _STAND_IN


def _twins(priors: Structure, content: Structure, shown: list[Prior]) -> list[tuple[str, Prior]]:
    """Give the other version of every suspected misprint that a model uses for tau: both are run."""
    used = [("", priors.get("tau"))]
    used += [(f"{each.get('label', '')}, ", each.get("prior")) for each in priors.get("tau_alternatives", [])]
    twins: list[tuple[str, Prior]] = []
    for label, given in used:
        if not isinstance(given, dict) or "published" not in given:
            continue
        try:
            twin = published_prior(given["published"]).twin
            prior = None if twin is None else for_model(twin, given, content)
        except ArgumentError:  # reported where the prior itself is read
            continue
        if twin is not None and prior is not None and prior not in shown:
            twins.append(
                (f"{label}{'as printed' if twin.suspected else 'by the pattern of its table'}", prior)
            )
            shown = [*shown, prior]
    return twins


def _priors(priors: Structure, content: Structure, faults: list[Fault]) -> dict[str, Any]:
    fields: dict[str, Any] = {
        f"{name}_prior": _prior(priors, name, f"priors.{name}", content, faults)
        for name in ("mu", "tau")
        if name in priors
    }
    alternatives: list[tuple[str, Prior]] = []
    for place, entry in enumerate(priors.get("tau_alternatives", []), start=1):
        key = f"priors.tau_alternatives[{place}]"
        faults += _lacking(entry, ("label", "prior"), "An alternative prior of tau", key)
        if entry.get("label") in RESERVED_LABELS:
            what, rule = f"the label '{entry['label']}' is taken", "Doubled and tau = 0 are shown always"
            faults.append(Fault(what, rule, "Give the prior another label", key=f"{key}.label"))
        prior = _prior(entry, "prior", f"{key}.prior", content, faults)
        alternatives.append((entry.get("label", ""), prior))
    shown = [
        prior for prior in (fields.get("tau_prior"), *(each for _, each in alternatives)) if prior is not None
    ]
    alternatives += _twins(priors, content, shown)
    return {**fields, "tau_alternatives": tuple(alternatives)}


def _thresholds(entries: list[Structure], faults: list[Fault]) -> dict[str, Any]:
    for place, entry in enumerate(entries, start=1):
        faults += _lacking(entry, ("value", "label"), "A threshold", f"thresholds[{place}]")
    return {
        "thresholds": tuple(
            Threshold(float(entry.get("value", math.nan)), entry.get("label", ""), entry.get("size", ""))
            for entry in entries
        )
    }


def _certainty(entry: Structure | None, faults: list[Fault]) -> dict[str, Any]:
    if entry is None:
        return {}
    faults += _lacking(entry, ("rating",), "A certainty", "certainty")
    reasons = tuple(entry.get("reasons", ()))
    domains = tuple(
        DomainJudgement(name, said.get("judgement", ""), said.get("reason", ""))
        for name, said in entry.get("domains", {}).items()
    )
    return {"certainty": Certainty(entry.get("rating", ""), reasons, entry.get("source", ""), domains)}


def _published(entry: Structure | None, faults: list[Fault]) -> dict[str, Any]:
    if entry is None:
        return {}
    needed = ("estimate", "lower", "upper")
    faults += _lacking(entry, needed, "A published result", "published")
    return {"published": PublishedResult(**{**dict.fromkeys(needed, math.nan), **entry})}


def _sensitivity(entry: Structure | None, file: Path, faults: list[Fault]) -> dict[str, Any]:
    if entry is None:
        return {}
    fields: dict[str, Any] = {}
    if "data_sets" in entry:
        fields["data_sets"] = _data(entry["data_sets"], file, faults, "sensitivity.data_sets")
    if "exclude" in entry:
        fields["exclude"] = tuple(entry["exclude"])
    halved = entry.get("halved", [])
    for place, each in enumerate(halved, start=1):
        faults += _lacking(each, ("study", "arm"), "A halved arm", f"sensitivity.halved[{place}]")
    fields["halved"] = tuple(
        HalvedArm(each.get("study", ""), each.get("arm", "treatment")) for each in halved
    )
    return {"sensitivity": OtherAnalyses(**fields)}


def _lacking(entry: Structure, needed: tuple[str, ...], what: str, key: str) -> list[Fault]:
    return [
        Fault("it is missing", f"{what} has {', '.join(needed)}", "Add it", key=f"{key}.{name}")
        for name in needed
        if name not in entry
    ]
