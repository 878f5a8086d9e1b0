"""What a forest plot shows, as a frame: one row per interval, tested without drawing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy.special import ndtri

from mutau.errors import ArgumentError, Fault
from mutau.plots.style import plain
from mutau.summaries import summary
from mutau.tables import (
    HEADLINE_METHODS,
    NOT_AVAILABLE,
    effect_interval,
    interval,
    number,
    percent,
    probability,
)

if TYPE_CHECKING:
    from mutau.fitting import Fit

__all__ = ["FOREST_COLUMNS", "ForestLabels", "correction_sentence", "prepare_forest", "provenance_sentence"]

FOREST_COLUMNS = (
    "row",
    "section",
    "mark",
    "label",
    "treatment",
    "control",
    "weight",
    "estimate",
    "lower",
    "upper",
    "prob",
    "kind",
    "text",
    "p_benefit",
)
"""Columns of `prepare_forest`, in order."""

_HARTUNG_KNAPP = ("REML, Hartung-Knapp",)
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
    footnotes: tuple[str, ...]


def prepare_forest(fit: Fit, alternatives: Mapping[str, Fit], compared: pd.DataFrame) -> pd.DataFrame:
    r"""Collect what the forest plot of an outcome shows.

    Parameters
    ----------
    fit : Fit
        The fit under the default priors.
    alternatives : mapping of str to Fit
        The same model under its other priors for tau, as `mutau.comparing.fit_alternatives` makes them.
    compared : DataFrame
        From `mutau.compare` for these fits.

    Returns
    -------
    DataFrame
        One row per mark, columns `FOREST_COLUMNS`: ``row`` counts the lines of the plot from the top (a study's
        raw and shrunken effect share one); ``section`` is study, total, bayesian, classic or published; ``mark``
        is raw, shrunken, total, bayesian, new, classic or published; ``weight`` is in percent; ``estimate``,
        ``lower`` and ``upper`` are on the natural scale, NaN where they do not exist; ``kind`` names the interval;
        ``text`` and ``p_benefit`` are as printed. ``frame.attrs["labels"]`` holds `ForestLabels`.

    Raises
    ------
    ArgumentError
        `compared` does not belong to these fits.

    Notes
    -----
    The weight of study i is its random-effects weight given the posterior median of tau,
    :math:`w_i = (s_i^2 + \tau^2)^{-1} / \sum_j (s_j^2 + \tau^2)^{-1}`. A Bayesian fit averages over tau and has no
    single set of weights.
    """
    prob = float(compared["prob"].iloc[0])
    rows = [
        *_study_rows(fit, prob),
        _total_row(fit),
        *_bayesian_rows(fit, alternatives, compared),
        *_other_rows(compared),
    ]
    frame = pd.DataFrame(rows).reindex(columns=list(FOREST_COLUMNS))
    frame["row"] = _lines(frame)
    text_columns = ["label", "treatment", "control", "text", "p_benefit"]
    frame[text_columns] = frame[text_columns].astype(object).fillna("")
    frame.attrs["labels"] = _labels(fit, compared, prob)
    return frame


def _lines(frame: pd.DataFrame) -> list[int]:
    """Number the lines of the plot: a shrunken effect stands in its study's line, all else in its own."""
    return [int(line) for line in (frame["mark"] != "shrunken").cumsum() - 1]


def _study_rows(fit: Fit, prob: float) -> list[dict[str, Any]]:
    natural = fit.model.effects_record.to_natural
    summarised = summary(fit, prob)
    shrunken = summarised[(summarised["quantity"] == "theta") & (summarised["scale"] == "natural")].set_index(
        "study"
    )
    yi, sei = (fit.effects[name].to_numpy(dtype=np.float64) for name in ("yi", "sei"))
    half = float(ndtri(0.5 + prob / 2)) * sei
    raw = np.column_stack([np.asarray(natural(values)) for values in (yi, yi - half, yi + half)])
    weight = _weights(sei, float(fit.marginal("tau").quantile(0.5)))
    arms = _arm_columns(fit)
    rows = []
    for i, (_, data) in enumerate(fit.effects.iterrows()):
        study = str(data["study"])
        pooled = shrunken.loc[study, ["estimate", "lower", "upper"]].to_numpy(dtype=np.float64)
        texts = {name: _cell(data, name) for name in arms}
        head = {"section": "study", "label": plain(study), "prob": prob}
        rows.append(head | texts | {"weight": weight[i]} | _interval("raw", raw[i], "confidence"))
        rows.append(head | _interval("shrunken", pooled, "eti"))
    return rows


