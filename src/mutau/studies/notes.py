"""Words that faults and notes about rows share."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["row_list"]


def row_list(rows: Sequence[int]) -> str:
    """Say which rows, ten at most.

    Examples
    --------
    >>> row_list([2]), row_list([2, 3])
    ('row 2', 'rows 2, 3')
    """
    shown = ", ".join(str(row) for row in rows[:10])
    more = f" and {len(rows) - 10} more" if len(rows) > 10 else ""
    return f"{'row' if len(rows) == 1 else 'rows'} {shown}{more}"
