"""Groups of a trial combined into one: counts add up, mean and standard deviation are those of all participants."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from mutau.errors import ArgumentError, Fault
from mutau.extraction.given import ANY, COUNT, POSITIVE, SIZE, Given, Printed, derive, read
from mutau.extraction.record import Derived
from mutau.extraction.sources import COMBINED

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["combine_groups", "mean_and_sd_of_all"]


def mean_and_sd_of_all(n: Any, mean: Any, sd: Any) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean and standard deviation of all participants of several groups.

    Parameters
    ----------
    n, mean, sd : array_like, shape (groups, ...)
        Of each group.

    Returns
    -------
    mean, sd : ndarray, shape (...)

    Notes
    -----
    ``sd^2 = (sum (n_i - 1) sd_i^2 + sum n_i (m_i - m)^2) / (N - 1)``, exact: it is what the data of all participants
    give. Cochrane Handbook 6.5.2.10 has the same for two groups. doi:10.1002/9781119536604.ch6
    """
    n, mean, sd = (np.asarray(x, dtype=np.float64) for x in (n, mean, sd))
    total = n.sum(axis=0)
    centre = (n * mean).sum(axis=0) / total
    squares = ((n - 1) * sd**2 + n * (mean - centre) ** 2).sum(axis=0)
    return centre, np.sqrt(squares / (total - 1))


def combine_groups(
    n: Sequence[Printed],
    *,
    events: Sequence[Printed] | None = None,
    mean: Sequence[Printed] | None = None,
    sd: Sequence[Printed] | None = None,
) -> dict[str, Derived]:
    """Combine two or more groups of a trial into one.

    Parameters
    ----------
    n : sequence of int or str
        Participants in each group.
    events : sequence of int or str, optional
        Participants with the event in each group.
    mean, sd : sequence of float or str, optional
        In the outcome's unit; both or neither.

    Returns
    -------
    dict of str to Derived
        ``"n"``, and ``"events"`` or ``"mean"`` and ``"sd"`` as far as they are known.

    Raises
    ------
    ArgumentError
        Fewer than two groups, sequences of different length, a mean without a standard deviation, more events than
        participants, or a number that breaks its rule.

    Notes
    -----
    `mean_and_sd_of_all` has the formula; it is the one by which `mutau.combine_arms` combines arms. Cochrane Handbook
    6.5.2.10. doi:10.1002/9781119536604.ch6

    Examples
    --------
    >>> found = combine_groups([20, 30], mean=[10, 14], sd=[3, 4])
    >>> [round(found[name].value, 4) for name in ("n", "mean", "sd")]
    [50.0, 12.4, 4.1082]
    """
    columns = {"n": n, "events": events, "mean": mean, "sd": sd}
    given = _read_groups({name: cells for name, cells in columns.items() if cells is not None})
    k = len(n)
    added = {name: [given[name, i] for i in range(k)] for name in ("n", "events") if (name, 0) in given}
    found = {name: _sum(name, cells) for name, cells in added.items()}
    if ("mean", 0) in given:
        found["mean"] = _of_all("mean", 0, given, k)
        found["sd"] = _of_all("SD", 1, given, k)
    return found


def _read_groups(columns: dict[str, Sequence[Printed]]) -> dict[tuple[str, int], Given]:
    lengths = {len(cells) for cells in columns.values()}
    if lengths in ({0}, {1}) or len(lengths) != 1 or ("mean" in columns) != ("sd" in columns):
        listed = ", ".join(f"{len(cells)} of {name}" for name, cells in columns.items())
        rule = (
            "Two or more groups have one n each, and as many events, or as many means and standard deviations"
        )
        raise ArgumentError(Fault(f"there are {listed}", rule, "Give a number for every group", key="n"))
    rules = {"n": SIZE, "events": COUNT, "mean": ANY, "sd": POSITIVE}
    read_cells = read(
        **{
            f"{name}[{i}]": (cell, rules[name])
            for name, cells in columns.items()
            for i, cell in enumerate(cells)
        }
    )
    given = {
        (name, i): read_cells[f"{name}[{i}]"] for name, cells in columns.items() for i in range(len(cells))
    }
    faults = [
        Fault(
            f"events[{i}] is {given['events', i].text} of {given['n', i].text}",
            "A group has at most as many participants with the event as participants",
            "Check whether the two were exchanged",
            key=f"events[{i}]",
        )
        for i in range(len(columns["n"]))
        if "events" in columns and given["events", i].value > given["n", i].value
    ]
    if faults:
        raise ArgumentError(faults)
    return given


def _sum(name: str, cells: list[Given]) -> Derived:
    shown = " + ".join(cell.text for cell in cells)
    return derive(name, lambda **x: sum(x.values()), _numbered(name, cells), f"{name} = {shown}", COMBINED)


def _numbered(name: str, cells: list[Given]) -> dict[str, Given]:
    return {f"{name}{i}": cell for i, cell in enumerate(cells)}


def _of_all(what: str, place: int, given: dict[tuple[str, int], Given], k: int) -> Derived:
    parts = {name: [given[name, i] for i in range(k)] for name in ("n", "mean", "sd")}
    cells = {key: cell for name in parts for key, cell in _numbered(name, parts[name]).items()}

    def compute(**x: Any) -> Any:
        return mean_and_sd_of_all(*(np.array([x[f"{name}{i}"] for i in range(k)]) for name in parts))[place]

    shown = {name: [cell.text for cell in found] for name, found in parts.items()}
    if what == "mean":
        used = {key: cell for key, cell in cells.items() if not key.startswith("sd")}
        terms = " + ".join(f"{n} × {m}" for n, m in zip(shown["n"], shown["mean"], strict=True))
        words = f"mean = Σ nᵢ meanᵢ / Σ nᵢ = ({terms}) / ({' + '.join(shown['n'])})"
        return derive(
            what,
            lambda **x: compute(**x, **{f"sd{i}": 1.0 + 0 * x["n0"] for i in range(k)}),
            used,
            words,
            COMBINED,
        )
    groups = "; ".join(
        f"{n}, {m}, {s}" for n, m, s in zip(shown["n"], shown["mean"], shown["sd"], strict=True)
    )
    words = (
        "SD = √((Σ (nᵢ − 1) SDᵢ² + Σ nᵢ (meanᵢ − mean)²) / (Σ nᵢ − 1)) of the groups (n, mean, SD) " + groups
    )
    return derive(what, compute, cells, words, COMBINED)
