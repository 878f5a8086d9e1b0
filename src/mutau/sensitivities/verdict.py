"""A verdict in words: what the answer depends on, every sentence resting on rows that can be looked up."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from mutau.errors import ArgumentError, Fault
from mutau.measures import MEASURES
from mutau.sensitivities.choices import LEAVE_ONE_OUT, LIKELIHOOD
from mutau.tables import effect_interval, percent, probability

if TYPE_CHECKING:
    from mutau.sensitivities.conflict import PriorConflict
    from mutau.sensitivities.multiverse import Multiverse, Specification
    from mutau.sensitivities.scaling import PowerScaling

__all__ = ["Evidence", "Sentence", "Verdict", "VerdictThresholds", "verdict"]

NAMED_COLUMNS = ("prior_label", "prior", "p_benefit", "estimate", "lower", "upper")
"""Columns that a table of named priors has to have."""

_TAU, _MU, _BOTH = "the prior for tau", "the prior for mu", "the priors"
_SOURCES = {  # dimension of the multiverse: what the answer depends on where it moves
    LIKELIHOOD: "the likelihood",
    "zero cells": "the likelihood",
    "baseline prior": "the likelihood",
    "random effects": "the distribution of the random effects",
    "measure": "the effect measure",
    "data set": "which admissible data set is right",
    "halved arm": "which admissible data set is right",
    LEAVE_ONE_OUT: "one study",
}
_PRIOR = re.compile(r"(?:^|[:;]\s*)(mu|tau) ~ (.*?)(?=; (?:mu|tau) ~ |$)")


@dataclass(frozen=True, slots=True)
class VerdictThresholds:
    """Where the verdict draws its lines. All are conventions, and all can be set.

    Parameters
    ----------
    shift : float
        Change of P(benefit), against the model's own, above which the answer counts as depending on what was
        changed: 0.05, which a reader would notice in a number printed to two decimals.
    several : int
        Number of things on which the answer depends from which on it is called not robust.
    fewest_studies : int
        Number of studies from which on the answer can depend on one of them; below, leaving one out leaves hardly
        more than the prior. At least 3.
    level : float, optional
        A P(benefit) that matters to whoever asks. Without one no sentence has such a line: only the direction, at
        0.5, is looked at.

    Raises
    ------
    ArgumentError
        With every fault found.
    """

    shift: float = 0.05
    several: int = 3
    fewest_studies: int = 3
    level: float | None = None

    def __post_init__(self) -> None:
        checks = (
            (0 < self.shift < 1, f"shift = {self.shift!r}", "A change of a probability lies between 0 and 1", "0.05"),
            (self.several >= 2, f"several = {self.several!r}", "Several are at least 2", "3"),
            (
                self.fewest_studies >= 3, f"fewest_studies = {self.fewest_studies!r}",
                "With two studies, leaving one out always leaves hardly more than the prior", "3",
            ),
            (
                self.level is None or 0 < self.level < 1, f"level = {self.level!r}",
                "A probability lies between 0 and 1", "0.9, or None",
            ),
        )  # fmt: skip
        faults = [Fault(what, rule, f"Use {remedy}") for holds, what, rule, remedy in checks if not holds]
        if faults:
            raise ArgumentError(faults)


@dataclass(frozen=True, slots=True)
class Evidence:
    """One number that a sentence rests on: where it stands, what it is, and how many draws are behind it."""

    table: str
    row: str
    column: str
    value: float | str
    ess: float = math.inf


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence, and the numbers it rests on."""

    text: str
    rows: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the answer depends on.

    Parameters
    ----------
    label : str
        ``"robust"``, ``"depends on the prior for tau"`` (or on another thing, or two), ``"not robust"``.
    depends_on : tuple of str
        Those things.
    sentences : tuple of Sentence
        In reading order.
    thresholds : VerdictThresholds
        By which it was made.
    """

    label: str
    depends_on: tuple[str, ...]
    sentences: tuple[Sentence, ...]
    thresholds: VerdictThresholds

    @property
    def text(self) -> str:
        """The paragraph."""
        return " ".join(sentence.text for sentence in self.sentences)

    def to_frame(self) -> pd.DataFrame:
        """One row per number that a sentence rests on: its place, the sentence, and table, row, column, value."""
        return pd.DataFrame(
            [
                {
                    "sentence": number,
                    "text": each.text,
                    "table": row.table,
                    "row": row.row,
                    "column": row.column,
                    "value": row.value,
                }
                for number, each in enumerate(self.sentences, start=1)
                for row in each.rows
            ]
        )


@dataclass(frozen=True, slots=True)
class _Source:
    """Something that was varied, and P(benefit) in each row where it was."""

    name: str
    rows: tuple[Evidence, ...]
    base: float

    @property
    def ordered(self) -> list[Evidence]:
        return sorted(self.rows, key=lambda row: float(row.value))

    @property
    def shift(self) -> float:
        return max(abs(float(row.value) - self.base) for row in self.rows)

    def crosses(self, level: float) -> bool:
        return any((float(row.value) > level) != (self.base > level) for row in self.rows)

    def matters(self, thresholds: VerdictThresholds) -> bool:
        levels = [0.5] + ([] if thresholds.level is None else [thresholds.level])
        return self.shift > thresholds.shift or any(map(self.crosses, levels))

    @property
    def span(self) -> str:
        low, high = self.ordered[0], self.ordered[-1]
        if low.row == high.row:
            return f"{_p(low.value, low.ess)} ({low.row})"
        return f"{_p(low.value, low.ess)} ({low.row}) to {_p(high.value, high.ess)} ({high.row})"


def verdict(
    multiverse: Multiverse,
    named: pd.DataFrame | None = None,
    scaling: PowerScaling | None = None,
    conflict: Sequence[PriorConflict] = (),
    thresholds: VerdictThresholds = VerdictThresholds(),
) -> Verdict:
    """Say in one paragraph what the answer depends on, from these numbers and nothing else.

    Parameters
    ----------
    multiverse : Multiverse
        Modelling choices and the studies left out one by one; its first row is the model's own answer.
    named : DataFrame, optional
        Answers under named priors, columns `NAMED_COLUMNS` (natural scale). Which prior a row changes is read from
        its columns ``tau_prior`` and ``mu_prior`` where it has them, else from ``prior``, written
        ``"tau ~ half-normal(1); mu ~ Normal(0, 2.82)"`` in either order.
    scaling : PowerScaling, optional
        Power-scaling of the same fit.
    conflict : sequence of PriorConflict, optional
        Prior predictive checks of the same fit.
    thresholds : VerdictThresholds
        Where the lines are.

    Returns
    -------
    Verdict

    Raises
    ------
    ArgumentError
        `named` lacks a column.

    Notes
    -----
    The answer *depends on* a thing where, with it changed, P(benefit) moves from the model's own by more than
    ``thresholds.shift``, or to the other side of 0.5, or to the other side of ``thresholds.level`` if one was stated.
    It is *robust* where it depends on nothing that was varied, *not robust* where the direction of the effect turns,
    or where it depends on ``thresholds.several`` things or more. Dependence on one study needs
    ``thresholds.fewest_studies``. What was not varied is not spoken of.
    """
    _check(named)
    base = multiverse.base
    sources = _sources(multiverse, named, scaling, thresholds)
    matters = [source for source in sources if source.matters(thresholds)]
    turned = [source for source in matters if source.crosses(0.5)]
    names = tuple(source.name for source in matters)
    label = "depends on " + " and on ".join(names) if names else "robust"
    if turned or len(matters) >= thresholds.several:
        label = "not robust"
    sentences = [
        _own(base),
        *_dependences(label, base, sources, matters, thresholds),
        *_all_specifications(multiverse, thresholds),
        *_two_studies(multiverse, thresholds),
        *_power(scaling),
        *_conflicts(conflict),
        _given(base),
    ]
    return Verdict(label, names, tuple(sentences), thresholds)


def _check(named: pd.DataFrame | None) -> None:
    if named is None:
        return
    missing = [column for column in NAMED_COLUMNS if column not in named]
    if missing:
        rule = f"A table of named priors has the columns {', '.join(NAMED_COLUMNS)}"
        raise ArgumentError(Fault(f"no column {', '.join(missing)}", rule, "Add what is missing"))


def _sources(
    multiverse: Multiverse,
    named: pd.DataFrame | None,
    scaling: PowerScaling | None,
    thresholds: VerdictThresholds,
) -> list[_Source]:
    base = multiverse.base
    found: dict[str, list[Evidence]] = {}
    for name, row in (
        *_named_rows(named, base),
        *_scaled_rows(scaling),
        *_multiverse_rows(multiverse, thresholds),
    ):
        found.setdefault(name, []).append(row)
    return [_Source(name, tuple(rows), base.p_benefit) for name, rows in found.items()]


def _named_rows(named: pd.DataFrame | None, base: Specification) -> Iterable[tuple[str, Evidence]]:
    """Answers under named priors, by what they change; the model's own priors change nothing."""
    for row in [] if named is None else named.to_dict("records"):
        changed = _changed(row, base)
        if changed and math.isfinite(row["p_benefit"]):
            label, value, ess = (
                str(row["prior_label"]),
                float(row["p_benefit"]),
                float(row.get("ess", math.inf)),
            )
            yield changed, Evidence("named priors", label, "p_benefit", value, ess)


