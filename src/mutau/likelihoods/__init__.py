"""What each study's data say about its own effect theta_i, as plain NumPy functions.

`LIKELIHOODS` maps the word a model file uses to its `Likelihood` record.
"""

from mutau.likelihoods.normal import NORMAL
from mutau.likelihoods.record import Likelihood

LIKELIHOODS: dict[str, Likelihood] = {likelihood.name: likelihood for likelihood in (NORMAL,)}

__all__ = ["LIKELIHOODS", "NORMAL", "Likelihood"]
