"""Mean and standard deviation from a median with quartiles or extremes, and whether the data are skewed."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from scipy.special import ndtri

from mutau.errors import ArgumentError, Fault
from mutau.extraction.given import ANY, SIZE, Given, Printed, chosen, derive, read, undefined
from mutau.extraction.record import Derived, Source
from mutau.extraction.sources import (
    LUO_7,
    LUO_11,
    LUO_15,
    SHI_SD,
    SHI_SKEWNESS,
    WAN,
    WAN_9,
    WAN_16,
)

__all__ = ["SkewnessTest", "mean_from_quantiles", "sd_from_quantiles", "skewness_test"]

_ORDER = ("minimum", "q1", "median", "q3", "maximum")
_RULE = "Known are the median with its quartiles, with minimum and maximum, or with all four"
_FEWEST = 5
"""Participants from which on the estimators are defined (as in metafor)."""


@dataclass(frozen=True, slots=True)
class SkewnessTest:
    """Whether five numbers, or three of them, look like those of a skewed distribution.

    Parameters
    ----------
    statistic, critical : float
        Skewness is found where the statistic is at least the critical value (5% level, normal distribution).
    scenario : {"S1", "S2", "S3"}
        S1: median with extremes; S2: with quartiles; S3: with both.
    source : Source
    """

    statistic: float
    critical: float
    scenario: Literal["S1", "S2", "S3"]
    source: Source = SHI_SKEWNESS

    @property
    def skewed(self) -> bool:
        """Whether the test finds skewness."""
        return self.statistic >= self.critical

    def __str__(self) -> str:
        found = "finds" if self.skewed else "does not find"
        sign = "at least" if self.skewed else "below"
        return (
            f"The test of Shi et al. (2023) {found} skewness: {self.statistic:.3g} is {sign} its critical value "
            f"{self.critical:.3g}"
        )


@dataclass(frozen=True, slots=True)
class _Way:
    """A formula: the numbers it needs, how it is computed and written, and where it is from."""

    needs: str
    compute: Callable[..., Any]
    words: str
    source: Source


def _xi(n: Any) -> Any:
    """Expected range of n standard normals, Blom's approximation."""
    return 2 * ndtri((n - 0.375) / (n + 0.25))


def _eta(n: Any) -> Any:
    """Expected interquartile range of n standard normals, by the same."""
    return 2 * ndtri((0.75 * n - 0.125) / (n + 0.25))


def _luo_1(n: Any, minimum: Any, median: Any, maximum: Any) -> Any:
    w = 4 / (4 + n**0.75)
    return w * (minimum + maximum) / 2 + (1 - w) * median


def _luo_2(n: Any, q1: Any, median: Any, q3: Any) -> Any:
    w = 0.7 + 0.39 / n
    return w * (q1 + q3) / 2 + (1 - w) * median


def _luo_3(n: Any, minimum: Any, q1: Any, median: Any, q3: Any, maximum: Any) -> Any:
    w1, w2 = 2.2 / (2.2 + n**0.75), 0.7 - 0.72 / n**0.55
    return w1 * (minimum + maximum) / 2 + w2 * (q1 + q3) / 2 + (1 - w1 - w2) * median


def _shi(n: Any, minimum: Any, q1: Any, q3: Any, maximum: Any) -> Any:
    w = 1 / (1 + 0.07 * n**0.6)
    return w * (maximum - minimum) / _xi(n) + (1 - w) * (q3 - q1) / _eta(n)


def _wan_3(n: Any, minimum: Any, q1: Any, q3: Any, maximum: Any) -> Any:
    return ((maximum - minimum) / _xi(n) + (q3 - q1) / _eta(n)) / 2


