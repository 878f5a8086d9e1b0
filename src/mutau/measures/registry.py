"""The effect measures that mutau knows, one record each."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from mutau.errors import ArgumentError, Fault, nearest
from mutau.measures.binary import log_odds_ratio, log_risk_ratio, risk_difference
from mutau.measures.continuous import mean_difference, ready_made, standardised_mean_difference
from mutau.measures.rates import log_rate_ratio
from mutau.measures.record import Measure

__all__ = ["MEASURES", "get_measure"]

_COUNTS = ("events_treatment", "n_treatment", "events_control", "n_control")
_MEANS = ("mean_treatment", "sd_treatment", "n_treatment", "mean_control", "sd_control", "n_control")
_EVENTS_IN_TIME = ("events_treatment", "time_treatment", "events_control", "time_control")
_READY = ("yi", "sei")

_ALL = (
    Measure(
        code="RR",
        name="risk ratio",
        scale_kind="ratio",
        analysis_scale="log",
        inputs=_COUNTS,
        effect=log_risk_ratio,
        source="Katz, Baptista, Azen and Pike (1978), doi:10.2307/2530610",
    ),
    Measure(
        code="OR",
        name="odds ratio",
        scale_kind="ratio",
        analysis_scale="log",
        inputs=_COUNTS,
        effect=log_odds_ratio,
        source="Woolf (1955), doi:10.1111/j.1469-1809.1955.tb01348.x",
    ),
    Measure(
        code="RD",
        name="risk difference",
        scale_kind="rd",
        analysis_scale="identity",
        inputs=_COUNTS,
        effect=risk_difference,
        source="Sanchez-Meca and Marin-Martinez (2000), doi:10.1016/S0167-9473(99)00055-9",
    ),
    Measure(
        code="MD",
        name="mean difference",
        scale_kind="md",
        analysis_scale="identity",
        inputs=_MEANS,
        effect=mean_difference,
        source="Normand (1999), doi:10.1002/(SICI)1097-0258(19990215)18:3<321::AID-SIM28>3.0.CO;2-P",
    ),
    Measure(
        code="SMD",
        name="standardised mean difference",
        scale_kind="smd",
        analysis_scale="identity",
        inputs=_MEANS,
        effect=standardised_mean_difference,
        source="Hedges (1981), doi:10.3102/10769986006002107",
    ),
    Measure(
        code="IRR",
        name="incidence rate ratio",
        scale_kind="ratio",
        analysis_scale="log",
        inputs=_EVENTS_IN_TIME,
        effect=log_rate_ratio,
        source="Viechtbauer (2010), doi:10.18637/jss.v036.i03, as metafor's escalc",
    ),
    Measure(
        code="HR",
        name="hazard ratio",
        scale_kind="ratio",
        analysis_scale="log",
        inputs=_READY,
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
        effect=ready_made,
        source="Effects with standard errors, as given",
    ),
)

MEASURES: Mapping[str, Measure] = MappingProxyType({measure.code: measure for measure in _ALL})
"""Every measure by its code: RR, OR, RD, MD, SMD, IRR, HR, and GEN for any ready-made effect."""


def get_measure(code: str) -> Measure:
    """Look up a measure by its code.

    Parameters
    ----------
    code : str
        ``"RR"``, ``"OR"``, ``"RD"``, ``"MD"``, ``"SMD"``, ``"IRR"``, ``"HR"`` or ``"GEN"``.

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
