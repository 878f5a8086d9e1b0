"""The shape of a model file and of review.toml: which keys there are and what type each has.

What the values mean is checked by `mutau.outcomes.checks`, for files and for Python alike.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Discriminator, Tag, ValidationError

from mutau.errors import Fault, nearest

__all__ = ["ModelFile", "ReviewFile", "Structure", "checked_structure", "spelt"]


class _Table(BaseModel):
    """A TOML table: no unknown keys, no silent conversion. Whether a key is needed is asked later."""

    model_config = ConfigDict(extra="forbid", strict=True)


class _PriorTable(_Table):
    """A prior that is named or stated; which keys belong together is asked in `mutau.outcomes.stated`."""

    published: str | None = None
    across_scales: bool | None = None
    elicited: str | None = None
    most_likely: float | None = None
    median: float | None = None
    above: float | None = None
    below: float | None = None
    between: list[float] | None = None
    sure: float | None = None
    df: float | None = None
    sceptical: float | None = None
    neutral: float | None = None
    enthusiastic: float | None = None
    pessimistic: float | None = None
    probability: float | None = None
    unit_information: float | None = None
    mean: float | None = None
    baseline_risk: float | None = None
    reference_sd: float | None = None
    measure: str | None = None
    scale: str | None = None


_TEXT, _TABLE = "<text>", "<table>"  # what pydantic puts into a place for the two forms of a prior
type _Prior = Annotated[
    Annotated[str, Tag(_TEXT)] | Annotated[_PriorTable, Tag(_TABLE)],
    Discriminator(lambda given: _TABLE if isinstance(given, dict) else _TEXT),
]


class _Alternative(_Table):
    label: str | None = None
    prior: _Prior | None = None


class _Priors(_Table):
    mu: _Prior | None = None
    tau: _Prior | None = None
    tau_alternatives: list[_Alternative] | None = None


class _Threshold(_Table):
    value: float | None = None
    label: str | None = None
    size: str | None = None


class _Published(_Table):
    estimate: float | None = None
    lower: float | None = None
    upper: float | None = None
    prob: float | None = None
    k: int | None = None
    participants: int | None = None
    certainty: str | None = None
    conclusion: str | None = None
    source: str | None = None
    method: str | None = None
    ci_method: str | None = None
    tau2_published: float | None = None
    decimals: int | None = None


class _Judgement(_Table):
    judgement: str | None = None
    reason: str | None = None


class _Domains(_Table):
    risk_of_bias: _Judgement | None = None
    inconsistency: _Judgement | None = None
    indirectness: _Judgement | None = None
    imprecision: _Judgement | None = None
    publication_bias: _Judgement | None = None


class _Certainty(_Table):
    rating: str | None = None
    reasons: list[str] | None = None
    source: str | None = None
    domains: _Domains | None = None


class _Halved(_Table):
    study: str | None = None
    arm: str | None = None


class _Sensitivity(_Table):
    data_sets: str | None = None
    exclude: list[str] | None = None
    halved: list[_Halved] | None = None


class _ZeroCells(_Table):
    add: float | None = None
    to: str | None = None


class _Loss(_Table):
    kind: str | None = None
    worthwhile: float | None = None
    use: float | None = None
    withhold: float | None = None
    source: str | None = None


class _Baseline(_Table):
    risk: float | None = None
    beta: list[float] | None = None
    logit_normal: list[float] | None = None
    quantiles: list[list[float]] | None = None
    family: str | None = None
    learnt: str | None = None
    source: str | None = None


class _Instrument(_Table):
    name: str | None = None
    sd: float | None = None
    source: str | None = None


class _Decision(_Table):
    level: float | None = None
    next_trial_sizes: list[float] | None = None
    loss: _Loss | None = None
    baselines: list[_Baseline] | None = None
    instrument: _Instrument | None = None


class _Shared(_Table):
    data: str | None = None
    where: dict[str, Any] | None = None
    comparison: str | None = None
    timepoint: str | None = None
    measure: str | None = None
    likelihood: str | None = None
    baseline_sd: float | None = None
    effects_df: float | None = None
    benefit: str | None = None
    compared_with: float | None = None
    treatment_label: str | None = None
    control_label: str | None = None
    outcome_label: str | None = None
    priors: _Priors | None = None
    thresholds: list[_Threshold] | None = None
    certainty: _Certainty | None = None
    published: _Published | None = None
    sensitivity: _Sensitivity | None = None
    decision: _Decision | None = None
    zero_cells: _ZeroCells | None = None
    smd_variance: str | None = None
    reference_sd: float | None = None
    provenance_note: str | None = None


class ModelFile(_Shared):
    """One outcome model."""

    title: str | None = None


class ReviewFile(_Shared):
    """What is true of the review, and any key of a model that its models share."""

    title: str | None = None
    citation: str | None = None
    note: str | None = None
    order: list[str] | None = None


type Structure = dict[str, Any]
type _Place = tuple[int | str, ...]

_TYPES = {
    "string_type": ("text", 'Put it in double quotes: "..."'),
    "float_type": ("a number", "Write it without quotes"),
    "bool_type": ("true or false", "Write true, without quotes"),
    "int_type": ("a whole number", "Write it without quotes and without a point"),
    "int_from_float": ("a whole number", "Write it without a point"),
    "dict_type": ("a table", "Write it as { key = value } or under a heading in square brackets"),
    "model_type": ("a table", "Write it as { key = value } or under a heading in square brackets"),
    "list_type": ("a list", "Write it as [ ... ], or each entry under a heading in double square brackets"),
}
_SECTIONS: Mapping[tuple[str, ...], type[_Table]] = {
    ("priors",): _Priors,
    ("priors", "mu"): _PriorTable,
    ("priors", "tau"): _PriorTable,
    ("priors", "tau_alternatives"): _Alternative,
    ("priors", "tau_alternatives", "prior"): _PriorTable,
    ("thresholds",): _Threshold,
    ("certainty",): _Certainty,
    ("certainty", "domains"): _Domains,
    **{("certainty", "domains", name): _Judgement for name in _Domains.model_fields},
    ("published",): _Published,
    ("sensitivity",): _Sensitivity,
    ("sensitivity", "halved"): _Halved,
    ("decision",): _Decision,
    ("decision", "loss"): _Loss,
    ("decision", "baselines"): _Baseline,
    ("decision", "instrument"): _Instrument,
    ("zero_cells",): _ZeroCells,
}


def checked_structure(content: Structure, schema: type[_Table], file: str) -> tuple[Structure, list[Fault]]:
    """Check keys and types of a file.

    Parameters
    ----------
    content : dict
        As TOML is read.
    schema : type
        `ModelFile` or `ReviewFile`.
    file : str
        The file's name for messages.

    Returns
    -------
    content : dict
        Without what is wrong, so that the rest can be checked further.
    faults : list of Fault
        Unknown keys with the nearest known one, and values of a wrong type.
    """
    large = list(_too_large(content, ()))
    if large:
        rule, remedy = (
            "A whole number in TOML has at most 19 digits",
            "Check it, or write it with a decimal point",
        )
        faults = [
            Fault("the number has too many digits", rule, remedy, file=file, key=spelt(place))
            for place in large
        ]
        kept, others = checked_structure(_without(content, large), schema, file)
        return kept, [*faults, *others]
    try:
        schema.model_validate(content)
    except ValidationError as error:
        problems = error.errors(include_url=False)
        places = [
            tuple(part for part in problem["loc"] if part not in (_TEXT, _TABLE)) for problem in problems
        ]
        faults = [
            _fault(problem["type"], place, problem["input"], schema, file)
            for problem, place in zip(problems, places, strict=True)
        ]
        return _without(content, places), faults
    return content, []


def _too_large(value: Any, place: _Place) -> Iterator[_Place]:
    """Find whole numbers beyond 64 bits, which TOML does not have and no double holds exactly."""
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        yield place
    elif isinstance(value, (dict, list)):
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _too_large(item, (*place, key))


def spelt(place: _Place) -> str:
    """Spell a place in a file as a dotted key, entries of lists counted from 1: ``"thresholds[1].value"``."""
    parts = [f"[{part + 1}]" if isinstance(part, int) else f".{part}" for part in place]
    return "".join(parts).removeprefix(".")


def _fault(kind: str, place: _Place, given: object, schema: type[_Table], file: str) -> Fault:
    if kind == "extra_forbidden":
        section = tuple(part for part in place[:-1] if isinstance(part, str))
        keys = tuple(_SECTIONS.get(section, schema).model_fields)
        where = f"The table '{'.'.join(section)}'" if section else "The file"
        what, rule = f"there is no key '{place[-1]}'", f"{where} has known keys only"
        remedy = _elsewhere(str(place[-1]), schema, inside=bool(section)) or nearest(str(place[-1]), keys)
        return Fault(what, rule, remedy, file=file, key=spelt(place))
    wanted, remedy = _TYPES.get(kind, ("of another type", "See a shipped model for an example"))
    remedy = _remedy_for(kind, place, given) or remedy
    return Fault(
        f"{_shown(given)} will not do", f"The value is {wanted}", remedy, file=file, key=spelt(place)
    )


def _elsewhere(key: str, schema: type[_Table], *, inside: bool) -> str:
    """Say where a key belongs that is known elsewhere; nothing if it is known nowhere."""
    if inside and key in schema.model_fields:
        return f"Move '{key}' to the top of the file, above the first heading in square brackets"
    if key in ReviewFile.model_fields:
        return "Move it to review.toml"
    stem, _, tail = key.rpartition("_")
    if tail == "prior" and stem in _Priors.model_fields:
        return f"Write it as {stem} under the heading [priors]"
    homes = [".".join(section) for section, table in _SECTIONS.items() if key in table.model_fields]
    return f"Write it under '{homes[0]}'" if homes and not inside else ""


def _remedy_for(kind: str, place: _Place, given: object) -> str:
    """Give the remedy that is better than that of the type alone; nothing if there is none."""
    if kind == "string_type" and place[0] == "priors" and place[-1] in ("mu", "tau", "prior"):
        return 'Write a prior as text, such as "HalfNormal(0.5)", or as { published = "..." }'
    if kind == "string_type" and isinstance(given, list):
        return "Give one value; what else is asked belongs into another model file"
    if kind == "list_type" and isinstance(given, dict):
        return f"Write the heading in double square brackets: [[{spelt(place)}]]"
    if kind == "float_type" and isinstance(given, str) and given.strip().endswith("%"):
        return "Write a proportion without quotes and percent sign: 0.95 for 95%"
    return ""


def _shown(given: object) -> str:
    """Write a value as TOML has it, lists and tables as such."""
    if isinstance(given, bool):
        return str(given).lower()
    if isinstance(given, (list, dict)):
        return "a list" if isinstance(given, list) else "a table"
    return repr(given) if isinstance(given, (str, int, float)) else str(given)


def _without(content: Structure, places: list[_Place]) -> Structure:
    """Copy the content without what stands at these places; a whole list entry becomes an empty table."""
    wrong = set(places)

    def copy(value: Any, place: _Place) -> Any:
        if isinstance(value, dict):
            return {
                key: copy(item, (*place, key)) for key, item in value.items() if (*place, key) not in wrong
            }
        if isinstance(value, list):
            entries = ((*place, position) for position in range(len(value)))
            return [{} if spot in wrong else copy(value[int(spot[-1])], spot) for spot in entries]
        return value

    return dict(copy(content, ()))
