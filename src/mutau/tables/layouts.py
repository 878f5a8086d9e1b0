"""How each table is laid out: answers in, columns of text out. Every rounding and every wording is decided here."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from mutau.errors import ArgumentError, Fault
from mutau.tables.columns import (
    Column,
    chance,
    credible,
    interval_column,
    kind_column,
    number_column,
    text,
)
from mutau.tables.numbers import NOT_AVAILABLE, effect_interval, interval, number, percent, probability
from mutau.tables.samples import sample_cell, sample_heading

if TYPE_CHECKING:
    from mutau.fitting import Fit
    from mutau.outcomes import OutcomeModel
    from mutau.studies import StudyTable

__all__ = [
    "BAYESIAN",
    "HEADLINE_METHODS",
    "agreement_columns",
    "check_columns",
    "comparison_columns",
    "data_columns",
    "first_engine",
    "likelihood_columns",
    "main_columns",
    "probability_columns",
    "study_columns",
    "summary_columns",
]

BAYESIAN = ("sampling", "exact")
"""Engines whose rows are posteriors."""
HEADLINE_METHODS = ("DerSimonian-Laird, Mantel-Haenszel Q (RevMan 5)", "DerSimonian-Laird, Wald")
"""Methods of `mutau.compare` that head a review's table, the first that applies."""

_KINDS = {
    "eti": "credible",
    "hdi": "highest-density credible",
    "confidence": "confidence",
    "prediction": "prediction",
}
_LIKELIHOODS = {
    "binomial": "binomial, exact counts",
    "poisson": "Poisson, exact counts",
    "hypergeometric": "conditional (noncentral hypergeometric)",
    "conditional": "conditional (noncentral hypergeometric)",
    "normal": "normal, standard errors taken as known",
}
_QUANTITIES = {
    "mu": "mean effect (mu)",
    "tau": "between-study SD (tau)",
    "theta_new": "effect in a new setting (theta_new)",
    "theta": "effect in ",
}


def main_columns(compared: pd.DataFrame, model: OutcomeModel) -> tuple[Column, ...]:
    """One outcome's Bayesian answers under all its priors for tau, one row per prior."""
    rows = first_engine(compared)
    code, kind = model.measure_record.code, credible(one_prob(rows))
    return (
        text("Prior for tau", rows["prior_label"] + ": " + rows["tau_prior"]),
        text("Effect", rows["quantity"].map({"mu": "mean effect (mu)", "theta": "this study (theta_1)"})),
        interval_column(f"{code}, median", effects(rows), kind),
        chance("P(benefit)", chances(rows, "p_benefit")),
        chance("P(benefit) in a new setting", chances(rows, "p_benefit_new")),
        chance("P(harm)", chances(rows, "p_harm")),
        chance("P(benefit) before data", map(probability, rows["prior_p_benefit"])),
        number_column("tau, median", map(number, rows["tau"])),
        interval_column(f"{code} in a new setting", _predictions(rows), kind),
    )


def likelihood_columns(compared: pd.DataFrame, model: OutcomeModel) -> tuple[Column, ...]:
    """The answers to the same counts, one row per likelihood, under the model's own priors."""
    code, kind = model.measure_record.code, credible(one_prob(compared))
    names = [
        _LIKELIHOODS.get(label, f"{model.likelihood}, {label}") for label in compared["likelihood_label"]
    ]
    return (
        text("Likelihood", names),
        interval_column(f"{code}, median", effects(compared), kind),
        chance("P(benefit)", chances(compared, "p_benefit")),
        chance("P(benefit) in a new setting", chances(compared, "p_benefit_new")),
        interval_column(f"{code} in a new setting", _predictions(compared), kind),
    )


