"""The papers and handbook chapters that the formulas are from."""

from __future__ import annotations

from mutau.extraction.record import Source

__all__ = [
    "BORENSTEIN",
    "CHINN",
    "CLUSTER",
    "COMBINED",
    "CORRELATED",
    "DIFFERENCE",
    "DI_PIETRANTONJ",
    "ELDRIDGE",
    "LUO_7",
    "LUO_11",
    "LUO_15",
    "PERCENTAGE",
    "RATIO",
    "RISKS",
    "SD_OF_ARM",
    "SD_OF_DIFFERENCE",
    "SHI_SD",
    "SHI_SKEWNESS",
    "WAN",
    "WAN_9",
    "WAN_16",
]


def _handbook(section: str) -> Source:
    return Source(f"Cochrane Handbook {section}", f"10.1002/9781119536604.ch{section.partition('.')[0]}")


def _wan(equation: str = "") -> Source:
    return Source(f"Wan et al. 2014{equation}", "10.1186/1471-2288-14-135")


def _luo(equation: int) -> Source:
    return Source(f"Luo et al. 2018, equation {equation}", "10.1177/0962280216669183")


DIFFERENCE, RATIO = _handbook("6.3.1"), _handbook("6.3.2")
RISKS = _handbook("6.4.1")
SD_OF_ARM, SD_OF_DIFFERENCE = _handbook("6.5.2.2"), _handbook("6.5.2.3")
CORRELATED, COMBINED = _handbook("6.5.2.8"), _handbook("6.5.2.10")
CLUSTER = _handbook("23.1.4")
ELDRIDGE = Source("Eldridge, Ashby and Kerry 2006", "10.1093/ije/dyl129")
CHINN = Source("Chinn 2000", "10.1002/1097-0258(20001130)19:22<3127::AID-SIM784>3.0.CO;2-M")
BORENSTEIN = Source("Borenstein et al. 2009, chapter 7", "10.1002/9780470743386.ch7")
DI_PIETRANTONJ = Source("Di Pietrantonj 2006", "10.1002/sim.2287")
PERCENTAGE = Source("whole numbers whose percentage is printed like this")
WAN, WAN_9, WAN_16 = _wan(), _wan(", equation 9"), _wan(", equation 16")
LUO_7, LUO_11, LUO_15 = map(_luo, (7, 11, 15))
SHI_SD = Source("Shi et al. 2020, equation 10", "10.1002/jrsm.1429")
SHI_SKEWNESS = Source("Shi et al. 2023", "10.1177/09622802231172043")
