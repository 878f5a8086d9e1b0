r"""The posterior of (mu, tau) for any likelihood of which each study's log likelihood in theta is known.

The likelihood of mu and tau is computed once, on a rectangle of panels (`surface`); priors weigh it afterwards
(`Surface.posterior`), so that another prior costs next to nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, cast

import numpy as np
from scipy.interpolate import make_interp_spline

from mutau.cores import available_cores
from mutau.errors import ArgumentError, Fault
from mutau.exact.curves import TO_SERIES, nodes_of
from mutau.exact.surface_posterior import SurfacePosterior, weigh
from mutau.numerics.surfaces import STEP, fill_surface
from mutau.priors import Prior, student
from mutau.priors.tau_mixture import parts_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    type Array = NDArray[np.float64]
    type StudyLogLikelihood = Callable[[int, Array], Array]

__all__ = ["Surface", "surface"]

SPREAD = 7.0  # v of the tables' last entries: theta is then 548 standard errors away
NORMAL_NODES = 24
T_STEP = 0.1  # of w, a t rule's nodes being sinh w
# A panel of mu: 3 standard errors of the common effect, 0.6 of the distance from it
MU_WIDTH, MU_GROWTH = 3.0, 0.6
TAU_WIDTH = 1.0  # a panel of tau, in the variable x of tau = a sinh x
ROUGH = 3e-5  # of the largest density over tau: what a panel's last two Legendre coefficients may be
HALVINGS = 6
BEYOND = 1e-9  # probability that may lie outside the rectangle when it is weighed by another prior
TAIL = 1e-14  # probability of a prior that may lie outside the rectangle
WIDE_TAU = 10.0  # standard errors (the largest) that tau covers at least, for other priors
NEGLIGIBLE = 60.0  # log likelihood below the best, less what a prior may make good


@dataclass(frozen=True, eq=False)
class Tables:
    """Log likelihoods of k studies at equal steps of v, theta = centre + scale sinh v.

    Parameters
    ----------
    centre, scale : ndarray, shape (k,)
        Each study's estimate and standard error, roughly: they only place the nodes.
    theta, values, slope : ndarray, shape (k, n)
        theta, log likelihood, log of d theta / dv times the step.
    """

    centre: Array
    scale: Array
    theta: Array = field(repr=False)
    values: Array = field(repr=False)
    slope: Array = field(repr=False)

    def at(self, i: int, theta: Array) -> Array:
        """Log likelihood of study i at any effects, shape (n,); beyond the table its last values."""
        v = np.arcsinh((theta - self.centre[i]) / self.scale[i])
        return np.asarray(self._spline(i)(np.clip(v, -SPREAD, SPREAD)))

    @lru_cache(maxsize=512)  # noqa: B019  (tables live as long as their surface)
    def _spline(self, i: int) -> Callable[[Array], Array]:
        v = -SPREAD + STEP * np.arange(self.theta.shape[1])
        return cast("Callable[[Array], Array]", make_interp_spline(v, self.values[i], k=5))


def tabulate(log_likelihood: StudyLogLikelihood, centre: Array, scale: Array) -> Tables:
    """Tabulate every study's log likelihood around its own estimate."""
    v = np.arange(-SPREAD, SPREAD + 0.5 * STEP, STEP)
    theta = centre[:, None] + scale[:, None] * np.sinh(v)
    values = np.stack([log_likelihood(i, theta[i]) for i in range(len(centre))])
    if not np.isfinite(values).all():
        place = int(np.flatnonzero(~np.isfinite(values).all(axis=1))[0])
        rule = "A study's log likelihood must be finite for every effect"
        raise ArgumentError(
            Fault(f"that of study {place + 1} is not", rule, "Check its data, or use engine='sampling'")
        )
    slope = np.log(scale)[:, None] + np.log(np.cosh(v)) + math.log(STEP)
    return Tables(centre, scale, theta, values, np.ascontiguousarray(slope))


