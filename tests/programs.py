"""The real program under mocks that refuse what they do not know, recorded once a stack and mode."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from batchctl import project as projects
from batchctl.preview.recording import Mode, Recording, record
from policy.rules import Graph, Resource

ROOT = Path(__file__).resolve().parents[1]


@cache
def recording(stack: str, mode: Mode) -> Recording:
    """The committed stack's recording."""
    project = projects.load(ROOT)
    stack_file = project.stack(stack)
    return record(ROOT, project=project.name, stack=stack, config=stack_file.config, mode=mode)


def record_with(changes: dict[str, Any], stack: str = "dev", mode: Mode = "resolved") -> Graph:
    """The program recorded with `changes` over the stack's configuration."""
    project = projects.load(ROOT)
    config = {**project.stack(stack).config, **changes}
    return record(ROOT, project=project.name, stack=stack, config=config, mode=mode).graph(project.name)


class Program:
    """A recorded stack with the questions tests ask of it."""

    def __init__(self, stack: str, graph: Graph, outputs: dict[str, Any]) -> None:
        self.stack, self.graph, self.outputs = stack, graph, outputs

    def all(self, token: str) -> list[Resource]:
        """Every resource of a type."""
        return self.graph.of_type(token)

    def one(self, token: str, name: str) -> Resource:
        """The resource with this type and logical name; there is exactly one."""
        (only,) = [resource for resource in self.all(token) if resource.name == name]
        return only


@pytest.fixture(params=["dev", "prod"])
def program(request: pytest.FixtureRequest) -> Program:
    """Each committed stack, with values resolved."""
    recorded = recording(request.param, "resolved")
    return Program(request.param, recorded.graph("batch-platform"), recorded.outputs)


@pytest.fixture
def with_settings() -> Callable[..., Graph]:
    """Records the program with other settings."""
    return record_with


def document(resource: Resource, key: str = "policy") -> dict[str, Any]:
    """A policy document of a resource."""
    document: dict[str, Any] = json.loads(resource.props[key])
    return document
