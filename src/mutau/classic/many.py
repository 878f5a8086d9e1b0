"""`inverse_variance_many`: classic pooling of very many sets of studies of unequal size at once."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

import numpy as np

from mutau.classic.confidence import ERRORS, NEEDS_ONE_STUDY, SOUGHT, p_values
from mutau.classic.estimators import ESTIMATORS
from mutau.classic.heterogeneity import cochran
from mutau.classic.pooled_mean import PooledMean, pooled_means
from mutau.classic.predicting import CONVENTIONS, prediction_error, quantile, quantiles
from mutau.classic.requests import Request, checked_effects, request_faults
from mutau.classic.tau2_intervals import sidik_jonkman_limits
from mutau.errors import Fault

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike, NDArray

    from mutau.classic.heterogeneity import Heterogeneity

    type Array = NDArray[np.float64]
    type Integers = NDArray[np.int64]

__all__ = ["ManyPooled", "inverse_variance_many", "many_faults"]

NOT_MANY = {"ci": tuple(SOUGHT), "prediction": ("NNF",), "tau2_ci": ("PL", "BJ", "BT", "J")}
"""Intervals that are searched for set by set; `inverse_variance` has them."""


@dataclass(frozen=True, slots=True)
class ManyPooled:
    """Classic results of n sets of studies, as arrays of shape (n,); names and meaning as in `ClassicResult`.

    Parameters
    ----------
    k : ndarray of int64
        Numbers of studies.
    estimate, se, lower, upper, statistic, df, p_value
        Pooled effects, standard errors, confidence limits, tests.
    tau2, tau2_se, tau2_lower, tau2_upper
        Between-study variances, standard errors, confidence limits.
    q, q_df, q_p_value, i2, h2
        Cochran's Q, I2 in percent, H2.
    prediction_lower, prediction_upper
        Prediction limits.
    maxima : ndarray
        Number of local maxima of the likelihood, of which the highest is used; 0 where the search for tau2 failed.
    prob : float
        Coverage of all intervals.
    tau2_method, ci_method, prediction_method, tau2_ci_method : str
        As asked.
    notes : tuple of str
        What a reader must know, each with the number of sets that it is said of.
    """

    k: Integers = field(repr=False)
    estimate: Array = field(repr=False)
    se: Array = field(repr=False)
    lower: Array = field(repr=False)
    upper: Array = field(repr=False)
    statistic: Array = field(repr=False)
    df: Array = field(repr=False)
    p_value: Array = field(repr=False)
    tau2: Array = field(repr=False)
    tau2_se: Array = field(repr=False)
    tau2_lower: Array = field(repr=False)
    tau2_upper: Array = field(repr=False)
    q: Array = field(repr=False)
    q_df: Array = field(repr=False)
    q_p_value: Array = field(repr=False)
    i2: Array = field(repr=False)
    h2: Array = field(repr=False)
    prediction_lower: Array = field(repr=False)
    prediction_upper: Array = field(repr=False)
    maxima: Array = field(repr=False)
    prob: float
    tau2_method: str
    ci_method: str
    prediction_method: str
    tau2_ci_method: str
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.k)

    def to_frame(self) -> pd.DataFrame:
        """One row per set, in order; ``DataFrame.attrs["notes"]`` has the notes."""
        import pandas as pd

        frame = pd.DataFrame(
            {one.name: getattr(self, one.name) for one in fields(self) if one.name != "notes"}
        )
        frame.attrs["notes"] = self.notes
        return frame


def inverse_variance_many(
    yi: ArrayLike,
    vi: ArrayLike,
    k: ArrayLike,
    *,
    tau2: str = "REML",
    ci: str = "wald",
    prob: float = 0.95,
    prediction: str = "HTS",
    tau2_ci: str = "QP",
    threads: int | None = None,
) -> ManyPooled:
    """Pool many sets of effects by inverse variance.

    Parameters
    ----------
    yi, vi : array_like, shape (studies,)
        Effects and their sampling variances on the analysis scale (log for ratios), set after set.
    k : array_like of int, shape (n,)
        Number of studies in each set, at least 1; they sum to the number of effects.
    tau2 : str
        As for `inverse_variance`.
    ci : {"wald", "t", "HK", "HK-adhoc", "cochrane", "KR", "robust", "robust-HC0", "SJ"}
        Confidence interval; KR goes with REML.
    prob : float
        Coverage of all intervals.
    prediction : {"HTS", "t(k-1)", "normal", "HK", "HK(k-2)", "KR", "KR(df-1)", "SJ"}
        Prediction interval.
    tau2_ci : {"QP", "SJ", "wald"}
        Confidence interval of tau2; SJ goes with SJ.
    threads : int, optional
        By default one for each core. Changes no digit.

    Returns
    -------
    ManyPooled
        What does not exist is NaN; `notes` says why, and in how many sets.

    Raises
    ------
    ArgumentError
        As `inverse_variance`; and numbers of studies that do not fit the effects, and intervals that only
        `inverse_variance` has.

    Notes
    -----
    The arithmetic of `inverse_variance`, set by set, in one compiled loop: the same digits. GENQM is searched for
    outside that loop, about half a millisecond for each set.

    Examples
    --------
    >>> many = inverse_variance_many([0.1, 0.3, -2.3, -0.5, -2.3], [0.04, 0.04, 0.3, 0.3, 0.8], [2, 3], tau2="DL")
    >>> many.estimate.round(3), many.tau2.round(3)
    (array([ 0.2  , -1.633]), array([0.   , 0.866]))
    """
    request = Request("IV", tau2, ci, prob, prediction, tau2_ci)
    sizes = np.atleast_1d(np.asarray(k))
    faults = [*request_faults(request), *many_faults(request)]
    y, v = checked_effects(yi, vi, [*faults, *_size_faults(sizes, int(np.size(yi)))], None, sizes)
    ends = np.concatenate([[0], np.cumsum(sizes)])
    unit = np.ldexp(1.0, np.frexp(v[ends[:-1]])[1] // 2)  # a power of two: dividing by it changes no digit
    of_study = np.repeat(unit, sizes)
    mean = pooled_means(
        y / of_study,
        v / (of_study * of_study),
        ends,
        tau2,
        prob=prob if tau2_ci == "QP" else 0.0,
        threads=threads,
    )
    return _many(mean, cochran(mean), unit, request)


def many_faults(request: Request) -> list[Fault]:
    """List intervals that many sets cannot have."""
    return [
        Fault(f"{key}={value!r}", rule, f"Leave {key} out, or pool each set by mutau.pool", key=key)
        for key, without in NOT_MANY.items()
        if (value := getattr(request, key)) in without
        for rule in ("Sets pooled all at once have intervals with a formula, or a root of Q",)
    ]


def _size_faults(k: NDArray[np.generic], studies: int) -> list[Fault]:
    rule = "k holds the number of studies of each set: whole numbers, 1 or more, that sum to the number of effects"
    if k.ndim != 1 or not len(k) or k.dtype.kind not in "iu" or int(k.min()) < 1:
        return [Fault(f"k of shape {k.shape}, {k.dtype}", rule, "Give one whole number per set", key="k")]
    if int(k.sum()) != studies:
        return [
            Fault(f"k sums to {int(k.sum())}, and there are {studies} effects", rule, "Correct one", key="k")
        ]
    return []


def _many(mean: PooledMean, spread: Heterogeneity, unit: Array, request: Request) -> ManyPooled:
    se, df = (
        np.broadcast_to(np.asarray(part, dtype=float), mean.k.shape) for part in ERRORS[request.ci](mean)
    )
    if request.ci not in NEEDS_ONE_STUDY:
        se, df = np.where(mean.k > 1, se, math.nan), np.where(mean.k > 1, df, 0.0)
    half = quantiles(df, request.prob) * se
    statistic = mean.estimate / se
    lower, upper = _prediction(mean, request)
    i2, h2 = spread.i2_h2(None if request.tau2 == "CE" else mean.found)
    tau2_lower, tau2_upper = mean.q_lower, mean.q_upper
    if request.tau2_ci == "wald":
        reach = quantile(math.inf, request.prob) * mean.tau2_se
        tau2_lower, tau2_upper = np.maximum(0.0, mean.found - reach), mean.found + reach
    if request.tau2_ci == "SJ":
        tau2_lower, tau2_upper = sidik_jonkman_limits(mean.k, mean.found, request.prob)
    if request.tau2 == "CE":
        tau2_lower = tau2_upper = np.full(len(mean.k), math.nan)
    square = unit * unit
    return ManyPooled(
        k=mean.k,
        estimate=mean.estimate * unit,
        se=se * unit,
        lower=(mean.estimate - half) * unit,
        upper=(mean.estimate + half) * unit,
        statistic=statistic,
        df=df,
        p_value=p_values(statistic, df),
        tau2=mean.found * square,
        tau2_se=mean.tau2_se * square,
        tau2_lower=tau2_lower * square,
        tau2_upper=tau2_upper * square,
        q=mean.cochran,
        q_df=spread.q_df,
        q_p_value=spread.q_p_value,
        i2=i2,
        h2=h2,
        prediction_lower=lower * unit,
        prediction_upper=upper * unit,
        maxima=mean.maxima,
        prob=request.prob,
        tau2_method=request.tau2,
        ci_method=request.ci,
        prediction_method=request.prediction,
        tau2_ci_method=request.tau2_ci,
        notes=_notes(mean, se, lower, request),
    )


def _prediction(mean: PooledMean, request: Request) -> tuple[Array, Array]:
    if request.tau2 == "CE":
        nothing = np.full(len(mean.k), math.nan)
        return nothing, nothing
    se, df = prediction_error(mean, CONVENTIONS[request.prediction], request.ci == "HK-adhoc")
    half = quantiles(df, request.prob) * np.sqrt(mean.found + se**2)
    return mean.estimate - half, mean.estimate + half


def _notes(mean: PooledMean, se: Array, lower: Array, request: Request) -> tuple[str, ...]:
    """What has to be said, and of how many sets."""
    several = mean.k > 1
    without = f"no Q test, I2{'' if request.tau2 == 'CE' else ', tau2'} or prediction interval"
    likelihood = "restricted likelihood" if request.tau2 == "REML" else "likelihood"
    lost = np.isnan(mean.found) & several
    flat = np.isnan(se) & several & ~lost
    common = request.tau2 == "CE"
    said: list[tuple[Any, str]] = [
        (~several, f"One study: {without}"),
        (lost, f"The search for tau2 by {ESTIMATORS[request.tau2].name} failed: nothing is pooled"),
        (mean.maxima > 1, f"The {likelihood} has several maxima; the highest is used"),
        (flat, f"No {request.ci} interval: all effects are equal, so it would have no width"),
        (
            several & common,
            "No prediction interval, and none for tau2: a common effect supposes no heterogeneity",
        ),
        (
            several & ~lost & np.isnan(lower) & (not common),
            f"No {request.prediction} prediction interval: too few studies, or effects that are all equal",
        ),
    ]
    counts = [(int(np.count_nonzero(where)), words) for where, words in said]
    return tuple(f"{words} ({n} of {len(mean.k)} sets)" for n, words in counts if n)
