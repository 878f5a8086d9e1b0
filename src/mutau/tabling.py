"""`table`: one result in, one `Table` out, whichever kind of table is asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial, singledispatch

from mutau.classic import Bivariate
from mutau.comparing import Comparison, compare, compare_likelihoods
from mutau.decisions import Decision
from mutau.describing import model_table
from mutau.diagnostics import Diagnosis, Shrunken, ShrunkenBeside
from mutau.errors import ArgumentError, Fault, nearest
from mutau.fitting import Fit
from mutau.outcomes import OutcomeModel
from mutau.pooled_only import PooledResult
from mutau.pooled_only.wording import pooled_table, statement_table
from mutau.regression import MetaRegression
from mutau.sensitivities import Sensitivity
from mutau.studies import StudyTable
from mutau.summaries import probabilities, summary
from mutau.tables import (
    Table,
    bivariate_table,
    decision_kinds,
    diagnosis_kinds,
    kinds,
    regression_kinds,
    sensitivity_kinds,
    shrunken_beside_table,
    shrunken_table,
)

__all__ = ["table"]


def table(what: object, kind: str | None = None) -> Table:
    """Lay out a result as a table to read, to save and to paste: Markdown, HTML, LaTeX, Word, CSV, JSON.

    Parameters
    ----------
    what : result
        A StudyTable, an OutcomeModel, a Fit, what `mutau.compare`, `mutau.decide`, `mutau.diagnose`, `mutau.regress`,
        `mutau.sensitivity` and `mutau.pooled` give, each with several tables; or what `mutau.bivariate`,
        `mutau.diagnostics.shrunken` and its `shrunken_beside` give, with one.
    kind : str, optional
        Which of its tables; the first if left out. Of a StudyTable ``"studies"``; of an OutcomeModel ``"model"``; of
        a Fit ``"summary"``, ``"probabilities"``, ``"data"``, ``"checks"``, and, which fits the model again under its
        other priors or likelihoods, ``"main"``, ``"compare"``, ``"likelihoods"``; of a comparison ``"compare"`` and
        ``"main"``; of a decision ``"chances"``, ``"losses"`` and, where there are some, ``"absolute"``, ``"points"``,
        ``"next_trial"``; of a Diagnosis ``"leave_one_out"``, ``"influence"`` and ``"small_studies"``, those that
        there are; of a MetaRegression ``"coefficients"`` and ``"heterogeneity"``; of a Sensitivity
        ``"named_priors"``, ``"tipping_points"``, ``"power_scaling"``, ``"prior_conflict"`` and ``"multiverse"``,
        those that there are, the verdict under the first; of a PooledResult ``"pooled"`` and ``"probabilities"``.

    Returns
    -------
    Table
        ``to_markdown()``, ``to_html()``, ``to_latex()``, ``to_docx()`` for reading (rounded); ``to_csv()`` and
        ``to_json()`` for the unrounded numbers; ``save(path)`` by the suffix.

    Raises
    ------
    ArgumentError
        There is no such table of it, or no table of it at all.

    Examples
    --------
    >>> import mutau
    >>> import pandas as pd
    >>> model = mutau.OutcomeModel(name="m", title="Relapse", measure="RR", benefit="lower")
    >>> fit = mutau.fit(pd.DataFrame({"study": ["a", "b"], "yi": [-0.5, -0.2], "sei": [0.2, 0.3]}), model,
    ...                 engine="exact", seed=1)
    >>> print(mutau.table(fit, "probabilities").to_markdown().splitlines()[4])
    | benefit (RR < 1) |         0.904 |         0.843 |                 0.500 |
    """
    makers = _makers(what)
    if not makers:
        rule = (
            "a table is made of a StudyTable, an OutcomeModel, a Fit, a comparison, a decision, a diagnosis, a "
            "meta-regression, a sensitivity or a pooled result"
        )
        raise ArgumentError(Fault(f"a {type(what).__name__}", rule, "give one of these"))
    asked = next(iter(makers)) if kind is None else kind
    if asked not in makers:
        rule = f"tables of a {type(what).__name__} are {', '.join(makers)}"
        raise ArgumentError(Fault(f"kind = {asked!r}", rule, nearest(asked, list(makers))))
    return makers[asked]()


type _Makers = dict[str, Callable[[], Table]]


@singledispatch
def _makers(what: object) -> _Makers:  # noqa: ARG001
    """How each table of a result is made, by kind."""
    return {}


@_makers.register
def _(what: StudyTable) -> _Makers:
    return {"studies": lambda: kinds.studies(what)}


@_makers.register
def _(what: OutcomeModel) -> _Makers:
    return {"model": lambda: model_table(what)}


@_makers.register
def _(what: Fit) -> _Makers:
    made: _Makers = {
        "summary": lambda: kinds.summary(summary(what), what),
        "probabilities": lambda: kinds.probabilities(probabilities(what), what),
        "data": lambda: kinds.data(what),
        "checks": lambda: kinds.checks({"default": what}),
        "main": lambda: kinds.main(compare(what), what.model),
        "compare": lambda: kinds.compare(compare(what), what.model),
    }
    if what.model.of_counts:
        made["likelihoods"] = lambda: kinds.likelihoods(compare_likelihoods(what), what.model)
    return made


@_makers.register
def _(what: Comparison) -> _Makers:
    model = what.outcome_model
    return {"compare": lambda: kinds.compare(what, model), "main": lambda: kinds.main(what, model)}


@_makers.register
def _(what: Decision) -> _Makers:
    made = {
        each.name.removeprefix("decision_"): each for each in decision_kinds(what.to_frames(), what.model)
    }
    return {name: partial(made.__getitem__, name) for name in made}


@_makers.register
def _(what: Diagnosis) -> _Makers:
    made = diagnosis_kinds(what)
    return {name: partial(made.__getitem__, name) for name in made}


@_makers.register
def _(what: MetaRegression) -> _Makers:
    made = regression_kinds(what)
    return {name: partial(made.__getitem__, name) for name in made}


@_makers.register
def _(what: Bivariate) -> _Makers:
    return {"bivariate": lambda: bivariate_table(what)}


@_makers.register
def _(what: Shrunken) -> _Makers:
    return {"shrunken": lambda: shrunken_table(what)}


@_makers.register
def _(what: ShrunkenBeside) -> _Makers:
    return {"shrunken_beside": lambda: shrunken_beside_table(what)}


@_makers.register
def _(what: Sensitivity) -> _Makers:
    fit = what.fit
    first, *others = sensitivity_kinds(what.to_frames(), fit.model, fit.studies.provenance)
    verdict = replace(first, notes=(*first.notes, what.verdict.text, *what.missing))
    made = {each.name.removeprefix("sensitivity_"): each for each in (verdict, *others)}
    return {name: partial(made.__getitem__, name) for name in made}


@_makers.register
def _(what: PooledResult) -> _Makers:
    return {"pooled": lambda: pooled_table(what), "probabilities": lambda: statement_table(what)}
