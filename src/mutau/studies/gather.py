"""From rows to contrasts: a treatment arm beside a control arm, or a ready-made estimate."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

from mutau.errors import Fault
from mutau.studies.arms import Arm, Contrast, Estimate
from mutau.studies.cells import Entry
from mutau.studies.checks import (
    arm_faults,
    duplicates,
    estimate_faults,
    look_alikes,
    missing_cells,
    no_data,
    one_armed,
    said_twice,
    unknown_arm,
)
from mutau.studies.columns import (
    ARM_VALUES,
    ARM_WORDS,
    ARMS,
    ESTIMATE_COLUMNS,
    KEYS,
    KINDS,
    NOT_STATED,
    ArmName,
    normalised,
)
from mutau.studies.layout import Layout
from mutau.studies.samples import sample_faults, sample_values

__all__ = ["gather"]


def gather(
    entries: Sequence[Entry], layout: Layout, source: str
) -> tuple[list[Contrast], list[Estimate], list[Fault]]:
    """Put arms together and check what no single cell can show.

    Parameters
    ----------
    entries : sequence of Entry
    layout : Layout
    source : str
        The file's name for messages.

    Returns
    -------
    contrasts : list of Contrast
    estimates : list of Estimate
    faults : list of Fault
        Missing cells, more events than participants, one-armed studies, rows that say two things, duplicates.
    """
    alike = list(look_alikes(entries, layout, source))
    if layout.shape == "long":
        estimates: list[Estimate] = []
        contrasts, faults = _from_long(entries, layout, source, unsure=bool(alike))
    elif layout.shape == "samples":
        contrasts, estimates = [], [_sample(entry) for entry in entries]
        faults = [fault for entry in entries for fault in sample_faults(entry, layout.given, source)]
    else:
        contrasts, estimates, faults = _from_rows(entries, layout, source)
    # A shared control arm stands in several contrasts; what it lacks is said once.
    missing = (fault for contrast in contrasts for fault in missing_cells(contrast, source))
    faults.extend(dict.fromkeys(missing))
    faults.extend(duplicates(contrasts, estimates, source, samples=layout.shape == "samples"))
    faults.extend(alike)
    return [_completed(contrast) for contrast in contrasts], estimates, faults


def _key(entry: Entry) -> tuple[str, ...]:
    return tuple(entry.texts.get(column.name, "") for column in KEYS)


def _group(entry: Entry) -> tuple[str, ...]:
    """Say which rows of a long table belong together: those of a study, or of one contrast if given."""
    return (*_key(entry), entry.texts.get("contrast", ""))


def _arm(entry: Entry, name: ArmName, layout: Layout, extras: Mapping[str, object]) -> Arm:
    known = {value.name: layout.value_column(value.name, name) for value in ARM_VALUES}
    label = entry.texts.get("treatment" if layout.shape == "long" else f"arm_{name}", "")
    return Arm(
        name=name,
        label=label or name,
        values={value: entry.numbers.get(column, math.nan) for value, column in known.items()},
        wrong=frozenset(value for value, column in known.items() if column in entry.wrong),
        columns={value: layout.given[column] for value, column in known.items() if column in layout.given},
        row=entry.row,
        provenance=entry.texts.get("provenance") or NOT_STATED,
        note=entry.texts.get("note", ""),
        extras=extras,
    )


def _from_rows(
    entries: Sequence[Entry], layout: Layout, source: str
) -> tuple[list[Contrast], list[Estimate], list[Fault]]:
    contrasts: list[Contrast] = []
    estimates: list[Estimate] = []
    faults: list[Fault] = []
    both: list[int] = []
    for entry in entries:
        arms = {name: _arm(entry, name, layout, _arm_extras(entry.extras, name)) for name in ARMS}
        has_data = any(arm.has(mark) for arm in arms.values() for kind in KINDS for mark in kind.marks)
        has_estimate = any(
            column.name in entry.wrong or not math.isnan(entry.numbers.get(column.name, math.nan))
            for column in ESTIMATE_COLUMNS
        )
        if has_data and has_estimate:
            both.append(entry.row)
        elif has_data:
            contrasts.append(Contrast(_key(entry), arms["treatment"], arms["control"]))
            for arm in arms.values():
                faults.extend(arm_faults(arm, _key(entry)[-1], source))
        elif has_estimate:
            estimates.append(_estimate(entry, arms, layout))
            faults.extend(estimate_faults(entry, layout, source))
        elif "study" not in entry.wrong:
            faults.append(no_data(entry, arms.values(), source))
    if both:
        faults.append(said_twice(both, source))
    return contrasts, estimates, faults


def _arm_extras(extras: Mapping[str, object], name: ArmName) -> dict[str, object]:
    """Give an arm the carried cells that are its own: `age_control` becomes the control arm's `age`."""
    mine: dict[str, object] = {}
    for column, cell in extras.items():
        stem, _, arm = column.rpartition("_")
        paired = bool(stem) and arm in ARMS and all(f"{stem}_{other}" in extras for other in ARMS)
        if not paired or stem in extras:
            mine[column] = cell
        elif arm == name:
            mine[stem] = cell
    return mine


