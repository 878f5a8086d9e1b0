import io
import re
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, findfont
from matplotlib.textpath import text_to_path

import mutau
from mutau.comparing import fit_alternatives
from mutau.errors import ArgumentError
from mutau.plots import (
    DENSITY_COLUMNS,
    pdf_bytes,
    plot_predictive,
    plot_tau,
    prepare_predictive,
    prepare_tau,
    style,
    svg_text,
    why_no_predictive,
    why_no_tau,
)
from mutau.priors import PointMass, Uniform


@pytest.fixture(scope="module")
def fit(secure):
    return mutau.fit(secure.fit.studies, secure.model, engine="exact", seed=1)


@pytest.fixture(scope="module")
def alternatives(fit):
    return fit_alternatives(fit)


def texts(axes):
    root = ElementTree.fromstring(svg_text(axes))
    return [" ".join("".join(node.itertext()).split()) for node in root.iter() if node.tag.endswith("}text")]


def paths(axes):
    """The drawn lines of an SVG by colour and dashes, each as its number of points."""
    found = {}
    for node in ElementTree.fromstring(svg_text(axes)).iter():
        style = node.get("style", "")
        if node.tag.endswith("}path") and "fill: none" in style and "clip-path" in node.attrib:
            key = re.search(r"stroke: (#\w+)", style)[1], "stroke-dasharray" in style
            found[key] = max(found.get(key, 0), len(re.findall(r"[ML]", node.get("d"))))
    return found


def test_tau_is_its_posterior_and_its_priors(fit, alternatives):
    frame = prepare_tau(fit, alternatives)
    assert tuple(frame.columns) == DENSITY_COLUMNS
    names = ["posterior: default", "posterior: doubled", "prior: default", "prior: doubled"]
    assert sorted(frame["curve"].unique()) == names  # none of tau = 0
    assert not frame["benefit"].any()
    for label, each in (("default", fit), ("doubled", alternatives["doubled"])):
        curve = frame[frame["curve"] == f"posterior: {label}"]
        tau = curve["analysis"].to_numpy()
        np.testing.assert_allclose(curve["density"], each.exact.tau.pdf(tau))
        inside = np.trapezoid(curve["density"], tau)
        assert inside == pytest.approx(float(each.exact.tau.cdf(tau[-1])), abs=1e-3)
        prior = frame.loc[frame["curve"] == f"prior: {label}", "density"]
        np.testing.assert_allclose(prior, each.model.tau_prior.pdf(tau))


def test_the_figure_of_tau_says_how_far_the_posterior_moved(fit, alternatives):
    axes = plot_tau(prepare_tau(fit, alternatives))
    shown = " ".join(texts(axes))
    for words in (
        "tau under half-normal(0.5): median",
        "95% credible interval",
        "prior median 0.34",
        "the between-study SD of the log risk ratio",
        "the 2 studies say little of tau",
        "reconstructed (unique solution)",
    ):
        assert words in shown, words
    drawn = paths(axes)
    assert set(drawn) == {(c, d) for c in ("#0072b2", "#d55e00") for d in (True, False)}
    assert min(drawn.values()) > 20


def test_an_improper_prior_of_tau_is_said_not_drawn(make_counts, make_model):
    model = make_model(tau_prior=Uniform(0, np.inf))
    made = mutau.fit(make_counts(list("ABCDE")), model, engine="exact", seed=1)
    frame = prepare_tau(made, {})
    assert set(frame["curve"]) == {"posterior: default"}
    assert any("improper" in text for text in texts(plot_tau(frame)))


def test_the_prediction_is_of_theta_new_under_each_prior(fit, alternatives):
    frame = prepare_predictive(fit, alternatives)
    assert list(frame["curve"].unique()) == ["default", "doubled", "tau = 0"]
    own = frame[frame["curve"] == "default"]
    grid = own["analysis"].to_numpy()
    np.testing.assert_allclose(own["density"], fit.exact.theta_new.pdf(grid))
    benefit = np.trapezoid(np.where(own["benefit"], own["density"], 0), grid)
    tail = float(fit.exact.theta_new.sf(grid[-1]))
    assert benefit == pytest.approx(float(fit.exact.theta_new.sf(0)) - tail, abs=2e-3)


