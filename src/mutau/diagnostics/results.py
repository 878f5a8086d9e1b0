"""The frozen records of diagnostics and of tests of asymmetry."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import TYPE_CHECKING, Any

from mutau.diagnostics.about import About

if TYPE_CHECKING:
    import pandas as pd

    from mutau.records import ClassicResult

__all__ = [
    "Baujat",
    "Gosh",
    "Influence",
    "LeaveOneOut",
    "NormalQuantiles",
    "PetPeese",
    "Radial",
    "SmallStudyTest",
]


POOLED_NAMES = ("estimate", "se", "lower", "upper", "p_value", "q", "q_p_value", "tau2", "i2", "h2")
"""What is kept of each pooled result where there are many."""


_HOW = ("tau2_method", "ci_method", "prob")


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """A record that says what its numbers are of: measure, outcome, arms, provenance."""

    about: About = field(default=About(), compare=False, repr=False)


class Columns(Described):
    """A record whose fields of one value per row make a frame, in their order."""

    __slots__ = ()

    def to_frame(self) -> pd.DataFrame:
        """Make a frame: one row per study (or subset), one column per field that has a value for each.

        How the studies are pooled, the coverage, ``measure`` and ``provenance`` come last.
        """
        import pandas as pd

        values = {each.name: getattr(self, each.name) for each in fields(self)}
        columns = {
            name: value for name, value in values.items() if isinstance(value, tuple) and name != "notes"
        }
        frame = pd.DataFrame({name: list(value) for name, value in columns.items()})
        how = {name: values[name] for name in _HOW if name in values}
        how |= {"kind": "confidence"} if "ci_method" in how else {}
        return frame.assign(**how, **self.about.columns())


def one_row(record: Described) -> pd.DataFrame:
    """Make a frame of one row of a record's numbers; `notes` are joined by line breaks."""
    import pandas as pd

    row: dict[str, Any] = asdict(record)
    row.pop("about")
    row["notes"] = "\n".join(row["notes"])
    return pd.DataFrame([row | record.about.columns()])


@dataclass(frozen=True, slots=True)
class LeaveOneOut(Columns):
    """The pooled result without each study in turn, on the analysis scale.

    Parameters
    ----------
    study : tuple of str
        The study left out.
    estimate, se, lower, upper, p_value : tuple of float
        Pooled effect of the others, its standard error, confidence limits at `prob` and test.
    q, q_p_value, tau2, i2, h2 : tuple of float
        Heterogeneity of the others; I2 in percent.
    tau2_method, ci_method : str
        As asked.
    prob : float
        Coverage.
    whole : ClassicResult
        All studies.
    """

    study: tuple[str, ...]
    estimate: tuple[float, ...]
    se: tuple[float, ...]
    lower: tuple[float, ...]
    upper: tuple[float, ...]
    p_value: tuple[float, ...]
    q: tuple[float, ...]
    q_p_value: tuple[float, ...]
    tau2: tuple[float, ...]
    i2: tuple[float, ...]
    h2: tuple[float, ...]
    tau2_method: str
    ci_method: str
    prob: float
    whole: ClassicResult


@dataclass(frozen=True, slots=True)
class Influence(Columns):
    """Deletion diagnostics of each study (Viechtbauer and Cheung 2010).

    Parameters
    ----------
    study : tuple of str
        Names.
    rstudent : tuple of float
        Externally standardised residual: the study against what the others predict.
    dffits, cook_d, cov_r : tuple of float
        Change of the fitted value in its standard errors; Cook's distance; ratio of the variances of the mean.
    tau2_deleted, qe_deleted : tuple of float
        Between-study variance and Q without the study.
    hat, weight : tuple of float
        Leverage, and weight in percent.
    dfbetas : tuple of float
        Change of the mean in standard errors.
    influential : tuple of bool
        By metafor's rules: absolute DFFITS above 3 sqrt(1/(k - 1)), Cook's distance above the median of chi-squared
        on 1 df, hat above 3/k, or absolute DFBETAS above 1.
    tau2_method : str
        As asked.
    """

    study: tuple[str, ...]
    rstudent: tuple[float, ...]
    dffits: tuple[float, ...]
    cook_d: tuple[float, ...]
    cov_r: tuple[float, ...]
    tau2_deleted: tuple[float, ...]
    qe_deleted: tuple[float, ...]
    hat: tuple[float, ...]
    weight: tuple[float, ...]
    dfbetas: tuple[float, ...]
    influential: tuple[bool, ...]
    tau2_method: str


@dataclass(frozen=True, slots=True)
class Baujat(Columns):
    """Baujat's plot: `x` is each study's share of heterogeneity, `y` its influence on the pooled effect."""

    study: tuple[str, ...]
    x: tuple[float, ...]
    y: tuple[float, ...]
    tau2_method: str


