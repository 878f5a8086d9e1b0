"""What each study does to the pooled result: leave-one-out, influence, Baujat, radial, normal quantiles, GOSH."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import stats

from mutau.classic import inverse_variance
from mutau.diagnostics.given import Given, given_effects, pooled_without
from mutau.diagnostics.results import (
    POOLED_NAMES,
    Baujat,
    Gosh,
    Influence,
    LeaveOneOut,
    NormalQuantiles,
    Radial,
)
from mutau.errors import ArgumentError, Fault

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike

    from mutau.outcomes import OutcomeModel
    from mutau.studies import StudyTable

__all__ = [
    "baujat",
    "gosh",
    "influence",
    "leave_one_out",
    "normal_quantiles",
    "radial",
]

ALL_SUBSETS = 10
"""Up to so many studies GOSH takes all subsets."""


def leave_one_out(
    studies: StudyTable | pd.DataFrame | None = None,
    *,
    yi: ArrayLike | None = None,
    vi: ArrayLike | None = None,
    sei: ArrayLike | None = None,
    measure: str | OutcomeModel | None = None,
    labels: Sequence[str] | None = None,
    tau2: str = "REML",
    ci: str = "HK",
    prob: float = 0.95,
) -> LeaveOneOut:
    """Pool without each study in turn.

    Parameters
    ----------
    studies, yi, vi, sei, measure, tau2, ci, prob
        As in `mutau.pool`; `measure` may be an `OutcomeModel`.
    labels : sequence of str, optional
        Names of ready-made effects.

    Returns
    -------
    LeaveOneOut
        One value per study left out. With two studies what remains is one, whose tau2 is NaN.

    Raises
    ------
    ArgumentError, StudyDataError
        As `mutau.pool`; fewer than two studies.

    Examples
    --------
    >>> without = leave_one_out(yi=[0.1, 0.2, 0.9], sei=[0.1, 0.1, 0.2], tau2="DL", ci="wald")
    >>> [round(value, 2) for value in without.estimate]
    [0.53, 0.48, 0.15]
    """
    given = given_effects(studies, yi=yi, vi=vi, sei=sei, measure=measure, labels=labels, least=2, tau2=tau2)
    whole = inverse_variance(given.yi, given.vi, tau2=tau2, ci=ci, prob=prob)
    rest = [pooled_without(given, i, tau2=tau2, ci=ci, prob=prob) for i in range(given.k)]
    columns: dict[str, Any] = {name: tuple(getattr(one, name) for one in rest) for name in POOLED_NAMES}
    return LeaveOneOut(
        study=given.labels,
        **columns,
        tau2_method=tau2,
        ci_method=ci,
        prob=prob,
        whole=whole,
        about=given.about,
    )


def influence(
    studies: StudyTable | pd.DataFrame | None = None,
    *,
    yi: ArrayLike | None = None,
    vi: ArrayLike | None = None,
    sei: ArrayLike | None = None,
    measure: str | OutcomeModel | None = None,
    labels: Sequence[str] | None = None,
    tau2: str = "REML",
) -> Influence:
    """Compute deletion diagnostics of each study, as metafor's ``influence``.

    Parameters
    ----------
    studies, yi, vi, sei, measure, labels, tau2
        See `leave_one_out`.

    Returns
    -------
    Influence
        One value per study.

    Raises
    ------
    ArgumentError, StudyDataError
        As `mutau.pool`; fewer than three studies.

    Notes
    -----
    With weights w, mean m, and m_(i), tau2_(i) without study i: hat ``w_i / sum w``; studentised residual
    ``(y_i - m_(i)) / sqrt(v_i + tau2_(i) + var m_(i))``; DFFITS ``(m - m_(i)) / sqrt(hat_i (v_i + tau2_(i)))``; Cook
    ``(m - m_(i))^2 sum w``; covariance ratio ``var m_(i) / var m``; DFBETAS
    ``(m - m_(i)) sqrt(sum 1/(v + tau2_(i)))``.

    References
    ----------
    Viechtbauer W, Cheung MW-L (2010). Outlier and influence diagnostics for meta-analysis. Research Synthesis
    Methods 1:112-125. doi:10.1002/jrsm.11

    Examples
    --------
    >>> residuals = influence(yi=[0.1, 0.2, 0.15, 1.9], sei=[0.1, 0.1, 0.2, 0.2], tau2="CE").rstudent
    >>> residuals[-1] > 3
    True
    """
    given = given_effects(studies, yi=yi, vi=vi, sei=sei, measure=measure, labels=labels, least=3, tau2=tau2)
    y, v = given.yi, given.vi
    whole = inverse_variance(y, v, tau2=tau2)
    rest = [pooled_without(given, i, tau2=tau2) for i in range(given.k)]
    mean, variance, tau, q = (
        np.array([getattr(one, name) for one in rest]) for name in ("estimate", "se", "tau2", "q")
    )
    variance = variance**2
    weight = 1 / (v + whole.tau2)
    hat = weight / weight.sum()
    change = whole.estimate - mean
    dffits = change / np.sqrt(hat * (v + tau))
    cook = change**2 * weight.sum()
    dfbetas = change * np.sqrt((1 / (v[None, :] + tau[:, None])).sum(axis=1))
    flagged = (
        (np.abs(dffits) > 3 * math.sqrt(1 / (given.k - 1)))
        | (cook > float(stats.chi2.ppf(0.5, 1)))
        | (hat > 3 / given.k)
        | (np.abs(dfbetas) > 1)
    )
    return Influence(
        given.labels,
        _floats((y - mean) / np.sqrt(v + tau + variance)),
        _floats(dffits),
        _floats(cook),
        _floats(variance * weight.sum()),
        _floats(tau),
        _floats(q),
        _floats(hat),
        _floats(100 * hat),
        _floats(dfbetas),
        tuple(map(bool, flagged)),
        tau2,
        about=given.about,
    )


def baujat(
    studies: StudyTable | pd.DataFrame | None = None,
    *,
    yi: ArrayLike | None = None,
    vi: ArrayLike | None = None,
    sei: ArrayLike | None = None,
    measure: str | OutcomeModel | None = None,
    labels: Sequence[str] | None = None,
    tau2: str = "REML",
) -> Baujat:
    """Compute the coordinates of Baujat's plot, as metafor does.

    Parameters
    ----------
    studies, yi, vi, sei, measure, labels, tau2
        See `leave_one_out`. Baujat's own plot has ``tau2="CE"``.

    Returns
    -------
    Baujat
        ``x = (y_i - m)^2 / (v_i + tau2)``, ``y = (m_(i) - m)^2 / var m_(i)``.

    Raises
    ------
    ArgumentError, StudyDataError
        As `mutau.pool`; fewer than three studies.

    References
    ----------
    Baujat B et al. (2002). Statistics in Medicine 21:2641-2652. doi:10.1002/sim.1221

    Examples
    --------
    >>> shares = baujat(yi=[0.1, 0.2, 0.9], sei=[0.1, 0.1, 0.2], tau2="CE")
    >>> max(zip(shares.x, shares.study))[1]
    'study 3'
    """
    given = given_effects(studies, yi=yi, vi=vi, sei=sei, measure=measure, labels=labels, least=3, tau2=tau2)
    whole = inverse_variance(given.yi, given.vi, tau2=tau2)
    rest = [pooled_without(given, i, tau2=tau2) for i in range(given.k)]
    x = (given.yi - whole.estimate) ** 2 / (given.vi + whole.tau2)
    y = [((one.estimate - whole.estimate) / one.se) ** 2 for one in rest]
    return Baujat(given.labels, _floats(x), tuple(y), tau2, about=given.about)


def radial(
    studies: StudyTable | pd.DataFrame | None = None,
    *,
    yi: ArrayLike | None = None,
    vi: ArrayLike | None = None,
    sei: ArrayLike | None = None,
    measure: str | OutcomeModel | None = None,
    labels: Sequence[str] | None = None,
    tau2: str = "REML",
    ci: str = "wald",
) -> Radial:
    """Compute the coordinates of Galbraith's radial plot.

    Parameters
    ----------
    studies, yi, vi, sei, measure, labels, tau2, ci
        See `leave_one_out`.

    Returns
    -------
    Radial
        A line from the origin through a point has that study's effect as its slope.

    Raises
    ------
    ArgumentError, StudyDataError
        As `mutau.pool`; fewer than two studies.

    References
    ----------
    Galbraith RF (1988). Technometrics 30:271-281. doi:10.1080/00401706.1988.10488400

    Examples
    --------
    >>> radial(yi=[0.1, 0.2], sei=[0.1, 0.2], tau2="CE").x
    (10.0, 5.0)
    """
    given = given_effects(studies, yi=yi, vi=vi, sei=sei, measure=measure, labels=labels, least=2, tau2=tau2)
    whole = inverse_variance(given.yi, given.vi, tau2=tau2, ci=ci)
    x = 1 / np.sqrt(given.vi + whole.tau2)
    found = whole.estimate, whole.lower, whole.upper
    return Radial(given.labels, _floats(x), _floats(x * given.yi), *found, tau2, about=given.about)


def normal_quantiles(
    studies: StudyTable | pd.DataFrame | None = None,
    *,
    yi: ArrayLike | None = None,
    vi: ArrayLike | None = None,
    sei: ArrayLike | None = None,
    measure: str | OutcomeModel | None = None,
    labels: Sequence[str] | None = None,
    tau2: str = "REML",
    prob: float = 0.95,
) -> NormalQuantiles:
    """Set the studentised residuals, in order, against normal quantiles.

    Parameters
    ----------
    studies, yi, vi, sei, measure, labels, tau2
        See `leave_one_out`.
    prob : float
        Of the envelope.

    Returns
    -------
    NormalQuantiles
        Sorted by `sample`; quantiles at R's ``ppoints``: (i - a)/(k + 1 - 2a), a = 3/8 up to ten studies, else 1/2.
        The envelope is pointwise: the i-th of k independent standard normal values lies in it with probability
        `prob`, by the beta distribution of its order statistic. Residuals are nearly independent, not quite.

    Raises
    ------
    ArgumentError, StudyDataError
        As `mutau.pool`; fewer than three studies; `prob` outside 0 to 1.

    Examples
    --------
    >>> quantiles = normal_quantiles(yi=[0.1, 0.2, 0.9], sei=[0.1, 0.1, 0.2], tau2="CE")
    >>> quantiles.study[-1], round(quantiles.theoretical[-1], 3)
    ('study 3', 0.869)
    """
    if not 0 < prob < 1:
        rule = "The envelope has a probability between 0 and 1"
        raise ArgumentError(Fault(f"prob={prob}", rule, "Use 0.95", key="prob"))
    result = influence(studies, yi=yi, vi=vi, sei=sei, measure=measure, labels=labels, tau2=tau2)
    k = len(result.study)
    a = 3 / 8 if k <= 10 else 0.5
    order = np.argsort(result.rstudent, kind="stable")
    points = stats.norm.ppf((np.arange(1, k + 1) - a) / (k + 1 - 2 * a))
    names, sample = (tuple(values[i] for i in order) for values in (result.study, result.rstudent))
    places = np.arange(1, k + 1)
    ends = (
        stats.norm.ppf(stats.beta.ppf(p, places, k + 1 - places)) for p in ((1 - prob) / 2, (1 + prob) / 2)
    )
    lower, upper = map(_floats, ends)
    return NormalQuantiles(names, _floats(points), sample, lower, upper, prob, tau2, about=result.about)


def gosh(
    studies: StudyTable | pd.DataFrame | None = None,
    *,
    yi: ArrayLike | None = None,
    vi: ArrayLike | None = None,
    sei: ArrayLike | None = None,
    measure: str | OutcomeModel | None = None,
    labels: Sequence[str] | None = None,
    tau2: str = "REML",
    subsets: int | None = None,
    seed: int = 0,
) -> Gosh:
    """Pool subsets of the studies: all of them, or so many drawn at random.

    Parameters
    ----------
    studies, yi, vi, sei, measure, labels, tau2
        See `leave_one_out`.
    subsets : int, optional
        How many to draw, with replacement. Without it all subsets are taken up to 10 studies, else 2,000 drawn.
    seed : int
        Of the draw.

    Returns
    -------
    Gosh
        One value per subset, in the order of counting in binary where complete.

    Raises
    ------
    ArgumentError, StudyDataError
        As `mutau.pool`; `subsets` below 1; fewer than two studies.

    References
    ----------
    Olkin I, Dahabreh IJ, Trikalinos TA (2012). Research Synthesis Methods 3:214-223. doi:10.1002/jrsm.1053

    Examples
    --------
    >>> len(gosh(yi=[0.1, 0.2, 0.9], sei=[0.1, 0.1, 0.2], tau2="DL").estimate)
    7
    """
    if subsets is not None and subsets < 1:
        raise ArgumentError(Fault(f"subsets={subsets}", "At least one is drawn", "Use 1000", key="subsets"))
    given = given_effects(studies, yi=yi, vi=vi, sei=sei, measure=measure, labels=labels, least=2, tau2=tau2)
    complete = subsets is None and given.k <= ALL_SUBSETS
    masks = _all_masks(given.k) if complete else _drawn_masks(given, subsets or 2000, seed)
    results = [inverse_variance(given.yi[mask], given.vi[mask], tau2=tau2) for mask in masks]
    columns: dict[str, Any] = {
        name: tuple(getattr(one, name) for one in results)
        for name in ("k", "estimate", "q", "i2", "h2", "tau2")
    }
    members = tuple(tuple(map(int, np.flatnonzero(mask))) for mask in masks)
    return Gosh(
        subset=members,
        **columns,
        studies=list(given.labels),
        complete=complete,
        seed=None if complete else seed,
        tau2_method=tau2,
        about=given.about,
    )


def _all_masks(k: int) -> list[np.ndarray[Any, np.dtype[np.bool_]]]:
    return [(number >> np.arange(k)) % 2 == 1 for number in range(1, 2**k)]


def _drawn_masks(given: Given, count: int, seed: int) -> list[np.ndarray[Any, np.dtype[np.bool_]]]:
    rng = np.random.default_rng(seed)
    masks: list[np.ndarray[Any, np.dtype[np.bool_]]] = []
    while len(masks) < count:
        masks += [mask for mask in rng.random((count, given.k)) < 0.5 if mask.any()]
    return masks[:count]


def _floats(values: ArrayLike) -> tuple[float, ...]:
    return tuple(np.asarray(values, dtype=np.float64).tolist())
