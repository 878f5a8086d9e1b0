"""From posterior to decision: does an effect matter, what it means in people, what to do, what a trial would add."""

from __future__ import annotations

from mutau.decisions.absolute import AbsoluteEffects, absolute_effects, odds_ratio_fit
from mutau.decisions.baselines import Baseline, LearntRisk, learning_faults, learnt_risk
from mutau.decisions.deciding import Decision, decide
from mutau.decisions.goals import Goal
from mutau.decisions.importance import Importance, importance
from mutau.decisions.instruments import in_points
from mutau.decisions.needed import NumberNeeded, number_needed
from mutau.decisions.next_trial import NextTrial, next_trial
from mutau.decisions.predicting import TrialPrediction, predict_trial
from mutau.decisions.ropes import Rope, rope_of
from mutau.stakes import BetaRisk, FixedRisk, Instrument, LogitNormalRisk, Loss

__all__ = [
    "AbsoluteEffects",
    "Baseline",
    "BetaRisk",
    "Decision",
    "FixedRisk",
    "Goal",
    "Importance",
    "Instrument",
    "LearntRisk",
    "LogitNormalRisk",
    "Loss",
    "NextTrial",
    "NumberNeeded",
    "Rope",
    "TrialPrediction",
    "absolute_effects",
    "decide",
    "importance",
    "in_points",
    "learning_faults",
    "learnt_risk",
    "next_trial",
    "number_needed",
    "odds_ratio_fit",
    "predict_trial",
    "rope_of",
]
