"""What a run writes of such an outcome: the files of its folder, and its entry in ``run.json``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mutau import tables
from mutau.pooled_only.frames import answers_frame, chances_frame
from mutau.pooled_only.wording import POOLED_CAPTIONS, answers_table, statements_table

if TYPE_CHECKING:
    from typing import Any

    from mutau.pooled_only.answers import PooledResult

__all__ = ["file_contents", "run_entry"]


def file_contents(result: PooledResult) -> dict[str, str]:
    """Give the files of an outcome's folder, by name: unrounded CSVs and rounded Markdown tables; no figure."""
    files = {
        f"{name}.csv": frame.to_csv(index=False, lineterminator="\n")
        for name, frame in (("pooled", answers_frame(result)), ("probabilities", chances_frame(result)))
    }
    for name, table in (("pooled", answers_table(result)), ("probabilities", statements_table(result))):
        heading = f"{result.model.title}: {POOLED_CAPTIONS[name]}"
        page = tables.markdown_page(heading, table, result.provenance)
        notes = "".join(f"- {note}\n" for note in (*result.notes, *result.reasons))
        files[f"{name}.md"] = f"{page}\n{notes}"
    return files


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
