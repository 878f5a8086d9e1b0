"""What an effect measure is, as data."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from mutau.errors import ArgumentError, Fault

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["AnalysisScale", "Design", "Measure", "ScaleKind"]

type ScaleKind = Literal["ratio", "smd", "md", "rd", "generic"]
type AnalysisScale = Literal["log", "identity", "atanh", "logit", "arcsine", "root"]
type Design = Literal["two groups", "one group", "one sample", "association", "pairs"]


def _expit(x: Any) -> Any:
    return 1 / (1 + np.exp(-x))


def _sine_squared(x: Any) -> Any:
    return np.sin(np.clip(x, 0, np.pi / 2)) ** 2


_TO_NATURAL: dict[str, Callable[[Any], Any]] = {
    "log": np.exp, "identity": lambda x: x, "atanh": np.tanh, "logit": _expit, "arcsine": _sine_squared,
    "root": lambda x: np.maximum(x, 0) ** 2,
}  # fmt: skip
_TO_ANALYSIS: dict[str, Callable[[Any], Any]] = {
    "log": np.log, "identity": lambda x: x, "atanh": np.arctanh, "logit": lambda p: np.log(p / (1 - p)),
    "arcsine": lambda p: np.arcsin(np.sqrt(p)), "root": np.sqrt,
}  # fmt: skip

_ON_THE_SCALE = {
    "log": "log {name}",
    "identity": "{name}",
    "atanh": "atanh of the {name}",
    "logit": "log odds of the {name}",
    "arcsine": "arcsine of the square root of the {name}",
    "root": "square root of the {name}",
}
_CELLS = {
    ("", True): "nothing",
    ("", False): "nothing",
    ("arms", True): "all four cells",
    ("events", True): "both counts",
    ("events", False): "the events",
    ("both", False): "both cells",
    ("cells", False): "all four cells",
}
_DOMAINS = {
    "log": (0.0, math.inf, "is above 0"),
    "atanh": (-1.0, 1.0, "lies between -1 and 1"),
    "logit": (0.0, 1.0, "lies between 0 and 1"),
    "arcsine": (0.0, 1.0, "lies between 0 and 1"),
    "root": (0.0, math.inf, "is 0 or more"),
}
"""Least and greatest value on the natural scale (a logarithm needs more than the least), and the words for it."""


@dataclass(frozen=True, slots=True)
class Measure:
    """An effect measure.

    Parameters
    ----------
    code : str
        Its short name: ``"RR"``.
    name : str
        Its name in words: ``"risk ratio"``.
    scale_kind : {"ratio", "smd", "md", "rd", "generic"}
        Which default priors belong to it.
    analysis_scale : {"log", "identity", "atanh", "logit", "arcsine", "root"}
        The scale on which effects are pooled: natural logarithm of a ratio (or of a mean, rate or proportion), the
        measure itself, inverse hyperbolic tangent of a correlation (or of a risk difference under the binomial
        likelihood), log odds or arcsine square root of a proportion, square root of a rate.
    inputs : tuple of str
        Columns of the wide view (one row per study) that `effect` takes, in its order.
    effect : callable
        Plain function: one array per name in `inputs` -> ``(yi, vi)``, the effects on the analysis scale and
        their sampling variances. It corrects nothing: an effect that does not exist is NaN.
    source : str
        Where its formula comes from, with a DOI where there is one.
    letters : tuple of str
        metafor's names of the `inputs`, in the same order; a table may use them.
    design : {"two groups", "one group", "one sample", "association", "pairs"}
        What it describes: two groups, one group (which has no value of no effect), one sample measured twice, two
        variables in one sample, matched pairs.
    corrected : {"", "both", "arms", "events", "cells"}
        What the zero-cell rule adds to: nothing; events and non-events of one group; of two; events only; all four
        cells of a table of pairs.
    needs_correction : bool
        Whether it needs the rule: False where it (or all that the rule would make of it) exists with zero cells, so
        that nothing is added unless asked for, as in metafor.

    Examples
    --------
    >>> from mutau.measures import get_measure
    >>> risk_ratio = get_measure("RR")
    >>> risk_ratio.inputs
    ('events_treatment', 'n_treatment', 'events_control', 'n_control')
    >>> round(float(risk_ratio.to_natural(-0.7145)), 2)
    0.49
    """

    code: str
    name: str
    scale_kind: ScaleKind
    analysis_scale: AnalysisScale
    inputs: tuple[str, ...]
    effect: Callable[..., tuple[NDArray[np.float64], NDArray[np.float64]]]
    source: str
    letters: tuple[str, ...] = ()
    design: Design = "two groups"
    corrected: Literal["", "both", "arms", "events", "cells"] = ""
    needs_correction: bool = True
    needs_size: bool = False
    compared_with: float | None = None

    @property
    def is_ratio(self) -> bool:
        """Whether it is read as a ratio (and analysed as a logarithm)."""
        return self.analysis_scale == "log" and self.design != "one group"

    @property
    def has_null(self) -> bool:
        """Whether one of its values means no effect; of one group only if it is `compared_with` one."""
        return self.design != "one group" or self.compared_with is not None

    @property
    def has_sides(self) -> bool:
        """Whether treatment and control are compared: not so of one group, a change in one sample, a correlation."""
        return self.design in ("two groups", "pairs")

    @property
    def is_ready_made(self) -> bool:
        """Whether its effects are given with their standard errors, not computed from arms."""
        return "yi" in self.inputs

    @property
    def null(self) -> float:
        """No effect, on the analysis scale; NaN where there is none."""
        return 0.0 if self.design != "one group" else float(self.to_analysis(self.null_natural))

    @property
    def null_natural(self) -> float:
        """No effect, on the natural scale: 1 for a ratio, else 0, or what one group is `compared_with`; else NaN."""
        if self.design == "one group":
            return math.nan if self.compared_with is None else self.compared_with
        return 1.0 if self.is_ratio else 0.0

    @property
    def analysis_words(self) -> str:
        """What is analysed, in words: ``"log risk ratio"``, ``"log odds of the proportion"``."""
        return _ON_THE_SCALE[self.analysis_scale].format(name=self.name)

    @property
    def axis_label(self) -> str:
        """What the axis of a forest plot says."""
        label = self.name[:1].upper() + self.name[1:]
        return f"{label} (log scale)" if self.analysis_scale == "log" else label

    @property
    def default_add(self) -> float:
        """What the zero-cell rule adds where nothing else is asked for, as in metafor."""
        return 0.5 if self.needs_correction else 0.0

    @property
    def corrected_cells(self) -> str:
        """What the zero-cell rule adds to, in words."""
        return _CELLS[self.corrected, self.design == "two groups"]

    @property
    def undefined(self) -> str:
        """Say in words when an effect that needs no zero-cell rule does not exist."""
        if self.analysis_scale == "log":
            return (
                "a logarithm needs numbers above 0 (means of one sign), a standard deviation two participants"
            )
        if self.scale_kind == "smd":
            return "Hedges' correction needs at least 3 participants"
        return "too few participants, or a correlation of -1 or 1"

    def to_natural(self, x: Any) -> Any:
        """Take `x` (number, array, Series or DataArray) from the analysis to the natural scale."""
        with np.errstate(over="ignore"):
            return _TO_NATURAL[self.analysis_scale](x)

    def to_analysis(self, x: Any) -> Any:
        """Take `x` (number, array, Series or DataArray) from the natural to the analysis scale.

        Raises
        ------
        ArgumentError
            If a ratio is not above 0, or a proportion or correlation out of its range.
        """
        least, most, words = _DOMAINS.get(self.analysis_scale, (-math.inf, math.inf, ""))
        given = np.asarray(x)
        wrong = (given < least) | (given > most) | ((given == least) & (self.analysis_scale == "log"))
        if np.any(wrong):
            first = float(np.min(given[wrong]))
            kind = "A ratio" if self.is_ratio else f"A {self.name}"
            remedy = "Give the value on the natural scale"
            raise ArgumentError(Fault(f"{self.name} {first:g}", f"{kind} {words}", remedy))
        with np.errstate(divide="ignore"):
            return _TO_ANALYSIS[self.analysis_scale](x)
