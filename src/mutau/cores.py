"""How many threads this process may use: as many as it has cores, or as the environment says."""

from __future__ import annotations

import os

from mutau.errors import ArgumentError, Fault

__all__ = ["THREADS", "available_cores"]

THREADS = "MUTAU_THREADS"
"""Environment variable: threads that one process of mutau uses at most. No number changes with it."""


def available_cores() -> int:
    """Threads that this process may use: what ``MUTAU_THREADS`` says, else the cores it may run on.

    Raises
    ------
    ArgumentError
        ``MUTAU_THREADS`` is not a whole number of at least 1.
    """
    stated = os.environ.get(THREADS, "")
    if stated.isdecimal() and int(stated) >= 1:
        return int(stated)
    if stated:
        rule = "It is the number of threads of a process, a whole number of at least 1"
        raise ArgumentError(Fault(f"{THREADS}={stated}", rule, "Set it so, or leave it out"))
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1
