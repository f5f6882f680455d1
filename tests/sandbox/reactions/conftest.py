"""One account for all tests of reactions; each test makes a world of its own in it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox import server
from tests.sandbox.reactions.cluster import Cluster
from tests.sandbox.reactions.world import World


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


@pytest.fixture(scope="module")
def later(tmp_path_factory: pytest.TempPathFactory) -> Iterator[server.Sandbox]:
    """An account whose clock these tests move."""
    with server.running(log=tmp_path_factory.mktemp("later") / "server.log") as running:
        running.post("clock", set="2026-11-20T12:00:00Z")
        yield running
        assert [line["what"] for line in running.get("timeline") if "FAULT" in line["what"]] == []


@pytest.fixture
def timed(later: server.Sandbox, tmp_path: Path) -> World:
    """A small platform in that account."""
    return World(later, tmp_path)