def effect_rule(df: float) -> tuple[Array, Array, float]:
    """Nodes and log weights for a standard normal (df infinite) or t variable, and the log of its constant."""
    if math.isinf(df):
        z, w = np.polynomial.hermite_e.hermegauss(NORMAL_NODES)
        return z, np.log(w / w.sum()), -0.5 * math.log(2.0 * math.pi)
    constant = float(student.log_density(np.zeros(1), df)[0])
    end = 36.0 / df + math.log(2.0 * math.sqrt(df)) + 2.0
    w = np.arange(-end, end + 0.5 * T_STEP, T_STEP)
    z = np.sinh(w)
    return z, student.log_density(z, df) + np.log(np.cosh(w) * T_STEP), constant


@dataclass(frozen=True, eq=False)
class Surface:
    """The likelihood of (mu, tau), study effects integrated out, at the nodes of panels of both.

    Parameters
    ----------
    tables : Tables
        The studies.
    effects_df : float
        Degrees of freedom of the random effects; infinite for normal ones.
    mu_edges : ndarray, shape (m + 1,)
        Ends of the panels of mu.
    tau_edges : ndarray, shape (t + 1,)
        Ends of the panels of x, tau = stretch sinh x; empty where tau is one point.
    stretch : float
        Of tau's variable.
    tau : ndarray, shape (b,)
        Values of tau: the nodes of its panels, or one.
    values : ndarray, shape (b, a)
        Log likelihood.
    """

    tables: Tables = field(repr=False)
    effects_df: float
    mu_edges: Array = field(repr=False)
    tau_edges: Array = field(repr=False)
    stretch: float
    tau: Array = field(repr=False)
    values: Array = field(repr=False)

    @property
    def k(self) -> int:
        """Number of studies."""
        return len(self.tables.centre)

    @cached_property
    def rule(self) -> tuple[Array, Array, float]:
        """Nodes and log weights for the random effects, and the log of their constant."""
        return effect_rule(self.effects_df)

    def of_study(self, i: int) -> Array:
        """Log likelihood of one study over the rectangle, shape (b, a)."""
        tables = self.tables
        own = Tables(
            *(
                values[i : i + 1]
                for values in (tables.centre, tables.scale, tables.theta, tables.values, tables.slope)
            )
        )
        return _fill(own, self.mu_edges, self.tau, self.effects_df, None, prune=False)

    def likelihood_at(self, taus: Array) -> Array:
        """Log likelihood, shape (n, a), at the nodes of mu and any values of tau, shape (n,)."""
        return _fill(self.tables, self.mu_edges, taus, self.effects_df, None, prune=False)

    def posterior(self, mu: Prior, tau: Prior) -> SurfacePosterior:
        """Weigh the surface by priors.

        Parameters
        ----------
        mu, tau : Prior
            Proper; tau's a density where the surface has panels of tau, else its point.

        Raises
        ------
        mutau.errors.ArgumentError
            A prior has more than 1e-9 of its probability outside the rectangle, or varies on a scale that its panels
            do not resolve: make a surface for it.
        """
        if faults := self.faults(mu, tau):
            raise ArgumentError(faults)
        weighed = weigh(self, mu, tau)
        if weighed.beyond > BEYOND:
            raise ArgumentError(_reaches("tau", tau, self.stretch * np.sinh(self.tau_edges[[0, -1]])))
        return weighed

    def faults(self, mu: Prior, tau: Prior) -> list[Fault]:
        """List why these priors do not belong to this surface."""
        return [*_outside("mu", mu, self.mu_edges), *self._tau_faults(tau)]

    def _tau_faults(self, tau: Prior) -> list[Fault]:
        if tau.is_point or not len(self.tau_edges):
            same = tau.is_point and not len(self.tau_edges) and tau.support[0] == self.tau[0]
            rule = "A surface over several values of tau has no single one, and the reverse"
            return [] if same else [Fault(f"{tau} for tau", rule, "Make a surface for this prior")]
        if not tau.is_proper:
            return [_improper("tau", tau)]
        first = self.stretch * math.sinh(self.tau_edges[1])
        if any(self._too_narrow(each, first) for each in parts_of(tau)):
            rule = "A prior of tau must not vary on a scale far below the surface's panels"
            return [Fault(f"{tau} for tau", rule, "Make a surface for this prior")]
        return []

    def _too_narrow(self, tau: Prior, first: float) -> bool:
        """Whether a prior, or a component of one, varies on a scale below that of the panels."""
        if float(tau.ppf(0.5)) < 0.05 * self.stretch:
            return True
        return _vanishes_at_0(tau) and first > 4.0 * float(tau.ppf(BEYOND))


