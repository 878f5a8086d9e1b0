"""Trials with several arms: the covariance of effects that share one, and the alternatives, split or combine."""

from __future__ import annotations

from mutau.multiarm.alternatives import combine_arms, compare_shared_arms, split_arms
from mutau.multiarm.covariance import ArmEffects, SharedArms, shared_arms

__all__ = ["ArmEffects", "SharedArms", "combine_arms", "compare_shared_arms", "shared_arms", "split_arms"]
