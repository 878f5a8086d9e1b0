"""Classic answers beside a fit: those that are always there, and any other by its name."""

from __future__ import annotations

from mutau.beside.naming import ALL, Named, named_analyses
from mutau.beside.rows import NO_PROBABILITY, classic_rows

__all__ = ["ALL", "NO_PROBABILITY", "Named", "classic_rows", "named_analyses"]
