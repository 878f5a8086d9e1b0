"""Tables that people read: every rounding, every wording and every label of a number is decided here.

Exports stay unrounded; only what a person looks at passes through this module.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from mutau.tables.numbers import (
    NOT_AVAILABLE,
    effect_interval,
    interval,
    number,
    percent,
    probability,
)
from mutau.tables.texts import markdown_cell, plain

if TYPE_CHECKING:
    from rich.table import Table

    from mutau.fitting import Fit
    from mutau.outcomes import OutcomeModel
    from mutau.priors import PublishedPrior

__all__ = [
    "BAYESIAN",
    "CAPTIONS",
    "HEADLINE_METHODS",
    "agreement_sentence",
    "agreement_table",
    "check_table",
    "comparison_table",
    "data_table",
    "likelihood_table",
    "main_table",
    "markdown_page",
    "probability_table",
    "published_table",
    "review_table",
    "summary_table",
    "to_markdown",
    "to_rich",
]

BAYESIAN = ("sampling", "exact")
"""Engines whose rows are posteriors."""
CAPTIONS = {
    "main": "answers under each prior for tau",
    "data": "data",
    "summary": "posterior summary",
    "compare": "Bayesian beside classic",
    "probabilities": "probabilities under the default priors",
    "likelihoods": "answers under each likelihood",
    "checks": "checks of every fit",
    "agreement": "exact and sampled results",
}
"""What each table of an outcome is called."""
HEADLINE_METHODS = ("DerSimonian-Laird, Mantel-Haenszel Q (RevMan 5)", "DerSimonian-Laird, Wald")
"""Methods of `mutau.compare` that head a review's table, the first that applies."""


_KINDS = {"eti": "credible", "hdi": "highest-density", "confidence": "confidence", "prediction": "prediction"}


def main_table(compared: pd.DataFrame, model: OutcomeModel) -> pd.DataFrame:
    """Lay out one outcome's Bayesian answers under all its priors for tau, for reading.

    Parameters
    ----------
    compared : DataFrame
        From `mutau.compare`.
    model : OutcomeModel
        The outcome model behind it.

    Returns
    -------
    DataFrame
        Text columns, one row per prior.
    """
    rows = _first_engine(compared)
    code = model.measure_record.code
    return pd.DataFrame(
        {
            "Prior for tau": rows["prior_label"] + ": " + rows["tau_prior"],
            "Effect": rows["quantity"].map({"mu": "mean effect (mu)", "theta": "this study (theta_1)"}),
            f"{code}, median [{percent(rows['prob'].iloc[0])} credible interval]": _effects(rows),
            "P(benefit)": _chances(rows, "p_benefit"),
            "P(benefit) in a new setting": _chances(rows, "p_benefit_new"),
            "P(harm)": _chances(rows, "p_harm"),
            "P(benefit) before data": [probability(value) for value in rows["prior_p_benefit"]],
            "tau, median": [number(value) for value in rows["tau"]],
            f"{code} in a new setting": _predictions(rows),
        }
    )


def likelihood_table(compared: pd.DataFrame, model: OutcomeModel) -> pd.DataFrame:
    """Lay out `mutau.comparing.compare_likelihoods`: one row per likelihood, under the model's own priors."""
    code, first = model.measure_record.code, model.likelihood
    words = {
        "binomial": "binomial, exact counts",
        "poisson": "Poisson, exact counts",
        "hypergeometric": "conditional (noncentral hypergeometric)",
        "conditional": "conditional (noncentral hypergeometric)",
        "normal": "normal, standard errors taken as known",
    }
    return pd.DataFrame(
        {
            "Likelihood": [words.get(label, f"{first}, {label}") for label in compared["likelihood_label"]],
            f"{code}, median [{percent(compared['prob'].iloc[0])} credible interval]": _effects(compared),
            "P(benefit)": _chances(compared, "p_benefit"),
            "P(benefit) in a new setting": _chances(compared, "p_benefit_new"),
            f"{code} in a new setting": _predictions(compared),
        }
    )


def comparison_table(compared: pd.DataFrame, model: OutcomeModel) -> pd.DataFrame:
    """Lay out every answer of `mutau.compare`, Bayesian, classic and published, for reading."""
    code = model.measure_record.code
    kinds = [
        f"{percent(prob)} {_KINDS[kind]}"
        for prob, kind in zip(compared["prob"], compared["kind"], strict=True)
    ]
    return pd.DataFrame(
        {
            "Method": compared["method"],
            "Prior": compared["prior"].replace("", NOT_AVAILABLE),
            f"{code} [interval]": _effects(compared),
            "Kind of interval": kinds,
            "tau": [number(value) for value in compared["tau"]],
            f"{code} in a new setting": _predictions(compared),
            "P(benefit)": _chances(compared, "p_benefit"),
            "Note": compared["note"],
        }
    )


