"""Outcomes one after the other, or several at a time in processes of their own."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from pathlib import Path

from mutau.cores import THREADS, available_cores
from mutau.errors import RunError
from mutau.pooled_only import PooledResult
from mutau.review.making import Task, make, make_elsewhere
from mutau.review.records import OutcomeResult

__all__ = ["make_all"]

_LIMITS = (
    THREADS,
    *("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"),
    *("VECLIB_MAXIMUM_THREADS", "BLIS_NUM_THREADS", "RAYON_NUM_THREADS"),
)


def make_all(
    tasks: list[Task], building: Callable[[str], Path], jobs: int, begin: Callable[[str, int], None]
) -> Iterator[tuple[Task, OutcomeResult | PooledResult | None]]:
    """Make outcomes, and hand out each when its folder is complete.

    Parameters
    ----------
    tasks : list of Task
        What is to be made.
    building : callable
        Gives an empty folder for an outcome's name.
    jobs : int
        How many at a time. With 1 nothing but this process is used.
    begin : callable
        Told the name of an outcome that is worked on, and how many are finished.

    Yields
    ------
    Task
    OutcomeResult, PooledResult or None
        None where it was made in another process, which leaves nothing but its folder.

    Raises
    ------
    RunError
        A process died.
    """
    if min(jobs, len(tasks)) < 2:
        for finished, task in enumerate(tasks):
            begin(task.name, finished)
            yield task, make(task, building(task.name))
        return
    with _workers(min(jobs, len(tasks))) as pool:
        with _interrupts_held():
            waiting: dict[Future[None], Task] = {
                pool.submit(make_elsewhere, task, building(task.name)): task for task in tasks
            }
        begin(tasks[0].name, 0)
        for future in as_completed(list(waiting)):
            task = waiting.pop(future)
            try:
                future.result()
            except BrokenProcessPool as error:
                names = ", ".join([task.name, *(each.name for each in waiting.values())])
                raise RunError(
                    f"a process died while these were unfinished: {names}. There may not be enough memory for "
                    f"{jobs} at a time: run again with fewer; outcomes that were finished are kept"
                ) from error
            yield task, None
            if waiting:
                begin(next(iter(waiting.values())).name, len(tasks) - len(waiting))


@contextmanager
def _workers(number: int) -> Iterator[ProcessPoolExecutor]:
    """Processes that share the cores among them, and that end when this one does."""
    threads = str(max(1, available_cores() // number))
    before = {name: os.environ.get(name) for name in _LIMITS}
    others = set(multiprocessing.active_children())
    os.environ.update(dict.fromkeys(_LIMITS, threads))
    pool = ProcessPoolExecutor(number, multiprocessing.get_context("spawn"), _start_worker)
    try:
        yield pool
        pool.shutdown()
    except BaseException:
        for process in set(multiprocessing.active_children()) - others:
            process.terminate()
        # Waited for while it is referred to: Python 3.12 locks up if a pool is collected while it is being broken.
        pool.shutdown(wait=True, cancel_futures=True)
        raise
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@contextmanager
def _interrupts_held() -> Iterator[None]:
    """Hold Ctrl-C back while processes start: one that is started by half cannot be ended in silence.

    They inherit that it is blocked, before they could ignore it themselves.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread hears of Ctrl-C
        return
    pressed: list[int] = []
    handler = signal.signal(signal.SIGINT, lambda number, _: pressed.append(number))
    blocks = hasattr(signal, "pthread_sigmask")  # not on Windows
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT}) if blocks else set()
    try:
        yield
    finally:
        if blocks:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        signal.signal(signal.SIGINT, handler)
    if pressed:
        raise KeyboardInterrupt


def _start_worker() -> None:
    """Leave Ctrl-C to the process that started this one, and do not outlive it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    assert parent is not None

    def watch() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
