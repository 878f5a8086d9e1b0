"""The command line: exit codes 0, 1, 2, plain messages, and exact output."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def mutau_command(*arguments, cwd=ROOT, **environment):
    return subprocess.run(
        [sys.executable, "-m", "mutau", *map(str, arguments)],
        cwd=cwd,
        env=os.environ | {"COLUMNS": "100"} | environment,
        capture_output=True,
        text=True,
        check=False,
    )


CHECKED = """\
secure: RR, 2 studies from data/pip/studies.csv
  decision: linear loss; baseline 9%, control arms; level 0.95; next trial of 40 or 160
insecure_to_secure: RR, 2 studies from data/pip/studies.csv
  decision: linear loss; baseline 5%, control arms; level 0.95; next trial of 40 or 160
avoidant: RR, 2 studies from data/pip/studies.csv
  decision: linear loss; baseline 27%, control arms; level 0.95; next trial of 40 or 160
disorganised: RR, 2 studies from data/pip/studies.csv
  decision: linear loss; baseline 59%, control arms; level 0.95; next trial of 40 or 160
epds_routine_smd: SMD, 1 study from data/pip/studies.csv
  decision: linear loss; Edinburgh Postnatal Depression Scale, SD 5; level 0.95; next trial of 40 or 160
epds_routine_md: MD, 1 study from data/pip/studies.csv
  decision: linear loss; Edinburgh Postnatal Depression Scale, SD 5; level 0.95; next trial of 40 or 160
epds_cbt_smd: SMD, 1 study from data/pip/studies.csv
  decision: linear loss; Edinburgh Postnatal Depression Scale, SD 5; level 0.95; next trial of 40 or 160
epds_cbt_md: MD, 1 study from data/pip/studies.csv
  decision: linear loss; Edinburgh Postnatal Depression Scale, SD 5; level 0.95; next trial of 40 or 160
epds_counselling_smd: SMD, 1 study from data/pip/studies.csv
  decision: linear loss; Edinburgh Postnatal Depression Scale, SD 5; level 0.95; next trial of 40 or 160
epds_counselling_md: MD, 1 study from data/pip/studies.csv
  decision: linear loss; Edinburgh Postnatal Depression Scale, SD 5; level 0.95; next trial of 40 or 160
