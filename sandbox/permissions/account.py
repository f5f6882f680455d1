"""What the emulated account knows of its resources: owner, tags, policies and keys, read from moto's backends."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from moto.core.base_backend import BackendDict
from moto.dynamodb.models import dynamodb_backends
from moto.ec2.models import ec2_backends
from moto.ecr.models import ecr_backends
from moto.ecs.models import ecs_backends
from moto.events.models import events_backends
from moto.iam.models import iam_backends
from moto.kms.models import kms_backends
from moto.kms.utils import _deserialize_ciphertext_blob
from moto.logs.models import logs_backends
from moto.s3.models import s3_backends
from moto.scheduler.models import scheduler_backends
from moto.secretsmanager.models import secretsmanager_backends
from moto.sns.models import sns_backends
from moto.sqs.models import sqs_backends
from moto.stepfunctions.models import stepfunctions_backends

from sandbox.permissions.evaluator import Policy

DEFAULT: Final = "123456789012"
"""The account that requests belong to when their access key says no other."""
PARTITION: Final = "aws"

Tags = Mapping[str, str]


def _backend(backends: BackendDict[Any], account: str, region: str = PARTITION) -> Any:
    return backends[account][region]


def parts(arn: str) -> tuple[str, str, str, str]:
    """Service, region, account and resource of an ARN; all empty for `*`."""
    split = arn.split(":", 5)
    return (split[2], split[3], split[4], split[5]) if len(split) == 6 else ("", "", "", "")


def owner(arn: str, caller: str) -> str:
    """The account that the resource belongs to; what does not exist belongs to the caller.

    Resources that AWS itself owns, such as its prefix lists, may be read by every account, and count as the caller's.
    """
    service, _, account, resource = parts(arn)
    if service == "s3":
        return str(s3_backends.bucket_accounts.get(resource.partition("/")[0], ("", caller))[1])
    return account if account not in ("", "aws") else caller


def key_arn(key: str, *, region: str, account: str) -> str | None:
    """The ARN of the key that an id, an ARN or an alias names; None when there is none."""
    if key.startswith("arn:"):
        _, region, account, key = parts(key)
    backend = _backend(kms_backends, account, region)
    key = key.removeprefix("key/")
    if key.startswith("alias/"):
        found = next((k for k in list(backend.keys.values()) if key in k.aliases), None)
    else:
        found = backend.keys.get(key)
    return str(found.arn) if found else None


def key_of_ciphertext(ciphertext: bytes) -> str:
    """The id of the key that something was encrypted with."""
    return str(_deserialize_ciphertext_blob(ciphertext).key_id)


def aliases(arn: str) -> list[str]:
    """The aliases of a key."""
    _, region, account, resource = parts(arn)
    key = _backend(kms_backends, account, region).keys.get(resource.removeprefix("key/"))
    return sorted(key.aliases) if key else []


def bucket(name: str) -> Any | None:
    """moto's bucket of this name, whoever owns it."""
    if name not in s3_backends.bucket_accounts:
        return None
    partition, account = s3_backends.bucket_accounts[name]
    return s3_backends[account][partition].buckets.get(name)


def bucket_key(name: str) -> tuple[str, bool] | None:
    """The KMS key that new objects of the bucket are encrypted with by default, and whether a bucket key is used."""
    found = bucket(name)
    rules = (found.encryption or {}).get("Rule") if found else None
    rule = rules[0] if isinstance(rules, list) else rules
    default = (rule or {}).get("ApplyServerSideEncryptionByDefault") or {}
    key = default.get("KMSMasterKeyID")
    return (key, str((rule or {}).get("BucketKeyEnabled", "")).lower() == "true") if key else None


def topic(region: str, account: str, name: str) -> Any | None:
    """moto's topic of this name."""
    return _backend(sns_backends, account, region).topics.get(f"arn:aws:sns:{region}:{account}:{name}")


