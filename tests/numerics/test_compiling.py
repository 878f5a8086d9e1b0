"""Kernels give the same bits interpreted and compiled, and are compiled when interpreting has taken its allowance."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from mutau import priors
from mutau.classic.estimators import ESTIMATORS
from mutau.exact.components import AT_ZERO, COMPARED
from mutau.exact.requests import kernel_model, one_model
from mutau.numerics import compiling, pooling, solving
from mutau.numerics.compiling import Kernel
from mutau.numerics.mixtures import mixture_curves, mixture_quantiles
from mutau.numerics.panels import PANELS
from mutau.numerics.quadratic import contour, q_probability
from mutau.numerics.surfaces import fill_surface
from mutau.numerics.tau_density import N, densities_at
from mutau.numerics.workspace import workspace

MODELS = [
    (priors.Normal(0, 4), priors.HalfNormal(0.5)),
    (priors.Flat(), priors.HalfCauchy(0.5)),
    (priors.NormalMixture((0.3, 0.7), (0, 0.2), (0.1, 1.5)), priors.LogNormal(-1.5, 0.8)),
    (priors.Normal(0.1, 0.3), priors.LogStudentT(-2.0, 1.2, 5)),
    (priors.Normal(0, 2), priors.InverseGamma(1.2, 0.3)),
    (priors.Cauchy(0, 1), priors.Exponential(0.5)),
    (priors.Normal(0, 4), priors.Uniform(0, 2)),
    (priors.Normal(0, 4), priors.PointMass(0.2)),
    (priors.Normal(0, 4), priors.Jeffreys()),
    (priors.Normal(0, 4), priors.DuMouchel()),
]


def both(kernel, *arguments, outputs):
    """Bits of the arrays that a kernel fills, interpreted and compiled."""
    answers = []
    for way in (kernel.function, kernel.compiled):
        for array in outputs:
            array[...] = 0.0
        with np.errstate(all="ignore"):
            way(*arguments)
        answers.append([array.tobytes() for array in outputs])
    return answers


def studies(seed):
    rng = np.random.default_rng(seed)
    k = int(rng.integers(1, 9))
    return rng.normal(0, rng.choice([0.01, 0.5, 20.0]), k), np.exp(rng.normal(-1, rng.choice([0.3, 2.0]), k))


@pytest.mark.parametrize("model", MODELS, ids=str)
@pytest.mark.parametrize("seed", range(4))
def test_one_posterior(model, seed):
    yi, sei = studies(seed)
    numbers = kernel_model(model[0], model[1].given(sei), yi, sei, len(yi))
    out = np.empty((1, solving.FACTS))
    space = workspace(len(yi), PANELS, max(1, numbers.finer.shape[1]))
    for array in space:
        array[...] = 0  # what is left unwritten must not differ
    interpreted, compiled = both(
        solving.solve_many, yi, sei, np.array([0, len(yi)]), 0, 1, *one_model(numbers),
        True, True, COMPARED, AT_ZERO, out, *space, outputs=[out],
    )  # fmt: skip
    assert interpreted == compiled
    assert out[0, solving.COUNT] > 0


@pytest.mark.parametrize("model", MODELS[:5], ids=str)
def test_density_of_tau(model):
    yi, sei = studies(7)
    numbers = kernel_model(*model, yi, sei, len(yi))
    taus, out = np.geomspace(1e-4, 30, 50), np.empty((3, 50))
    scratch = np.empty(len(yi)), np.empty(len(yi)), np.empty((5, N))
    interpreted, compiled = both(
        densities_at, taus, yi, sei, numbers.vector, numbers.parts, out, *scratch, outputs=[out]
    )
    assert interpreted == compiled
    assert np.isfinite(out).all()


@pytest.mark.parametrize("estimator", ["DL", "DL2", "SJ", "HSk", "GENQ", "PMM", "REML", "ML"])
def test_classic_pooling(estimator):
    """Sets of 1 to 9 studies, tau2 found in every way."""
    rng, record = np.random.default_rng(6), ESTIMATORS[estimator]
    ends = np.concatenate([[0], np.cumsum(rng.integers(1, 10, 20))])
    vi = np.exp(rng.normal(-1, 1.5, ends[-1]))
    yi, targets = rng.normal(0, np.sqrt(vi + 0.3)), np.full((20, pooling.TARGETS), np.nan)
    targets[:, pooling.KNOWN + 1 :] = 20.0, 0.1
    if record.is_of_q:
        targets[:, pooling.LEVEL] = 2.5
    out = np.empty((20, pooling.FACTS))
    told = record.way, record.kind, record.rule
    interpreted, compiled = both(
        pooling.pool_sets, yi, vi, ends, 0, 20, *told, targets, 1000, out, *pooling.scratch(9), outputs=[out]
    )
    assert interpreted == compiled
    assert np.isfinite(out[:, pooling.ESTIMATE]).all()


def test_turning_points():
    yi, vi = np.array([-6.11, -0.93, 0.74, 0.94]), np.array([6.515, 0.614, 0.003, 0.045])
    out, space = np.empty(4), pooling.scratch(4)
    interpreted, compiled = both(
        pooling.turning_points, yi, vi, True, 1000, 1.92, out, *space, outputs=[out, space[0]]
    )
    assert interpreted == compiled
    assert out[0] == 2  # a minimum between 0 and the other maximum


@pytest.mark.parametrize("ratio", [0.05, 0.9, 1.1, 6.0])
def test_distribution_of_generalised_q(ratio):
    rng = np.random.default_rng(9)
    d, out = np.exp(rng.normal(-1, 2, 11)), np.empty(1)
    interpreted, compiled = both(
        q_probability, 10.0 * ratio, d**-0.5, d, np.empty(11), out, contour(), outputs=[out]
    )
    assert interpreted == compiled
    assert 0 < out[0] < 1


def test_mixtures():
    rng = np.random.default_rng(2)
    w, m, inv = rng.dirichlet(np.ones(40)), rng.normal(0, 3, 40), np.exp(rng.normal(0, 2, 40))
    work = np.empty((3, 40))
    scratch = work, work.view(np.int64)
    p, x = np.concatenate([[1e-14, 1e-6], np.linspace(0.01, 0.999, 30)]), np.linspace(-40, 40, 60)
    quantiles, curves = np.empty_like(p), np.empty((3, len(x)))
    for kernel, arguments, out in (
        (mixture_quantiles, (p, 1 - p, w, m, inv, quantiles), quantiles),
        (mixture_curves, (x, w, m, inv, curves), curves),
    ):
        interpreted, compiled = both(kernel, *arguments, *scratch, outputs=[out])
        assert interpreted == compiled


@pytest.mark.parametrize("df", [np.inf, 4.0])
def test_surface(df):
    rng = np.random.default_rng(3)
    v = np.linspace(-7, 7, 176)
    theta = np.array([[0.1], [-0.4]]) + np.array([[0.5], [1.3]]) * np.sinh(v)
    table, slope = -0.5 * theta**2 + rng.normal(0, 0.1, theta.shape), np.log(np.cosh(v)) + np.zeros((2, 1))
    z, w = np.polynomial.hermite_e.hermegauss(24)
    mus, taus, out = np.linspace(-2, 2, 4), np.array([0.0, 0.2, 3.0]), np.empty((3, 4))
    interpreted, compiled = both(
        fill_surface, mus, taus, np.array([0.1, -0.4]), np.array([0.5, 1.3]), -7.0, theta, table, slope, z, np.log(w),
        df, -0.9, table.max(axis=1), -np.inf, out, outputs=[out],
    )  # fmt: skip
    assert interpreted == compiled


def half(x, out):
    out[0] = 0.5 / x


def test_it_is_interpreted_while_the_allowance_lasts_then_compiled(monkeypatch):
    kernel, out = Kernel(half, 1.0, lambda: 0.4), np.empty(1)
    ways = []
    monkeypatch.setattr(Kernel, "compiled", property(lambda self: lambda *_: ways.append("compiled")))
    monkeypatch.setattr(compiling, "_cache_folder", lambda _: None)
    for _ in range(4):
        out[0] = 0.0
        kernel(2.0, out)
        ways += ["interpreted"] * int(out[0] == 0.25)
    assert ways == ["interpreted", "interpreted", "compiled", "compiled"]


def test_what_python_refuses_is_left_to_the_compiled_code(monkeypatch):
    kernel, out = Kernel(half, 1.0, lambda: 0.1), np.empty(1)
    monkeypatch.setattr(compiling, "_cache_folder", lambda _: None)
    kernel(0.0, out)
    assert out[0] == np.inf


def test_numba_is_not_loaded_for_a_little(monkeypatch):
    """Five calls, each of which counts for 0.02 seconds at least; then the disk is looked at."""
    monkeypatch.delitem(sys.modules, "numba", raising=False)
    looked = []
    monkeypatch.setattr(Kernel, "_is_on_disk", property(lambda self: looked.append(None)))
    kernel = Kernel(half, 1.0, lambda: 0.0)
    for _ in range(7):
        kernel(2.0, np.empty(1))
    assert len(looked) == 2


def test_code_on_disk_is_used_at_once(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "numba", None)
    (tmp_path / "test_compiling.half-1.py312.nbi").touch()
    monkeypatch.setattr(compiling, "_cache_folder", lambda _: tmp_path)
    monkeypatch.setattr(Kernel, "compiled", property(lambda self: lambda *_: "compiled"))
    assert Kernel(half, 1.0, lambda: 0.1)(2.0, np.empty(1)) == "compiled"
