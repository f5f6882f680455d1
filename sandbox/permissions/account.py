"""What the emulated account knows of its resources: owner, tags, policies and keys, read from moto's backends."""

from __future__ import annotations

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

from sandbox.moto_gaps import TAGS_OF_SCALABLE_TARGETS

DEFAULT: Final = "123456789012"
"""The account that requests belong to when their access key says no other."""
PARTITION: Final = "aws"

Tags = Mapping[str, str]


def backend(backends: BackendDict[Any], account: str, region: str = PARTITION) -> Any:
    """moto's backend of a service for an account and region; services without regions have one for the partition."""
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
    holder = backend(kms_backends, account, region)
    key = key.removeprefix("key/")
    if key.startswith("alias/"):
        owned_key = next((k for k in list(holder.keys.values()) if key in k.aliases), None)
    else:
        owned_key = holder.keys.get(key)
    return str(owned_key.arn) if owned_key else None


def key_of_ciphertext(ciphertext: bytes) -> str:
    """The id of the key that something was encrypted with."""
    return str(_deserialize_ciphertext_blob(ciphertext).key_id)


def aliases(arn: str) -> list[str]:
    """The aliases of a key."""
    _, region, account, resource = parts(arn)
    key = backend(kms_backends, account, region).keys.get(resource.removeprefix("key/"))
    return sorted(key.aliases) if key else []


def bucket(name: str) -> Any | None:
    """moto's bucket of this name, whoever owns it."""
    if name not in s3_backends.bucket_accounts:
        return None
    partition, account = s3_backends.bucket_accounts[name]
    return s3_backends[account][partition].buckets.get(name)


def bucket_key(name: str) -> tuple[str, bool] | None:
    """The KMS key that new objects of the bucket are encrypted with by default, and whether a bucket key is used."""
    owned = bucket(name)
    rules = (owned.encryption or {}).get("Rule") if owned else None
    rule = rules[0] if isinstance(rules, list) else rules
    default = (rule or {}).get("ApplyServerSideEncryptionByDefault") or {}
    key = default.get("KMSMasterKeyID")
    return (key, str((rule or {}).get("BucketKeyEnabled", "")).lower() == "true") if key else None


def topic(region: str, account: str, name: str) -> Any | None:
    """moto's topic of this name."""
    return backend(sns_backends, account, region).topics.get(f"arn:aws:sns:{region}:{account}:{name}")


def queue(region: str, account: str, name: str) -> Any | None:
    """moto's queue of this name."""
    return backend(sqs_backends, account, region).queues.get(name)


def table(region: str, account: str, name: str) -> Any | None:
    """moto's table of this name."""
    return backend(dynamodb_backends, account, region).tables.get(name)


def secret(region: str, account: str, resource: str) -> Any | None:
    """moto's secret by the resource part of its ARN, or by that without the six characters that AWS appends."""
    secrets = backend(secretsmanager_backends, account, region).secrets
    name = resource.removeprefix("secret:")
    return next((s for s in list(secrets.values()) if s.arn.endswith(f":{resource}") or s.name == name), None)


def roles_of_definition(definition: str, *, region: str, account: str) -> dict[str, str]:
    """The roles that a task definition (`family`, `family:revision` or its ARN) names, by `task` and `execution`."""
    family, _, revision = definition.rpartition("/")[2].partition(":")
    revisions = backend(ecs_backends, account, region).task_definitions.get(family, {})
    task_definition = revisions.get(int(revision) if revision.isdigit() else max(revisions, default=0))
    attributes = {"task": "task_role_arn", "execution": "execution_role_arn"}
    named = {kind: getattr(task_definition, attribute, None) for kind, attribute in attributes.items()}
    return {kind: str(role) for kind, role in named.items() if role}


def _listed(tags: Any) -> Tags:
    """Tags in whichever of the forms services use."""
    if isinstance(tags, Mapping):
        return {str(key): str(value) for key, value in tags.items()}
    return {str(tag.get("Key", tag.get("key"))): str(tag.get("Value", tag.get("value", ""))) for tag in tags or []}


def _ec2_tags(region: str, account: str, resource: str) -> Tags:
    return _listed(backend(ec2_backends, account, region).tags.get(resource.rpartition("/")[2], {}))


