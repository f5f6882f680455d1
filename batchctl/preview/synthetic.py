"""What AWS would answer, made up: ids, ARNs and look-ups in AWS's form, for previews without AWS.

They are the same from run to run. Nothing here creates, checks or remembers anything.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import Any, Final

from conventions.zones import FARGATE

ACCOUNT: Final = "123456789012"

ZONES: Final[Mapping[str, int]] = {"us-east-1": 6, "us-west-2": 4, "ap-northeast-1": 3, "us-west-1": 2, "ca-west-1": 3}
"""Availability zones of regions that do not have three; every other region has three for a new account."""

Inputs = Mapping[str, Any]


def zones(region: str) -> list[str]:
    """The zones an account sees in `region`."""
    return [f"{region}{letter}" for letter in "abcdef"[: ZONES.get(region, 3)]]


def _zone_ids(region: str, count: int) -> list[str]:
    """`use1-az1`, … for `us-east-1`; zones without Fargate are not among those that a new account sees here."""
    area, *directions, number = region.split("-")
    prefix = area + "".join(part[0] + (part[5] if part[5:] in ("east", "west") else "") for part in directions) + number
    return sorted(FARGATE.get(region) or (f"{prefix}-az{n}" for n in range(1, count + 1)))[:count]


def lookup(token: str, args: Inputs, region: str) -> dict[str, Any] | None:
    """The answer to one of the look-ups that the program makes, None for any other."""
    answer = _LOOKUPS.get(token)
    return answer(args, region) if answer else None


def _availability_zones(args: Inputs, region: str) -> dict[str, Any]:
    names = zones(region)
    return {
        "id": region,
        "names": names,
        "zoneIds": _zone_ids(region, len(names)),
        "groupNames": [region],
        "state": "available",
    }


def _endpoint_service(args: Inputs, region: str) -> dict[str, Any]:
    return {"id": str(args.get("serviceName")), "availabilityZones": zones(region), "privateDnsName": "", "tags": {}}


def _prefix_list(args: Inputs, region: str) -> dict[str, Any]:
    name = str(args.get("name"))
    return {"id": f"pl-{_hash(name, 8)}", "name": name, "arn": "", "entries": [], "maxEntries": 0, "tags": {}}


def _connection(args: Inputs, region: str) -> dict[str, Any]:
    arn = str(args.get("arn"))
    return {"id": arn, "arn": arn, "name": "given", "connectionStatus": "AVAILABLE", "providerType": "GitHub"}


_LOOKUPS: Final[Mapping[str, Callable[[Inputs, str], dict[str, Any]]]] = {
    "aws:codestarconnections/getConnection:getConnection": _connection,
    "aws:ec2/getManagedPrefixList:getManagedPrefixList": _prefix_list,
    "aws:ec2/getVpcEndpointService:getVpcEndpointService": _endpoint_service,
    "aws:index/getAvailabilityZones:getAvailabilityZones": _availability_zones,
    "aws:index/getCallerIdentity:getCallerIdentity": lambda args, region: {
        "accountId": ACCOUNT,
        "arn": _arn("iam", region, "user/preview", regional=False),
        "id": ACCOUNT,
        "userId": "preview",
    },
    # a preview without a state: the stack was never up
    "pulumi:pulumi:readStackOutputs": lambda args, region: {"name": str(args.get("name")), "outputs": {}},
}


def outputs(token: str, name: str, inputs: Inputs, region: str) -> dict[str, Any]:
    """The id, ARN and further computed values of a new resource."""
    module, kind = token.split(":")[1].split("/", maxsplit=1)[0], token.split(":")[2]
    outputs = _MAKERS.get(f"{module}/{kind}", _plain)(f"{token}/{name}", inputs, region)
    return outputs


def _hash(text: str, length: int = 17) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:length]


def _partition(region: str) -> str:
    return "aws-us-gov" if region.startswith("us-gov-") else "aws"


def _arn(service: str, region: str, resource: str, *, regional: bool = True) -> str:
    return f"arn:{_partition(region)}:{service}:{region if regional else ''}:{ACCOUNT}:{resource}"


def _plain(key: str, inputs: Inputs, region: str) -> dict[str, Any]:
    service = key.split(":")[1].split("/", maxsplit=1)[0]
    return {"id": _hash(key), "arn": _arn(service, region, f"{key.rsplit('/', 1)[-1]}")}


def _ec2(prefix: str, resource: str) -> Callable[[str, Inputs, str], dict[str, Any]]:
    def make(key: str, inputs: Inputs, region: str) -> dict[str, Any]:
        identity = f"{prefix}-{_hash(key)}"
        return {"id": identity, "arn": _arn("ec2", region, f"{resource}/{identity}")}

    return make


def _endpoint(key: str, inputs: Inputs, region: str) -> dict[str, Any]:
    identity = _ec2("vpce", "vpc-endpoint")(key, inputs, region)
    if inputs.get("vpcEndpointType", "Gateway") != "Gateway":
        return identity
    return {**identity, "prefixListId": _prefix_list({"name": inputs.get("serviceName")}, region)["id"]}


def _named(
    service: str, pattern: str, *, name: str = "name", id_is: str = "name", regional: bool = True
) -> Callable[[str, Inputs, str], dict[str, Any]]:
    """A resource whose ARN follows from its name; its id is its name or its ARN."""

    def make(key: str, inputs: Inputs, region: str) -> dict[str, Any]:
        physical_name = str(inputs.get(name) or key.rsplit("/", 1)[-1])
        parts = {k: v for k, v in inputs.items() if isinstance(v, str)}
        resource = pattern.format_map(_Parts({**parts, "given": physical_name}))
        arn = _arn(service, region, resource, regional=regional)
        return {name: physical_name, "arn": arn, "id": arn if id_is == "arn" else physical_name}

    return make


class _Parts(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "unknown"


def _bucket(key: str, inputs: Inputs, region: str) -> dict[str, Any]:
    name = str(inputs.get("bucket") or _hash(key))
    return {
        "id": name,
        "bucket": name,
        "arn": f"arn:{_partition(region)}:s3:::{name}",
        "bucketRegionalDomainName": f"{name}.s3.{region}.amazonaws.com",
    }


def _key(key: str, inputs: Inputs, region: str) -> dict[str, Any]:
    h = _hash(key, 32)
    identity = f"{h[:8]}-{h[8:12]}-{h[12:16]}-{h[16:20]}-{h[20:32]}"
    return {"id": identity, "keyId": identity, "arn": _arn("kms", region, f"key/{identity}")}


def _repository(key: str, inputs: Inputs, region: str) -> dict[str, Any]:
    logical = key.rsplit("/", 1)[-1]
    name = str(inputs.get("name") or f"{logical}-{_hash(key, 7)}")  # as the provider names what has no name
    return {
        "id": name,
        **({} if inputs.get("name") else {"name": name}),
        "arn": _arn("ecr", region, f"repository/{name}"),
        "repositoryUrl": f"{ACCOUNT}.dkr.ecr.{region}.amazonaws.com/{name}",
        "registryId": ACCOUNT,
    }


def _task_definition(key: str, inputs: Inputs, region: str) -> dict[str, Any]:
    family = str(inputs.get("family"))
    arn = _arn("ecs", region, f"task-definition/{family}:1")
    return {"id": family, "arn": arn, "arnWithoutRevision": arn.rsplit(":", 1)[0], "revision": 1}


def _service(key: str, inputs: Inputs, region: str) -> dict[str, Any]:
    cluster = str(inputs.get("cluster")).rsplit("/", 1)[-1]
    arn = _arn("ecs", region, f"service/{cluster}/{inputs.get('name')}")
    return {"id": arn, "arn": arn}


def _queue(key: str, inputs: Inputs, region: str) -> dict[str, Any]:
    name = str(inputs.get("name") or key.rsplit("/", 1)[-1])
    url = f"https://sqs.{region}.amazonaws.com/{ACCOUNT}/{name}"
    return {"id": url, "url": url, "arn": _arn("sqs", region, name)}


def _parameter(key: str, inputs: Inputs, region: str) -> dict[str, Any]:
    name = str(inputs.get("name") or key.rsplit("/", 1)[-1])
    return {"id": name, "name": name, "arn": _arn("ssm", region, f"parameter/{name.removeprefix('/')}")}


def _provider(key: str, inputs: Inputs, region: str) -> dict[str, Any]:
    return {"id": _hash(key)}


_MAKERS: Final[Mapping[str, Callable[[str, Inputs, str], dict[str, Any]]]] = {
    "cloudwatch/EventRule": _named("events", "rule/{given}"),
    "cloudwatch/LogGroup": _named("logs", "log-group:{given}"),
    "cloudwatch/MetricAlarm": _named("cloudwatch", "alarm:{given}"),
    "codebuild/Project": _named("codebuild", "project/{given}", id_is="arn"),
    "codepipeline/Pipeline": _named("codepipeline", "{given}"),
    "dynamodb/Table": _named("dynamodb", "table/{given}"),
    "ec2/RouteTable": _ec2("rtb", "route-table"),
    "ec2/SecurityGroup": _ec2("sg", "security-group"),
    "ec2/Subnet": _ec2("subnet", "subnet"),
    "ec2/Vpc": _ec2("vpc", "vpc"),
    "ec2/VpcEndpoint": _endpoint,
    "ecr/Repository": _repository,
    "ecs/Cluster": _named("ecs", "cluster/{given}", id_is="arn"),
    "ecs/Service": _service,
    "ecs/TaskDefinition": _task_definition,
    "iam/Policy": _named("iam", "policy/{given}", id_is="arn", regional=False),
    "iam/Role": _named("iam", "role/{given}", regional=False),
    "kms/Key": _key,
    "s3/Bucket": _bucket,
    "scheduler/Schedule": _named("scheduler", "schedule/default/{given}"),
    "scheduler/ScheduleGroup": _named("scheduler", "schedule-group/{given}"),
    "sfn/StateMachine": _named("states", "stateMachine:{given}", id_is="arn"),
    "sns/Topic": _named("sns", "{given}", id_is="arn"),
    "sqs/Queue": _queue,
    "ssm/Parameter": _parameter,
}
