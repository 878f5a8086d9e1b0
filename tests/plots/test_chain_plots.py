from xml.etree import ElementTree

import matplotlib.pyplot as plt
import numpy as np
import pytest

import mutau
from mutau.errors import ArgumentError
from mutau.plots import CHAIN_COLUMNS, plot_ranks, plot_trace, prepare_chains, svg_text


@pytest.fixture(scope="module")
def frame(secure):
    return prepare_chains(secure.fit)


def elements(figure, tag):
    return [node for node in ElementTree.fromstring(svg_text(figure)).iter() if node.tag.endswith(f"}}{tag}")]


def texts(figure):
    return [" ".join("".join(node.itertext()).split()) for node in elements(figure, "text")]


def test_the_frame_holds_every_draw(frame, secure):
    assert tuple(frame.columns) == CHAIN_COLUMNS
    posterior = secure.fit.posterior
    assert len(frame) == posterior["mu"].size
    for name in CHAIN_COLUMNS[2:]:
        np.testing.assert_array_equal(frame[name], posterior[name].values.ravel())
    second = frame[frame["chain"] == 1]
    np.testing.assert_array_equal(second["tau"], posterior["tau"].sel(chain=1))


def test_each_quantity_has_a_panel_and_each_chain_a_colour(frame):
    for draw, words in ((plot_trace, "do not wander"), (plot_ranks, "fractional ranks")):
        figure = draw(frame)
        assert len(figure.axes) == 3
        for ax in figure.axes:
            colours = {line.get_color() for line in ax.lines if len(line.get_xdata()) > 2}
            assert len(colours) == 4
        shown = texts(figure)
        assert {"mu", "tau", "theta_new", "Infant attachment: secure"} <= set(shown)
        assert any(words in text for text in shown)
        assert any("half-normal(0.5)" in text for text in shown)


def test_traces_are_pixels_and_ranks_are_lines(frame):
    assert len(elements(plot_trace(frame), "image")) == 3
    assert not elements(plot_ranks(frame), "image")


def test_a_chain_that_stays_elsewhere_is_seen(frame):
    """Its ranks leave the others', far beyond what the same figure shows of chains that agree."""
    moved = frame.copy()
    moved.loc[moved["chain"] == 0, "mu"] += 3 * frame["mu"].std()
    moved.attrs = frame.attrs

    def reach(drawn):
        return max(np.abs(line.get_ydata()).max() for line in plot_ranks(drawn).axes[0].lines)

    assert reach(moved) > 3 * reach(frame)


def test_what_a_prior_fixes_has_no_panel(secure):
    fixed = prepare_chains(secure.alternatives["tau = 0"])
    assert "tau" not in fixed
    assert len(plot_trace(fixed).axes) == 2


def test_pyplot_is_left_alone_and_bytes_are_the_same(frame):
    before = plt.get_fignums()
    assert svg_text(plot_trace(frame)) == svg_text(plot_trace(frame))
    assert svg_text(plot_ranks(frame)) == svg_text(plot_ranks(frame))
    assert plt.get_fignums() == before


def test_an_exact_fit_has_no_chains(secure):
    exact = mutau.fit(secure.fit.studies, secure.model, engine="exact", seed=1)
    with pytest.raises(ArgumentError, match="no chains"):
        prepare_chains(exact)
