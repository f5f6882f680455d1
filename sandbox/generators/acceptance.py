"""Writes policy/rules/tables/acceptance.json: what AWS's own service models take for the properties of our types.

Lengths, characters, enumerations and numbers come from botocore's models
(https://github.com/boto/botocore/tree/develop/botocore/data) of the operation that creates the resource. A property is
found in the operation's input by its name; one that the model says nothing of is left out.

Run: `python -m sandbox.generators.acceptance [--check]`; with --check nothing is written, and the exit code is 1
when the file is out of date.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from botocore.loaders import Loader

from policy.rules.graph import kinds
from policy.rules.tables.properties import BY_TYPE
from sandbox.generators import generated_file

ROOT: Final = Path(__file__).resolve().parents[2]
FILE: Final = ROOT / "policy" / "rules" / "tables" / "acceptance.json"
OPERATIONS: Final[Mapping[str, tuple[str, str]]] = {
    kinds.ALARM: ("cloudwatch", "PutMetricAlarm"),
    kinds.ALIAS: ("kms", "CreateAlias"),
    kinds.BUILD_PROJECT: ("codebuild", "CreateProject"),
    kinds.CLUSTER: ("ecs", "CreateCluster"),
    kinds.CLUSTER_CAPACITY: ("ecs", "PutClusterCapacityProviders"),
    kinds.DASHBOARD: ("cloudwatch", "PutDashboard"),
    kinds.EVENT_RULE: ("events", "PutRule"),
    kinds.FLOW_LOG: ("ec2", "CreateFlowLogs"),
    kinds.KEY: ("kms", "CreateKey"),
    kinds.LOG_GROUP: ("logs", "CreateLogGroup"),
    kinds.LOG_METRIC_FILTER: ("logs", "PutMetricFilter"),
    kinds.LOG_RESOURCE_POLICY: ("logs", "PutResourcePolicy"),
    kinds.PIPELINE: ("codepipeline", "CreatePipeline"),
    kinds.POLICY: ("iam", "CreatePolicy"),
    kinds.QUERY_DEFINITION: ("logs", "PutQueryDefinition"),
    kinds.REPOSITORY: ("ecr", "CreateRepository"),
    kinds.REPOSITORY_LIFECYCLE: ("ecr", "PutLifecyclePolicy"),
    kinds.ROLE: ("iam", "CreateRole"),
    kinds.ROLE_POLICY: ("iam", "PutRolePolicy"),
    kinds.SCALING_POLICY: ("application-autoscaling", "PutScalingPolicy"),
    kinds.SCALING_TARGET: ("application-autoscaling", "RegisterScalableTarget"),
    kinds.SCHEDULE: ("scheduler", "CreateSchedule"),
    kinds.SCHEDULE_GROUP: ("scheduler", "CreateScheduleGroup"),
    kinds.SERVICE: ("ecs", "CreateService"),
    kinds.STATE_MACHINE: ("stepfunctions", "CreateStateMachine"),
    kinds.TABLE: ("dynamodb", "CreateTable"),
    kinds.TASK_DEFINITION: ("ecs", "RegisterTaskDefinition"),
    kinds.TOPIC_SUBSCRIPTION: ("sns", "Subscribe"),
    kinds.VPC: ("ec2", "CreateVpc"),
    kinds.ENDPOINT: ("ec2", "CreateVpcEndpoint"),
}
"""By type: the service and the operation that creates one. Types whose operation takes free text only (S3's and SQS's
attributes) are judged by the rows of their tables."""

Shape = Mapping[str, Any]


def _plain(name: str) -> str:
    return name.lower().replace("_", "").removesuffix("s")


def _member(shapes: Mapping[str, Shape], shape: Shape, step: str, operation: str) -> Shape | None:
    """The shape of a structure's member by the provider's name for it."""
    members: Mapping[str, Any] = shape.get("members") or {}
    subject = _plain(re.sub(r"^(Create|Put|Register)", "", operation))
    for name, target in members.items():
        if _plain(name) in (_plain(step), subject + _plain(step)):
            return shapes[target["shape"]]
    for target in members.values():  # the provider leaves out structures that only wrap another
        inner = shapes[target["shape"]]
        if inner.get("type") == "structure" and len(members) == 1:
            return _member(shapes, inner, step, operation)
    return None


def _constraint(shape: Shape) -> dict[str, Any]:
    kind = shape.get("type")
    names = {"enum": "enum", "pattern": "pattern"} if kind == "string" else {}
    bounds = {
        "string": ("shortest", "longest"),
        "list": ("fewest", "most"),
        "integer": ("low", "high"),
        "long": ("low", "high"),
        "double": ("low", "high"),
    }.get(str(kind))
    limits = {ours: shape[theirs] for theirs, ours in names.items() if theirs in shape}
    if bounds:
        limits |= {ours: shape[theirs] for theirs, ours in zip(("min", "max"), bounds, strict=True) if theirs in shape}
    if "pattern" in limits and not _compiles(limits["pattern"]):
        del limits["pattern"]
    return limits


def _compiles(pattern: str) -> bool:
    try:
        re.compile(pattern)
    except re.error:
        return False
    return True


def _of_path(shapes: Mapping[str, Shape], root: Shape, path: str, operation: str) -> dict[str, Any]:
    at: Shape | None = root
    for step in path.split("."):
        if at is None or step.startswith("*"):
            return {}
        at = _member(shapes, at, step.rstrip("[]"), operation)
        if at is not None and step.endswith("[]") and at.get("type") == "list":
            at = shapes[at["member"]["shape"]]
    return {} if at is None else _constraint(at)


def acceptance() -> str:
    """The file's text."""
    constraints: dict[str, dict[str, Any]] = {}
    for token, (service, operation) in OPERATIONS.items():
        model = Loader().load_service_model(service, "service-2")
        shapes = model["shapes"]
        root = shapes[model["operations"][operation]["input"]["shape"]]
        paths = {part for row in BY_TYPE[token].rows for part in _prefixes(row.path)}
        listed = {path: _of_path(shapes, root, path, operation) for path in sorted(paths)}
        constraints[token] = {path: one for path, one in listed.items() if one}
    return json.dumps({token: one for token, one in sorted(constraints.items()) if one}, indent=1) + "\n"


def _prefixes(path: str) -> list[str]:
    steps = path.split(".")
    return [".".join(steps[: i + 1]) for i in range(len(steps))]


def main() -> int:
    """Writes the file, or says whether it is current."""
    return generated_file.write_or_check(FILE, acceptance(), description=__doc__)


if __name__ == "__main__":
    sys.exit(main())
