"""What an outcome model must keep to: one small function per rule, all of them asked, whatever comes in."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

from mutau.errors import Fault, nearest
from mutau.likelihoods import LIKELIHOODS
from mutau.measures import MEASURES, SMD_VARIANCES, TO_RULES
from mutau.outcomes.compared import check_compares, compared_measure, off_one_group
from mutau.outcomes.decided import decision_faults
from mutau.outcomes.graded import certainty_faults, size_faults
from mutau.outcomes.natural import off_scale
from mutau.outcomes.printed import pooled_faults
from mutau.outcomes.records import (
    ARMS,
    CERTAINTIES,
    POOLED,
    OtherAnalyses,
    PublishedResult,
    Threshold,
    ZeroCells,
    is_number,
)
from mutau.priors import Prior

__all__ = ["model_faults"]

BENEFITS = ("lower", "higher")

type Check = Callable[[Mapping[str, Any]], Iterator[Fault]]


def model_faults(fields: Mapping[str, Any]) -> list[Fault]:
    """List everything wrong with an outcome model.

    Parameters
    ----------
    fields : mapping
        By the names of `OutcomeModel`'s parameters. What is left out is taken as not stated, so that a model
        file can be checked as far as it could be read.

    Returns
    -------
    list of Fault
        Each with its ``key``, entries of lists counted from 1.
    """
    return [fault for check in _CHECKS for fault in check(fields)]


def _choice(
    key: str,
    valid: Iterable[str],
    rule: str,
    *,
    required: bool = False,
    called: Mapping[str, str] = MappingProxyType({}),
) -> Check:
    """Make the check that a field is one of a few words, of which some are `called` otherwise elsewhere."""
    words = tuple(valid)

    def check(fields: Mapping[str, Any]) -> Iterator[Fault]:
        given = fields.get(key)
        if given is None and not required:
            return
        if given is None:
            yield Fault("it is missing", rule, nearest("", words), key=key)
        elif given not in words:
            meant = called.get(str(given).casefold(), str(given))
            yield Fault(f"'{given}' is not known", rule, nearest(meant, words), key=key)

    return check


def _scale_kind(fields: Mapping[str, Any]) -> str | None:
    measure = MEASURES.get(str(fields.get("measure")))
    return None if measure is None else measure.scale_kind


def _check_name(fields: Mapping[str, Any]) -> Iterator[Fault]:
    if not str(fields.get("name") or "").strip():
        yield Fault("it is empty", "A model has a name", "Name the outcome in a word", key="name")
    if fields.get("title") and not str(fields["title"]).strip():
        yield Fault("it is blank", "The title is what a reader sees", "Say what was measured", key="title")


def _check_likelihood(fields: Mapping[str, Any]) -> Iterator[Fault]:
    """Ask whether the likelihood has a link for the measure, and whether the numbers it takes can be used."""
    likelihood, measure = LIKELIHOODS.get(str(fields.get("likelihood"))), fields.get("measure")
    if (
        likelihood is not None
        and likelihood.measures
        and measure in MEASURES
        and measure not in likelihood.measures
    ):
        fitting = [
            name for name, each in LIKELIHOODS.items() if not each.measures or measure in each.measures
        ]
        yield Fault(
            f"the {likelihood.label} has no link for {measure}",
            f"It takes {' or '.join(likelihood.measures)}",
            f"Change one of the two; {measure} goes with {' or '.join(fitting)}",
            key="likelihood",
        )
    sd, df = fields.get("baseline_sd", 10.0), fields.get("effects_df", math.inf)
    if not is_number(sd) or sd <= 0:
        rule = "The standard deviation of the baselines is a finite number above 0"
        yield Fault(
            f"{sd!r} cannot be used", rule, "Use 10.0; 5.0 and 20.0 show its weight", key="baseline_sd"
        )
    if not isinstance(df, (int, float)) or isinstance(df, bool) or not df >= 1:
        rule = "The degrees of freedom of the random effects are a number of at least 1"
        yield Fault(f"{df!r} cannot be used", rule, "Leave it out for normal effects", key="effects_df")


def _check_where(fields: Mapping[str, Any]) -> Iterator[Fault]:
    for column, value in (fields.get("where") or {}).items():
        if not isinstance(value, str) and not is_number(value):
            yield Fault(
                f"{value!r} is neither text nor a number",
                "A selection asks a column to equal one value",
                "Give the value as it stands in the table",
                key=f"where.{column}",
            )


def _check_priors(fields: Mapping[str, Any]) -> Iterator[Fault]:
    for key in ("mu_prior", "tau_prior"):
        prior = fields.get(key)
        if prior is not None and not isinstance(prior, Prior):
            yield _not_a_prior(prior, key)
    if isinstance(fields.get("mu_prior"), Prior):
        yield from _mu_support(fields["mu_prior"], _scale_kind(fields))
    if isinstance(fields.get("tau_prior"), Prior):
        yield from _tau_support(fields["tau_prior"], "tau_prior")


def _check_origins(fields: Mapping[str, Any]) -> Iterator[Fault]:
    """A published prior belongs to one parameter and one scale; another one has to be asked for."""
    given = [("mu", "mu_prior", fields.get("mu_prior")), ("tau", "tau_prior", fields.get("tau_prior"))]
    for place, entry in enumerate(fields.get("tau_alternatives") or (), start=1):
        if isinstance(entry, tuple) and len(entry) == 2:
            given.append(("tau", f"tau_alternatives[{place}].prior", entry[1]))
    for parameter, key, prior in given:
        origin = prior.origin if isinstance(prior, Prior) else None
        if origin is None:
            continue
        if origin.parameter != parameter:
            what, rule = (
                f"'{origin.name}' is a prior of {origin.parameter}",
                f"Here stands a prior of {parameter}",
            )
            yield Fault(what, rule, f"Give a prior of {parameter}", key=key)
        measure = fields.get("measure")
        if measure in MEASURES and origin.measure != measure:
            what = f"'{origin.name}' is {origin.claim}, and the measure is {measure}"
            given_name = f'published_prior("{origin.name}")' if origin.published else "prior"
            call = f'{given_name}.for_measure("{measure}", across_scales=True)'
            yield Fault(what, origin.rule, f"If it is meant, give {call}", key=key)


def _not_a_prior(given: object, key: str) -> Fault:
    remedy = "Give one of mutau.priors, such as mutau.priors.HalfNormal(0.5)"
    return Fault(f"{given!r} is not a prior", "A prior is a distribution", remedy, key=key)


def _mu_support(prior: Prior, kind: str | None) -> Iterator[Fault]:
    lower, upper = prior.support
    if (
        lower < 0 < upper
        or kind == "generic"
        or (prior.origin is not None and prior.origin.parameter == "tau")
    ):
        return
    logarithm = (
        ": a ratio is analysed as its logarithm, and that of no effect is 0" if kind == "ratio" else ""
    )
    yield Fault(
        f"{prior} leaves out effects on one side of no effect",
        f"A prior of mu lets the data say on which side the effect lies{logarithm}",
        "Use a distribution of the whole line, such as Normal(0, 2)",
        key="mu_prior",
    )


def _tau_support(prior: Prior, key: str) -> Iterator[Fault]:
    if prior.support[0] < 0 and not (prior.origin is not None and prior.origin.parameter == "mu"):
        yield Fault(
            f"{prior} allows negative values",
            "tau is a standard deviation, 0 or more",
            "Use a distribution of positive numbers, such as HalfNormal(0.5)",
            key=key,
        )


def _check_alternatives(fields: Mapping[str, Any]) -> Iterator[Fault]:
    seen: set[str] = set()
    for place, entry in enumerate(fields.get("tau_alternatives") or (), start=1):
        key = f"tau_alternatives[{place}]"
        if not isinstance(entry, tuple) or len(entry) != 2:
            yield Fault(
                f"{entry!r} is no pair", "An alternative is a label and a prior", "Give both", key=key
            )
            continue
        label, prior = entry
        if not str(label or "").strip() or label in seen:
            what = f"the label '{label}' stands twice" if label else "the label is empty"
            yield Fault(
                what, "Alternatives are told apart by their labels", "Give it its own", key=f"{key}.label"
            )
        seen.add(label)
        if not isinstance(prior, Prior):
            yield _not_a_prior(prior, f"{key}.prior")
        else:
            yield from _tau_support(prior, f"{key}.prior")


def _check_defaults_exist(fields: Mapping[str, Any]) -> Iterator[Fault]:
    """Ask for priors, or what they are derived from, where the measure alone does not give them."""
    kind = _scale_kind(fields)
    unstated = [key for key in ("mu_prior", "tau_prior") if fields.get(key) is None]
    reference = fields.get("reference_sd")
    if reference is not None and not (is_number(reference) and reference > 0):
        rule = "A reference standard deviation is a finite number above 0"
        yield Fault(
            f"{reference!r} cannot be used", rule, "Give it in the outcome's unit", key="reference_sd"
        )
    if reference is not None and kind is not None and kind != "md":
        rule = "Only a mean difference (MD) has a reference standard deviation"
        yield Fault(f"measure {fields['measure']} makes no use of it", rule, "Remove it", key="reference_sd")
    if unstated and kind == "md" and reference is None:
        yield Fault(
            f"it is missing, and so is {' and '.join(unstated)}",
            "The default priors of an MD are an SMD's times a standard deviation in the outcome's unit",
            "State it with its source, or state both priors",
            key="reference_sd",
        )
    if kind == "generic":
        for key in unstated:
            code = fields["measure"]
            rule = (
                "A ready-made effect (GEN) has no default priors, because its scale is not known"
                if code == "GEN"
                else f"{code} has no default priors: they are for ratios, SMDs, MDs and risk differences"
            )
            yield Fault("it is missing", rule, "State it on the scale of the effects", key=key)


def _check_thresholds(fields: Mapping[str, Any]) -> Iterator[Fault]:
    seen: set[float] = set()
    for place, threshold in enumerate(fields.get("thresholds") or (), start=1):
        key = f"thresholds[{place}]"
        if not isinstance(threshold, Threshold):
            remedy = 'Give mutau.outcomes.Threshold(value, "label")'
            yield Fault(
                f"{threshold!r} is no threshold", "A threshold has a value and a label", remedy, key=key
            )
            continue
        if not str(threshold.label or "").strip():
            rule = "A threshold says in words what it stands for"
            yield Fault("it is empty", rule, "Say why it matters", key=f"{key}.label")
        yield from _threshold_value(threshold.value, fields, f"{key}.value")
        yield from _threshold_side(threshold, fields, f"{key}.value")
        if threshold.value in seen:
            rule = "Every threshold asks something else"
            yield Fault(f"{threshold.value:g} stands twice", rule, "Remove one", key=f"{key}.value")
        seen.add(threshold.value)


def _null(fields: Mapping[str, Any]) -> float:
    """No effect on the natural scale; NaN where it is not known."""
    measure = compared_measure(fields)
    return math.nan if measure is None else measure.null_natural


def _threshold_value(value: object, fields: Mapping[str, Any], key: str) -> Iterator[Fault]:
    kind, null = _scale_kind(fields), _null(fields)
    problem = off_scale(value, kind) or off_one_group(value, compared_measure(fields))
    if problem is not None:
        yield Fault(*problem, key=key)
    elif kind is not None and value == null:
        yield Fault(
            f"{value:g} is no effect",
            "A threshold lies away from no effect, on either side of it",
            "Remove it: the probability of benefit is given anyway",
            key=key,
        )


def _threshold_side(threshold: Threshold, fields: Mapping[str, Any], key: str) -> Iterator[Fault]:
    """Refuse a threshold whose label says benefit or harm while its value lies on the other side."""
    said = re.fullmatch(
        r"(?:an? )?(?:[\w-]+ )?(benefit|harm)(?: *\([^()]*\))?",  # whose convention it is may stand behind it
        str(threshold.label or "").strip(),
        re.IGNORECASE,
    )
    kind, benefit, value = _scale_kind(fields), fields.get("benefit"), threshold.value
    negated = re.match(r"(no|not|without|little|any)\b", str(threshold.label or "").strip(), re.IGNORECASE)
    if (
        said is None
        or negated
        or kind is None
        or benefit not in BENEFITS
        or off_scale(value, kind) is not None
    ):
        return
    null = _null(fields)
    if math.isnan(null):
        return
    side = "benefit" if (value > null) == (benefit == "higher") else "harm"
    if value != null and side != said[1].lower():
        yield Fault(
            f"{value:g} lies on the side of {side}, and its label says '{threshold.label}'",
            f'With benefit = "{benefit}" an effect that helps is a {benefit} one',
            "Change the value, the label, or benefit",
            key=key,
        )


def _check_sensitivity(fields: Mapping[str, Any]) -> Iterator[Fault]:
    others = fields.get("sensitivity")
    if others is None:
        return
    if not isinstance(others, OtherAnalyses):
        remedy = "Give mutau.outcomes.OtherAnalyses(data_sets, exclude, halved)"
        yield Fault(
            f"{others!r} does not say how else to analyse", "It is a record", remedy, key="sensitivity"
        )
        return
    for place, arm in enumerate(others.halved, start=1):
        if arm.arm not in ARMS:
            what, key = f"'{arm.arm}' is not known", f"sensitivity.halved[{place}].arm"
            yield Fault(what, "An arm is treatment or control", nearest(arm.arm, ARMS), key=key)


def _check_published(fields: Mapping[str, Any]) -> Iterator[Fault]:
    published = fields.get("published")
    if published is None:
        return
    if not isinstance(published, PublishedResult):
        remedy = "Give mutau.outcomes.PublishedResult(estimate, lower, upper)"
        yield Fault(f"{published!r} is no published result", "It is a record", remedy, key="published")
        return
    kind = _scale_kind(fields)
    measure = compared_measure(fields)
    printed = {name: getattr(published, name) for name in ("estimate", "lower", "upper")}
    problems = {name: off_scale(one, kind) or off_one_group(one, measure) for name, one in printed.items()}
    for name, problem in problems.items():
        if problem is not None:
            yield Fault(*problem, key=f"published.{name}")
    limits = (published.lower, published.upper)
    if not any(problems.values()) and limits[0] > limits[1]:
        what = f"{limits[0]:g} is above upper = {limits[1]:g}"
        yield Fault(what, "The lower limit comes first", "Exchange the two", key="published.lower")
    elif not any(problems.values()) and not published.lower <= published.estimate <= published.upper:
        yield Fault(
            f"{published.estimate:g} does not lie in [{published.lower:g}, {published.upper:g}]",
            "An estimate lies inside its interval",
            "Check the three numbers against the page they are from",
            key="published.estimate",
        )
    yield from _published_details(published)


def _published_details(published: PublishedResult) -> Iterator[Fault]:
    if not is_number(published.prob) or not 0 < published.prob < 1:
        rule = "A coverage lies between 0 and 1"
        yield Fault(f"{published.prob!r} cannot be used", rule, "Give 0.95 for 95%", key="published.prob")
    for name in ("k", "participants"):
        count = getattr(published, name)
        if count is not None and (not is_number(count) or count < 1 or count != int(count)):
            rule = "It is a whole number, 1 or more"
            yield Fault(f"{count!r} cannot be used", rule, "Leave it out if unknown", key=f"published.{name}")
    if published.certainty and published.certainty not in CERTAINTIES:
        rule = "GRADE has four words for certainty"
        remedy = f"{nearest(str(published.certainty), CERTAINTIES)}; leave it out if the review gave none"
        yield Fault(f"'{published.certainty}' is not known", rule, remedy, key="published.certainty")


def _check_pooled(fields: Mapping[str, Any]) -> Iterator[Fault]:
    yield from pooled_faults(fields, MEASURES.get(str(fields.get("measure"))))


def _check_zero_cells(fields: Mapping[str, Any]) -> Iterator[Fault]:
    rule = fields.get("zero_cells")
    if rule is None:
        return
    if not isinstance(rule, ZeroCells):
        remedy = "Give mutau.outcomes.ZeroCells(add, to)"
        yield Fault(f"{rule!r} is no zero-cell rule", "It is a record", remedy, key="zero_cells")
        return
    if rule.add is not None and (not is_number(rule.add) or rule.add < 0):
        what = f"{rule.add!r} cannot be used"
        yield Fault(what, "What is added is a number, 0 or more", "Use 0.5", key="zero_cells.add")
    if rule.to not in TO_RULES:
        what = f"'{rule.to}' is not known"
        yield Fault(
            what, "The rule has metafor's words", nearest(str(rule.to), TO_RULES), key="zero_cells.to"
        )


_MEASURE_NAMES = {measure.name: code for code, measure in list(MEASURES.items())[::-1]}
_CHECKS: tuple[Check, ...] = (
    _check_name,
    _choice("measure", MEASURES, "A model has one effect measure", required=True, called=_MEASURE_NAMES),
    _choice(
        "benefit", BENEFITS, "A model says which direction of the effect helps the patient", required=True
    ),
    _choice("likelihood", (*LIKELIHOODS, POOLED), "A likelihood says how the data arise"),
    _choice("smd_variance", SMD_VARIANCES, "The sampling variance of an SMD is named"),
    check_compares,
    _check_likelihood,
    _check_where,
    _check_priors,
    _check_origins,
    _check_alternatives,
    _check_defaults_exist,
    _check_thresholds,
    certainty_faults,
    size_faults,
    _check_sensitivity,
    decision_faults,
    _check_published,
    _check_pooled,
    _check_zero_cells,
)
