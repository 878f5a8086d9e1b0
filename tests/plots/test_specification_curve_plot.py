"""The specification curve: its frame without drawing, its drawing by the words in it."""

import pytest

from mutau.plots import (
    SPECIFICATION_COLUMNS,
    plot_specification_curve,
    prepare_specification_curve,
    svg_text,
)
from mutau.sensitivities import Choice, Multiverse, Specification


def specification(number, p, *choices, **changes):
    common = {
        "measure": "RR",
        "likelihood": "binomial",
        "mu_prior": "normal(0, 2.82)",
        "tau_prior": "half-normal(0.5)",
    }
    known = common | {"k": 2, "counts": True, "provenance": "reconstructed", "p_benefit": p}
    return Specification(number, choices, **(known | changes))


@pytest.fixture
def world():
    rows = [specification(0, 0.95), specification(1, 0.93, Choice("likelihood", "normal"))]
    rows += [specification(i, 0.9 + i / 200, Choice("data set", f"set {i}")) for i in range(2, 10)]
    rows.append(specification(10, 0.8, Choice("leave one study out", "without <A> & $B$"), counts=False))
    rows += [
        specification(i, float("nan"), Choice("measure", f"M{i}"), reason="it has no rule", counts=False)
        for i in range(11, 16)
    ]
    return Multiverse("m", "An outcome", "lower", tuple(rows))


def test_the_frame_is_in_the_order_of_p_benefit(world):
    frame = prepare_specification_curve(world)
    assert tuple(frame) == SPECIFICATION_COLUMNS
    assert frame["p_benefit"].is_monotonic_increasing
    assert frame["rank"].nunique() == len(world.fitted) == 11
    assert list(frame.loc[frame["own"], "number"]) == [0]
    assert list(frame.loc[~frame["counts"], "number"]) == [10]


def test_a_dimension_of_many_options_has_one_row(world):
    labels = prepare_specification_curve(world).attrs["labels"]
    assert labels.rows == (
        "the model itself",
        "likelihood: normal",
        "data set: each of 8",
        "leave one study out: without <A> & $B$",
    )


def test_a_crossed_specification_has_a_mark_in_each_of_its_rows():
    pair = (Choice("likelihood", "normal"), Choice("measure", "OR"))
    frame = prepare_specification_curve(
        Multiverse("m", "M", "lower", (specification(0, 0.9), specification(1, 0.8, *pair)))
    )
    assert list(frame.loc[frame["number"] == 1, "row"]) == ["likelihood: normal", "measure: OR"]


def test_the_words_say_what_was_not_fitted_and_where_the_data_come_from(world):
    notes = " ".join(prepare_specification_curve(world).attrs["labels"].notes)
    assert "Not fitted: measure: M11: it has no rule" in notes
    assert "Not fitted: 2 more" in notes
    assert "Provenance of the data: reconstructed" in notes
    assert "unbiased trials" in notes


def test_the_drawing_holds_its_words_as_they_are(world):
    svg = svg_text(plot_specification_curve(prepare_specification_curve(world)))
    for words in ("An outcome", "data set: each of 8", "without &lt;A&gt; &amp; $B$", "P(benefit)"):
        assert words in svg
    assert "benefit more probable than harm in all 10 specifications" in svg
