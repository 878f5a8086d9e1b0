"""Printed figures of mixed models of counts: metafor on BCG, Stijnen et al. (2010), van Houwelingen et al. (1993).

Beside each mixed model stands, where the paper has it, the normal-normal model that it replaces.
"""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mutau import pool
from mutau.classic import glmm
from mutau.classic.mixed.maximum import fit_common, fit_random
from mutau.classic.mixed.models import make_model

REFERENCE = json.loads((Path(__file__).parents[1] / "reference" / "glmm.json").read_text("utf-8"))
COUNTS = ("events_treatment", "n_treatment", "events_control", "n_control")
RATES = ("events_treatment", "time_treatment", "events_control", "time_control")

FOUR_DECIMALS = 0.00005 + 1e-9  # half a unit of the last digit printed
FIVE_DECIMALS = 0.000005 + 1e-9
THREE_DECIMALS = 0.0005 + 1e-9
SEVEN_NODES = 0.0003  # lme4 with nAGQ = 7, against the integral
BCG_NODES = 1.5e-5  # the same on BCG, and metafor's differenced Hessian in the fifth digit
LAPLACE = 0.002  # Laplace's approximation for UM.RS
DIFFERENCED = 0.00015  # standard errors from differences of approximate integrals


corrected = pytest.mark.filterwarnings("ignore::mutau.errors.DataWarning")


def arrays(measure, data, names):
    return [np.array(REFERENCE[measure][data][name]) for name in names]


@pytest.mark.parametrize(
    ("method", "printed", "tolerance"),
    [
        ("UM.FS", [-0.74501, 0.17557, 0.29489], BCG_NODES),
        pytest.param("UM.RS", [-0.76158, 0.18146, 0.31984], LAPLACE, marks=pytest.mark.slow),
        ("CM.AL", [-0.72212, 0.17440, 0.28871], FIVE_DECIMALS),
        ("CM.EL", [-0.75381, 0.18008, 0.31163], BCG_NODES),
    ],
)
def test_bcg(method, printed, tolerance):
    """metafor 5.1.12."""
    found = glmm(*arrays("OR", "bcg", COUNTS), method=method)
    assert [found.estimate, found.se, found.tau2] == pytest.approx(printed, abs=tolerance)


@corrected
@pytest.mark.parametrize(
    ("data", "plain", "printed", "tolerance"),
    [
        ("control", [-3.3018, 0.2378, 0.6629], [-3.4964, 0.2570, 0.8124], SEVEN_NODES),
        ("treated", [-4.2604, 0.2589, 0.3928], [-4.8121, 0.3555, 0.8265], 4 * SEVEN_NODES),
    ],
)
def test_stijnen_2010_risks(data, plain, printed, tolerance):
    """Table II: logits, normal-normal and binomial-normal."""
    frame = pd.DataFrame({key: REFERENCE["PLO"][f"nielweise2007_{data}"][key] for key in ("events", "n")})
    normal = pool(frame, measure="PLO", tau2="REML", ci="wald")
    assert [normal.estimate, normal.se, normal.tau2] == pytest.approx(plain, abs=FOUR_DECIMALS)
    found = pool(frame, measure="PLO", method="GLMM")
    assert [found.estimate, found.se, found.tau2] == pytest.approx(printed, abs=tolerance)


@corrected
def test_stijnen_2010_odds_ratios():
    """Table III; the normal-normal model is without the trial that has no event."""
    frame = pd.DataFrame({key: REFERENCE["OR"]["nielweise2007"][key] for key in COUNTS})
    with_events = frame[frame["events_treatment"] + frame["events_control"] > 0]
    normal = pool(with_events, measure="OR", tau2="REML", ci="wald")
    assert [normal.estimate, normal.se, normal.tau2**0.5] == pytest.approx(
        [-0.9804, 0.2435, 0.1886], abs=FOUR_DECIMALS
    )
    exact = pool(frame, measure="OR", method="CM.EL")
    assert [exact.estimate, exact.tau2**0.5] == pytest.approx([-1.3532, 0.8327], abs=FOUR_DECIMALS)
    assert exact.se == pytest.approx(0.3511, abs=DIFFERENCED)
    assert np.exp([exact.estimate, exact.lower, exact.upper]) == pytest.approx(
        [0.2584, 0.1299, 0.5142], abs=FOUR_DECIMALS
    )
    approximate = pool(frame, measure="OR", method="CM.AL")
    assert [approximate.estimate, approximate.se, approximate.tau2**0.5] == pytest.approx(
        [-1.3027, 0.3386, 0.7750], abs=2 * FOUR_DECIMALS
    )


