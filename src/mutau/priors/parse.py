"""Priors from text: what a model file writes as ``"HalfNormal(0.5)"``. Nothing is evaluated."""

from __future__ import annotations

import ast
import difflib
import math
from typing import Any, cast

from mutau.errors import ArgumentError, Fault, nearest
from mutau.priors.base import Prior, optional_parameters, parameter_names
from mutau.priors.bounded import PointMass, Uniform
from mutau.priors.from_studies import BergerDeely, DuMouchel, Jeffreys, UniformI2, UniformShrinkage
from mutau.priors.half import HalfCauchy, HalfNormal, HalfStudentT
from mutau.priors.log_scale import LogNormal, LogStudentT
from mutau.priors.mixture import NormalMixture
from mutau.priors.positive import Exponential, InverseGamma, RootInverseGamma
from mutau.priors.real_line import Cauchy, Flat, Normal, StudentT
from mutau.priors.tau_mixture import Mixture
from mutau.symbols import named, unusual

__all__ = ["FAMILIES", "parse_prior"]

FAMILIES: dict[str, type[Prior]] = {
    family.__name__: family
    for family in (
        BergerDeely,
        Cauchy,
        DuMouchel,
        Exponential,
        Flat,
        HalfCauchy,
        HalfNormal,
        HalfStudentT,
        InverseGamma,
        Jeffreys,
        LogNormal,
        LogStudentT,
        Mixture,
        Normal,
        NormalMixture,
        PointMass,
        RootInverseGamma,
        StudentT,
        Uniform,
        UniformI2,
        UniformShrinkage,
    )
}
"""Every family by its name."""

_LOWERED = {name.lower(): name for name in FAMILIES}
_SUM = "Write a mixture as '0.8 * HalfNormal(0.25) + 0.2 * HalfNormal(1)'"
_ON_TAU2 = {
    "InverseGamma": ("shape", "scale"),
    "LogNormal": ("mean", "sd"),
    "LogStudentT": ("location", "scale", "df"),
}


def parse_prior(text: str) -> Prior:
    """Read a prior written as a call.

    Parameters
    ----------
    text : str
        A family's name with numbers in brackets, by position or by name: ``"Normal(0, 2.82)"``,
        ``"HalfStudentT(scale=0.5, df=4)"``, ``"Uniform(0, inf)"``, ``"LogNormal.on_tau2(-2.14, 1.74)"``; of a
        mixture tuples of numbers, ``"NormalMixture((0.9, 0.1), (0.5, 0), (0.2, 2.82))"``; of a prior made from the
        studies' standard errors nothing, ``"Jeffreys()"``; of a mixture for tau a sum,
        ``"0.8 * HalfNormal(0.25) + 0.2 * HalfNormal(1)"``. What
        ``str(prior)`` and ``repr(prior)`` give is read back to an equal prior.

    Returns
    -------
    Prior
        The prior.

    Raises
    ------
    mutau.errors.ArgumentError
        The text is no such call; the family, a parameter's name or a value is wrong. Every fault is reported,
        with the nearest valid name. The text is only taken apart, never evaluated.

    Examples
    --------
    >>> parse_prior("HalfNormal(scale=0.5)")
    HalfNormal(scale=0.5)
    >>> parse_prior("halfnormal(0.5)")
    Traceback (most recent call last):
    mutau.errors.ArgumentError: prior 'halfnormal(0.5)': family 'halfnormal'... Did you mean 'HalfNormal'?...
    """
    return _prior(_call(text), text)


def _prior(call: ast.expr, text: str) -> Prior:
    """Make what a call, or a sum of weighted calls, says."""
    if isinstance(call, ast.BinOp):
        terms = [_term(each, text) for each in _terms(call)]
        return Mixture(tuple(weight for weight, _ in terms), tuple(prior for _, prior in terms))
    if not isinstance(call, ast.Call):
        raise _refuse(
            text, f": {ast.unparse(call)}", "A component is a prior with its numbers in brackets", _SUM
        )
    name, method = _callee(call.func, text)
    if method:
        names = _ON_TAU2[name]
        build: Any = getattr(FAMILIES[name], method)
    else:
        names = parameter_names(FAMILIES[name])
        build = FAMILIES[name]
    if name == "Mixture":
        return _mixture(call, text)
    optional = () if method else optional_parameters(FAMILIES[name])
    values = _arguments(call, names, optional, text)
    return cast("Prior", build(**values))


def _terms(node: ast.expr) -> list[ast.expr]:
    """What is added up."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return [*_terms(node.left), *_terms(node.right)]
    return [node]


def _term(node: ast.expr, text: str) -> tuple[float, Prior]:
    """A weight times a prior."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
        weight = _number(node.left)
        if weight is not None:
            return weight, _prior(node.right, text)
    rule = "In a mixture each term is a weight times a prior"
    raise _refuse(text, f": {ast.unparse(node)}", rule, _SUM)


def _mixture(call: ast.Call, text: str) -> Prior:
    """A mixture written as ``repr`` writes it."""
    given = dict(zip(("weights", "components"), call.args, strict=False))
    given |= {word.arg: word.value for word in call.keywords if word.arg}
    weights, components = given.get("weights"), given.get("components")
    if set(given) != {"weights", "components"} or not isinstance(components, ast.Tuple | ast.List):
        raise _refuse(text, "", "A mixture has weights and as many priors", _SUM)
    assert weights is not None
    return Mixture(_value(weights), tuple(_prior(each, text) for each in components.elts))  # type: ignore[arg-type]


