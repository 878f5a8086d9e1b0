"""Classic analyses by name: ``"REML KR"``, ``"Peto"``, ``"MH DL"`` are asked of `pool` as its arguments."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mutau.classic import CI_METHODS, PREDICTION_METHODS, TAU2_METHODS
from mutau.classic.confidence import estimator_for
from mutau.classic.estimators import ESTIMATORS
from mutau.classic.mixed.models import MIXED_METHODS
from mutau.errors import ArgumentError, Fault, nearest
from mutau.pooling import METHODS, OF_COUNTS, default_ci, default_tau2

__all__ = ["ALL", "Named", "named_analyses"]

ALL = "all"
"""The name of every analysis that there is for a measure."""

_CI_WORDS = {
    "wald": "Wald",
    "HK": "Hartung-Knapp",
    "HK-adhoc": "ad hoc Hartung-Knapp",
    "cochrane": "Cochrane's current rule",
    "KR": "Kenward-Roger",
    "robust": "robust (Huber-White)",
    "robust-HC0": "robust (Huber-White, HC0)",
    "SJ": "robust (Sidik-Jonkman)",
    "HC": "Henmi-Copas",
    "PL": "profile likelihood",
    "BC": "Bartlett-corrected likelihood",
    "NNF": "Nagashima",
}
_METHOD_WORDS = {
    "MH": "Mantel-Haenszel",
    "Peto": "Peto's odds ratio",
    "CMLE": "conditional maximum likelihood",
    "UM.FS": "mixed model with fixed study intercepts",
    "UM.RS": "mixed model with random study intercepts",
    "CM.AL": "approximate conditional mixed model",
    "CM.EL": "exact conditional mixed model",
    "GLMM": "mixed model",
}


@dataclass(frozen=True, slots=True)
class Named:
    """One classic analysis.

    Parameters
    ----------
    method, tau2, ci, prediction : str
        As `mutau.pool` takes them.
    """

    method: str
    tau2: str
    ci: str
    prediction: str

    @property
    def label(self) -> str:
        """What its row is called, as the rows of `mutau.compare` are."""
        tau2 = self.tau2 if self.tau2 == "REML" else ESTIMATORS[self.tau2].name
        ci = _CI_WORDS.get(self.ci, self.ci)
        if self.method in ("Peto", "CMLE"):
            said = f"common effect, {_METHOD_WORDS[self.method]}"
        elif self.method == "MH":
            said = f"{tau2}, {_METHOD_WORDS['MH']}"
        elif self.method in MIXED_METHODS:
            said = f"{tau2}, {_METHOD_WORDS[self.method]}" + ("" if self.ci == "wald" else f", {ci}")
        elif self.tau2 == "CE":
            said = "common effect, inverse variance" + ("" if self.ci == "wald" else f", {ci}")
        else:
            said = f"{tau2}, {ci}"
        return said if self.prediction == "HTS" else f"{said}, prediction {self.prediction}"


def named_analyses(names: str | Sequence[str], measure: str) -> tuple[Named, ...]:
    """Read names of classic analyses.

    Parameters
    ----------
    names : str or sequence of str
        One name or several, each of words in any order: a method (``"IV"``, ``"MH"``, ``"Peto"``, ``"CMLE"``,
        ``"CM.EL"`` and the other mixed models), an estimator of tau2, a confidence interval (``"ci=SJ"`` where the
        word alone names an estimator), ``"prediction=..."``; what is left out is the default of `mutau.pool`. Or
        ``"all"``.
    measure : str
        What ``"all"`` is asked of.

    Raises
    ------
    ArgumentError
        A word that is none of these, or two of one kind; every one is named.

    Examples
    --------
    >>> [each.label for each in named_analyses(["KR REML", "Peto"], "OR")]
    ['REML, Kenward-Roger', "common effect, Peto's odds ratio"]
    >>> [each.label for each in named_analyses("KR", "OR")]
    ['REML, Kenward-Roger']
    """
    found: list[Named] = []
    faults: list[Fault] = []
    for name in [names] if isinstance(names, str) else names:
        if name == ALL:
            found += _every(measure)
            continue
        words, wrong = _sorted_words(name)
        faults += wrong
        found.append(_filled(words))
    if faults:
        raise ArgumentError(faults)
    return tuple(dict.fromkeys(found))


def _sorted_words(name: str) -> tuple[dict[str, str], list[Fault]]:
    """Say of each word what it is."""
    kinds = {"method": METHODS, "tau2": TAU2_METHODS, "ci": CI_METHODS}
    words: dict[str, str] = {}
    faults = []
    for word in name.split():
        key, _, value = word.partition("=") if "=" in word else ("", "", word)
        known = {**kinds, "prediction": PREDICTION_METHODS} if key else kinds
        kind = next((kind for kind, of in known.items() if value in of and key in ("", kind)), "")
        if not kind:
            rule = (
                "An analysis is named by method, estimator of tau2, confidence interval, and prediction=..."
            )
            valid = [one for of in kinds.values() for one in of]
            faults.append(Fault(f"{word!r} in {name!r}", rule, nearest(value, valid), key="also"))
        elif kind in words:
            rule = f"An analysis has one {kind}"
            faults.append(Fault(f"{name!r}", rule, "Name two analyses", key="also"))
        words[kind] = value
    if not words:
        faults.append(Fault(f"{name!r}", "An analysis has a name", "Use 'REML HK', for instance", key="also"))
    return words, faults


def _filled(words: dict[str, str]) -> Named:
    method = words.get("method", "IV")
    tau2 = words.get("tau2", default_tau2(method, words.get("ci")))
    ci = words.get("ci", default_ci(method, tau2))
    return Named(method, tau2, ci, words.get("prediction", "HTS"))


def _every(measure: str) -> Iterable[Named]:
    """Each estimator with two intervals, each interval with REML, and what there is from counts."""
    yield from (Named("IV", tau2, ci, "HTS") for tau2 in TAU2_METHODS for ci in ("wald", "HK"))
    for ci in CI_METHODS:
        yield Named("IV", estimator_for(ci), ci, "HTS")
    if measure in OF_COUNTS["MH"]:
        yield from (Named("MH", tau2, "wald", "HTS") for tau2 in ("CE", "DL"))
    for method in ("Peto", "CMLE", *MIXED_METHODS):
        if measure in OF_COUNTS[method] and (method, measure) != ("CM.AL", "IRR"):  # which is CM.EL
            yield Named(method, default_tau2(method), "wald", "HTS")
