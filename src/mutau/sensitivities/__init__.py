"""What would change the answer: other priors, other models, other data, and what the data say of the priors.

`named_answers` asks a documented set of priors, `scale_grid` and `location_grid` a whole grid of them,
`tipping_points` how far something has to go before P(benefit) falls under a stated level. `power_scaling` makes a
prior or the likelihood a little stronger or weaker; `prior_conflict` asks whether the priors would have expected data
like these; `multiverse` fits every `Choice` of how to analyse the question; `verdict` says in a paragraph what the
answer depends on. `answer` is what the latter rest on: the answer to any model beside a fit, exact where there is a
rule, else from the fit's draws or from new ones.
"""

from __future__ import annotations

from mutau.sensitivities.choices import (
    Choice,
    data_set_choices,
    default_choices,
    exclusion_choices,
    stated_choices,
    unhalved_choices,
)
from mutau.sensitivities.conflict import PriorConflict, prior_conflict
from mutau.sensitivities.multiverse import Conclusion, Multiverse, Specification, multiverse
from mutau.sensitivities.named import NamedPrior, named_answers, named_priors
from mutau.sensitivities.reweighting import Answer, answer
from mutau.sensitivities.scales import PriorGrid, location_grid, scale_grid
from mutau.sensitivities.scaling import PowerScaling, ScaledComponent, power_scaling
from mutau.sensitivities.tipping import TippingPoint, sceptical_limit, tipping_points
from mutau.sensitivities.verdict import Evidence, Sentence, Verdict, VerdictThresholds, verdict
from mutau.sensitivities.whole import Sensitivity, sensitivity

__all__ = [
    "Answer",
    "Choice",
    "Conclusion",
    "Evidence",
    "Multiverse",
    "NamedPrior",
    "PowerScaling",
    "PriorConflict",
    "PriorGrid",
    "ScaledComponent",
    "Sensitivity",
    "Sentence",
    "Specification",
    "TippingPoint",
    "Verdict",
    "VerdictThresholds",
    "answer",
    "data_set_choices",
    "default_choices",
    "exclusion_choices",
    "location_grid",
    "multiverse",
    "named_answers",
    "named_priors",
    "power_scaling",
    "prior_conflict",
    "scale_grid",
    "sceptical_limit",
    "sensitivity",
    "stated_choices",
    "tipping_points",
    "unhalved_choices",
    "verdict",
]
