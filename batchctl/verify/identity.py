"""The keys and the roles (FR-T4, FR-T6): key policies, trust policies and permissions as they really are.

Documents are read; no request is simulated.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Final

from conventions import endpoint_services, iam

from .model import Claim, Deployment, Subject
from .registry import check, listed, single, statements

_KEYS = single("dataKeyArn", "logsKeyArn", "messagesKeyArn")

VERSION: Final = "2012-10-17"
ANY_RESOURCE: Final = frozenset({"ecr:GetAuthorizationToken"})
"""What a job's roles may do to everything, because AWS knows no narrower form of it."""
ANY_RESOURCE_IN_SESSIONS: Final = frozenset({*endpoint_services.OPTIONAL["ssmmessages"], "logs:DescribeLogGroups"})
"""The same where people may open sessions in its tasks."""


@check("FR-T4", _KEYS)
def key(it: Subject) -> Iterator[Claim]:
    """The key is in use and not on its way out."""
    metadata = it.aws("kms").describe_key(KeyId=it.name)["KeyMetadata"]
    yield it.equals("state", metadata.get("KeyState"), "Enabled")
    yield it.equals("manager", metadata.get("KeyManager"), "CUSTOMER")


@check("FR-T4", _KEYS)
def rotation(it: Subject) -> Iterator[Claim]:
    """The key rotates."""
    yield it.equals("rotation", it.aws("kms").get_key_rotation_status(KeyId=it.name)["KeyRotationEnabled"], True)


@check("FR-T4", _KEYS)
def key_policy(it: Subject) -> Iterator[Claim]:
    """The key policy names who may use the key: this account and AWS services under a condition."""
    policy = json.loads(it.aws("kms").get_key_policy(KeyId=it.name, PolicyName="default")["Policy"])
    yield it.equals("version", policy.get("Version"), VERSION)
    senders = set(it.settings.data.senders) if it.settings and it.key == "dataKeyArn" else set()
    strangers = [entry for entry in statements(policy) if not _known_user(entry, it.outputs.account, senders)]
    yield Claim("only this account, senders and services under a condition use it", not strangers, strangers)


def _known_user(entry: dict[str, Any], account: str, senders: set[str]) -> bool:
    if entry["Effect"] == "Deny":
        return True
    principal = entry["Principal"]
    if not isinstance(principal, dict):
        return False
    users = {str(arn) for arn in listed(principal.get("AWS", []))}
    if users and users <= senders:
        return bool(entry.get("Condition"))
    same_account = all(account in arn.split(":") for arn in users)
    return same_account and ("Service" not in principal or bool(entry.get("Condition")))


@check(
    "FR-T4",
    lambda deployed: {
        "nightly": deployed.outputs.text("stateMachineArn"),
        **deployed.outputs.by_key("monitorStateMachineArns"),
    },
)
def state_machine_key(it: Subject) -> Iterator[Claim]:
    """Definition and executions are under the key that the settings name."""
    described = it.aws("stepfunctions").describe_state_machine(stateMachineArn=it.name)
    configuration = described.get("encryptionConfiguration") or {}
    if it.settings:
        own_key = "state-machines" in it.settings.platform.customer_keys
        expected = it.outputs.text("dataKeyArn") if own_key else None
        yield it.equals("the key of executions", configuration.get("kmsKeyId"), expected)


def _roles(deployed: Deployment) -> dict[str, str]:
    """Every role named as the stack names its roles, and those in the outputs, whether they are there or not."""
    named = {
        f"{job}/{output}": arn.rpartition("/")[2]
        for output in ("taskRoleArns", "executionRoleArns")
        for job, arn in deployed.outputs.by_key(output).items()
    }
    pattern = re.compile(rf"role-.+-{re.escape(deployed.outputs.stack)}")
    everybody = [role["RoleName"] for role in deployed.aws.pages("iam", "list_roles", "Roles")]
    output_roles = set(named.values())
    return named | {name: name for name in everybody if pattern.fullmatch(name) and name not in output_roles}


