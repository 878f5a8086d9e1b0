# mypy: allow-untyped-defs
r"""Finite normal mixtures: both tails, density, slope and quantiles, compiled.

One exponential serves density and tail of a component: :math:`\Phi(-z) = \tfrac12 e^{-z^2/2}\,
\mathrm{erfcx}(z/\sqrt2)` for :math:`z \ge 0`, with the scaled complementary error function as a polynomial in
:math:`t = (x - K)/(x + K)`, after Shepherd and Laframboise. The loops are written so that a compiler can run
several components at a time without changing the order of any sum.

References
----------
Shepherd MM, Laframboise JG (1981). Chebyshev approximation of (1 + 2x)exp(x^2)erfc x in 0 <= x < inf. Mathematics
of Computation 36:249-253. doi:10.1090/S0025-5718-1981-0595058-X
"""

from __future__ import annotations

import math

import numpy as np

from mutau.numerics.compiling import entry, inlined, inner

__all__ = ["exponentials", "fill_quantiles", "mixture_at", "mixture_curves", "mixture_quantiles", "moments"]

K = 3.75
SQRT_HALF = math.sqrt(0.5)
INV_SQRT_2PI = 1.0 / math.sqrt(2.0 * math.pi)

# Adding MAGIC rounds to an integer and leaves it in the low bits.
MAGIC = 1.5 * 2.0**52
LOG2_E = 1.4426950408889634
LOG2_HIGH = (
    6.93147180369123816490e-01  # log 2 in two parts: the first has zeros at its end, so n * it is exact
)
LOG2_LOW = 1.90821492927058770002e-10
LARGEST = 690.0  # exp(-690) is about 1e-300
BIAS, MANTISSA = np.int64(1023), np.int64(52)

STEP_DONE = 1e-4  # Halley converges cubically: after a step this small (in SDs) the error is about 1e-13
TAIL_STEP_DONE = 1e-6  # Newton's steps in a far tail converge quadratically
MAX_STEPS = 400  # bisection alone reaches float64 resolution in half of them
SLOW = 8


@inlined
def erfcx_series(t):
    """(1 + 2x) erfcx(x) at t = (x - K) / (x + K): the Chebyshev series up to degree 20, written in powers.

    The relative error is at most 8.3e-15 for x in [0, 1e8] (tests/numerics hold it). The polynomial is written out
    because a loop over coefficients keeps the compiler from running several components at a time.
    """
    q = 1.8145214424230665e-08
    q = ((q * t + 8.540604160520004e-09) * t - 2.1713389805696227e-07) * t - 2.781457964538117e-08
    q = ((q * t + 1.7017030719105195e-06) * t - 1.0082205936188526e-06) * t - 1.1406080334811383e-05
    q = ((q * t + 2.240988874013106e-05) * t + 5.163027323412162e-05) * t - 0.0002901662176409021
    q = ((q * t + 0.0002937196724001631) * t + 0.0017556294797284953) * t - 0.009746580754756332
    q = ((q * t + 0.028362276764282972) * t - 0.05869339845063816) * t + 0.09230432122556173
    q = ((q * t - 0.1088039301500146) * t + 0.0822767384871622) * t + 0.0035854154856578974
    return (q * t - 0.14024059858550722) * t + 1.2375126308378266


@inlined
def exponentials(x, powers, bits):
    """Replace every x, at most 690 from 0 (beyond, it counts as that), by exp(x).

    x = n log 2 + r, |r| up to log(2) / 2: exp(r) by Taylor's series (0.3466**14 / 14! is under 1e-17), and 2**n by
    writing n into the exponent of a number. powers, bits: scratch of the shape of x, and its memory as int64.
    """
    for j in range(len(x)):
        value = min(max(x[j], -LARGEST), LARGEST)
        powers[j] = MAGIC + value * LOG2_E
        power = powers[j] - MAGIC
        r = value - power * LOG2_HIGH
        r = r - power * LOG2_LOW
        q = 1.0 / 6227020800.0
        q = ((q * r + 1.0 / 479001600.0) * r + 1.0 / 39916800.0) * r + 1.0 / 3628800.0
        q = ((q * r + 1.0 / 362880.0) * r + 1.0 / 40320.0) * r + 1.0 / 5040.0
        q = ((q * r + 1.0 / 720.0) * r + 1.0 / 120.0) * r + 1.0 / 24.0
        q = ((q * r + 1.0 / 6.0) * r + 1.0 / 2.0) * r + 1.0
        x[j] = q * r + 1.0
    for j in range(len(x)):
        bits[j] = (bits[j] + BIAS) << MANTISSA
    for j in range(len(x)):
        x[j] *= powers[j]


