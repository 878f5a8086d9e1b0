"""Tables of a meta-regression, from `mutau.regress`: its coefficients, and what is said of the whole model."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from mutau.tables.columns import Column, interval_column, number_column, text
from mutau.tables.numbers import NOT_AVAILABLE, interval, number, p_sentence, p_value, percent
from mutau.tables.record import Table

if TYPE_CHECKING:
    from mutau.classic import CoefficientTest
    from mutau.regression import MetaRegression

__all__ = ["REGRESSION_CAPTIONS", "regression_kinds"]

REGRESSION_CAPTIONS = {
    "coefficients": "how the effect changes with the moderators",
    "heterogeneity": "heterogeneity that the moderators leave",
}
"""What each table of a meta-regression is called."""


def regression_kinds(found: MetaRegression) -> dict[str, Table]:
    """Make the tables of a meta-regression, the unrounded numbers behind them, by name.

    Parameters
    ----------
    found : MetaRegression

    Returns
    -------
    dict of str to Table
        By the keys of `REGRESSION_CAPTIONS`.
    """
    title = found.about.title or "Meta-regression"
    about = found.about.columns()
    numbers = {"coefficients": found.to_frame(), "heterogeneity": found.model_frame()}
    layouts = {"coefficients": _coefficients(found), "heterogeneity": _heterogeneity(found)}
    return {
        name: Table(
            f"regression_{name}",
            f"{title[:1].upper()}{title[1:]}: {REGRESSION_CAPTIONS[name]}",
            layouts[name],
            numbers[name].assign(**about),
            notes=found.notes,
            provenance=found.about.provenance,
        )
        for name in REGRESSION_CAPTIONS
    }


def _coefficients(found: MetaRegression) -> tuple[Column, ...]:
    record = found.about.record
    rows = np.array([found.estimate, found.lower, found.upper]).T
    kind = f"{percent(found.prob)} confidence interval, {found.ci_method}"
    log = record.analysis_scale == "log"
    plain = f"log {found.about.measure}" if log else found.about.measure
    columns = [
        text("Coefficient", found.names),
        interval_column(f"On the scale of {plain}", [_estimate(*row) for row in rows.tolist()], kind),
    ]
    if log:
        ratios = [_estimate(*row) for row in np.exp(rows).tolist()]
        heading = f"Ratio of {found.about.measure}s (of the intercept: {found.about.measure})"
        columns.append(interval_column(heading, ratios, kind))
    name = "z" if math.isinf(found.df) else f"t({found.df:g})"
    return (
        *columns,
        number_column(name, map(number, found.statistic)),
        number_column("p-value", map(p_value, found.p_value)),
    )


def _heterogeneity(found: MetaRegression) -> tuple[Column, ...]:
    kind = f"{percent(found.prob)} confidence interval, {found.tau2_ci_method}"
    rows = [
        ("Studies", f"{found.k}", NOT_AVAILABLE),
        (
            f"Residual tau² ({found.tau2_method})",
            number(found.tau2),
            interval(found.tau2_lower, found.tau2_upper),
        ),
        ("Residual I² (%)", number(found.i2, 1), interval(found.i2_lower, found.i2_upper, 1)),
        ("Residual H²", number(found.h2), interval(found.h2_lower, found.h2_upper)),
        ("tau² without moderators", number(found.tau2_without), NOT_AVAILABLE),
        ("R² (%)", number(found.r2, 1), NOT_AVAILABLE),
        (
            "Test of residual heterogeneity",
            f"QE({found.qe_df:g}) = {number(found.qe)}, {p_sentence(found.qe_p_value)}",
            NOT_AVAILABLE,
        ),
    ]
    tests = {f"Test of {name}": test for name, test in found.moderator_tests().items()}
    if found.moderators not in tests.values():
        together = found.moderators.names == tuple(name for each in found.coding for name in each.columns)
        tests["Test of all together" if together else "Test of those asked for"] = found.moderators
    rows += [(name, _test(test), NOT_AVAILABLE) for name, test in tests.items()]
    criteria = f"{number(found.log_likelihood)}, {number(found.aic)}, {number(found.bic)}"
    rows.append(("Log likelihood, AIC, BIC", criteria, NOT_AVAILABLE))
    names, values, limits = zip(*rows, strict=True)
    return text("Quantity", names), text("Value", values), interval_column("Limits", limits, kind)


def _estimate(estimate: float, lower: float, upper: float) -> str:
    """Three decimals: what a unit of a moderator changes is often small."""
    limits = "no interval" if math.isnan(lower) else interval(lower, upper, 3)
    return f"{number(estimate, 3)} {limits}"


def _test(test: CoefficientTest) -> str:
    if math.isnan(test.statistic):
        return NOT_AVAILABLE
    name, df = ("chi²", f"{test.df1:g}") if math.isinf(test.df2) else ("F", f"{test.df1:g}, {test.df2:g}")
    return f"{name}({df}) = {number(test.statistic)}, {p_sentence(test.p_value)}"
