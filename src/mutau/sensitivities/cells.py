"""A grid of posteriors of mu, one for each pair of priors: exact, or weighed from draws, cell by cell."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from mutau.errors import MutauError
from mutau.sensitivities.proposals import require_posterior

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mutau.exact import GridPosteriors
    from mutau.priors import Prior
    from mutau.requests import ModelRequest
    from mutau.sensitivities.proposals import Proposal, Proposals

    type Array = NDArray[np.float64]

__all__ = ["Cells", "exact_cells", "weighed_cells"]

CHUNK = 2**20
"""Numbers that are worked on at a time: rows of weights."""
UNKNOWN = -1
"""Source of a cell without an answer."""


@dataclass(frozen=True, slots=True)
class Cells:
    """What is known of mu under a priors of mu and b priors of tau, on the analysis scale; NaN where nothing is.

    Parameters
    ----------
    prob : float
        Probability content of the intervals.
    quantiles : ndarray, shape (a, b, 3)
        Lower limit, median and upper limit of the equal-tailed credible interval.
    below, above : ndarray, shape (a, b)
        Posterior probability of a value below, and above, the threshold.
    pareto_k, ess : ndarray, shape (a, b)
        Of the importance weights, the best there were, and effective draws; NaN and infinite where it is exact.
    source : ndarray of int, shape (a, b)
        Whose draws: 0 the fit's, n the n-th further fit's, -1 none that would do. 0 throughout where it is exact.
    exact : bool
        Whether it is.
    reasons : ndarray of str, shape (a, b)
        Why a cell has no answer; empty where it has one.
    further : tuple of str
        Priors of the further fits.
    trouble : str
        Why a further fit could not be made; empty otherwise.
    """

    prob: float
    quantiles: Array = field(repr=False)
    below: Array = field(repr=False)
    above: Array = field(repr=False)
    pareto_k: Array = field(repr=False)
    ess: Array = field(repr=False)
    source: NDArray[np.int64] = field(repr=False)
    exact: bool
    reasons: NDArray[np.object_] = field(repr=False)
    further: tuple[str, ...] = ()
    trouble: str = ""

    @property
    def note(self) -> str:
        """Say how many cells were weighed from which draws, and why others have no answer; nothing where exact."""
        if self.exact:
            return ""
        own, unknown = int((self.source == 0).sum()), int((self.source == UNKNOWN).sum())
        others = self.source.size - own - unknown
        count = len(set(self.source[self.source > 0].tolist()))
        fits = "a further fit" if count == 1 else f"{count} further fits"
        text = f"of {self.source.size:,} cells, {own:,} are weighed from the draws of the fit"
        text += f", {others:,} from those of {fits} under other priors" if others else ""
        text += f"; {unknown:,} have no answer, because no draws cover them" if unknown else ""
        return text + (f"; no more could be sampled: {self.trouble}" if self.trouble else "")

    def draws_of(self) -> Array:
        """Name the draws that each cell was weighed from, shape (a, b); empty where there are none."""
        names = np.array(["" if self.exact else "the fit", *self.further, ""], dtype=object)
        return np.asarray(names[self.source])


def exact_cells(found: GridPosteriors) -> Cells:
    """Take what the exact engine says."""
    shape = found.above.shape
    return Cells(
        found.prob, found.quantiles, found.below, found.above, np.full(shape, math.nan), np.full(shape, math.inf),
        np.zeros(shape, np.int64), True, np.full(shape, "", dtype=object),
    )  # fmt: skip


def weighed_cells(
    proposals: Proposals, request: ModelRequest, mus: Sequence[Prior], taus: Sequence[Prior], prob: float,
    bound: float,
) -> Cells:  # fmt: skip
    """Weigh every cell from the draws at hand; while some have no answer, sample amid them and weigh these again.

    Parameters
    ----------
    proposals : Proposals
        The draws, and how many more posteriors may be sampled.
    request : ModelRequest
        The data.
    mus, taus : sequence of a and of b priors
        Densities.
    prob : float
        Probability content of the intervals.
    bound : float
        Threshold.

    Notes
    -----
    A cell is answered by the first draws whose weights can be relied on (see `why_unusable`). The next posterior to
    be sampled is that of the cell whose Pareto k is the median of those without an answer: neither next to what is
    covered nor farthest from it.
    """
    require_posterior(replace(request, mu_prior=mus[0], tau_prior=taus[0]))
    grid = _Grid(request, mus, taus, prob, bound)
    for number, proposal in enumerate(proposals.made):
        grid.weigh(proposal, number)
    trouble = ""
    while proposals.left > 0 and (unknown := grid.unknown).size:
        a, b = grid.middling(unknown)
        asked = replace(request, mu_prior=mus[a], tau_prior=taus[b])
        try:
            made = proposals.sampled(asked, str(grid.reasons[a, b]))
        except MutauError as error:
            trouble = str(error)
            break
        grid.weigh(made, len(proposals.made) - 1)
    return grid.cells(tuple(_priors(each.request) for each in proposals.made[1:]), trouble)


def _priors(request: ModelRequest) -> str:
    return f"mu ~ {request.mu_prior.label}; tau ~ {request.tau_prior.label}"


class _Grid:
    """Cells that are filled from one set of draws after another."""

    def __init__(
        self, request: ModelRequest, mus: Sequence[Prior], taus: Sequence[Prior], prob: float, bound: float
    ) -> None:
        self.request, self.mus, self.taus, self.prob, self.bound = request, mus, taus, prob, bound
        shape = len(mus), len(taus)
        self.quantiles = np.full((*shape, 3), math.nan)
        self.below, self.above = np.full(shape, math.nan), np.full(shape, math.nan)
        self.pareto_k, self.ess = np.full(shape, math.inf), np.zeros(shape)
        self.source = np.full(shape, UNKNOWN)
        self.reasons = np.full(shape, "", dtype=object)

    @property
    def unknown(self) -> NDArray[np.int64]:
        """Row and column of the cells without an answer."""
        return np.argwhere(self.source == UNKNOWN)

    def middling(self, cells: NDArray[np.int64]) -> NDArray[np.int64]:
        """Of these cells, the one with the median Pareto k."""
        k = self.pareto_k[cells[:, 0], cells[:, 1]]
        return np.asarray(cells[np.argsort(k, kind="stable")[len(k) // 2]])

    def weigh(self, proposal: Proposal, number: int) -> None:
        """Fill from these draws the cells without an answer that they cover."""
        todo = self.unknown
        first = replace(self.request, mu_prior=self.mus[0], tau_prior=self.taus[0])
        if not len(todo) or proposal.why_not(first):
            return
        mu, tau = proposal.draws["mu"], proposal.draws["tau"]
        order = np.argsort(mu)
        drawn = proposal.request
        base = (
            proposal.gained(self.request) - _log_prior(drawn.mu_prior, mu) - _log_prior(drawn.tau_prior, tau)
        )
        of_mu = {a: _log_prior(self.mus[a], mu)[order] for a in np.unique(todo[:, 0])}
        of_tau = {b: (base + _log_prior(self.taus[b], tau))[order] for b in np.unique(todo[:, 1])}
        size = max(1, CHUNK // len(mu))
        for start in range(0, len(todo), size):
            cells = todo[start : start + size]
            ratios = np.stack([of_mu[a] + of_tau[b] for a, b in cells])
            self._take(cells, proposal, number, mu[order], ratios)

    def _take(
        self, cells: NDArray[np.int64], proposal: Proposal, number: int, mu: Array, ratios: Array
    ) -> None:
        """Weigh draws in order into these cells."""
        found, why = proposal.weigh_many(ratios)
        a, b = cells.T
        reasons, usable = np.array(why, dtype=object), np.array([not each for each in why])
        better = usable | (found.pareto_k < self.pareto_k[a, b])
        self.pareto_k[a[better], b[better]] = found.pareto_k[better]
        self.ess[a[better], b[better]] = found.ess[better]
        self.reasons[a[better], b[better]] = reasons[better]
        weights, a, b = found.weights[usable], a[usable], b[usable]
        self.source[a, b] = number
        sums = np.cumsum(weights, axis=1)
        at = np.array([0.5 - 0.5 * self.prob, 0.5, 0.5 + 0.5 * self.prob])
        middles = sums - 0.5 * weights
        self.quantiles[a, b] = np.array([np.interp(at, middle, mu) for middle in middles]).reshape(-1, 3)
        place = int(np.searchsorted(mu, self.bound, side="right"))
        below = np.minimum(sums[:, place - 1], 1.0) if place else np.zeros(len(weights))
        self.below[a, b], self.above[a, b] = below, 1.0 - below

    def cells(self, further: tuple[str, ...], trouble: str) -> Cells:
        """Give what was found."""
        return Cells(
            self.prob, self.quantiles, self.below, self.above, self.pareto_k, self.ess, self.source, False,
            self.reasons, further, trouble,
        )  # fmt: skip


def _log_prior(prior: Prior, at: Array) -> Array:
    return np.zeros_like(at) if prior.is_point else np.asarray(prior.logpdf(at))