_MID = "({minimum} + {maximum})/2"
_MID_QUARTILE = "({q1} + {q3})/2"
_MEANS: Mapping[tuple[str, str], _Way] = {
    ("luo", "S1"): _Way(
        "n minimum median maximum",
        _luo_1,
        f"mean = w × mid-range + (1 − w) × median = w × {_MID} + (1 − w) × {{median}}, w = 4/(4 + {{n}}^0.75)",
        LUO_7,
    ),
    ("luo", "S2"): _Way(
        "n q1 median q3",
        _luo_2,
        f"mean = w × mid-quartile + (1 − w) × median = w × {_MID_QUARTILE} + (1 − w) × {{median}}, "
        "w = 0.7 + 0.39/{n}",
        LUO_11,
    ),
    ("luo", "S3"): _Way(
        "n minimum q1 median q3 maximum",
        _luo_3,
        f"mean = w₁ × mid-range + w₂ × mid-quartile + (1 − w₁ − w₂) × median = w₁ × {_MID} + w₂ × {_MID_QUARTILE} + "
        "(1 − w₁ − w₂) × {median}, w₁ = 2.2/(2.2 + {n}^0.75), w₂ = 0.7 − 0.72/{n}^0.55",
        LUO_15,
    ),
    ("wan", "S1"): _Way(
        "minimum median maximum",
        lambda minimum, median, maximum: (minimum + 2 * median + maximum) / 4,
        "mean = (minimum + 2 median + maximum) / 4 = ({minimum} + 2 × {median} + {maximum}) / 4",
        WAN,
    ),
    ("wan", "S2"): _Way(
        "q1 median q3",
        lambda q1, median, q3: (q1 + median + q3) / 3,
        "mean = (q1 + median + q3) / 3 = ({q1} + {median} + {q3}) / 3",
        WAN,
    ),
    ("wan", "S3"): _Way(
        "minimum q1 median q3 maximum",
        lambda minimum, q1, median, q3, maximum: (minimum + 2 * (q1 + median + q3) + maximum) / 8,
        "mean = (minimum + 2 q1 + 2 median + 2 q3 + maximum) / 8 = ({minimum} + 2 × {q1} + 2 × {median} + 2 × {q3} + "
        "{maximum}) / 8",
        WAN,
    ),
}
_SD_1 = _Way(
    "n minimum maximum",
    lambda n, minimum, maximum: (maximum - minimum) / _xi(n),
    "SD = range / 2Φ⁻¹((n − 0.375)/(n + 0.25)) = ({maximum} − {minimum}) / {xi}",
    WAN_9,
)
_SD_2 = _Way(
    "n q1 q3",
    lambda n, q1, q3: (q3 - q1) / _eta(n),
    "SD = IQR / 2Φ⁻¹((0.75n − 0.125)/(n + 0.25)) = ({q3} − {q1}) / {eta}",
    WAN_16,
)
_BOTH = "({maximum} − {minimum}) / {xi}", "({q3} − {q1}) / {eta}"
_SDS: Mapping[tuple[str, str], _Way] = {
    ("shi", "S1"): _SD_1,
    ("shi", "S2"): _SD_2,
    ("shi", "S3"): _Way(
        "n minimum q1 q3 maximum",
        _shi,
        f"SD = w × range/ξ + (1 − w) × IQR/η = w × {_BOTH[0]} + (1 − w) × {_BOTH[1]}, w = 1/(1 + 0.07 × {{n}}^0.6)",
        SHI_SD,
    ),
    ("wan", "S1"): _SD_1,
    ("wan", "S2"): _SD_2,
    ("wan", "S3"): _Way(
        "n minimum q1 q3 maximum", _wan_3, f"SD = (range/ξ + IQR/η) / 2 = ({_BOTH[0]} + {_BOTH[1]}) / 2", WAN
    ),
}