def comparison_columns(compared: pd.DataFrame, model: OutcomeModel) -> tuple[Column, ...]:
    """Every answer of `mutau.compare`, Bayesian, classic and published; each row names its kinds of interval."""
    code = model.measure_record.code
    return (
        text("Method", compared["method"]),
        text("Prior", compared["prior"].replace("", NOT_AVAILABLE)),
        interval_column(f"{code} [interval]", effects(compared)),
        kind_column("Kind of interval", [_kinds(row) for row in compared.to_dict("records")]),
        number_column("tau", map(number, compared["tau"])),
        interval_column(f"{code} in a new setting", _predictions(compared)),
        chance("P(benefit)", chances(compared, "p_benefit")),
        text("Note", compared["note"]),
    )


def _kinds(row: Mapping[Any, Any]) -> str:
    """Name the kind of a row's interval, and of the one for a new setting where it is another."""
    own = f"{percent(row['prob'])} {_KINDS[row['kind']]}"
    if math.isnan(row["prediction_lower"]) or row["prediction_kind"] == row["kind"]:
        return own
    return f"{own}; in a new setting {percent(row['prob'])} {_KINDS[row['prediction_kind']]}"


def summary_columns(summarised: pd.DataFrame) -> tuple[Column, ...]:
    """`mutau.summary`, one row per quantity and scale."""
    quantities = zip(summarised["quantity"], summarised["study"], strict=True)
    draws = zip(summarised["ess_bulk"], summarised["ess_tail"], strict=True)
    return (
        text("Quantity", [_QUANTITIES[quantity] + study for quantity, study in quantities]),
        text("Scale", summarised["scale"]),
        interval_column("Median", effects(summarised), credible(one_prob(summarised))),
        number_column("Mean", [number(value, 3) for value in summarised["mean"]]),
        number_column("SD", [number(value, 3) for value in summarised["sd"]]),
        number_column("R-hat", [number(value, 3) for value in summarised["r_hat"]]),
        number_column("ESS (bulk, tail)", [_effective_draws(bulk, tail) for bulk, tail in draws]),
    )


def probability_columns(asked: pd.DataFrame) -> tuple[Column, ...]:
    """`mutau.probabilities`, one row per statement: mean effect and new setting side by side."""
    labels, mean, new = [], [], []
    for label, group in asked.groupby("label", sort=False):
        by_quantity = {row["quantity"]: row for row in group.to_dict("records")}
        labels.append(label)
        mean.append(by_quantity["mu"])
        new.append(by_quantity["theta_new"])
    return (
        text("Statement", labels),
        chance("Mean effect", [probability(row["probability"], row["ess"]) for row in mean]),
        chance("New setting", [probability(row["probability"], row["ess"]) for row in new]),
        chance("Before data (prior)", [probability(row["prior_probability"]) for row in mean]),
    )


def data_columns(rows: pd.DataFrame, model: OutcomeModel) -> tuple[Column, ...]:
    """The studies as read, with each one's effect and provenance."""
    measure = model.effects_record
    half = 1.959963984540054 * rows["sei"]
    estimates = [
        effect_interval(*(float(measure.to_natural(value)) for value in triple))
        for triple in zip(rows["yi"], rows["yi"] - half, rows["yi"] + half, strict=True)
    ]
    return (
        text("Study", rows["study"]),
        *_data_of_arms(rows, model),
        interval_column(measure.code, estimates, "95% confidence interval"),
        text("Provenance", rows["provenance"]),
        text("Note", [_data_note(row, model) for _, row in rows.iterrows()]),
    )


def _data_of_arms(rows: pd.DataFrame, model: OutcomeModel) -> tuple[Column, ...]:
    """What is known of both arms side by side; of studies without two arms, their own numbers."""
    alone = [sample_heading(row) for _, row in rows.iterrows()]
    if model.effects_record.design != "two groups" and any(alone):
        heading = next(filter(None, alone))
        return (text(f"Data: {heading}", [sample_cell(row) or NOT_AVAILABLE for _, row in rows.iterrows()]),)
    return (
        text(model.treatment_label, [_arm(row, "treatment") for _, row in rows.iterrows()]),
        text(model.control_label, [_arm(row, "control") for _, row in rows.iterrows()]),
    )


