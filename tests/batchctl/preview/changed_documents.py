"""A change to each kind of document and safeguard that a stack has."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from batchctl.preview.snapshot import Snapshot
from policy.rules import Graph, Resource

Props = Mapping[str, Any]
Edit = Callable[[Props], dict[str, Any]]


def setting(**values: Any) -> Edit:
    """Other values for some properties."""
    return lambda props: {**props, **values}


def without(prop: str, **values: Any) -> Edit:
    """A property taken out, others put in."""
    return lambda props: {**{key: value for key, value in props.items() if key != prop}, **values}


def inside(prop: str, change: Callable[[Any], Any]) -> Edit:
    """A JSON document changed."""
    return lambda props: {**props, prop: json.dumps(change(json.loads(props[prop])))}


def anybody(policy: Any) -> Any:
    everybody = {"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"}
    return {**policy, "Statement": [*policy["Statement"], everybody]}


def no_denials(policy: Any) -> Any:
    return {**policy, "Statement": [one for one in policy["Statement"] if one["Effect"] != "Deny"]}


def a_state_more(machine: Any) -> Any:
    return {**machine, "TimeoutSeconds": 60, "States": {**machine["States"], "Rest": {"Type": "Wait", "Seconds": 5}}}


def one_image_more(policy: Any) -> Any:
    first, *rest = policy["rules"]
    chosen = first["selection"]
    return {"rules": [{**first, "selection": {**chosen, "countNumber": chosen["countNumber"] + 1}}, *rest]}


def unconfined(containers: Any) -> Any:
    first, *rest = containers
    return [{**first, "readonlyRootFilesystem": False, "privileged": True, "user": "root"}, *rest]


def quieter(props: Props) -> dict[str, Any]:
    louder = {"threshold": props["threshold"] + 10} if "threshold" in props else {}
    return {**props, "alarmActions": [], **louder}


EDITS: Final[Mapping[tuple[str, str], Edit]] = {
    ("Role", "data-ingestion-task-role"): inside("assumeRolePolicy", anybody),
    ("BucketPolicy", "data-input-policy"): inside("policy", no_denials),
    ("VpcEndpoint", "network-endpoint-s3"): without("policy"),
    ("SecurityGroupEgressRule", "network-tasks-to-s3"): without("prefixListId", cidrIpv4="0.0.0.0/0"),
    ("RouteTable", "network-routes-a"): setting(routes=[{"cidrBlock": "0.0.0.0/0", "gatewayId": "igw-1"}]),
    ("StateMachine", "nightly-machine"): inside("definition", a_state_more),
    ("EventRule", ""): inside("eventPattern", lambda pattern: {**pattern, "detail-type": ["Another"]}),
    ("Schedule", ""): setting(scheduleExpression="cron(0 5 * * ? *)", scheduleExpressionTimezone="UTC"),
    ("MetricAlarm", ""): quieter,
    ("TaskDefinition", "risk-calculation-task"): inside("containerDefinitions", unconfined),
    ("LifecyclePolicy", ""): inside("policy", one_image_more),
    ("Key", ""): setting(enableKeyRotation=False),
    ("BucketVersioning", ""): setting(versioningConfiguration={"status": "Suspended"}),
    ("BucketPublicAccessBlock", ""): setting(blockPublicAcls=False),
    ("Table", ""): setting(pointInTimeRecovery={"enabled": False}),
    ("Repository", ""): setting(imageTagMutability="MUTABLE"),
}
"""By the type's last part and the logical name ("": every resource of the type)."""
REMOVED: Final = frozenset({"FlowLog", "BucketLogging", "LogMetricFilter"})


def changed(before: Snapshot) -> Snapshot:
    """`before` with every edit made and the resources of some types removed; an edit that meets nothing fails."""
    unused = set(EDITS)

    def edited(resource: Resource) -> Resource:
        kind = resource.type.rpartition(":")[2]
        key = next((key for key in ((kind, resource.name), (kind, "")) if key in EDITS and resource.custom), None)
        unused.discard(key or ("", ""))
        return replace(resource, props=EDITS[key](resource.props)) if key else resource

    kept = [edited(one) for one in before.graph.resources if one.type.rpartition(":")[2] not in REMOVED]
    assert not unused
    graph = Graph(kept, project=before.graph.project, stack=before.graph.stack, outputs=before.graph.outputs)
    return replace(before, graph=graph)
