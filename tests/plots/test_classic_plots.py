"""Pictures of classic diagnostics: what stands where without drawing, and the drawing by its marks and its text."""

import math
import warnings
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

import mutau
from mutau import diagnostics, plots
from mutau.errors import ArgumentError

pytestmark = pytest.mark.filterwarnings("ignore::mutau.errors.ApproximationWarning")

BCG = Path(__file__).parents[2] / "data" / "bcg" / "bcg.csv"
MODEL = mutau.OutcomeModel(
    name="tb",
    title="Tuberculosis & <b>",
    measure="RR",
    benefit="lower",
    treatment_label="BCG",
    control_label="none",
)
FUNCTIONS = ("baujat", "cumulative", "drapery", "funnel", "gosh", "influence", "labbe", "leave_one_out")
FUNCTIONS += ("normal_quantiles", "radial")


@pytest.fixture(scope="module")
def found():
    studies = mutau.read_studies(BCG)
    more = {"gosh": {"subsets": 50, "tau2": "DL"}, "funnel": {"fill": "L0"}}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return {
            name: getattr(diagnostics, name)(studies, measure=MODEL, **more.get(name, {}))
            for name in FUNCTIONS
        }


def drawn(name, result, **how):
    frame = getattr(plots, f"prepare_{name}")(result, **how)
    return frame, getattr(plots, f"plot_{name}")(frame)


def texts(picture):
    axes = picture.axes if isinstance(picture, Figure) else [picture]
    keys = [ax.get_legend().get_texts() for ax in axes if ax.get_legend() is not None]
    return [text.get_text() for group in [*(ax.texts for ax in axes), *keys] for text in group]


@pytest.fixture(scope="module")
def pictures(found):
    return {name: drawn(name, result) for name, result in found.items()}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_each_names_its_outcome_and_provenance_and_has_an_alternative_text(name, pictures):
    frame, picture = pictures[name]
    labels = frame.attrs["labels"]
    assert labels.title in texts(picture)
    assert labels.title.startswith("Tuberculosis & <b>: ")
    assert any(
        "Provenance of the studies: as tabulated in metadat's dat.bcg" in text for text in texts(picture)
    )
    assert labels.reading
    assert plots.style.figure_of(picture).get_label() == f"{labels.title}. {labels.reading}"


def test_files_have_the_alternative_text_as_their_title_and_text_as_text(pictures):
    frame, ax = pictures["funnel"]
    svg = ET.fromstring(plots.svg_text(ax))
    (title,) = svg.iter("{http://www.w3.org/2000/svg}title")
    assert title.text == f"Tuberculosis & <b>: funnel plot. {frame.attrs['labels'].reading}"
    words = {element.text for element in svg.iter("{http://www.w3.org/2000/svg}text")}
    assert set(texts(ax)[:1]) <= words
    assert frame.attrs["labels"].title.encode() in plots.png_bytes(ax)


def test_a_funnel_has_a_point_for_each_study_and_its_lines(found, pictures):
    frame, ax = pictures["funnel"]
    result = found["funnel"]
    studies = frame[frame["mark"] == "study"]
    np.testing.assert_allclose(np.log(studies["x"]), result.yi[:13])
    np.testing.assert_array_equal(studies["y"], result.sei[:13])
    assert (frame["mark"] == "filled").sum() == 1
    right = frame[(frame["mark"] == "limit") & (frame["curve"] == "right")]
    np.testing.assert_allclose((np.log(right["x"]) - result.centre)[1:] / right["y"][1:], 1.959964, rtol=1e-6)
    low, high = ax.get_ylim()
    assert low > high == 0  # the standard error runs down
    assert ax.get_xscale() == "log"
    assert "filled in by trim and fill" in texts(ax)
    points = [len(collection.get_offsets()) for collection in ax.collections]
    assert sorted(points) == [1, 13]


