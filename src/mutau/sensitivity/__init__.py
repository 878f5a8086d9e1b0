"""What would change the answer: other priors, other models, other data, and what the data say of the priors.

`power_scaling` makes a prior or the likelihood a little stronger or weaker; `prior_conflict` asks whether the priors
would have expected data like these; `multiverse` fits every `Choice` of how to analyse the question; `verdict` says in
a paragraph what the answer depends on. `answer` is what they rest on: the answer to any model beside a fit, exact
where there is a rule, else from the fit's draws or from new ones.
"""

from __future__ import annotations

from mutau.sensitivity.choices import (
    Choice,
    data_set_choices,
    default_choices,
    exclusion_choices,
    unhalved_choices,
)
from mutau.sensitivity.conflict import PriorConflict, prior_conflict
from mutau.sensitivity.multiverse import Conclusion, Multiverse, Specification, multiverse
from mutau.sensitivity.reweighting import Answer, answer
from mutau.sensitivity.scaling import PowerScaling, ScaledComponent, power_scaling
from mutau.sensitivity.verdict import Evidence, Sentence, Verdict, VerdictThresholds, verdict

__all__ = [
    "Answer",
    "Choice",
    "Conclusion",
    "Evidence",
    "Multiverse",
    "PowerScaling",
    "PriorConflict",
    "ScaledComponent",
    "Sentence",
    "Specification",
    "Verdict",
    "VerdictThresholds",
    "answer",
    "data_set_choices",
    "default_choices",
    "exclusion_choices",
    "multiverse",
    "power_scaling",
    "prior_conflict",
    "unhalved_choices",
    "verdict",
]
