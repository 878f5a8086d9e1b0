"""`import mutau` and `mutau --help` load nothing heavy, and help comes quickly."""

import subprocess
import sys
import time

import pytest

HEAVY = ["pandas", "xarray", "numba", "scipy.stats", "pytensor", "pymc", "arviz", "nutpie", "matplotlib"]
PROBE = "import sys; print(*[name for name in {heavy!r} if name in sys.modules])"


@pytest.mark.parametrize(
    "first",
    [
        "import mutau",
        "import mutau; dir(mutau); mutau.errors",
        "import mutau; mutau.priors.published_priors()",
        "import mutau.cli\ntry:\n    mutau.cli.app(['--help'])\nexcept SystemExit:\n    pass",
        "import mutau.cli\ntry:\n    mutau.cli.app(['run', '--help'])\nexcept SystemExit:\n    pass",
        "import mutau.cli\ntry:\n    mutau.cli.app(['priors', 'list', '--help'])\nexcept SystemExit:\n    pass",
    ],
)
def test_nothing_heavy_is_loaded(first):
    code = f"{first}\nprint('loaded:', end='')\n{PROBE.format(heavy=HEAVY)}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split("loaded:")[1].strip() == ""


def test_help_takes_less_than_half_a_second():
    seconds = []
    for _ in range(3):
        start = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-m", "mutau", "--help"], capture_output=True, text=True, check=True
        )
        seconds.append(time.perf_counter() - start)
    assert "run" in done.stdout
    assert min(seconds) < 0.5, f"--help took {seconds}"
