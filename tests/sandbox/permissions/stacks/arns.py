"""The ARNs of what a stack has made, from Pulumi's state, and every IAM action that the reference has for them."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from sandbox.permissions import toolchain
from sandbox.permissions.needed import reference

ACCOUNT: Final = "123456789012"
_EC2: Final[Mapping[str, str]] = {
    "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": "security-group",
    "aws:ec2/flowLog:FlowLog": "vpc-flow-log",
    "aws:ec2/routeTable:RouteTable": "route-table",
    "aws:ec2/securityGroup:SecurityGroup": "security-group",
    "aws:ec2/subnet:Subnet": "subnet",
    "aws:ec2/vpc:Vpc": "vpc",
    "aws:ec2/vpcEndpoint:VpcEndpoint": "vpc-endpoint",
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": "security-group-rule",
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": "security-group-rule",
}
"""Pulumi's type to EC2's resource type, for what the state knows by id."""


def of_state(resources: list[dict[str, Any]], stack: str) -> set[str]:
    """The ARNs of everything in the state, of objects in its buckets, and of the state itself."""
    arns: set[str] = set()
    for resource in resources:
        outputs = resource.get("outputs") or {}
        kind = resource["type"]
        if kind in _EC2:
            arns.add(f"arn:aws:ec2:us-east-1:{ACCOUNT}:{_EC2[kind]}/{resource['id']}")
        elif kind == "aws:cloudwatch/dashboard:Dashboard":
            arns.add(str(outputs["dashboardArn"]))
        elif isinstance(outputs.get("arn"), str) and outputs["arn"].startswith("arn:"):
            arns.add(outputs["arn"])
        if kind == "aws:s3/bucket:Bucket":
            arns.add(f"{outputs['arn']}/incoming/2026-01-05/trades.csv")
        if kind == "aws:cloudwatch/logGroup:LogGroup":
            arns.add(f"{outputs['arn']}:log-stream:stream")
    state = f"arn:aws:s3:::pulumi-state-{ACCOUNT}-us-east-1/.pulumi"
    for name in (f"stacks/batch-platform/{stack}.json", f"stacks/batch-platform/{stack}.pulumi-tags"):
        arns.add(f"{state}/{name}")
    arns.add(f"{state}/history/batch-platform/{stack}/{stack}-1.checkpoint.json")
    return {arn for arn in arns if f":{ACCOUNT}:" in arn or ":s3:::" in arn}


@functools.cache
def _reference(service: str) -> dict[str, Any]:
    folder = toolchain.folder() / "node_modules" / "@cloud-copilot" / "iam-data" / "data" / "actions"
    reference: dict[str, Any] = json.loads((folder / f"{service}.json").read_text())
    return reference


def actions(arn: str) -> Iterator[str]:
    """Every action that the reference has for a resource like this."""
    service = arn.split(":")[2]
    for entry in _reference(service).values():
        kinds = [kind["name"] for kind in entry["resourceTypes"]]
        if any(_is(arn, service, kind) for kind in kinds):
            yield f"{service}:{entry['name']}"
    if service == "iam":
        yield "sts:AssumeRole"


def without_resource(service: str) -> Iterator[tuple[str, str]]:
    """The actions of a service that no policy can confine to a resource, each with its access level."""
    for entry in _reference(service).values():
        if not entry["resourceTypes"]:
            yield f"{service}:{entry['name']}", entry["accessLevel"]


def _is(arn: str, service: str, kind: str) -> bool:
    if service == "s3":
        return kind == ("object" if "/" in arn else "bucket")
    template = reference.arn_template(service, kind)
    same_depth = arn.split(":")[5].count("/") == template.split(":")[5].count("/")
    return same_depth and arn.count(":") == template.count(":") and bool(reference.pattern(service, kind).match(arn))
