"""What an effect measure is, as data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from mutau.errors import ArgumentError, Fault

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["AnalysisScale", "Measure", "ScaleKind"]

type ScaleKind = Literal["ratio", "smd", "md", "rd", "generic"]
type AnalysisScale = Literal["log", "identity", "atanh"]


_TO_NATURAL: dict[str, Callable[[Any], Any]] = {"log": np.exp, "identity": lambda x: x, "atanh": np.tanh}


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
    analysis_scale : {"log", "identity", "atanh"}
        The scale on which effects are pooled: natural logarithm of a ratio, or the measure itself; inverse hyperbolic
        tangent of a risk difference under the binomial likelihood.
    inputs : tuple of str
        Columns of the wide view (one row per study) that `effect` takes, in its order.
    effect : callable
        Plain function: one array per name in `inputs` -> ``(yi, vi)``, the effects on the analysis scale and
        their sampling variances. It corrects nothing: an effect that does not exist is NaN.
    source : str
        Where its formula comes from, with a DOI where there is one.

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

    @property
    def is_ratio(self) -> bool:
        """Whether it is read as a ratio (and analysed as a logarithm)."""
        return self.analysis_scale == "log"

    @property
    def is_ready_made(self) -> bool:
        """Whether its effects are given with their standard errors, not computed from arms."""
        return "yi" in self.inputs

    @property
    def null(self) -> float:
        """No effect, on the analysis scale."""
        return 0.0

    @property
    def null_natural(self) -> float:
        """No effect, on the natural scale: 1 for a ratio, else 0."""
        return 1.0 if self.is_ratio else 0.0

    @property
    def axis_label(self) -> str:
        """What the axis of a forest plot says."""
        label = self.name[:1].upper() + self.name[1:]
        return f"{label} (log scale)" if self.is_ratio else label

    def to_natural(self, x: Any) -> Any:
        """Take `x` (number, array, Series or DataArray) from the analysis to the natural scale."""
        with np.errstate(over="ignore"):
            return _TO_NATURAL[self.analysis_scale](x)

    def to_analysis(self, x: Any) -> Any:
        """Take `x` (number, array, Series or DataArray) from the natural to the analysis scale.

        Raises
        ------
        ArgumentError
            If a ratio is not above 0.
        """
        if not self.is_ratio:
            with np.errstate(divide="ignore"):
                return np.arctanh(x) if self.analysis_scale == "atanh" else x
        if np.any(np.asarray(x) <= 0):
            given = f"{self.name} {float(np.min(x)):g}"
            raise ArgumentError(Fault(given, "A ratio is above 0", "Give the value on the natural scale"))
        return np.log(x)
