"""Published priors by name: what a paper printed for a setting, for which effect measure, and what to know of it.

A name never changes, so that it can stand in a model file: ``"turner2015/any"``,
``"rhodes2015/pain/nonpharma/other"``, ``"bartos2023/heart/rr/tau"``. A prior is made for one effect measure; it is
handed over for another only where that is asked for in so many words (`PublishedPrior.for_measure`).
"""

from __future__ import annotations

import difflib
import math
from dataclasses import dataclass, field, replace
from functools import cache
from typing import TYPE_CHECKING

from mutau.errors import ArgumentError, Fault, nearest
from mutau.priors.origin import Origin

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mutau.priors.base import Prior

__all__ = ["PATTERN", "PublishedPrior", "Source", "origin_in_words", "published_prior", "published_priors"]

PATTERN = "/pattern"
"""What the name of a suspected misprint takes on for the value that the rest of its table leads to."""
_PARAMETERS = ("mu", "tau")
_WHOLE_OF_COCHRANE = "cochrane"


@dataclass(frozen=True, slots=True)
class Source:
    """A paper with a table of priors.

    Parameters
    ----------
    name : str
        How names of its priors begin: ``"turner2015"``.
    citation, doi : str
        The reference without its DOI, and the DOI.
    """

    name: str
    citation: str
    doi: str


@dataclass(frozen=True, slots=True)
class PublishedPrior:
    """One row of a published table of priors.

    Parameters
    ----------
    name : str
        Stands for it in a model file and on the command line.
    source : Source
        The paper.
    setting : mapping
        What it is for, by the table's own columns and words: ``{"outcome": "pain", ...}``.
    measure : {"OR", "RR", "RD", "SMD", "HR"}
        Effect measure on whose analysis scale it lives.
    parameter : {"mu", "tau"}
        Whether it is for the mean effect or the between-study SD.
    prior : Prior
        The distribution of mu or of tau itself.
    printed : str
        The row as it is printed, which may be about the square of tau.
    caveats : tuple of str
        What a reader has to know before using it, a sentence each.
    pattern : Prior, optional
        Only where the printed value is suspected to be a misprint: what the rest of the table leads to.
    """

    name: str
    source: Source
    setting: Mapping[str, str] = field(hash=False)
    measure: str
    parameter: str
    prior: Prior
    printed: str
    caveats: tuple[str, ...]
    pattern: Prior | None = None

    @property
    def suspected(self) -> bool:
        """Whether the printed value looks like a misprint."""
        return self.pattern is not None

    @property
    def in_words(self) -> str:
        """The setting in one line."""
        words = tuple(dict.fromkeys(self.setting.values()))
        return "any setting" if words == ("any",) else "; ".join(words)

    @property
    def twin(self) -> PublishedPrior | None:
        """The other version of a suspected misprint: of a printed row what the table leads to, and the reverse."""
        if self.pattern is not None:
            return replace(self, name=self.name + PATTERN, prior=self.pattern, pattern=None)
        return published_prior(self.name.removesuffix(PATTERN)) if self.name.endswith(PATTERN) else None

    def for_measure(
        self, measure: str, *, across_scales: bool = False, reference_sd: float | None = None
    ) -> Prior:
        """Give the prior for an effect measure, with its origin written on it.

        Parameters
        ----------
        measure : str
            Code of the measure it is to be used for.
        across_scales : bool
            The explicit word: use it although it was published for another measure.
        reference_sd : float, optional
            For a mean difference: the standard deviation that turns a prior for an SMD into one for an MD.

        Returns
        -------
        Prior
            Unchanged, except that a prior for an SMD is multiplied by `reference_sd` for an MD.

        Raises
        ------
        mutau.errors.ArgumentError
            It was published for another measure and `across_scales` is False, or a mean difference is asked for
            that it cannot be turned into.

        Examples
        --------
        >>> turner = published_prior("turner2015/any")
        >>> turner.for_measure("OR").label
        'log-normal(-1.28, 0.87) [turner2015/any]'
        >>> turner.for_measure("RR", across_scales=True).label
        'log-normal(-1.28, 0.87) [turner2015/any; published for OR, used for RR]'
        """
        prior, note = self.prior, self._note
        if measure != self.measure:
            self._require_crossing(measure, across_scales, reference_sd)
            if measure == "MD" and reference_sd is not None:
                prior = prior.scaled(reference_sd)
                note = "; ".join(part for part in (note, f"times {reference_sd:g}") if part)
        return replace(prior, origin=Origin(self.name, self.parameter, self.measure, measure, note))

    @property
    def _note(self) -> str:
        if self.suspected:
            return "suspected misprint"
        return "value of the table's pattern" if self.name.endswith(PATTERN) else ""

    def _require_crossing(self, measure: str, across_scales: bool, reference_sd: float | None) -> None:
        what = f"'{self.name}' is published for {self.measure}, and the measure is {measure}"
        if not across_scales:
            rule = "A prior published for one effect measure is used for another only where that is said"
            remedy = (
                f"Name a prior for {measure} (mutau priors list), or say across_scales = true if it is meant"
            )
            raise ArgumentError(Fault(what, rule, remedy))
        if measure == "MD" and (self.measure != "SMD" or reference_sd is None):
            rule = "For an MD only a prior for an SMD can be used, times a standard deviation in the outcome's unit"
            remedy = "State reference_sd" if self.measure == "SMD" else "Name a prior for an SMD"
            raise ArgumentError(Fault(what, rule, f"{remedy}, or write the prior out"))
        if (
            measure == "MD"
            and reference_sd is not None
            and not (math.isfinite(reference_sd) and reference_sd > 0)
        ):
            rule = "A reference standard deviation is a finite number above 0"
            raise ArgumentError(
                Fault(f"reference_sd = {reference_sd!r}", rule, "Give it in the outcome's unit")
            )


