"""A standardised mean difference said again: in points of a named instrument, and as the better of two people."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.special import ndtr

from mutau.errors import ArgumentError, Fault

if TYPE_CHECKING:
    from mutau.fitting import Fit

__all__ = ["Instrument", "in_points"]


@dataclass(frozen=True, slots=True)
class Instrument:
    """A scale on which people are scored.

    Parameters
    ----------
    name : str
        Its name: ``"Edinburgh Postnatal Depression Scale"``.
    sd : float
        Standard deviation of its scores among people like those of the trials, without treatment; above 0.
    source : str
        Where the SD comes from. It is stated, never computed here.

    Raises
    ------
    ArgumentError
        The SD is not a number above 0, or name or source are empty.
    """

    name: str
    sd: float
    source: str

    def __post_init__(self) -> None:
        faults = []
        if not (math.isfinite(self.sd) and self.sd > 0):
            rule = "A standard deviation is a number above 0"
            faults.append(Fault(f"sd = {self.sd!r}", rule, "Give it in points of the instrument", key="sd"))
        for key in ("name", "source"):
            if not getattr(self, key).strip():
                rule = "Whoever reads points has to know of what, and where the SD comes from"
                faults.append(Fault(f"{key} is empty", rule, "Say it", key=key))
        if faults:
            raise ArgumentError(faults)

    def __str__(self) -> str:
        return f"{self.name}, SD {self.sd:g} ({self.source})"


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