def _interval(mark: str, values: np.ndarray[Any, Any], kind: str) -> dict[str, Any]:
    estimate, lower, upper = (float(value) for value in values)
    if np.isnan(estimate):
        text = interval(lower, upper)
    elif np.isnan(lower) or np.isnan(upper):
        text = f"{number(estimate)}, no interval"
    else:
        text = effect_interval(estimate, lower, upper)
    return {
        "mark": mark,
        "estimate": estimate,
        "lower": lower,
        "upper": upper,
        "kind": kind,
        "text": _minus(text),
    }


def _minus(text: str) -> str:
    """Print numbers with a minus sign in place of the hyphen."""
    return text.replace("-", "\N{MINUS SIGN}")


def _weights(sei: np.ndarray[Any, Any], tau: float) -> np.ndarray[Any, Any]:
    precision = 1 / (sei**2 + tau**2)
    return np.asarray(100 * precision / np.nansum(precision))


def _arm_columns(fit: Fit) -> tuple[str, ...]:
    """Which columns of data the plot has: both arms, or the standard errors where only estimates are known."""
    sizes = [name for name in ("n_treatment", "n_control") if name in fit.effects]
    known = len(sizes) == 2 and bool(fit.effects[sizes].notna().any(axis=None))
    known |= _any(fit, ("time_treatment",))
    return ("treatment", "control") if known else ("treatment",)


def _cell(data: pd.Series[Any], side: str) -> str:
    n, events, mean, sd = (data.get(f"{name}_{side}", np.nan) for name in ("n", "events", "mean", "sd"))
    time = data.get(f"time_{side}", np.nan)
    if not pd.isna(events) and not pd.isna(time):
        return f"{events:.0f}/{time:g}"
    if not pd.isna(events) and not pd.isna(n):
        return f"{events:.0f}/{n:.0f}"
    if not pd.isna(mean) and not pd.isna(n):
        return _minus(f"{number(float(mean))} ({number(float(sd))}) {n:.0f}")
    if pd.isna(data.get("n_treatment", np.nan)) and side == "treatment":
        return number(float(data["sei"]), 3)
    return NOT_AVAILABLE


def _total_row(fit: Fit) -> dict[str, Any]:
    row: dict[str, Any] = {"section": "total", "mark": "total", "label": "Total", "weight": 100.0}
    for side in ("treatment", "control"):
        n, events = fit.effects.get(f"n_{side}"), fit.effects.get(f"events_{side}")
        if n is None or n.isna().any():
            continue
        counted = events is not None and bool(events.notna().all())
        row[side] = (
            f"{events.sum():.0f}/{n.sum():.0f}" if counted and events is not None else f"{n.sum():.0f}"
        )
    return row


def _bayesian_rows(fit: Fit, alternatives: Mapping[str, Fit], compared: pd.DataFrame) -> list[dict[str, Any]]:
    rows = []
    for label, each in [("default", fit), *alternatives.items()]:
        found = _mean_effect_of(label, each, compared)
        prior = each.model.tau_prior
        named = f"tau = {prior.mean:g}" if prior.is_point else f"tau ~ {prior.label}"
        shown = f"Common effect ({named})" if label == named else f"{named} ({label})"
        values = found[["estimate", "lower", "upper"]].to_numpy(dtype=np.float64)
        chance = {
            "p_benefit": probability(float(found["p_benefit"]), float(found["ess"])),
            "prob": found["prob"],
        }
        rows.append(
            {"section": "bayesian", "label": plain(shown)} | chance | _interval("bayesian", values, "eti")
        )
    default = _mean_effect_of("default", fit, compared)
    limits = np.array([np.nan, default["prediction_lower"], default["prediction_upper"]], dtype=np.float64)
    chance = {
        "p_benefit": probability(float(default["p_benefit_new"]), float(default["ess"])),
        "prob": default["prob"],
    }
    new = {"section": "bayesian", "label": "Effect in a new setting (default priors)"}
    return [*rows, new | chance | _interval("new", limits, "eti")]


