"""Meta-regression of a table of studies, or of ready-made effects, on moderators: `mutau.regress`."""

from __future__ import annotations

from mutau.regression.moderators import Moderator
from mutau.regression.record import MetaRegression
from mutau.regression.regressing import STUDIES_PER_MODERATOR, regress

__all__ = ["STUDIES_PER_MODERATOR", "MetaRegression", "Moderator", "regress"]
