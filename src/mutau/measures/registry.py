"""The effect measures that mutau knows, one record each."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from mutau.errors import ArgumentError, Fault, nearest
from mutau.measures import association, groups
from mutau.measures.binary import log_odds_ratio, log_risk_ratio, risk_difference
from mutau.measures.continuous import mean_difference, ready_made, standardised_mean_difference
from mutau.measures.one_sample import ONE_SAMPLE
from mutau.measures.rates import log_rate_ratio
from mutau.measures.record import Measure

__all__ = ["MEASURES", "get_measure"]

_COUNTS = ("events_treatment", "n_treatment", "events_control", "n_control")
_MEANS = ("mean_treatment", "sd_treatment", "n_treatment", "mean_control", "sd_control", "n_control")
_SPREADS = ("sd_treatment", "n_treatment", "sd_control", "n_control")
_EVENTS_IN_TIME = ("events_treatment", "time_treatment", "events_control", "time_control")
_READY = ("yi", "sei")

_COUNTS_LETTERS = ("ai", "n1i", "ci", "n2i")
_MEANS_LETTERS = ("m1i", "sd1i", "n1i", "m2i", "sd2i", "n2i")
_VIECHTBAUER = "Viechtbauer (2010), doi:10.18637/jss.v036.i03, as metafor's escalc"

_ALL = (
    Measure(
        code="RR",
        name="risk ratio",
        scale_kind="ratio",
        analysis_scale="log",
        inputs=_COUNTS,
        letters=_COUNTS_LETTERS,
        corrected="arms",
        effect=log_risk_ratio,
        source="Katz, Baptista, Azen and Pike (1978), doi:10.2307/2530610",
    ),
    Measure(
        code="OR",
        name="odds ratio",
        scale_kind="ratio",
        analysis_scale="log",
        inputs=_COUNTS,
        letters=_COUNTS_LETTERS,
        corrected="arms",
        effect=log_odds_ratio,
        source="Woolf (1955), doi:10.1111/j.1469-1809.1955.tb01348.x",
    ),
    Measure(
        code="RD",
        name="risk difference",
        scale_kind="rd",
        analysis_scale="identity",
        inputs=_COUNTS,
        letters=_COUNTS_LETTERS,
        corrected="arms",
        effect=risk_difference,
        source="Sanchez-Meca and Marin-Martinez (2000), doi:10.1016/S0167-9473(99)00055-9",
    ),
    Measure(
        code="MD",
        name="mean difference",
        scale_kind="md",
        analysis_scale="identity",
        inputs=_MEANS,
        letters=_MEANS_LETTERS,
        effect=mean_difference,
        source="Normand (1999), doi:10.1002/(SICI)1097-0258(19990215)18:3<321::AID-SIM28>3.0.CO;2-P",
    ),
    Measure(
        code="SMD",
        name="standardised mean difference",
        scale_kind="smd",
        analysis_scale="identity",
        inputs=_MEANS,
        letters=_MEANS_LETTERS,
        effect=standardised_mean_difference,
        source="Hedges (1981), doi:10.3102/10769986006002107",
    ),
    Measure(
        code="IRR",
        name="incidence rate ratio",
        scale_kind="ratio",
        analysis_scale="log",
        inputs=_EVENTS_IN_TIME,
        letters=("x1i", "t1i", "x2i", "t2i"),
        corrected="events",
        effect=log_rate_ratio,
        source="Viechtbauer (2010), doi:10.18637/jss.v036.i03, as metafor's escalc",
    ),
    Measure(
        code="HR",
        name="hazard ratio",
        scale_kind="ratio",
        analysis_scale="log",
        inputs=_READY,
        letters=_READY,
        effect=ready_made,
        source="Log hazard ratios with standard errors, as Parmar, Torri and Stewart (1998) extract them, "
        "doi:10.1002/(SICI)1097-0258(19981230)17:24<2815::AID-SIM110>3.0.CO;2-8",
    ),
    Measure(
        code="GEN",
        name="effect",
        scale_kind="generic",
        analysis_scale="identity",
        inputs=_READY,
        letters=_READY,
        effect=ready_made,
        source="Effects with standard errors, as given",
    ),
    Measure(
        code="AS",
        name="arcsine difference of risks",
        scale_kind="generic",
        analysis_scale="identity",
        inputs=_COUNTS,
        letters=_COUNTS_LETTERS,
        effect=groups.arcsine_difference,
        source="Ruecker et al. (2009), doi:10.1002/sim.3511",
        corrected="arms",
        needs_correction=False,
    ),
    Measure(
        code="PETO",
        name="Peto odds ratio",
        scale_kind="ratio",
        analysis_scale="log",
        inputs=_COUNTS,
        letters=_COUNTS_LETTERS,
        effect=groups.peto_log_odds_ratio,
        source="Yusuf et al. (1985), doi:10.1016/S0033-0620(85)80003-7",
        corrected="arms",
    ),
    Measure(
        code="SMD1",
        name="Glass's delta by the control group's SD",
        scale_kind="smd",
        analysis_scale="identity",
        inputs=_MEANS,
        letters=_MEANS_LETTERS,
        effect=groups.glass_by_control,
        source="Hedges (1981), doi:10.3102/10769986006002107",
    ),
    Measure(
        code="SMD1T",
        name="Glass's delta by the treatment group's SD",
        scale_kind="smd",
        analysis_scale="identity",
        inputs=_MEANS,
        letters=_MEANS_LETTERS,
        effect=groups.glass_by_treatment,
        source="Hedges (1981), doi:10.3102/10769986006002107",
    ),
    Measure(
        code="SMDH",
        name="standardised mean difference, unequal SDs",
        scale_kind="smd",
        analysis_scale="identity",
        inputs=_MEANS,
        letters=_MEANS_LETTERS,
        effect=groups.heteroscedastic_smd,
        source="Bonett (2009), doi:10.1037/a0016619",
    ),
    Measure(
        code="ROM",
        name="ratio of means",
        scale_kind="ratio",
        analysis_scale="log",
        inputs=_MEANS,
        letters=_MEANS_LETTERS,
        effect=groups.log_ratio_of_means,
        source="Hedges, Gurevitch and Curtis (1999), doi:10.1890/0012-9658(1999)080[1150:TMAORR]2.0.CO;2",
    ),
    Measure(
        code="VR",
        name="ratio of standard deviations",
        scale_kind="ratio",
        analysis_scale="log",
        inputs=_SPREADS,
        letters=("sd1i", "n1i", "sd2i", "n2i"),
        effect=groups.log_variability_ratio,
        source="Nakagawa et al. (2015), doi:10.1111/2041-210X.12309",
    ),
    Measure(
        code="CVR",
        name="ratio of coefficients of variation",
        scale_kind="ratio",
        analysis_scale="log",
        inputs=_MEANS,
        letters=_MEANS_LETTERS,
        effect=groups.log_variation_ratio,
        source="Nakagawa et al. (2015), doi:10.1111/2041-210X.12309",
    ),
    Measure(
        code="IRD",
        name="incidence rate difference",
        scale_kind="generic",
        analysis_scale="identity",
        inputs=_EVENTS_IN_TIME,
        letters=("x1i", "t1i", "x2i", "t2i"),
        effect=groups.rate_difference,
        source=_VIECHTBAUER,
        corrected="events",
    ),
    Measure(
        code="IRSD",
        name="difference of root incidence rates",
        scale_kind="generic",
        analysis_scale="identity",
        inputs=_EVENTS_IN_TIME,
        letters=("x1i", "t1i", "x2i", "t2i"),
        effect=groups.root_rate_difference,
        source=_VIECHTBAUER,
        corrected="events",
        needs_correction=False,
    ),
    Measure(
        code="RPB",
        name="point-biserial correlation",
        scale_kind="generic",
        analysis_scale="identity",
        inputs=_MEANS,
        letters=_MEANS_LETTERS,
        effect=groups.point_biserial,
        source="Tate (1954), doi:10.1214/aoms/1177728730",
    ),
    Measure(
        code="RBIS",
        name="biserial correlation",
        scale_kind="generic",
        analysis_scale="identity",
        inputs=_MEANS,
        letters=_MEANS_LETTERS,
        effect=groups.biserial,
        source="Jacobs and Viechtbauer (2017), doi:10.1002/jrsm.1218",
    ),
    Measure(
        code="PHI",
        name="phi coefficient",
        scale_kind="generic",
        analysis_scale="identity",
        inputs=_COUNTS,
        letters=_COUNTS_LETTERS,
        effect=association.phi,
        source="Yule (1912), doi:10.2307/2340126",
        corrected="arms",
        needs_correction=False,
    ),
    Measure(
        code="YUQ",
        name="Yule's Q",
        scale_kind="generic",
        analysis_scale="identity",
        inputs=_COUNTS,
        letters=_COUNTS_LETTERS,
        effect=association.yule_q,
        source="Yule (1900), doi:10.1098/rsta.1900.0019",
        corrected="arms",
    ),
    Measure(
        code="YUY",
        name="Yule's Y",
        scale_kind="generic",
        analysis_scale="identity",
        inputs=_COUNTS,
        letters=_COUNTS_LETTERS,
        effect=association.yule_y,
        source="Yule (1912), doi:10.2307/2340126",
        corrected="arms",
    ),
    Measure(
        code="RTET",
        name="tetrachoric correlation",
        scale_kind="generic",
        analysis_scale="identity",
        inputs=_COUNTS,
        letters=_COUNTS_LETTERS,
        effect=association.tetrachoric,
        source="Pearson (1900), doi:10.1098/rsta.1900.0022",
        corrected="arms",
        needs_correction=False,
    ),
    Measure(
        code="PBIT",
        name="standardised mean difference by probits",
        scale_kind="smd",
        analysis_scale="identity",
        inputs=_COUNTS,
        letters=_COUNTS_LETTERS,
        effect=association.probit_difference,
        source="Sanchez-Meca, Marin-Martinez and Chacon-Moscoso (2003), doi:10.1037/1082-989X.8.4.448",
        corrected="arms",
    ),
    Measure(
        code="OR2D",
        name="standardised mean difference from an odds ratio",
        scale_kind="smd",
        analysis_scale="identity",
        inputs=_COUNTS,
        letters=_COUNTS_LETTERS,
        effect=association.odds_ratio_as_smd,
        source="Chinn (2000), doi:10.1002/1097-0258(20001130)19:22<3127::AID-SIM784>3.0.CO;2-M",
        corrected="arms",
    ),
    Measure(
        code="OR2DN",
        name="standardised mean difference from an odds ratio, normal outcome",
        scale_kind="smd",
        analysis_scale="identity",
        inputs=_COUNTS,
        letters=_COUNTS_LETTERS,
        effect=association.odds_ratio_as_smd_cox,
        source="Cox and Snell (1989), Analysis of binary data, second edition",
        corrected="arms",
    ),
    *ONE_SAMPLE,
)

MEASURES: Mapping[str, Measure] = MappingProxyType({measure.code: measure for measure in _ALL})
"""Every measure by its code, which is metafor's; HR and GEN take ready-made effects, SMD1T is
SMD1 by the other group."""


def get_measure(code: str) -> Measure:
    """Look up a measure by its code.

    Parameters
    ----------
    code : str
        One of `MEASURES`: ``"RR"``, ``"SMD"``, ``"PLO"``.

    Returns
    -------
    Measure

    Raises
    ------
    ArgumentError
        If there is no such measure; names the nearest.

    Examples
    --------
    >>> get_measure("SMD").axis_label
    'Standardised mean difference'
    """
    if isinstance(code, str) and code in MEASURES:
        return MEASURES[code]
    raise ArgumentError(
        Fault(
            f"measure {code!r}",
            "A measure is named by its code",
            nearest(str(code), tuple(MEASURES)),
            key="measure",
        )
    )
