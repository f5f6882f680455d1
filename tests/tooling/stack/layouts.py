"""The tooling stack recorded without a cloud, with any settings of the delivery."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from batchctl import project as projects
from batchctl.preview.recording import Mode, record
from conventions.naming import Names
from policy.rules import Graph, Resource, evaluate
from tests.tooling.conftest import ROOT

REPOSITORY = "market-risk/batch-platform"
NAMES = Names(suffix="tooling", account="123456789012", region="us-east-1")


@cache
def _recorded(delivery: str, mode: Mode) -> Graph:
    here = projects.load(ROOT / "tooling")
    stack = here.stack("tooling")
    config = {**stack.config, "batch-platform:delivery": json.loads(delivery)}
    return record(here.root, project=here.name, stack=stack.name, config=config, mode=mode).graph(here.name)


def recorded(mode: Mode = "resolved", **delivery: Any) -> Graph:
    """The tooling stack with these delivery settings over a repository."""
    return _recorded(json.dumps({"repository": REPOSITORY, **delivery}), mode)


@cache
def recorded_account(mode: Mode = "resolved", stack: str = "prod", access: str = "{}") -> Graph:
    """The stack of an account in which `stack` lives, with these settings (JSON) over a tooling account."""
    here = projects.load(ROOT / "tooling" / "account")
    section = {"toolingAccount": "999999999999", **json.loads(access)}
    config = {"aws:region": "us-east-1", "batch-platform:access": section}
    return record(here.root, project=here.name, stack=stack, config=config, mode=mode).graph(here.name)


def of(graph: Graph, kind: str) -> dict[str, Resource]:
    """The resources of a type, by logical name."""
    return {resource.name: resource for resource in graph.resources if resource.type == kind}


def props(resource: Resource) -> Any:
    """A resource's inputs."""
    return resource.props


def failing(graph: Graph) -> set[str]:
    """Names of the mandatory rules that the stack breaks, with no exemption."""
    findings = evaluate(graph, {"suffix": "tooling"})
    return {f.rule for f in findings if f.level == "mandatory" and f.verdict in ("fail", "crash")}
