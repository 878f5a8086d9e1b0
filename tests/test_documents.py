"""What README and CONTRIBUTING say is there is there, and the code they show runs."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
DOCUMENTS = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md", "docs/statistics.md"]


@pytest.mark.parametrize("name", DOCUMENTS)
def test_links_to_files_lead_somewhere(name):
    path = ROOT / name
    links = re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", path.read_text(encoding="utf-8"))
    missing = [link for link in links if "://" not in link and not (path.parent / link).exists()]
    assert not missing


@pytest.mark.parametrize("name", ["ARCHITECTURE.md", "CONTRIBUTING.md"])
def test_named_files_exist(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    named = [
        path for path in re.findall(r"`([\w./]+)`", text) if "/" in path or path.endswith((".py", ".toml"))
    ]
    bases = (ROOT, ROOT / "src", ROOT / "src" / "mutau", ROOT / "models", ROOT / "tests")
    missing = [path for path in named if not any((base / path).exists() for base in bases)]
    assert set(missing) <= {"mutau/fit.py", "results/"}


def test_the_readme_code_runs_as_it_stands(monkeypatch, capsys):
    monkeypatch.chdir(ROOT)
    (code,) = re.findall(
        r"```python\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), flags=re.DOTALL
    )
    exec(compile(code, "README.md", "exec"), {})
    printed = capsys.readouterr().out
    promised = re.search(r"# (P\(benefit\) = .+\)), given", code)
    assert promised is not None
    assert promised[1] in printed
