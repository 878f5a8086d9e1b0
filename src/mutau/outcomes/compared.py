"""Whether a model's measure compares anything."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mutau.errors import Fault
from mutau.measures import MEASURES

__all__ = ["check_compares"]


def check_compares(fields: Mapping[str, Any]) -> Iterator[Fault]:
    """Refuse a measure of one group: none of its values is no effect, so there is no benefit to speak of."""
    measure = MEASURES.get(str(fields.get("measure")))
    if measure is not None and not measure.has_null:
        yield Fault(
            f"{measure.code} ({measure.name}) describes one group",
            "A model asks whether an effect helps, and one group has no value of no effect",
            "Pool it with mutau.pool, or take a measure that compares",
            key="measure",
        )
