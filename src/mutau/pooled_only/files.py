"""What a run writes of such an outcome: the files of its folder, and its entry in ``run.json``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mutau.pooled_only.wording import pooled_table, statement_table

if TYPE_CHECKING:
    from typing import Any

    from mutau import tables
    from mutau.pooled_only.answers import PooledResult

__all__ = ["run_entry", "written_tables"]


def written_tables(result: PooledResult) -> tuple[tables.Table, ...]:
    """Give the tables of an outcome's folder; there is no figure."""
    return pooled_table(result), statement_table(result)


def run_entry(result: PooledResult) -> dict[str, Any]:
    """Give plain values that say what was made of the pooled result, for ``run.json``."""
    return {
        "model": result.model.name,
        "title": result.model.title,
        "provenance": list(result.provenance),
        "mu_prior": str(result.model.mu_prior),
        "answers": {
            answer.label: {
                "form": answer.form,
                "tau_prior": None if answer.tau_prior is None else str(answer.tau_prior),
                "engine": "exact",
                "error_estimate": answer.posterior.error_estimate,
            }
            for answer in result.answers
        },
        "notes": [*result.notes, *result.reasons],
    }
