"""Many posteriors at once: the digits of one at a time, whatever the threads, chunks and caches."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest

from mutau import exact, priors
from mutau.cores import available_cores
from mutau.errors import ArgumentError, ImproperPosteriorError
from mutau.numerics.threads import run_in_chunks

SAME_RULE = 1e-12  # quantiles, in units of the interval: another order of the same sums
T_PRIOR = 1e-9  # a t prior's latent scale covers the data of all sets, so its rule differs
P = np.array([0.025, 0.5, 0.975])
PRIORS = [
    (priors.Normal(0, 4), priors.HalfNormal(0.5)),
    (priors.Flat(), priors.HalfCauchy(0.5)),
    (priors.Normal(0.2, 1), priors.LogStudentT(-1.7, 1.3, 5)),
    (priors.StudentT(0, 0.5, 4), priors.InverseGamma(1.5, 0.3)),
    (priors.PointMass(0), priors.Uniform(0, 2)),
    (priors.Normal(0, 4), priors.PointMass(0)),
    (priors.Normal(0, 4), priors.LogNormal(-2, 1)),
]


def ragged(n=40, seed=1):
    rng = np.random.default_rng(seed)
    k = rng.choice([1, 2, 3, 5, 8, 40], n)
    yi = rng.normal(0, 0.7, k.sum())
    return yi, np.exp(rng.normal(-1, 0.7, k.sum())), k


def arrays(many):
    return np.column_stack(
        [
            many.mu.quantiles, many.mu.mean, many.mu.sd, many.mu.below, many.mu.above, many.theta_new.quantiles,
            many.theta_new.mean, many.theta_new.sd, many.theta_new.below, many.theta_new.above, many.tau_mean,
            many.tau_sd, many.tau_quantiles, many.log_marginal, many.error_estimate,
        ]
    )  # fmt: skip


@pytest.mark.parametrize(("mu", "tau"), PRIORS, ids=str)
def test_each_set_has_the_answers_of_its_own_posterior(mu, tau):
    yi, sei, k = ragged()
    many = exact.normal_many(yi, sei, k, mu, tau, threshold=0.1)
    ends = np.concatenate([[0], np.cumsum(k)])
    tolerance = T_PRIOR if mu.family == "StudentT" else SAME_RULE
    for i in range(len(k)):
        own = slice(ends[i], ends[i + 1])
        one = exact.normal(yi[own], sei[own], mu, tau)
        for name in ("mu", "theta_new"):
            found, marginal = getattr(many, name), getattr(one, name)
            expected = marginal.quantile(P)
            width = max(expected[2] - expected[0], 1e-3)
            assert np.abs(found.quantiles[i] - expected).max() < tolerance * width
            np.testing.assert_allclose(
                [found.below[i], found.above[i]], [marginal.cdf(0.1), marginal.sf(0.1)], rtol=1e-9
            )
            np.testing.assert_allclose(
                [found.mean[i], found.sd[i]], [marginal.mean, marginal.sd], rtol=1e-9, atol=1e-12
            )
        np.testing.assert_allclose(many.tau_quantiles[i], one.tau.quantile(P), rtol=1e-8)
        np.testing.assert_allclose([many.tau_mean[i], many.tau_sd[i]], [one.tau.mean, one.tau.sd], rtol=1e-9)
        np.testing.assert_allclose(many.log_marginal[i], one.log_marginal, rtol=0, atol=10 * tolerance)
        np.testing.assert_allclose(many.error_estimate[i], one.error_estimate, rtol=0.5, atol=1e-11)


def test_threads_and_chunks_change_no_bit():
    yi, sei, k = ragged(300)
    reference = arrays(exact.normal_many(yi, sei, k, threads=1, chunk=1000))
    for workers, chunk in ((1, 1), (2, 7), (3, 100), (8, 16)):
        assert np.array_equal(
            arrays(exact.normal_many(yi, sei, k, threads=workers, chunk=chunk)), reference, equal_nan=True
        )


def test_order_of_the_sets_changes_no_bit():
    yi, sei, k = ragged(100)
    ends = np.concatenate([[0], np.cumsum(k)])
    order = np.random.default_rng(3).permutation(len(k))
    rows = np.concatenate([np.arange(ends[i], ends[i + 1]) for i in order])
    shuffled = arrays(exact.normal_many(yi[rows], sei[rows], k[order]))
    assert np.array_equal(shuffled, arrays(exact.normal_many(yi, sei, k))[order], equal_nan=True)


IN_A_NEW_PROCESS = """
import hashlib, sys
import numpy as np
from mutau import exact
rng = np.random.default_rng(1)
k = rng.choice([1, 2, 3, 8], 50)
many = exact.normal_many(rng.normal(0, 0.7, k.sum()), np.exp(rng.normal(-1, 0.7, k.sum())), k)
whole = [many.mu.quantiles, many.theta_new.quantiles, many.theta_new.above, many.log_marginal, many.error_estimate]
sys.stdout.write(hashlib.sha256(b"".join(np.ascontiguousarray(a).tobytes() for a in whole)).hexdigest())
"""


def run(code, cache, extra=()):
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(cache)}
    return subprocess.run(
        [sys.executable, *extra, "-c", code], capture_output=True, text=True, check=False, env=environment
    )


def test_cold_and_warm_caches_give_the_same_bits(tmp_path):
    cold, warm = run(IN_A_NEW_PROCESS, tmp_path / "cache"), run(IN_A_NEW_PROCESS, tmp_path / "cache")
    assert cold.returncode == 0, cold.stderr
    assert list((tmp_path / "cache").rglob("*.nbi"))
    assert cold.stdout == warm.stdout


# As root no folder is read-only: numba's own check of a folder is made to say what it says of one.
NOWHERE_TO_WRITE = """
import errno, sys, warnings
from numba.core import caching

