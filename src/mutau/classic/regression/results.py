"""What a classic meta-regression says: coefficients, residual heterogeneity, tests, predictions. Frozen."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import chdtrc, fdtrc

from mutau.classic.predicting import CONVENTIONS, quantile
from mutau.errors import ArgumentError, Fault, nearest

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike

    from mutau.classic.regression.designs import Array

__all__ = ["CoefficientTest", "RegressionPrediction", "RegressionResult", "coefficient_places", "joint_test"]

type Numbers = tuple[float, ...]

OF_COEFFICIENTS = ("estimate", "se", "statistic", "p_value", "lower", "upper")
OF_THE_MODEL = (
    "tau2", "tau2_se", "tau2_lower", "tau2_upper", "i2", "i2_lower", "i2_upper", "h2", "h2_lower", "h2_upper", "r2",
    "tau2_without", "qe", "qe_df", "qe_p_value", "log_likelihood", "aic", "bic", "k", "prob", "tau2_method",
    "ci_method", "prediction_method", "tau2_ci_method",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class CoefficientTest:
    """A test that coefficients are 0 together.

    Parameters
    ----------
    names : tuple of str
        The coefficients.
    statistic : float
        Chi-squared (``df2`` infinite) or F; NaN where it does not exist.
    df1, df2 : float
        Degrees of freedom: number of coefficients, and those of the residuals.
    p_value : float
    """

    names: tuple[str, ...]
    statistic: float
    df1: float
    df2: float
    p_value: float

    def __str__(self) -> str:
        """Say the test in a line."""
        kind = "chi-squared" if math.isinf(self.df2) else "F"
        df = f"{self.df1:g}" if math.isinf(self.df2) else f"{self.df1:g}, {self.df2:g}"
        return f"{', '.join(self.names)}: {kind}({df}) = {self.statistic:.4f}, p = {self.p_value:.4g}"


def joint_test(names: Sequence[str], estimate: Array, covariance: Array, df: float) -> CoefficientTest:
    """Test that coefficients are 0: Wald's chi-squared where `df` is infinite, else F on `df`."""
    m = len(names)
    if not m or not np.all(np.isfinite(covariance)):
        return CoefficientTest(tuple(names), math.nan, m, df, math.nan)
    size = np.sqrt(np.diag(covariance))
    scaled = estimate / size
    quadratic = float(scaled @ np.linalg.solve(covariance / np.outer(size, size), scaled))
    statistic = quadratic if math.isinf(df) else quadratic / m
    p = chdtrc(m, statistic) if math.isinf(df) else fdtrc(m, df, statistic)
    return CoefficientTest(tuple(names), statistic, float(m), df, float(p))


@dataclass(frozen=True, slots=True)
class RegressionPrediction:
    """What a regression says at stated values of its moderators. On the analysis scale.

    Parameters
    ----------
    names : tuple of str
        Coefficients, which name the columns of `at`.
    at : tuple of tuple of float
        Rows of the design matrix.
    estimate, se, lower, upper : tuple of float
        Mean effect there, its standard error and confidence limits.
    prediction_lower, prediction_upper : tuple of float
        Limits for the effect in a new study with these moderators; NaN where they do not exist.
    prob : float
        Coverage.
    ci_method, prediction_method : str
    """

    names: tuple[str, ...]
    at: tuple[Numbers, ...]
    estimate: Numbers
    se: Numbers
    lower: Numbers
    upper: Numbers
    prediction_lower: Numbers
    prediction_upper: Numbers
    prob: float
    ci_method: str
    prediction_method: str

    def to_frame(self) -> pd.DataFrame:
        """One row per stated value: the design's columns, then the numbers."""
        import pandas as pd

        frame = pd.DataFrame(self.at, columns=list(self.names))
        for name in ("estimate", "se", "lower", "upper", "prediction_lower", "prediction_upper"):
            frame[name] = getattr(self, name)
        return frame.assign(
            prob=self.prob, ci_method=self.ci_method, prediction_method=self.prediction_method
        )


