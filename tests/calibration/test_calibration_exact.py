"""The exact engine is calibrated: 20,000 stored simulations per k, and fresh ones every time."""

import json
from pathlib import Path

import bands
import exact_engine
import numpy as np
import pytest
import simulation

STORED = json.loads((Path(__file__).parent / "exact_normal.json").read_text())
RERUN = "what was calibrated has changed: run python tests/calibration/calibrate.py exact"
FRESH = 4_000  # per k


def arrays(stored):
    return {int(k): {name: np.array(one) for name, one in by_name.items()} for k, by_name in stored.items()}


def test_stored_calibration_is_inside_its_bands():
    counts = arrays(STORED["counts"])
    assert set(counts) == set(exact_engine.KS)
    assert STORED["tested"] == simulation.tested(counts)
    assert [one for one in STORED["tested"] if one["outside"]] == []
    for by_name in counts.values():
        assert set(by_name) == set(simulation.QUANTITIES)
        assert {int(one.sum()) for name, one in by_name.items() if name != "log_likelihood"} == {20_000}
        assert by_name["log_likelihood"].sum() == 20_000 / exact_engine.JOINT_EVERY


def test_stored_calibration_is_of_the_present_priors():
    origin = simulation.origin("exact", exact_engine.SEED, ())
    for key in ("engine", "made_by", "seed", "priors", "sei", "level"):
        assert STORED[key] == origin[key], RERUN


@pytest.mark.parametrize("simulations", [FRESH, pytest.param(20_000, marks=pytest.mark.slow)])
def test_fresh_simulations_are_inside_their_bands(simulations):
    """Another seed than the stored one's."""
    studies = {k: exact_engine.study(k, simulations, exact_engine.SEED + 3) for k in exact_engine.KS}
    found = bands.deviations(exact_engine.counts(studies, *simulation.QUANTITIES))
    assert [one for one in found if one.outside] == []


@pytest.mark.parametrize(("simulations", "least"), [("25", 0.9), ("50", 1.0)])
def test_planted_fault_in_tau_is_caught(simulations, least):
    power = STORED["fault_tau"]["power"][simulations]
    assert power["repetitions"] >= 200
    assert power["caught"] >= least * power["repetitions"]


@pytest.mark.parametrize("fault", ["tau", "mu"])
def test_small_faults_are_seen(fault):
    small = STORED["small_faults"]
    assert small["tested"][fault] == simulation.tested(arrays(small["counts"][fault]))
    assert all(one["outside"] for one in small["tested"][fault])
