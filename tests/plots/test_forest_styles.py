import re
from xml.etree import ElementTree

import pytest

import mutau
from mutau.comparing import compare, fit_alternatives
from mutau.errors import ArgumentError
from mutau.plots import FOREST_STYLES, plot_forest, prepare_forest, svg_text
from mutau.plots.forest_styles import forest_style


class Exact:
    """An exact fit with its alternatives and comparison."""

    def __init__(self, studies, model):
        self.fit = mutau.fit(studies, model, engine="exact", seed=1)
        self.alternatives = fit_alternatives(self.fit)
        self.compared = compare(self.fit, self.alternatives)

    def prepared(self, subgroups=None):
        return prepare_forest(self.fit, self.alternatives, self.compared, subgroups)


@pytest.fixture(scope="module")
def studies(make_counts):
    return make_counts(["A 1990", "B 1991", "C 1992", "D 1993"])


@pytest.fixture(scope="module")
def case(studies, make_model):
    return Exact(studies, make_model(benefit="lower", published=None, thresholds=()))


@pytest.fixture(scope="module")
def subgroups(studies, case):
    def fitted(rows):
        return mutau.fit(studies.iloc[rows], case.fit.model, engine="exact", seed=1)

    return {"Group $x$": fitted([1, 3]), "One to one": fitted([0, 2])}


def words(svg):
    """Every text of an SVG with the place it is anchored at."""
    found = []
    for node in ElementTree.fromstring(svg).iter():
        if node.tag.endswith("}text"):
            place = re.search(r"translate\(([-\d.]+) ([-\d.]+)\)", node.get("transform", ""))
            x = float(node.get("x", place[1] if place else "nan"))
            found.append((" ".join("".join(node.itertext()).split()), x))
    return found


@pytest.mark.parametrize("style", FOREST_STYLES)
def test_every_style_shows_every_number(case, style):
    frame = case.prepared()
    svg = svg_text(plot_forest(frame, style=style))
    shown = {text for text, _ in words(svg)}
    look = forest_style(style)
    assert {look.written(text) for text in frame["text"] if text} <= shown
    assert {text for text in frame["p_benefit"] if text} <= shown
    assert "100.0%" in shown
    heterogeneity = " ".join(shown)
    assert "Classic heterogeneity (inverse variance): tau = " in heterogeneity
    assert svg == svg_text(plot_forest(frame, style=style))


def test_columns_stand_where_their_style_says(case):
    frame = case.prepared()
    classic = case.prepared()["text"].iloc[0]
    places = {}
    for style in FOREST_STYLES:
        axes = plot_forest(frame, style=style)
        axes.figure.draw_without_rendering()
        middle = axes.get_window_extent().x0
        written = forest_style(style).written(classic)
        found = next(text for text in axes.texts if text.get_text() == written)
        places[style] = found.get_window_extent().x1 < middle
    assert places == {"mutau": False, "revman": True, "jama": True}


def test_jama_writes_parentheses_and_a_dashed_line_of_the_mean(case):
    assert forest_style("jama").written("RR, median [95%\ncredible interval]") == (
        "RR, median (95%\ncredible interval)"
    )
    assert forest_style("jama").written("0.5 [−1, 2]") == "0.5 (−1 to 2)"
    frame = case.prepared()
    dashed = [line for line in plot_forest(frame, style="jama").lines if line.get_linestyle() == "--"]
    mean = frame.loc[frame["mark"] == "bayesian", "estimate"].iloc[0]
    assert [tuple(line.get_xdata()) for line in dashed] == [(mean, mean)]
    assert not [line for line in plot_forest(frame).lines if line.get_linestyle() == "--"]


@pytest.mark.parametrize("style", FOREST_STYLES)
def test_subgroups_are_in_order_with_their_own_mean_effect(case, subgroups, style):
    frame = case.prepared(subgroups)
    studies = frame[frame["mark"] == "raw"]
    assert studies["label"].tolist() == ["B 1991", "D 1993", "A 1990", "C 1992"]
    assert studies["subgroup"].tolist() == ["Group $x$"] * 2 + ["One to one"] * 2
    subtotals = frame[frame["section"] == "subtotal"]
    expected = [mutau.interval(fit).lower for fit in subgroups.values()]
    assert subtotals["lower"].tolist() == expected
    axes = plot_forest(frame, style=style)
    shown = [text for text, _ in words(svg_text(axes))]
    order = [shown.index(text) for text in ("Group $x$", "B 1991", "One to one", "A 1990", "Total")]
    assert order == sorted(order)
    assert any("fitted to its studies alone" in text for text in shown)
    axes.figure.draw_without_rendering()
    boxes = [text.get_window_extent() for text in axes.texts if text.get_text()]
    edge = axes.figure.bbox
    assert all(box.x0 >= 0 and box.x1 <= edge.x1 and box.y0 >= 0 and box.y1 <= edge.y1 for box in boxes)
    for i, a in enumerate(boxes):
        for b in boxes[i + 1 :]:
            assert a.x1 <= b.x0 + 1 or b.x1 <= a.x0 + 1 or a.y1 <= b.y0 + 1 or b.y1 <= a.y0 + 1


def test_subgroups_hold_each_study_once(case, subgroups):
    with pytest.raises(ArgumentError, match="each of the 4 studies of the fit once"):
        case.prepared({"only": subgroups["One to one"]})


def test_an_unknown_style_is_refused(case):
    with pytest.raises(ArgumentError, match="'revman', 'jama'"):
        plot_forest(case.prepared(), style="nature")
