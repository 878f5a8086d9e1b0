"""The same made-up fits as the plots' tests."""

import importlib.util
from pathlib import Path

import pytest

_FILE = Path(__file__).parents[1] / "plots" / "conftest.py"


@pytest.fixture(scope="session")
def fits():
    """The module that makes fits without a sampler."""
    spec = importlib.util.spec_from_file_location("made_fits", _FILE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
