"""How to live one life again: `python -m pytest tests/simulation --seed 17`, or SEED=17 in the environment."""

from __future__ import annotations

import os

import pytest


def pytest_addoption(parser):
    parser.addoption("--seed", type=int, default=None, help="live the life of this seed alone, and show all of it")


@pytest.fixture(scope="session")
def chosen_seed(request):
    """Give the seed that was asked for, or None."""
    asked = request.config.getoption("--seed", None)
    written = os.environ.get("SEED", "")
    return asked if asked is not None else int(written) if written else None
