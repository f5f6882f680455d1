"""Network: the VPC, its subnets and routes, security groups, endpoints and flow logs."""

from __future__ import annotations

from typing import Final

from ...graph import kinds
from ..rows import DISTINCT, JSON, PRIVATE_RANGE, Table, exactly, free, holds, inside, maybe, named, refers, row, text

_VPC: Final = "https://docs.aws.amazon.com/vpc/latest/userguide"
_EC2: Final = "https://docs.aws.amazon.com/AWSEC2/latest/APIReference"

RULE_DESCRIPTION: Final = text(
    r"[a-zA-Z0-9. _\-:/()#,@\[\]+=&;{}!$*]{1,255}", "up to 255 of a-z A-Z 0-9 and . _-:/()#,@[]+=&;{}!$*"
)
"""What EC2 takes as a description of a group or of a rule: API_IpRange and API_CreateSecurityGroup."""

_GROUP_RULE: Final = (
    row("securityGroupId", refers(kinds.SECURITY_GROUP), "the rule belongs to a group of this stack"),
    row(
        "description",
        RULE_DESCRIPTION,
        "people read what a rule is for; EC2 refuses other characters",
        source=f"{_EC2}/API_IpRange.html",
    ),
    row("ipProtocol", exactly("tcp", "6"), "HTTPS is all that goes between tasks and endpoints"),
    row("fromPort", exactly(443), "HTTPS is all that goes between tasks and endpoints"),
    row("toPort", exactly(443), "HTTPS is all that goes between tasks and endpoints"),
    maybe("referencedSecurityGroupId", refers(kinds.SECURITY_GROUP), "the other side is a group of this stack"),
    maybe("cidrIpv4", inside("securityGroupId", "vpcId"), "nothing outside the VPC is reached by address"),
)