@check("FR-T6", _roles)
def trust(it: Subject) -> Iterator[Claim]:
    """Only named services assume the role, for resources of this account."""
    role = it.aws("iam").get_role(RoleName=it.name)["Role"]
    document: dict[str, Any] = role["AssumeRolePolicyDocument"]
    yield it.equals("version of the trust policy", document.get("Version"), VERSION)
    loose = [entry for entry in statements(document) if not _confined(entry)]
    yield Claim("it is assumed by a named service or provider, under a condition", not loose, loose)
    if it.settings and "/" in it.key:
        yield it.equals("its path", role.get("Path"), it.settings.platform.permissions_path)
        boundary = (role.get("PermissionsBoundary") or {}).get("PermissionsBoundaryArn")
        yield it.equals("its permissions boundary", boundary, it.settings.platform.permissions_boundary)
    if "/" in it.key:
        services = [entry["Principal"] for entry in statements(document)]
        yield it.equals("who assumes it", services, [{"Service": "ecs-tasks.amazonaws.com"}])


def _confined(entry: dict[str, Any]) -> bool:
    principal = entry["Principal"]
    return isinstance(principal, dict) and "AWS" not in principal and bool(entry.get("Condition"))


@check("FR-T6", _roles)
def permissions(it: Subject) -> Iterator[Claim]:
    """The role's own policies name their actions, and a job's role only resources of this stack."""
    iam = it.aws("iam")
    for name in iam.list_role_policies(RoleName=it.name)["PolicyNames"]:
        document = iam.get_role_policy(RoleName=it.name, PolicyName=name)["PolicyDocument"]
        yield it.equals(f"version of {name}", document.get("Version"), VERSION)
        allowed = [entry for entry in statements(document) if entry["Effect"] == "Allow"]
        wide = [action for entry in allowed for action in _actions(entry) if action.partition(":")[2] in ("", "*")]
        yield Claim(f"{name} allows no wildcard action", not wide and not _inverted(allowed), wide or allowed)
        if "/" in it.key:
            far = sorted({text for entry in allowed for text in _beyond(it, entry)})
            yield Claim(f"{name} reaches only its own resources", not far, far)


@check("FR-T6", _roles)
def attached(it: Subject) -> Iterator[Claim]:
    """No managed policy widens the role."""
    managed = it.aws("iam").list_attached_role_policies(RoleName=it.name)["AttachedPolicies"]
    names = [policy["PolicyName"] for policy in managed]
    yield Claim("no managed policy is attached", not names, names)


def _actions(entry: dict[str, Any]) -> list[str]:
    return [str(action) for action in listed(entry.get("Action", []))]


def _inverted(allowed: list[dict[str, Any]]) -> bool:
    """NotAction and NotResource allow everything but what they name."""
    return any("NotAction" in entry or "NotResource" in entry for entry in allowed)


def _beyond(it: Subject, entry: dict[str, Any]) -> Iterator[str]:
    """Resources that are neither this stack's nor a secret that the job's settings name."""
    job, outputs = it.key.partition("/")[0], it.outputs
    allowed = [outputs.text(name) for name in ("inputBucketArn", "outputBucketArn", "dataKeyArn", "messagesKeyArn")]
    allowed += [outputs.by_key("repositoryArns")[job], outputs.by_key("logGroupArns")[job]]
    allowed += [it.names.queue(job).arn, it.names.arn("ecs", f"task/{outputs.text('clusterName')}")]
    allowed += [arn for group, arn in outputs.by_key("logGroupArns").items() if group == "sessions"]
    settings = it.settings.jobs.get(job) if it.settings else None
    if settings and it.settings:
        allowed += [*map(iam.secret_arn, settings.secrets.values()), *settings.secret_key_arns]
        agent = it.settings.network.agent_account(outputs.region)
        allowed += [endpoint_services.agent_repository_arn(it.names, agent)] if agent else []
    for resource in map(str, listed(entry.get("Resource", []))):
        named = any(resource == arn or resource.startswith((f"{arn}/", f"{arn}:")) for arn in allowed)
        secret = settings is None and resource.split(":")[2:3] in (["secretsmanager"], ["ssm"])
        anything = ANY_RESOURCE | (ANY_RESOURCE_IN_SESSIONS if settings and settings.debug else set())
        if not named and not secret and not (resource == "*" and set(_actions(entry)) <= anything):
            yield f"{', '.join(_actions(entry))} on {resource}"
