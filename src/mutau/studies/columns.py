"""What the columns of a study table are: one record per column, so that a rule is read, not searched for.

Three shapes of table are read. A **wide** one has a row per study with both arms side by side, a **long** one
a row per study and arm, an **estimates** one a row per study with a ready-made effect and its standard error.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

__all__ = [
    "ANY_NUMBER",
    "ARMS",
    "ARM_VALUES",
    "ARM_WORDS",
    "COUNT",
    "DERIVED",
    "ESTIMATE_COLUMNS",
    "KEYS",
    "KINDS",
    "LONG_COLUMNS",
    "NOT_STATED",
    "OWN_COLUMNS",
    "POSITIVE_SD",
    "POSITIVE_TIME",
    "REMARKS",
    "WIDE_COLUMNS",
    "ArmName",
    "Column",
    "Kind",
    "Rule",
    "normalised",
    "wide_name",
]

type ArmName = Literal["treatment", "control"]

ARMS: tuple[ArmName, ArmName] = ("treatment", "control")

ARM_WORDS: dict[str, ArmName] = {
    "treatment": "treatment",
    "experimental": "treatment",
    "intervention": "treatment",
    "control": "control",
    "comparator": "control",
    "comparison": "control",
}
"""What the `arm` column of a long table may say, and what it then means."""

DERIVED = "derived"
"""A column, carried along, that names the cells of its row that are derived, not reported, parted by semicolons."""

NOT_STATED = "not stated"
"""What `provenance` says where the table does not say where its numbers come from."""

OWN_COLUMNS = ("contrast", "row")
"""Columns that mutau numbers itself; what a table brings under these names is numbered anew."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule that a number must keep.

    Parameters
    ----------
    text : str
        The rule as a message says it, without a full stop.
    holds : callable
        Takes the (finite) number; True where the rule is kept.
    remedy : str
        What to do where it is not.
    """

    text: str
    holds: Callable[[float], bool] = field(compare=False)
    remedy: str


@dataclass(frozen=True, slots=True)
class Column:
    """A column that mutau knows.

    Parameters
    ----------
    name : str
        The name used inside mutau.
    meaning : str
        What a cell holds, with its unit.
    rule : Rule, optional
        The rule of a numeric column; None for text.
    aliases : tuple of str
        Other names it is recognised by, as `normalised` writes them: metafor's, RevMan's, those of R's meta.
    """

    name: str
    meaning: str
    rule: Rule | None = None
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of outcome data that an arm can hold.

    Parameters
    ----------
    name : str
        ``"counts"`` or ``"means"``.
    marks : tuple of str
        A filled cell in one of these, in either arm, says that the study has this kind of data.
    needs : tuple of tuple of str
        What each arm then has to give; of each inner tuple at least one.
    """

    name: str
    marks: tuple[str, ...]
    needs: tuple[tuple[str, ...], ...]


_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]")


def normalised(name: str) -> str:
    """Write a column's name as aliases are compared: lower case, one underscore for all but letters and digits.

    Characters that Unicode calls the same (full-width letters, no-break spaces, invisible ones) count as what
    they are the same as; letters of another script stay themselves.

    Examples
    --------
    >>> normalised("Experimental cases")
    'experimental_cases'
    >>> normalised(" event.e ")
    'event_e'
    """
    if not name.isascii():
        name = _INVISIBLE.sub("", unicodedata.normalize("NFKC", name))
    return re.sub(r"[\W_]+", "_", name.casefold()).strip("_")


def _is_whole(number: float) -> bool:
    return math.floor(number) == number


COUNT = Rule(
    "A count is a whole number, 0 or more",
    lambda number: number >= 0 and _is_whole(number),
    "Give what was counted, not a percentage or a rate; where a code such as -9 means missing, leave the cell empty",
)
SIZE = Rule(
    "The size of an arm is a whole number, 1 or more",
    lambda number: number >= 1 and _is_whole(number),
    "Give the number of participants analysed in the arm, or leave the study out",
)
POSITIVE_SD = Rule(
    "A standard deviation is above 0",
    lambda number: number > 0,
    "Check the report; where 0 or -9 means missing, leave the cell empty",
)
POSITIVE_SE = Rule(
    "A standard error is above 0",
    lambda number: number > 0,
    "Check that it is a standard error on the analysis scale (log for ratios)",
)
POSITIVE_VARIANCE = Rule(
    "A sampling variance is above 0",
    lambda number: number > 0,
    "Check that it is the squared standard error on the analysis scale (log for ratios)",
)
POSITIVE_TIME = Rule(
    "Person-time is above 0",
    lambda number: number > 0,
    "Give the total time at risk in the arm, in one unit for the whole table",
)
ANY_NUMBER = Rule("A number here is finite", lambda _: True, "Give a finite number")

