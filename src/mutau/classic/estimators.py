"""The table of estimators of tau2, as the compiled kernel knows them.

**By moments.** For weights a, ``Q_a = sum a (y - mean_a)^2`` has expectation ``b + c tau2``, with ``b = sum a (1 -
a/sum a) vi`` and ``c = sum a - sum a^2/sum a`` (DerSimonian and Kacker's equation 6); the estimator is ``max(0, (Q_a
- b)/c)``, its standard error, truncation at 0 left aside and weights taken as known, ``sqrt(var Q_a)/c``.

- DL, DerSimonian and Laird: ``a = 1/vi``, so b = k - 1. doi:10.1016/0197-2456(86)90046-2
- HE, Hedges, or Cochran's analysis of variance: ``a = 1``, the sample variance less the mean sampling variance.
  Hedges LV (1983). Psychological Bulletin 93:388-395. doi:10.1037/0033-2909.93.2.388
- GENQ: ``a = 1/sei``, between those two. Jackson D (2013). Research Synthesis Methods 4:220-229.
  doi:10.1002/jrsm.1081
- DL2: ``a = 1/(vi + DL)``, close to Paule and Mandel's. DerSimonian R, Kacker R (2007). Contemporary Clinical Trials
  28:105-114. doi:10.1016/j.cct.2006.04.004
- HS, Hunter and Schmidt: ``(Q - k)/sum w``, ``w = 1/vi``; biased downwards, as k is more than Q's expectation.
  Viechtbauer W (2005). Journal of Educational and Behavioral Statistics 30:261-293. doi:10.3102/10769986030003261
- HSk: the same with a correction for few studies, ``(Q k/(k-1) - k)/sum w``. Brannick MT and others (2019).
  Organizational Research Methods 22:490-514. doi:10.1177/1094428117741966
- SJ, Sidik and Jonkman: ``t Q_a/(k - 1)``, ``a = 1/(vi + t)``, t the effects' plain variance (over k). Above 0
  unless all effects are equal, and larger than others where there is little heterogeneity.
  doi:10.1111/j.1467-9876.2005.00489.x

**By Q.** ``Q(tau2) = sum w (y - mean)^2``, ``w = 1/(vi + tau2)``, falls strictly, and at the true tau2 is
chi-squared with k - 1 degrees of freedom. The estimate is where it equals a number, 0 where it is less already at 0;
its standard error is metafor's ``sqrt(2 k^2/(k - 1))/sum w``.

- PM, Paule and Mandel: its expectation, k - 1. Journal of Research of the National Bureau of Standards 87:377-385.
  doi:10.6028/jres.087.022
- EB, empirical Bayes: Morris's equation is the same one. doi:10.1080/01621459.1983.10477920
- PMM, median-unbiased: its median. Viechtbauer W (2021), European Congress of Methodology; as metafor's ``"PMM"``.

**By the exact distribution of a Q with fixed weights** (`mutau.classic.quadratic`). The estimate is the tau2 under
which ``Q_a`` is as likely above as below what was observed, 0 where it is more likely above already at 0: too large
as often as too small. Viechtbauer (2021), as metafor's ``"GENQM"``, which asks for the weights; the standard error
is that of the moment estimator with the same weights.

- GENQM: ``a = 1/sei``, as GENQ.
- GENQM(1/vi): ``a = 1/vi``, the median-unbiased counterpart of DL, which is GENQ with these weights.

**By the likelihood**, whose global maximum over ``tau2 >= 0`` is found (Fisher scoring, as in most programs, finds
the maximum nearest to its start); `mutau.numerics.tau2` says why none can be missed.

- ML: ``-1/2 [sum log(vi + tau2) + sum w (y - mean)^2]``; too small for few studies. Hardy RJ, Thompson SG (1996).
  Statistics in Medicine 15:619-629. doi:10.1002/(SICI)1097-0258(19960330)15:6<619::AID-SIM188>3.0.CO;2-A
- REML: with ``log sum w`` inside the brackets. doi:10.3102/10769986030003261
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from mutau.numerics.pooling import GIVEN, LIKELIHOOD, MOMENT, Q_EQUAL
from mutau.numerics.tau2 import (
    EQUAL,
    EXPECTED,
    HUNTER_SCHMIDT,
    HUNTER_SCHMIDT_CORRECTED,
    INVERSE,
    ROOT,
    SIDIK_JONKMAN,
    TWO_STEP,
)

__all__ = ["ESTIMATORS", "Estimator"]


@dataclass(frozen=True, slots=True)
class Estimator:
    """An estimator of tau2.

    Parameters
    ----------
    name : str
        In words.
    way, kind, rule : int
        What the kernel is told: see `mutau.numerics.pooling.pool_sets`.
    quantile : float or None
        Of an estimator that sets Q, or the Q of fixed weights, to a quantile of its distribution, which one; None for
        the expectation, and for estimators that do not set Q to anything.
    """

    name: str
    way: int
    kind: int = 0
    rule: int = 0
    quantile: float | None = None

    @property
    def is_of_q(self) -> bool:
        """Whether it sets Q to a number."""
        return self.way == Q_EQUAL

    @property
    def is_of_a_distribution(self) -> bool:
        """Whether it sets the Q of fixed weights to a quantile of its exact distribution."""
        return self.way == MOMENT and self.quantile is not None


ESTIMATORS: Mapping[str, Estimator] = MappingProxyType(
    {
        "CE": Estimator("common effect", GIVEN),
        "DL": Estimator("DerSimonian-Laird", MOMENT, INVERSE, EXPECTED),
        "PM": Estimator("Paule-Mandel", Q_EQUAL),
        "REML": Estimator("restricted maximum likelihood", LIKELIHOOD, 1),
        "ML": Estimator("maximum likelihood", LIKELIHOOD, 0),
        "EB": Estimator("empirical Bayes", Q_EQUAL),
        "HE": Estimator("Hedges", MOMENT, EQUAL, EXPECTED),
        "HS": Estimator("Hunter-Schmidt", MOMENT, INVERSE, HUNTER_SCHMIDT),
        "HSk": Estimator(
            "Hunter-Schmidt, corrected for few studies", MOMENT, INVERSE, HUNTER_SCHMIDT_CORRECTED
        ),
        "SJ": Estimator("Sidik-Jonkman", MOMENT, SIDIK_JONKMAN),
        "PMM": Estimator("median-unbiased Paule-Mandel", Q_EQUAL, quantile=0.5),
        "GENQ": Estimator("generalised Q, weights 1/sei", MOMENT, ROOT, EXPECTED),
        "GENQM": Estimator(
            "median-unbiased generalised Q, weights 1/sei", MOMENT, ROOT, EXPECTED, quantile=0.5
        ),
        "GENQM(1/vi)": Estimator(
            "median-unbiased generalised Q, weights 1/vi", MOMENT, INVERSE, EXPECTED, quantile=0.5
        ),
        "DL2": Estimator("two-step DerSimonian-Laird", MOMENT, TWO_STEP, EXPECTED),
    }
)
"""Estimators of tau2 by name."""
