"""What no single cell can show: an arm against itself, an arm against the other, a row against the rest."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence

from mutau.errors import Fault
from mutau.studies.arms import Arm, Contrast, Estimate
from mutau.studies.cells import Entry
from mutau.studies.columns import ARM_WORDS, ARMS, ESTIMATE_COLUMNS, KEYS, KINDS, ArmName, Kind
from mutau.studies.layout import Layout
from mutau.studies.notes import row_list
from mutau.symbols import folded, named, unusual

__all__ = [
    "arm_faults",
    "duplicates",
    "estimate_faults",
    "look_alikes",
    "missing_cells",
    "no_data",
    "one_armed",
    "said_twice",
    "unknown_arm",
]

_OTHER_ARM_WORDS = ", ".join(word for word in ARM_WORDS if word not in ARMS)
_SAME = 0.05
"""How far, as a share, sei squared may be from vi: both may have been rounded for print."""


def estimate_faults(entry: Entry, layout: Layout, source: str) -> Iterator[Fault]:
    """Ask of a ready-made effect that it is there, has a standard error, and does not contradict itself."""
    study = entry.texts.get("study") or None
    numbers = {column.name: entry.numbers.get(column.name, math.nan) for column in ESTIMATE_COLUMNS}
    yi, sei, vi = (numbers[column.name] for column in ESTIMATE_COLUMNS)
    if math.isnan(yi) and "yi" not in entry.wrong:
        yield _empty_cell(
            layout.given["yi"], "A standard error belongs to an effect", source, entry.row, study
        )
    present = [name for name in ("sei", "vi") if name in layout.given]
    if present and not {"sei", "vi"} & entry.wrong and math.isnan(sei) and math.isnan(vi):
        rule = "A ready-made effect has a standard error or a variance"
        yield _empty_cell(layout.given[present[0]], rule, source, entry.row, study)
    if abs(sei * sei - vi) > _SAME * vi:
        yield Fault(
            f"sei {sei:g} and vi {vi:g} disagree (sei squared is {sei * sei:.4g})",
            "vi is the square of sei",
            "Keep the one that is right",
            file=source,
            row=entry.row,
            study=study or None,
            column=layout.given["vi"],
        )


def arm_faults(arm: Arm, study: str, source: str) -> Iterator[Fault]:
    """Compare the counts of an arm with one another."""
    events, others, n = (arm.values[value] for value in ("events", "nonevents", "n"))
    if events > n:
        yield Fault(
            f"events {events:g} above n {n:g}",
            "An arm has at most as many participants with the event as participants",
            "Check whether the two were exchanged; if events can recur, give person-time instead of n",
            file=source,
            row=arm.row,
            study=study or None,
            column=arm.columns["events"],
        )
    elif events + others == 0:
        yield Fault(
            "the arm has no participants",
            "An arm has at least one participant",
            "Leave the study out",
            file=source,
            row=arm.row,
            study=study or None,
            column=arm.columns["nonevents"],
        )
    elif events + others != n and not math.isnan(events + others + n):
        yield Fault(
            f"events {events:g} and non-events {others:g} do not add up to n {n:g}",
            "An arm's participants either have the event or do not",
            "Correct the one that is wrong, or leave the non-events out",
            file=source,
            row=arm.row,
            study=study or None,
            column=arm.columns["nonevents"],
        )
    if n == 1 and arm.values["sd"] > 0:
        yield Fault(
            "one participant has no standard deviation",
            "A mean with a standard deviation is of at least 2 participants",
            "Check the size of the arm, or leave the study out",
            file=source,
            row=arm.row,
            study=study or None,
            column=arm.columns["n"],
        )


def look_alikes(entries: Sequence[Entry], layout: Layout, source: str) -> Iterator[Fault]:
    """Find names that read the same but are written in two ways, so that rows which belong together do not meet."""
    for key in (column.name for column in KEYS if column.name in layout.given):
        seen: dict[str, dict[str, Entry]] = {}
        for entry in entries:
            text = entry.texts[key]
            seen.setdefault(folded(text), {}).setdefault(text, entry)
        for ways in seen.values():
            (first, *others) = ways.items()
            yield from (_look_alike(first, other, layout.given[key], source) for other in others)


def _look_alike(first: tuple[str, Entry], other: tuple[str, Entry], column: str, source: str) -> Fault:
    odd = [named(char) for text, _ in (first, other) for char in unusual(text)]
    hidden = f" ({'; '.join(dict.fromkeys(odd))})" if odd else ""
    return Fault(
        f"{other[0]!r} reads like {first[0]!r} in row {first[1].row} but is written otherwise{hidden}",
        "What is the same is written the same way in every row",
        "Copy the one into the other, or make the names differ visibly",
        file=source,
        row=other[1].row,
        study=other[1].texts.get("study") or None,
        column=column,
    )


def missing_cells(contrast: Contrast, source: str) -> Iterator[Fault]:
    """Name the cells that a kind of data, present in either arm, needs in both."""
    for kind in KINDS:
        if not any(arm.has(mark) for arm in contrast.arms for mark in kind.marks):
            continue
        for arm in contrast.arms:
            for need in kind.needs:
                yield from _missing_need(kind, need, arm, contrast.key[-1], source)


def _missing_need(kind: Kind, need: tuple[str, ...], arm: Arm, study: str, source: str) -> Iterator[Fault]:
    if any(arm.has(value) for value in need):
        return
    if kind.name == "counts" and "n" in need and arm.has("nonevents"):
        return
    columns = [arm.columns[value] for value in need if value in arm.columns]
    if columns:
        rule = f"A study with {kind.name} gives them for both arms"
        yield _empty_cell(columns[0], rule, source, arm.row, study)


def _empty_cell(column: str, rule: str, source: str, row: int, study: str | None) -> Fault:
    remedy = "Fill it, or leave the study out"
    return Fault("the cell is empty", rule, remedy, file=source, row=row, study=study or None, column=column)


def no_data(entry: Entry, arms: Iterable[Arm], source: str) -> Fault:
    """Refuse a row that says nothing about an effect."""
    sized = any(arm.has(value) for arm in arms for value in ("n", "person_time"))
    return Fault(
        "there are numbers of participants but neither events nor means"
        if sized
        else "the row has no numbers",
        "A study has events, means with standard deviations, or a ready-made effect",
        "Add them, or remove the row: headings and footnotes do not belong into the table",
        file=source,
        row=entry.row,
        study=entry.texts.get("study") or None,
    )


def said_twice(rows: Sequence[int], source: str) -> Fault:
    """Refuse rows of which it is unclear whether the arms or the ready-made effect count."""
    return Fault(
        f"there are both the data of the arms and a ready-made yi in {row_list(rows)}",
        "A study enters an analysis once",
        "Remove the columns yi, sei and vi (mutau computes them), or the columns of the arms",
        file=source,
        row=rows[0],
    )


def unknown_arm(entry: Entry, word: str, layout: Layout, source: str) -> Fault:
    """Refuse a word in the column `arm` that is none of `ARM_WORDS`."""
    return Fault(
        f"'{word}' names no arm" if word else "the cell is empty",
        "An arm is a treatment or a control arm; what it was given stands in the column 'treatment'",
        f"Write treatment or control here; understood are also {_OTHER_ARM_WORDS}",
        file=source,
        row=entry.row,
        study=entry.texts.get("study") or None,
        column=layout.given["arm"],
    )


def one_armed(study: str, lacking: ArmName, arms: Sequence[Arm], source: str) -> Fault:
    """Refuse a study that has nothing to compare with."""
    return Fault(
        f"there is no {lacking} arm",
        "A study has a treatment arm and a control arm under the same comparison, outcome and timepoint",
        "Add the row, or check how these four columns are spelt in both rows",
        file=source,
        row=arms[0].row,
        study=study or None,
    )


_NAME_ARMS = (
    "Remove one, or name what each arm was given: arm_treatment, arm_control (treatment in a long table)"
)
_ADD_ARM = "Remove one; if each row is an arm of a trial, add a column arm that says treatment or control"


def duplicates(
    contrasts: Sequence[Contrast], estimates: Sequence[Estimate], source: str, *, samples: bool = False
) -> Iterator[Fault]:
    """Find what stands twice; a trial's several controls differ in what the control arm was given."""
    seen: dict[tuple[str, ...], list[Contrast]] = {}
    for contrast in contrasts:
        seen.setdefault((*contrast.key, contrast.treatment.label, contrast.control.label), []).append(
            contrast
        )
    for key, same in seen.items():
        sides = [
            {arm.row for arm in side} for side in zip(*(contrast.arms for contrast in same), strict=True)
        ]
        yield from _duplicate(key, set().union(*(rows for rows in sides if len(rows) > 1)), source)
    ready: dict[tuple[str, ...], set[int]] = {}
    for estimate in estimates:
        ready.setdefault((*estimate.key, *(estimate.labels or ARMS)), set()).add(estimate.row)
    for key, rows in ready.items():
        yield from _duplicate(key, rows, source, _ADD_ARM if samples else _NAME_ARMS)


def _duplicate(
    key: tuple[str, ...], rows: set[int], source: str, remedy: str = _NAME_ARMS
) -> Iterator[Fault]:
    study = key[-3]
    if len(rows) < 2 or not study:
        return
    yield Fault(
        f"{row_list(sorted(rows))} give the same study again",
        "A study stands once under a comparison, outcome and timepoint, unless its arms have other names",
        remedy,
        file=source,
        row=sorted(rows)[1],
        study=study or None,
    )