KEYS = (
    Column("comparison", "what is compared with what, in words", aliases=("comparison_name",)),
    Column("outcome", "what was measured, in words", aliases=("outcome_name", "analysis_name")),
    Column("timepoint", "when it was measured, in words", aliases=("time_point", "follow_up")),
    Column(
        "study",
        "the study's name, as a forest plot shows it",
        aliases=("study_name", "study_label", "studlab", "slab", "study_id", "trial"),
    ),
)
"""What a row is about; together with the names of the two arms they identify a contrast."""

REMARKS = (
    Column("provenance", "where the numbers come from, in words", aliases=("data_source",)),
    Column("note", "anything a reader must know", aliases=("notes", "footnotes", "comment", "comments")),
)

ARM_VALUES = (
    Column("events", "participants with the event (or events, where person-time is given)", COUNT),
    Column("nonevents", "participants without the event", COUNT),
    Column("n", "participants analysed", SIZE),
    Column("mean", "mean of the outcome, in the outcome's unit", ANY_NUMBER),
    Column("sd", "standard deviation of the outcome, in the outcome's unit", POSITIVE_SD),
    Column("person_time", "total time at risk, in one unit for the whole table", POSITIVE_TIME),
)
"""What is known of an arm; one unit for the whole table."""

_RULES = {column.name: column for column in ARM_VALUES}
_WIDE_STEM = {"person_time": "time"}

_WIDE_ALIASES = {
    "events_treatment": ("ai", "x1i", "tpos", "event_e", "experimental_cases", "experimental_events"),
    "events_control": ("ci", "x2i", "cpos", "event_c", "control_cases", "control_events"),
    "nonevents_treatment": ("bi", "tneg"),
    "nonevents_control": ("di", "cneg"),
    "n_treatment": ("n1i", "n_e", "experimental_n", "experimental_total"),
    "n_control": ("n2i", "n_c", "control_total"),
    "mean_treatment": ("m1i", "mean_e", "experimental_mean"),
    "mean_control": ("m2i", "mean_c", "control_mean"),
    "sd_treatment": ("sd1i", "sd_e", "experimental_sd"),
    "sd_control": ("sd2i", "sd_c", "control_sd"),
    "time_treatment": ("t1i", "time_e", "person_time_treatment", "experimental_person_time"),
    "time_control": ("t2i", "time_c", "person_time_control", "control_person_time"),
}
# RevMan's "Control N" is `control_n` once normalised; the two words change places in mutau's own name.
_WIDE_ALIASES["n_control"] += ("control_n",)

_LONG_ALIASES = {
    "events": ("event", "cases", "xi"),
    "n": ("ni", "total"),
    "mean": ("mi",),
    "sd": ("sdi",),
    "person_time": ("ti", "time"),
}


def wide_name(value: str, arm: ArmName) -> str:
    """Name the column of the wide table that holds `value` of `arm`.

    Examples
    --------
    >>> wide_name("events", "control")
    'events_control'
    >>> wide_name("person_time", "treatment")
    'time_treatment'
    """
    return f"{_WIDE_STEM.get(value, value)}_{arm}"


def _wide_value(value: Column, arm: ArmName) -> Column:
    name = wide_name(value.name, arm)
    return Column(name, f"{value.meaning}, {arm} arm", value.rule, _WIDE_ALIASES[name])


WIDE_COLUMNS = (
    *KEYS,
    Column("arm_treatment", "name of the intervention", aliases=("treatment", "label_e")),
    Column("arm_control", "name of what it is compared with", aliases=("control", "label_c")),
    *(_wide_value(value, arm) for value in ARM_VALUES for arm in ARMS),
    *REMARKS,
)

LONG_COLUMNS = (
    *KEYS,
    Column("contrast", "which arms belong side by side, where a trial has more than two"),
    Column("arm", "treatment or control", aliases=("group",)),
    Column("treatment", "name of what the arm was given", aliases=("intervention", "arm_name", "arm_label")),
    *(Column(v.name, v.meaning, v.rule, _LONG_ALIASES.get(v.name, ())) for v in ARM_VALUES),
    *REMARKS,
)

ESTIMATE_COLUMNS = (
    Column("yi", "effect on the analysis scale (log for ratios)", ANY_NUMBER, ("te", "giv_mean")),
    Column("sei", "the effect's standard error, on the same scale", POSITIVE_SE, ("sete", "giv_se", "se")),
    Column("vi", "the effect's sampling variance, the square of sei", POSITIVE_VARIANCE),
)

KINDS = (
    Kind("counts", marks=("events", "nonevents"), needs=(("events",), ("n", "person_time"))),
    Kind("means", marks=("mean", "sd"), needs=(("mean",), ("sd",), ("n",))),
)
