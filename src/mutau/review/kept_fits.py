"""A fit of an earlier run, of which everything that was made is kept but its draws."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from mutau.engines import EngineRecord
from mutau.fitting import Fit

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

    from mutau.exact import ExactPosterior
    from mutau.outcomes import OutcomeModel
    from mutau.studies import StudyTable

__all__ = ["KeptFit"]


class KeptFit(Fit):
    """A fit read back from a folder of results; its tree and its posterior are made again when they are asked for.

    That they are the same numbers follows from the key of the folder: studies, model, engine, seed, versions and
    mutau's own source are what they were.

    Parameters
    ----------
    model, studies, effects, engine
        As of `Fit`.
    """

    def __init__(
        self, model: OutcomeModel, studies: StudyTable, effects: pd.DataFrame, engine: EngineRecord
    ) -> None:
        own = {"model": model, "studies": studies, "effects": effects, "engine": engine, "_again": None}
        for name, value in own.items():
            object.__setattr__(self, name, value)

    def made_by(self, again: Callable[[], Fit]) -> None:
        """Say how the whole fit is made again."""
        object.__setattr__(self, "_again", again)

    @property
    def tree(self) -> xr.DataTree:
        """ArviZ's groups, made again."""
        return self._whole.tree

    @property
    def exact(self) -> ExactPosterior | None:
        """The posterior itself, made again."""
        return self._whole.exact

    @property
    def _whole(self) -> Fit:
        again: Callable[[], Fit] | None = getattr(self, "_again", None)
        if again is None:
            raise AttributeError("nothing was said of how this fit is made again")
        return again()
