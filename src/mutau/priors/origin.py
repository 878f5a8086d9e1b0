"""Where a prior comes from, and what it may be used for."""

from __future__ import annotations

from dataclasses import dataclass, replace

from mutau.errors import ArgumentError, Fault

__all__ = ["Origin"]


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a prior comes from, and what it may be used for.

    Parameters
    ----------
    name : str
        Of a published prior, ``"turner2015/any"``; of another one, what it was made from, in a few words.
    parameter : {"mu", "tau"}
        Which parameter it is a prior of.
    published_for : str
        Code of the effect measure it was published, or stated, for: ``"OR"``.
    measure : str
        Code of the effect measure it is used for; another one only where that was asked for explicitly.
    note : str
        What else was done to it or must be said of it in a table, in a few words; may be empty.
    source : str
        Where a prior that is in no published table takes its recipe from; may be empty.
    published : bool
        Whether it stands in a published table. If not, it was made for the analysis at hand.
    """

    name: str
    parameter: str
    published_for: str
    measure: str
    note: str = ""
    source: str = ""
    published: bool = True

    @property
    def claim(self) -> str:
        """For which measure it was published or stated: ``"published for OR"``."""
        return f"{'published' if self.published else 'stated'} for {self.published_for}"

    @property
    def remark(self) -> str:
        """What must be said of it even where there is no room for its name; mostly empty."""
        crossed = f"{self.claim}, used for {self.measure}"
        parts = (crossed if self.measure != self.published_for else "", self.note)
        return "; ".join(part for part in parts if part)

    def crossed(self, measure: str, across_scales: bool) -> Origin:
        """Give the origin of the same prior used for a measure; raises where that crosses scales and was not said."""
        if measure == self.measure:
            return self
        what = f"'{self.name}' is {self.claim}, and the measure is {measure}"
        if measure == "MD":
            rule = "For an MD a prior is multiplied by a standard deviation in the outcome's unit"
            raise ArgumentError(
                Fault(what, rule, "Give prior.scaled(sd) of one for an SMD, or state it for the MD")
            )
        if not across_scales:
            raise ArgumentError(Fault(what, self.rule, "Say across_scales = true if it is meant"))
        return replace(self, measure=measure)

    @property
    def rule(self) -> str:
        """The rule that crossing scales in silence breaks."""
        how = "published" if self.published else "stated"
        return f"A prior {how} for one effect measure is used for another only where that is said"

    def __str__(self) -> str:
        return "; ".join(part for part in (self.name, self.remark) if part)
