"""What a forest plot shows, as a frame: one row per interval, tested without drawing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy.special import ndtri

from mutau.errors import ArgumentError, Fault
from mutau.plots.forest_words import arm_columns, forest_labels
from mutau.plots.style import plain
from mutau.summaries import chance, interval, probabilities, summary
from mutau.tables import (
    HEADLINE_METHODS,
    NOT_AVAILABLE,
    effect_interval,
    number,
    probability,
    sample_cell,
)
from mutau.tables import interval as interval_text

if TYPE_CHECKING:
    from mutau.fitting import Fit

__all__ = ["FOREST_COLUMNS", "prepare_forest"]

FOREST_COLUMNS = (
    "row",
    "section",
    "subgroup",
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


def prepare_forest(
    fit: Fit,
    alternatives: Mapping[str, Fit],
    compared: pd.DataFrame,
    subgroups: Mapping[str, Fit] | None = None,
) -> pd.DataFrame:
    r"""Collect what the forest plot of an outcome shows.

    Parameters
    ----------
    fit : Fit
        The fit under the default priors.
    alternatives : mapping of str to Fit
        The same model under its other priors for tau, as `mutau.comparing.fit_alternatives` makes them.
    compared : DataFrame
        From `mutau.compare` for these fits.
    subgroups : mapping of str to Fit, optional
        A fit of each subgroup's studies, by the subgroup's name; every study of `fit` is in one of them. Studies
        are then ordered by subgroup, and each subgroup's mean effect stands under its studies.

    Returns
    -------
    DataFrame
        One row per mark, columns `FOREST_COLUMNS`: ``row`` counts the lines of the plot from the top (a study's
        raw and shrunken effect share one); ``section`` is study, subtotal, total, bayesian, classic or published;
        ``subgroup`` is the study's, or empty; ``mark`` is raw, shrunken, total, bayesian, new, classic or
        published; ``weight`` is in percent; ``estimate``, ``lower`` and ``upper`` are on the natural scale, NaN
        where they do not exist; ``kind`` names the interval;
        ``text`` and ``p_benefit`` are as printed. ``frame.attrs["labels"]`` holds `ForestLabels`.

    Raises
    ------
    ArgumentError
        `compared` does not belong to these fits, or `subgroups` do not hold each study once.

    Notes
    -----
    The weight of study i is its random-effects weight given the posterior median of tau,
    :math:`w_i = (s_i^2 + \tau^2)^{-1} / \sum_j (s_j^2 + \tau^2)^{-1}`. A Bayesian fit averages over tau and has no
    single set of weights.
    """
    prob = float(compared["prob"].iloc[0])
    subgroups = subgroups or {}
    rows = [
        *(_by_subgroup(fit, subgroups, prob) if subgroups else _study_rows(fit, prob)),
        _total_row(fit),
        *_bayesian_rows(fit, alternatives, compared),
        *_other_rows(compared),
    ]
    frame = pd.DataFrame(rows).reindex(columns=list(FOREST_COLUMNS))
    frame["row"] = _lines(frame)
    text_columns = ["subgroup", "label", "treatment", "control", "text", "p_benefit"]
    frame[text_columns] = frame[text_columns].astype(object).fillna("")
    frame.attrs["labels"] = forest_labels(fit, compared, prob, subgroups)
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
    arms = arm_columns(fit)
    rows = []
    for i, (_, data) in enumerate(fit.effects.iterrows()):
        study = str(data["study"])
        pooled = shrunken.loc[study, ["estimate", "lower", "upper"]].to_numpy(dtype=np.float64)
        texts = {name: _cell(data, name) for name in arms}
        head = {"section": "study", "label": plain(study), "prob": prob}
        rows.append(head | texts | {"weight": weight[i]} | _interval("raw", raw[i], "confidence"))
        rows.append(head | _interval("shrunken", pooled, "eti"))
    return rows


def _by_subgroup(fit: Fit, subgroups: Mapping[str, Fit], prob: float) -> list[dict[str, Any]]:
    """Order the rows of studies by subgroup, each subgroup's mean effect under its studies."""
    held = [str(study) for each in subgroups.values() for study in each.effects["study"]]
    if sorted(held) != sorted(map(str, fit.effects["study"])):
        what = f"the subgroups hold {len(held)} studies: {', '.join(held)}"
        rule = f"They hold each of the {fit.k} studies of the fit once"
        raise ArgumentError(Fault(what, rule, "Fit each subgroup to its own rows of the same table"))
    by_study: dict[str, list[dict[str, Any]]] = {}
    for row in _study_rows(fit, prob):
        by_study.setdefault(row["label"], []).append(row)
    rows = []
    for name, each in subgroups.items():
        label = {"subgroup": plain(name)}
        rows += [row | label for study in each.effects["study"] for row in by_study[plain(study)]]
        rows.append(_subtotal_row(each, prob) | label)
    return rows


def _subtotal_row(fit: Fit, prob: float) -> dict[str, Any]:
    found = interval(fit, "mu", prob)
    median = float(fit.model.measure_record.to_natural(np.asarray(fit.marginal("mu").quantile(0.5))))
    benefit = chance(probabilities(fit), "benefit", "mu")
    row = {"section": "subtotal", "label": "Mean effect of the subgroup", "prob": prob}
    row |= {"p_benefit": probability(benefit["probability"], benefit["ess"])}
    return row | _interval("bayesian", np.array([median, found.lower, found.upper]), "eti")


def _interval(mark: str, values: np.ndarray[Any, Any], kind: str) -> dict[str, Any]:
    estimate, lower, upper = (float(value) for value in values)
    if np.isnan(estimate):
        text = interval_text(lower, upper)
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


def _cell(data: pd.Series[Any], side: str) -> str:
    n, events, mean, sd = (data.get(f"{name}_{side}", np.nan) for name in ("n", "events", "mean", "sd"))
    time = data.get(f"time_{side}", np.nan)
    if not pd.isna(events) and not pd.isna(time):
        return f"{events:.0f}/{time:g}"
    if not pd.isna(events) and not pd.isna(n):
        return f"{events:.0f}/{n:.0f}"
    if not pd.isna(mean) and not pd.isna(n):
        return _minus(f"{number(float(mean))} ({number(float(sd))}) {n:.0f}")
    if side == "treatment" and sample_cell(data):
        return _minus(sample_cell(data))
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
        named = f"tau = {prior.mean:g}" if prior.is_point else f"tau ~ {prior.short_label}"
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