def _kms_tags(region: str, account: str, resource: str) -> Tags:
    holder = backend(kms_backends, account, region)
    return _listed(holder.tagger.get_tag_dict_for_resource(resource.removeprefix("key/")))


def _iam_tags(region: str, account: str, resource: str) -> Tags:
    kind, _, path = resource.partition("/")
    holder = backend(iam_backends, account)
    if kind == "role":
        role = next((r for r in list(holder.roles.values()) if r.name == path.rpartition("/")[2]), None)
        return _listed(role.tags if role else {})
    return {}


def _ecs_tags(region: str, account: str, resource: str) -> Tags:
    holder = backend(ecs_backends, account, region)
    kind, _, name = resource.partition("/")
    if kind == "cluster":
        tagged = holder.clusters.get(name)
    elif kind == "service":
        tagged = next((s for s in list(holder.services.values()) if s.arn.endswith(resource)), None)
    elif kind == "task-definition":
        family, _, revision = name.partition(":")
        tagged = holder.task_definitions.get(family, {}).get(int(revision) if revision.isdigit() else -1)
    else:
        tagged = None
    return _listed(tagged.tags if tagged else {})


def _sqs_tags(region: str, account: str, resource: str) -> Tags:
    owned = queue(region, account, resource)
    return _listed(owned.tags if owned else {})


def _sns_tags(region: str, account: str, resource: str) -> Tags:
    owned = topic(region, account, resource)
    return _listed(owned._tags if owned else {})


def _ecr_tags(region: str, account: str, resource: str) -> Tags:
    arn = f"arn:aws:ecr:{region}:{account}:{resource}"
    return _listed(backend(ecr_backends, account, region).tagger.get_tag_dict_for_resource(arn))


def _scalable_target_tags(region: str, account: str, resource: str) -> Tags:
    return TAGS_OF_SCALABLE_TARGETS.get(f"arn:aws:application-autoscaling:{region}:{account}:{resource}", {})


def _dynamodb_tags(region: str, account: str, resource: str) -> Tags:
    owned = table(region, account, resource.split("/")[1])
    return _listed(owned.tags if owned else {})


def _tagger(backends: BackendDict[Any]) -> Callable[[str, str, str], Tags]:
    def tags(region: str, account: str, resource: str) -> Tags:
        service = {"events": "events", "logs": "logs", "states": "states", "scheduler": "scheduler"}
        name = next(s for s in service if backends is _TAGGERS[s])
        arn = f"arn:aws:{name}:{region}:{account}:{resource.partition(':log-stream:')[0]}"
        return _listed(backend(backends, account, region).tagger.get_tag_dict_for_resource(arn))

    return tags


_TAGGERS: Final[Mapping[str, BackendDict[Any]]] = {
    "events": events_backends,
    "logs": logs_backends,
    "scheduler": scheduler_backends,
    "states": stepfunctions_backends,
}
_TAGS: Final[Mapping[str, Callable[[str, str, str], Tags]]] = {
    "application-autoscaling": _scalable_target_tags,
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


def ends_of_association(identifier: str, *, account: str, region: str) -> list[str]:
    """The ids of the route table and of the subnet or gateway that an association joins; empty where there is none."""
    joined = [
        association
        for table in list(backend(ec2_backends, account, region).route_tables.values())
        for association in table.associations
        if association["RouteTableAssociationId"] == identifier
    ]
    ends = ("RouteTableId", "SubnetId", "GatewayId")
    return [association[end] for association in joined for end in ends if end in association]


def endpoint(identifier: str, *, account: str, region: str) -> Any | None:
    """moto's VPC endpoint of this id."""
    return backend(ec2_backends, account, region).vpc_end_points.get(identifier)


def endpoint_of(vpc: str, service: str, *, account: str, region: str) -> Any | None:
    """The endpoint of the VPC for a service (`logs`, `ecr.api`)."""
    endpoints = backend(ec2_backends, account, region).vpc_end_points.values()
    return next((e for e in list(endpoints) if e.vpc_id == vpc and e.service_name.endswith(f".{service}")), None)
