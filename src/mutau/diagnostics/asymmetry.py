"""Small-study effects: tests of whether small studies find other effects than large ones, and PET-PEESE."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

from mutau.diagnostics.advice import advice
from mutau.diagnostics.given import FloatArray, Given, announce, given_effects
from mutau.diagnostics.regressing import Line, mixed_line, weighted_line
from mutau.diagnostics.results import PetPeese, SmallStudyTest
from mutau.errors import ArgumentError, Fault, StudyDataError, nearest

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike

    from mutau.outcomes import OutcomeModel
    from mutau.studies import StudyTable

__all__ = [
    "PREDICTORS",
    "begg",
    "deeks",
    "egger",
    "harbord",
    "pet_peese",
    "peters",
]

PREDICTORS = ("sei", "vi", "ni", "ninv", "sqrtni", "sqrtninv")
"""Predictors of Egger's regression: standard error, variance, participants n, 1/n, and their square roots."""

_AT_INFINITE_SIZE = ("sei", "vi", "ninv", "sqrtninv")


def egger(
    studies: StudyTable | pd.DataFrame | None = None,
    *,
    yi: ArrayLike | None = None,
    vi: ArrayLike | None = None,
    sei: ArrayLike | None = None,
    measure: str | OutcomeModel | None = None,
    sizes: ArrayLike | None = None,
    model: str = "lm",
    predictor: str = "sei",
    tau2: str = "REML",
) -> SmallStudyTest:
    """Test for funnel asymmetry by Egger's regression.

    Parameters
    ----------
    studies, yi, vi, sei, measure
        As in `mutau.pool`; `measure` may be an `OutcomeModel`.
    sizes : array_like, shape (k,), optional
        Participants of ready-made effects, for the predictors made of them.
    model : {"lm", "rma"}
        Classic: weighted least squares with a multiplicative variance, t on k - 2. Or the mixed-effects
        meta-regression, z, with residual `tau2`.
    predictor : {"sei", "vi", "ni", "ninv", "sqrtni", "sqrtninv"}
        See `PREDICTORS`.
    tau2 : str
        Estimator of the mixed model's residual variance, as in `mutau.pool`.

    Returns
    -------
    SmallStudyTest
        The slope on the predictor, and the effect where the predictor is 0.

    Raises
    ------
    ArgumentError
        Wrong arguments, fewer than three studies, no sizes, or a predictor that does not vary.
    StudyDataError
        A study without an effect.

    Warns
    -----
    ApproximationWarning
        Where its authors say not to use it: fewer than 10 studies, odds ratios, standardised mean differences.

    References
    ----------
    Egger M et al. (1997). BMJ 315:629-634. doi:10.1136/bmj.315.7109.629
    Sterne JAC et al. (2011). BMJ 343:d4002. doi:10.1136/bmj.d4002

    Examples
    --------
    >>> import warnings
    >>> warnings.simplefilter("ignore")
    >>> print(egger(yi=[0.1, 0.3, 0.5, 0.9], sei=[0.1, 0.2, 0.3, 0.4]).p_value < 0.1)
    True
    """
    faults = [
        Fault(f"{key}={came!r}", "It is named", nearest(str(came), known), key=key)
        for key, came, known in (("model", model, ("lm", "rma")), ("predictor", predictor, PREDICTORS))
        if came not in known
    ]
    if faults:
        raise ArgumentError(faults)
    given = given_effects(studies, yi=yi, vi=vi, sei=sei, measure=measure, sizes=sizes, least=3, tau2=tau2)
    x = _predictor(given, predictor)
    line = (
        weighted_line(given.yi, x, 1 / given.vi) if model == "lm" else mixed_line(given.yi, given.vi, x, tau2)
    )
    name = "Egger" if model == "lm" else "Egger (mixed)"
    return _result(name, predictor, given, line, 1, 0 if predictor in _AT_INFINITE_SIZE else None)


def begg(
    studies: StudyTable | pd.DataFrame | None = None,
    *,
    yi: ArrayLike | None = None,
    vi: ArrayLike | None = None,
    sei: ArrayLike | None = None,
    measure: str | OutcomeModel | None = None,
) -> SmallStudyTest:
    """Test for funnel asymmetry by Begg and Mazumdar's rank correlation.

    Parameters
    ----------
    studies, yi, vi, sei, measure
        See `egger`.

    Returns
    -------
    SmallStudyTest
        Kendall's tau of the standardised effects and their variances; exact p-value without ties.

    Raises
    ------
    ArgumentError, StudyDataError
        See `egger`.

    Warns
    -----
    ApproximationWarning
        Fewer than 10 studies; its power is low below 25.

    References
    ----------
    Begg CB, Mazumdar M (1994). Biometrics 50:1088-1101. doi:10.2307/2533446

    Examples
    --------
    >>> import warnings
    >>> warnings.simplefilter("ignore")
    >>> begg(yi=[0.1, 0.3, 0.5, 0.9], sei=[0.1, 0.2, 0.3, 0.4]).estimate
    1.0
    """
    given = given_effects(studies, yi=yi, vi=vi, sei=sei, measure=measure, least=3)
    weight = 1 / given.vi
    centred = given.yi - float(weight @ given.yi) / float(weight.sum())
    standard = centred / np.sqrt(given.vi - 1 / weight.sum())
    ties = min(len(np.unique(standard)), len(np.unique(given.vi))) < given.k
    test = stats.kendalltau(standard, given.vi, method="asymptotic" if ties else "exact")
    notes = advice("Begg", given)
    announce(notes)
    nan = math.nan
    tau, p = float(test.statistic), float(test.pvalue)
    return SmallStudyTest(
        "Begg", "vi", given.k, tau, nan, tau, nan, p, nan, nan, nan, nan, notes, about=given.about
    )


