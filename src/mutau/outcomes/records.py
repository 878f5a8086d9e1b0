"""The parts of an outcome model: thresholds, certainty, the published result, the zero-cell rule. Pure data."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = [
    "ARMS",
    "CERTAINTIES",
    "DOMAINS",
    "JUDGEMENTS",
    "POOLED",
    "SIZES",
    "Certainty",
    "DomainJudgement",
    "HalvedArm",
    "OtherAnalyses",
    "PublishedResult",
    "Threshold",
    "ZeroCells",
    "is_number",
]

POOLED = "pooled"
"""The word for a likelihood of the pooled result alone: the trials behind it are not known."""

CERTAINTIES = ("high", "moderate", "low", "very low")
"""GRADE's four words. They are the reviewers' judgement; mutau never makes one."""
SIZES = ("small", "moderate", "large")
"""Sizes of an important effect, from the least; an effect short of the first threshold of a size is trivial."""
DOMAINS = ("risk_of_bias", "inconsistency", "indirectness", "imprecision", "publication_bias")
"""GRADE's five domains for rating the certainty of evidence down."""
JUDGEMENTS = (
    "not serious",
    "serious",
    "very serious",
    "extremely serious",
    "undetected",
    "strongly suspected",
)
"""GRADE's words for a domain; the last two are of publication bias."""


@dataclass(frozen=True, slots=True)
class Threshold:
    """An effect that matters in practice.

    Parameters
    ----------
    value : float
        On the natural scale: a risk ratio of 1.25, a standardised mean difference of -0.2. On either side of
        no effect; a probability is given of the effect lying beyond it, further from no effect.
    label : str
        What it stands for, in words: ``"appreciable benefit"``.
    size : {"small", "moderate", "large", ""}
        The size that an effect has from here on, away from no effect, in statements about it; empty for a threshold
        that says nothing of size.
    """

    value: float
    label: str
    size: str = ""


@dataclass(frozen=True, slots=True)
class DomainJudgement:
    """What the reviewers judged of one of GRADE's domains, and why.

    Parameters
    ----------
    domain : str
        One of `DOMAINS`.
    judgement : str
        One of `JUDGEMENTS`.
    reason : str
        Why, in words.
    """

    domain: str
    judgement: str
    reason: str


@dataclass(frozen=True, slots=True)
class Certainty:
    """How certain the evidence of an outcome was rated. It is a judgement of people; mutau never makes one.

    Parameters
    ----------
    rating : {"high", "moderate", "low", "very low"}
        GRADE's word.
    reasons : tuple of str
        Why it was rated down or up, in words: ``"risk of bias: allocation was not concealed"``.
    source : str
        Whose rating it is, or where it is printed; empty for that of whoever wrote the model.
    domains : tuple of DomainJudgement
        What was judged of each domain, for the evidence profile; a domain left out is one of which nothing is known.
    """

    rating: str
    reasons: tuple[str, ...] = ()
    source: str = ""
    domains: tuple[DomainJudgement, ...] = ()


ARMS = ("treatment", "control")
"""The two arms of a study, as the columns of counts call them."""


@dataclass(frozen=True, slots=True)
class HalvedArm:
    """An arm that was entered at half its size, because two comparisons share it.

    Parameters
    ----------
    study : str
        As the table of studies calls it.
    arm : {"treatment", "control"}
        The arm.
    """

    study: str
    arm: str = "treatment"


@dataclass(frozen=True, slots=True)
class OtherAnalyses:
    """Ways to analyse the outcome that only its reviewer knows of, for `mutau.sensitivity` to try beside its own.

    Parameters
    ----------
    data_sets : Path, optional
        Table of every admissible set of studies, with a column ``set``: see `mutau.sensitivities.data_set_choices`.
    exclude : tuple of str
        Columns of the table of studies by whose values studies are left out in turn.
    halved : tuple of HalvedArm
        Arms to be taken whole.
    """

    data_sets: Path | None = None
    exclude: tuple[str, ...] = ("provenance",)
    halved: tuple[HalvedArm, ...] = ()


@dataclass(frozen=True, slots=True)
class PublishedResult:
    """The pooled result that a review printed, to set beside one's own.

    Parameters
    ----------
    estimate, lower, upper : float
        Natural scale, as printed.
    prob : float
        Coverage of the interval.
    k : int, optional
        Number of studies.
    participants : int, optional
        Number of participants.
    certainty : {"high", "moderate", "low", "very low", ""}
        The review's GRADE judgement; empty where it gave none.
    conclusion : str
        What the review concluded, in words.
    source : str
        Where it is printed.
    method : str
        How the review pooled.
    ci_method : {"wald", ""}
        Kind of confidence interval, where only the pooled result is known; Wald is assumed if it is left out.
    tau2_published : float, optional
        The review's tau squared on the analysis scale, likewise; taken as 0 if it is left out.
    decimals : int, optional
        Digits behind the point to which the three numbers were printed, likewise; if it is left out, the most
        that one of them shows.
    """

    estimate: float
    lower: float
    upper: float
    prob: float = 0.95
    k: int | None = None
    participants: int | None = None
    certainty: str = ""
    conclusion: str = ""
    source: str = ""
    method: str = ""
    ci_method: str = ""
    tau2_published: float | None = None
    decimals: int | None = None


_OF_THE_MEASURE: Any = None
"""Stands for "what the measure needs" in a call; what is read from a model is always a number."""


@dataclass(frozen=True, slots=True)
class ZeroCells:
    """What is done with a study that has a cell without events, where a measure is made from counts.

    Parameters
    ----------
    add : float, optional
        Added to the cells of the studies that `to` names; 0 or more. Left out, a model fills in 0.5, or 0 for a
        measure that exists with zero cells.
    to : {"only0", "all", "if0all", "none"}
        metafor's words: studies with a zero cell, all, all if any has one, none.
    """

    add: float = _OF_THE_MEASURE
    to: str = "only0"


def is_number(value: object) -> bool:
    """Say whether a value is a number that a double can hold; true and false are none.

    Examples
    --------
    >>> is_number(1), is_number(float("inf")), is_number(10**400), is_number(True)
    (True, False, False, False)
    """
    most = sys.float_info.max
    return isinstance(value, (int, float)) and not isinstance(value, bool) and -most <= value <= most
