"""Living use of a fit: how its answers came about trial by trial, and what further trials change in them."""

from __future__ import annotations

from mutau.living.steps import CUMULATIVE_COLUMNS, Cumulative, Step, cumulative
from mutau.living.updating import UPDATE_COLUMNS, Update, update

__all__ = [
    "CUMULATIVE_COLUMNS",
    "UPDATE_COLUMNS",
    "Cumulative",
    "Step",
    "Update",
    "cumulative",
    "update",
]
