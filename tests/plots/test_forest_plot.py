import re
from xml.etree import ElementTree

import matplotlib as mpl
import pytest
from matplotlib.figure import Figure

from mutau.errors import DataWarning
from mutau.plots import FOREST_STYLES, plot_forest, png_bytes, prepare_forest, save, svg_text
from mutau.plots.forest_layout import lay_out
from mutau.plots.scales import effect_limits, effect_ticks, tick_text
from mutau.plots.style import plain, text_width, wrap

HOSTILE = (
    r"Smith $x_1$ & Sons \frac{a}{b}",
    "<script>alert('x')</script>",
    "اختبار عربي 2003",
    "A study with a really very long name that goes on and on, by a committee of many people, 2011",
    "_under_score_^2 %d {} #1",
    "Supercalifragilisticexpialidociousandthensomemorelettersofthis2001",
)


def prepared(case):
    return prepare_forest(case.fit, case.alternatives, case.compared)


def texts(svg):
    return [
        " ".join("".join(node.itertext()).split())
        for node in ElementTree.fromstring(svg).iter()
        if node.tag.endswith("}text")
    ]


def boxes_by_line(axes):
    """Boxes of the texts beside the plot, in display units."""
    axes.figure.draw_without_rendering()
    return [(text.get_text(), text.get_window_extent()) for text in axes.texts if text.get_text()]


def overlaps(a, b):
    return a.x0 < b.x1 - 1 and b.x0 < a.x1 - 1 and a.y0 < b.y1 - 1 and b.y0 < a.y1 - 1


@pytest.fixture(scope="module")
def svg(secure):
    return svg_text(plot_forest(prepared(secure)))


def test_svg_holds_names_and_numbers_as_text(svg, secure):
    shown = texts(svg)
    for expected in (
        "Cicchetti 1999a",
        "31/46",
        "4.04 [2.15, 7.59]",
        "8.93 [1.25, 63.70]",
        "Favours PIP →",
        "← Favours control",
    ):
        assert expected in shown
    frame = prepared(secure)
    assert set(frame["text"]) - {""} <= set(shown)
    assert any("None is an extraction from a trial report" in text for text in shown)
    assert any("arrowhead" in text for text in shown)  # Hartung-Knapp runs off the axis


def test_the_same_picture_gives_the_same_bytes(secure):
    frame = prepared(secure)
    assert svg_text(plot_forest(frame)) == svg_text(plot_forest(frame))
    assert png_bytes(plot_forest(frame)) == png_bytes(plot_forest(frame))


def test_no_date_and_no_path_in_the_svg(svg):
    assert "<dc:date" not in svg
    assert "metadata" not in svg or "matplotlib.org" not in svg


def test_the_reader_s_own_settings_change_nothing(secure):
    frame = prepared(secure)
    with mpl.rc_context({"font.size": 20, "text.color": "red", "svg.fonttype": "path", "lines.linewidth": 9}):
        changed = svg_text(plot_forest(frame))
    assert changed == svg_text(plot_forest(frame))


def test_pyplot_is_left_alone(secure):
    import matplotlib.pyplot as plt

    before = plt.get_fignums()
    plot_forest(prepared(secure))
    assert plt.get_fignums() == before


def test_it_draws_into_a_given_axes(secure):
    axes = Figure(figsize=(14, 7)).add_axes((0.35, 0.35, 0.28, 0.5))
    assert plot_forest(prepared(secure), ax=axes) is axes


@pytest.mark.parametrize("k", [1, 2, 13, 40])
def test_texts_do_not_overlap_and_stay_on_the_figure(made, make_model, make_counts, k):
    names = [f"An investigator of the trial and friends, number {i}, {1970 + i}" for i in range(k)]
    case = made(
        make_counts(names),
        make_model(benefit="lower", thresholds=(), control_label="treatment as usual plus a leaflet"),
    )
    axes = plot_forest(prepared(case))
    boxes = boxes_by_line(axes)
    figure = axes.figure.bbox
    for name, box in boxes:
        assert box.x0 >= figure.x0, name
        assert box.x1 <= figure.x1, name
        assert box.y0 >= figure.y0, name
        assert box.y1 <= figure.y1, name
    clashes = [(a, b) for i, (a, x) in enumerate(boxes) for b, y in boxes[i + 1 :] if overlaps(x, y)]
    assert not clashes
    legend = axes.get_legend().get_window_extent()
    assert legend.x1 <= figure.x1
    assert not [name for name, box in boxes if overlaps(box, legend)]


def test_the_figure_grows_with_the_studies(made, make_model, make_counts):
    heights = []
    for k in (2, 13):
        case = made(make_counts([f"S{i}" for i in range(k)]), make_model())
        heights.append(lay_out(prepared(case), FOREST_STYLES["mutau"]).figure_size[1])
    assert heights[1] - heights[0] == pytest.approx(11 * 0.36, abs=0.1)