def harbord(studies: StudyTable | pd.DataFrame, *, measure: str | OutcomeModel = "OR") -> SmallStudyTest:
    """Test for funnel asymmetry by Harbord's modified regression, from counts.

    Parameters
    ----------
    studies : StudyTable or DataFrame
        Counts of two arms.
    measure : str or OutcomeModel
        The test is of odds ratios whatever it is; a model selects its studies.

    Returns
    -------
    SmallStudyTest
        The efficient score Z over sqrt(V) regressed on sqrt(V): the intercept, t on k - 2.

    Raises
    ------
    ArgumentError, StudyDataError
        Fewer than three studies, no counts, or a study whose arms had no event, or nothing else.

    Warns
    -----
    ApproximationWarning
        Where its authors say not to use it.

    References
    ----------
    Harbord RM, Egger M, Sterne JAC (2006). Statistics in Medicine 25:3443-3457. doi:10.1002/sim.2380

    Examples
    --------
    >>> import pandas as pd, warnings
    >>> warnings.simplefilter("ignore")
    >>> trials = pd.DataFrame({"ai": [5, 9, 30], "n1i": [20, 40, 200], "ci": [9, 14, 35], "n2i": [21, 40, 200]})
    >>> harbord(trials).k
    3
    """
    given, a, n1, c, n2 = _counted(studies, measure, "Harbord")
    n, events = n1 + n2, a + c
    score = a - events * n1 / n
    root = np.sqrt(n1 * n2 * events * (n - events) / (n**2 * (n - 1)))
    line = weighted_line(score / root, root, np.ones_like(root))
    return _result("Harbord", "sqrt(V)", given, line, 0, None)


def peters(studies: StudyTable | pd.DataFrame, *, measure: str | OutcomeModel = "OR") -> SmallStudyTest:
    """Test for funnel asymmetry by Peters' regression of log odds ratios on 1/n.

    Parameters
    ----------
    studies, measure
        See `harbord`. Studies with a zero cell have 0.5 added, as in `mutau.effects`.

    Returns
    -------
    SmallStudyTest
        The slope on 1/n with weights events times others over n, t on k - 2; `limit` is the intercept.

    Raises
    ------
    ArgumentError, StudyDataError
        See `harbord`.

    Warns
    -----
    ApproximationWarning
        Where its authors say not to use it.

    References
    ----------
    Peters JL et al. (2006). JAMA 295:676-680. doi:10.1001/jama.295.6.676

    Examples
    --------
    >>> import pandas as pd, warnings
    >>> warnings.simplefilter("ignore")
    >>> trials = pd.DataFrame({"ai": [5, 9, 30], "n1i": [20, 40, 200], "ci": [9, 14, 35], "n2i": [21, 40, 200]})
    >>> peters(trials).predictor
    '1/n'
    """
    given, a, n1, c, n2 = _counted(studies, measure, "Peters")
    n, events = n1 + n2, a + c
    line = weighted_line(given.yi, 1 / n, events * (n - events) / n)
    return _result("Peters", "1/n", given, line, 1, 0)


def deeks(studies: StudyTable | pd.DataFrame, *, measure: str | OutcomeModel = "OR") -> SmallStudyTest:
    """Test for funnel asymmetry by Deeks' regression on the effective sample size, meant for diagnostic odds ratios.

    Parameters
    ----------
    studies, measure
        See `harbord`; the arms are the diseased and the others.

    Returns
    -------
    SmallStudyTest
        The slope of the log odds ratio on 1/sqrt(ESS), ESS = 4 n1 n2/(n1 + n2), weights ESS, t on k - 2.

    Raises
    ------
    ArgumentError, StudyDataError
        See `harbord`.

    Warns
    -----
    ApproximationWarning
        Where its authors say not to use it.

    References
    ----------
    Deeks JJ, Macaskill P, Irwig L (2005). Journal of Clinical Epidemiology 58:882-893.
    doi:10.1016/j.jclinepi.2005.01.016

    Examples
    --------
    >>> import pandas as pd, warnings
    >>> warnings.simplefilter("ignore")
    >>> trials = pd.DataFrame({"ai": [5, 9, 30], "n1i": [20, 40, 200], "ci": [9, 14, 35], "n2i": [21, 40, 200]})
    >>> deeks(trials).df
    1
    """
    given, _, n1, _, n2 = _counted(studies, measure, "Deeks")
    size = 4 * n1 * n2 / (n1 + n2)
    line = weighted_line(given.yi, 1 / np.sqrt(size), size)
    return _result("Deeks", "1/sqrt(ESS)", given, line, 1, 0)


