"""How often intervals hold the mean effect: ``python tests/calibration/interval_coverage.py`` (a minute).

Log ratios. Each replication draws k true effects from Normal(mu, tau) and k estimates from Normal(theta, v), v known.
A trial of the average size has v = 0.1 (a standard error of 0.32); sizes are equal, or half of the trials are ten
times as large as the others, or one trial is (in the manner of IntHout, Ioannidis and Borm 2014,
doi:10.1186/1471-2288-14-25). tau is such that I2 among trials of the average size is 0, 25, 50, 75 or 90 percent; or
mu and tau are drawn from the default priors.

It writes ``interval_coverage.csv`` beside this file, ``docs/images/coverage.png`` and the tables in
``docs/coverage.md``.
"""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from mutau import exact, priors
from mutau.classic import inverse_variance_many
from mutau.plots.style import COLOURS, new_figure, style

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
STORED = HERE / "interval_coverage.csv"
PAGE = ROOT / "docs" / "coverage.md"
FIGURE = ROOT / "docs" / "images" / "coverage.png"

SEED = 20261125
REPLICATIONS = 10_000
PROB = 0.95
KS = (2, 3, 5, 10, 20)
SIZES = ("equal", "half large", "one large")
VARIANCE = 0.1  # of an estimate from a trial of the average size
MU = math.log(0.7)
I2 = (0, 25, 50, 75, 90)
TAUS = {f"{math.sqrt(VARIANCE * i2 / (100 - i2)):.2f}": math.sqrt(VARIANCE * i2 / (100 - i2)) for i2 in I2}
FROM_PRIORS = "drawn"
LEVELS = (*TAUS, FROM_PRIORS)
DEFAULTS = priors.default_priors("ratio")
METHODS: Mapping[str, Any] = {  # name: options of classic pooling, or the prior of tau
    "Wald, DL": {"tau2": "DL", "ci": "wald"},
    "Wald, REML": {"tau2": "REML", "ci": "wald"},
    "HK": {"tau2": "REML", "ci": "HK"},
    "HK-adhoc": {"tau2": "REML", "ci": "HK-adhoc"},
    "Bayesian": DEFAULTS.tau,
    "Bayesian, wide": DEFAULTS.tau_wide,
}