def published_priors(
    *, source: str | None = None, measure: str | None = None, parameter: str | None = None, search: str = ""
) -> tuple[PublishedPrior, ...]:
    """List published priors.

    Parameters
    ----------
    source : {"turner2015", "rhodes2015", "bartos2021", "bartos2023"}, optional
        Those of one paper.
    measure : {"OR", "RR", "RD", "SMD", "HR"}, optional
        Those published for one effect measure.
    parameter : {"mu", "tau"}, optional
        Those for one parameter.
    search : str
        Words that must all occur in the name or the setting, in any case.

    Returns
    -------
    tuple of PublishedPrior
        In the order of the tables; empty where nothing has it all.

    Raises
    ------
    mutau.errors.ArgumentError
        No such source, measure or parameter; every fault is named.

    References
    ----------
    Turner RM, Jackson D, Wei Y, Thompson SG, Higgins JPT (2015), doi:10.1002/sim.6381. Rhodes KM, Turner RM,
    Higgins JPT (2015), doi:10.1016/j.jclinepi.2014.08.012. Bartoš F et al. (2021), doi:10.1002/sim.9170. Bartoš F
    et al. (2023), doi:10.48550/arXiv.2306.11468

    Examples
    --------
    >>> [each.name for each in published_priors(measure="HR")]
    ['bartos2023/cochrane/hr/mu', 'bartos2023/cochrane/hr/tau']
    >>> len(published_priors(source="turner2015", search="mental health"))
    5
    """
    rows = _rows().values()
    asked = {"source": source, "measure": measure, "parameter": parameter}
    valid = {
        "source": tuple(dict.fromkeys(row.source.name for row in rows)),
        "measure": tuple(dict.fromkeys(row.measure for row in rows)),
        "parameter": _PARAMETERS,
    }
    faults = [
        Fault(
            f"{key} = {value!r}",
            f"No published prior has this {key}",
            nearest(str(value), valid[key]),
            key=key,
        )
        for key, value in asked.items()
        if value is not None and value not in valid[key]
    ]
    if faults:
        raise ArgumentError(faults)
    words = search.casefold().split()
    return tuple(
        row
        for row in rows
        if source in (None, row.source.name)
        and measure in (None, row.measure)
        and parameter in (None, row.parameter)
        if all(word in f"{row.name} {row.in_words}".casefold() for word in words)
    )


def published_prior(name: str) -> PublishedPrior:
    """Look up a published prior by its name.

    Parameters
    ----------
    name : str
        As `published_priors` and ``mutau priors list`` give it. A suspected misprint followed by ``"/pattern"`` gives
        the value that the rest of its table leads to.

    Returns
    -------
    PublishedPrior

    Raises
    ------
    mutau.errors.ArgumentError
        There is no such prior; names the nearest, or says what the table lacks.

    Examples
    --------
    >>> own = published_prior("bartos2021/developmental-psychosocial-and-learning-problems/smd/tau")
    >>> str(own.prior), own.printed
    ('InverseGamma(1.43, 0.12)', 'tau ~ inverse-gamma(shape 1.43, scale 0.12)')
    """
    rows = _rows()
    if name in rows:
        return rows[name]
    printed = rows.get(str(name).removesuffix(PATTERN))
    if printed is not None and printed.twin is not None:
        return printed.twin
    raise ArgumentError(_unknown(str(name), tuple(rows)))


def origin_in_words(origin: Origin) -> str:
    """Say what has to be known of a published prior, and where it is from.

    Parameters
    ----------
    origin : Origin
        The `origin` of a prior that a model took by name.

    Returns
    -------
    str
        Sentences: the caveats, then the reference with its DOI; of a name that is in no shipped table only the name.
    """
    if not origin.published:
        return f"Made for this analysis. {origin.source}".rstrip(". ") + "."
    try:
        one = published_prior(origin.name)
    except ArgumentError:
        return f"From {origin.name}."
    return " ".join((*one.caveats, one.source.citation, f"doi:{one.source.doi}"))


@cache
def _rows() -> dict[str, PublishedPrior]:
    from mutau.priors.published_tables import read_tables

    return {row.name: row for row in read_tables()}


def _unknown(name: str, names: tuple[str, ...]) -> Fault:
    what, everything = f"there is no published prior '{name}'", "'mutau priors list' shows all"
    source, _, rest = name.partition("/")
    group, _, kind = rest.partition("/")
    instead = f"{source}/{_WHOLE_OF_COCHRANE}/{kind}"
    if instead in names and any(each.startswith(f"{source}/{group}/") for each in names):
        rule = "The table has no such row for this review group"
        return Fault(what, rule, f"Use that of all of Cochrane, '{instead}'; {everything}")
    own = tuple(each for each in names if each.startswith(f"{source.lower()}/")) or names
    close = difflib.get_close_matches(name.lower(), own, n=3, cutoff=0.4)
    guess = f"Did you mean {' or '.join(f'{each!r}' for each in close)}? " if close else ""
    return Fault(what, "A published prior is named exactly", f"{guess}{everything}")
