"""`MetaRegression`: a classic meta-regression with its moderators and what its effects are of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from mutau.classic import RegressionResult
from mutau.diagnostics import About
from mutau.regression.moderators import Moderator, design_rows
from mutau.shown import Shown

if TYPE_CHECKING:
    import pandas as pd

    from mutau.classic import CoefficientTest, RegressionPrediction

__all__ = ["MetaRegression"]


@dataclass(frozen=True, slots=True, repr=False)
class MetaRegression(RegressionResult, Shown):
    """A classic meta-regression, from `mutau.regress`. All numbers are on the analysis scale (log for RR, OR, HR).

    The fields are those of `mutau.classic.RegressionResult`, and these:

    Parameters
    ----------
    study : tuple of str
        Names of the studies.
    yi, vi : tuple of float
        Their effects and sampling variances.
    coding : tuple of Moderator
        The moderators, their values and categories.
    about : About
        What the effects are of: measure, outcome, provenance.
    """

    study: tuple[str, ...] = ()
    yi: tuple[float, ...] = ()
    vi: tuple[float, ...] = ()
    coding: tuple[Moderator, ...] = ()
    about: About = field(default=About(), compare=False)

    def predict(self, at: Mapping[str, Any] | pd.DataFrame) -> RegressionPrediction:
        """Predict the effect at stated values of the moderators.

        Parameters
        ----------
        at : mapping of str to value(s), or DataFrame
            A value, or several, of every moderator; a single one goes with every row.

        Returns
        -------
        RegressionPrediction
            On the analysis scale: mean effect, confidence interval, prediction interval for a new study.

        Raises
        ------
        ArgumentError
            A moderator without a value, something that is none, a category that no study has.

        Notes
        -----
        Beyond the studies' own values this extrapolates a line.

        Examples
        --------
        >>> import mutau
        >>> latitude = [44, 55, 42, 52, 13]
        >>> effects = {"yi": [-0.9, -1.6, -1.3, -1.4, -0.2], "sei": [0.6, 0.4, 0.6, 0.1, 0.2]}
        >>> found = mutau.regress(**effects, moderators={"latitude": latitude})
        >>> [round(mean, 2) for mean in found.predict({"latitude": [20, 40]}).estimate]
        [-0.41, -1.03]
        """
        stated = {str(name): list(at[name]) for name in at.columns} if hasattr(at, "columns") else at
        return self.predict_rows(design_rows(self.coding, stated))

    def moderator_tests(self) -> dict[str, CoefficientTest]:
        """Test each moderator by itself: all of its coefficients together, given the other moderators."""
        return {each.name: self.test(each.columns) for each in self.coding}

    def studies_frame(self) -> pd.DataFrame:
        """One row per study: effect, variance, moderators, fitted effect, residual, weight in percent."""
        import pandas as pd

        frame = pd.DataFrame({"study": self.study, "yi": self.yi, "vi": self.vi})
        for each in self.coding:
            frame[each.name] = list(each.values)
        residuals = np.array(self.yi) - np.array(self.fitted)
        return frame.assign(
            fitted=self.fitted, residual=residuals, weight=self.weights, **self.about.columns()
        )

    def __repr__(self) -> str:
        """Name it in a line."""
        moderators = ", ".join(each.name for each in self.coding)
        return f"<MetaRegression of {self.k} studies on {moderators}: {self.tau2_method}, {self.ci_method}>"
