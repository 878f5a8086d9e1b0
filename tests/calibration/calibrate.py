"""Calibrate and store the result beside this file: ``python tests/calibration/calibrate.py exact``.

``pymc`` (20 minutes on two cores) and ``exact`` (40 seconds) are of the normal-normal model, ``exact_counts``
and ``pymc_counts`` (10 minutes each) of the likelihoods of counts and of t random effects.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import simulation

HERE = Path(__file__).parent
RUNS = {  # module, function, file
    "pymc": ("pymc_engine", "calibrate", "pymc_normal.json"),
    "exact": ("exact_engine", "calibrate", "exact_normal.json"),
    "exact_counts": ("counts_engine", "calibrate", "exact_counts.json"),
    "pymc_counts": ("counts_engine", "calibrate_pymc", "pymc_counts.json"),
}


def main(names: list[str]) -> None:
    """Calibrate and store; print every ECDF's largest deviation and its share of the band's."""
    if not names or set(names) - set(RUNS):
        raise SystemExit(f"usage: calibrate.py RUN...; runs: {', '.join(RUNS)}")
    for name in names:
        module, function, file = RUNS[name]
        calibrate: Callable[[], dict[str, Any]] = getattr(importlib.import_module(module), function)
        result = calibrate()
        simulation.write(result, HERE / file)
        tested = result["tested"]
        for row in tested if isinstance(tested, list) else [row for rows in tested.values() for row in rows]:
            sys.stdout.write(" ".join(f"{key} {value}" for key, value in row.items()) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
