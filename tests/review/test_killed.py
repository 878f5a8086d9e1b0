"""A run killed at any moment leaves old results, new ones, or a part of one of them: never both, no half file."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

KILLS = 20
SMALL = Path(__file__).parents[1] / "data" / "small_review"


def test_killed_at_random_moments_and_at_every_step_of_putting_in_place(tmp_path):
    changed = tmp_path / "changed"
    shutil.copytree(SMALL, changed)
    studies = changed / "studies.csv"
    studies.write_text(studies.read_text().replace("-0.31,0.21", "-0.61,0.21"))
    (changed / "falls.toml").unlink()  # its folder and pooled.csv have to go
    (changed / "review.toml").write_text((changed / "review.toml").read_text().replace(', "falls"', ""))

    script = Path(__file__).with_name("killing.py")
    done = subprocess.run(
        [sys.executable, script, SMALL, changed, tmp_path, str(KILLS)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    (states, *kills) = map(json.loads, done.stdout.splitlines())
    old, new = (set(states[name].items()) for name in ("old", "new"))
    assert {path for path, _ in old - new} >= {"report.html", "run.json", "pooled.csv", "pain/compare.csv"}
    assert {path for path, _ in old & new} >= {"sleep/compare.csv", "sleep/fit.nc"}  # unchanged, kept

    moments, steps = ([kill for kill in kills if kill["kind"] == kind] for kind in ("moment", "step"))
    assert len(moments) >= KILLS * 0.75  # some end before they are killed
    assert len(steps) > 20
    for kill in kills:
        left = set(kill["left"].items())
        assert left <= old or left <= new, (kill["kind"], kill["at"])
        if "run.json" in kill["left"]:
            assert left in (old, new), (kill["kind"], kill["at"])
        else:  # being put in place: all that is needed to finish is there
            assert kill["pending"], (kill["kind"], kill["at"])
        assert kill["finished"], (kill["kind"], kill["at"])
    seen = [("run.json" in kill["left"], set(kill["left"].items()) <= old) for kill in steps]
    assert {(True, True), (False, True), (False, False), (True, False)} == set(seen)
