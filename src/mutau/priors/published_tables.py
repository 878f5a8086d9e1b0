"""The shipped tables of published priors, read into records."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from mutau.priors.base import Prior
from mutau.priors.half import HalfNormal
from mutau.priors.log_scale import LogNormal, LogStudentT
from mutau.priors.origin import Origin
from mutau.priors.positive import InverseGamma
from mutau.priors.published import PublishedPrior, Source
from mutau.priors.real_line import StudentT
from mutau.priors.writing import format_number
from mutau.shipped import shipped_path

__all__ = ["SOURCES", "read_tables"]

SOURCES: Mapping[str, Source] = MappingProxyType(
    {
        source.name: source
        for source in (
            Source(
                "turner2015",
                "Turner RM, Jackson D, Wei Y, Thompson SG, Higgins JPT (2015). Predictive distributions for "
                "between-study heterogeneity and simple methods for their application in Bayesian meta-analysis. "
                "Statistics in Medicine 34:984-998.",
                "10.1002/sim.6381",
            ),
            Source(
                "rhodes2015",
                "Rhodes KM, Turner RM, Higgins JPT (2015). Predictive distributions were developed for the extent of "
                "heterogeneity in meta-analyses of continuous outcome data. J Clin Epidemiol 68:52-60.",
                "10.1016/j.jclinepi.2014.08.012",
            ),
            Source(
                "bartos2021",
                "Bartoš F, Gronau QF, Timmers B, Otte WM, Ly A, Wagenmakers E-J (2021). Bayesian model-averaged "
                "meta-analysis in medicine. Statistics in Medicine 40:6743-6761.",
                "10.1002/sim.9170",
            ),
            Source(
                "bartos2023",
                "Bartoš F, Otte WM, Gronau QF, Timmers B, Ly A, Wagenmakers E-J (2023). Empirical prior "
                "distributions for Bayesian meta-analyses of binary and time to event outcomes. arXiv 2306.11468.",
                "10.48550/arXiv.2306.11468",
            ),
        )
    }
)
"""The papers by the first part of a name."""

_MEASURES = {"smd": "SMD", "logOR": "OR", "logRR": "RR", "RD": "RD", "logHR": "HR"}
_ON_TAU2 = "It is printed for the square of tau; location and scale are halved here, which gives tau itself."
_ONLY = "It was published for {} alone: for another measure a model has to say across_scales = true."
_PREDICTIVE = "It predicts the heterogeneity of a new meta-analysis in this setting."
_ITSELF = "It is of tau itself, not of its square."
_NON_NULL = (
    "It describes heterogeneity where there is some, and was made for averaging with a model in which tau = 0; "
    "used alone, it leaves tau = 0 out."
)
_SUSPECTED = (
    "The printed location, {}, is suspected to be a misprint: the table is otherwise additive to within 0.015, which "
    "gives {} here. Run both."
)

type Row = Mapping[str, str]


def read_tables() -> Iterator[PublishedPrior]:
    """Read every row of every table, in the order of the files."""
    for file, read in (("turner2015", _turner), ("rhodes2015", _rhodes), ("bartos_cochrane", _bartos)):
        path = shipped_path("data", "priors", f"{file}.csv")
        with path.open(encoding="utf-8", newline="") as table:
            yield from (read(row) for row in csv.DictReader(table))


def _record(row: Row, setting: tuple[str, ...], measure: str, parameter: str, **rest: Any) -> PublishedPrior:
    name = row["name"]
    prior = replace(rest.pop("prior"), origin=Origin(name, parameter, measure, measure))
    where = MappingProxyType({key: row[key] for key in setting})
    source = SOURCES[name.partition("/")[0]]
    return PublishedPrior(name, source, where, measure, parameter, prior, **rest)


def _turner(row: Row) -> PublishedPrior:
    mean, sd = float(row["log_tau2_mean"]), float(row["log_tau2_sd"])
    return _record(
        row,
        ("outcome", "comparison"),
        "OR",
        "tau",
        prior=LogNormal.on_tau2(mean, sd),
        printed=f"log(tau^2) ~ normal({format_number(mean)}, {format_number(sd)})",
        caveats=(_ONLY.format("the log odds ratio"), _ON_TAU2, _PREDICTIVE),
    )


def _rhodes(row: Row) -> PublishedPrior:
    location, scale, df = (float(row[key]) for key in ("log_tau2_location", "log_tau2_scale", "df"))
    caveats: tuple[str, ...] = (
        _ONLY.format("the standardised mean difference"),
        f"{_ON_TAU2[:-1]}; the degrees of freedom stay.",
        _PREDICTIVE,
        "Its upper tail is so heavy that tau has no mean under it.",
    )
    pattern = None
    if row["pattern_location"]:
        pattern = LogStudentT.on_tau2(float(row["pattern_location"]), scale, df)
        caveats = (_SUSPECTED.format(row["log_tau2_location"], row["pattern_location"]), *caveats)
    return _record(
        row,
        ("outcome", "comparison", "area"),
        "SMD",
        "tau",
        prior=LogStudentT.on_tau2(location, scale, df),
        printed=f"log(tau^2) ~ t({format_number(location)}, {format_number(scale)}, df {format_number(df)})",
        caveats=caveats,
        pattern=pattern,
    )


def _bartos(row: Row) -> PublishedPrior:
    pars = {key: float(value) for key, value in (part.split("=") for part in row["pars"].split(";"))}
    parameter = "mu" if row["parameter"] == "effect" else "tau"
    make = _FAMILIES[row["distribution"], row["lower"]]
    prior, family, caveats = make(**pars)
    told = ", ".join(f"{key} {format_number(value)}" for key, value in pars.items())
    measure = _MEASURES[row["measure"]]
    if measure == "HR":
        caveats = (
            *caveats,
            "For hazard ratios there are rows for all of Cochrane only, none for a review group.",
        )
    return _record(
        row,
        ("subfield",),
        measure,
        parameter,
        prior=prior,
        printed=f"{parameter} ~ {family}({told}){' above 0' if family == 'normal' else ''}",
        caveats=(_ONLY.format(_SCALES[measure]), *caveats),
    )


type _Made = tuple[Prior, str, tuple[str, ...]]


def _student(location: float, scale: float, df: float) -> _Made:
    prior = StudentT(location, scale, df)
    sd = f"is {prior.sd:.3g}" if df > 2 else f"does not exist with {format_number(df)} degrees of freedom"
    return prior, "t", (f"Its scale is not its standard deviation, which {sd}.",)


def _inverse_gamma(shape: float, scale: float) -> _Made:
    return InverseGamma(shape, scale), "inverse-gamma", (_ITSELF, _NON_NULL)


def _half_normal(mean: float, sd: float) -> _Made:
    if mean != 0:
        raise ValueError(f"a normal cut off at 0 is a half-normal only about 0, not about {mean}")
    return (
        HalfNormal(sd),
        "normal",
        ("It is printed as a normal cut off below 0: a half-normal.", _ITSELF, _NON_NULL),
    )


_FAMILIES: Mapping[tuple[str, str], Callable[..., _Made]] = MappingProxyType(
    {("t", "-Inf"): _student, ("invgamma", "0"): _inverse_gamma, ("normal", "0"): _half_normal}
)
_SCALES = {
    "OR": "the log odds ratio",
    "RR": "the log risk ratio",
    "RD": "the risk difference",
    "SMD": "the standardised mean difference",
    "HR": "the log hazard ratio",
}
