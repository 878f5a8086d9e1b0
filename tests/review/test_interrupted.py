"""Ctrl-C and the death of the first process: short words, exit code 130, no process left, no file half written."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

SMALL = Path(__file__).parents[1] / "data" / "small_review"
SECONDS = 60  # to wait at most; a busy machine takes its time


def started(out, jobs):
    """Start a run and come back when it has begun to build an outcome."""
    heard = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
    code = f"{heard}; from mutau.cli import main; main()"
    run = subprocess.Popen(  # who runs the tests may ignore Ctrl-C, as a shell does in the background
        [sys.executable, "-c", code, "run", SMALL, "--out", out, "--engine", "exact", "--jobs", str(jobs)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    wait_for(lambda: (out / ".mutau-run" / "building").is_dir() and (jobs == 1 or len(children(run)) > jobs))
    return run


def wait_for(true):
    end = time.monotonic() + SECONDS
    while not true():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


def children(run):
    """Processes that it started: its workers, and the one that multiprocessing keeps for itself."""
    return Path(f"/proc/{run.pid}/task/{run.pid}/children").read_text().split()


def alive(pid):
    """Whether a process is there and has not ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="reads Linux's /proc to see processes")
@pytest.mark.parametrize("jobs", [1, 2])
def test_ctrl_c_says_so_and_leaves_nothing_half_written(tmp_path, jobs):
    out = tmp_path / "out"
    run = started(out, jobs)
    workers = children(run)
    os.kill(run.pid, signal.SIGINT)
    said, errors = run.communicate(timeout=SECONDS)
    assert (run.returncode, said) == (130, "")
    assert errors == "Interrupted; nothing is half written.\n"
    wait_for(lambda: not any(map(alive, workers)))
    left = [path.relative_to(out) for path in out.rglob("*") if path.is_file()]
    assert not [
        path for path in left if path.parts[:2] != (".mutau-run", "next")
    ]  # finished outcomes may be kept


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="reads Linux's /proc to see processes")
def test_processes_end_with_the_one_that_started_them(tmp_path):
    run = started(tmp_path / "out", 2)
    workers = children(run)
    assert all(map(alive, workers))
    run.kill()
    run.communicate(timeout=SECONDS)
    wait_for(lambda: not any(map(alive, workers)))
