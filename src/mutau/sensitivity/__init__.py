"""What would change the answer: other priors, other likelihoods, other data, and what the data say of the priors."""

from __future__ import annotations

from mutau.sensitivity.reweighting import Answer, answer

__all__ = ["Answer", "answer"]
