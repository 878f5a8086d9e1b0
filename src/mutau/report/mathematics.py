"""Plain mathematics as MathML, which browsers set without any library: ``theta_i ~ Normal(mu, tau^2)``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from markupsafe import Markup, escape

from mutau.describing import mathematics
from mutau.plots import plain

if TYPE_CHECKING:
    from mutau.outcomes import OutcomeModel
    from mutau.priors import Prior

__all__ = ["FormulaView", "mathml", "model_formulas"]

_GREEK = {"theta": "θ", "mu": "μ", "tau": "τ", "eta": "η", "tau2": "τ²"}
_FUNCTIONS = {"log", "logit", "exp", "atanh", "max"}
_TOKEN = re.compile(r"\d+(?:\.\d+)?(?:[eE][-+]?\d+)?|[A-Za-z][A-Za-z0-9]*(?:_[A-Za-z0-9]+)*|\s+|.")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:_[A-Za-z0-9]+)*")
_OPERATORS = {"~": "∼", "-": "−", "*": "·"}
_WORDS = re.compile(r"\s{2,}")


@dataclass(frozen=True, slots=True)
class FormulaView:
    """One line of a model: its mathematics, empty where a line is words alone, and what they mean."""

    formula: Markup
    words: str


def model_formulas(model: OutcomeModel) -> tuple[FormulaView, ...]:
    """Write an outcome's model in mathematics: data, effects, and every prior that its tables show.

    Parameters
    ----------
    model : OutcomeModel
        One with trials.
    """
    lines = [_split(line) for line in mathematics(model)]
    lines.append((f"mu ~ {_distribution(model.mu_prior)}", "the prior of the mean effect"))
    named = (("default", model.tau_prior), *model.tau_alternatives)
    lines += [(f"tau ~ {_distribution(prior)}", f"a prior of tau: {label}") for label, prior in named]
    return tuple(
        FormulaView(mathml(formula) if formula else Markup(""), plain(words)) for formula, words in lines
    )


def _split(line: str) -> tuple[str, str]:
    """Part a line into its mathematics and the words behind them; one without a relation is words alone."""
    formula, *words = _WORDS.split(line.strip(), maxsplit=1)
    if not re.search(r"[~=]", formula):
        return "", line.strip()
    return formula, words[0] if words else ""


def _distribution(prior: Prior) -> str:
    """Write a prior as a call; of a normal the variance, as in the lines above it."""
    if prior.family == "Normal":
        location, scale = prior.parameters.values()
        return f"Normal({location:g}, {scale:g}^2)"
    return str(prior)


def mathml(text: str) -> Markup:
    """Turn a line of plain mathematics into a MathML element.

    Parameters
    ----------
    text : str
        Names with subscripts (``theta_i``), Greek ones spelled out, numbers, powers (``tau^2``), distributions and
        functions by name, and words between.

    Returns
    -------
    Markup
        A ``math`` element; every text in it is escaped.

    Examples
    --------
    >>> print(mathml("tau^2 = 1"))
    <math><msup><mi>τ</mi><mn>2</mn></msup><mo>=</mo><mn>1</mn></math>
    """
    tokens = _TOKEN.findall(text)
    parts: list[Markup] = []
    place = 0
    while place < len(tokens):
        token = tokens[place]
        if token == "^" and parts and place + 1 < len(tokens):
            place += 1
            parts[-1] = Markup("<msup>{}{}</msup>").format(parts[-1], _element(tokens[place]))
        elif not token.isspace():
            parts.append(_element(token))
        elif parts and place + 1 < len(tokens) and _are_words(tokens[place - 1], tokens[place + 1]):
            parts.append(Markup('<mspace width="0.3em"/>'))
        place += 1
    return Markup("<math>{}</math>").format(Markup("").join(parts))


def _are_words(before: str, after: str) -> bool:
    """Whether a blank parts two names, which without it would run into one."""
    return bool(_NAME.fullmatch(before) and _NAME.fullmatch(after)) or before == ","


def _element(token: str) -> Markup:
    if token[0].isdigit():
        return Markup("<mn>{}</mn>").format(token)
    if not _NAME.fullmatch(token):
        return Markup("<mo>{}</mo>").format(_OPERATORS.get(token, token))
    name, *below = token.split("_", maxsplit=1)
    numbered = re.fullmatch(r"([a-z]+)(\d)", name)  # n1_i is n with both subscripts
    if numbered and name not in _GREEK:
        name, below = numbered[1], [numbered[2] + "".join(below)]
    base = _identifier(name)
    if not below:
        return base
    return Markup("<msub>{}<mi>{}</mi></msub>").format(base, below[0].replace("_", " "))


def _identifier(name: str) -> Markup:
    shown = _GREEK.get(name, name)
    if len(shown) == 1:
        return Markup("<mi>{}</mi>").format(shown)
    if name in _FUNCTIONS or name[:1].isupper():
        return Markup("<mi>{}</mi>").format(shown)
    return Markup("<mtext>{}</mtext>").format(escape(shown))