def _changed(row: dict[Any, Any], base: Specification) -> str:
    written = dict(_PRIOR.findall(str(row["prior"])))
    given = {name: row.get(f"{name}_prior") for name in ("tau", "mu")}
    tau, mu = (each if isinstance(each, str) else written.get(name) for name, each in given.items())
    if tau is None and mu is None:
        return _BOTH
    other_tau, other_mu = tau not in (None, base.tau_prior), mu not in (None, base.mu_prior)
    return _BOTH if other_tau and other_mu else _TAU if other_tau else _MU if other_mu else ""


def _scaled_rows(scaling: PowerScaling | None) -> Iterable[tuple[str, Evidence]]:
    """P(benefit) with a prior counting half and twice."""
    names = {"tau prior": _TAU, "mu prior": _MU, "baseline prior": "the likelihood"}
    for each in () if scaling is None else scaling.components:
        if each.quantity == "mu" and each.component in names:
            for words, column in (
                ("counted half", "p_benefit_halved"),
                ("counted twice", "p_benefit_doubled"),
            ):
                value = getattr(each, column)
                if math.isfinite(value):
                    row = Evidence("power-scaling", f"{each.component} {words}", column, value)
                    yield names[each.component], row


def _multiverse_rows(multiverse: Multiverse, thresholds: VerdictThresholds) -> Iterable[tuple[str, Evidence]]:
    """Answers with one choice made differently, where that counts."""
    for each in multiverse.fitted:
        if len(each.choices) != 1 or not each.counts:
            continue
        if each.dimension == LEAVE_ONE_OUT and multiverse.base.k < thresholds.fewest_studies:
            continue
        option = each.choices[0].option
        name = _SOURCES.get(each.dimension, each.dimension.replace("without studies", "studies left out"))
        yield name, Evidence("multiverse", option, "p_benefit", each.p_benefit, each.ess)


