"""A multiverse: the answer under every defensible way to analyse the same question, and how far it moves."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pandas as pd

from mutau.errors import ArgumentError, Fault, InputError, MutauError
from mutau.sensitivities.choices import Choice, default_choices
from mutau.sensitivities.reweighting import Answer, answer

if TYPE_CHECKING:
    from mutau.fitting import Fit
    from mutau.outcomes import OutcomeModel
    from mutau.studies import StudyTable

__all__ = ["OWN", "Conclusion", "Multiverse", "Specification", "multiverse"]

OWN = "the model itself"
"""What the specification without any other choice is called."""

MOST = 2000
"""Specifications that a full crossing may have."""


@dataclass(frozen=True, slots=True)
class Specification:
    """One way to analyse the question, and its answer.

    Parameters
    ----------
    number : int
        Its place; 0 is the model itself.
    choices : tuple of Choice
        What is other than in the model.
    measure, likelihood, mu_prior, tau_prior : str
        Under which it was fitted.
    k : int
        Number of studies; 0 where it could not be fitted.
    estimate, lower, upper, prob : float
        Posterior median and equal-tailed interval of the mean effect, natural scale of `measure`, and its content.
    p_benefit, tau : float
        P(benefit) of the mean effect; posterior median of tau, analysis scale.
    ess : float
        Effective draws behind P(benefit); infinite where it is exact.
    how, pareto_k : str, float
        How it was computed: see `Answer`.
    counts : bool
        Whether it counts in what is said of all specifications. One that leaves a single study of several is
        reported, but it tells what the prior says, not what the choice does.
    reason : str
        Why it could not be fitted; empty otherwise.
    note : str
        What must be known of its data.
    provenance : str
        Where the studies' numbers come from.
    """

    number: int
    choices: tuple[Choice, ...]
    measure: str = ""
    likelihood: str = ""
    mu_prior: str = ""
    tau_prior: str = ""
    k: int = 0
    estimate: float = math.nan
    lower: float = math.nan
    upper: float = math.nan
    prob: float = math.nan
    p_benefit: float = math.nan
    tau: float = math.nan
    ess: float = math.nan
    how: str = ""
    pareto_k: float = math.nan
    counts: bool = False
    reason: str = ""
    note: str = ""
    provenance: str = ""

    @property
    def fitted(self) -> bool:
        """Whether there is an answer."""
        return not self.reason

    @property
    def label(self) -> str:
        """What is other than in the model, in words."""
        return " + ".join(choice.label for choice in self.choices) or OWN

    @property
    def dimension(self) -> str:
        """The dimension, where one thing is other; several joined otherwise."""
        return " + ".join(choice.dimension for choice in self.choices)


@dataclass(frozen=True, slots=True)
class Conclusion:
    """Whether a conclusion about the probability of benefit holds in every specification that counts.

    Parameters
    ----------
    level : float
        The conclusion is that P(benefit) lies on the model's own side of this level.
    above : bool
        Which side that is.
    counted, holding : int
        Specifications that count, and those of them in which it holds.
    lowest, highest : Specification
        Those of the smallest and of the largest P(benefit).
    """

    level: float
    above: bool
    counted: int
    holding: int
    lowest: Specification
    highest: Specification

    @property
    def holds(self) -> bool:
        """Whether it holds in all."""
        return self.holding == self.counted


@dataclass(frozen=True, slots=True)
class Multiverse:
    """Every specification of one outcome.

    Parameters
    ----------
    name, title, benefit : str
        Of the outcome model, and which direction helps.
    specifications : tuple of Specification
        The model itself first.
    """

    name: str
    title: str
    benefit: str
    specifications: tuple[Specification, ...]

    @property
    def base(self) -> Specification:
        """The model itself."""
        return self.specifications[0]

    @property
    def fitted(self) -> tuple[Specification, ...]:
        """Specifications with an answer."""
        return tuple(each for each in self.specifications if each.fitted)

    @property
    def unfitted(self) -> tuple[Specification, ...]:
        """Specifications without one, each with its reason."""
        return tuple(each for each in self.specifications if not each.fitted)

    def of(self, dimension: str) -> tuple[Specification, ...]:
        """Fitted specifications in which this dimension alone is other."""
        return tuple(each for each in self.fitted if each.dimension == dimension)

    def conclusion(self, level: float = 0.5) -> Conclusion:
        """Ask whether P(benefit) lies on the same side of a level in every specification that counts.

        Parameters
        ----------
        level : float
            At 0.5, whether benefit is more probable than harm; any other level is the user's to state.
        """
        if not 0 < level < 1:
            raise ArgumentError(Fault(f"level = {level!r}", "A level lies between 0 and 1", "Give one"))
        counted = [each for each in self.fitted if each.counts]
        above = self.base.p_benefit > level
        ordered = sorted(counted, key=lambda each: each.p_benefit)
        holding = sum((each.p_benefit > level) == above for each in counted)
        return Conclusion(level, above, len(counted), holding, ordered[0], ordered[-1])

    def to_frame(self) -> pd.DataFrame:
        """One row per specification, unrounded; what could not be fitted has NaN and its reason."""
        names = [name for name in Specification.__dataclass_fields__ if name != "choices"]
        rows = [
            {
                "number": each.number,
                "dimension": each.dimension,
                "option": " + ".join(choice.option for choice in each.choices) or OWN,
            }
            | {name: getattr(each, name) for name in names}
            | {"fitted": each.fitted}
            for each in self.specifications
        ]
        return pd.DataFrame(rows).assign(model=self.name)


def multiverse(
    fit: Fit,
    choices: Iterable[Choice] | None = None,
    *,
    crossed: bool = False,
    prob: float = 0.95,
    refit: bool | None = None,
) -> Multiverse:
    """Answer the question under every choice.

    Parameters
    ----------
    fit : Fit
        A fitted outcome model.
    choices : iterable of Choice, optional
        The choices; `default_choices` of the fit if left out. Changes of the studies are made in this order, so that
        data sets come first.
    crossed : bool
        Whether every combination of options of different dimensions is fitted too. By default each choice is made
        alone, which tells what that choice does.
    prob : float
        Probability content of the intervals.
    refit : bool, optional
        See `answer`: whether what has no easier way is sampled; by default only where the fit was.

    Returns
    -------
    Multiverse
        The model itself, then every choice or combination, fitted or with the reason why not.

    Raises
    ------
    ArgumentError
        The crossing has more than 2000 combinations.

    Examples
    --------
    >>> import mutau
    >>> from mutau.shipped import shipped_path
    >>> studies = mutau.read_studies(shipped_path("data", "pip", "studies.csv"))
    >>> fit = mutau.fit(studies, mutau.load_model(shipped_path("models", "secure.toml")), engine="exact", seed=1)
    >>> found = multiverse(fit, [Choice("likelihood", "normal", {"likelihood": "normal"})])
    >>> [(each.label, round(each.p_benefit, 4)) for each in found.specifications]
    [('the model itself', 0.9988), ('likelihood: normal', 0.9982)]
    """
    found = tuple(default_choices(fit) if choices is None else choices)
    combinations = _crossed(found) if crossed else [(choice,) for choice in found]
    bare = replace(fit.model, where={}, tau_alternatives=(), thresholds=(), published=None)
    base = _answered(Specification(0, ()), answer(fit), prob, fit.k)
    made = [base]
    made += [
        _specification(fit, bare, number, combination, prob, refit)
        for number, combination in enumerate(combinations, start=1)
    ]
    return Multiverse(fit.model.name, fit.model.title, fit.model.benefit, tuple(made))


def _crossed(choices: Sequence[Choice]) -> list[tuple[Choice, ...]]:
    """Every combination of at most one option of each dimension; what cannot be made stands alone."""
    dimensions: dict[str, list[Choice | None]] = {}
    for choice in choices:
        if not choice.reason:
            dimensions.setdefault(choice.dimension, [None]).append(choice)
    count = math.prod(len(options) for options in dimensions.values())
    if count > MOST:
        listed = ", ".join(f"{len(options) - 1} of {name}" for name, options in dimensions.items())
        rule = f"A full crossing may have at most {MOST} combinations; these have {count}"
        raise ArgumentError(Fault(listed, rule, "Cross fewer dimensions"))
    product = (
        tuple(choice for choice in combination if choice is not None)
        for combination in itertools.product(*dimensions.values())
    )
    ordered = sorted(filter(None, product), key=len)
    return ordered + [(choice,) for choice in choices if choice.reason]


def _specification(
    fit: Fit,
    bare: OutcomeModel,
    number: int,
    choices: tuple[Choice, ...],
    prob: float,
    refit: bool | None,
) -> Specification:
    blank = Specification(number, choices)
    known = "; ".join(choice.reason for choice in choices if choice.reason) or _contradiction(choices)
    if known:
        return replace(blank, reason=known)
    changes = {name: value for choice in choices for name, value in choice.changes.items()}
    try:
        model = replace(bare, **changes)
        studies: StudyTable = fit.studies
        for choice in choices:
            studies = studies if choice.studies is None else choice.studies(studies)
        return _answered(blank, answer(fit, model, studies, refit=refit), prob, fit.k)
    except InputError as error:
        return replace(blank, reason="; ".join(map(str, error.faults)))
    except MutauError as error:
        return replace(blank, reason=str(error))


def _contradiction(choices: tuple[Choice, ...]) -> str:
    """Say which two choices want different values of one field."""
    seen: dict[str, tuple[Any, Choice]] = {}
    for choice in choices:
        for name, value in choice.changes.items():
            before, other = seen.setdefault(name, (value, choice))
            if before != value:
                return f"'{other.label}' and '{choice.label}' contradict each other in {name}"
    return ""


def _answered(blank: Specification, found: Answer, prob: float, k: int) -> Specification:
    estimate, lower, upper = found.effect(prob)
    return replace(
        blank,
        measure=found.model.measure,
        likelihood=found.model.likelihood,
        mu_prior=found.model.mu_prior.label,
        tau_prior=found.model.tau_prior.label,
        k=found.k,
        estimate=estimate,
        lower=lower,
        upper=upper,
        prob=prob,
        p_benefit=found.p_benefit,
        tau=float(found.tau.quantile(0.5)),
        ess=found.ess,
        how=found.how,
        pareto_k=found.pareto_k,
        counts=found.k > 1 or k == 1,
        note=found.note,
        provenance=found.provenance,
    )