def refuse(self):
    raise OSError(errno.EROFS, "Read-only file system")

caching._CacheLocator.ensure_cache_path = refuse
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    from mutau import exact
    sys.stdout.write(f"{exact.normal([0.1, 0.4], [0.2, 0.3]).mu.mean:.6f} ")
sys.stdout.write(str(len([w for w in caught if "cannot be kept" in str(w.message)])))
"""


def test_works_uncached_with_one_warning_where_nothing_can_be_written(tmp_path):
    done = run(NOWHERE_TO_WRITE, tmp_path / "none")
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [f"{exact.normal([0.1, 0.4], [0.2, 0.3]).mu.mean:.6f}", "1"]
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize(
    ("yi", "sei", "k", "options", "words"),
    [
        ([0.1, 0.2], [0.1, 0.1], [1, 2], {}, "k sums to 3, and there are 2 effects"),
        ([0.1, 0.2], [0.1, 0.1], [0, 2], {}, "whole numbers, 1 or more"),
        ([0.1, 0.2], [0.1, -0.1], [2], {}, "sei[1] = -0.1"),
        ([0.1, 0.2], [0.1, 0.1], [2], {"threshold": [0.0, 1.0]}, "threshold of shape (2,)"),
        ([0.1, 0.2], [0.1, 0.1], [1.5, 0.5], {}, "whole numbers"),
    ],
)
def test_wrong_arguments_are_named(yi, sei, k, options, words):
    with pytest.raises(ArgumentError) as error:
        exact.normal_many(yi, sei, k, **options)
    assert words in str(error.value)


def test_an_improper_posterior_is_refused():
    with pytest.raises(ImproperPosteriorError, match="needs at least 3 studies"):
        exact.normal_many([0.1, 0.2, 0.3], [0.1] * 3, [1, 2], priors.Flat(), priors.Uniform(0, np.inf))


def test_what_does_not_exist_is_nan_with_the_reason():
    yi, sei, k = ragged(20)
    many = exact.normal_many(yi, sei, k, priors.Flat(), priors.HalfCauchy(0.5))
    assert np.isnan(many.theta_new.sd[k == 1]).all()
    assert np.isfinite(many.theta_new.sd[k >= 5]).all()
    assert np.isnan(many.log_marginal).all()
    assert "improper" in many.reason


def test_sets_that_need_more_room_get_it():
    rng = np.random.default_rng(5)
    k = np.array([3, 10_000, 2])
    yi, sei = rng.normal(0, 0.3, k.sum()), np.exp(rng.normal(-1, 2, k.sum()))
    many = exact.normal_many(yi, sei, k)
    one = exact.normal(yi[3:-2], sei[3:-2])
    np.testing.assert_allclose(many.mu.quantiles[1], one.mu.quantile(P), rtol=1e-12)
    assert many.error_estimate[1] < 1e-8


def test_chunks_cover_every_set_once_and_errors_come_out():
    seen = np.zeros(100, dtype=int)
    ends = np.arange(101)

    def count(first, last):
        seen[first:last] += 1

    run_in_chunks(count, ends, threads=4, chunk=7)
    assert (seen == 1).all()
    assert available_cores() >= 1
    with pytest.raises(ZeroDivisionError):
        run_in_chunks(lambda first, last: 1 // 0, ends, threads=2, chunk=10)


@pytest.mark.slow
def test_a_million_sets_stay_under_a_gigabyte():
    """In a process that finds the kernel compiled: compiling it takes memory that has nothing to do with the sets."""
    code = """
import resource
import sys
import numpy as np
from mutau import exact
rng = np.random.default_rng(1)
n = int(sys.argv[1])
exact.normal_many(rng.normal(size=8 * n), np.exp(rng.normal(-1, 0.5, 8 * n)), np.full(n, 8), tau_quantiles=False)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""
    small, large = (
        subprocess.run([sys.executable, "-c", code, n], capture_output=True, text=True, check=True)
        for n in ("2000", "1000000")
    )
    assert float(small.stdout) > 0
    assert float(large.stdout) < 1024