depression_incidence: RR, only the pooled result of 3 studies is known
depression_level: SMD, only the pooled result of 4 studies is known
12 outcome models and their data are valid.
"""


def test_check_validates_and_samples_nothing():
    done = mutau_command("check", "models")
    assert (done.returncode, done.stdout, done.stderr) == (0, CHECKED, "")


def test_show_gives_model_priors_and_data():
    done = mutau_command("show", "models/secure.toml")
    assert done.returncode == 0
    for part in (
        "a_i ~ Binomial(n1_i, p1_i), c_i ~ Binomial(n0_i, p0_i)",
        "bartos2023/developmental-psychosocial-and-learning-problems/rr/tau",
        "mu ~ Normal(0, 2.82): average risk ratio between 1/252 and 252",
        "tau ~ HalfNormal(0.5) (default)",
        "tau ~ PointMass(0) (tau = 0): no heterogeneity",
        "RR 8.93 [1.25, 63.70], 95% confidence interval",
        "31/46",
        "reconstructed (unique solution)",
    ):
        assert part in done.stdout


def test_show_a_pooled_result_alone():
    done = mutau_command("show", "models/depression_incidence.toml")
    assert (done.returncode, done.stderr) == (0, "")
    for part in (
        "Only the pooled result m of the review is known; the trials are not.",
        "m ~ Normal(mu, se^2 + max(0, tau^2 - tau2_published) / 3)",
        "tau2_published                 not known, taken as 0",
        "tau ~ HalfNormal(0.5) (default)",
        "conditional on the published tau-hat",
        "0.955",
        "0.854",
        "0.771",
        "tau: a pooled result alone says next to nothing of tau",
    ):
        assert part in done.stdout
    assert "PointMass" not in done.stdout


def test_run_a_pooled_result_alone(tmp_path):
    done = mutau_command("run", "models", "--only", "depression_level", "--out", tmp_path / "out")
    assert (done.returncode, done.stderr) == (0, "")
    assert "outcomes of which only the pooled result is known" in done.stdout
    assert "Their numbers stand apart" in done.stdout
    assert "Bayesian [95% credible interval]" not in done.stdout
    for number in ("0.963", "0.899", "0.839"):
        assert number in done.stdout


def test_run_one_outcome(tmp_path):
    done = mutau_command(
        "run", "models", "--only", "secure", "--no-sensitivity", "--out", tmp_path / "out", "--seed", "3"
    )
    assert done.returncode == 0, done.stderr
    assert "8.93 [1.25, 63.70]" in done.stdout
    assert "6.91 [2.54, 23.96]" in done.stdout  # exact, whatever the seed
    assert "secure: exact and sampled differ by at most" in done.stdout
    assert "attachment:" in done.stdout  # a long title is wrapped
    assert "report.html" in done.stdout
    assert done.stderr == ""  # no progress bar in a pipe
    assert (tmp_path / "out" / "run.json").exists()


@pytest.fixture
def broken_review(tmp_path):
    shutil.copytree(ROOT / "models", tmp_path / "models")
    shutil.copytree(ROOT / "data", tmp_path / "data")
    data = tmp_path / "data" / "pip" / "studies.csv"
    text = data.read_text()
    text = text.replace("PIP,control,31,46,9,54", "PIP,control,61,46,9,54").replace(
        ",8,14,1,54,", ",8,14,one,54,"
    )
    data.write_text(text)
    return tmp_path


@pytest.mark.parametrize("command", [("check", "models"), ("run", "models", "--out", "results")])
def test_bad_input_is_exit_2_with_every_fault_and_no_traceback(broken_review, command):
    done = mutau_command(*command, cwd=broken_review)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    lines = done.stderr.splitlines()
    place = "error: data/pip/studies.csv, row 2, study 'Cicchetti 1999a', column 'events_treatment'"
    assert lines[0].startswith(place)
    assert sum(line.startswith("error: ") for line in lines) == 3  # 61 of 46, and "one" in two rows
    assert lines[-1] == "3 faults; nothing was written."
    assert not (broken_review / "results").exists()


def test_a_missing_folder_is_bad_input(tmp_path):
    done = mutau_command("run", "nowhere", cwd=tmp_path)
    assert done.returncode == 2
    assert "nowhere" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_analysis_that_cannot_be_made_is_exit_1(tmp_path):
    shutil.copytree(ROOT / "models", tmp_path / "models")
    shutil.copytree(ROOT / "data", tmp_path / "data")
    path = tmp_path / "models" / "secure.toml"
    path.write_text(path.read_text() + '\n[priors]\nmu = "Flat()"\ntau = "Uniform(0, inf)"\n')
    done = mutau_command("check", "models", cwd=tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith("error: secure: ")
    assert "Traceback" not in done.stderr


def test_chains_that_do_not_converge_are_exit_1(monkeypatch, tmp_path):
    from typer.testing import CliRunner

    from mutau import cli
    from mutau.review import ReviewResult

    monkeypatch.setattr(ReviewResult, "converged", property(lambda _: False))
    small = ROOT / "tests" / "data" / "small_review"
    command = ["run", str(small), "--only", "pain", "--engine", "exact", "--out", str(tmp_path / "out")]
    result = CliRunner().invoke(cli.app, command)
    assert result.exit_code == 1
    assert "did not pass its checks" in result.output


LISTED = [
    "Published priors",
    "Name Of Measure Setting Prior",
    "bartos2023/cochrane/hr/mu mu HR Cochrane StudentT(0, 0.13, 2)",
    "bartos2023/cochrane/hr/tau tau HR Cochrane InverseGamma(2.42, 0.3)",
    "2 published priors.",
]


def test_priors_list_finds_published_priors():
    done = mutau_command("priors", "list", "--measure", "HR")
    assert (done.returncode, done.stderr) == (0, "")
    lines = [" ".join(line.translate(str.maketrans("┃│", "  ")).split()) for line in done.stdout.splitlines()]
    assert [line for line in lines if line[:1].isalnum()] == LISTED
    found = mutau_command("priors", "list", "--source", "rhodes2015", "--search", "cancer Structure")
    assert found.stdout.count("rhodes2015/structure/") == found.stdout.count("cancer ") / 2 == 3
    assert "(suspected misprint)" in found.stdout
    assert found.stdout.endswith("3 published priors.\n")
    assert mutau_command("priors", "list", "--search", "heart of gold").stdout == "0 published priors.\n"


def test_priors_show_explains_a_written_one():
    done = mutau_command("priors", "show", "Normal(0, 0.35)", "--measure", "OR")
    assert (done.returncode, done.stderr) == (0, "")
    assert "worth about 131 participants" in done.stdout


def test_priors_show_explains_one():
    done = mutau_command("priors", "show", "bartos2023/heart/rd/tau")
    assert (done.returncode, done.stderr) == (0, "")
    for part in (
        "bartos2023/heart/rd/tau\nPrior of the between-study SD tau, published for the risk difference (RD)",
        "  subfield: Heart\n",
        "  tau ~ HalfNormal(0.07): tau below 0.0472 with probability 50%",
        "printed as tau ~ normal(mean 0, sd 0.07) above 0",
        "averaging with a model in which tau = 0",
        'tau = { published = "bartos2023/heart/rd/tau" }',
        "doi:10.48550/arXiv.2306.11468",
    ):
        assert part in done.stdout
    suspected = mutau_command("priors", "show", "rhodes2015/mental-health/nonpharma/other").stdout
    assert "tau ~ LogStudentT(-1.925, 0.965, 5): " in suspected
    assert "The table's pattern (rhodes2015/mental-health/nonpharma/other/pattern)" in suspected
    assert "tau ~ LogStudentT(-1.425, 0.965, 5): " in suspected


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("show", "turner2015/anny"), "there is no published prior 'turner2015/anny'"),
        (("list", "--measure", "logOR"), "Did you mean 'OR'?"),
        (("list", "--source", "turner"), "Did you mean 'turner2015'?"),
    ],
)
def test_priors_that_are_not_there_are_bad_input(arguments, told):
    done = mutau_command("priors", *arguments)
    assert done.returncode == 2
    assert told in done.stderr
    assert "Traceback" not in done.stderr


def test_version_and_help():
    import mutau

    assert mutau_command("--version").stdout == f"mutau {mutau.__version__}\n"
    shown = mutau_command("--help").stdout
    assert all(command in shown for command in ("run", "show", "check", "priors"))
    for command, example in (("list", "--measure SMD"), ("show", "turner2015/any")):
        assert (
            f"Example: mutau priors {command} {example}" in mutau_command("priors", command, "--help").stdout
        )
    for command in ("run", "show", "check"):
        assert f"Example: mutau {command} models" in mutau_command(command, "--help").stdout
