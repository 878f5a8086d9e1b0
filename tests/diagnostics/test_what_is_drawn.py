"""Records behind the pictures of classic diagnostics, and that every classic record makes a frame."""

import importlib
import inspect
import json
import math
from dataclasses import is_dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import mutau
from mutau import diagnostics
from mutau.errors import ArgumentError, StudyDataError

pytestmark = pytest.mark.filterwarnings("ignore::mutau.errors.ApproximationWarning")

ROOT = Path(__file__).parents[2]
CUMULATIVE = json.loads((ROOT / "tests" / "reference" / "metafor_cumul.json").read_text(encoding="utf-8"))
ITERATIVE = 1e-5  # REML, which metafor stops at an absolute change


@pytest.fixture(scope="module")
def bcg():
    return mutau.read_studies(ROOT / "data" / "bcg" / "bcg.csv")


@pytest.mark.parametrize(
    ("tau2", "ci", "key"), [("REML", "wald", "REML_z"), ("REML", "HK", "REML_knha"), ("DL", "wald", "DL_z")]
)
def test_cumulative_is_metafors(bcg, tau2, ci, key):
    found = diagnostics.cumulative(bcg, measure="RR", tau2=tau2, ci=ci)
    for name in ("estimate", "lower", "upper"):
        np.testing.assert_allclose(getattr(found, name)[1:], CUMULATIVE[key][name], rtol=ITERATIVE)
    assert found.when == tuple(sorted(found.when))
    assert found.about.provenance == ("as tabulated in metadat's dat.bcg, after Colditz et al. 1994",)


def test_cumulative_names_every_study_without_a_number():
    table = pd.DataFrame({"study": ["a", "b", "c"], "yi": [0, 1, 2], "sei": 1.0, "year": [2001, None, None]})
    with pytest.raises(StudyDataError) as caught:
        diagnostics.cumulative(table)
    assert [fault.study for fault in caught.value.faults] == ["b", "c"]
    for wrong in ({"order": "when"}, {"order": [1, 2]}):
        with pytest.raises(ArgumentError):
            diagnostics.cumulative(table, **wrong)


def test_a_funnel_holds_what_trim_and_fill_fills_in(bcg):
    plain = diagnostics.funnel(bcg, measure="RR")
    filled = diagnostics.funnel(bcg, measure="RR", fill="L0")
    whole = diagnostics.trim_and_fill(bcg, measure="RR")
    assert plain.k == 13 == len(plain.yi)
    assert filled.yi == whole.yi
    assert filled.centre_filled == whole.pooled.estimate
    assert plain.centre == filled.centre == whole.observed.estimate
    assert any("heterogeneity" in note for note in filled.notes)


def test_a_drapery_crosses_a_level_at_the_confidence_and_prediction_limits(bcg):
    found = diagnostics.drapery(bcg, measure="RR", ci="HK")
    whole = mutau.pool(bcg, measure="RR", tau2="REML", ci="HK")
    at = [whole.lower, whole.upper, whole.prediction_lower, whole.prediction_upper]
    p_values = dict(zip(found.curve, found.p_values(at), strict=True))
    np.testing.assert_allclose(p_values["random effects"][:2], 0.05, rtol=1e-9)
    np.testing.assert_allclose(p_values["prediction"][2:], 0.05, rtol=1e-9)
    two = diagnostics.drapery(yi=[0.1, 0.4], sei=[0.1, 0.2])
    assert "prediction" not in two.kind
    assert two.notes == ("prediction: there is no such curve of 2 studies",)
    for ci in ("permutation", "HC"):
        with pytest.raises(ArgumentError, match=ci):
            diagnostics.drapery(yi=[0.1, 0.4], sei=[0.1, 0.2], tau2="DL", ci=ci)


def test_the_envelope_is_that_of_order_statistics():
    found = diagnostics.normal_quantiles(yi=[0.1, 0.2, 0.3, 0.9], sei=[0.1, 0.1, 0.1, 0.2], prob=0.9)
    below = [0.5 * math.erfc(-x / math.sqrt(2)) for x in (found.lower[0], found.upper[-1])]
    assert 1 - (1 - below[0]) ** 4 == pytest.approx(0.05)  # the least of four lies below with 5%
    assert below[1] ** 4 == pytest.approx(0.95)


def test_labbe_needs_counts_and_a_measure_of_risks(bcg):
    with pytest.raises(ArgumentError, match="SMD"):
        diagnostics.labbe(bcg, measure="SMD")
    ready = pd.DataFrame({"study": ["a", "b"], "yi": [0.1, 0.2], "sei": [0.1, 0.1]})
    with pytest.raises(StudyDataError, match="counts"):
        diagnostics.labbe(ready, measure="RR")


def results():
    """What every public function of the classic rooms says that it gives."""
    for room in ("classic", "diagnostics", "multiarm"):
        module = importlib.import_module(f"mutau.{room}")
        for name in module.__all__:
            value = getattr(module, name)
            if inspect.isfunction(value) and name != "given_effects":
                given = value.__annotations__["return"]
                yield name, given if given == "pd.DataFrame" else getattr(module, given)


def test_every_result_is_a_frame_or_a_frozen_record_that_makes_one():
    found = dict(results())
    assert len(found) >= 24
    for name, value in found.items():
        if value != "pd.DataFrame":
            assert is_dataclass(value), name
            assert value.__dataclass_params__.frozen, name
            assert callable(getattr(value, "to_frame", None)), name


def test_every_function_gives_such_a_record(bcg):
    functions = [name for name in diagnostics.__all__ if inspect.isfunction(getattr(diagnostics, name))]
    for name in set(functions) - {"given_effects", "shrunken_beside"}:  # of a fit: test_shrunken.py
        more = {"tau2": "DL", "subsets": 5} if name == "gosh" else {}
        result = getattr(diagnostics, name)(bcg, measure="RR", **more)
        frame = result.to_frame()
        assert len(frame)
        of = {"harbord": {"OR"}, "peters": {"OR"}, "deeks": {"OR"}, "diagnose": {"RR", "OR"}}
        assert set(frame["measure"]) == of.get(name, {"RR"}), name
        assert set(frame["provenance"]) == set(result.about.provenance), name
