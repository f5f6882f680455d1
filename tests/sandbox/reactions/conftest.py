"""One account for all tests of reactions; each test makes a world of its own in it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox import server
from tests.sandbox.reactions.world import Cluster, World


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[server.Sandbox]:
    folder = tmp_path_factory.mktemp("sandbox")
    with server.running(record=folder / "calls.jsonl", log=folder / "server.log") as running:
        yield running
        faults = [line["what"] for line in running.get("timeline") if "FAULT" in line["what"]]
    assert faults == []


@pytest.fixture
def world(sandbox: server.Sandbox, tmp_path: Path) -> World:
    return World(sandbox, tmp_path)


@pytest.fixture
def cluster(world: World) -> Cluster:
    return Cluster(world)