@inner
def mixture_at(x, w, m, inv, work, bits):
    """Lower tail, upper tail, density and its slope at x.

    w, m, inv: weights, means and inverse SDs, shape (n,). work, bits: scratch of shape (3, n) or wider, and the
    same memory as int64.
    """
    n, e, c = len(w), work[0], work[1]
    for j in range(n):
        z = (x - m[j]) * inv[j]
        e[j] = -0.5 * z * z
        size = abs(z) * SQRT_HALF
        c[j] = 0.5 * erfcx_series((size - K) / (size + K)) / (1.0 + 2.0 * size)
    exponentials(e[:n], work[2][:n], bits[2][:n])
    lower = 0.0
    upper = 0.0
    pdf = 0.0
    slope = 0.0
    for j in range(n):
        z = (x - m[j]) * inv[j]
        tail = c[j] * e[j]
        f = w[j] * inv[j] * e[j]
        lower += w[j] * (tail if z < 0.0 else 1.0 - tail)
        upper += w[j] * (1.0 - tail if z < 0.0 else tail)
        pdf += f
        slope -= f * z * inv[j]
    return lower, upper, pdf * INV_SQRT_2PI, slope * INV_SQRT_2PI


@inner
def normal_quantile(p):
    """A start for quantiles: the standard normal's for p up to 1/2, to 4.5e-4 (Abramowitz and Stegun 26.2.23)."""
    t = math.sqrt(-2.0 * math.log(p))
    return (2.515517 + t * (0.802853 + t * 0.010328)) / (
        1.0 + t * (1.432788 + t * (0.189269 + t * 0.001308))
    ) - t


@inner
def mixture_quantile(p, complement, start, low, high, w, m, inv, work, bits):
    """The x with `p` below and `complement` above, from `start`, inside the bracket [low, high].

    Halley's steps, each kept inside the bracket that every evaluation narrows; bisection where a step leaves
    it, and every other time where steps turn out to be slow, as they are far out in a normal tail.
    """
    x = min(max(start, low), high)
    for turn in range(MAX_STEPS):
        lower, upper, pdf, slope = mixture_at(x, w, m, inv, work, bits)
        f = lower - p if p <= complement else complement - upper
        if f == 0.0:
            return x
        if f < 0.0:
            low = x
        else:
            high = x
        size, done = min(p, complement), STEP_DONE
        if size < 1e-3 and pdf > 0.0:  # Newton on the log of the small tail, which is nearly a parabola
            tail = lower if p <= complement else upper
            step = tail * math.log(tail / size) / pdf if tail > 0.0 else math.inf
            step = -step if p <= complement else step
            done = TAIL_STEP_DONE
        elif pdf > 0.0:
            newton = f / pdf
            bend = 1.0 - 0.5 * newton * slope / pdf
            step = -newton / bend if bend > 0.5 else -newton
        else:
            step = math.inf
        new = x + step
        if not (low < new < high) or (turn > SLOW and turn % 2 == 0):
            new = 0.5 * (low + high)
            if not low < new < high:
                return new
            step = new - x
            x = new
            continue
        x = new
        if abs(step) * pdf < done * size and abs(step * slope) < done * pdf:
            break
    return x


@inlined
def moments(w, m, inv):
    """Mean and variance."""
    mean, variance = 0.0, 0.0
    for j in range(len(w)):
        mean += w[j] * m[j]
    for j in range(len(w)):
        variance += w[j] * ((m[j] - mean) * (m[j] - mean) + 1.0 / (inv[j] * inv[j]))
    return mean, variance


@inlined
def fill_quantiles(p, complement, mean, sd, w, m, inv, out, work, bits):
    """Quantiles for every p in (0, 1); `complement` is 1 - p. work: scratch of shape (3, n) or wider.

    They are bracketed by Cantelli's inequality, which holds for every distribution.
    """
    for i in range(len(p)):
        z = normal_quantile(p[i]) if p[i] <= 0.5 else -normal_quantile(complement[i])
        reach = sd * math.sqrt(p[i] / complement[i])
        low, high = mean - 1.01 * sd * sd / reach, mean + 1.01 * reach
        out[i] = mixture_quantile(p[i], complement[i], mean + z * sd, low, high, w, m, inv, work, bits)


@entry(0.15, lambda p, w: 1.2e-5 * len(p) * (1 + len(w)))
def mixture_quantiles(p, complement, w, m, inv, out, work, bits):
    """Quantiles for every p in (0, 1); `complement` is 1 - p, passed because it may be known more exactly."""
    mean, variance = moments(w, m, inv)
    fill_quantiles(p, complement, mean, math.sqrt(variance), w, m, inv, out, work, bits)


@entry(0.15, lambda x, w: 5.5e-6 * len(x) * (1 + len(w)))
def mixture_curves(x, w, m, inv, out, work, bits):
    """Rows of `out`: lower tail, upper tail, density at every x."""
    for i in range(len(x)):
        out[0, i], out[1, i], out[2, i], _ = mixture_at(x[i], w, m, inv, work, bits)
