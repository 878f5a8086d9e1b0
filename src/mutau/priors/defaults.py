"""The priors mutau uses where a model states none, with their sources."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mutau.errors import ArgumentError, Fault, nearest
from mutau.priors.half import HalfNormal
from mutau.priors.real_line import Normal

if TYPE_CHECKING:
    from mutau.priors.base import Prior

__all__ = ["SCALE_KINDS", "DefaultPriors", "default_priors"]

SCALE_KINDS = ("ratio", "smd", "rd", "md", "generic")
"""Kinds of analysis scale: log ratio, standardised mean, risk and mean difference, unknown."""


@dataclass(frozen=True, slots=True)
class DefaultPriors:
    """Default priors of one analysis scale.

    Parameters
    ----------
    mu : Prior
        Prior of the mean effect.
    tau : Prior
        Prior of the between-study standard deviation.
    tau_wide : Prior
        The wider prior of tau whose answer is always shown beside the first.
    source : str
        Where the numbers come from, for a table or a page.
    """

    mu: Prior
    tau: Prior
    tau_wide: Prior
    source: str


_RATIO = DefaultPriors(
    mu=Normal(0.0, 2.82),
    tau=HalfNormal(0.5),
    tau_wide=HalfNormal(1.0),
    source=(
        "mu: Günhan, Röver and Friede 2020, doi:10.1002/jrsm.1370, derived for the log odds ratio and "
        "extended here to other log ratios; tau: Röver et al. 2021, doi:10.1002/jrsm.1475"
    ),
)
_SMD = DefaultPriors(
    mu=Normal(0.0, 1.55),
    tau=HalfNormal(0.28),
    tau_wide=HalfNormal(0.5),
    source=(
        "The priors for log ratios times sqrt(3)/pi (Chinn 2000, "
        "doi:10.1002/1097-0258(20001130)19:22<3127::AID-SIM784>3.0.CO;2-M), rounded; "
        "the wide tau prior is mutau's own"
    ),
)
_RD = DefaultPriors(
    mu=Normal(0.0, 0.5),
    tau=HalfNormal(0.1),
    tau_wide=HalfNormal(0.2),
    source=(
        "mu: mutau's own; tau: the Cochrane-wide empirical prior, half-normal(0.099), of Bartoš et al. 2023, "
        "arXiv:2306.11468, rounded"
    ),
)
_STATED = {"ratio": _RATIO, "smd": _SMD, "rd": _RD}


def default_priors(scale_kind: str, reference_sd: float | None = None) -> DefaultPriors:
    r"""Give the default priors of mu and tau for one kind of analysis scale.

    Parameters
    ----------
    scale_kind : {"ratio", "smd", "rd", "md", "generic"}
        The analysis scale: log of a ratio, standardised mean difference, risk difference, mean difference. A
        generic effect has no known unit and therefore no defaults.
    reference_sd : float, optional
        For ``"md"`` only, and needed there: a standard deviation of the outcome between patients, in the
        outcome's own units, stated from outside the trials at hand.

    Returns
    -------
    DefaultPriors
        Priors of mu and tau, the wider prior of tau that is always shown beside it, and the source.

    Raises
    ------
    mutau.errors.ArgumentError
        Unknown or generic scale; ``"md"`` without a positive reference SD, or another scale with one.

    Notes
    -----
    ======= =============== ================= =================
    scale   mu              tau               wide tau
    ======= =============== ================= =================
    ratio   Normal(0, 2.82) HalfNormal(0.5)   HalfNormal(1)
    smd     Normal(0, 1.55) HalfNormal(0.28)  HalfNormal(0.5)
    rd      Normal(0, 0.5)  HalfNormal(0.1)   HalfNormal(0.2)
    ======= =============== ================= =================

    For a mean difference (``"md"``) each is the SMD's times the reference SD.

    Normal(0, 2.82) for a log odds ratio keeps the ratio between 1/250 and 250 with 95% probability [1]_
    (exactly, :math:`\exp(1.96 \times 2.82) = 251.4`); its use for other log ratios is mutau's extension. On
    the SMD scale a log odds ratio is :math:`\pi/\sqrt{3}` times as large [2]_, so :math:`2.82\sqrt{3}/\pi =
    1.555` and :math:`0.5\sqrt{3}/\pi = 0.276`. The wide tau prior for an SMD, 0.5, is a little under the
    rescaled :math:`1 \times \sqrt{3}/\pi = 0.551`. For tau see [3]_; for risk differences the Cochrane-wide
    empirical prior is half-normal(0.099) [4]_.

    References
    ----------
    .. [1] Günhan BK, Röver C, Friede T (2020). Random-effects meta-analysis of few studies involving rare
       events. Research Synthesis Methods 11:74-90. doi:10.1002/jrsm.1370
    .. [2] Chinn S (2000). A simple method for converting an odds ratio to effect size for use in
       meta-analysis. Statistics in Medicine 19:3127-3131.
       doi:10.1002/1097-0258(20001130)19:22<3127::AID-SIM784>3.0.CO;2-M
    .. [3] Röver C, Bender R, Dias S, Schmid CH, Schmidli H, Sturtz S, Weber S, Friede T (2021). On weakly
       informative prior distributions for the heterogeneity parameter in Bayesian random-effects
       meta-analysis. Research Synthesis Methods 12:448-474. doi:10.1002/jrsm.1475
    .. [4] Bartoš F, Otte WM, Gronau QF, Timmers B, Ly A, Wagenmakers E-J (2023). Empirical prior
       distributions for Bayesian meta-analyses of binary and time-to-event outcomes. arXiv:2306.11468

    Examples
    --------
    >>> print(default_priors("ratio").mu, default_priors("ratio").tau)
    Normal(0, 2.82) HalfNormal(0.5)
    >>> print(default_priors("md", reference_sd=5).mu)
    Normal(0, 7.75)
    """
    if scale_kind not in SCALE_KINDS:
        raise ArgumentError(
            _fault(scale_kind, "The scale is not known", nearest(str(scale_kind), SCALE_KINDS))
        )
    if scale_kind == "generic":
        rule = "An effect of unknown unit has no default priors"
        raise ArgumentError(_fault(scale_kind, rule, "State the priors of mu and tau in the model"))
    if scale_kind == "md":
        return _mean_difference(reference_sd)
    if reference_sd is not None:
        rule = "A reference SD rescales the priors of a mean difference only"
        fault = _fault(scale_kind, rule, "Leave it out", extra=f" with reference_sd = {reference_sd!r}")
        raise ArgumentError(fault)
    return _STATED[scale_kind]


def _mean_difference(reference_sd: float | None) -> DefaultPriors:
    if reference_sd is None or not (math.isfinite(reference_sd) and reference_sd > 0):
        raise ArgumentError(
            _fault(
                "md",
                "The default priors of a mean difference need an SD of the outcome, finite and above 0",
                "Give reference_sd in the outcome's own units, from outside these trials, or state priors",
                extra=f" with reference_sd = {reference_sd!r}",
            )
        )
    return DefaultPriors(
        mu=Normal(0.0, _product(_SMD.mu.parameters["sd"], reference_sd)),
        tau=HalfNormal(_product(_SMD.tau.parameters["scale"], reference_sd)),
        tau_wide=HalfNormal(_product(_SMD.tau_wide.parameters["scale"], reference_sd)),
        source=f"The priors for an SMD times a reference SD of {reference_sd:g}. {_SMD.source}",
    )


def _product(a: float, b: float) -> float:
    """The product as one would write it down: 0.28 * 5 is 1.4, not 1.4000000000000001."""
    return float(f"{a * b:.12g}")


def _fault(scale_kind: str, rule: str, remedy: str, extra: str = "") -> Fault:
    return Fault(what=f"default priors for scale {scale_kind!r}{extra}", rule=rule, remedy=remedy)
