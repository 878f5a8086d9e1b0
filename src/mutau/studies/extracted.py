"""Columns of what reports print instead of what an analysis takes: carried along here, read by `mutau.extraction`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache

from mutau.studies.columns import ARMS, DERIVED

__all__ = ["ARM_COLUMNS", "EFFECTS", "ROW_COLUMNS", "extracted_columns"]

ARM_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "se": ("sem", "stderr"),
    "ci_lower": ("lower", "lcl"),
    "ci_upper": ("upper", "ucl"),
    "median": (),
    "q1": ("lower_quartile",),
    "q3": ("upper_quartile",),
    "minimum": ("min",),
    "maximum": ("max",),
    "percent": ("percentage", "pct"),
    "mean_baseline": (),
    "sd_baseline": (),
    "mean_final": (),
    "sd_final": (),
}
"""What may be known of an arm beside its counts, mean and standard deviation, with other names for it."""

EFFECTS: Mapping[str, tuple[str, ...]] = {
    "odds_ratio": ("or",),
    "risk_ratio": ("rr",),
    "rate_ratio": ("irr",),
    "hazard_ratio": ("hr",),
    "risk_difference": ("rd",),
    "mean_difference": ("md",),
}
"""Effects that a report may print; each also with ``_lower``, ``_upper``, ``_p``, ``_t``, ``_se``."""

ROW_COLUMNS = ("ci_level", "r", "events_total", "icc", "cluster_size", "cluster_cv", DERIVED)
"""What may be known of a trial: level of its intervals, correlation of two times, both arms' events, clusters."""

_OF_EFFECTS = ("", "_lower", "_upper", "_p", "_se", "_t")


@cache
def extracted_columns(*, long: bool) -> Mapping[str, str]:
    """List every name that such a column is recognised by, and its own.

    Parameters
    ----------
    long : bool
        Whether a row is one arm; else the columns of an arm end with its name.

    Examples
    --------
    >>> extracted_columns(long=False)["sem_treatment"], extracted_columns(long=True)["or_lower"]
    ('se_treatment', 'odds_ratio_lower')
    """
    return dict(_names(long))


def _names(long: bool) -> Iterator[tuple[str, str]]:
    """Every name that such a column is recognised by, and its own."""
    for name, aliases in ARM_COLUMNS.items():
        for form in (name, *aliases):
            if long:
                yield form, name
            else:
                yield from ((f"{form}_{arm}", f"{name}_{arm}") for arm in ARMS)
    for name, aliases in EFFECTS.items():
        yield from ((f"{form}{end}", f"{name}{end}") for form in (name, *aliases) for end in _OF_EFFECTS)
    yield from ((name, name) for name in ROW_COLUMNS)
