"""Fixtures that every folder of tests may use, and what happens to engine tests where there is no engine."""

from __future__ import annotations

import os
import shutil

import pytest

from tests.programs import program, with_settings

__all__ = ["program", "with_settings"]


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skips engine tests where there is no engine; with BATCH_REQUIRE_ENGINE=1 (CI has one) they fail instead."""
    if shutil.which("pulumi") or os.environ.get("BATCH_REQUIRE_ENGINE"):
        return
    for item in items:
        if item.get_closest_marker("engine"):
            item.add_marker(pytest.mark.skip(reason="no pulumi on PATH: the engine tests did not run"))
