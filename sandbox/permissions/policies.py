"""The policies on the account's resources: of buckets, keys, queues, topics, repositories, log groups, buses, roles."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from moto.ecr.models import ecr_backends
from moto.events.models import events_backends
from moto.iam.models import iam_backends
from moto.kms.models import kms_backends
from moto.logs.models import logs_backends

from sandbox.permissions.account import backend, bucket, parts, queue, secret, topic
from sandbox.permissions.evaluator import Policy


def _document(value: Any) -> str | None:
    if not value:
        return None
    return value.decode() if isinstance(value, bytes) else value if isinstance(value, str) else json.dumps(value)


def _s3_policy(region: str, account: str, resource: str) -> str | None:
    owned = bucket(resource.partition("/")[0])
    return _document(owned.policy) if owned else None


def _kms_policy(region: str, account: str, resource: str) -> str | None:
    key = backend(kms_backends, account, region).keys.get(resource.removeprefix("key/"))
    return _document(key.policy) if key else None


def _sqs_policy(region: str, account: str, resource: str) -> str | None:
    owned = queue(region, account, resource)
    return _document(owned.policy) if owned else None


def _sns_policy(region: str, account: str, resource: str) -> str | None:
    owned = topic(region, account, resource)
    return _document(owned.policy) if owned else None


def _ecr_policy(region: str, account: str, resource: str) -> str | None:
    repository = backend(ecr_backends, account, region).repositories.get(resource.removeprefix("repository/"))
    return _document(repository.policy) if repository else None


def _logs_policy(region: str, account: str, resource: str) -> str | None:
    """All of the account's policies together: each speaks of the log groups that it names."""
    policies = backend(logs_backends, account, region).resource_policies.values()
    statements = [s for policy in list(policies) for s in _statements(policy.policy_document)]
    return json.dumps({"Version": "2012-10-17", "Statement": statements}) if statements else None


def _events_policy(region: str, account: str, resource: str) -> str | None:
    kind, _, name = resource.partition("/")
    bus = backend(events_backends, account, region).event_buses.get(name) if kind == "event-bus" else None
    return _document(bus.policy) if bus else None


def _role_trust(region: str, account: str, resource: str) -> str | None:
    role = next(
        (r for r in list(backend(iam_backends, account).roles.values()) if r.arn.endswith(f":{resource}")),
        None,
    )
    return _document(role.assume_role_policy_document) if role else None


def _secret_policy(region: str, account: str, resource: str) -> str | None:
    owned = secret(region, account, resource)
    return _document(getattr(owned, "policy", None)) if owned else None


def _statements(document: str) -> list[Any]:
    statements = json.loads(document).get("Statement", [])
    return statements if isinstance(statements, list) else [statements]


_POLICIES: Final[Mapping[str, Callable[[str, str, str], str | None]]] = {
    "ecr": _ecr_policy,
    "events": _events_policy,
    "iam": _role_trust,
    "kms": _kms_policy,
    "logs": _logs_policy,
    "s3": _s3_policy,
    "secretsmanager": _secret_policy,
    "sns": _sns_policy,
    "sqs": _sqs_policy,
}


def on(action: str, arn: str) -> Policy | None:
    """The policy on the resource that has a say in `action`: of a role only its trust policy, and only when assumed."""
    service, region, account, resource = parts(arn)
    if service == "iam" and not action.startswith("sts:"):
        return None
    read = _POLICIES.get(service)
    document = read(region, account, resource) if read and "*" not in arn else None
    return Policy(arn, document) if document else None
