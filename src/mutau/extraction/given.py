"""Numbers as a report prints them: what was given, which numbers are rounded to it, and whether it can be at all."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

import numpy as np

from mutau.errors import ArgumentError, Fault
from mutau.extraction.record import Derived, Source
from mutau.symbols import plain_number

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "ANY",
    "CLUSTER_SIZE",
    "CORRELATION",
    "COUNT",
    "DEGREES",
    "ICC",
    "LEVEL",
    "NOT_NEGATIVE",
    "PERCENT",
    "POSITIVE",
    "PROBABILITY",
    "SIZE",
    "SIZE_2",
    "Check",
    "Given",
    "Printed",
    "chosen",
    "derive",
    "read",
    "undefined",
]

type Printed = float | int | str | Derived
"""A number; the same as text, as the report prints it (its digits say what it was rounded to); or a derived one."""

_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?", re.IGNORECASE)
_MOST_ROUNDED = 14
"""How many rounded numbers a result may have before the ends of all their ranges are too many to try."""


@dataclass(frozen=True, slots=True)
class Check:
    """A rule for a number, in words, and whether a number of this kind is exact as printed.

    Parameters
    ----------
    text : str
        Without a full stop.
    holds : callable
        Takes a finite number.
    remedy : str
        What to do where it is broken.
    exact : bool
        Counts are not rounded when they are printed.
    limit : bool
        Whether ``"<0.001"`` may stand here, which is read as a number that it is below of.
    unit : str
        What may stand behind the number.
    assumed : bool
        Whether a number that is not text is exact, because it is assumed and not printed.
    """

    text: str
    holds: Callable[[float], bool]
    remedy: str
    exact: bool = False
    limit: bool = False
    unit: str = ""
    assumed: bool = False


def _whole(number: float) -> bool:
    return number == math.floor(number)


ANY = Check("A number here is finite", lambda _: True, "Check it against the report")
POSITIVE = Check(
    "It is above 0",
    lambda x: x > 0,
    "Check it against the report; ratios are given as ratios, not as logarithms",
)
NOT_NEGATIVE = Check("It is 0 or more", lambda x: x >= 0, "Check it against the report")
COUNT = Check(
    "A count is a whole number, 0 or more", lambda x: x >= 0 and _whole(x), "Give what was counted", True
)
SIZE = Check("A size is a whole number, 1 or more", lambda x: x >= 1 and _whole(x), "Give participants", True)
SIZE_2 = Check(
    "A standard deviation is of at least 2 participants",
    lambda x: x >= 2 and _whole(x),
    "Give the number of participants analysed",
    True,
)
DEGREES = Check("Degrees of freedom are above 0", lambda x: x > 0, "For two groups they are n - 2", True)
LEVEL = Check(
    "The level is a percentage between 50 and 100",
    lambda x: 50 <= x < 100,
    "Give 95 for 95%",
    exact=True,
    unit="%",
)
PROBABILITY = Check(
    "A two-sided p-value is above 0 and at most 1",
    lambda x: 0 < x <= 1,
    "Write a p-value that is printed as 0.000 as '<0.0005'",
    limit=True,
)
CORRELATION = Check(
    "A correlation lies between -1 and 1, exclusive", lambda x: -1 < x < 1, "Check its sign", assumed=True
)
ICC = Check(
    "An intracluster correlation lies between 0 and 1",
    lambda x: 0 <= x <= 1,
    "Take one from the report, or from similar trials",
    assumed=True,
)
CLUSTER_SIZE = Check(
    "A cluster has 1 participant or more", lambda x: x >= 1, "Divide the participants by the clusters"
)
PERCENT = Check(
    "A percentage of participants lies between 0 and 100",
    lambda x: 0 <= x <= 100,
    "Check what it is of",
    unit="%",
)


@dataclass(frozen=True, slots=True)
class Given:
    """One number as it was given.

    Parameters
    ----------
    value : float
    low, high : float
        The range of numbers that are printed like this; NaN where that is not known.
    text : str
        How the formula shows it.
    origin : Derived, optional
        What it was derived by, if it was.
    below : bool
        Whether only a limit is known that it is below of.
    """

    value: float
    low: float
    high: float
    text: str
    origin: Derived | None = None
    below: bool = False


def read(**wanted: tuple[Printed, Check]) -> dict[str, Given]:
    """Read numbers by their rules.

    Parameters
    ----------
    **wanted
        By the argument's name, what was given and the rule.

    Returns
    -------
    dict of str to Given

    Raises
    ------
    ArgumentError
        With a fault for each that is no number or breaks its rule.
    """
    found: dict[str, Given] = {}
    faults: list[Fault] = []
    for name, (printed, check) in wanted.items():
        try:
            found[name] = _given(name, printed, check)
        except ArgumentError as error:
            faults += error.faults
    if faults:
        raise ArgumentError(faults)
    return found


def _given(name: str, printed: Printed, check: Check) -> Given:
    if isinstance(printed, Derived):
        given = Given(printed.value, printed.lower, printed.upper, f"{printed.value:.6g}", printed)
    elif isinstance(printed, str):
        given = _from_text(name, printed, check)
    else:
        exact = float(printed) if check.exact or check.assumed else math.nan
        given = Given(float(printed), exact, exact, f"{float(printed):.10g}")
    if not math.isfinite(given.value) or not check.holds(given.value):
        raise ArgumentError(Fault(f"{name} is {given.text}", check.text, check.remedy, key=name))
    return given


def _from_text(name: str, printed: str, check: Check) -> Given:
    text = plain_number(printed)[0].removesuffix(check.unit).strip()
    below = check.limit and text.startswith(("<", "≤"))
    digits = text.lstrip("<≤ ") if below else text
    if not _NUMBER.fullmatch(digits):
        remedy = "Give the number as the report prints it, with a decimal point"
        raise ArgumentError(Fault(f"{name} is {printed!r}", "It is a number", remedy, key=name))
    value = float(digits)
    exponent = Decimal(digits).as_tuple().exponent
    half = 0.0 if check.exact or not isinstance(exponent, int) else 0.5 * 10.0**exponent
    if below:
        return Given(value, value, value, text, below=True)
    return Given(value, value - half, value + half, digits)


def chosen(name: str, given: str, allowed: Iterable[str]) -> None:
    """Refuse a choice that is none of those allowed."""
    if given not in tuple(allowed):
        listed = ", ".join(f"'{each}'" for each in allowed)
        raise ArgumentError(Fault(f"{name} is {given!r}", f"It is one of {listed}", "Choose one", key=name))


def derive(
    what: str,
    compute: Callable[..., NDArray[np.float64] | float],
    given: Mapping[str, Given],
    words: str,
    source: Source,
    notes: Iterable[str] = (),
) -> Derived:
    """Compute a number and what rounding leaves open of it, and keep how.

    Parameters
    ----------
    what : str
    compute : callable
        Takes the numbers of `given` by name, as floats or as arrays of one shape.
    given : mapping of str to Given
        What `read` returned.
    words : str
        The formula; ``{name}`` stands for a number as it was given.
    source : Source
    notes : iterable of str

    Returns
    -------
    Derived
        Its range is that of `compute` at the numbers and at all ends of the ranges that they stand for, which is the
        whole range where the formula rises or falls throughout.
    """
    with np.errstate(all="ignore"):
        value = float(compute(**{name: np.float64(each.value) for name, each in given.items()}))
    if not math.isfinite(value):
        return undefined(
            what, source, "It is too large, too small or undefined for these numbers: check them"
        )
    lower, upper = _extent(compute, given, value)
    origins = [each.origin for each in given.values() if each.origin is not None]
    steps = [step for origin in origins for step in (*origin.steps[:-1], _with_value(origin))]
    sources = [each for origin in origins for each in origin.sources]
    kept = [note for origin in origins for note in origin.notes]
    return Derived(
        value,
        what,
        tuple(dict.fromkeys([*steps, words.format(**{name: each.text for name, each in given.items()})])),
        tuple(dict.fromkeys([*sources, source])),
        lower,
        upper,
        tuple(dict.fromkeys([*kept, *notes])),
    )


def undefined(what: str, source: Source, reason: str) -> Derived:
    """Give a number that does not exist, with the reason."""
    return Derived(math.nan, what, (f"{what} does not exist",), (source,), notes=(reason,))


def _with_value(origin: Derived) -> str:
    return f"{origin.steps[-1]} = {origin.value:.6g}"


def _extent(
    compute: Callable[..., NDArray[np.float64] | float], given: Mapping[str, Given], value: float
) -> tuple[float, float]:
    if any(math.isnan(each.low) or math.isnan(each.high) for each in given.values()):
        return math.nan, math.nan
    rounded = [name for name, each in given.items() if each.low < each.high]
    if len(rounded) > _MOST_ROUNDED:
        return math.nan, math.nan
    ends = np.array(list(itertools.product(*((given[name].low, given[name].high) for name in rounded))))
    columns = {name: np.full(len(ends), each.value) for name, each in given.items()}
    columns |= {name: ends[:, place] for place, name in enumerate(rounded)}
    with np.errstate(all="ignore"):
        found = np.append(np.atleast_1d(compute(**columns)), value)
    known = found[np.isfinite(found)]
    return (float(known.min()), float(known.max())) if len(known) else (math.nan, math.nan)
