"""What each study's data say about its own effect theta_i, as plain NumPy functions.

`LIKELIHOODS` maps the word a model file uses to its `Likelihood` record.
"""

from mutau.likelihoods.binomial import BINOMIAL
from mutau.likelihoods.hypergeometric import HYPERGEOMETRIC
from mutau.likelihoods.normal import NORMAL
from mutau.likelihoods.poisson import POISSON
from mutau.likelihoods.record import Likelihood

LIKELIHOODS: dict[str, Likelihood] = {
    likelihood.name: likelihood for likelihood in (NORMAL, BINOMIAL, HYPERGEOMETRIC, POISSON)
}

__all__ = ["BINOMIAL", "HYPERGEOMETRIC", "LIKELIHOODS", "NORMAL", "POISSON", "Likelihood"]