def queue(region: str, account: str, name: str) -> Any | None:
    """moto's queue of this name."""
    return _backend(sqs_backends, account, region).queues.get(name)


def table(region: str, account: str, name: str) -> Any | None:
    """moto's table of this name."""
    return _backend(dynamodb_backends, account, region).tables.get(name)


def secret(region: str, account: str, resource: str) -> Any | None:
    """moto's secret by the resource part of its ARN, or by that without the six characters that AWS appends."""
    secrets = _backend(secretsmanager_backends, account, region).secrets
    name = resource.removeprefix("secret:")
    return next((s for s in list(secrets.values()) if s.arn.endswith(f":{resource}") or s.name == name), None)


def _listed(tags: Any) -> Tags:
    """Tags in whichever of the forms services use."""
    if isinstance(tags, Mapping):
        return {str(key): str(value) for key, value in tags.items()}
    return {str(tag.get("Key", tag.get("key"))): str(tag.get("Value", tag.get("value", ""))) for tag in tags or []}


def _ec2_tags(region: str, account: str, resource: str) -> Tags:
    return _listed(_backend(ec2_backends, account, region).tags.get(resource.rpartition("/")[2], {}))


def _kms_tags(region: str, account: str, resource: str) -> Tags:
    backend = _backend(kms_backends, account, region)
    return _listed(backend.tagger.get_tag_dict_for_resource(resource.removeprefix("key/")))


def _iam_tags(region: str, account: str, resource: str) -> Tags:
    kind, _, path = resource.partition("/")
    backend = _backend(iam_backends, account)
    if kind == "role":
        role = next((r for r in list(backend.roles.values()) if r.name == path.rpartition("/")[2]), None)
        return _listed(role.tags if role else {})
    return {}


def _ecs_tags(region: str, account: str, resource: str) -> Tags:
    backend = _backend(ecs_backends, account, region)
    kind, _, name = resource.partition("/")
    if kind == "cluster":
        found = backend.clusters.get(name)
    elif kind == "service":
        found = next((s for s in list(backend.services.values()) if s.arn.endswith(resource)), None)
    elif kind == "task-definition":
        family, _, revision = name.partition(":")
        found = backend.task_definitions.get(family, {}).get(int(revision) if revision.isdigit() else -1)
    else:
        found = None
    return _listed(found.tags if found else {})


def _sqs_tags(region: str, account: str, resource: str) -> Tags:
    found = queue(region, account, resource)
    return _listed(found.tags if found else {})


def _sns_tags(region: str, account: str, resource: str) -> Tags:
    found = topic(region, account, resource)
    return _listed(found._tags if found else {})


def _ecr_tags(region: str, account: str, resource: str) -> Tags:
    arn = f"arn:aws:ecr:{region}:{account}:{resource}"
    return _listed(_backend(ecr_backends, account, region).tagger.get_tag_dict_for_resource(arn))


def _dynamodb_tags(region: str, account: str, resource: str) -> Tags:
    found = table(region, account, resource.split("/")[1])
    return _listed(found.tags if found else {})


def _tagger(backends: BackendDict[Any]) -> Callable[[str, str, str], Tags]:
    def tags(region: str, account: str, resource: str) -> Tags:
        service = {"events": "events", "logs": "logs", "states": "states", "scheduler": "scheduler"}
        name = next(s for s in service if backends is _TAGGERS[s])
        arn = f"arn:aws:{name}:{region}:{account}:{resource.partition(':log-stream:')[0]}"
        return _listed(_backend(backends, account, region).tagger.get_tag_dict_for_resource(arn))

    return tags