def variances(sizes: str, k: int) -> np.ndarray:
    """Sampling variances of k trials, whose average size does not depend on `sizes`."""
    large = {"equal": 0, "half large": k // 2, "one large": 1}[sizes]
    size = np.where(np.arange(k) < large, 10.0, 1.0)
    return VARIANCE * np.mean(size) / size


def simulated(
    sizes: str, k: int, tau: str, replications: int, seed: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Estimates (replications, k), their variances (k,), and the true mean effects (replications,)."""
    rng = np.random.default_rng([seed, SIZES.index(sizes), k, LEVELS.index(tau)])
    v, mu, spread = variances(sizes, k), np.full(replications, MU), TAUS.get(tau)
    if spread is None:
        mu = rng.normal(DEFAULTS.mu.mean, DEFAULTS.mu.sd, replications)
        spread = np.abs(rng.normal(0, DEFAULTS.tau.scale, (replications, 1)))
    theta = mu[:, None] + spread * rng.standard_normal((replications, k))
    return theta + np.sqrt(v) * rng.standard_normal((replications, k)), v, mu


def limits(method: str, yi: np.ndarray, vi: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Lower and upper limit of every replication's interval for the mean effect."""
    n, k = yi.shape
    y, v, sizes = yi.ravel(), np.tile(vi, n), np.full(n, k)
    way = METHODS[method]
    if isinstance(way, dict):
        pooled = inverse_variance_many(y, v, sizes, prob=PROB, tau2_ci="wald", **way)
        return pooled.lower, pooled.upper
    posterior = exact.normal_many(
        y, np.sqrt(v), sizes, DEFAULTS.mu, way, prob=PROB, error=False, tau_quantiles=False
    )
    return posterior.mu.quantiles[:, 0], posterior.mu.quantiles[:, 2]


def cell(sizes: str, k: int, tau: str, replications: int = REPLICATIONS, seed: int = SEED) -> pd.DataFrame:
    """Coverage and widths of every method on the same simulated data."""
    yi, vi, mu = simulated(sizes, k, tau, replications, seed)
    rows = []
    for method in METHODS:
        lower, upper = limits(method, yi, vi)
        assert np.isfinite([lower, upper]).all(), f"an interval is missing: {sizes}, {k}, {tau}, {method}"
        share = float(np.mean((lower <= mu) & (mu <= upper)))
        rows.append(
            {
                "sizes": sizes, "k": k, "tau": tau, "method": method, "replications": replications,
                "coverage": share, "coverage_se": math.sqrt(share * (1 - share) / replications),
                "mean_width": float(np.mean(upper - lower)), "median_width": float(np.median(upper - lower)),
            }
        )  # fmt: skip
    return pd.DataFrame(rows)


def stored() -> pd.DataFrame:
    """The stored table."""
    return pd.read_csv(STORED, dtype={"tau": str})


def draw(table: pd.DataFrame) -> None:
    """Coverage by number of trials: a panel for each tau and each kind of sizes."""
    marks = {
        "Wald, DL": ("#999999", "v", ":"), "Wald, REML": (COLOURS["classic"], "^", ":"),
        "HK": (COLOURS["new"], "s", "--"), "HK-adhoc": ("#CC79A7", "D", "--"),
        "Bayesian": (COLOURS["bayesian"], "o", "-"), "Bayesian, wide": ("#56B4E9", "o", "-"),
    }  # fmt: skip
    with style():
        figure = new_figure(7.5, 10.0)
        panels = figure.subplots(len(LEVELS), len(SIZES), sharex=True, sharey=True)
        for row, tau in enumerate(LEVELS):
            for column, sizes in enumerate(SIZES):
                axes = panels[row][column]
                axes.axhline(100 * PROB, color=COLOURS["rule"], linewidth=0.8)
                for name, (colour, mark, line) in marks.items():
                    here = table[
                        (table["tau"] == tau) & (table["sizes"] == sizes) & (table["method"] == name)
                    ]
                    axes.plot(
                        np.arange(len(KS)), 100 * here["coverage"], line, color=colour, marker=mark,
                        markersize=3.5, linewidth=1.0, label=name,
                    )  # fmt: skip
                axes.set_xticks(np.arange(len(KS)), [str(k) for k in KS])
                axes.set_title(f"tau {'from its prior' if tau == FROM_PRIORS else tau}, {sizes}", fontsize=8)
        panels[-1][1].set_xlabel("number of trials")
        figure.text(
            0.015,
            0.52,
            "share of 95% intervals that hold the mean effect, percent",
            rotation=90,
            va="center",
            fontsize=9,
        )
        handles, names = panels[0][0].get_legend_handles_labels()
        figure.legend(handles, names, loc="lower center", ncols=len(names), frameon=False)
        figure.tight_layout(rect=(0.035, 0.03, 1, 1))
        figure.savefig(FIGURE, dpi=130, metadata={"Software": None})


def markdown(table: pd.DataFrame, column: str, show: Callable[[float], str]) -> Iterator[str]:
    """Lines of a table: one row for each cell, one column for each method."""
    yield "| trials' sizes | tau | trials | " + " | ".join(METHODS) + " |"
    yield "| --- | --- | ---: | " + " | ".join("---:" for _ in METHODS) + " |"
    for sizes in SIZES:
        for tau in LEVELS:
            for k in KS:
                here = table[(table["sizes"] == sizes) & (table["tau"] == tau) & (table["k"] == k)]
                shown = [show(float(here.loc[here["method"] == name, column].iloc[0])) for name in METHODS]
                yield f"| {sizes} | {tau} | {k} | " + " | ".join(shown) + " |"


def page(text: str, table: pd.DataFrame) -> str:
    """Give the page with its tables, which stand between comments, made anew."""
    columns = {"coverage": lambda x: f"{100 * x:.1f}", "median_width": lambda x: f"{x:.2f}"}
    for column, show in columns.items():
        body = "\n".join(markdown(table, column, show))
        between = re.compile(rf"(<!-- {column} -->\n).*?(<!-- end -->)", flags=re.DOTALL)
        text = between.sub(lambda found, body=body: found[1] + body + "\n" + found[2], text)
    return text


def main() -> None:
    """Simulate every cell, store, draw."""
    parts = []
    for sizes in SIZES:
        for k in KS:
            parts += [cell(sizes, k, tau) for tau in LEVELS]
            sys.stdout.write(f"{sizes}, {k} trials\n")
            sys.stdout.flush()
    table = pd.concat(parts, ignore_index=True)
    table.to_csv(STORED, index=False, float_format="%.6g")
    draw(stored())
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8"), stored()), encoding="utf-8")


if __name__ == "__main__":
    main()