def pet_peese(
    studies: StudyTable | pd.DataFrame | None = None,
    *,
    yi: ArrayLike | None = None,
    vi: ArrayLike | None = None,
    sei: ArrayLike | None = None,
    measure: str | OutcomeModel | None = None,
) -> PetPeese:
    """Estimate the effect of an infinitely precise study by PET-PEESE.

    Parameters
    ----------
    studies, yi, vi, sei, measure
        See `egger`.

    Returns
    -------
    PetPeese
        Intercepts of weighted least squares on the standard error and on the variance, and the one chosen.

    Raises
    ------
    ArgumentError, StudyDataError
        See `egger`.

    Warns
    -----
    ApproximationWarning
        Fewer than 20 studies, or I2 of 80% or more (Stanley 2017).

    References
    ----------
    Stanley TD, Doucouliagos H (2014). Research Synthesis Methods 5:60-78. doi:10.1002/jrsm.1095
    Stanley TD (2017). Social Psychological and Personality Science 8:581-591. doi:10.1177/1948550617693062

    Examples
    --------
    >>> import warnings
    >>> warnings.simplefilter("ignore")
    >>> pet_peese(yi=[0.1, 0.32, 0.5, 0.9], sei=[0.1, 0.2, 0.3, 0.4]).chosen
    'PEESE'
    """
    given = given_effects(studies, yi=yi, vi=vi, sei=sei, measure=measure, least=3)
    pet = weighted_line(given.yi, np.sqrt(given.vi), 1 / given.vi)
    peese = weighted_line(given.yi, given.vi, 1 / given.vi)
    one_sided = pet.test(0)[1] / 2
    chosen, line = ("PEESE", peese) if one_sided < 0.05 else ("PET", pet)
    notes = advice("PET-PEESE", given)
    announce(notes)
    return PetPeese(
        given.k,
        pet.coefficients[0],
        *pet.limits(0),
        one_sided,
        peese.coefficients[0],
        *peese.limits(0),
        chosen,
        line.coefficients[0],
        *line.limits(0),
        notes,
        about=given.about,
    )


def _result(test: str, predictor: str, given: Given, line: Line, j: int, limit: int | None) -> SmallStudyTest:
    statistic, p = line.test(j)
    found, ends = math.nan, (math.nan, math.nan)
    if limit is not None:
        found, ends = line.coefficients[limit], line.limits(limit)
    notes = advice(test, given)
    announce(notes)
    return SmallStudyTest(
        test,
        predictor,
        given.k,
        line.coefficients[j],
        line.errors[j],
        statistic,
        line.df,
        p,
        found,
        *ends,
        line.tau2,
        notes,
        about=given.about,
    )


def _predictor(given: Given, name: str) -> FloatArray:
    if name in ("sei", "vi"):
        return np.sqrt(given.vi) if name == "sei" else given.vi
    if given.sizes is None:
        rule = f"The predictor {name} is made of the numbers of participants"
        raise ArgumentError(Fault("no sizes", rule, "Give sizes, or predictor='sei'", key="predictor"))
    n = given.sizes
    made: FloatArray = {"ni": n, "ninv": 1 / n, "sqrtni": np.sqrt(n), "sqrtninv": 1 / np.sqrt(n)}[name]
    return made


def _counted(
    studies: StudyTable | pd.DataFrame, measure: str | OutcomeModel, test: str
) -> tuple[Given, FloatArray, FloatArray, FloatArray, FloatArray]:
    """Log odds ratios and counts; every study has to have both an event and a person without one."""
    from mutau.outcomes import OutcomeModel

    if isinstance(measure, OutcomeModel):
        from mutau.fitting import prepare

        studies = prepare(studies, measure)[1].drop(columns=["yi", "vi", "sei"])
    given = given_effects(studies, measure="OR", least=3)
    if given.counts is None:
        rule = f"{test}'s test takes the counts of both arms of every study"
        raise ArgumentError(Fault("no counts", rule, "Use Egger's test", key="studies"))
    a, n1, c, n2 = given.counts
    empty = np.flatnonzero((a + c == 0) | (a + c == n1 + n2))
    if len(empty):
        rule = f"{test}'s test needs events and non-events in each study"
        raise StudyDataError(
            Fault(f"{a[i] + c[i]:g} events", rule, "Leave the study out", study=given.labels[i])
            for i in empty
        )
    return given, a, n1, c, n2