def _own(base: Specification) -> Sentence:
    code = MEASURES[base.measure].code
    found = effect_interval(base.estimate, base.lower, base.upper)
    rows = [Evidence("multiverse", base.label, name, getattr(base, name)) for name in _OWN_COLUMNS]
    text = (
        f"Under the model's own priors and likelihood P(benefit) is {_p(base.p_benefit, base.ess)}; median {code} "
        f"{found}, {percent(base.prob)} credible interval."
    )
    return Sentence(text, tuple(rows))


_OWN_COLUMNS = ("p_benefit", "estimate", "lower", "upper", "prob")


def _dependences(
    label: str,
    base: Specification,
    sources: list[_Source],
    matters: list[_Source],
    thresholds: VerdictThresholds,
) -> Iterable[Sentence]:
    """The label, then what moves the answer and by how much, then what does not."""
    line = Evidence("thresholds", "shift", "shift", thresholds.shift)
    own = Evidence("multiverse", base.label, "p_benefit", base.p_benefit)
    if not sources:
        yield Sentence("Nothing was varied, so nothing is said of what the answer depends on.", (own,))
        return
    rows = tuple(row for source in sources for row in source.rows)
    said = {"robust": "is robust to what was varied here", "not robust": "is not robust"}.get(label, label)
    yield Sentence(f"The answer {said}.", (own, line, *rows))
    for source in matters:
        turns = ", and the direction turns" if source.crosses(0.5) else ""
        yield Sentence(
            f"With {source.name}, P(benefit) goes from {source.span}{turns}.", (own, line, *source.rows)
        )
    rest = [source for source in sources if source not in matters]
    if rest:
        spans = "; ".join(f"{source.name}, {source.span}" for source in rest)
        text = f"P(benefit) moves by no more than {thresholds.shift:g} with {spans}."
        yield Sentence(text, (own, line, *(row for source in rest for row in source.rows)))


