"""Further sampling variances of the measures, by metafor's names (`vtype`); the measure's own is metafor's default.

Functions of a measure's inputs, arrays of one shape ``(k,)``, that return the variances; what does not exist is NaN.
The formulas are those of metafor's ``escalc`` (Viechtbauer 2010, doi:10.18637/jss.v036.i03).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from mutau.errors import Fault, nearest
from mutau.measures import association, continuous, groups, single

if TYPE_CHECKING:
    from numpy.typing import NDArray

    type Array = NDArray[np.float64]

__all__ = ["VARIANCES", "vtype_faults"]

OWN = ("", "LS")
"""Names of the measure's own variance (large samples)."""


def _mean(values: Array, sizes: Array) -> float:
    """Mean over the studies that have a value, by their sizes."""
    has = np.isfinite(values)
    return float(np.sum(values[has] * sizes[has]) / np.sum(sizes[has])) if has.any() else float("nan")


def _rd_unbiased(a: Array, n1: Array, c: Array, n2: Array) -> Array:
    with np.errstate(divide="ignore", invalid="ignore"):
        return a / n1 * (1 - a / n1) / (n1 - 1) + c / n2 * (1 - c / n2) / (n2 - 1)


def _rd_average(a: Array, n1: Array, c: Array, n2: Array) -> Array:
    p1, p2 = _mean(a / n1, n1), _mean(c / n2, n2)
    return p1 * (1 - p1) / n1 + p2 * (1 - p2) / n2


def _pr_unbiased(x: Array, n: Array) -> Array:
    with np.errstate(divide="ignore", invalid="ignore"):
        return x / n * (1 - x / n) / (n - 1)


def _pr_average(x: Array, n: Array) -> Array:
    p = _mean(x / n, n)
    return p * (1 - p) / n


def _pln_average(x: Array, n: Array) -> Array:
    return 1 / (_mean(x / n, n) * n) - 1 / n


def _plo_average(x: Array, n: Array) -> Array:
    p = _mean(x / n, n)
    return 1 / (p * n) + 1 / ((1 - p) * n)


def _pooled_variance(sd1: Array, n1: Array, sd2: Array, n2: Array) -> Array:
    df = np.where(n1 + n2 > 2, n1 + n2 - 2, np.nan)
    return ((n1 - 1) * sd1**2 + (n2 - 1) * sd2**2) / df


def _md_homoscedastic(_1: Array, sd1: Array, n1: Array, _2: Array, sd2: Array, n2: Array) -> Array:
    return _pooled_variance(sd1, n1, sd2, n2) * (1 / n1 + 1 / n2)


def _smd(kind: str, *, glass: bool) -> Callable[..., Array]:
    """Variance of Hedges' g, or of Glass's delta by the control group, of a `kind`."""

    def variance(m1: Array, sd1: Array, n1: Array, m2: Array, sd2: Array, n2: Array) -> Array:
        effect = groups.glass_by_control if glass else continuous.standardised_mean_difference
        g = effect(m1, sd1, n1, m2, sd2, n2)[0]
        sizes, df = (n2, n2 - 1) if glass else (n1 + n2, n1 + n2 - 2)
        correction = continuous.hedges_correction(df)
        plain = 1 / n1 + 1 / n2
        if kind == "UB":
            return plain + (1 - (df - 2) / (df * correction**2)) * g**2
        if kind == "LS2":
            return correction**2 * (plain + (g / correction) ** 2 / (2 * sizes))
        return plain + _mean(g, n1 + n2) ** 2 / (2 * sizes)

    return variance


def _rom_homoscedastic(m1: Array, sd1: Array, n1: Array, m2: Array, sd2: Array, n2: Array) -> Array:
    pooled = _pooled_variance(sd1, n1, sd2, n2)
    return pooled / (n1 * m1**2) + pooled / (n2 * m2**2)


def _rom_average(m1: Array, sd1: Array, n1: Array, m2: Array, sd2: Array, n2: Array) -> Array:
    return _mean(sd1 / m1, n1) ** 2 / n1 + _mean(sd2 / m2, n2) ** 2 / n2