def test_hostile_names_are_shown_as_they_are(made, make_model, make_counts):
    case = made(make_counts(list(HOSTILE)), make_model(title=r"$\alpha$ & <b>x</b>", control_label="$c$"))
    axes = plot_forest(prepared(case))
    shown = texts(svg_text(axes))
    for name in (
        HOSTILE[0],
        HOSTILE[1],
        HOSTILE[2],
        HOSTILE[4],
        r"$\alpha$ & <b>x</b>",
        "Favours PIP →",
        "← Favours $c$",
    ):
        assert name in shown
    assert any(text.startswith("A study with a really") for text in shown)
    assert png_bytes(axes)


def test_characters_without_a_glyph_are_said(made, make_model, make_counts):
    axes = plot_forest(prepared(made(make_counts(["日本 2015", "B"]), make_model())))
    assert "日本 2015" in texts(svg_text(axes))
    with pytest.warns(DataWarning, match="日 本"):
        png_bytes(axes)


def test_control_characters_do_not_break_the_svg(made, make_model, make_counts):
    axes = plot_forest(prepared(made(make_counts(["a\x07b", "c\u202ed"]), make_model())))
    shown = texts(svg_text(axes))
    assert "a�b" in shown
    assert "cd" in shown


def test_save_writes_each_kind_and_gives_the_svg(secure, tmp_path):
    given = save(plot_forest(prepared(secure)), tmp_path / "forest")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["forest.pdf", "forest.png", "forest.svg"]
    assert (tmp_path / "forest.svg").read_text(encoding="utf-8") == given
    assert (tmp_path / "forest.png").read_bytes().startswith(b"\x89PNG")


def test_a_failed_write_leaves_nothing(secure, tmp_path, monkeypatch):
    def fail(*_):
        raise OSError("no room")

    monkeypatch.setattr("os.replace", fail)
    with pytest.raises(OSError, match="no room"):
        save(plot_forest(prepared(secure)), tmp_path / "forest")
    assert not list(tmp_path.iterdir())


def test_a_clipped_interval_ends_in_an_arrow(secure):
    frame = prepared(secure)
    axes = plot_forest(frame)
    arrows = [line.get_marker() for line in axes.lines if line.get_marker() in ("<", ">")]
    low, high = axes.get_xlim()
    cut = frame[(frame["lower"] < low) | (frame["upper"] > high)]
    assert list(cut["label"]) == ["REML, Hartung-Knapp"]
    assert sorted(arrows) == ["<", ">"]


def test_squares_have_areas_in_proportion_to_weights(secure):
    frame = prepared(secure)
    axes = plot_forest(frame)
    sizes = [line.get_markersize() for line in axes.lines if line.get_marker() == "s"]
    weights = frame.loc[frame["mark"] == "raw", "weight"].to_list()
    assert (sizes[0] / sizes[1]) ** 2 == pytest.approx(weights[0] / weights[1])


def test_limits_hold_every_estimate_and_no_effect():
    low, high = effect_limits([4.0, 30.9, 8.9], [2.1, 4.2, 1.25], [7.6, 226.7, 63.7], null=1.0, log=True)
    assert low < 1
    assert high > 226.7
    low, high = effect_limits([0.5, 0.6], [0.3, 0.4], [0.8, 2.6e6], null=1.0, log=True)
    assert high < 100


def test_limits_survive_what_does_not_exist():
    nan = float("nan")
    low, high = effect_limits([1.0, nan], [nan, nan], [nan, nan], null=1.0, log=True)
    assert 0 < low < 1 < high
    low, high = effect_limits([1.0], [0.0], [float("inf")], null=1.0, log=True)
    assert 0 < low < 1 < high < float("inf")


@pytest.mark.parametrize(
    ("low", "high", "log", "expected"),
    [
        (0.3, 60, True, ["0.5", "1", "2", "5", "10", "20", "50"]),
        (0.25, 2.1, True, ["0.3", "0.5", "0.7", "1", "1.5", "2"]),
        (0.8, 1.3, True, ["0.8", "0.9", "1", "1.1", "1.2", "1.3"]),
        (1e-3, 2e3, True, ["0.001", "0.01", "0.1", "1", "10", "100", "1000"]),
        (-7, 3, False, ["−6", "−4", "−2", "0", "2"]),
    ],
)
def test_ticks_are_round(low, high, log, expected):
    assert [tick_text(float(tick)) for tick in effect_ticks(low, high, log=log)] == expected


@pytest.mark.parametrize("span", [1.01, 1.5, 4.5, 30, 1e3, 1e6, 1e15])
def test_there_is_a_handful_of_ticks_on_any_ratio_axis(span):
    assert 2 <= len(effect_ticks(span**-0.4, span**0.6, log=True)) <= 9


def test_wrap_keeps_to_the_width():
    broken = wrap("one two three Supercalifragilisticexpialidocious", 0.8)
    assert max(text_width(line) for line in broken.split("\n")) <= 0.8
    assert re.sub(r"\s", "", broken) == "onetwothreeSupercalifragilisticexpialidocious"
    assert wrap("one two three four", 0.5, lines=1).endswith("…")
    assert wrap("", 1.0) == ""


def test_plain_text():
    assert plain("a\nb\tc\ud800") == "a b c�"
