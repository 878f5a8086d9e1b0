"""The small frozen records that every room speaks in."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike

__all__ = ["CheckResult", "ClassicResult", "Interval", "IntervalKind", "Marginal", "Scale"]

type IntervalKind = Literal["eti", "hdi", "confidence", "prediction"]
type Scale = Literal["analysis", "natural"]


@dataclass(frozen=True, slots=True)
class Interval:
    """An interval that says what it is.

    Parameters
    ----------
    quantity : str
        What it is about: ``"mu"``, ``"tau"``, ``"theta[Cooper 2003]"``, ``"theta_new"``.
    lower, upper : float
        Limits on `scale`; NaN where the interval does not exist.
    prob : float
        Probability content (credible) or coverage (confidence), in (0, 1).
    kind : {"eti", "hdi", "confidence", "prediction"}
        Equal-tailed credible, highest-density credible, confidence, or classic prediction interval.
    method : str
        How it was made: ``"posterior draws"``, ``"Hartung-Knapp"``, ...
    scale : {"analysis", "natural"}
        Analysis scale (log ratios, SMD, ...) or the scale that is read (ratios).
    """

    quantity: str
    lower: float
    upper: float
    prob: float
    kind: IntervalKind
    method: str
    scale: Scale


class Marginal(Protocol):
    """The posterior of one quantity on the analysis scale, whichever engine made it."""

    @property
    def mean(self) -> float:
        """Posterior mean."""

    @property
    def sd(self) -> float:
        """Posterior standard deviation."""

    def pdf(self, x: Any) -> Any:
        """Density on an increasing, evenly spaced grid."""

    def cdf(self, x: ArrayLike) -> Any:
        """P(quantity <= x)."""

    def sf(self, x: ArrayLike) -> Any:
        """P(quantity > x)."""

    def quantile(self, p: ArrayLike) -> Any:
        """Quantiles at probabilities `p`."""

    def ess_at(self, x: float) -> float:
        """Effective number of draws behind P(quantity > x); infinite where nothing was sampled."""

    def mcse_quantile(self, p: float) -> float:
        """Monte Carlo standard error of the quantile at `p`; 0 where nothing was sampled."""

    def diagnostics(self) -> dict[str, float]:
        """``r_hat``, ``ess_bulk``, ``ess_tail``, ``mcse_median``."""


@dataclass(frozen=True, slots=True)
class CheckResult:
    """The outcome of one check of a result, such as a convergence threshold.

    Parameters
    ----------
    name : str
        What was checked: ``"R-hat"``.
    passed : bool
        Whether the rule held.
    value : float
        The worst value seen.
    rule : str
        The rule in words: ``"at most 1.01"``.
    detail : str
        Where the worst value was, or what to do.
    """

    name: str
    passed: bool
    value: float
    rule: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class ClassicResult:
    """A classic (frequentist) pooled result. All numbers are on the analysis scale (log for RR, OR, HR).

    A value that does not exist is NaN, and `notes` says why.

    Parameters
    ----------
    estimate, se, lower, upper : float
        Pooled effect, its standard error, and the confidence limits at `prob`.
    statistic, df, p_value : float
        Test of "no mean effect": z (``df`` is infinite) or t, and the two-sided p-value.
    tau2, tau2_se, tau2_lower, tau2_upper : float
        Between-study variance (0 for a common-effect result), its standard error and confidence limits.
    q, q_df, q_p_value : float
        Cochran's Q, its degrees of freedom and p-value.
    i2, i2_lower, i2_upper, h2, h2_lower, h2_upper : float
        I^2 in percent and H^2, with the confidence limits that follow from those of tau2.
    prediction_lower, prediction_upper : float
        Limits of the `prob` prediction interval for the effect in a new study, by `prediction_method`.
    k : int
        Number of studies that contribute.
    prob : float
        Coverage of all intervals.
    method : str
        ``"IV"`` (inverse variance), ``"MH"`` (Mantel-Haenszel), ``"Peto"``, ``"CMLE"`` (conditional maximum
        likelihood), or a mixed model of counts: ``"UM.FS"``, ``"UM.RS"``, ``"CM.AL"``, ``"CM.EL"``, ``"GLMM"``.
    tau2_method, ci_method, prediction_method, tau2_ci_method : str
        As asked: ``"REML"``, ``"HK"``, ``"HTS"``, ``"QP"``, ...
    weights : tuple of float
        Percentage weight of each study, in the order of the data; sums to 100.
    notes : tuple of str
        What a reader must know: corrections made, values that do not exist and why.
    """

    estimate: float
    se: float
    lower: float
    upper: float
    statistic: float
    df: float
    p_value: float
    tau2: float
    tau2_se: float
    tau2_lower: float
    tau2_upper: float
    q: float
    q_df: float
    q_p_value: float
    i2: float
    i2_lower: float
    i2_upper: float
    h2: float
    h2_lower: float
    h2_upper: float
    prediction_lower: float
    prediction_upper: float
    k: int
    prob: float
    method: str
    tau2_method: str
    ci_method: str
    prediction_method: str
    tau2_ci_method: str
    weights: tuple[float, ...] = ()
    notes: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Say the effect and its test, the heterogeneity and the prediction interval in lines, then the notes."""
        lines = [
            f"{_shown(self.estimate)}{_span(self.lower, self.upper)}, {100 * self.prob:g}% confidence interval "
            f"({self.ci_method}), on the analysis scale{self._test()}",
            f"{self.k} stud{'y' if self.k == 1 else 'ies'}; {self._between()}, I2 {self.i2:.1f}%; "
            f"Q({self.q_df:g}) = {_shown(self.q)}, p = {self.q_p_value:.4g}",
        ]
        if not math.isnan(self.prediction_lower):
            limits = _span(self.prediction_lower, self.prediction_upper)
            lines.append(f"{100 * self.prob:g}% prediction interval ({self.prediction_method}){limits}")
        return "\n".join([*lines, *self.notes])

    def _test(self) -> str:
        """The test of no mean effect, where there is one; a permutation test has a p-value and no distribution."""
        if math.isnan(self.p_value):
            return ""
        kind = "z" if math.isinf(self.df) else f"t({self.df:.4g})"
        statistic = "" if math.isnan(self.df) else f" {kind} = {_shown(self.statistic)},"
        return f";{statistic} p = {self.p_value:.4g}"

    def _between(self) -> str:
        if self.tau2_method == "CE":
            return "common effect"
        limits = _span(self.tau2_lower, self.tau2_upper)
        return f"tau2 {_shown(self.tau2)}{limits} ({self.tau2_method}{f', {self.tau2_ci_method}' if limits else ''})"

    def to_frame(self) -> pd.DataFrame:
        """One row, one column per number; weights are left out and notes joined by ``"; "``."""
        import pandas as pd

        row = asdict(self)
        row.pop("weights")
        row["notes"] = "; ".join(self.notes)
        return pd.DataFrame([row])


def _shown(value: float) -> str:
    """Write a number to four decimals, or to four digits where that would hide it."""
    return f"{value:.4f}" if value == 0 or 0.01 <= abs(value) < 1e6 else f"{value:.4g}"


def _span(lower: float, upper: float) -> str:
    """Write limits behind a number; nothing where there are none."""
    return "" if math.isnan(lower) and math.isnan(upper) else f" [{_shown(lower)}, {_shown(upper)}]"