def _estimate(entry: Entry, arms: Mapping[ArmName, Arm], layout: Layout) -> Estimate:
    sei, vi = entry.numbers.get("sei", math.nan), entry.numbers.get("vi", math.nan)
    labelled = any(f"arm_{name}" in layout.given for name in ARMS)
    sized = any("n" in arm.columns for arm in arms.values())
    treatment, control = (arms[name] for name in ARMS)
    return Estimate(
        key=_key(entry),
        yi=entry.numbers["yi"],
        sei=math.sqrt(vi) if math.isnan(sei) else sei,
        row=entry.row,
        provenance=entry.texts.get("provenance") or NOT_STATED,
        note=entry.texts.get("note", ""),
        labels=(treatment.label, control.label) if labelled else None,
        sizes=(treatment.values["n"], control.values["n"]) if sized else None,
        extras=entry.extras,
        column=(layout.given.get("vi", ""), True) if math.isnan(sei) else (layout.given["sei"], False),
    )


def _sample(entry: Entry) -> Estimate:
    """Keep the numbers of a study without two arms; its effect is computed when a measure is known."""
    return Estimate(
        key=_key(entry),
        yi=math.nan,
        sei=math.nan,
        row=entry.row,
        provenance=entry.texts.get("provenance") or NOT_STATED,
        note=entry.texts.get("note", ""),
        labels=None,
        sizes=None,
        extras={**sample_values(entry), **entry.extras},
    )


def _from_long(
    entries: Sequence[Entry], layout: Layout, source: str, *, unsure: bool
) -> tuple[list[Contrast], list[Fault]]:
    """Put arms side by side; where it is `unsure` which rows belong together, no arm is said to be lacking."""
    faults: list[Fault] = []
    groups: dict[tuple[str, ...], dict[ArmName, list[Arm]]] = {}
    unclear: set[tuple[str, ...]] = set()
    for entry in entries:
        word = entry.texts.get("arm", "")
        name = ARM_WORDS.get(normalised(word))
        if name is None:
            faults.append(unknown_arm(entry, word, layout, source))
            unclear.add(_group(entry))
            continue
        arm = _arm(entry, name, layout, entry.extras)
        faults.extend(arm_faults(arm, _key(entry)[-1], source))
        if "study" not in entry.wrong and not any(arm.has(mark) for kind in KINDS for mark in kind.marks):
            faults.append(no_data(entry, [arm], source))
        groups.setdefault(_group(entry), {"treatment": [], "control": []})[name].append(arm)
    contrasts: list[Contrast] = []
    for group, arms in groups.items():
        key = group[:-1]
        lacking = next((name for name in ARMS if not arms[name]), None)
        if lacking is not None and group not in unclear and not unsure:
            faults.append(one_armed(key[-1], lacking, [arm for side in ARMS for arm in arms[side]], source))
        contrasts += [Contrast(key, *pair) for pair in itertools.product(arms["treatment"], arms["control"])]
    return contrasts, faults


def _completed(contrast: Contrast) -> Contrast:
    """Count the participants of arms that give those with and those without the event."""
    treatment, control = (_counted(arm) for arm in contrast.arms)
    return replace(contrast, treatment=treatment, control=control)


def _counted(arm: Arm) -> Arm:
    total = arm.values["events"] + arm.values["nonevents"]
    if math.isnan(total) or not math.isnan(arm.values["n"]):
        return arm
    return replace(arm, values={**arm.values, "n": total})
