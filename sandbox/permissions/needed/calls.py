"""The permissions that one API call needs: its own, those for tags that it gives, for roles that it hands over, and
for what AWS does on its way (`behalf.py`, `encrypted.py`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from sandbox.calls import Call
from sandbox.permissions.needed import behalf, ec2, encrypted, kms, passing, reference, resources, s3, tagging
from sandbox.permissions.needed.need import Need
from sandbox.permissions.needed.resources import PREFIXES, UnmappedError

Parameters = Mapping[str, Any]

_NAMES: Final[Mapping[str, str]] = {
    "dynamodb:TransactGetItems": "GetItem",
    "ecr:DescribeImageReplicationStatus": "DescribeImageReplicationStatus",
    "logs:ListTagsLogGroup": "ListTagsLogGroup",
    "sns:PublishBatch": "Publish",
    "sqs:ChangeMessageVisibilityBatch": "ChangeMessageVisibility",
    "sqs:DeleteMessageBatch": "DeleteMessage",
    "sqs:SendMessageBatch": "SendMessage",
}
"""Operations whose permission has another name."""

_FREE: Final = frozenset({"sts:GetCallerIdentity", "sts:GetSessionToken"})
"""Calls that everybody may make.

Source: https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
"""


def needs(call: Call, caller: str) -> list[Need]:
    """Everything that the call needs, its own action first; `caller` is the account of who makes it.

    Raises UnmappedError when that cannot be told.
    """
    service = PREFIXES.get(call.service, call.service)
    direct = list(_direct(service, call, caller))
    tags = tagging.requested(call.parameters)
    needed = [*direct]
    if direct and service != "ec2":
        needed += tagging.with_creation(f"{service}:{call.operation}", direct[0], tags)
    needed += passing.needs(service, call.operation, call.parameters, region=call.region, caller=caller)
    context = behalf.CallContext(f"{service}:{call.operation}", call.parameters, call.region, caller)
    needed += behalf.needs(context)
    for need in direct:
        needed += encrypted.needs(need.action, need.resource, caller=caller, operation=call.operation)
    return needed


def _direct(service: str, call: Call, caller: str) -> Iterator[Need]:
    action = f"{service}:{_NAMES.get(f'{service}:{call.operation}', call.operation)}"
    if action in _FREE:
        return
    match service:
        case "s3":
            context = s3.context(call.parameters)
            for name, arn in s3.actions(call.operation, call.parameters):
                yield Need(
                    action=_existing_action(name),
                    resource=arn,
                    context=context,
                    is_new=call.operation == "CreateBucket",
                )
        case "kms":
            shown_tags = tagging.context(tagging.requested(call.parameters)) | tagging.removed(call.parameters)
            for need in kms.needs(call.operation, call.parameters, region=call.region, caller=caller):
                yield Need(
                    action=_existing_action(need.action), resource=need.resource, context={**need.context, **shown_tags}
                )
        case "ec2":
            yield from _ec2(call, caller)
        case "sts":
            yield from _sts(call)
        case _:
            yield from _named(action, call, caller)


def _existing_action(action: str) -> str:
    if reference.action(action) is None:
        raise UnmappedError(f"{action} is not in the service authorization reference")
    return action


def _sts(call: Call) -> Iterator[Need]:
    role = call.parameters.get("RoleArn")
    context = tagging.context(tagging.requested(call.parameters))
    if external := call.parameters.get("ExternalId"):
        context["sts:ExternalId"] = external
    if name := call.parameters.get("RoleSessionName"):
        context["sts:RoleSessionName"] = name
    yield Need(action=f"sts:{call.operation}", resource=str(role), context=context)


def _named(action: str, call: Call, caller: str) -> Iterator[Need]:
    """A service whose resources the tables name."""
    service = action.partition(":")[0]
    parameters = call.parameters
    creates = call.operation.startswith(("Create", "Register"))
    context = {**tagging.context(tagging.requested(parameters)), **tagging.removed(parameters)}
    if service == "ecs":
        context |= _ecs_context(parameters, call.region, caller)
    if service == "iam" and "PermissionsBoundary" in parameters:
        context["iam:PermissionsBoundary"] = parameters["PermissionsBoundary"]
    if service == "iam" and "PolicyArn" in parameters and "RoleName" in parameters:
        context["iam:PolicyARN"] = parameters["PolicyArn"]
    if service == "iam" and "AWSServiceName" in parameters:
        context["iam:AWSServiceName"] = parameters["AWSServiceName"]
    for target in resources.targets(action, parameters, region=call.region, account=caller):
        yield Need(action=_existing_action(action), resource=target.arn, context=context, is_new=creates)


def _ecs_context(parameters: Parameters, region: str, caller: str) -> dict[str, Any]:
    """ECS's own condition keys.

    Source: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonelasticcontainerservice.html
    """
    cluster = parameters.get("cluster")
    context: dict[str, Any] = {}
    if cluster:
        context["ecs:cluster"] = reference.arn("ecs", "cluster", cluster, region=region, account=caller)
    if definition := parameters.get("taskDefinition"):
        context["ecs:task-definition"] = definition
    if "enableExecuteCommand" in parameters:
        context["ecs:enable-execute-command"] = str(parameters["enableExecuteCommand"]).lower()
    return context


def _ec2(call: Call, caller: str) -> Iterator[Need]:
    """Each resource of the call by itself; tags of what is new need ec2:CreateTags on it, with ec2:CreateAction.

    Source: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/supported-iam-actions-tagging.html
    """
    parameters = call.parameters
    direct = {
        "CreateTags": {t.get("Key", ""): t.get("Value", "") for t in parameters.get("Tags", [])},
        "DeleteTags": {t.get("Key", ""): t.get("Value", "") for t in parameters.get("Tags", [])},
    }.get(call.operation, {})
    for target in ec2.targets(call.operation, parameters, region=call.region, account=caller):
        tags = ec2.request_tags(parameters, target.type) if target.is_new else {}
        context = {"ec2:Region": call.region, **tagging.context(tags or direct)}
        if service := parameters.get("ServiceName"):
            context["ec2:VpceServiceName"] = service
        need = Need(
            action=_existing_action(f"ec2:{call.operation}"), resource=target.arn, context=context, is_new=target.is_new
        )
        yield need
        if tags:
            yield Need(
                action="ec2:CreateTags",
                resource=target.arn,
                context={**context, "ec2:CreateAction": call.operation},
                is_new=True,
                because="tags given at creation",
            )


__all__ = ["Need", "UnmappedError", "needs"]