def skewness_test(
    n: Printed,
    *,
    median: Printed,
    q1: Printed | None = None,
    q3: Printed | None = None,
    minimum: Printed | None = None,
    maximum: Printed | None = None,
) -> SkewnessTest:
    """Test whether quantiles are those of a skewed distribution.

    Parameters
    ----------
    n : int or str
        Participants in the group; with fewer than 5 the estimate is NaN with a note.
    median, q1, q3, minimum, maximum : float or str
        The median with the quartiles, with the extremes, or with both.

    Returns
    -------
    SkewnessTest

    Raises
    ------
    ArgumentError
        Numbers out of order, lacking or no numbers, fewer than 5 participants, no spread.

    Notes
    -----
    Of the distances from the median, S1: ``|min + max - 2 median| / (max - min)`` against ``1 / ln(n + 9) + 2.5 /
    (n + 1)``; S2: ``|q1 + q3 - 2 median| / (q3 - q1)`` against ``2.65 / sqrt(n) - 6 / n^2``; S3: the larger of the
    second and ``2.65 ln(0.6 n) / sqrt(n)`` times the first against ``3 / sqrt(n) - 40 / n^3``. Level 5%. Not finding
    skewness in a small group is no evidence that there is none.

    References
    ----------
    Shi J, Luo D, Wan X, Liu Y, Liu J, Bian Z, Tong T (2023). Detecting the skewness of data from the five-number
    summary and its application in meta-analysis. Statistical Methods in Medical Research 32:1338-1360.
    doi:10.1177/09622802231172043

    Examples
    --------
    >>> print(skewness_test(20, minimum=2, q1=4, median=6, q3=14, maximum=20))
    The test of Shi et al. (2023) finds skewness: 0.818 is at least its critical value 0.666
    """
    given, scenario = _numbers(n, median, q1, q3, minimum, maximum)
    reason = _impossible(given)
    if reason:
        raise ArgumentError(Fault(reason, "The test needs quantiles that differ", "Leave it", key="n"))
    return _tested({name: each.value for name, each in given.items()}, scenario)


def _tested(x: Mapping[str, float], scenario: Literal["S1", "S2", "S3"]) -> SkewnessTest:
    n, root = x["n"], float(np.sqrt(x["n"]))
    outer = inner = 0.0
    if scenario != "S2":
        outer = abs(x["minimum"] + x["maximum"] - 2 * x["median"]) / (x["maximum"] - x["minimum"])
    if scenario != "S1":
        inner = abs(x["q1"] + x["q3"] - 2 * x["median"]) / (x["q3"] - x["q1"])
    if scenario == "S1":
        return SkewnessTest(outer, float(1 / np.log(n + 9) + 2.5 / (n + 1)), scenario)
    if scenario == "S2":
        return SkewnessTest(inner, 2.65 / root - 6 / n**2, scenario)
    return SkewnessTest(
        max(float(2.65 * np.log(0.6 * n) / root) * outer, inner), 3 / root - 40 / n**3, scenario
    )


def mean_from_quantiles(
    n: Printed,
    *,
    median: Printed,
    q1: Printed | None = None,
    q3: Printed | None = None,
    minimum: Printed | None = None,
    maximum: Printed | None = None,
    method: Literal["luo", "wan"] = "luo",
) -> Derived:
    """Estimate a mean from the median with quartiles, with extremes, or with both.

    Parameters
    ----------
    n : int or str
        Participants in the group; with fewer than 5 the estimate is NaN with a note.
    median, q1, q3, minimum, maximum : float or str
        In the outcome's unit.
    method : {"luo", "wan"}
        Luo et al. weigh by the number of participants; Wan et al. do not.

    Returns
    -------
    Derived
        In the outcome's unit. A note says whether the data look skewed; then the estimate should not be relied on.

    Raises
    ------
    ArgumentError
        Numbers out of order, lacking or no numbers, an unknown method.

    References
    ----------
    Luo D, Wan X, Liu J, Tong T (2018). Statistical Methods in Medical Research 27:1785-1805, equations 7, 11 and 15.
    doi:10.1177/0962280216669183. Wan X, Wang W, Liu J, Tong T (2014). BMC Medical Research Methodology 14:135.
    doi:10.1186/1471-2288-14-135

    Examples
    --------
    >>> mean_from_quantiles(20, q1=4, median=6, q3=10).value.__round__(4)
    6.7195
    """
    chosen("method", method, ("luo", "wan"))
    given, scenario = _numbers(n, median, q1, q3, minimum, maximum)
    return _estimated("mean", _MEANS[method, scenario], given, scenario)


