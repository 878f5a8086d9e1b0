"""Calibrate an engine and store the result beside this file: ``python tests/calibration/calibrate.py pymc``.

Engines: ``pymc`` (20 minutes) writes pymc_normal.json, ``exact`` (40 seconds) writes exact_normal.json.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import simulation

HERE = Path(__file__).parent
ENGINES = ("pymc", "exact")


def main(engines: list[str]) -> None:
    """Calibrate and store; print every ECDF's largest deviation and its share of the band's."""
    if not engines or set(engines) - set(ENGINES):
        raise SystemExit(f"usage: calibrate.py ENGINE...; engines: {', '.join(ENGINES)}")
    for engine in engines:
        result = importlib.import_module(f"{engine}_engine").calibrate()
        simulation.write(result, HERE / f"{engine}_normal.json")
        for row in result["tested"]:
            sys.stdout.write(" ".join(f"{key} {value}" for key, value in row.items()) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