@dataclass(frozen=True, slots=True)
class Radial(Columns):
    """Galbraith's radial plot: `x` is 1/sqrt(vi + tau2), `z` is yi times it; `slope` is the pooled effect.

    `lower` and `upper` are its confidence limits; a line from the origin through a point has that study's effect.
    """

    study: tuple[str, ...]
    x: tuple[float, ...]
    z: tuple[float, ...]
    slope: float
    lower: float
    upper: float
    tau2_method: str


@dataclass(frozen=True, slots=True)
class NormalQuantiles(Columns):
    """Studentised residuals in order (`sample`) against normal quantiles (`theoretical`).

    `lower` and `upper` hold each of them with probability `prob`, were all independent and standard normal.
    """

    study: tuple[str, ...]
    theoretical: tuple[float, ...]
    sample: tuple[float, ...]
    lower: tuple[float, ...]
    upper: tuple[float, ...]
    prob: float
    tau2_method: str


@dataclass(frozen=True, slots=True)
class Gosh(Columns):
    """Pooled results of subsets of the studies (Olkin, Dahabreh and Trikalinos 2012).

    Parameters
    ----------
    subset : tuple of tuple of int
        Positions of the studies in each.
    k : tuple of int
        Their number.
    estimate, q, i2, h2, tau2 : tuple of float
        Results; of one study I2, H2 and tau2 do not exist (NaN).
    studies : list of str
        All studies' names, to which `subset` points; not in `to_frame`.
    complete : bool
        Whether these are all subsets.
    seed : int or None
        Of the draw of subsets.
    tau2_method : str
        As asked.
    """

    subset: tuple[tuple[int, ...], ...]
    k: tuple[int, ...]
    estimate: tuple[float, ...]
    q: tuple[float, ...]
    i2: tuple[float, ...]
    h2: tuple[float, ...]
    tau2: tuple[float, ...]
    studies: Sequence[str]
    complete: bool
    seed: int | None
    tau2_method: str


@dataclass(frozen=True, slots=True)
class SmallStudyTest(Described):
    """A test of funnel asymmetry.

    Parameters
    ----------
    test : str
        Whose: ``"Egger"``, ``"Begg"``, ``"Harbord"``, ``"Peters"``, ``"Deeks"``.
    predictor : str
        What the effects are regressed on (or correlated with).
    k : int
        Number of studies it rests on.
    estimate, se : float
        Coefficient that measures asymmetry (Kendall's tau for Begg) and its standard error (NaN where none).
    statistic, df, p_value : float
        t, z (`df` infinite) or Kendall's tau, and the two-sided p-value.
    limit, limit_lower, limit_upper : float
        Effect of an infinitely large study with 95% confidence limits; NaN where the test says none.
    tau2 : float
        Residual between-study variance of the mixed model; NaN elsewhere.
    notes : tuple of str
        Where the method's authors say not to use it.
    """

    test: str
    predictor: str
    k: int
    estimate: float
    se: float
    statistic: float
    df: float
    p_value: float
    limit: float
    limit_lower: float
    limit_upper: float
    tau2: float
    notes: tuple[str, ...]

    def to_frame(self) -> pd.DataFrame:
        """Make a frame of one row; `notes` are joined by line breaks, ``measure`` and ``provenance`` come last."""
        return one_row(self)

    def __str__(self) -> str:
        kind = "Kendall's tau" if self.test == "Begg" else "z" if math.isinf(self.df) else f"t({self.df:g})"
        whose, _, mixed = self.test.partition(" ")
        name = f"{whose}{"'" if whose.endswith('s') else "'s"} test{' ' * bool(mixed)}{mixed}"
        head = f"{name} on {self.predictor}, {self.k} studies: {kind} = {self.statistic:.3f}"
        return "\n".join([f"{head}, p = {self.p_value:.4f}", *self.notes])


@dataclass(frozen=True, slots=True)
class PetPeese(Described):
    """Effects of an infinitely precise study, by a line in the standard error (PET) or in the variance (PEESE).

    Parameters
    ----------
    k : int
        Number of studies.
    pet, pet_lower, pet_upper, pet_p_value : float
        PET's intercept, 95% confidence limits, and p-value of one side (in the direction of the estimate).
    peese, peese_lower, peese_upper : float
        PEESE's.
    chosen : {"PET", "PEESE"}
        PEESE where PET's intercept differs from 0 at 5% on one side, else PET.
    estimate, lower, upper : float
        The chosen one.
    notes : tuple of str
        Where its authors say not to use it.
    """

    k: int
    pet: float
    pet_lower: float
    pet_upper: float
    pet_p_value: float
    peese: float
    peese_lower: float
    peese_upper: float
    chosen: str
    estimate: float
    lower: float
    upper: float
    notes: tuple[str, ...]

    def to_frame(self) -> pd.DataFrame:
        """Make a frame of one row; `notes` are joined by line breaks, ``measure`` and ``provenance`` come last."""
        return one_row(self)

    def __str__(self) -> str:
        head = f"PET-PEESE, {self.k} studies: {self.chosen} {self.estimate:.3f} [{self.lower:.3f}, {self.upper:.3f}]"
        return "\n".join([head, *self.notes])