@dataclass(frozen=True, slots=True)
class RegressionResult:
    """A classic meta-regression. All numbers are on the analysis scale (log for RR, OR, HR).

    A value that does not exist is NaN, and `notes` says why.

    Parameters
    ----------
    names : tuple of str
        Coefficients, in the order of the design's columns.
    estimate, se, statistic, p_value, lower, upper : tuple of float
        Each coefficient, its standard error, z (`df` infinite) or t, two-sided p-value, confidence limits at `prob`.
    df : float
        Degrees of freedom of the tests of single coefficients.
    covariance, conventional : tuple of tuple of float
        Covariance of the coefficients by `ci_method`, and the conventional one, ``(X'WX)^-1``.
    tau2, tau2_se, tau2_lower, tau2_upper : float
        Residual between-study variance (0 for a common-effect model), its standard error and confidence limits.
    tau2_without : float
        The between-study variance by the same estimator without moderators.
    r2 : float
        Percentage of `tau2_without` that the moderators account for, at least 0; of a common-effect model R's
        adjusted R squared of weighted least squares.
    i2, i2_lower, i2_upper, h2, h2_lower, h2_upper : float
        Residual I^2 in percent and H^2, with the confidence limits that follow from those of tau2.
    qe, qe_df, qe_p_value : float
        Test of residual heterogeneity: Cochran's Q around the common-effect regression.
    moderators : CoefficientTest
        Test of the coefficients in `tested` together, QM: of all but the intercept unless others were named.
    q : float
        Hartung and Knapp's factor of the squared standard errors.
    log_likelihood, aic, bic : float
        Of the restricted likelihood with REML, else of the plain one; only models of the same likelihood, and with
        REML of the same moderators, can be compared.
    k : int
        Number of studies.
    prob : float
        Coverage of all intervals.
    tau2_method, ci_method, prediction_method, tau2_ci_method : str
        As asked.
    weights, fitted : tuple of float
        Percentage weight of each study and its fitted mean effect, in the order of the data.
    notes : tuple of str
        What a reader must know.
    """

    names: tuple[str, ...]
    estimate: Numbers
    se: Numbers
    statistic: Numbers
    p_value: Numbers
    lower: Numbers
    upper: Numbers
    df: float
    covariance: tuple[Numbers, ...]
    conventional: tuple[Numbers, ...]
    tau2: float
    tau2_se: float
    tau2_lower: float
    tau2_upper: float
    tau2_without: float
    r2: float
    i2: float
    i2_lower: float
    i2_upper: float
    h2: float
    h2_lower: float
    h2_upper: float
    qe: float
    qe_df: float
    qe_p_value: float
    moderators: CoefficientTest
    q: float
    log_likelihood: float
    aic: float
    bic: float
    k: int
    prob: float
    tau2_method: str
    ci_method: str
    prediction_method: str
    tau2_ci_method: str
    weights: Numbers = ()
    fitted: Numbers = ()
    notes: tuple[str, ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """One row per coefficient: its name and numbers, ``df``, and what its interval is."""
        import pandas as pd

        columns: dict[str, Any] = {"coefficient": self.names}
        columns |= {name: getattr(self, name) for name in OF_COEFFICIENTS}
        return pd.DataFrame(columns).assign(
            df=self.df, prob=self.prob, kind="confidence", ci_method=self.ci_method
        )

    def model_frame(self) -> pd.DataFrame:
        """One row of what is said of the whole model: heterogeneity, R2, QE, QM, likelihood, notes."""
        import pandas as pd

        row = {name: getattr(self, name) for name in OF_THE_MODEL}
        test = self.moderators
        row |= {"qm": test.statistic, "qm_df1": test.df1, "qm_df2": test.df2, "qm_p_value": test.p_value}
        return pd.DataFrame([row | {"tested": ", ".join(test.names), "notes": "; ".join(self.notes)}])

    def test(self, names: Sequence[str]) -> CoefficientTest:
        """Test that some coefficients are 0 together.

        Parameters
        ----------
        names : sequence of str
            Of `names`.

        Returns
        -------
        CoefficientTest
            Chi-squared with ``ci="wald"``, else F.

        Raises
        ------
        ArgumentError
            There is no such coefficient.
        """
        places, faults = coefficient_places(names, self.names)
        if faults:
            raise ArgumentError(faults)
        chosen = np.ix_(places, places)
        return joint_test(
            [self.names[i] for i in places],
            np.array(self.estimate)[places],
            np.array(self.covariance)[chosen],
            self.df,
        )

    def predict_rows(self, rows: ArrayLike) -> RegressionPrediction:
        """Predict at rows of the design matrix.

        Parameters
        ----------
        rows : array_like, shape (m, p)
            Columns as `names`, the intercept's 1 among them.

        Returns
        -------
        RegressionPrediction
            The mean effect with its confidence interval (``ci_method``) and the prediction interval for a new study
            (``prediction_method``).

        Raises
        ------
        ArgumentError
            Rows of another shape, or numbers that are not finite.
        """
        x = np.atleast_2d(np.asarray(rows, dtype=np.float64))
        if x.ndim != 2 or x.shape[1] != len(self.names) or not np.all(np.isfinite(x)):
            rule = f"A row holds a finite number for each of {', '.join(self.names)}"
            raise ArgumentError(Fault(f"rows of shape {x.shape}", rule, "Give one column each", key="rows"))
        mean = x @ np.array(self.estimate)
        se = _errors(x, self.covariance)
        half = quantile(self.df, self.prob) * se
        convention = CONVENTIONS[self.prediction_method]
        factor = max(1.0, self.q) if self.ci_method == "HK-adhoc" else self.q
        factor = factor if convention.error == "HK" else 1.0
        df = math.inf if convention.lost is None else self.k - len(self.names) + 1.0 - convention.lost
        wide = np.full(len(x), math.nan)
        if df > 0 and factor > 0 and self.tau2_method != "CE":
            wide = quantile(df, self.prob) * np.sqrt(self.tau2 + factor * _errors(x, self.conventional) ** 2)
        numbers = {"estimate": mean, "se": se, "lower": mean - half, "upper": mean + half}
        numbers |= {"prediction_lower": mean - wide, "prediction_upper": mean + wide}
        said = {name: tuple(values.tolist()) for name, values in numbers.items()}
        asked = {"prob": self.prob, "ci_method": self.ci_method, "prediction_method": self.prediction_method}
        whole: dict[str, Any] = said | asked
        return RegressionPrediction(names=self.names, at=tuple(map(tuple, x.tolist())), **whole)

    def __str__(self) -> str:
        """Say the coefficients in lines, then the residual heterogeneity and the test of the moderators."""
        lines = [
            f"{name}: {b:.4f} [{low:.4f}, {high:.4f}], p = {p:.4g}"
            for name, b, low, high, p in zip(
                self.names, self.estimate, self.lower, self.upper, self.p_value, strict=True
            )
        ]
        lines.append(
            f"{self.k} studies; residual tau2 {self.tau2:.4f} ({self.tau2_method}), I2 {self.i2:.1f}%, "
            f"R2 {self.r2:.1f}%; QE({self.qe_df:g}) = {self.qe:.4f}, p = {self.qe_p_value:.4g}"
        )
        return "\n".join([*lines, f"Moderators: {self.moderators}", *self.notes])


def _errors(x: Array, covariance: tuple[Numbers, ...]) -> Array:
    """Standard errors of combinations of coefficients."""
    matrix = np.array(covariance)
    variances: Array = np.einsum("ij,jk,ik->i", x, matrix, x)
    return np.sqrt(np.maximum(variances, 0.0))


def coefficient_places(names: Sequence[str] | str, known: Sequence[str]) -> tuple[list[int], list[Fault]]:
    """Where named coefficients stand, and every name that is none."""
    asked = [names] if isinstance(names, str) else list(names)
    faults = [
        Fault(f"{name!r}", "A coefficient is named", nearest(str(name), tuple(known)), key="tested")
        for name in asked
        if name not in known
    ]
    if not asked:
        faults = [Fault("no names", "A test is of one coefficient or more", "Name some", key="tested")]
    return [list(known).index(name) for name in dict.fromkeys(asked) if name in known], faults
