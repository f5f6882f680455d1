"""What a state hands to a service: rows over the arguments of each integration that the platform's machines use."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from ..graph import UNKNOWN, kinds
from ..graph.texts import holds_member
from .rows import Context, Must, Row, Table, between, exactly, free, holds, maybe, refers, row

_API: Final = "https://docs.aws.amazon.com/step-functions/latest/dg/integrate-services.html"


def computed(must: Must) -> Must:
    """The same, or an expression that computes it."""
    return Must(
        must.words,
        lambda value, at: (isinstance(value, str) and value.startswith("{%")) or must.test(value, at),
        types=must.types,
    )


TEXT: Final = free((str, int, float, bool))
_TABLE: Final = row("TableName", refers(kinds.TABLE), "the ledger of this stack")
_BUCKET: Final = row("Bucket", refers(kinds.BUCKET), "a bucket of this stack")


def _names(value: Any, at: Context) -> set[str]:
    return set(value) if isinstance(value, Mapping) else set()


def _placeholders(arguments: Mapping[str, Any]) -> tuple[set[str], set[str]]:
    """The placeholders that the expressions of a DynamoDB call use, and those that it defines."""
    texts = [str(value) for name, value in arguments.items() if name.endswith("Expression")]
    used = {one for text in texts for one in re.findall(r"[:#]\w+", text)}
    defined = {*(arguments.get("ExpressionAttributeNames") or {}), *(arguments.get("ExpressionAttributeValues") or {})}
    return used, defined


def placeholder_faults(arguments: Mapping[str, Any]) -> list[str]:
    """DynamoDB refuses a placeholder that is used and not defined, or the other way round."""
    used, defined = _placeholders(arguments)
    values = arguments.get("ExpressionAttributeValues") or {}
    empty = {name for name, value in values.items() if not isinstance(value, Mapping) or len(value) != 1}
    return sorted((used ^ defined) | empty)


def _keys(value: Any, at: Context) -> bool:
    tables = at.graph.of_type(kinds.TABLE)
    return isinstance(value, Mapping) and any(
        {one.props.get("hashKey"), one.props.get("rangeKey")} <= set(value) for one in tables
    )


_ENTRY_ONLY: Final = ("status", "stage")
_DATE_ITEM: Final = {"S": "run"}
"""The sort key of the item that names the run of a business date; every other item is a run's entry."""


def _entry(value: Any, at: Context) -> bool:
    if not isinstance(value, Mapping):
        return False
    if value.get("manifest") == _DATE_ITEM:
        return not set(value) & set(_ENTRY_ONLY)
    return all(isinstance(value.get(name), Mapping) and set(value[name]) == {"S"} for name in _ENTRY_ONLY)


def _only_keys(value: Any, at: Context) -> bool:
    return _keys(value, at) and len(value) == 2


_DYNAMO: Final = (
    maybe("ConditionExpression", TEXT, "judged with its placeholders"),
    maybe("ExpressionAttributeNames.*", TEXT, "judged with the expressions"),
    maybe("ExpressionAttributeValues.*.S", TEXT, "judged with the expressions"),
    maybe("ExpressionAttributeValues.*.N", TEXT, "judged with the expressions"),
    maybe("ExpressionAttributeValues.*.BOOL", TEXT, "judged with the expressions"),
)
_OVERRIDES: Final = "Overrides.ContainerOverrides[]."
_NETWORK: Final = "NetworkConfiguration.AwsvpcConfiguration."
_VARIABLES: Final = frozenset(("BATCH_RUN_ID", "BATCH_BUSINESS_DATE", "BATCH_MANIFEST_URI", "BATCH_MANIFEST_VERSION"))


def _variables(value: Any, at: Context) -> bool:
    pairs = [one for one in value if isinstance(one, Mapping)]
    names = [one.get("Name") for one in pairs]
    whole = all({"Name", "Value"} <= set(one) for one in pairs) and len(pairs) == len(value)
    return (
        whole
        and len(set(names)) == len(names)
        and set(names) >= _VARIABLES
        and set(names) <= _VARIABLES | {"BATCH_SHARDS"}
    )


def _a_container(value: Any, at: Context) -> bool:
    return any(
        holds_member(one.props.get("containerDefinitions"), "name", value)
        for one in at.graph.of_type(kinds.TASK_DEFINITION)
    )


def _another(value: Any, at: Context) -> bool:
    return at.resource not in at.graph.named(value, kinds.STATE_MACHINE)


def _all_subnets(value: Any, at: Context) -> bool:
    """Every subnet that the services use: one zone less is one outage more."""
    return _as_services(value, at, "subnets")


def _same_groups(value: Any, at: Context) -> bool:
    return _as_services(value, at, "securityGroups")


def _as_services(value: Any, at: Context, name: str) -> bool:
    services = at.graph.of_type(kinds.SERVICE)
    of_services = [one.props.get("networkConfiguration", {}).get(name) for one in services]
    return (
        UNKNOWN in value
        or not of_services
        or not isinstance(of_services[0], list)
        or UNKNOWN in of_services[0]
        or set(value) == set(of_services[0])
    )


