"""The words around a forest plot: headings, directions, footnotes, and where the rows of studies come from."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mutau.plots.style import plain
from mutau.pooling import pool
from mutau.tables import number, percent, sample_heading

if TYPE_CHECKING:
    import pandas as pd

    from mutau.fitting import Fit
    from mutau.outcomes import OutcomeModel

__all__ = [
    "ForestLabels",
    "arm_columns",
    "correction_sentence",
    "direction_words",
    "forest_labels",
    "none_first_hand",
    "provenance_sentence",
]

_SECOND_HAND = re.compile("reconstructed|secondary", re.IGNORECASE)
_COUNTS = ("events_treatment", "n_treatment", "events_control", "n_control")


@dataclass(frozen=True, slots=True)
class ForestLabels:
    """The words around a forest plot, and its scale. Kept in ``frame.attrs["labels"]``.

    Parameters
    ----------
    title, subtitle : str
        Above the plot.
    code, axis : str
        The measure's short name, and what the axis says.
    log : bool
        Whether the axis is logarithmic.
    null : float
        No effect, on the natural scale.
    left, right : str
        Which arm effects on either side of no effect favour.
    arms : tuple of str
        Headings of the columns with the data, the columns ``treatment`` and ``control`` of the frame: two
        arms, a single column for standard errors, or none.
    interval_heads : tuple of str
        Headings of the columns of confidence and of credible intervals.
    heterogeneity : str
        Classic statistics of heterogeneity, in a sentence; empty with a single study.
    footnotes : tuple of str
        What the weights are, which intervals are what, and the provenance of the rows.
    """

    title: str
    subtitle: str
    code: str
    axis: str
    log: bool
    null: float
    left: str
    right: str
    arms: tuple[str, ...]
    interval_heads: tuple[str, str]
    heterogeneity: str
    footnotes: tuple[str, ...]


def forest_labels(
    fit: Fit, compared: pd.DataFrame, prob: float, subgroups: Mapping[str, Fit]
) -> ForestLabels:
    """Put the words around a forest plot together."""
    model = fit.model
    measure = model.measure_record
    treatment, control = plain(model.treatment_label), plain(model.control_label)
    left, right = direction_words(model)
    what = (
        "\nevents/time"
        if _any(fit, ("time_treatment",))
        else "\nevents/n"
        if _any(fit, _COUNTS[::2])
        else "\nmean (SD) n"
    )
    arms = arm_columns(fit)
    alone = next(filter(None, (sample_heading(row) for _, row in fit.effects.iterrows())), "")
    one = f"Data\n{alone}" if alone else "Standard\nerror"
    heads = (f"{treatment}{what}", f"{control}{what}") if len(arms) == 2 else (one,)
    return ForestLabels(
        title=plain(model.title),
        subtitle=f"{plain(model.contrast())}; {measure.name}; {fit.k} {'study' if fit.k == 1 else 'studies'}",
        code=measure.code,
        axis=measure.axis_label,
        log=measure.analysis_scale == "log",
        null=measure.null_natural,
        left=left,
        right=right,
        arms=heads,
        interval_heads=(
            f"{measure.code} [{percent(prob)}\nconfidence interval]",
            f"{measure.code}, median [{percent(prob)}\ncredible interval]",
        ),
        heterogeneity=_heterogeneity(fit),
        footnotes=_footnotes(fit, compared, prob, subgroups),
    )


def _any(fit: Fit, columns: tuple[str, ...]) -> bool:
    return any(name in fit.effects and bool(fit.effects[name].notna().any()) for name in columns)


def direction_words(model: OutcomeModel) -> tuple[str, str]:
    """Say what effects left and right of no effect mean: whom they favour, where two sides are compared."""
    measure = model.effects_record
    if measure.design == "one group":
        return f"Below {measure.null_natural:g}", f"Above {measure.null_natural:g}"
    if measure.design == "association":
        return "Negative", "Positive"
    arms = plain(model.treatment_label), plain(model.control_label)
    if measure.design == "one sample":
        return f"Lower {arms[0]}", f"Higher {arms[0]}"
    left, right = arms[::-1] if model.benefit_sign > 0 else arms
    return f"Favours {left}", f"Favours {right}"


def _heterogeneity(fit: Fit) -> str:
    """Say what classic pooling finds of heterogeneity: DerSimonian and Laird's tau, Cochran's Q, I squared."""
    yi, vi = (fit.effects[name].to_numpy(dtype=np.float64) for name in ("yi", "vi"))
    known = np.isfinite(yi) & np.isfinite(vi)
    if known.sum() < 2:
        return ""
    found = pool(yi=yi[known], vi=vi[known], tau2="DL", ci="wald")
    return (
        f"Classic heterogeneity (inverse variance): tau = {number(float(np.sqrt(found.tau2)))} (DerSimonian-Laird), "
        f"Q = {number(found.q)} on {found.q_df:.0f} df (p = {number(found.q_p_value, 3)}), I² = {found.i2:.0f}%."
    )


def _footnotes(
    fit: Fit, compared: pd.DataFrame, prob: float, subgroups: Mapping[str, Fit]
) -> tuple[str, ...]:
    model = fit.model
    tau = number(float(fit.marginal("tau").quantile(0.5)))
    notes = [
        f"Bayesian: mu ~ {model.mu_prior.label}, tau ~ {model.tau_prior.label} unless the row names another prior "
        f"for tau, {model.likelihood} likelihood; posterior median and {percent(prob)} equal-tailed credible "
        "interval. P(benefit) is given unbiased trials, these priors and this likelihood.",
        f"Weight: the study's share of 1/(SE² + tau²) at the posterior median tau = {tau}. A shrunken effect is the "
        "study's own effect in the light of all studies.",
        *correction_sentence(fit),
        f"Raw effects, classic and published rows: {percent(prob)} confidence intervals, which give no P(benefit).",
    ]
    if subgroups:
        notes.append(
            "The mean effect of a subgroup is fitted to its studies alone, under the same priors; shrunken effects "
            "are of the fit to all studies."
        )
    published = compared[compared["engine"] == "published"]
    if len(published) and float(published["prob"].iloc[0]) != prob:
        stated = percent(float(published["prob"].iloc[0]))
        notes.append(f"The published interval is a {stated} confidence interval.")
    return (*notes, provenance_sentence(fit))


def correction_sentence(fit: Fit) -> tuple[str, ...]:
    """Say which studies had zero cells corrected, in one sentence, or nothing if none had."""
    if "corrected" not in fit.effects or not fit.effects["corrected"].any():
        return ()
    studies = ", ".join(plain(study) for study in fit.effects.loc[fit.effects["corrected"], "study"])
    rule = fit.model.zero_cells
    cells = fit.model.measure_record.corrected_cells
    tail = "; counts are as read."
    if fit.model.of_counts:
        tail = ", for raw effects and classic rows only: the Bayesian rows take counts as they are."
    return (f"Zero cells: {rule.add:g} was added to {cells} ({rule.to}) of {studies}{tail}",)


def provenance_sentence(fit: Fit) -> str:
    """Say where the rows of studies come from, and whether none was read in a trial report."""
    values = fit.effects["provenance"].astype(str)
    kinds = [
        f"{plain(value)} ({(values == value).sum()} of {len(values)} rows)" for value in dict.fromkeys(values)
    ]
    return f"Provenance of the study rows: {'; '.join(kinds)}.{none_first_hand(values)}"


def none_first_hand(provenance: Iterable[str]) -> str:
    """Say, after a space, that no number was read in a trial report; nothing if one was."""
    found = all(_SECOND_HAND.search(value) for value in provenance)
    return " None is an extraction from a trial report." if found else ""


def arm_columns(fit: Fit) -> tuple[str, ...]:
    """Which columns of data the plot has: both arms, or the standard errors where only estimates are known."""
    sizes = [name for name in ("n_treatment", "n_control") if name in fit.effects]
    known = len(sizes) == 2 and bool(fit.effects[sizes].notna().any(axis=None))
    known |= _any(fit, ("time_treatment",))
    return ("treatment", "control") if known else ("treatment",)