def _refuse(text: object, what: str, rule: str, remedy: str) -> ArgumentError:
    return ArgumentError(Fault(what=f"prior {text!r}{what}", rule=rule, remedy=remedy))


def _call(text: str) -> ast.expr:
    """The one call, or sum of weighted calls, that the text must be."""
    rule = "A prior is written as a family with its numbers in brackets, such as 'HalfNormal(0.5)'"
    families = f"Valid families: {', '.join(FAMILIES)}"
    if not isinstance(text, str):
        raise _refuse(text, "", rule, families)
    try:
        body = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise _refuse(text, "", rule, _unreadable(text, families)) from None
    if isinstance(body, ast.Name) and body.id in FAMILIES:
        raise _refuse(text, "", rule, f"Write '{body.id}(...)', with its numbers in the brackets")
    if isinstance(body, ast.BinOp) and isinstance(body.op, ast.Add | ast.Mult):
        return body  # what has a minus is a name with a hyphen
    if not isinstance(body, ast.Call):
        raise _refuse(text, "", rule, _unreadable(text, families))
    return body


def _unreadable(text: str, families: str) -> str:
    """Say what to do about a text that is no call: name its odd characters, or the nearest family."""
    odd = unusual(text)
    if odd:
        return f"Type it anew: it holds {', '.join(map(named, odd[:3]))}"
    close = difflib.get_close_matches(text.partition("(")[0].strip().lower(), _LOWERED, n=1)
    return f"Did you mean '{_LOWERED[close[0]]}'? {families}" if close else families


def _callee(func: ast.expr, text: str) -> tuple[str, str]:
    """Name of the family, and of the alternative way to make it ('' for the usual one)."""
    owner, method = (func.value, func.attr) if isinstance(func, ast.Attribute) else (func, "")
    name = ast.unparse(owner)
    if name not in FAMILIES:
        remedy = nearest(name, list(FAMILIES))
        if name.startswith("d"):
            remedy += "; BUGS and JAGS give precisions, here stand standard deviations"
        raise _refuse(text, f": family {name!r}", "The family is not known", remedy)
    if method and (method != "on_tau2" or name not in _ON_TAU2):
        raise _refuse(
            text,
            f": '{name}.{method}'",
            f"Only {', '.join(_ON_TAU2)} have another way to be made: on_tau2",
            f"Write '{name}(...)', or " + nearest(f"{name}.{method}", [f"{key}.on_tau2" for key in _ON_TAU2]),
        )
    return name, method


def _arguments(
    call: ast.Call, names: tuple[str, ...], optional: tuple[str, ...], text: str
) -> dict[str, float | tuple[float, ...]]:
    """Values by parameter name; raises with every fault found."""
    takes = f"It takes {_listing(names)}"
    where = f"prior {text!r}"
    faults: list[Fault] = []
    given: dict[str, ast.expr] = dict(zip(names, call.args, strict=False))
    if len(call.args) > len(names):
        faults.append(
            Fault(
                f"{where}: {len(call.args)} numbers by position",
                takes,
                "Leave out what is too many; decimals have a point",
            )
        )
    for word in call.keywords:
        if word.arg is None or word.arg not in names:
            remedy = nearest(word.arg or "**", names) if names else "Leave the brackets empty"
            faults.append(Fault(f"{where}: parameter {word.arg or '**'!r}", takes, remedy))
        elif word.arg in given:
            faults.append(Fault(f"{where}: {word.arg} given twice", takes, "Give it once"))
        else:
            given[word.arg] = word.value
    missing = [name for name in names if name not in given and name not in optional]
    if missing:
        faults.append(Fault(f"{where}: {_listing(missing)} missing", takes, "Give it; it has no default"))
    values: dict[str, float | tuple[float, ...]] = {}
    for name, node in given.items():
        value = _value(node)
        if value is None:
            rule = "A parameter is a plain number (or inf), of a mixture numbers in brackets"
            faults.append(Fault(f"{where}: {name} = {ast.unparse(node)}", rule, "Write the number out"))
        else:
            values[name] = value
    if faults:
        raise ArgumentError(faults)
    return values


def _listing(names: tuple[str, ...] | list[str]) -> str:
    return ", ".join(names) if names else "no parameters"


def _value(node: ast.expr) -> float | tuple[float, ...] | None:
    """A number, or numbers in brackets; None for anything else."""
    if not isinstance(node, ast.Tuple | ast.List):
        return _number(node)
    entries = [_number(each) for each in node.elts]
    numbers = tuple(each for each in entries if each is not None)
    return numbers if len(numbers) == len(entries) else None


def _number(node: ast.expr) -> float | None:
    """A literal number, signed or not, or inf; None for anything else."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
        value = _number(node.operand)
        return -value if value is not None and isinstance(node.op, ast.USub) else value
    if isinstance(node, ast.Name) and node.id == "inf":
        return math.inf
    if isinstance(node, ast.Constant) and type(node.value) in (int, float):
        try:
            return float(cast("float", node.value))
        except OverflowError:
            return math.inf
    return None
