"""How a forest plot looks: which columns stand where, how intervals are written, which colour each mark has."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from mutau.errors import ArgumentError, Fault, nearest
from mutau.plots.style import COLOURS

__all__ = ["FOREST_STYLES", "ForestStyle", "Mark", "forest_style"]

_BRACKETED = re.compile(r"\[([^\]]*)\]")


@dataclass(frozen=True, slots=True)
class Mark:
    """One kind of mark: colour, matplotlib's shape (none: a bar), name in the key, whether it is filled."""

    colour: str
    shape: str
    name: str
    filled: bool = True

    @property
    def face(self) -> str:
        """The colour inside."""
        return self.colour if self.filled else "#FFFFFF"


_MARKS = MappingProxyType(
    {
        "raw": Mark(COLOURS["raw"], "s", "Raw effect (square: weight), confidence interval"),
        "shrunken": Mark(COLOURS["bayesian"], "o", "Shrunken effect, credible interval"),
        "bayesian": Mark(COLOURS["bayesian"], "D", "Bayesian mean effect, credible interval"),
        "new": Mark(COLOURS["new"], "", "Effect in a new setting, credible interval"),
        "classic": Mark(COLOURS["classic"], "D", "Classic pooled effect, confidence interval", filled=False),
        "published": Mark(
            COLOURS["published"], "D", "Published pooled effect, confidence interval", filled=False
        ),
    }
)


def _recoloured(**colours: tuple[str, bool]) -> Mapping[str, Mark]:
    """The marks in other colours, by name: colour, and whether it is filled."""
    changed = {
        name: Mark(COLOURS[colour], _MARKS[name].shape, _MARKS[name].name, filled)
        for name, (colour, filled) in colours.items()
    }
    return MappingProxyType({**_MARKS, **changed})


@dataclass(frozen=True, slots=True)
class ForestStyle:
    """A way to lay out a forest plot.

    Parameters
    ----------
    left, right : tuple of str
        Columns on either side of the plot, from the left, after the studies' names: treatment, control, weight,
        confidence, eti (credible intervals), p_benefit.
    brackets : tuple of str
        Written before, between and behind the limits of an interval.
    directions_above : bool
        Whether the words "favours ..." stand above the plot, not under its axis.
    mean_line : bool
        Whether a dashed line runs down from the first Bayesian mean effect.
    heterogeneity_inside : bool
        Whether the classic heterogeneity statistics stand under the total, not among the footnotes.
    marks : mapping of str to Mark
        What each kind of mark looks like.
    """

    left: tuple[str, ...] = ("treatment", "control", "weight")
    right: tuple[str, ...] = ("confidence", "eti", "p_benefit")
    brackets: tuple[str, str, str] = ("[", ", ", "]")
    directions_above: bool = False
    mean_line: bool = False
    heterogeneity_inside: bool = False
    marks: Mapping[str, Mark] = field(default_factory=lambda: _MARKS)

    def written(self, text: str) -> str:
        """Write an interval's text in this style's brackets."""
        before, between, behind = self.brackets
        return _BRACKETED.sub(lambda found: before + found[1].replace(", ", between) + behind, text)


FOREST_STYLES: Mapping[str, ForestStyle] = MappingProxyType(
    {
        "mutau": ForestStyle(),
        "revman": ForestStyle(
            left=("treatment", "control", "weight", "confidence"),
            right=("eti", "p_benefit"),
            heterogeneity_inside=True,
            marks=_recoloured(
                raw=("bayesian", True),
                shrunken=("classic", True),
                bayesian=("classic", True),
                classic=("raw", True),
            ),
        ),
        "jama": ForestStyle(
            left=("treatment", "control", "confidence"),
            right=("weight", "eti", "p_benefit"),
            brackets=("(", " to ", ")"),
            directions_above=True,
            mean_line=True,
        ),
    }
)
"""The styles by name: mutau's own; like Review Manager's; like that of the journals of the American Medical
Association."""


def forest_style(name: str) -> ForestStyle:
    """Give a style by its name.

    Raises
    ------
    ArgumentError
        There is no such style.
    """
    if name not in FOREST_STYLES:
        what, rule = f"style = {name!r}", "A forest plot has a style of a known name"
        raise ArgumentError(Fault(what, rule, nearest(str(name), tuple(FOREST_STYLES))))
    return FOREST_STYLES[name]