def test_contours_are_where_the_p_value_of_no_effect_is_the_stated_one(found):
    frame, ax = drawn("funnel", found["funnel"], contours=plots.FUNNEL_CONTOURS, y="precision")
    for level in plots.FUNNEL_CONTOURS:
        line = frame[(frame["mark"] == "contour") & (frame["curve"] == f"left {level:g}")]
        p_values = [
            math.erfc(abs(math.log(x)) * y / math.sqrt(2)) for x, y in zip(line["x"], line["y"], strict=True)
        ]
        np.testing.assert_allclose(p_values, level, rtol=1e-9)
    assert len(ax.patches) == 4  # two regions on either side
    assert ax.get_ylim()[0] < min(1 / np.array(found["funnel"].sei))


def test_wrong_arguments_are_said_together(found):
    with pytest.raises(ArgumentError) as caught:
        plots.prepare_funnel(found["funnel"], y="n", contours=(5,), prob=95)
    assert len(caught.value.faults) == 3
    with pytest.raises(ArgumentError) as caught:
        plots.prepare_gosh(found["gosh"], y="i", study="Hart")
    assert len(caught.value.faults) == 2
    one_group = diagnostics.funnel(yi=[0.1, 0.2, 0.4], sei=[0.1, 0.1, 0.2], measure="PR")
    with pytest.raises(ArgumentError, match="no effect"):
        plots.prepare_funnel(one_group, contours=(0.05,))


@pytest.mark.parametrize("measure", ["RR", "OR", "RD"])
def test_the_line_of_a_labbe_plot_is_the_pooled_effect(measure):
    result = diagnostics.labbe(mutau.read_studies(BCG), measure=measure)
    frame = plots.prepare_labbe(result, names=True)
    line = frame[(frame["mark"] == "pooled") & (frame["x"] > 0.05)]
    control, treated = line["x"].to_numpy(), line["y"].to_numpy()
    effects = {
        "RR": np.log(treated / control),
        "OR": np.log(treated / (1 - treated) / control * (1 - control)),
        "RD": treated - control,
    }
    np.testing.assert_allclose(effects[measure], result.estimate)
    studies = frame[frame["mark"] == "study"]
    assert studies["x"].iloc[0] == 11 / 139
    assert studies["size"].max() == 1
    assert "Aronson 1948" in texts(plots.plot_labbe(frame))


def test_a_radial_plot_has_effects_as_slopes(found, pictures):
    frame, ax = pictures["radial"]
    arc = frame[frame["mark"] == "value"]
    np.testing.assert_allclose(np.exp(arc["y"] / arc["x"]), arc["text"].astype(float), rtol=1e-6)
    pooled = frame[frame["mark"] == "pooled"]
    assert pooled["y"].iloc[1] / pooled["x"].iloc[1] == pytest.approx(found["radial"].slope)
    assert set(arc["text"]) <= set(texts(ax))


def test_baujat_names_every_study(found, pictures):
    _, ax = pictures["baujat"]
    assert set(found["baujat"].study) <= set(texts(ax))


def test_baujat_names_the_farthest_of_many_and_says_when_all_agree():
    many = diagnostics.baujat(yi=list(range(30)), sei=[1.0] * 30, tau2="CE")
    frame, ax = drawn("baujat", many)
    assert frame["text"].iloc[0] == "study 1"
    assert (frame["text"] != "").sum() == 15
    assert "Named: the 15 studies farthest out." in texts(ax)
    equal = diagnostics.baujat(yi=[0.2] * 3, sei=[0.1] * 3, tau2="CE")
    assert "all have the same effect" in plots.prepare_baujat(equal).attrs["labels"].reading


def test_names_lie_on_no_other_name_where_there_is_room():
    result = diagnostics.baujat(
        yi=[0.1, 0.2, 0.5, 1.2], sei=[0.1, 0.1, 0.2, 0.2], labels=["a", "b", "c", "d"]
    )
    _, ax = drawn("baujat", result)
    ax.figure.canvas.draw()
    boxes = [text.get_window_extent() for text in ax.texts if text.get_text() in "abcd"]
    assert len(boxes) == 4
    assert not any(one.overlaps(other) for i, one in enumerate(boxes) for other in boxes[:i])