def _outside(name: str, prior: Prior, edges: Array) -> list[Fault]:
    """Refuse a prior that the rectangle does not hold."""
    if not prior.is_proper:
        return [_improper(name, prior)]
    low, high = float(edges[0]), float(edges[-1])
    inside = prior.support[0] >= low or prior.cdf(low) < BEYOND
    if inside and (prior.support[1] <= high or prior.sf(high) < BEYOND):
        return []
    return [_reaches(name, prior, edges)]


def _improper(name: str, prior: Prior) -> Fault:
    rule = "With counts a posterior is sure to exist only under proper priors"
    return Fault(f"{prior} for {name} is improper", rule, "Use a proper prior")


def _reaches(name: str, prior: Prior, edges: Array) -> Fault:
    rule = f"The surface holds {name} from {edges[0]:.3g} to {edges[-1]:.3g}"
    return Fault(f"{prior} for {name} reaches beyond", rule, "Make a surface for this prior")


def _vanishes_at_0(tau: Prior) -> bool:
    return bool(np.isneginf(tau.logpdf(0.0)))


def surface(
    log_likelihood: StudyLogLikelihood,
    centre: Array,
    scale: Array,
    mu: Prior | Sequence[Prior],
    tau: Prior | Sequence[Prior],
    effects_df: float = math.inf,
    threads: int | None = None,
) -> Surface:
    """Compute the likelihood of (mu, tau) over a rectangle that holds these priors, and wider ones of tau.

    Parameters
    ----------
    log_likelihood : callable
        ``(i, theta (n,)) -> (n,)``: log probability of study i's data at effects theta, its baseline integrated out.
    centre, scale : ndarray, shape (k,)
        Each study's estimate and standard error, roughly; they place nodes and change no answer.
    mu, tau : Prior or sequence of Prior
        Proper ones; the surface holds each of several. A point mass of tau stands alone.
    effects_df : float
        Degrees of freedom of the random effects; infinite for normal ones.
    threads : int, optional
        By default one for each core; changes no digit.
    """
    mus, taus = ([given] if isinstance(given, Prior) else list(given) for given in (mu, tau))
    tables = tabulate(log_likelihood, centre, scale)
    common = 1.0 / math.sqrt(float((scale**-2.0).sum()))
    middle = float((centre / scale**2).sum()) * common**2
    low = min(float(mu.support[0] if mu.is_point else mu.ppf(TAIL)) for mu in mus)
    high = max(float(mu.support[1] if mu.is_point else mu.ppf(1.0 - TAIL)) for mu in mus)
    mu_edges = _graded(middle, common, min(low, middle - common), max(high, middle + common))
    if taus[0].is_point:
        stretch, tau_edges, at = 1.0, np.empty(0), np.array([taus[0].support[0]])
    else:
        stretch, tau_edges = _panels_of_tau(taus, scale)
        at = stretch * np.sinh(nodes_of(tau_edges)[0].ravel())
    values = _fill(tables, mu_edges, at, effects_df, threads)
    made = Surface(tables, effects_df, mu_edges, tau_edges, stretch, at, values)
    for _ in range(HALVINGS if len(tau_edges) else 0):
        rough = _rough_panels(made)
        if not rough.any():
            break
        made = _halved(made, rough, threads)
    return made


def _panels_of_tau(taus: Sequence[Prior], scale: Array) -> tuple[float, Array]:
    """Give the stretch of tau's variable and the ends of its panels, fit for every component of a mixture."""
    taus = [part for tau in taus for part in parts_of(tau)]
    narrowest, widest = float(scale.min()), WIDE_TAU * float(scale.max())
    stretch = min(narrowest, max(min(float(tau.ppf(0.5)) for tau in taus), 1e-6 * narrowest))
    most = max(float(min(tau.ppf(1.0 - TAIL), tau.support[1])) for tau in taus)
    most = min(most, 10.0 ** (13.0 / len(scale)) * 100.0 * float(scale.max()) + 1.0 / stretch)
    count = math.ceil(math.asinh(max(most, widest) / stretch) / TAU_WIDTH)
    first = max((_towards_0(tau, stretch) for tau in taus), key=len)
    return stretch, np.concatenate([first, TAU_WIDTH * np.arange(1, count + 1)])