def _rom_average_homoscedastic(m1: Array, sd1: Array, n1: Array, m2: Array, sd2: Array, n2: Array) -> Array:
    both = _mean(np.concatenate([sd1 / m1, sd2 / m2]), np.concatenate([n1, n2]))
    return both**2 * (1 / n1 + 1 / n2)


def _rpb_cross_sectional(m1: Array, sd1: Array, n1: Array, m2: Array, sd2: Array, n2: Array) -> Array:
    r = groups.point_biserial(m1, sd1, n1, m2, sd2, n2)[0]
    total = n1 + n2
    return (1 - r**2) ** 2 * (total * r**2 / (4 * n1 * n2) + (2 - 3 * r**2) / (2 * total))


def _correlation_average(effect: Callable[..., tuple[Array, Array]]) -> Callable[..., Array]:
    def variance(r: Array, n: Array) -> Array:
        with np.errstate(divide="ignore", invalid="ignore"):
            return (1 - _mean(effect(r, n)[0], n) ** 2) ** 2 / (n - 1)

    return variance


def _ucor_unbiased(r: Array, n: Array) -> Array:
    y = single.unbiased_correlation(r, n)[0]
    safe = np.where(n > 4, n, np.nan)
    vi: Array = y**2 - (1 - (safe - 3) / (safe - 2) * (1 - r**2) * single.gauss(1.0, safe / 2, 1 - r**2))
    return vi


def _smcc_scaled(m1: Array, sd1: Array, m2: Array, sd2: Array, r: Array, n: Array) -> Array:
    g = single.standardised_change(m1, sd1, m2, sd2, r, n)[0]
    correction = continuous.hedges_correction(n - 1)
    return correction**2 * (1 / n + (g / correction) ** 2 / (2 * n))


def _smcr_scaled(m1: Array, m2: Array, sd2: Array, r: Array, n: Array) -> Array:
    g = single.standardised_change_by_before(m1, m2, sd2, r, n)[0]
    correction = continuous.hedges_correction(n - 1)
    return correction**2 * (2 * (1 - r) / n + (g / correction) ** 2 / (2 * n))


VARIANCES: Mapping[tuple[str, str], Callable[..., Array]] = MappingProxyType(
    {
        ("RD", "UB"): _rd_unbiased,
        ("RD", "AV"): _rd_average,
        ("PHI", "ST"): association.phi_variance_of_fixed_groups,
        ("MD", "HO"): _md_homoscedastic,
        **{("SMD", kind): _smd(kind, glass=False) for kind in ("UB", "LS2", "AV")},
        **{("SMD1", kind): _smd(kind, glass=True) for kind in ("UB", "LS2", "AV")},
        ("ROM", "HO"): _rom_homoscedastic,
        ("ROM", "AV"): _rom_average,
        ("ROM", "AVHO"): _rom_average_homoscedastic,
        ("RPB", "CS"): _rpb_cross_sectional,
        ("COR", "AV"): _correlation_average(single.raw_correlation),
        ("UCOR", "UB"): _ucor_unbiased,
        ("UCOR", "AV"): _correlation_average(single.unbiased_correlation),
        ("PR", "UB"): _pr_unbiased,
        ("PR", "AV"): _pr_average,
        ("PLN", "AV"): _pln_average,
        ("PLO", "AV"): _plo_average,
        ("SMCC", "LS2"): _smcc_scaled,
        ("SMCR", "LS2"): _smcr_scaled,
    }
)
"""Variance by measure and metafor's name, beside the measure's own."""


def vtype_faults(vtype: str, measure: str, smd_variance: str) -> list[Fault]:
    """List what is wrong with the name of a variance."""
    if vtype in OWN:
        return []
    valid = ("LS", *(name for code, name in VARIANCES if code == measure))
    if vtype not in valid:
        rule = f"{measure} has the sampling variances {', '.join(valid)}"
        return [Fault(f"vtype={vtype!r}", rule, nearest(str(vtype), valid), key="vtype")]
    if smd_variance != "metafor":
        rule = "An SMD has one sampling variance"
        remedy = "Leave out vtype or smd_variance"
        return [Fault(f"vtype={vtype!r} with smd_variance={smd_variance!r}", rule, remedy, key="vtype")]
    return []