def _mean_effect_of(label: str, fit: Fit, compared: pd.DataFrame) -> pd.Series[Any]:
    prior = fit.model.tau_prior.label
    same_prior = (compared["prior_label"] == label) & (compared["tau_prior"] == prior)
    same_prior &= compared["engine"] == fit.engine.name
    found = compared[same_prior & (compared["quantity"] == "mu")]
    if len(found) != 1:
        raise ArgumentError(
            Fault(
                f"compared holds {len(found)} rows on mu under '{label}: {prior}'",
                "it holds one row on the mean effect for each fit",
                "pass compare(fit, alternatives)",
            )
        )
    return found.iloc[0]


def _other_rows(compared: pd.DataFrame) -> list[dict[str, Any]]:
    """The classic results a reader looks for first, as far as they exist, and the published one."""
    rows = []
    for names in (HEADLINE_METHODS, _HARTUNG_KNAPP):
        present = [name for name in names if (compared["method"] == name).any()]
        if present:
            rows.append(_other_row("classic", compared[compared["method"] == present[0]].iloc[0]))
    published = compared[compared["engine"] == "published"]
    return rows + [_other_row("published", row) for _, row in published.iterrows()]


def _other_row(section: str, found: pd.Series[Any]) -> dict[str, Any]:
    method = str(found["method"])
    label = method[:1].upper() + method[1:]
    values = found[["estimate", "lower", "upper"]].to_numpy(dtype=np.float64)
    head = {"section": section, "label": plain(label), "prob": found["prob"]}
    return head | _interval(section, values, str(found["kind"]))


def _labels(fit: Fit, compared: pd.DataFrame, prob: float) -> ForestLabels:
    model = fit.model
    measure, higher_helps = model.measure_record, model.benefit_sign > 0
    treatment, control = plain(model.treatment_label), plain(model.control_label)
    sides = (control, treatment) if higher_helps else (treatment, control)
    what = (
        "\nevents/time"
        if _any(fit, ("time_treatment",))
        else "\nevents/n"
        if _any(fit, _COUNTS[::2])
        else "\nmean (SD) n"
    )
    arms = _arm_columns(fit)
    heads = (f"{treatment}{what}", f"{control}{what}") if len(arms) == 2 else ("Standard\nerror",)
    return ForestLabels(
        title=plain(model.title),
        subtitle=f"{treatment} versus {control}; {measure.name}; {fit.k} {'study' if fit.k == 1 else 'studies'}",
        code=measure.code,
        axis=measure.axis_label,
        log=measure.analysis_scale == "log",
        null=measure.null_natural,
        left=f"Favours {sides[0]}",
        right=f"Favours {sides[1]}",
        arms=heads,
        interval_heads=(
            f"{measure.code} [{percent(prob)}\nconfidence interval]",
            f"{measure.code}, median [{percent(prob)}\ncredible interval]",
        ),
        footnotes=_footnotes(fit, compared, prob),
    )


def _any(fit: Fit, columns: tuple[str, ...]) -> bool:
    return any(name in fit.effects and bool(fit.effects[name].notna().any()) for name in columns)


def _footnotes(fit: Fit, compared: pd.DataFrame, prob: float) -> tuple[str, ...]:
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
    cells = "both counts" if fit.model.measure == "IRR" else "all four cells"
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
    second_hand = bool(values.str.contains("reconstructed|secondary", case=False, regex=True).all())
    warning = " None is an extraction from a trial report." if second_hand else ""
    return f"Provenance of the study rows: {'; '.join(kinds)}.{warning}"