def _all_specifications(multiverse: Multiverse, thresholds: VerdictThresholds) -> Iterable[Sentence]:
    levels = [0.5] + ([] if thresholds.level is None else [thresholds.level])
    for level in levels:
        found = multiverse.conclusion(level)
        if found.counted < 2:
            continue
        rows = [_chance(each) for each in multiverse.fitted if each.counts]
        more, less = ("benefit", "harm") if found.above else ("harm", "benefit")
        what = f"{more} is more probable than {less}"
        if level != 0.5:
            what = f"P(benefit) lies {'above' if found.above else 'at or below'} the stated level {level:g}"
            rows.append(Evidence("thresholds", "level", "level", level))
        every = "both" if found.counted == 2 else f"all {found.counted}"
        share = every if found.holds else f"{found.holding} of {found.counted}"
        text = (
            f"In {share} specifications {what}; P(benefit) is lowest, {_chance_of(found.lowest)}, with "
            f"{found.lowest.label}, and highest, {_chance_of(found.highest)}, with {found.highest.label}."
        )
        yield Sentence(text, tuple(rows))
    if multiverse.unfitted:
        rows = [Evidence("multiverse", each.label, "reason", each.reason) for each in multiverse.unfitted]
        count = len(rows)
        yield Sentence(f"{count} more could not be fitted; the table says why.", tuple(rows))


def _two_studies(multiverse: Multiverse, thresholds: VerdictThresholds) -> Iterable[Sentence]:
    """With fewer studies than can depend on one, leaving one out is reported and no more."""
    left = multiverse.of(LEAVE_ONE_OUT)
    k = multiverse.base.k
    if not left or k >= thresholds.fewest_studies:
        return
    chances = " and ".join(f"{_chance_of(each)} ({each.choices[0].option})" for each in left)
    text = (
        f"Leaving one study out gives {chances}; with {k} studies that shows what one study says beside the prior, "
        "not whether the answer depends on one."
    )
    rows = (*map(_chance, left), Evidence("multiverse", multiverse.base.label, "k", k))
    yield Sentence(text, rows)


def _power(scaling: PowerScaling | None) -> Iterable[Sentence]:
    if scaling is None:
        return
    prior, likelihood = scaling.of("prior"), scaling.of("likelihood")
    if not prior.diagnosis:
        return
    text = (
        f"By power-scaling, for the mean effect {prior.diagnosis} (sensitivity to the priors "
        f"{prior.sensitivity:.3f}, to the likelihood {likelihood.sensitivity:.3f})."
    )
    rows = tuple(
        Evidence("power-scaling", f"{each.component}, mu", "sensitivity", each.sensitivity)
        for each in (prior, likelihood)
    )
    yield Sentence(text, rows)


def _conflicts(conflict: Sequence[PriorConflict]) -> Iterable[Sentence]:
    found = [check for check in conflict if math.isfinite(check.p)]
    if found:
        listed = " and ".join(f"{_p(check.p)} for {check.quantity}" for check in found)
        rows = tuple(Evidence("prior-data conflict", check.quantity, "p", check.p) for check in found)
        yield Sentence(
            f"The prior predictive p-value is {listed}; a small one says that prior and data disagree.", rows
        )


def _given(base: Specification) -> Sentence:
    row = Evidence("multiverse", base.label, "provenance", base.provenance)
    return Sentence(
        f"All of this is given unbiased trials; provenance of the data: {base.provenance}.", (row,)
    )


def _chance(each: Specification) -> Evidence:
    return Evidence("multiverse", each.label, "p_benefit", each.p_benefit, each.ess)


def _chance_of(each: Specification) -> str:
    return _p(each.p_benefit, each.ess)


def _p(value: float | str, ess: float = math.inf) -> str:
    return probability(float(value), ess)
