"""Rules about KMS keys: that they are used, rotated, and let in exactly the services that need them."""

from __future__ import annotations

import re
from collections.abc import Iterator, MutableMapping
from fnmatch import fnmatchcase
from typing import Any, Final

from ...documents import ATTACHED, MalformedError, Statement, documents, resource_grants
from ...graph import Graph, Known, Resource, Unknown, identities, kinds, read, value
from ...rule import Kind, Problem, Severity, View, rule
from ...settings import Settings

_KMS_GUIDE: Final = "https://docs.aws.amazon.com/kms/latest/developerguide"
_LOGS_GUIDE: Final = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html"
_SNS_GUIDE: Final = "https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html"


@rule(
    "log-groups-use-cmk",
    kinds.LOG_GROUP,
    severity=Severity.HIGH,
    fix="Set kmsKeyId to the ARN of a KMS key of this stack",
    url=_LOGS_GUIDE,
    frameworks=("NIST.800-53.r5 AU-9(3)",),
)
def log_groups_use_cmk(group: Resource, view: View) -> Iterator[Problem]:
    """Each log group is encrypted with a customer key that belongs to the stack."""
    if not view.graph.resolve(group, "kmsKeyId", kinds.KEY):
        yield Problem(message="is not encrypted with a key of this stack", property="kmsKeyId")


def _rotate(props: MutableMapping[str, Any], token: str, settings: Settings) -> bool:
    if "enableKeyRotation" in set(props) and props["enableKeyRotation"] is True:
        return False
    props["enableKeyRotation"] = True
    return True


@rule(
    "key-rotation-and-principals",
    kinds.KEY,
    kinds.KEY_POLICY,
    kind=Kind.RESOURCE,
    severity=Severity.HIGH,
    fix="Set enableKeyRotation, and name the principals that may use the key",
    url=f"{_KMS_GUIDE}/rotate-keys.html",
    frameworks=("FSBP KMS.4", "FSBP KMS.5", "CIS 3.6"),
    remedy=_rotate,
)
def key_rotation_and_principals(key: Resource, view: View) -> Iterator[Problem]:
    """Symmetric keys rotate, and no key policy lets everyone in."""
    symmetric = value(key, "customerMasterKeySpec", "SYMMETRIC_DEFAULT") == "SYMMETRIC_DEFAULT"
    if key.type == kinds.KEY and symmetric and value(key, "enableKeyRotation") is not True:
        yield Problem(message="does not rotate", property="enableKeyRotation")
    for document in documents(key, ATTACHED):
        try:
            open_to_all = [one for one in document.statements if one.allows and "*" in one.principals.get("*", ())]
        except MalformedError:
            continue
        if open_to_all:
            yield Problem(message="its policy lets every principal in", property=document.path)


_LOG_ACTIONS: Final = ("kms:Encrypt", "kms:Decrypt", "kms:GenerateDataKey")


@rule(
    "log-key-grants-logs",
    kinds.LOG_GROUP,
    severity=Severity.CRITICAL,
    fix="Let logs.REGION.amazonaws.com Encrypt, Decrypt and GenerateDataKey* in the key's policy, for this group's ARN",
    url=_LOGS_GUIDE,
    tags=("graph",),
)
def log_key_grants_logs(group: Resource, view: View) -> Iterator[Problem]:
    """The key of a log group admits the Region's logs service; otherwise creating the group fails."""
    for key in view.graph.resolve(group, "kmsKeyId", kinds.KEY):
        grants = resource_grants(view.graph, key)
        admitted = [one for one in grants.allowed if _admits_logs(one, group)]
        if not admitted and grants.unknown:
            yield Problem(message="", property=grants.unknown, undecided=True)
            continue
        missing = [action for action in _LOG_ACTIONS if not any(one.covers_action(action) for one in admitted)]
        if missing:
            lacking = ", ".join(missing)
            yield Problem(message=f"{key.name} does not allow the logs service {lacking}", property="kmsKeyId")
        elif not any(_in_context(one, group) for one in admitted):
            yield Problem(message=f"{key.name} admits the logs service for other groups only", property="kmsKeyId")


