"""What a decision is told before any answer is known: losses, baseline risks, instruments. Frozen data, no fit."""

from __future__ import annotations

from mutau.stakes.instruments import Instrument
from mutau.stakes.losses import ACTIONS, LOSSES, Loss, LossScale
from mutau.stakes.record import Stakes
from mutau.stakes.risks import BetaRisk, ControlArms, FixedRisk, LogitNormalRisk, StatedRisk

__all__ = [
    "ACTIONS",
    "LOSSES",
    "BetaRisk",
    "ControlArms",
    "FixedRisk",
    "Instrument",
    "LogitNormalRisk",
    "Loss",
    "LossScale",
    "Stakes",
    "StatedRisk",
]