_TASK: Final[tuple[Row, ...]] = (
    row("Cluster", refers(kinds.CLUSTER), "the cluster of this stack"),
    row("TaskDefinition", refers(kinds.TASK_DEFINITION), "a definition of this stack"),
    row(_NETWORK + "Subnets", holds("all the subnets of the services", _all_subnets), "tasks spread over the zones"),
    row(_NETWORK + "SecurityGroups", holds("the groups of the services", _same_groups), "the tasks' own group"),
    row(_NETWORK + "Subnets[]", refers(kinds.SUBNET), "subnets of this stack"),
    row(_NETWORK + "SecurityGroups[]", refers(kinds.SECURITY_GROUP), "the tasks' own group"),
    row(_NETWORK + "AssignPublicIp", exactly("DISABLED"), "tasks have no way from outside"),
    row("PlatformVersion", exactly("1.4.0", "LATEST"), "ephemeral storage and private DNS need 1.4.0"),
    maybe("EnableExecuteCommand", exactly(True), "people may open sessions in the task (jobs.<name>.debug)"),
    row("PropagateTags", exactly("TASK_DEFINITION"), "costs are told apart by the tags of tasks"),
    row(
        "CapacityProviderStrategy[].CapacityProvider",
        computed(exactly("FARGATE", "FARGATE_SPOT")),
        "only Fargate runs tasks",
    ),
    row("CapacityProviderStrategy[].Weight", exactly(1), "a weight of 0 starts nothing"),
    maybe("CapacityProviderStrategy[].Base", exactly(0, 1), "ECS takes others, and nobody needs them"),
    maybe("EnableECSManagedTags", exactly(True), "costs are told apart"),
    row(_OVERRIDES + "Name", holds("the container's name", _a_container), "ECS refuses another"),
    row(
        _OVERRIDES + "Environment",
        holds(f"name and value of {', '.join(sorted(_VARIABLES))}", _variables),
        "the runtime reads them",
    ),
    maybe(_OVERRIDES + "Environment[].Name", TEXT, "judged as a whole"),
    maybe(_OVERRIDES + "Environment[].Value", computed(TEXT), "what the job works on"),
    maybe(_OVERRIDES + "Command[]", TEXT, "what the job runs"),
)

_INTEGRATIONS: Final[Mapping[str, tuple[Row, ...]]] = {
    "ecs:runTask.sync": _TASK,
    "sns:publish": (
        row("TopicArn", refers(kinds.TOPIC), "the topic of this stack"),
        row("Subject", computed(TEXT), "a mail without a subject is not read"),
        row("Message", computed(TEXT), "SNS refuses an empty message"),
    ),
    "dynamodb:putItem": (
        _TABLE,
        row("Item", holds("an item with both keys of the table", _keys), "DynamoDB refuses one without"),
        row("Item", holds("a run's entry with status and stage, or a date's item without", _entry), "readers know two"),
        row("Item.business_date.S", TEXT, "the key"),
        row("Item.manifest.S", TEXT, "the key"),
        *(
            row(f"Item.{name}.S", TEXT, "the ledger's readers expect it")
            for name in ("run_id", "execution_arn", "started_at")
        ),
        *(maybe(f"Item.{name}.S", TEXT, "judged with the item") for name in _ENTRY_ONLY),
        row("Item.expires_at.N", TEXT, "the ledger forgets by it"),
        row("ConditionExpression", TEXT, "without it a second run takes over the first one's entry"),
        *_DYNAMO,
    ),
    "dynamodb:updateItem": (
        _TABLE,
        row("Key", holds("exactly the keys of the table", _only_keys), "DynamoDB refuses others"),
        row("Key.business_date.S", TEXT, "the key"),
        row("Key.manifest.S", TEXT, "the key"),
        row("UpdateExpression", TEXT, "what is written"),
        row("ConditionExpression", TEXT, "without it a run closes another run's entry"),
        *_DYNAMO,
    ),
    "aws-sdk:dynamodb:query": (
        _TABLE,
        row("KeyConditionExpression", TEXT, "which entries"),
        row("ConsistentRead", exactly(True), "an entry that was just written must be seen"),
        *_DYNAMO,
    ),
    "aws-sdk:dynamodb:getItem": (
        _TABLE,
        row("Key", holds("exactly the keys of the table", _only_keys), "DynamoDB refuses others"),
        maybe("ConsistentRead", exactly(True), "an entry that was just written must be seen"),
    ),
    "aws-sdk:sfn:stopExecution": (
        row("ExecutionArn", computed(refers(kinds.STATE_MACHINE)), "which run"),
        row("Error", TEXT, "who reads the stopped run sees why"),
        row("Cause", computed(TEXT), "who reads the stopped run sees why"),
    ),
    "aws-sdk:sfn:describeExecution": (row("ExecutionArn", computed(refers(kinds.STATE_MACHINE)), "which run"),),
    "aws-sdk:sfn:startExecution": (
        row("StateMachineArn", refers(kinds.STATE_MACHINE), "a machine of this stack"),
        row("StateMachineArn", holds("another machine than itself", _another), "it would start itself without end"),
        row("Name", computed(TEXT), "without one an event that is delivered twice starts two executions"),
        row("Input", computed(TEXT), "what the execution is asked for"),
    ),
    "aws-sdk:s3:listObjectsV2": (
        _BUCKET,
        row("Prefix", computed(TEXT), "without one the whole bucket is listed"),
        row("StartAfter", computed(TEXT), "a listing has room for its own task's shards only: it begins with them"),
        row("MaxKeys", between(1, 500), "a longer answer may not fit into the 256 KiB that a state hands on"),
    ),
    "aws-sdk:s3:headObject": (_BUCKET, row("Key", computed(TEXT), "which object")),
    "aws-sdk:s3:getObject": (
        _BUCKET,
        row("Key", computed(TEXT), "which object"),
        maybe("VersionId", computed(TEXT), "which version"),
    ),
    "s3:getObject": (_BUCKET, row("Key", computed(TEXT), "which object")),
    "s3:putObject": (_BUCKET, row("Prefix", computed(TEXT), "where to")),
}

INTEGRATIONS: Final[Mapping[str, Table]] = {
    name: Table(type=name, source=_API, rows=rows) for name, rows in _INTEGRATIONS.items()
}
"""By integration, as it stands after `arn:aws:states:::`."""
