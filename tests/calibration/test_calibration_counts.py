"""Counts and t effects are calibrated: the stored runs of both engines, fresh ones of the exact engine."""

import json
from pathlib import Path

import counts_engine
import pytest
import simulation

from mutau.sampling.checks import DIVERGENT_SHARE_MAX

HERE = Path(__file__).parent
EXACT = json.loads((HERE / "exact_counts.json").read_text())
PYMC = json.loads((HERE / "pymc_counts.json").read_text())
FRESH = 40  # of each family, half a minute in all


@pytest.mark.parametrize(("stored", "families"), [(EXACT, 6), (PYMC, 5)], ids=["exact", "pymc"])
def test_stored_ranks_are_inside_their_bands(stored, families):
    assert len(stored["ranks"]) == families
    assert stored["tested"] == counts_engine.tested(stored["ranks"])
    assert not [row for rows in stored["tested"].values() for row in rows if row["outside"]]
    for name, ranks in stored["ranks"].items():
        assert set(ranks) == set(counts_engine.QUANTITIES)
        assert len(ranks["mu"]) >= 100, name


def test_stored_runs_are_of_the_present_design():
    for stored, name in ((EXACT, "exact_counts"), (PYMC, "pymc_counts")):
        origin = simulation.origin(name, counts_engine.SEED, ())
        for key in ("engine", "made_by", "seed", "level"):
            assert stored[key] == origin[key], f"run python tests/calibration/calibrate.py {name}"


def test_a_planted_fault_in_tau_is_seen_in_every_family():
    fault = EXACT["fault_tau"]
    assert fault["tested"] == counts_engine.tested(fault["ranks"])
    for name, rows in fault["tested"].items():
        assert [row["quantity"] for row in rows if row["outside"]] == ["tau"], name


def test_the_pymc_models_sampled_without_trouble():
    for run in PYMC["runs"].values():
        drawn = 200 * counts_engine.SHORT.draws * counts_engine.SHORT.chains
        assert run["divergences"] <= DIVERGENT_SHARE_MAX * drawn
        assert run["not_converged"] <= 10  # short runs; no fit was dropped


def test_fresh_simulations_are_inside_their_bands():
    families = {name: family for name, family in counts_engine.FAMILIES.items() if family.share == 1.0}
    ranks = {
        name: counts_engine.exact_ranks(family, FRESH, counts_engine.SEED + 3)["ranks"]
        for name, family in families.items()
    }
    assert not [row for rows in counts_engine.tested(ranks).values() for row in rows if row["outside"]]


@pytest.mark.slow
def test_the_pymc_models_afresh():
    runs = {
        name: counts_engine.pymc_ranks(family, counts_engine.PYMC_SIMULATIONS, counts_engine.SEED + 4)
        for name, family in counts_engine.FAMILIES.items()
        if name != counts_engine.SMALL
    }
    tested = counts_engine.tested({name: one["ranks"] for name, one in runs.items()})
    assert not [row for rows in tested.values() for row in rows if row["outside"]]
