"""The memory that kernels work in: made once for one posterior, or for one thread's share of many."""

from __future__ import annotations

from typing import Any

import numpy as np

from mutau.numerics.panels import PANEL_ROWS
from mutau.numerics.tau_density import N

__all__ = ["workspace"]


def workspace(studies: int, panels: int, components: int) -> tuple[Any, ...]:
    """Make the scratch arguments of `solving.solve_many`, in their order.

    Parameters
    ----------
    studies : int
        Largest number of studies in one set.
    panels : int
        Room for panels: a third for the rule itself, the rest for both halves of each.
    components : int
        Of mu's prior, in its finer form; at least 1.

    Returns
    -------
    tuple of ndarray
        ``mixture``, ``halves`` (4, size), ``panels`` (PANEL_ROWS, panels), ``nodes`` (4, panels N), ``y``, ``s2``
        (studies,), ``scratch`` (5, N), ``logs`` (components,), ``inv`` (size,), ``work`` (3, size) and its memory as
        int64, with size = panels N components.
    """
    size = panels * N * components
    work = np.empty((3, size))
    return (
        np.empty((4, size)), np.empty((4, size)), np.empty((PANEL_ROWS, panels)), np.empty((4, panels * N)),
        np.empty(studies), np.empty(studies), np.empty((5, N)), np.empty(components), np.empty(size),
        work, work.view(np.int64),
    )  # fmt: skip