def test_studies_outside_the_envelope_are_named():
    order = (-0.8, 0.0, 0.8)
    ends = ((-2.4, -1.0, -0.4), (0.4, 1.0, 2.4))
    result = diagnostics.NormalQuantiles(("a", "b", "f"), order, (-0.9, 0.1, 3.0), *ends, 0.95, "REML")
    frame, ax = drawn("normal_quantiles", result)
    assert list(frame.loc[frame["text"] != "", "text"]) == ["f"]
    assert "1 of 3 studies lie outside the envelope" in texts(ax)


def test_gosh_colours_the_subsets_with_a_study(found):
    result = found["gosh"]
    name = "Hart & Sutherland 1977"
    frame, ax = drawn("gosh", result, study=name)
    holding = [3 in subset and math.isfinite(i2) for subset, i2 in zip(result.subset, result.i2, strict=True)]
    assert (frame["mark"] == "with").sum() == sum(holding)
    assert len(frame) == sum(map(math.isfinite, result.i2))
    assert f"with {name}" in texts(ax)
    assert "50 subsets drawn at random (seed 0)" in " ".join(texts(ax))


def test_a_drapery_has_a_curve_for_each_study_and_the_pooled_effects(found, pictures):
    frame, _ = pictures["drapery"]
    curves = frame.groupby("mark")["curve"].nunique()
    assert curves[["study", "common", "random", "prediction"]].to_list() == [13, 1, 1, 1]
    random = frame[frame["mark"] == "random"]
    peak = random.loc[random["y"].idxmax()]
    assert math.log(peak["x"]) == pytest.approx(found["drapery"].estimate[-1])
    assert peak["y"] == 1


def test_influence_has_a_panel_for_each_statistic(pictures):
    frame, figure = pictures["influence"]
    assert len(figure.axes) == frame["statistic"].nunique() == 8
    assert [len(each) for _, each in frame.groupby("statistic")] == [13] * 8
    assert "None of 13 studies is influential by these rules" in texts(figure)
    odd = diagnostics.influence(yi=[0.1, 0.2, 0.15, 0.12, 2.9], sei=[0.1, 0.1, 0.2, 0.1, 0.1], tau2="CE")
    frame, figure = drawn("influence", odd)
    assert set(frame.loc[frame["influential"], "study"]) >= {"study 5"}
    assert any(line.get_marker() == "^" and len(line.get_xdata()) for ax in figure.axes for line in ax.lines)


@pytest.mark.parametrize(
    ("name", "heads"), [("leave_one_out", ("Without", "tau²")), ("cumulative", ("Year", "Study added"))]
)
def test_rows_have_a_mark_and_the_words_of_each_result(name, heads, found, pictures):
    frame, ax = pictures[name]
    np.testing.assert_allclose(np.log(frame["estimate"]), found[name].estimate)
    marks = [line for line in ax.lines if line.get_marker() == "s"]
    assert [line.get_xdata()[0] for line in marks] == list(frame["estimate"])
    assert {*heads, *frame["text_classic"], "Favours BCG"} <= set(texts(ax))


def test_without_a_model_nothing_is_claimed_of_benefit():
    result = diagnostics.leave_one_out(yi=[0.1, 0.2, 0.4], sei=[0.1, 0.1, 0.2])
    frame, ax = drawn("leave_one_out", result)
    assert frame.attrs["labels"].directions == ("", "")
    assert "Leave-one-out forest plot" in texts(ax)
    assert not any("avours" in text or "Provenance" in text for text in texts(ax))


def test_second_hand_rows_are_said_to_be_so():
    table = pd.DataFrame(
        {"study": list("abc"), "yi": [0.1, 0.2, 0.3], "sei": [0.1, 0.2, 0.2], "provenance": "reconstructed"}
    )
    frame = plots.prepare_funnel(diagnostics.funnel(table))
    assert (
        frame.attrs["labels"].notes[-1].endswith("reconstructed. None is an extraction from a trial report.")
    )


