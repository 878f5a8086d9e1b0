"""Classic pooling as one writes it in NumPy: what the compiled kernel is timed against, and an independent answer."""

from __future__ import annotations

import numpy as np
from scipy.special import chdtrc, stdtrit

__all__ = ["plain_dl", "plain_reml"]


def plain_reml(yi: np.ndarray, vi: np.ndarray) -> tuple[float, ...]:
    """REML by Fisher scoring, Hartung and Knapp's interval, Q, a prediction interval, as one writes them in NumPy."""
    k, w = len(yi), 1 / vi
    tau2, step = max(0.0, float(np.var(yi, ddof=1) - np.mean(vi))), np.inf
    q = float(np.sum(w * (yi - np.sum(w * yi) / np.sum(w)) ** 2))
    while abs(step) > 1e-10:
        w = 1 / (vi + tau2)
        total, squares = np.sum(w), np.sum(w**2)
        residuals = yi - np.sum(w * yi) / total
        score = np.sum((w * residuals) ** 2) - (total - squares / total)
        information = squares - 2 * np.sum(w**3) / total + (squares / total) ** 2
        step = max(score / information, -tau2)
        tau2 += step
    mean, factor = np.sum(w * yi) / np.sum(w), np.sum(w * residuals**2) / (k - 1)
    se, half = np.sqrt(1 / np.sum(w)), stdtrit(k - 1, 0.975)
    reach = stdtrit(k - 2, 0.975) * np.sqrt(tau2 + se**2)
    return tau2, mean, half * np.sqrt(factor) * se, reach, q, chdtrc(k - 1, q)


def plain_dl(yi: np.ndarray, vi: np.ndarray) -> tuple[float, ...]:
    """DerSimonian and Laird with a Wald interval, as one writes it in NumPy."""
    w = 1 / vi
    total = np.sum(w)
    q = np.sum(w * (yi - np.sum(w * yi) / total) ** 2)
    tau2 = max(0.0, (q - len(yi) + 1) / (total - np.sum(w**2) / total))
    w = 1 / (vi + tau2)
    return tau2, np.sum(w * yi) / np.sum(w), 1.96 / np.sqrt(np.sum(w))