def summary_table(summarised: pd.DataFrame) -> pd.DataFrame:
    """Lay out `mutau.summary` for reading."""
    names = {
        "mu": "mean effect (mu)",
        "tau": "between-study SD (tau)",
        "theta_new": "effect in a new setting (theta_new)",
        "theta": "effect in ",
    }
    return pd.DataFrame(
        {
            "Quantity": [
                names[q] + s for q, s in zip(summarised["quantity"], summarised["study"], strict=True)
            ],
            "Scale": summarised["scale"],
            f"Median [{percent(summarised['prob'].iloc[0])} credible interval]": _effects(summarised),
            "Mean": [number(value, 3) for value in summarised["mean"]],
            "SD": [number(value, 3) for value in summarised["sd"]],
            "R-hat": [number(value, 3) for value in summarised["r_hat"]],
            "ESS (bulk, tail)": [
                _effective_draws(bulk, tail)
                for bulk, tail in zip(summarised["ess_bulk"], summarised["ess_tail"], strict=True)
            ],
        }
    )


def probability_table(chances: pd.DataFrame) -> pd.DataFrame:
    """Lay out `mutau.probabilities`: one row per statement, mean effect and new setting side by side."""
    rows = []
    for label, group in chances.groupby("label", sort=False):
        by_quantity = {row["quantity"]: row for row in group.to_dict("records")}
        mean, new = by_quantity["mu"], by_quantity["theta_new"]
        rows.append(
            {
                "Statement": label,
                "Mean effect": probability(mean["probability"], mean["ess"]),
                "New setting": probability(new["probability"], new["ess"]),
                "Before data (prior)": probability(mean["prior_probability"]),
            }
        )
    return pd.DataFrame(rows)


def data_table(effects: pd.DataFrame, model: OutcomeModel) -> pd.DataFrame:
    """Lay out the studies as read, with each one's effect and provenance."""
    measure, rows = model.effects_record, effects
    half = 1.959963984540054 * rows["sei"]
    columns: list[tuple[str, Iterable[object]]] = [("Study", rows["study"])]  # two arms may share a label
    for side, heading in (("treatment", model.treatment_label), ("control", model.control_label)):
        columns.append((heading, [_arm(row, side) for _, row in rows.iterrows()]))
    effects_column = [
        effect_interval(*(float(measure.to_natural(value)) for value in triple))
        for triple in zip(rows["yi"], rows["yi"] - half, rows["yi"] + half, strict=True)
    ]
    columns += [
        (f"{measure.code} [95% confidence interval]", effects_column),
        ("Provenance", rows["provenance"]),
        ("Note", [_data_note(row, model) for _, row in rows.iterrows()]),
    ]
    frame = pd.DataFrame({place: list(cells) for place, (_, cells) in enumerate(columns)})
    return frame.set_axis([heading for heading, _ in columns], axis="columns")


def _data_note(row: pd.Series[Any], model: OutcomeModel) -> str:
    said = [] if pd.isna(row.get("note")) or not row["note"] else [str(row["note"])]
    if row.get("corrected", False):
        cells = "both counts" if model.measure == "IRR" else "all four cells"
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


def agreement_table(found: pd.DataFrame) -> pd.DataFrame:
    """Lay out `mutau.comparing.disagreement`: exact beside sampled, with the difference and its size."""
    names = {"mu": "mean effect (mu)", "theta_new": "effect in a new setting (theta_new)"}
    chances = found["figure"] == "P(benefit)"
    units = chances.map({True: "", False: " posterior SD"})
    figures = found["figure"].replace({"lower": "lower limit", "upper": "upper limit"})
    return pd.DataFrame(
        {
            "Prior for tau": found["prior_label"],
            "Quantity": found["quantity"].map(names),
            "Figure (analysis scale)": figures,
            "Exact": [number(value, 4) for value in found["exact"]],
            "Sampled": [number(value, 4) for value in found["sampled"]],
            "Difference": [
                f"{size:+.4f}{unit}" for size, unit in zip(found["difference"], units, strict=True)
            ],
            "In Monte Carlo standard errors": [f"{z:+.1f}" for z in found["z"]],
        }
    )


def agreement_sentence(found: pd.DataFrame) -> str:
    """Say how far exact and sampled results of one outcome lie apart at most."""
    rows = found.to_dict("records")
    chances = [abs(row["difference"]) for row in rows if row["figure"] == "P(benefit)"]
    effects = [row for row in rows if row["figure"] != "P(benefit)"]
    worst = max(effects, key=lambda row: abs(row["difference"]))
    where = f"{worst['figure']} of {worst['quantity']}, {worst['prior_label']}"
    return (
        f"{found['model'].iloc[0]}: exact and sampled differ by at most {abs(worst['difference']):.3f} posterior SD "
        f"({where}) and {max(chances):.4f} in P(benefit); "
        f"{max(abs(row['z']) for row in rows):.1f} Monte Carlo standard errors"
    )


