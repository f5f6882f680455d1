"""What EC2 demands of requests to look at a network or to change it."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator

from sandbox.calls import Call
from sandbox.strict.account import Account
from sandbox.strict.codes import service_model
from sandbox.strict.network.security_groups import API
from sandbox.strict.network.vpc import group_of, subnet_of
from sandbox.strict.rules import Rules

_ERRORS = f"{API}errors-overview.html#api-error-codes-table-client"
_AUTHORIZE = ("AuthorizeSecurityGroupIngress", "AuthorizeSecurityGroupEgress")
_REVOKE = ("RevokeSecurityGroupIngress", "RevokeSecurityGroupEgress")
_LOOKS = tuple(name for name in service_model("ec2").operation_names if name.startswith("Describe"))

rules = Rules("ec2")


@functools.cache
def filters_of(operation: str) -> frozenset[str]:
    """The names of filters that the operation's documentation, which botocore ships, lists; empty where it has none."""
    shape = service_model("ec2").operation_model(operation).input_shape
    member = shape.members.get("Filters") if shape is not None else None
    return frozenset(re.findall(r"<code>([^<]+)</code>", member.documentation)) if member is not None else frozenset()


@rules.add(*_LOOKS, source=f"{API}API_Filter.html", code="InvalidParameterValue")
def filter_names(call: Call, _: Account) -> Iterator[str]:
    """A filter is one that the operation's documentation lists, or a tag's."""
    filters = filters_of(call.operation)
    for item in call.parameters.get("Filters", []) if filters else []:
        name = item.get("Name", "")
        if name not in filters and not name.startswith("tag:"):
            yield f"The filter '{name}' is invalid"


@rules.add("CreateSubnet", source=f"{API}API_CreateSubnet.html", code="InvalidParameterValue")
def subnet_zone(call: Call, account: Account) -> Iterator[str]:
    """A subnet's zone is one of the region's."""
    zone = call.parameters.get("AvailabilityZone")
    zones = {item.name for item in account.backend("ec2").describe_availability_zones()}
    if zone and zone not in zones:
        yield (
            f"Value ({zone}) for parameter availabilityZone is invalid. Subnets can currently only be created in the "
            f"following availability zones: {', '.join(sorted(zones))}."
        )


@rules.add("CreateSubnet", source=f"{API}API_CreateSubnet.html", code="InvalidParameterCombination")
def subnet_zone_once(call: Call, _: Account) -> Iterator[str]:
    """A subnet's zone is given by its name or by its id."""
    if call.parameters.get("AvailabilityZone") and call.parameters.get("AvailabilityZoneId"):
        yield "The parameters AvailabilityZone and AvailabilityZoneId may not be used together."


@rules.add(*_AUTHORIZE, *_REVOKE, "DeleteSecurityGroup", source=_ERRORS, code="InvalidGroupId.Malformed")
def group_id(call: Call, _: Account) -> Iterator[str]:
    """A security group's id is `sg-` and 8 or 17 hexadecimal digits."""
    identifier = call.parameters.get("GroupId")
    if identifier is not None and not re.fullmatch(r"sg-([0-9a-f]{8}|[0-9a-f]{17})", identifier):
        yield f'Invalid id: "{identifier}" (expecting "sg-...")'


@rules.add(*_AUTHORIZE, source=f"{API}API_AuthorizeSecurityGroupIngress.html", code="InvalidParameterCombination")
def one_way_of_rules(call: Call, _: Account) -> Iterator[str]:
    """A request has its rules in IpPermissions or in members of its own."""
    if call.parameters.get("IpPermissions") and {"IpProtocol", "CidrIp", "FromPort", "ToPort"} & set(call.parameters):
        yield "The parameter 'ipPermissions' may not be used in combination with 'ipProtocol'"


@rules.add("CreateVpcEndpoint", source=f"{API}API_CreateVpcEndpoint.html", code="InvalidParameter")
def endpoint_route_tables(call: Call, account: Account) -> Iterator[str]:
    """The route tables of a gateway endpoint are of its VPC."""
    tables = account.backend("ec2").route_tables
    for identifier in call.parameters.get("RouteTableIds", []):
        if identifier in tables and tables[identifier].vpc_id != call.parameters["VpcId"]:
            yield f"Route table {identifier} belongs to different VPC than the endpoint"


@rules.add("ModifyVpcEndpoint", source=_ERRORS, code="InvalidSecurityGroupId.NotFound")
def endpoint_new_groups(call: Call, account: Account) -> Iterator[str]:
    """The groups that an endpoint gets exist."""
    for identifier in call.parameters.get("AddSecurityGroupIds", []):
        if group_of(account, identifier) is None:
            yield f"The security group ID '{identifier}' does not exist"


@rules.add("ModifyVpcEndpoint", source=_ERRORS, code="InvalidSubnetId.NotFound")
def endpoint_new_subnets(call: Call, account: Account) -> Iterator[str]:
    """The subnets that an endpoint gets exist."""
    for identifier in call.parameters.get("AddSubnetIds", []):
        if subnet_of(account, identifier) is None:
            yield f"The subnet ID '{identifier}' does not exist"


@rules.add("CreateFlowLogs", source=f"{API}API_CreateFlowLogs.html", code="InvalidParameter")
def flow_log_one_destination(call: Call, _: Account) -> Iterator[str]:
    """Flow logs have one destination; a role is for those that go to CloudWatch Logs or to another account."""
    parameters = call.parameters
    if parameters.get("LogGroupName") and parameters.get("LogDestination"):
        yield "Please only provide LogGroupName or only provide LogDestination."
    if parameters.get("LogDestinationType") == "s3" and parameters.get("DeliverLogsPermissionArn"):
        yield "DeliverLogsPermissionArn is not applicable for s3 delivery."


_FLOW_LOG_FIELDS = frozenset(
    (
        *("version", "account-id", "interface-id", "srcaddr", "dstaddr", "srcport", "dstport", "protocol", "packets"),
        *("bytes", "start", "end", "action", "log-status", "vpc-id", "subnet-id", "instance-id", "tcp-flags", "type"),
        *("pkt-srcaddr", "pkt-dstaddr", "region", "az-id", "sublocation-type", "sublocation-id", "flow-direction"),
        *("pkt-src-aws-service", "pkt-dst-aws-service", "traffic-path", "reject-reason", "resource-id"),
        *("encryption-status", "ecs-cluster-arn", "ecs-cluster-name", "ecs-container-instance-arn"),
        *("ecs-container-instance-id", "ecs-container-id", "ecs-second-container-id", "ecs-service-name"),
        *("ecs-task-definition-arn", "ecs-task-arn", "ecs-task-id"),
    )
)


@rules.add(
    "CreateFlowLogs",
    source="https://docs.aws.amazon.com/vpc/latest/userguide/flow-log-records.html",
    code="InvalidParameter",
)
def flow_log_format(call: Call, _: Account) -> Iterator[str]:
    """The format of a VPC's flow logs is of fields that there are, as `${field}`; those of tags are left out."""
    text = call.parameters.get("LogFormat")
    if text is None or call.parameters["ResourceType"] not in ("VPC", "Subnet", "NetworkInterface"):
        return
    fields = re.findall(r"\$\{([^}]*)\}", text)
    unknown = [field for field in fields if field not in _FLOW_LOG_FIELDS]
    if not fields or (unknown and not call.parameters.get("TagFieldSpecifications")):
        yield f"Unknown fields provided: {', '.join(unknown) or text}"
