"""A standardised mean difference said again: in points of a named instrument, and as the better of two people."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.special import ndtr

from mutau.errors import ArgumentError, Fault

if TYPE_CHECKING:
    from mutau.fitting import Fit
    from mutau.stakes import Instrument

__all__ = ["in_points"]


def in_points(fit: Fit, instrument: Instrument | None, prob: float = 0.95) -> pd.DataFrame:
    r"""Say an SMD (or MD) in points of an instrument, and as the chance that treatment is better in a pair of people.

    Parameters
    ----------
    fit : Fit
        Of an SMD, or of an MD measured on the instrument itself.
    instrument : Instrument, optional
        Without it the points of an SMD, and the second answer for an MD, are NaN.
    prob : float
        Probability content of the credible intervals.

    Returns
    -------
    DataFrame
        One row for each of mu and theta_new, and each of ``points`` and ``cles``: ``quantity``, ``expression``,
        ``estimate`` (posterior median), ``lower``, ``upper``, ``prob``, ``kind``, ``mcse`` (of the estimate),
        ``assumption``, ``note``.

    Raises
    ------
    ArgumentError
        The measure is neither.

    Notes
    -----
    Points are d times the SD. The common-language effect size is :math:`\Phi(\pm d / \sqrt 2)`, the sign that of
    benefit: the probability that a random person with treatment does better than one without, where both scores are
    normal with one SD. McGraw and Wong (1992), doi:10.1037/0033-2909.111.2.361.
    """
    model = fit.model
    if model.measure not in {"SMD", "MD"}:
        rule = "Points of an instrument are for mean differences"
        raise ArgumentError(Fault(f"measure {model.measure}", rule, "Use absolute_effects", key="measure"))
    sd = instrument.sd if instrument is not None else math.nan
    missing = "" if instrument is not None else "no instrument with its SD was stated"
    to_points, to_d = (sd, 1.0) if model.measure == "SMD" else (1.0, 1.0 / sd)
    same = f"the SD of {instrument} holds for this population" if instrument is not None else ""
    normal = "scores are normal with one SD in both groups"
    rows = []
    for quantity in ("mu", "theta_new"):
        marginal = fit.marginal(quantity)
        levels = np.array([0.5, (1 - prob) / 2, (1 + prob) / 2])
        effect = np.asarray(marginal.quantile(levels))
        better = effect if model.benefit_sign > 0 else np.asarray(marginal.quantile(1 - levels))
        error = marginal.mcse_quantile(0.5)
        d = model.benefit_sign * to_d * better
        slope = to_d * math.exp(-0.25 * d[0] ** 2) / math.sqrt(4 * math.pi)
        for expression, values, mcse, assumption in (
            ("points", to_points * effect, to_points * error, same if model.measure == "SMD" else ""),
            ("cles", ndtr(d / math.sqrt(2)), slope * error, "; ".join(filter(None, (normal, same)))),
        ):
            rows.append(
                {
                    "quantity": quantity,
                    "expression": expression,
                    **dict(zip(("estimate", "lower", "upper"), map(float, values), strict=True)),
                    "prob": prob,
                    "kind": "eti",
                    "mcse": float(mcse),
                    "assumption": assumption,
                    "note": missing if math.isnan(values[0]) else "",
                }
            )
    return pd.DataFrame(rows)