@pytest.fixture(scope="module")
def regressed():
    return mutau.regress(mutau.read_studies(BCG), moderators="ablat", measure=MODEL)


def test_a_bubble_plot_has_the_studies_the_line_and_its_bands(regressed):
    frame, ax = drawn("bubble", regressed)
    marks = dict(list(frame.groupby("mark")))
    np.testing.assert_allclose(np.log(marks["study"]["y"]), regressed.yi)
    np.testing.assert_array_equal(marks["study"]["x"], regressed.coding[0].values)
    np.testing.assert_allclose(marks["study"]["size"], np.array(regressed.weights) / max(regressed.weights))
    there = regressed.predict({"ablat": marks["line"]["x"]})
    np.testing.assert_allclose(np.log(marks["line"]["y"]), there.estimate)
    np.testing.assert_allclose(np.log(marks["confidence"]["y"][:101]), there.lower)
    upper = marks["prediction"][marks["prediction"]["curve"] == "upper"]
    np.testing.assert_allclose(np.log(upper["y"]), there.prediction_upper)
    assert marks["line"]["x"].agg(["min", "max"]).to_list() == [13, 55]  # nothing beyond the studies
    assert set(marks["null"]["y"]) == {1}
    assert (ax.get_xscale(), ax.get_yscale()) == ("linear", "log")
    assert ax.get_ylim()[0] < min(marks["prediction"]["y"]) < max(marks["study"]["y"]) < ax.get_ylim()[1]


def test_a_bubble_plot_says_what_is_read_and_what_it_rests_on(regressed):
    frame, ax = drawn("bubble", regressed)
    labels = frame.attrs["labels"]
    assert labels.title == "Tuberculosis & <b>: effect by ablat"
    assert labels.reading == (
        "Mean RR [95% confidence interval] 0.88 [0.58, 1.35] at ablat 13 and 0.26 [0.16, 0.43] at ablat 55; "
        "test of no change: p = 0.0046"
    )
    said = " ".join(texts(ax)).replace("\n", " ")
    for words in (
        "tau²: REML. Intervals: HK; prediction: HTS",
        "observational",
        "dat.bcg",
        "95% prediction interval",
    ):
        assert words in said


def test_a_bubble_plot_says_where_other_moderators_are_held():
    found = mutau.regress(
        yi=[0.1, 0.5, 0.2, 0.9],
        sei=[0.1, 0.2, 0.3, 0.2],
        moderators={"dose": [1, 2, 3, 4.5], "place": list("abaa")},
    )
    frame = plots.prepare_bubble(found)
    notes = frame.attrs["labels"].notes
    assert "no prediction interval, too few studies" in notes[0]
    assert "The line is drawn at place = a" in notes[0]
    assert "prediction" not in set(frame["mark"])
    other = plots.prepare_bubble(found, at={"place": "b"})
    apart = other[other["mark"] == "line"]["y"].to_numpy() - frame[frame["mark"] == "line"]["y"].to_numpy()
    np.testing.assert_allclose(apart, found.estimate[2])


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"moderator": "place"}, "has categories"),
        ({"moderator": "dos"}, "Did you mean 'dose'"),
        ({}, "no moderator chosen"),
        ({"moderator": "dose", "at": {"dose": 3}}, "Leave dose out"),
        ({"moderator": "dose", "at": {"plaice": 3}}, "Did you mean 'place'"),
    ],
)
def test_a_bubble_plot_refuses_what_it_cannot_draw(asked, said):
    found = mutau.regress(
        yi=[0.1, 0.5, 0.2, 0.9, 0.3], sei=[0.1, 0.2, 0.3, 0.2, 0.1],
        moderators={"dose": [1, 2, 3, 4.5, 2], "place": list("abaab"), "year": [1, 2, 2, 1, 4]},
    )  # fmt: skip
    with pytest.raises(ArgumentError, match=said):
        plots.prepare_bubble(found, **asked)
