r"""How an effect theta and a baseline eta make the risks of the two arms, for OR, RR and RD.

The baseline is the log odds product, :math:`\eta = \log\frac{p_1 p_0}{(1-p_1)(1-p_0)}`. It ranges over the whole
line whatever theta is, and so does theta whatever eta is: no pair of values is impossible. Swapping the arms
turns theta into -theta and leaves eta alone. Every form below has no cancellation and no singularity, so that
logarithms and gradients are finite at any finite value.

Each function works on NumPy arrays and on PyTensor tensors alike: `xp` is the module whose ``exp``, ``log``,
``where`` and so on are used. So the formula that is integrated is the formula that is sampled.

References
----------
Richardson TS, Robins JM, Wang L (2017). On modeling and estimation for the relative risk and risk difference.
Journal of the American Statistical Association 112:1121-1130. doi:10.1080/01621459.2016.1192546
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

__all__ = ["LINKS", "LogRisks", "odds_ratio", "risk_difference", "risk_ratio"]

_TINY = 1e-300
"""Keeps the root of a sum of squares away from 0 where both underflow (|eta| > 690 with theta = 0)."""


class LogRisks(NamedTuple):
    """Logarithms of the risk of an event and of no event, treatment arm (1) and control arm (0)."""

    p1: Any
    q1: Any
    p0: Any
    q0: Any


def odds_ratio(eta: Any, theta: Any, xp: Any = np) -> LogRisks:
    r"""Log risks where theta is the log odds ratio.

    Parameters
    ----------
    eta, theta : array or tensor
        Log odds product and log odds ratio, broadcastable.
    xp : module
        ``numpy`` or ``pytensor.tensor``.

    Notes
    -----
    :math:`\mathrm{logit}\, p_1 = (\eta + \theta)/2` and :math:`\mathrm{logit}\, p_0 = (\eta - \theta)/2`; eta/2 is
    the mid-point of the two logits.

    Examples
    --------
    >>> np.exp(odds_ratio(0.0, 2 * np.log(3.0))).round(6)
    array([0.75, 0.25, 0.25, 0.75])
    """
    x1, x0 = (eta + theta) / 2, (eta - theta) / 2
    zero = xp.zeros_like(x1)
    return LogRisks(
        -xp.logaddexp(zero, -x1), -xp.logaddexp(zero, x1), -xp.logaddexp(zero, -x0), -xp.logaddexp(zero, x0)
    )


def risk_ratio(eta: Any, theta: Any, xp: Any = np) -> LogRisks:
    r"""Log risks where theta is the log risk ratio.

    Parameters
    ----------
    eta, theta, xp
        As for `odds_ratio`.

    Notes
    -----
    With :math:`h = \theta/2`, :math:`r = \sqrt{\sinh^2 h + e^{-\eta}}` and :math:`D = \cosh h + r`,

    .. math:: p_1 = e^h / D,\quad p_0 = e^{-h} / D,\quad 1-p_1 = (r - \sinh h)/D,\quad 1-p_0 = (r + \sinh h)/D.

    Of :math:`r \pm \sinh h` the one that cancels is :math:`e^{-\eta}` over the other. Everything is divided by
    :math:`e^m`, :math:`m = \max(|h|, -\eta/2)`, against overflow.

    Examples
    --------
    Risks of 0.4 and 0.2; the odds product is 1/6:

    >>> np.exp(risk_ratio(-np.log(6.0), np.log(2.0))).round(6)
    array([0.4, 0.6, 0.2, 0.8])
    """
    h = theta / 2
    sign = xp.where(h >= 0, 1.0, -1.0)
    t = sign * h
    m = xp.maximum(t, -eta / 2)
    up, w = xp.exp(t - m), xp.exp(-eta / 2 - m)
    sinh, cosh = -up * xp.expm1(-2 * t) / 2, up * (1 + xp.exp(-2 * t)) / 2  # of |h|
    r = xp.sqrt(sinh * sinh + w * w + _TINY)
    log_d, large = xp.log(cosh + r), xp.log(r + sinh)
    small = -eta - 2 * m - large
    return LogRisks(
        h - m - log_d,
        xp.where(h >= 0, small, large) - log_d,
        -h - m - log_d,
        xp.where(h >= 0, large, small) - log_d,
    )


def risk_difference(eta: Any, theta: Any, xp: Any = np) -> LogRisks:
    r"""Log risks where theta is the inverse hyperbolic tangent of the risk difference.

    Parameters
    ----------
    eta, theta, xp
        As for `odds_ratio`.

    Notes
    -----
    With :math:`d = \tanh\theta`, :math:`T = \tanh(\eta/2)`, :math:`A = (1 - d^2)/4`,

    .. math:: p_1, p_0 = \tfrac12 + u \pm \tfrac{d}{2}, \qquad
              u = \frac{2TA}{1 + \sqrt{1 - T^2 (1 - d^2)}}.

    The sum cancels where a risk is near 0 or 1, so the lesser of two risks is taken from the quadratic that the
    odds product k defines, every term of which is positive, and the greater by adding :math:`\delta = |d|`:

    .. math:: p_< = \frac{2k(1-\delta)}{\delta + k(2-\delta) + \sqrt{\delta^2(1-k)^2 + 4k}}, \qquad
              p_> = p_< + \delta,

    and the risks of no event likewise with 1/k.

    Examples
    --------
    >>> np.exp(risk_difference(-np.log(6.0), np.arctanh(0.2))).round(6)
    array([0.4, 0.6, 0.2, 0.8])
    """
    upward, rare = theta >= 0, eta <= 0
    t = xp.where(upward, theta, -theta)
    distance = xp.where(rare, -eta, eta)
    double, k = xp.exp(-2 * t), xp.exp(-distance)
    delta = -xp.expm1(-2 * t) / (1 + double)
    log_c = np.log(4.0) - 2 * t - xp.log1p(double)  # log 2(1 - delta)
    root = xp.sqrt((delta * (1 - k)) ** 2 + 4 * k + _TINY)
    near_zero = log_c - distance - xp.log(delta + k * (2 - delta) + root)
    near_one = log_c - xp.log(delta * k + 2 - delta + root)
    p_less, q_less = xp.where(rare, near_zero, near_one), xp.where(rare, near_one, near_zero)
    p_more, q_more = (xp.log(xp.exp(less) + delta + _TINY) for less in (p_less, q_less))
    return LogRisks(
        xp.where(upward, p_more, p_less),
        xp.where(upward, q_less, q_more),
        xp.where(upward, p_less, p_more),
        xp.where(upward, q_more, q_less),
    )


LINKS: dict[str, Callable[..., LogRisks]] = {"OR": odds_ratio, "RR": risk_ratio, "RD": risk_difference}
"""The link of each measure that the binomial likelihood knows."""
