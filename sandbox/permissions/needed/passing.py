"""iam:PassRole: every role that a call hands over to a service.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from sandbox.permissions import account
from sandbox.permissions.needed.need import Need
from sandbox.permissions.needed.resources import UnmappedError

SERVICES: Final[Mapping[str, str]] = {
    "codebuild:CreateProject": "codebuild.amazonaws.com",
    "codebuild:UpdateProject": "codebuild.amazonaws.com",
    "codepipeline:CreatePipeline": "codepipeline.amazonaws.com",
    "codepipeline:UpdatePipeline": "codepipeline.amazonaws.com",
    "ec2:CreateFlowLogs": "vpc-flow-logs.amazonaws.com",
    "ecs:CreateService": "ecs.amazonaws.com",
    "ecs:RegisterTaskDefinition": "ecs-tasks.amazonaws.com",
    "ecs:RunTask": "ecs-tasks.amazonaws.com",
    "events:PutRule": "events.amazonaws.com",
    "events:PutTargets": "events.amazonaws.com",
    "logs:PutSubscriptionFilter": "logs.amazonaws.com",
    "s3:PutBucketReplication": "s3.amazonaws.com",
    "scheduler:CreateSchedule": "scheduler.amazonaws.com",
    "scheduler:UpdateSchedule": "scheduler.amazonaws.com",
    "sns:SetTopicAttributes": "sns.amazonaws.com",
    "states:CreateStateMachine": "states.amazonaws.com",
    "states:UpdateStateMachine": "states.amazonaws.com",
}
"""Call to the service that it hands roles to (`iam:PassedToService`)."""

SPEAKS_OF_ROLES: Final = ("iam", "sts", "kms")
"""Services whose requests name roles without handing them over: as what is managed, or as a grantee."""

_ROLE: Final = re.compile(r"arn:[^:]+:iam::\d{12}:role/[\w+=,.@/-]+")


_STARTS: Final = ("RunTask", "StartTask")


def needs(service: str, operation: str, parameters: Mapping[str, Any], *, region: str, caller: str) -> Iterator[Need]:
    """One permission a role that the request hands over; raises UnmappedError where no table says to whom."""
    if service in SPEAKS_OF_ROLES:
        return
    passed = SERVICES.get(f"{service}:{operation}")
    roles = set(_roles(parameters))
    if service == "ecs" and operation in _STARTS:
        roles |= _of_task(parameters, region, caller)
    for role in sorted(roles):
        if passed is None:
            raise UnmappedError(f"no table says to which service {service}:{operation} hands {role}")
        yield Need(
            action="iam:PassRole",
            resource=role,
            context={"iam:PassedToService": passed},
            because=f"the role is handed to {passed}",
        )


def _of_task(parameters: Mapping[str, Any], region: str, caller: str) -> set[str]:
    """The roles of the task definition, where the request has no others for them.

    Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/security_iam_id-based-policy-examples.html
    """
    named = account.roles_of_definition(str(parameters.get("taskDefinition", "")), region=region, account=caller)
    instead = {"task": "taskRoleArn", "execution": "executionRoleArn"}
    overrides = parameters.get("overrides") or {}
    return {role for kind, role in named.items() if not overrides.get(instead[kind])}


def _roles(value: Any) -> Iterator[str]:
    """Values that are the ARN of a role, and not documents that mention one."""
    if isinstance(value, str):
        if _ROLE.fullmatch(value):
            yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _roles(item)
    elif isinstance(value, list):
        for item in value:
            yield from _roles(item)