def _admits_logs(one: Statement, group: Resource) -> bool:
    """Whether a statement admits the logs service of the group's Region, as far as either of them shows it."""
    arns = [*_contexts(one), *identities(group)]
    regions = {arn.split(":")[3] for arn in arns if arn.startswith("arn:")} - {"*", ""}
    principals = (
        re.fullmatch(r"logs(?:\.([a-z0-9-]+))?\.amazonaws\.com(\.cn)?", p) for p in one.principals.get("Service", ())
    )
    return any(result and (result[1] is None or not regions or result[1] in regions) for result in principals)


def _contexts(one: Statement) -> list[str]:
    """ARN patterns that the encryption context must match."""
    return [
        pattern
        for keys in one.conditions.values()
        for key, patterns in keys.items()
        if key == "kms:encryptioncontext:aws:logs:arn"
        for pattern in patterns
    ]


def _in_context(one: Statement, group: Resource) -> bool:
    """Whether the statement's encryption context, if it has one, includes the group's ARN; raises Undecided."""
    patterns = _contexts(one)
    if not patterns:
        return True
    name = str(value(group, "name", group.name))
    return any(fnmatchcase(f"log-group:{name}", pattern.split(":", 5)[-1]) for pattern in patterns)


_PUBLISH_ACTIONS: Final = ("kms:Decrypt", "kms:GenerateDataKey")
_UNSUPPORTED: Final = frozenset({"aws:sourcearn", "aws:sourceaccount"})


@rule(
    "topic-key-grants-publishers",
    kinds.TOPIC,
    severity=Severity.CRITICAL,
    fix="Use a key of this stack whose policy and the topic's own policy admit the services that publish",
    url=_SNS_GUIDE,
    tags=("graph",),
)
def topic_key_grants_publishers(topic: Resource, view: View) -> Iterator[Problem]:
    """An encrypted topic's customer key and policy admit CloudWatch and EventBridge where they publish to it.

    AWS's own key admits no service: alarms would be dropped without a word.
    """
    graph = view.graph
    for service in _publishers(graph, topic):
        if not resource_grants(graph, topic).admit(service, "sns:Publish"):
            yield Problem(message=f"its policy does not let {service} publish", property="policy")
        keys = graph.targets(topic, "kmsMasterKeyId", kinds.KEY)
        if not keys and isinstance(read(topic, "kmsMasterKeyId"), Known | Unknown):
            keys = graph.resolve(topic, "kmsMasterKeyId", kinds.KEY)
            if not keys:
                yield Problem(message=f"its key is not the stack's, so {service} is refused", property="kmsMasterKeyId")
        for key in keys:
            yield from _key_admits(graph, key, service)


def _key_admits(graph: Graph, key: Resource, service: str) -> Iterator[Problem]:
    grants = resource_grants(graph, key)
    admitted = [grants.admit(service, action) for action in _PUBLISH_ACTIONS]
    if not all(admitted):
        yield Problem(message=f"{key.name} does not let {service} encrypt", property="kmsMasterKeyId")
    elif service == "events.amazonaws.com" and all(
        one.condition_keys() & _UNSUPPORTED for statements in admitted for one in statements
    ):
        yield Problem(
            message=f"{key.name} asks {service} for aws:SourceArn or aws:SourceAccount, which it does not send",
            property="kmsMasterKeyId",
        )


def _publishers(graph: Graph, topic: Resource) -> list[str]:
    """Service principals that publish to `topic`."""
    alarms = any(
        graph.attached(topic, prop, kinds.ALARM, kinds.COMPOSITE_ALARM)
        or any(topic in graph.targets(alarm, prop) for alarm in graph.of_type(kinds.ALARM, kinds.COMPOSITE_ALARM))
        for prop in ("alarmActions", "okActions", "insufficientDataActions")
    )
    events = bool(graph.attached(topic, "arn", kinds.EVENT_TARGET))
    return ["cloudwatch.amazonaws.com"] * alarms + ["events.amazonaws.com"] * events
