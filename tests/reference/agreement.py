"""Print how far mutau's classic pooling is from metafor's, by data set and method, into the README of this folder.

Run from the root of the repository: ``make agreement``.
"""

from __future__ import annotations

import json
import math
import sys
import warnings
from pathlib import Path

import numpy as np

from mutau.classic import inverse_variance

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

from further_agreement import FURTHER  # noqa: E402

README = HERE / "README.md"
BEGIN, END = "<!-- agreement: begin -->\n", "<!-- agreement: end -->\n"
BEGIN_FURTHER, END_FURTHER = "<!-- further agreement: begin -->\n", "<!-- further agreement: end -->\n"

FITTED = ("tau2", "tau2_se", "estimate", "se", "i2", "h2")
T_INTERVAL = ("lower", "upper", "p_value")
LIMITS = [f"{what}_{end}" for what in ("tau2", "i2", "h2") for end in ("lower", "upper")]
INTERVALS = {"QP": "QP", "PL": "PL", "Wald": "wald"}

FINEST = 1e-13
"""Smaller differences are not told apart."""

NIL = 1e-4
"""Below this share of its natural size a number is compared on that: metafor ends its search a little above 0."""


def reference() -> dict[str, dict]:
    """Blocks of metafor's numbers by data set."""
    blocks = json.loads((HERE / "estimators.json").read_text())
    return {name: block for name, block in blocks.items() if name != "meta"}


def relative(found: float, expected: float | None, number: str, variance: float) -> float:
    """Relative difference; NaN where metafor has no number, infinite where only mutau has none."""
    if expected is None:
        return math.nan
    natural = {
        "tau2": variance,
        "esti": math.sqrt(variance),
        "lowe": math.sqrt(variance),
        "uppe": math.sqrt(variance),
    }
    size = max(abs(expected), 1e-300 if number == "p_value" else NIL * natural.get(number[:4], 1.0))
    difference = abs(found - expected) / size
    return math.inf if math.isnan(difference) else difference


def worst(differences: list[float]) -> float:
    """Return the largest difference; NaN where nothing was compared."""
    compared = [difference for difference in differences if not math.isnan(difference)]
    return max(compared) if compared else math.nan


def differences(block: dict) -> dict[str, float]:
    """Worst relative difference by method, on one data set."""
    yi, vi, size = block["yi"], block["vi"], float(np.mean(block["vi"]))
    rows = {}
    for method, expected in block["fits"].items():
        result = inverse_variance(yi, vi, tau2=method, ci="t")
        wald = inverse_variance(yi, vi, tau2=method, ci="wald")
        found = [relative(getattr(wald, n), expected.get(n), n, size) for n in FITTED]
        found += [relative(getattr(result, n), expected.get(f"t_{n}"), n, size) for n in T_INTERVAL]
        rows[method] = worst(found)
    for kind, name in INTERVALS.items():
        found = []
        for key, expected in block["intervals"].items():
            if key.split("_")[0] == kind:
                result = inverse_variance(yi, vi, tau2=key.split("_")[1], tau2_ci=name, ci="wald")
                found += [
                    relative(getattr(result, n), e, n, size) for n, e in zip(LIMITS, expected, strict=False)
                ]
        rows[kind] = worst(found)
    return rows


def rounded(difference: float) -> str:
    """Round up to a power of ten."""
    if math.isnan(difference):
        return "-"
    return (
        f"1e{math.ceil(math.log10(max(difference, FINEST)) - 1e-9):03d}"
        if math.isfinite(difference)
        else "none"
    )


def table() -> str:
    """Table in Markdown: a row per data set, a column per method."""
    rows = {name: differences(block) for name, block in reference().items()}
    methods = list(next(iter(rows.values())))
    lines = [f"| data set | k | {' | '.join(methods)} |", "|---" * (len(methods) + 2) + "|"]
    for name, block in reference().items():
        cells = " | ".join(rounded(rows[name][method]) for method in methods)
        lines.append(f"| {name} | {len(block['yi'])} | {cells} |")
    last = " | ".join(rounded(worst([row[method] for row in rows.values()])) for method in methods)
    return "\n".join([*lines, f"| **worst** | | {last} |"]) + "\n"


def laid_out(rows: dict[str, dict[str, float]]) -> str:
    """Table in Markdown of rows and columns; where most cells would be empty, the columns stand in one cell."""
    columns = list(dict.fromkeys(column for row in rows.values() for column in row))
    if sum(len(row) for row in rows.values()) < 0.4 * len(rows) * len(columns):
        lines = ["| | by data set |", "|---|---|"]
        for name, row in rows.items():
            cells = ", ".join(f"{column} {rounded(difference)}" for column, difference in row.items())
            lines.append(f"| {name} | {cells} |")
        return "\n".join(lines) + "\n"
    lines = [f"| data set | {' | '.join(columns)} |", "|---" * (len(columns) + 1) + "|"]
    for name, row in rows.items():
        cells = " | ".join(rounded(row.get(column, math.nan)) for column in columns)
        lines.append(f"| {name} | {cells} |")
    last = " | ".join(
        rounded(worst([row.get(column, math.nan) for row in rows.values()])) for column in columns
    )
    return "\n".join([*lines, f"| **worst** | {last} |"]) + "\n"


def further() -> str:
    """Return the other tables, each under its heading."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of zero cells, and of methods applied to few studies
        return "\n".join(f"### {heading}\n\n{laid_out(make())}" for heading, make in FURTHER.items())


def between(text: str, marks: tuple[str, str], inside: str) -> str:
    """Replace what stands between two marks."""
    before, rest = text.split(marks[0])
    return before + marks[0] + inside + marks[1] + rest.split(marks[1])[1]


def main() -> None:
    """Replace the tables in the README."""
    text = between(README.read_text(encoding="utf-8"), (BEGIN, END), table())
    text = between(text, (BEGIN_FURTHER, END_FURTHER), further())
    README.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
