"""Fixtures that every folder of tests may use, and what happens to engine tests where there is no engine."""

from __future__ import annotations

import os
import re
import shutil
from typing import Any, Final

import pytest
from xdist.scheduler.loadscope import LoadScopeScheduling

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


GROUPS: Final = (
    (r"tests/engine/.*\[(?:.*-)?(dev|prod)(?:-.*)?\]", r"stack-\1"),
    (r"tests/engine/nights/test_(night|wiring)\.py", "night"),
    (r"tests/engine/(?:nights/)?(test_\w+)\.py", r"\1"),
    (r"tests/engine/faults/test_one_story\.py", "story"),
    (r"tests/tooling/stack/test_(\w+)_on_engine\.py", r"\1"),
    (r"tests/jobs/images/test_built_images\.py", "images"),
    (r"tests/sandbox/strict/test_(documented|cloudformation)\.py", r"strict-\1"),
    (r"tests/sandbox/jsonata/test_twice\.py", "jsonata"),
    (r"tests/sandbox/permissions/stacks/test_(apart|enough|least)\.py", "life"),
)
"""Node ids to the name of what they share: a stack that is taken up once, for all of them, in one worker."""


class ByWhatIsShared(LoadScopeScheduling):  # type: ignore[misc]  # xdist has no types
    """Tests that share something slow go to one worker, every other test by itself.

    pytest-xdist 3.8 does this by `xdist_group`, which pytest 9 no longer lets it write into a node id.
    """

    def _split_scope(self, nodeid: str) -> str:
        for pattern, name in GROUPS:
            if match := re.match(pattern, nodeid):
                return match.expand(name)
        return nodeid


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int | None:
    """Half as many again as there are cores: an engine test waits much of its time until AWS would be ready."""
    if os.environ.get("PYTEST_XDIST_AUTO_NUM_WORKERS"):
        return None
    cores = os.cpu_count() or 1
    return cores + cores // 2


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByWhatIsShared:
    """The scheduler of a parallel run."""
    return ByWhatIsShared(config, log)