def sd_from_quantiles(
    n: Printed,
    *,
    median: Printed,
    q1: Printed | None = None,
    q3: Printed | None = None,
    minimum: Printed | None = None,
    maximum: Printed | None = None,
    method: Literal["shi", "wan"] = "shi",
) -> Derived:
    """Estimate a standard deviation from the median with quartiles, with extremes, or with both.

    Parameters
    ----------
    n : int or str
        Participants in the group; with fewer than 5 the estimate is NaN with a note.
    median, q1, q3, minimum, maximum : float or str
        In the outcome's unit. The median serves to test for skewness only.
    method : {"shi", "wan"}
        How range and quartiles are weighed where both are known: by the number of participants (Shi et al.), or alike
        (Wan et al.). Of one of the two both are Wan et al.

    Returns
    -------
    Derived
        In the outcome's unit. A note says whether the data look skewed; then the estimate should not be relied on.

    Raises
    ------
    ArgumentError
        Numbers out of order, lacking or no numbers, an unknown method.

    References
    ----------
    Wan X, Wang W, Liu J, Tong T (2014). BMC Medical Research Methodology 14:135, equations 9 and 16.
    doi:10.1186/1471-2288-14-135. Shi J, Luo D, Weng H, Zeng XT, Lin L, Chu H, Tong T (2020). Research Synthesis
    Methods 11:641-654, equation 10. doi:10.1002/jrsm.1429

    Examples
    --------
    >>> sd_from_quantiles(20, q1=4, median=6, q3=10).value.__round__(4)
    4.7871
    """
    chosen("method", method, ("shi", "wan"))
    given, scenario = _numbers(n, median, q1, q3, minimum, maximum)
    return _estimated("SD", _SDS[method, scenario], given, scenario)


def _estimated(
    what: str, way: _Way, given: Mapping[str, Given], scenario: Literal["S1", "S2", "S3"]
) -> Derived:
    reason = _impossible(given)
    if reason:
        return undefined(what, way.source, reason)
    test = _tested({name: each.value for name, each in given.items()}, scenario)
    n = given["n"].value
    words = way.words.replace("{xi}", f"{_xi(n):.6g}").replace("{eta}", f"{_eta(n):.6g}")
    notes = [f"{test}{'. The estimate assumes that there is none: do not rely on it' if test.skewed else ''}"]
    notes.append(
        "It is an estimate, less precise than a printed one; standard errors made from it do not show that"
    )
    return derive(
        what, way.compute, {name: given[name] for name in way.needs.split()}, words, way.source, notes
    )


def _impossible(given: Mapping[str, Given]) -> str:
    """Say why nothing can be estimated from these quantiles; empty where it can."""
    if given["n"].value < _FEWEST:
        return f"It takes {_FEWEST} participants to estimate it from quantiles, there are {given['n'].text}"
    for low, high in (("minimum", "maximum"), ("q1", "q3")):
        if low in given and high in given and given[low].value == given[high].value:
            return f"{low} and {high} are both {given[low].text}: look for more digits, or ask the authors"
    return ""


def _numbers(
    n: Printed,
    median: Printed,
    q1: Printed | None,
    q3: Printed | None,
    minimum: Printed | None,
    maximum: Printed | None,
) -> tuple[dict[str, Given], Literal["S1", "S2", "S3"]]:
    all_given = {"minimum": minimum, "q1": q1, "median": median, "q3": q3, "maximum": maximum}
    known = {name: (value, ANY) for name, value in all_given.items() if value is not None}
    given = read(n=(n, SIZE), **known)
    extremes, quartiles = {"minimum", "maximum"} <= set(known), {"q1", "q3"} <= set(known)
    faults = []
    if len(known) != 1 + 2 * extremes + 2 * quartiles or len(known) == 1:
        listed = ", ".join(known)
        faults.append(Fault(f"only {listed} given", _RULE, "Give both of a pair, or neither", key="median"))
    present = [name for name in _ORDER if name in given]
    faults += [
        Fault(
            f"{one} {given[one].text} is above {other} {given[other].text}",
            "Quantiles rise from the minimum to the maximum",
            "Check whether two were exchanged; of an interquartile range the two quartiles are needed",
            key=other,
        )
        for one, other in itertools.pairwise(present)
        if given[one].value > given[other].value
    ]
    if faults:
        raise ArgumentError(faults)
    return given, "S3" if extremes and quartiles else "S1" if extremes else "S2"
