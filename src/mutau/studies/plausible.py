"""Numbers that may be right but look like a slip: said in notes, never refused, because data can be odd and true."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from mutau.studies.arms import Arm, Contrast, Estimate
from mutau.studies.others import Others
from mutau.studies.precise import mistaken_errors
from mutau.studies.twins import twins

__all__ = ["implausible"]

APART = 3.0
"""How many times a standard deviation may be the others' before it is compared with them as an SE or a variance."""
NEAR = 2.0
"""How near, as a factor, the others' standard deviation has to be to it once it is converted."""
WIDE_APART = 3.0
"""Standard deviations between two arms beyond which it is asked whether they are standard errors."""
TENFOLD = 10.0
"""How many times another a standard deviation may be before it is asked whether both are right."""
OTHER_UNIT = 6.0
"""How many times the others' a study's rate may be before it is asked whether its time has their unit."""
_OTHERS = 2
"""How many other studies it takes to say what is usual."""


def implausible(contrasts: Sequence[Contrast], estimates: Sequence[Estimate], source: str) -> Iterator[str]:
    """Say which numbers look like a slip of a known kind.

    Parameters
    ----------
    contrasts : sequence of Contrast
        Without faults.
    estimates : sequence of Estimate
        Ready-made effects, without faults.
    source : str
        The file's name.

    Yields
    ------
    str
        What stands out, what it may be, and what then to do.

    Notes
    -----
    Standard deviations and rates are compared among the studies of one comparison, outcome and timepoint. Where a
    study measured on another scale its mean differs likewise, so a standard deviation is also compared as a share of
    the mean.
    """
    groups: dict[tuple[str, ...], list[Contrast]] = {}
    for contrast in contrasts:
        groups.setdefault(contrast.key[:3], []).append(contrast)
    for group in groups.values():
        sds = Others((each.key[-1], arm.values["sd"]) for each in group for arm in each.arms)
        shares = Others((each.key[-1], _relative(each, arm)) for each in group for arm in each.arms)
        rates = Others((each.key[-1], _rate(each)) for each in group)
        for contrast in group:
            converted = list(_converted(contrast, sds, shares, source))
            yield from converted or [*_far_apart(contrast, source), *_tenfold(contrast, sds, source)]
            yield from _time_unit(contrast, rates, source)
    yield from mistaken_errors(estimates, source)
    yield from twins(contrasts, estimates, source)


def _usual(others: Others, study: str) -> float:
    """The median of what the other studies have; NaN where they are too few to say."""
    return others.median(study) if others.studies(study) >= _OTHERS else math.nan


def _place(arm: Arm, value: str, study: str, source: str) -> str:
    return f"'{source}', row {arm.row}, study '{study}', column '{arm.columns[value]}'"


def _relative(contrast: Contrast, arm: Arm) -> float:
    """An arm's SD as a share of the study's larger mean, which another scale of measurement leaves as it is."""
    level = max(abs(each.values["mean"]) for each in contrast.arms)
    return arm.values["sd"] / level if level > 0 else math.nan


def _converted(contrast: Contrast, sds: Others, shares: Others, source: str) -> Iterator[str]:
    """Compare each SD with the other studies', and its conversion from an SE or a variance with them too."""
    if math.isnan(contrast.treatment.values["sd"]):
        return
    study = contrast.key[-1]
    usual, share = _usual(sds, study), _usual(shares, study)
    for arm in contrast.arms:
        sd, n = arm.values["sd"], arm.values["n"]
        place, mine = _place(arm, "sd", study, source), _relative(contrast, arm)
        if sd * APART < usual and mine * NEAR < share and usual / NEAR < sd * math.sqrt(n) < usual * NEAR:
            yield (
                f"{place}: {sd:g} is far below the other studies' {usual:g} and may be a standard error. If it is, "
                f"the standard deviation is {sd:g} times the square root of {n:g}, {sd * math.sqrt(n):.3g}"
            )
        elif sd > usual * APART and mine > share * NEAR and usual / NEAR < math.sqrt(sd) < usual * NEAR:
            yield (
                f"{place}: {sd:g} is far above the other studies' {usual:g} and may be a variance. If it is, the "
                f"standard deviation is its square root, {math.sqrt(sd):.3g}"
            )


def _far_apart(contrast: Contrast, source: str) -> Iterator[str]:
    """Ask about two arms that lie further apart than trials do, counted in standard deviations."""
    one, other = (arm.values for arm in contrast.arms)
    difference = abs(one["mean"] - other["mean"])
    pooled = math.hypot(one["sd"], other["sd"]) / math.sqrt(2)
    if difference > WIDE_APART * pooled:
        place = _place(contrast.treatment, "sd", contrast.key[-1], source)
        yield (
            f"{place}: the arms' means lie {difference / pooled:.1f} standard deviations apart, which is rare in "
            "trials. Check that these are standard deviations and not standard errors, and the units of both arms"
        )


def _tenfold(contrast: Contrast, others: Others, source: str) -> Iterator[str]:
    """Ask about standard deviations of which one is ten times the other, between arms or against other studies."""
    treatment, control = contrast.arms
    study, sds = contrast.key[-1], [arm.values["sd"] for arm in contrast.arms]
    if max(sds) >= TENFOLD * min(sds):
        arm = treatment if sds[0] > sds[1] else control
        yield (
            f"{_place(arm, 'sd', study, source)}: {max(sds):g} is {max(sds) / min(sds):.3g} times that of the other "
            f"arm, {min(sds):g}. Check both, whether one of them is a standard error, and where the decimal point is"
        )
        return
    usual = others.median(study)
    for arm in contrast.arms:
        factor = arm.values["sd"] / usual
        if factor >= TENFOLD or factor <= 1 / TENFOLD:
            times, more = (factor, "larger") if factor > 1 else (1 / factor, "smaller")
            yield (
                f"{_place(arm, 'sd', study, source)}: {arm.values['sd']:g} is {times:.3g} times {more} than the "
                f"other studies' {usual:g}. Check its unit and decimal point, and whether it is a standard error; "
                "studies on different scales are pooled as standardised mean differences"
            )


def _rate(contrast: Contrast) -> float:
    """Events of both arms per unit of time, half an event where there is none."""
    events = sum(arm.values["events"] for arm in contrast.arms)
    return max(events, 0.5) / sum(arm.values["person_time"] for arm in contrast.arms)


def _time_unit(contrast: Contrast, rates: Others, source: str) -> Iterator[str]:
    """Compare a study's rate of events with the others': months, weeks and days make it 12, 52 and 365 times."""
    if any(math.isnan(arm.values["person_time"]) for arm in contrast.arms):
        return
    usual = _usual(rates, contrast.key[-1])
    factor = _rate(contrast) / usual
    if factor > OTHER_UNIT or factor < 1 / OTHER_UNIT:
        more, times = ("more", factor) if factor > 1 else ("fewer", 1 / factor)
        place = _place(contrast.treatment, "person_time", contrast.key[-1], source)
        yield (
            f"{place}: there are {times:.3g} times {more} events per unit of time than in the other studies. Check "
            "that the time has their unit: a year is 12 months, 52 weeks or 365 days"
        )