def study_columns(table: StudyTable) -> tuple[Column, ...]:
    """A table of studies as read: arms side by side, and ready-made effects; columns without a word left out."""
    both = pd.concat([table.wide(), table.estimates], ignore_index=True).sort_values("row", kind="stable")
    columns = (
        text("Study", both["study"]),
        *(text(name.capitalize(), both[name]) for name in ("comparison", "outcome", "timepoint")),
        *(
            text(side.capitalize(), [_labelled_arm(row, side) for _, row in both.iterrows()])
            for side in _SIDES
        ),
        text("Data", [_alone(row) for _, row in both.iterrows()]),
        text("yi (SE)", [_estimate(row) for _, row in both.iterrows()]),
        text("Provenance", both["provenance"]),
        text("Note", both["note"]),
    )
    return tuple(column for column in columns if set(column.cells) - {"", NOT_AVAILABLE})


_SIDES = ("treatment", "control")


def _alone(row: pd.Series[Any]) -> str:
    """Word the numbers of a study without two arms."""
    return sample_cell(row) if _arm(row, "treatment") == NOT_AVAILABLE else ""


def _labelled_arm(row: pd.Series[Any], side: str) -> str:
    numbers, label = _arm(row, side), row.get(f"arm_{side}", "")
    return numbers if pd.isna(label) or label in ("", side) else f"{label}: {numbers}"


def _estimate(row: pd.Series[Any]) -> str:
    value, error = row.get("yi", math.nan), row.get("sei", math.nan)
    return NOT_AVAILABLE if pd.isna(value) else f"{number(value, 3)} ({number(error, 3)})"


def _data_note(row: pd.Series[Any], model: OutcomeModel) -> str:
    said = [] if pd.isna(row.get("note")) or not row["note"] else [str(row["note"])]
    if row.get("corrected", False):
        cells = model.measure_record.corrected_cells
        where = ", for this estimate only" if model.of_counts else ""
        said.append(f"zero cell: {model.zero_cells.add:g} added to {cells}{where}")
    return "; ".join(said)


def _arm(row: pd.Series[Any], side: str) -> str:
    n, events, mean = (row.get(f"{name}_{side}", math.nan) for name in ("n", "events", "mean"))
    if not pd.isna(events):
        time = row.get(f"time_{side}", math.nan)
        return f"{events:.0f}/{n:.0f}" if pd.isna(time) else f"{events:.0f}/{time:g}"
    if not pd.isna(mean):
        return f"mean {number(mean)} (SD {number(row[f'sd_{side}'])}), n {n:.0f}"
    return NOT_AVAILABLE


def _effective_draws(bulk: float, tail: float) -> str:
    if math.isnan(bulk):
        return NOT_AVAILABLE
    return "exact" if math.isinf(bulk) else f"{bulk:.0f}, {tail:.0f}"


def agreement_columns(found: pd.DataFrame) -> tuple[Column, ...]:
    """`mutau.comparing.disagreement`: exact beside sampled, with the difference and its size."""
    names = {"mu": "mean effect (mu)", "theta_new": "effect in a new setting (theta_new)"}
    units = ["" if figure == "P(benefit)" else " posterior SD" for figure in found["figure"]]
    return (
        text("Prior for tau", found["prior_label"]),
        text("Quantity", found["quantity"].map(names)),
        text(
            "Figure (analysis scale)",
            found["figure"].replace({"lower": "lower limit", "upper": "upper limit"}),
        ),
        chance("Exact", [number(value, 4) for value in found["exact"]]),
        chance("Sampled", [number(value, 4) for value in found["sampled"]]),
        number_column(
            "Difference",
            [f"{size:+.4f}{unit}" for size, unit in zip(found["difference"], units, strict=True)],
        ),
        number_column("In Monte Carlo standard errors", [f"{z:+.1f}" for z in found["z"]]),
    )


