"""Runs a small review again and again and kills it with SIGKILL; prints what each kill left, as JSON.

A process of its own: it warms up once and forks a run for each kill, so that a run is as short as it can be.
Clocks stand still and nothing is drawn, so that every whole run gives the same bytes.

    killing.py OLD_REVIEW NEW_REVIEW FOLDER KILLS
"""

import hashlib
import json
import os
import random
import shutil
import signal
import sys
import time
import traceback
import warnings
from pathlib import Path

import mutau
from mutau.plots import files as picture_files
from mutau.review.folder import results_folder
from mutau.tables.formats import docx

clock = time.perf_counter
SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><path d="M 0 0 L 9 9"/></svg>'

STEPS = ("replace", "unlink", "rmdir")


def stand_still():
    """Stop the clocks, draw nothing and write no documents."""
    time.perf_counter = lambda: 0.0
    warnings.simplefilter("ignore")
    picture_files.svg_text = lambda _picture: SVG
    picture_files.png_bytes = lambda _picture: b"a PNG"
    picture_files.pdf_bytes = lambda _picture: b"a PDF"
    docx.document = lambda _table: b"a document"


def say(what):
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()  # before anything forks


def run(review, out):
    mutau.run_review(review, out, engine="exact", level=None)


def visible(folder):
    """Digest of every file but those of the working folder and the lock."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.relative_to(folder).parts[0].startswith(".mutau-run")
    }


def forked(work):
    """Do some work in a process that ends with it."""
    child = os.fork()
    if child == 0:
        try:
            work()
        except BaseException:
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    return child


def counted_steps(fatal):
    """Count the steps on the file system, and die before the one that ``fatal(number, arguments)`` names."""
    done = [0]

    def counted(step):
        def made(*args, **kwargs):
            if fatal(done[0], args):
                os.kill(os.getpid(), signal.SIGKILL)
            done[0] += 1
            return step(*args, **kwargs)

        return made

    for name in STEPS:
        setattr(os, name, counted(getattr(os, name)))


def killed_at_step(work, fatal):
    """Kill a process before a step; say whether it was killed."""

    def counting():
        counted_steps(fatal)
        work()

    _, status = os.waitpid(forked(counting), 0)
    return os.WIFSIGNALED(status)


def killed_after(work, seconds):
    """Kill a process after some time; say whether it had not ended before."""
    child = forked(work)
    time.sleep(seconds)
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)


def report(kind, at, out, work, new):
    """Print what was left, and whether the same work done again finishes it."""
    left = visible(out)
    pending = (out / ".mutau-run" / "next" / "run.json").is_file()
    _, status = os.waitpid(forked(work), 0)
    hidden = [path.name for path in out.iterdir() if path.name.startswith(".")]
    finished = status == 0 and visible(out) == new and not hidden
    say({"kind": kind, "at": at, "left": left, "pending": pending, "finished": finished})


def settle(out):
    """Open the folder, as every command does first."""
    with results_folder(out):
        pass


def main(old_review, new_review, folder, kills):
    whole, out, decided = (folder / name for name in ("whole", "out", "decided"))
    run(old_review, whole)
    shutil.copytree(whole, folder / "new")
    start = clock()
    os.waitpid(forked(lambda: run(new_review, folder / "new")), 0)
    length = clock() - start
    new = visible(folder / "new")
    say({"old": visible(whole), "new": new})

    def afresh(state):
        shutil.rmtree(out, ignore_errors=True)
        shutil.copytree(state, out)

    def work():
        run(new_review, out)

    chance = random.Random(1)
    for _ in range(kills):
        afresh(whole)
        at = chance.uniform(0, length)
        if killed_after(work, at):
            report("moment", at, out, work, new)
    for written in ("next/compare.csv", "next/report.html", "obsolete.json", "next/run.json"):
        afresh(whole)
        assert killed_at_step(work, lambda _, args, written=written: str(args[-1]).endswith(written))
        report("deciding", written, out, work, new)

    afresh(whole)  # then at every step from the decision on
    assert killed_at_step(work, lambda _, args: str(args[0]) == str(out / "run.json"))
    shutil.copytree(out, decided)
    step, killed = 0, True
    while killed:
        afresh(decided)
        killed = killed_at_step(lambda: settle(out), lambda done, _, step=step: done == step)
        report("step", step, out, lambda: settle(out), new)
        step += 1


if __name__ == "__main__":
    stand_still()
    main(*map(Path, sys.argv[1:4]), int(sys.argv[4]))