def _rough_panels(made: Surface) -> NDArray[np.bool_]:
    """Panels of tau across which the likelihood, mu's even, is no polynomial: many studies make it narrow."""
    weights = nodes_of(made.mu_edges)[1].ravel()
    peak = made.values.max()
    density = np.exp(made.values - peak) @ weights * np.hypot(made.stretch, made.tau)
    series = np.abs(density.reshape(len(made.tau_edges) - 1, -1) @ TO_SERIES)[:, -2:].sum(axis=1)
    return np.asarray(series > ROUGH * density.max())


def _halved(made: Surface, rough: NDArray[np.bool_], threads: int | None) -> Surface:
    """The same surface with these panels of tau halved."""
    edges = made.tau_edges
    middles = 0.5 * (edges[:-1] + edges[1:])
    new_edges = np.sort(np.concatenate([edges, middles[rough]]))
    parent = np.searchsorted(edges, new_edges[:-1], side="right") - 1
    taus = made.stretch * np.sinh(nodes_of(new_edges)[0])
    values = made.values.reshape(len(edges) - 1, taus.shape[1], -1)[parent]
    new = rough[parent]
    values[new] = _fill(made.tables, made.mu_edges, taus[new].ravel(), made.effects_df, threads).reshape(
        values[new].shape
    )
    flat = values.reshape(taus.size, -1)
    return replace(made, tau_edges=new_edges, tau=taus.ravel(), values=flat)


def _towards_0(tau: Prior, stretch: float) -> Array:
    """Ends of panels from 0: one panel where the prior has a density at 0, else ever smaller ones towards 0."""
    ends = [TAU_WIDTH]
    while _vanishes_at_0(tau) and tau.cdf(stretch * ends[-1]) > TAIL:
        ends.append(ends[-1] / 2.5)
    return np.array([0.0, *ends[:0:-1]])


def _graded(middle: float, common: float, low: float, high: float) -> Array:
    """Panels of mu from `low` to `high`: narrow around the common effect, wider with the distance from it."""
    ends = [0.5 * MU_WIDTH * common]
    while ends[-1] < max(high - middle, middle - low):
        ends.append(ends[-1] + max(MU_WIDTH * common, MU_GROWTH * ends[-1]))
    up = np.array(ends)
    edges = np.concatenate([middle - up[::-1], middle + up])
    first = np.searchsorted(edges, low, side="right") - 1
    last = np.searchsorted(edges, high, side="left")
    return np.asarray(edges[max(first, 0) : last + 1])


def _fill(
    tables: Tables, mu_edges: Array, taus: Array, df: float, threads: int | None, prune: bool = True
) -> Array:
    """Run the kernel on threads, a share of the values of tau each."""
    mus = nodes_of(mu_edges)[0].ravel()
    z, log_w, constant = effect_rule(df)
    peaks = tables.values.max(axis=1)
    fixed = (
        tables.centre,
        tables.scale,
        -SPREAD,
        tables.theta,
        tables.values,
        tables.slope,
        z,
        log_w,
        df,
        constant,
    )
    worth = _best(mus, taus, fixed, peaks) - NEGLIGIBLE if prune else -math.inf
    out = np.empty((len(taus), len(mus)))
    workers = min(threads or available_cores(), len(taus))

    def fill(part: int) -> None:
        own = np.empty((len(taus[part::workers]), len(mus)))
        fill_surface(mus, taus[part::workers].copy(), *fixed, peaks, worth, own)
        out[part::workers] = own

    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(fill, range(workers)))
    return out


def _best(mus: Array, taus: Array, fixed: tuple[object, ...], peaks: Array) -> float:
    """A log likelihood that is near the best: of a coarse selection of both."""
    out = np.empty((len(taus[::12]), len(mus[::8])))
    fill_surface(mus[::8].copy(), taus[::12].copy(), *fixed, peaks, -math.inf, out)
    return float(out.max())