def check_columns(fits: Mapping[str, Fit]) -> tuple[Column, ...]:
    """The convergence checks of fits, by the label of their prior for tau."""
    checks = [(label, check) for label, fit in fits.items() for check in fit.engine.checks]
    return (
        text("Check", [check.name for _, check in checks]),
        number_column("Value", [number(check.value, 3) for _, check in checks]),
        text("Rule", [check.rule for _, check in checks]),
        text("Where", [check.detail for _, check in checks]),
        text("Passed", ["yes" if check.passed else "NO" for _, check in checks]),
        text("Prior for tau", [label for label, _ in checks]),
    )


def first_engine(compared: pd.DataFrame) -> pd.DataFrame:
    """The Bayesian rows of the engine that comes first; another engine's repeat them."""
    bayesian = compared.loc[compared["engine"].isin(BAYESIAN)]
    first: str = bayesian["engine"].iloc[0]
    return bayesian.loc[bayesian["engine"] == first]


def one_prob(rows: pd.DataFrame) -> float:
    """The probability content that all intervals of a column share.

    Raises
    ------
    ArgumentError
        They have several: one heading could not name them.
    """
    probs = sorted(set(rows["prob"]))
    if len(probs) != 1:
        rule = "the intervals of one column share their probability"
        remedy = "make a table for each"
        raise ArgumentError(Fault(f"intervals of {', '.join(map(percent, probs))}", rule, remedy))
    return float(probs[0])


def effects(rows: pd.DataFrame) -> list[str]:
    """Estimates with their intervals."""
    triples: Iterable[tuple[float, float, float]] = zip(
        rows["estimate"], rows["lower"], rows["upper"], strict=True
    )
    return [effect_interval(*triple) for triple in triples]


def chances(rows: pd.DataFrame, column: str) -> list[str]:
    """Probabilities, told as exactly as the effective number of draws behind them allows."""
    return [probability(value, ess) for value, ess in zip(rows[column], rows["ess"], strict=True)]


def _predictions(rows: pd.DataFrame) -> list[str]:
    return [interval(*pair) for pair in zip(rows["prediction_lower"], rows["prediction_upper"], strict=True)]


def review_columns(models: Sequence[OutcomeModel], compared: pd.DataFrame) -> tuple[Column, ...]:
    """A whole review, one row per outcome: classic beside Bayesian under every prior for tau."""
    answers = [_mean_effects(compared[compared["model"] == model.name]) for model in models]
    classic = [_classic_headline(compared[compared["model"] == model.name]) for model in models]
    labels = list(dict.fromkeys(label for rows in answers for label in rows["prior_label"]))
    first = pd.DataFrame([rows.iloc[0] for rows in answers])
    prob = one_prob(compared[compared["engine"] != "published"])
    return (
        text("Outcome", [model.title for model in models]),
        number_column("k", [f"{k:.0f}" for k in first["k"]]),
        text("Measure", [model.measure_record.code for model in models]),
        interval_column("Classic", classic, f"{percent(prob)} confidence interval"),
        interval_column("Bayesian", effects(first), credible(prob)),
        *(
            chance(f"P(benefit): {label}", [_chance_under(rows, label) for rows in answers])
            for label in labels
        ),
        text("Provenance", first["provenance"]),
    )


def _mean_effects(compared: pd.DataFrame) -> pd.DataFrame:
    rows = first_engine(compared)
    return rows[rows["quantity"] == "mu"]


def _chance_under(rows: pd.DataFrame, label: str) -> str:
    found = chances(rows[rows["prior_label"] == label], "p_benefit")
    return found[0] if found else NOT_AVAILABLE


def _classic_headline(compared: pd.DataFrame) -> str:
    """The classic result readers know: RevMan's where there are counts, else DerSimonian-Laird, Wald."""
    rows = compared.set_index("method")
    present = [method for method in HEADLINE_METHODS if method in rows.index]
    return effects(rows.loc[present[:1]])[0] if present else NOT_AVAILABLE
