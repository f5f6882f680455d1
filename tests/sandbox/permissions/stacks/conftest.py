"""An account with permissions as a server, in which both stacks have lived.

BATCH_LIFE_SECONDS=FILE keeps how long each phase took.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.account import emulated_account
from tests.sandbox.permissions.stacks.life import Life, begin, end, live
from tests.tooling.conftest import Account


@pytest.fixture(scope="session")
def life(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Life]:
    """Both stacks up, each step by its own role, in an account that denies nothing and records everything."""
    with emulated_account("tests.sandbox.permissions.emulator") as emulated:
        lived = begin(Account(emulated), tmp_path_factory.mktemp("life"))
        live(lived, tmp_path_factory.mktemp("release"))
        yield lived


@pytest.fixture(scope="session")
def ended(life: Life) -> Life:
    """The same life after everything was changed and destroyed."""
    end(life)
    if report := os.environ.get("BATCH_LIFE_SECONDS"):
        Path(report).write_text(json.dumps(life.seconds, indent=1), encoding="utf-8")
    return life