TABLES: Final = (
    Table(
        type=kinds.VPC,
        source=f"{_VPC}/configure-your-vpc.html",
        rows=(
            row("cidrBlock", PRIVATE_RANGE, "EC2 takes /16 to /28; a public range would be somebody else's"),
            maybe("enableDnsSupport", exactly(True), "without it no endpoint is found by its name"),
            row("enableDnsHostnames", exactly(True), "private DNS of endpoints needs it"),
            maybe("instanceTenancy", exactly("default"), "dedicated tenancy is paid for and used by nothing"),
        ),
    ),
    Table(
        type=kinds.SUBNET,
        source=f"{_VPC}/configure-subnets.html",
        rows=(
            row("vpcId", refers(kinds.VPC), "all subnets are of this stack's network"),
            row("cidrBlock", inside("vpcId"), "EC2 refuses a range outside the VPC's"),
            row(
                "availabilityZone",
                text(r"[a-z]{2}(-[a-z]+)+-\d[a-f]", "a zone such as us-east-1a"),
                "without one EC2 picks, and two subnets may share a zone",
            ),
            maybe("mapPublicIpOnLaunch", exactly(False), "nothing in a private subnet has a public address"),
        ),
    ),
    Table(
        type=kinds.ROUTE_TABLE,
        source=f"{_VPC}/VPC_Route_Tables.html",
        rows=(row("vpcId", refers(kinds.VPC), "all routes are of this stack's network"),),
    ),
    Table(
        type=kinds.ROUTE_ASSOCIATION,
        source=f"{_VPC}/VPC_Route_Tables.html",
        rows=(
            row("subnetId", refers(kinds.SUBNET), "a table serves a subnet of this stack"),
            row("routeTableId", refers(kinds.ROUTE_TABLE), "a subnet uses a table of this stack"),
        ),
    ),
    Table(
        type=kinds.SECURITY_GROUP,
        source=f"{_EC2}/API_CreateSecurityGroup.html",
        rows=(
            row("vpcId", refers(kinds.VPC), "the group is of this stack's network"),
            row("name", named("group"), "two environments share an account"),
            row("description", RULE_DESCRIPTION, "people read what a group is for; EC2 refuses other characters"),
            maybe("ingress", free(list), "inline rules are read as separate ones are (endpoint-group-admits-tasks)"),
            maybe("egress", free(list), "inline rules are read as separate ones are (endpoint-group-admits-tasks)"),
            maybe("revokeRulesOnDelete", free(bool), "only speeds up a destroy"),
        ),
    ),
    Table(type=kinds.GROUP_INGRESS, source=f"{_VPC}/security-group-rules.html", rows=_GROUP_RULE),
    Table(
        type=kinds.GROUP_EGRESS,
        source=f"{_VPC}/security-group-rules.html",
        rows=(
            *_GROUP_RULE,
            maybe(
                "prefixListId",
                text(r"pl-[0-9a-f]{8,17}", "an AWS-managed prefix list"),
                "S3's gateway is reached by its prefix list, which only a look-up knows",
            ),
        ),
    ),
    Table(
        type=kinds.GROUP_RULE,
        source=f"{_VPC}/security-group-rules.html",
        rows=(
            row("securityGroupId", refers(kinds.SECURITY_GROUP), "the rule belongs to a group of this stack"),
            row("type", exactly("ingress", "egress"), "which way the rule lets through"),
            row("protocol", exactly("tcp", "6"), "HTTPS is all that goes between tasks and endpoints"),
            row("fromPort", exactly(443), "HTTPS is all that goes between tasks and endpoints"),
            row("toPort", exactly(443), "HTTPS is all that goes between tasks and endpoints"),
            row("description", RULE_DESCRIPTION, "people read what a rule is for; EC2 refuses other characters"),
            maybe("sourceSecurityGroupId", refers(kinds.SECURITY_GROUP), "the other side is a group of this stack"),
            maybe("cidrBlocks[]", inside("securityGroupId", "vpcId"), "nothing outside the VPC is reached by address"),
            maybe("prefixListIds[]", text(r"pl-[0-9a-f]{8,17}", "an AWS-managed prefix list"), "S3's gateway"),
        ),
    ),
    Table(
        type=kinds.DEFAULT_SECURITY_GROUP,
        source=f"{_VPC}/default-security-group.html",
        rows=(
            row("vpcId", refers(kinds.VPC), "the group that EC2 makes with the VPC"),
            maybe("ingress", holds("empty", lambda value, at: value == []), "whoever forgets a group gets this one"),
            maybe("egress", holds("empty", lambda value, at: value == []), "whoever forgets a group gets this one"),
        ),
    ),
    Table(
        type=kinds.ENDPOINT,
        source="https://docs.aws.amazon.com/vpc/latest/privatelink/create-interface-endpoint.html",
        rows=(
            row("vpcId", refers(kinds.VPC), "tasks are in this network"),
            row(
                "serviceName",
                holds("a service of this Region that tasks use", lambda value, at: _endpoint(value, at)),
                "an endpoint to anything else is another way out",
            ),
            row("vpcEndpointType", exactly("Interface", "Gateway"), "the two kinds that AWS services are offered as"),
            row("policy", JSON, "the endpoint's own policy is judged as a document (iam-least-privilege)"),
            row(
                "subnetIds[]",
                refers(kinds.SUBNET),
                "its addresses are where tasks are",
                when=("vpcEndpointType", "Interface"),
            ),
            maybe("subnetIds", DISTINCT, "EC2 takes one subnet a zone"),
            row(
                "securityGroupIds[]",
                refers(kinds.SECURITY_GROUP),
                "only tasks come in",
                when=("vpcEndpointType", "Interface"),
            ),
            row(
                "privateDnsEnabled",
                exactly(True),
                "tasks resolve the service's own name",
                when=("vpcEndpointType", "Interface"),
            ),
            maybe(
                "routeTableIds[]",
                refers(kinds.ROUTE_TABLE),
                "the way to a gateway is a route (gateway-on-task-routes)",
                when=("vpcEndpointType", "Gateway"),
            ),
        ),
    ),
    Table(
        type=kinds.ENDPOINT_ROUTE_ASSOCIATION,
        source="https://docs.aws.amazon.com/vpc/latest/privatelink/gateway-endpoints.html",
        rows=(
            row("vpcEndpointId", refers(kinds.ENDPOINT), "the gateway of this stack"),
            row("routeTableId", refers(kinds.ROUTE_TABLE), "a table of this stack"),
        ),
    ),
    Table(
        type=kinds.ENDPOINT_SUBNET_ASSOCIATION,
        source="https://docs.aws.amazon.com/vpc/latest/privatelink/interface-endpoints.html",
        rows=(
            row("vpcEndpointId", refers(kinds.ENDPOINT), "an endpoint of this stack"),
            row("subnetId", refers(kinds.SUBNET), "a subnet of this stack"),
        ),
    ),
    Table(
        type=kinds.ENDPOINT_GROUP_ASSOCIATION,
        source="https://docs.aws.amazon.com/vpc/latest/privatelink/interface-endpoints.html",
        rows=(
            row("vpcEndpointId", refers(kinds.ENDPOINT), "an endpoint of this stack"),
            row("securityGroupId", refers(kinds.SECURITY_GROUP), "a group of this stack"),
        ),
    ),
    Table(
        type=kinds.FLOW_LOG,
        source=f"{_VPC}/flow-logs.html",
        rows=(
            row("vpcId", refers(kinds.VPC), "the whole network is logged"),
            row("trafficType", exactly("ALL"), "what was let through is evidence as well as what was refused"),
            maybe(
                "maxAggregationInterval",
                exactly(60, 600),
                "the two intervals that EC2 takes",
                source=f"{_EC2}/API_CreateFlowLogs.html",
            ),
            maybe("logDestinationType", exactly("cloud-watch-logs"), "the stack's log group keeps them encrypted"),
            row("logDestination", refers(kinds.LOG_GROUP), "a group of this stack"),
            row("iamRoleArn", refers(kinds.ROLE), "CloudWatch Logs is written with a role of this stack"),
        ),
    ),
    Table(type=kinds.EIP, source=f"{_VPC}/vpc-eips.html", rows=()),
    Table(type=kinds.NAT, source=f"{_VPC}/vpc-nat-gateway.html", rows=()),
)

ENDPOINTS: Final = frozenset(
    [
        "ecr.api",
        "ecr.dkr",
        "logs",
        "s3",
        "secretsmanager",
        "ssm",
        "ssmmessages",
        "sqs",
        "sns",
        "states",
        "monitoring",
        "kms",
        "dynamodb",
        "sts",
        "ecs",
        "ecs-agent",
        "ecs-telemetry",
        "events",
        "xray",
        "guardduty-data",
    ]
)
"""Services that a task of this platform may need an endpoint for."""


def _endpoint(value: object, at: object) -> bool:
    import re

    match = re.fullmatch(r"(?:cn\.)?com\.amazonaws\.([a-z]{2}(?:-[a-z]+)+-\d)\.([a-z0-9.-]+)", str(value))
    zones = {str(one.props.get("availabilityZone", ""))[:-1] for one in at.graph.of_type(kinds.SUBNET)}  # type: ignore[attr-defined]
    return match is not None and match[2] in ENDPOINTS and (match[1] in zones or not zones)
