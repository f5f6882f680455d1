"""Names, tags, and whether everything can be destroyed (FR-T11, FR-T12).

`retainOnDelete` is not seen here, because only the state knows it (`batchctl policy check-state`). Buckets that hold
objects while `platform.teardown` is false are no failure: that they stay is meant.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from .model import Claim, Deployment, Subject, object_lock_of, tags_of
from .registry import check, single, where

REQUIRED_TAGS: Final = ("Repository", "CommitAuthor", "PRNumber", "Team", "CreatedAt")
_NAMED: Final = (
    "clusterName",
    "dashboardName",
    "inputBucketName",
    "outputBucketName",
    "auditBucketName",
    "ledgerTableName",
    "stateMachineName",
)
_NAMED_BY_KEY: Final = ("serviceNames", "ruleNames", "scheduleNames", "alarmNames", "jobAlarmNames")
_KEYS: Final = {"data": "dataKeyArn", "logs": "logsKeyArn", "messages": "messagesKeyArn"}


def _names_of(deployed: Deployment) -> dict[str, str]:
    outputs = deployed.outputs
    several = {f"{name}/{key}": value for name in _NAMED_BY_KEY for key, value in outputs.by_key(name).items()}
    return {**{name: outputs.text(name) for name in _NAMED}, **several}


@check("FR-T11", _names_of)
def name(it: Subject) -> Iterator[Claim]:
    """The name is {type}-{purpose}-{suffix}."""
    pattern = rf"[a-z0-9]+-[a-z0-9-]+-{re.escape(it.outputs.stack)}"
    yield Claim("the name is {type}-{purpose}-{suffix}", bool(re.fullmatch(pattern, it.name)), it.name)


def _aliases(deployed: Deployment) -> dict[str, str]:
    return {output: f"alias/{deployed.names.name('key', purpose)}" for purpose, output in _KEYS.items()}


@check("FR-T11", _aliases)
def alias(it: Subject) -> Iterator[Claim]:
    """The key's readable name leads to the key."""
    aliases = it.aws.pages("kms", "list_aliases", "Aliases")
    targets = [entry.get("TargetKeyId") for entry in aliases if entry["AliasName"] == it.name]
    yield it.equals("the key behind it", targets, [it.outputs.text(it.key).rpartition("/")[2]])


def _in_network(deployed: Deployment) -> dict[str, str]:
    outputs = deployed.outputs
    ids = [outputs.text("vpcId"), *outputs.texts("privateSubnetIds"), *outputs.texts("routeTableIds")]
    return {identifier: identifier for identifier in (*ids, *outputs.by_key("endpointIds").values())}


@check("FR-T11", _in_network)
def network_tags(it: Subject) -> Iterator[Claim]:
    """What has no name of its own carries one as a tag, beside the required tags."""
    of_resource = [{"Name": "resource-id", "Values": [it.name]}]
    tags = tags_of(it.aws.pages("ec2", "describe_tags", "Tags", Filters=of_resource))
    named = tags.get("Name", "")
    yield Claim("its Name tag ends in the suffix", named.endswith(f"-{it.outputs.stack}"), named)
    yield _required(tags)


@check(
    "FR-T11",
    lambda deployed: {"cluster": deployed.outputs.text("clusterArn"), **deployed.outputs.by_key("serviceArns")},
)
def ecs_tags(it: Subject) -> Iterator[Claim]:
    """Cluster and services carry the required tags."""
    yield _required(tags_of(it.aws("ecs").list_tags_for_resource(resourceArn=it.name)["tags"]))


@check("FR-T11", single("inputBucketName", "outputBucketName", "auditBucketName"))
def bucket_tags(it: Subject) -> Iterator[Claim]:
    """The bucket carries the required tags."""
    yield _required(tags_of(it.aws("s3").get_bucket_tagging(Bucket=it.name)["TagSet"]))


def _required(tags: dict[str, str]) -> Claim:
    missing = [tag for tag in REQUIRED_TAGS if not tags.get(tag)]
    return Claim(f"the tags {', '.join(REQUIRED_TAGS)} are set", not missing, f"without {', '.join(missing)}")


@check("FR-T12", single("ledgerTableName"))
def table_protection(it: Subject) -> Iterator[Claim]:
    """Nothing protects the ledger from deletion, unless `platform.teardown` is false: then something does."""
    table = it.aws("dynamodb").describe_table(TableName=it.name)["Table"]
    expected, real = not it.outputs["teardown"], bool(table.get("DeletionProtectionEnabled"))
    yield Claim(
        f"deletion protection is {'on' if expected else 'off'}", expected == real, f"it is {'on' if real else 'off'}"
    )


def _may_go(deployed: Deployment) -> bool:
    return deployed.settings is None or deployed.settings.platform.teardown


@check("FR-T12", where(single("inputBucketName", "outputBucketName", "auditBucketName"), _may_go))
def can_be_emptied(it: Subject) -> Iterator[Claim]:
    """Where the stack may be torn down, no lock keeps objects that nobody may delete."""
    lock = object_lock_of(it)
    mode = ((lock.get("Rule") or {}).get("DefaultRetention") or {}).get("Mode")
    yield Claim("no lock is in compliance mode", mode != "COMPLIANCE", lock)


@check("FR-T12", single("vpcId"))
def only_own_resources_in_vpc(it: Subject) -> Iterator[Claim]:
    """Nothing in the VPC is foreign: AWS deletes no VPC that somebody else has put something into."""
    outputs, within = it.outputs, [{"Name": "vpc-id", "Values": [it.name]}]
    for operation, key, identifier, of_stack in (
        ("describe_subnets", "Subnets", "SubnetId", outputs.texts("privateSubnetIds")),
        ("describe_vpc_endpoints", "VpcEndpoints", "VpcEndpointId", list(outputs.by_key("endpointIds").values())),
        (
            "describe_security_groups",
            "SecurityGroups",
            "GroupId",
            [outputs.text("taskSecurityGroupId"), outputs.text("endpointSecurityGroupId")],
        ),
    ):
        entries = it.aws.pages("ec2", operation, key, Filters=within)
        foreign = [entry[identifier] for entry in entries if entry[identifier] not in of_stack and not _by_aws(entry)]
        yield Claim(f"no {key} are foreign", not foreign, foreign)


def _by_aws(entry: dict[str, Any]) -> bool:
    """The default group goes with its VPC."""
    return entry.get("GroupName") == "default"