def check_table(fit: Fit) -> pd.DataFrame:
    """Lay out a fit's convergence checks."""
    return pd.DataFrame(
        {
            "Check": [check.name for check in fit.engine.checks],
            "Value": [number(check.value, 3) for check in fit.engine.checks],
            "Rule": [check.rule for check in fit.engine.checks],
            "Where": [check.detail for check in fit.engine.checks],
            "Passed": ["yes" if check.passed else "NO" for check in fit.engine.checks],
        }
    )


def _first_engine(compared: pd.DataFrame) -> pd.DataFrame:
    """The Bayesian rows of the engine that comes first; another engine's repeat them."""
    bayesian = compared.loc[compared["engine"].isin(BAYESIAN)]
    first: str = bayesian["engine"].iloc[0]
    return bayesian.loc[bayesian["engine"] == first]


def _effects(rows: pd.DataFrame) -> list[str]:
    return [
        effect_interval(*triple)
        for triple in zip(rows["estimate"], rows["lower"], rows["upper"], strict=True)
    ]


def _chances(rows: pd.DataFrame, column: str) -> list[str]:
    return [probability(value, ess) for value, ess in zip(rows[column], rows["ess"], strict=True)]


def _predictions(rows: pd.DataFrame) -> list[str]:
    return [interval(*pair) for pair in zip(rows["prediction_lower"], rows["prediction_upper"], strict=True)]


def review_table(models: Sequence[OutcomeModel], compared: pd.DataFrame) -> pd.DataFrame:
    """Lay out a whole review, one row per outcome: classic beside Bayesian under every prior for tau.

    Parameters
    ----------
    models : sequence of OutcomeModel
        The outcome models, in the order wanted.
    compared : DataFrame
        `mutau.compare` of all of them, one under the other.
    """
    rows = pd.DataFrame([_review_row(model, compared[compared["model"] == model.name]) for model in models])
    last = "Provenance"  # after the priors that only a later outcome has
    return rows[[*rows.columns.drop(last), last]].fillna(NOT_AVAILABLE)


def _review_row(model: OutcomeModel, compared: pd.DataFrame) -> dict[str, str]:
    bayesian = _first_engine(compared)
    bayesian = bayesian[bayesian["quantity"] == "mu"]
    first = bayesian.iloc[0]
    row = {
        "Outcome": model.title,
        "k": f"{first['k']:.0f}",
        "Measure": model.measure_record.code,
        "Classic [95% confidence interval]": _classic_headline(compared),
        "Bayesian [95% credible interval]": effect_interval(
            first["estimate"], first["lower"], first["upper"]
        ),
    }
    for label, chance in zip(bayesian["prior_label"], _chances(bayesian, "p_benefit"), strict=True):
        row[f"P(benefit): {label}"] = chance
    row["Provenance"] = str(first["provenance"])
    return row


def _classic_headline(compared: pd.DataFrame) -> str:
    """The classic result readers know: RevMan's where there are counts, else DerSimonian-Laird, Wald."""
    rows = compared.set_index("method")
    present = [method for method in HEADLINE_METHODS if method in rows.index]
    if not present:
        return NOT_AVAILABLE
    row = rows.loc[present[:1]]
    return _effects(row)[0]


def markdown_page(heading: str, table: pd.DataFrame, provenance: Sequence[str]) -> str:
    """Write one table as a Markdown page of its own, provenance under it."""
    return f"# {heading}\n\n{to_markdown(table)}\nProvenance of the data: {'; '.join(provenance)}.\n"


def to_markdown(table: pd.DataFrame) -> str:
    """Write a table of text as Markdown; what is markup in a cell is escaped, and shown."""
    escaped = table.map(markdown_cell).rename(columns=markdown_cell)
    return str(escaped.to_markdown(index=False, disable_numparse=True)) + "\n"


def published_table(priors: Sequence[PublishedPrior]) -> pd.DataFrame:
    """List published priors: name, parameter, measure, setting, distribution."""
    doubt = " (suspected misprint)"
    rows = (
        (one.name, one.parameter, one.measure, one.in_words, f"{one.prior}{doubt * one.suspected}")
        for one in priors
    )
    return pd.DataFrame(rows, columns=["Name", "Of", "Measure", "Setting", "Prior"])


def to_rich(table: pd.DataFrame, title: str | None = None) -> Table:
    """Make a table of text for the terminal; markup and escapes in cells are shown, not obeyed."""
    from rich.markup import escape
    from rich.table import Table

    heading = None if title is None else escape(plain(title))
    rich_table = Table(title=heading, title_justify="left", show_lines=False)
    for column in table.columns:
        rich_table.add_column(escape(plain(column)), overflow="fold")
    for row in table.itertuples(index=False):
        rich_table.add_row(*(escape(plain(cell)) for cell in row))
    return rich_table
