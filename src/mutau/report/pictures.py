"""The figures of one outcome as the page shows them: heading, picture, caption, or why there is none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from markupsafe import Markup

from mutau.plots import (
    plain,
    why_no_benefit_by_tau,
    why_no_chains,
    why_no_cumulative,
    why_no_predictive,
    why_no_prior,
    why_no_tau,
)
from mutau.report.svg import inline_svg

if TYPE_CHECKING:
    from mutau.fitting import Fit
    from mutau.report.record import OutcomePage

__all__ = ["PictureView", "picture_views"]


@dataclass(frozen=True, slots=True)
class PictureView:
    """A figure: heading, the picture, its caption and width; without a picture, why there is none."""

    heading: str
    picture: Markup
    caption: str
    wide: bool = False
    missing: str = ""


@dataclass(frozen=True, slots=True)
class _Kind:
    heading: str
    shows: str
    caption: str
    why_not: Callable[[Fit], str] = lambda _: ""
    wide: bool = False


_KINDS = {
    "forest": _Kind(
        "Forest plot",
        "Forest plot",
        "Each study raw and shrunken, Bayesian and classic pooled effects. The numbers are in the tables of this "
        "section.",
        wide=True,
    ),
    "posterior": _Kind(
        "Posterior of the mean effect against its prior",
        "Posterior of the mean effect against its prior",
        "Areas under the curves are probabilities. Default priors; the other priors are in the tables.",
    ),
    "benefit_by_tau": _Kind(
        "P(benefit) given tau",
        "P(benefit) given each value of tau",
        "P(benefit) if tau were known to be the value below the curve: given unbiased trials, mu's prior and the "
        "likelihood, and no prior for tau. The answer under a prior for tau is the average of the curve over tau's "
        "posterior, which lies where the lines under the curve show it.",
        why_no_benefit_by_tau,
    ),
    "tau": _Kind(
        "Between-study standard deviation",
        "Posterior and prior of tau",
        "Posteriors of tau are solid, priors dashed, one colour for each prior. Where the two lie together, the "
        "answer leans on the prior.",
        why_no_tau,
    ),
    "predictive": _Kind(
        "Effect in a new setting",
        "Predictive distribution of the effect in a new setting",
        "What to expect of the effect where it has not been studied yet, under each prior for tau. It is "
        "wider than "
        "the posterior of the mean effect by the spread between settings.",
        why_no_predictive,
    ),
    "prior": _Kind(
        "Priors in a picture",
        "What the priors say before any trial is seen",
        "Left, the mean effect and the effect in one setting; right, tau. Densities are on the analysis scale. Thin "
        "lines mark quantiles.",
        lambda fit: why_no_prior(fit.model),
        wide=True,
    ),
    "ranks": _Kind(
        "Ranks of the sampled chains",
        "Ranks of each chain's draws among all draws",
        "Chains that sample the same posterior stay near the middle. The trace of every draw is in the file "
        "trace.svg "
        "beside this page, in the folder of the outcome.",
        why_no_chains,
        wide=True,
    ),
    "cumulative": _Kind(
        "How the answer moved with each trial",
        "The answer after each trial",
        "Each row is the answer from all trials down to it, in the order of their years, under the model's own "
        "priors. The numbers are in cumulative.csv in the folder of the outcome.",
        why_no_cumulative,
        wide=True,
    ),
}


def picture_views(page: OutcomePage, anchor: str, headline: str) -> dict[str, PictureView]:
    """Make an outcome's figures fit for the page, by name.

    Parameters
    ----------
    page : OutcomePage
        What was drawn.
    anchor : str
        Of the outcome; ids are made of it.
    headline : str
        The outcome's answer, for the alternative text of a picture that says nothing else.
    """
    title = plain(page.model.title)
    views = {}
    for place, (name, kind) in enumerate(_KINDS.items()):
        if name in page.pictures:
            reading = page.readings.get(name, headline)
            label = f"{kind.shows}, {title}. {plain(reading).rstrip('.')}."
            svg = inline_svg(page.pictures[name], f"{anchor}-{place}", label)
            views[name] = PictureView(kind.heading, svg, kind.caption, kind.wide)
        else:
            why = plain(kind.why_not(page.fit)).rstrip(".")
            views[name] = PictureView(kind.heading, Markup(""), "", missing=f"{why}." if why else "")
    return views
