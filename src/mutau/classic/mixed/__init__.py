"""Generalised linear mixed models of counts by maximum likelihood."""

from __future__ import annotations

from mutau.classic.mixed.fits import MIXED_TAU2, glmm, mixed_faults
from mutau.classic.mixed.models import MIXED_MEASURES, MIXED_METHODS

__all__ = ["MIXED_MEASURES", "MIXED_METHODS", "MIXED_TAU2", "glmm", "mixed_faults"]
