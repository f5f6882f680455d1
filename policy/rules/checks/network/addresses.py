"""Rules about routes, addresses and security groups. Endpoints have their own module (`endpoints.py`)."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from typing import Any, Final

from ...graph import Known, Resource, Unknown, kinds, members, read, value
from ...graph.groups import group_rules
from ...graph.launches import run_task_states
from ...rule import Kind, Problem, Severity, View, rule
from ...settings import Settings

_GUIDE: Final = "https://docs.aws.amazon.com/vpc/latest/userguide"


@rule(
    "subnets-have-route-table",
    kinds.SUBNET,
    severity=Severity.HIGH,
    fix="Give the subnet exactly one aws.ec2.RouteTableAssociation, so that its routes are stated and not inherited",
    url=f"{_GUIDE}/VPC_Route_Tables.html",
)
def subnets_have_route_table(subnet: Resource, view: View) -> Iterator[Problem]:
    """Each subnet has exactly one explicit route table association."""
    matching = view.graph.attached(subnet, "subnetId", kinds.ROUTE_ASSOCIATION)
    if not matching:
        yield Problem(
            message="no route table is associated, so it silently uses the VPC's main one", property="routeTableId"
        )
    elif len(matching) > 1:
        names = ", ".join(association.name for association in matching)
        yield Problem(
            message=f"{len(matching)} route table associations ({names}), AWS takes one", property="routeTableId"
        )


@rule(
    "no-eip-or-nat",
    kinds.EIP,
    kinds.NAT,
    kind=Kind.RESOURCE,
    severity=Severity.MEDIUM,
    fix="Reach AWS through VPC endpoints, or set allowNat in the configuration of this rule",
    url="https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html",
    tags=("cost",),
    settings=("allow_nat",),
)
def no_eip_or_nat(resource: Resource, view: View) -> Iterator[Problem]:
    """No elastic IP and no NAT gateway: the quota is five addresses a Region, a NAT costs about 32 USD a month."""
    if not view.settings.allow_nat:
        yield Problem(
            message="takes an address of the Region's five, or costs about 32 USD a month while nothing runs",
            property="type",
        )


_PUBLIC: Final = {
    kinds.SUBNET: "mapPublicIpOnLaunch",
    kinds.SERVICE: "networkConfiguration.assignPublicIp",
    kinds.EVENT_TARGET: "ecsTarget.networkConfiguration.assignPublicIp",
    kinds.SCHEDULE: "target.ecsParameters.networkConfiguration.assignPublicIp",
}


def _private(props: MutableMapping[str, Any], token: str, settings: Settings) -> bool:
    *way, last = _PUBLIC.get(token, "").split(".")
    at: Any = props
    for step in way:
        at = at[step] if step in set(at) else None
        if not hasattr(at, "__setitem__"):
            return False
    if not last or last not in set(at) or at[last] is False:
        return False
    at[last] = False
    return True


@rule(
    "no-public-address",
    *_PUBLIC,
    kinds.STATE_MACHINE,
    kind=Kind.RESOURCE,
    severity=Severity.CRITICAL,
    fix="Turn the public address off; tasks reach AWS through VPC endpoints",
    url="https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-task-networking.html",
    frameworks=("FSBP ECS.2", "FSBP EC2.15"),
    remedy=_private,
)
def no_public_address(resource: Resource, view: View) -> Iterator[Problem]:
    """No subnet, service or started task hands out a public address."""
    if resource.type == kinds.STATE_MACHINE:
        for name, _, arguments in run_task_states(value(resource, "definition")):
            if value(dict(arguments), "NetworkConfiguration.AwsvpcConfiguration.AssignPublicIp") == "ENABLED":
                yield Problem(message=f"state {name} runs its task with a public address", property="definition")
        return
    if value(resource, _PUBLIC[resource.type]) is True:
        yield Problem(message="hands out public addresses", property=_PUBLIC[resource.type])


_INLINE: Final = ("ingress", "egress")


@rule(
    "security-group-rules-unmixed",
    kinds.SECURITY_GROUP,
    severity=Severity.HIGH,
    fix="Write all its rules as separate resources (aws.vpc.SecurityGroupIngressRule and …EgressRule)",
    url="https://www.pulumi.com/registry/packages/aws/api-docs/ec2/securitygroup/",
)
def security_group_rules_unmixed(group: Resource, view: View) -> Iterator[Problem]:
    """A security group has inline rules or separate rule resources, never both: each update would undo the other."""
    separate = view.graph.attached(group, "securityGroupId", kinds.GROUP_RULE, kinds.GROUP_INGRESS, kinds.GROUP_EGRESS)
    if not separate:
        return
    for prop in _INLINE:
        match read(group, prop):
            case Known():
                yield Problem(message=f"inline {prop} rules beside {separate[0].name}", property=prop)
            case Unknown():
                yield Problem(message="", property=prop, undecided=True)


_STOCK_DESCRIPTIONS: Final = ("", "Managed by Pulumi", "Managed by Terraform")
_SHORTEST: Final = 12
"""Characters below which a description says nothing."""


@rule(
    "security-groups-documented",
    kinds.SECURITY_GROUP,
    severity=Severity.LOW,
    fix="Write what the group or rule is for; say 'outbound only' on a group that has no ingress rule by intent",
    url=f"{_GUIDE}/security-groups.html",
)
def security_groups_documented(group: Resource, view: View) -> Iterator[Problem]:
    """Each security group and rule says what it is for; a group without ingress says that this is meant."""
    description = str(value(group, "description", ""))
    if description in _STOCK_DESCRIPTIONS or len(description) < _SHORTEST:
        yield Problem(message="has no description of its own", property="description")
    rules = group_rules(view.graph, group)
    for one in rules:
        if len(str(value(one.source, one.description, ""))) < _SHORTEST:
            yield Problem(
                message=f"an {one.direction} rule has no description of {_SHORTEST} characters or more",
                property=one.description,
                resource=one.source,
            )
    egress_only = any(
        phrase in description.lower() for phrase in ("outbound only", "outbound-only", "egress only", "egress-only")
    )
    if not egress_only and not any(one.direction == "ingress" for one in rules):
        members(group, "ingress")
        yield Problem(
            message="has no ingress rule and does not say that outbound only is meant", property="description"
        )
