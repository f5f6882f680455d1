"""Worlds in which the deployed state machines run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from moto import mock_aws

from sandbox.stage import World, account
from tests.programs import record_with, recording


@pytest.fixture
def emulated(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., World]]:
    """Makes a World of a committed stack, or of one with other settings."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():

        def make(stack: str = "dev", changes: dict[str, Any] | None = None) -> World:
            graph = record_with(changes, stack) if changes else recording(stack, "resolved").graph("batch-platform")
            return account(graph, stack)

        yield make


@pytest.fixture
def world(emulated: Callable[..., World]) -> World:
    """The dev stack: Spot with fallback."""
    return emulated("dev")
