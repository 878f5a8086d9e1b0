"""Cluster-randomised trials analysed as if participants had been randomised: design effect, effective sample size."""

from __future__ import annotations

import numpy as np

from mutau.extraction.given import (
    CLUSTER_SIZE,
    COUNT,
    ICC,
    NOT_NEGATIVE,
    POSITIVE,
    SIZE,
    Check,
    Printed,
    derive,
    read,
)
from mutau.extraction.record import Derived
from mutau.extraction.sources import CLUSTER, ELDRIDGE

__all__ = ["design_effect", "effective_count", "inflated_se"]

_DESIGN = Check(
    "A design effect is 1 or more",
    lambda x: x >= 1,
    "Compute it by `design_effect` from the intracluster correlation and the mean size of a cluster",
)


def design_effect(icc: Printed, cluster_size: Printed, *, cv: Printed | None = None) -> Derived:
    """Factor by which clusters inflate a variance.

    Parameters
    ----------
    icc : float or str
        Intracluster correlation.
    cluster_size : float or str
        Mean number of participants in a cluster, of both groups together.
    cv : float or str, optional
        Coefficient of variation of the clusters' sizes (standard deviation over mean); None: all of one size.

    Returns
    -------
    Derived
        1 or more.

    Raises
    ------
    ArgumentError
        A number that is none or breaks its rule: all at once.

    Notes
    -----
    ``1 + (m - 1) ICC`` (Cochrane Handbook 23.1.4, doi:10.1002/9781119536604.ch23), for unequal sizes
    ``1 + ((cv^2 + 1) m - 1) ICC`` (Eldridge, Ashby and Kerry 2006, International Journal of Epidemiology
    35:1292-1300, doi:10.1093/ije/dyl129). It is one number for the trial: for its effect, not for each group alone.

    Examples
    --------
    The Handbook's example: 625 participants in 20 clusters, an ICC of 0.02.

    >>> design_effect(0.02, 625 / 20).value.__round__(3)
    1.605
    """
    wanted = {"icc": (icc, ICC), "cluster_size": (cluster_size, CLUSTER_SIZE)}
    if cv is None:
        return derive(
            "design effect",
            lambda icc, cluster_size: 1 + (cluster_size - 1) * icc,
            read(**wanted),
            "design effect = 1 + (m − 1) × ICC = 1 + ({cluster_size} − 1) × {icc}",
            CLUSTER,
        )
    return derive(
        "design effect",
        lambda icc, cluster_size, cv: 1 + ((cv**2 + 1) * cluster_size - 1) * icc,
        read(**wanted, cv=(cv, NOT_NEGATIVE)),
        "design effect = 1 + ((cv² + 1) × m − 1) × ICC = 1 + (({cv}² + 1) × {cluster_size} − 1) × {icc}",
        ELDRIDGE,
    )


def effective_count(count: Printed, design: Printed, *, what: str = "n") -> Derived:
    """Number of independent participants, or of events among them, that carry as much information.

    Parameters
    ----------
    count : int or str
        Participants or events.
    design : float, str or Derived
        What `design_effect` returns.
    what : str
        What is counted.

    Returns
    -------
    Derived
        Not rounded; a note says to which whole number it is nearest. Means and standard deviations of a cluster trial
        stay as they are.

    Raises
    ------
    ArgumentError
        A number that is none or breaks its rule: all at once.

    Notes
    -----
    ``n / design effect``. Events and participants divided alike keep the risk; rounding both, as the Handbook does,
    moves it a little. Cochrane Handbook 23.1.4. doi:10.1002/9781119536604.ch23

    Examples
    --------
    >>> design = design_effect(0.02, 625 / 20)
    >>> [round(effective_count(count, design).value, 2) for count in (63, 295)]
    [39.25, 183.8]
    """
    rule = COUNT if what == "events" else SIZE
    given = read(count=(count, rule), design=(design, _DESIGN))
    words = f"effective {what} = {what} / design effect = {{count}} / {{design}}"
    found = given["count"].value / given["design"].value
    note = f"The nearest whole number is {np.floor(found + 0.5):g}"
    return derive(what, lambda count, design: count / design, given, words, CLUSTER, (note,))


def inflated_se(se: Printed, design: Printed) -> Derived:
    """Standard error of a cluster trial's effect, from one that ignores the clusters.

    Parameters
    ----------
    se : float, str or Derived
        On the analysis scale (log for ratios).
    design : float, str or Derived
        What `design_effect` returns.

    Returns
    -------
    Derived
        On the same scale.

    Raises
    ------
    ArgumentError
        A number that is none or breaks its rule: all at once.

    Notes
    -----
    ``SE sqrt(design effect)``. Cochrane Handbook 23.1.4 and after. doi:10.1002/9781119536604.ch23

    Examples
    --------
    >>> inflated_se(0.2, 1.44).value.__round__(6)
    0.24
    """
    given = read(se=(se, POSITIVE), design=(design, _DESIGN))
    return derive(
        "SE",
        lambda se, design: se * np.sqrt(design),
        given,
        "SE = SE × √design effect = {se} × √{design}",
        CLUSTER,
    )