@pytest.mark.parametrize(
    ("data", "plain", "printed"),
    [
        ("control", [1.4676, 0.2425, 0.3699], [1.4007, 0.2310, 0.3165]),
        ("treated", [0.9808, 0.3259, 0.6393], [0.8494, 0.3303, 0.6543]),
    ],
)
def test_stijnen_2010_rates(data, plain, printed):
    """Table VII: log rates per 1,000 days, normal-normal and Poisson-normal."""
    frame = pd.DataFrame({key: REFERENCE["IRLN"][f"nielweise2008_{data}"][key] for key in ("events", "time")})
    normal = pool(frame, measure="IRLN", tau2="REML", ci="wald")
    assert [normal.estimate, normal.se, normal.tau2] == pytest.approx(plain, abs=FOUR_DECIMALS)
    found = pool(frame, measure="IRLN", method="GLMM")
    assert [found.estimate, found.se, found.tau2] == pytest.approx(printed, abs=SEVEN_NODES)


def test_stijnen_2010_rate_ratios():
    """Table VIII."""
    frame = pd.DataFrame({key: REFERENCE["IRR"]["nielweise2008"][key] for key in RATES})
    normal = pool(frame, measure="IRR", tau2="REML", ci="wald")
    assert [normal.estimate, normal.se, normal.tau2**0.5] == pytest.approx(
        [-0.3963, 0.2268, 0.3060], abs=FOUR_DECIMALS
    )
    found = pool(frame, measure="IRR", method="CM.EL")
    assert [found.estimate, found.se, found.tau2**0.5] == pytest.approx(
        [-0.4762, 0.2377, 0.3501], abs=FOUR_DECIMALS
    )
    assert np.exp([found.estimate, found.lower, found.upper]) == pytest.approx(
        [0.6211, 0.3898, 0.9897], abs=FOUR_DECIMALS
    )


def test_van_houwelingen_1993():
    """Pages 2275 and 2277, the arms the other way round: the paper's odds ratios are of control over treatment."""
    swapped = ("events_control", "n_control", "events_treatment", "n_treatment")
    counts = arrays("OR", "collins1985a", swapped)
    common, random = glmm(*counts, tau2="CE"), glmm(*counts)
    assert common.estimate == pytest.approx(0.1216, abs=FOUR_DECIMALS)
    assert common.se == pytest.approx(0.0995, abs=DIFFERENCED)
    assert [common.lower, common.upper] == pytest.approx([-0.0734, 0.3165], abs=2 * DIFFERENCED)
    assert [random.estimate, random.tau2] == pytest.approx([0.1744, 0.1192], abs=FOUR_DECIMALS)
    assert [random.se, random.lower, random.upper] == pytest.approx(
        [0.1364, -0.0929, 0.4417], abs=2 * DIFFERENCED
    )
    events, size = (np.column_stack(counts[at::2]).astype(float) for at in (0, 1))
    kept = (events.sum(axis=1) > 0) & (events < size).any(axis=1)
    model = make_model("CM.EL", "OR", events[kept], size[kept])
    without = fit_common(model)
    assert without.summit.value == pytest.approx(-53.6789, abs=FOUR_DECIMALS)
    assert fit_random(model, without).summit.value == pytest.approx(-52.99009, abs=FIVE_DECIMALS)
    assert math.isfinite(random.tau2_se)
