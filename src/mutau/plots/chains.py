"""The chains behind a sampled fit: traces and ranks of mu, tau and the effect in a new setting, drawn by ArviZ."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from mutau.errors import ArgumentError, Fault
from mutau.plots.style import COLOURS, new_figure, plain, quiet_glyphs, style, wrap

if TYPE_CHECKING:
    import xarray as xr
    from arviz_plots import PlotCollection

    from mutau.fitting import Fit

__all__ = ["CHAIN_COLUMNS", "ChainLabels", "plot_ranks", "plot_trace", "prepare_chains", "why_no_chains"]

CHAIN_COLUMNS = ("chain", "draw", "mu", "tau", "theta_new")
"""Columns of `prepare_chains`, in order; one of a quantity that the priors fix is left out."""

_QUANTITIES = CHAIN_COLUMNS[2:]
_WIDTH, _HEIGHT = 2.9, 1.9  # inches, of one panel
_MARGIN = (0.75, 0.2, 0.75, 0.5)  # left, right, above, below
_GAP = 0.55
_NOTE_SIZE, _NOTE_LINE = 7.5, 0.145
_RANK_DRAWS = 150  # of each chain, in a figure of ranks
_CHAIN_COLOURS = ("bayesian", "classic", "new", "raw")
_MOST_COLOURS = ("#CC79A7", "#56B4E9", "#E69F00", "#999999")


@dataclass(frozen=True, slots=True)
class ChainLabels:
    """The words around a figure of chains. Kept in ``frame.attrs["labels"]``: title, and a note for each figure."""

    title: str
    trace: str
    ranks: str


def why_no_chains(fit: Fit) -> str:
    """Say why a fit has no such plot; nothing if it has one."""
    return "The answers were integrated exactly: there are no chains" if fit.engine.name == "exact" else ""


def prepare_chains(fit: Fit) -> pd.DataFrame:
    """Lay out the draws of a sampled fit, chain by chain.

    Parameters
    ----------
    fit : Fit
        A sampled fit.

    Returns
    -------
    DataFrame
        One row per chain and draw, columns `CHAIN_COLUMNS`, on the analysis scale. ``frame.attrs["labels"]`` holds
        `ChainLabels`.

    Raises
    ------
    ArgumentError
        Nothing was sampled.
    """
    why = why_no_chains(fit)
    if why:
        raise ArgumentError(Fault("figure of chains", why, 'Fit with engine="sampling"'))
    drawn = fit.posterior[list(_QUANTITIES)]
    chains, draws = drawn.sizes["chain"], drawn.sizes["draw"]
    columns = {name: np.asarray(drawn[name]).ravel() for name in _QUANTITIES}
    frame = pd.DataFrame(
        {"chain": np.repeat(np.arange(chains), draws), "draw": np.tile(np.arange(draws), chains)}
        | {name: values for name, values in columns.items() if values.min() < values.max()}
    )
    model = fit.model
    given = f"mu ~ {model.mu_prior.label}, tau ~ {model.tau_prior.label}, {model.likelihood} likelihood"
    frame.attrs["labels"] = ChainLabels(
        plain(model.title),
        f"Every draw of {chains} chains ({given}), analysis scale. Chains that have converged lie over one another "
        "and do not wander.",
        f"{chains} chains ({given}): share of each chain's fractional ranks among all draws, less what is expected "
        f"of chains that sample the same posterior; of {min(draws, _RANK_DRAWS)} evenly spaced draws of each. p is "
        "of a test that they do.",
    )
    return frame


def plot_trace(frame: pd.DataFrame) -> Figure:
    """Draw every draw of each chain in turn (``arviz_plots.plot_trace``).

    Parameters
    ----------
    frame : DataFrame
        From `prepare_chains`.

    Returns
    -------
    Figure
        One panel per quantity, one colour per chain. The lines are pixels in SVG and PDF too: there are thousands.
    """
    from arviz_plots import plot_trace as draw

    def panels(data: xr.DataTree, collection: PlotCollection) -> None:
        draw(data, plot_collection=collection, visuals={"trace": {"rasterized": True, "width": 0.5}})

    return _drawn(frame, frame.attrs["labels"].trace, panels)


def plot_ranks(frame: pd.DataFrame) -> Figure:
    """Draw how evenly each chain's draws rank among all draws (``arviz_plots.plot_rank``).

    Parameters
    ----------
    frame : DataFrame
        From `prepare_chains`.

    Returns
    -------
    Figure
        One panel per quantity, one colour per chain.

    References
    ----------
    .. [1] Säilynoja T, Bürkner P-C, Vehtari A (2022). Graphical test for discrete uniformity and its applications
       in goodness-of-fit evaluation and multiple sample comparison. doi:10.1007/s11222-022-10090-6
    """
    from arviz_plots import plot_rank as draw

    def panels(data: xr.DataTree, collection: PlotCollection) -> None:
        draw(data, plot_collection=collection, visuals={"ecdf_lines": {"width": 0.9}})

    count = int(frame["draw"].max()) + 1
    kept = np.unique(np.linspace(0, count - 1, min(count, _RANK_DRAWS)).round())
    thinned = frame[frame["draw"].isin(kept)]
    return _drawn(thinned, frame.attrs["labels"].ranks, panels)


def _drawn(frame: pd.DataFrame, note: str, panels: Callable[[xr.DataTree, PlotCollection], None]) -> Figure:
    """Make the panels in a figure that no global state knows of, and let ArviZ fill them."""
    import xarray as xr
    from arviz_plots import PlotCollection

    labels = cast("ChainLabels", frame.attrs["labels"])
    names = [name for name in _QUANTITIES if name in frame]
    draws = frame.set_index(["chain", "draw"])[names].to_xarray()
    colours = [COLOURS[name] for name in _CHAIN_COLOURS] + list(_MOST_COLOURS)
    with style(), quiet_glyphs():
        figure, axes = _panels(len(names))
        panel_tree = xr.DataTree.from_dict(
            {
                "/": xr.Dataset({"figure": np.array(figure, dtype=object)}),
                "plot": xr.Dataset(
                    {name: np.array(ax, dtype=object) for name, ax in zip(names, axes, strict=True)}
                ),
                "row_index": xr.Dataset(dict.fromkeys(names, 0)),
                "col_index": xr.Dataset({name: place for place, name in enumerate(names)}),
            }
        )
        chains = [colours[i % len(colours)] for i in range(draws.sizes["chain"])]
        by_chain = {"color": ["chain"], "overlay": ["chain"]}
        collection = PlotCollection(draws, panel_tree, aes=by_chain, backend="matplotlib", color=chains)
        panels(xr.DataTree.from_dict({"posterior": draws}), collection)
        _finish(figure, axes, labels.title, note)
    return figure


def _panels(count: int) -> tuple[Figure, list[Any]]:
    left, right, above, below = _MARGIN
    notes = 3 * _NOTE_LINE
    width = left + count * _WIDTH + (count - 1) * _GAP + right
    height = above + _HEIGHT + below + notes
    figure = new_figure(width, height)
    axes = [
        figure.add_axes(
            ((left + i * (_WIDTH + _GAP)) / width, (below + notes) / height, _WIDTH / width, _HEIGHT / height)
        )
        for i in range(count)
    ]
    return figure, axes


def _finish(figure: Figure, axes: list[Any], title: str, note: str) -> None:
    """Title and note; spines as in every other figure."""
    width, height = figure.get_size_inches()
    inside = width - 0.4
    for ax in axes:
        for side in ("right", "top"):
            ax.spines[side].set_visible(False)
    figure.text(
        0.2 / width,
        1 - 0.15 / height,
        wrap(title, inside, lines=1, size=12, bold=True),
        fontsize=12,
        weight="bold",
        va="top",
        parse_math=False,
    )
    figure.text(
        0.2 / width,
        0.06 / height,
        wrap(note, inside, lines=3, size=_NOTE_SIZE),
        fontsize=_NOTE_SIZE,
        va="bottom",
        linespacing=1.15,
        parse_math=False,
    )