def test_the_prediction_says_its_interval_and_what_it_is_given(fit, alternatives):
    axes = plot_predictive(prepare_predictive(fit, alternatives))
    shown = " ".join(texts(axes))
    found = mutau.interval(fit, "theta_new")
    assert f"95% credible interval {found.lower:.2f} to {found.upper:.2f}" in shown
    for words in (
        "Effect in a new setting: P(benefit) = 0.98",
        "given unbiased trials, mu ~ normal(0, 2.82), tau ~ half-normal(0.5), normal likelihood",
        "doubled: half-normal(1)",
        "appreciable benefit (RR > 1.25)",
    ):
        assert words in shown, words


def test_what_has_no_figure_says_why(secure):
    fixed = mutau.fit(
        secure.fit.studies, replace(secure.model, tau_prior=PointMass(0)), engine="exact", seed=1
    )
    for why, prepare in ((why_no_tau, prepare_tau), (why_no_predictive, prepare_predictive)):
        assert "fixed at 0 by its prior" in why(fixed)
        assert why(secure.fit) == ""
        with pytest.raises(ArgumentError, match="fixed at 0"):
            prepare(fixed, {})


def test_texts_stay_on_the_figure_and_apart(make_counts, make_model):
    title = "A very long title of an outcome measured in several ways at several times " * 2
    made = mutau.fit(make_counts(["A", "B"]), make_model(title=title), engine="exact", seed=1)
    others = fit_alternatives(made)
    for axes in (plot_tau(prepare_tau(made, others)), plot_predictive(prepare_predictive(made, others))):
        axes.figure.draw_without_rendering()
        boxes = [text.get_window_extent() for text in axes.texts] + [axes.get_legend().get_window_extent()]
        edge = axes.figure.bbox
        assert all(box.x0 >= 0 and box.x1 <= edge.x1 and box.y0 >= 0 and box.y1 <= edge.y1 for box in boxes)
        for i, a in enumerate(boxes):
            for b in boxes[i + 1 :]:
                assert a.x1 <= b.x0 + 1 or b.x1 <= a.x0 + 1 or a.y1 <= b.y0 + 1 or b.y1 <= a.y0 + 1


def test_a_pdf_has_no_date_and_the_same_bytes(fit, alternatives):
    frame = prepare_tau(fit, alternatives)
    drawn = pdf_bytes(plot_tau(frame))
    assert drawn == pdf_bytes(plot_tau(frame))
    assert drawn.startswith(b"%PDF-")
    assert b"Date" not in drawn
    assert b"Type3" not in drawn  # fonts are embedded as TrueType, so text can be searched and edited


@pytest.mark.parametrize("bold", [False, True])
def test_a_cut_font_sets_text_as_the_whole_one_does(bold):
    said = "Affinity: τ ≤ 0.5, “1 × 10” – fi fl AV Te ±∞ Ångström"
    widths = []
    for drawing in (style.style, style.cut_style):
        with drawing():
            font = FontProperties(size=9, weight="bold" if bold else "normal")
            letters, _ = text_to_path.get_text_path(font, said, ismath=False)
            widths.append(np.asarray(letters))
            assert Path(findfont(font)).name.startswith("mutau-") == (drawing is style.cut_style)
    np.testing.assert_array_equal(*widths)


@pytest.mark.parametrize(("text", "is_cut"), [("Trial, 2 ≤ 3", True), ("Испытание", False)])
def test_a_pdf_takes_the_whole_font_where_the_cut_one_lacks_a_character(text, is_cut):
    figure = Figure(figsize=(2, 1))
    figure.text(0, 0.5, text)
    whole = io.BytesIO()
    undated = dict.fromkeys(("CreationDate", "ModDate", "Creator", "Producer"))
    with style.style():
        figure.savefig(whole, format="pdf", dpi=200, metadata=undated)
    assert (pdf_bytes(figure) != whole.getvalue()) == is_cut
