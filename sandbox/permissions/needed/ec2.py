"""EC2's calls act on several resources at once, each of which is judged by itself with its own condition keys.

Source: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/iam-policies-for-amazon-ec2.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from sandbox.permissions import account as account_state
from sandbox.permissions.needed import reference
from sandbox.permissions.needed.resources import NEW, Target, UnmappedError

Tags = dict[str, str]

_TYPE_OF_ID: Final[Mapping[str, str]] = {
    "acl": "network-acl",
    "dopt": "dhcp-options",
    "eipalloc": "elastic-ip",
    "eni": "network-interface",
    "fl": "vpc-flow-log",
    "i": "instance",
    "igw": "internet-gateway",
    "nat": "natgateway",
    "pcx": "vpc-peering-connection",
    "pl": "prefix-list",
    "rtb": "route-table",
    "sg": "security-group",
    "sgr": "security-group-rule",
    "subnet": "subnet",
    "vpc": "vpc",
    "vpce": "vpc-endpoint",
}
"""Prefix of an id to the resource type."""

CREATED: Final[Mapping[str, str]] = {
    "AllocateAddress": "elastic-ip",
    "CreateFlowLogs": "vpc-flow-log",
    "CreateInternetGateway": "internet-gateway",
    "CreateNatGateway": "natgateway",
    "CreateNetworkInterface": "network-interface",
    "CreateRouteTable": "route-table",
    "CreateSecurityGroup": "security-group",
    "CreateSubnet": "subnet",
    "CreateVpc": "vpc",
    "CreateVpcEndpoint": "vpc-endpoint",
}
"""Operation to the type of what it makes."""

_REFERRED: Final = frozenset({"IpPermissions", "IpPermissionsList", "Filters", "TagSpecifications"})
"""Members whose ids are not acted on, but referred to."""


def targets(operation: str, parameters: Mapping[str, Any], *, region: str, account: str) -> list[Target]:
    """The resources that the operation acts on; raises UnmappedError where they cannot be told."""
    authorized_action = reference.action(f"ec2:{operation}")
    if authorized_action is None:
        raise UnmappedError(f"ec2:{operation} is not in the service authorization reference")
    if not authorized_action.resource_types:
        return [Target("*")]

    def target(kind: str, name: str) -> Target:
        owner = "aws" if kind == "prefix-list" else account
        return Target(f"arn:aws:ec2:{region}:{owner}:{kind}/{name}", kind, name == NEW)

    acted_on = [target(CREATED[operation], f"{_prefix(CREATED[operation])}-{NEW}")] if operation in CREATED else []
    acted_on = [Target(t.arn, t.type, is_new=True) for t in acted_on]
    for kind in _specified(parameters):
        created = target(kind, f"{_prefix(kind)}-{NEW}")
        if kind in authorized_action.resource_types and kind != CREATED.get(operation):
            acted_on.append(Target(created.arn, kind, is_new=True))
    for value in _joined(_ids(parameters), region, account):
        type_of = _TYPE_OF_ID.get(value.partition("-")[0])
        if type_of and type_of in authorized_action.resource_types:
            acted_on.append(target(type_of, value))
    if not acted_on:
        raise UnmappedError(f"no table names the resources of ec2:{operation}; it was asked with {sorted(parameters)}")
    return list(dict.fromkeys(acted_on))


def request_tags(parameters: Mapping[str, Any], kind: str) -> Tags:
    """The tags that the request gives to what it makes of this type."""
    return {
        tag.get("Key", ""): tag.get("Value", "")
        for specification in parameters.get("TagSpecifications", [])
        if specification.get("ResourceType") == kind
        for tag in specification.get("Tags", [])
    }


def _joined(ids: Iterable[str], region: str, owner: str) -> Iterator[str]:
    """The ids, with what it joins in the place of an association; one that is not there counts as a route table."""
    for value in ids:
        if value.startswith("rtbassoc-"):
            ends = account_state.ends_of_association(value, account=owner, region=region)
            yield from ends or [value.replace("rtbassoc-", "rtb-")]
        else:
            yield value


def _specified(parameters: Mapping[str, Any]) -> list[str]:
    return [s["ResourceType"] for s in parameters.get("TagSpecifications", []) if s.get("Tags")]


def _prefix(kind: str) -> str:
    return next((prefix for prefix, of in _TYPE_OF_ID.items() if of == kind), kind)


def _ids(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from _ids(item)
    elif isinstance(value, Mapping):
        for name, item in value.items():
            if name not in _REFERRED:
                yield from _ids(item)
