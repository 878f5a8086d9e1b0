"""The sampling engine: the model in PyMC, sampled by NUTS. The only room that imports PyMC and nutpie."""

from mutau.sampling.engine import Draws, SamplingSettings, sample, supports
from mutau.sampling.graph import FAMILIES, build_model

__all__ = ["FAMILIES", "Draws", "SamplingSettings", "build_model", "sample", "supports"]