_TAGGERS: Final[Mapping[str, BackendDict[Any]]] = {
    "events": events_backends,
    "logs": logs_backends,
    "scheduler": scheduler_backends,
    "states": stepfunctions_backends,
}
_TAGS: Final[Mapping[str, Callable[[str, str, str], Tags]]] = {
    "dynamodb": _dynamodb_tags,
    "ec2": _ec2_tags,
    "ecr": _ecr_tags,
    "ecs": _ecs_tags,
    "iam": _iam_tags,
    "kms": _kms_tags,
    "sns": _sns_tags,
    "sqs": _sqs_tags,
    **{name: _tagger(backends) for name, backends in _TAGGERS.items()},
}


def tags(arn: str) -> Tags:
    """The tags of a resource as conditions see them; S3's buckets show none unless they are told to."""
    service, region, account, resource = parts(arn)
    read = _TAGS.get(service)
    if read is None or "*" in arn or (account in ("", "aws") and service != "iam"):
        return {}
    return read(region, account, resource)


def _document(value: Any) -> str | None:
    if not value:
        return None
    return value.decode() if isinstance(value, bytes) else value if isinstance(value, str) else json.dumps(value)


def _s3_policy(region: str, account: str, resource: str) -> str | None:
    found = bucket(resource.partition("/")[0])
    return _document(found.policy) if found else None


def _kms_policy(region: str, account: str, resource: str) -> str | None:
    key = _backend(kms_backends, account, region).keys.get(resource.removeprefix("key/"))
    return _document(key.policy) if key else None


def _sqs_policy(region: str, account: str, resource: str) -> str | None:
    found = queue(region, account, resource)
    return _document(found.policy) if found else None


def _sns_policy(region: str, account: str, resource: str) -> str | None:
    found = topic(region, account, resource)
    return _document(found.policy) if found else None


def _ecr_policy(region: str, account: str, resource: str) -> str | None:
    repository = _backend(ecr_backends, account, region).repositories.get(resource.removeprefix("repository/"))
    return _document(repository.policy) if repository else None


def _logs_policy(region: str, account: str, resource: str) -> str | None:
    """All of the account's policies together: each speaks of the log groups that it names."""
    policies = _backend(logs_backends, account, region).resource_policies.values()
    statements = [s for policy in list(policies) for s in _statements(policy.policy_document)]
    return json.dumps({"Version": "2012-10-17", "Statement": statements}) if statements else None


def _events_policy(region: str, account: str, resource: str) -> str | None:
    kind, _, name = resource.partition("/")
    bus = _backend(events_backends, account, region).event_buses.get(name) if kind == "event-bus" else None
    return _document(bus.policy) if bus else None


def _role_trust(region: str, account: str, resource: str) -> str | None:
    role = next(
        (r for r in list(_backend(iam_backends, account).roles.values()) if r.arn.endswith(f":{resource}")),
        None,
    )
    return _document(role.assume_role_policy_document) if role else None


def _secret_policy(region: str, account: str, resource: str) -> str | None:
    found = secret(region, account, resource)
    return _document(getattr(found, "policy", None)) if found else None


def _statements(document: str) -> list[Any]:
    found = json.loads(document).get("Statement", [])
    return found if isinstance(found, list) else [found]


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


def resource_policy(action: str, arn: str) -> Policy | None:
    """The policy on the resource that has a say in `action`: of a role only its trust policy, and only when assumed."""
    service, region, account, resource = parts(arn)
    if service == "iam" and not action.startswith("sts:"):
        return None
    read = _POLICIES.get(service)
    document = read(region, account, resource) if read and "*" not in arn else None
    return Policy(arn, document) if document else None


def endpoint(identifier: str, *, account: str, region: str) -> Any | None:
    """moto's VPC endpoint of this id."""
    return _backend(ec2_backends, account, region).vpc_end_points.get(identifier)


def endpoint_of(vpc: str, service: str, *, account: str, region: str) -> Any | None:
    """The endpoint of the VPC for a service (`logs`, `ecr.api`)."""
    endpoints = _backend(ec2_backends, account, region).vpc_end_points.values()
    return next((e for e in list(endpoints) if e.vpc_id == vpc and e.service_name.endswith(f".{service}")), None)
