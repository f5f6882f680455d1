"""What a request is about exists, and is in a state in which AWS takes the request."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Final

from sandbox.calls import Call
from sandbox.strict.account import Account
from sandbox.strict.rules import Rule, Rules

_DOCS: Final = "https://docs.aws.amazon.com/"
_EC2: Final = f"{_DOCS}AWSEC2/latest/APIReference/"
_LAST_NUMBER: Final = 32_766
_PORTED: Final = ("6", "17", "tcp", "udp")

ec2, ecr, logs = Rules("ec2"), Rules("ecr"), Rules("logs")
stepfunctions, sns, sqs, dynamodb = Rules("stepfunctions"), Rules("sns"), Rules("sqs"), Rules("dynamodb")


@ec2.add("AttachInternetGateway", source=f"{_EC2}API_AttachInternetGateway.html", code="InvalidParameterValue")
def one_gateway(call: Call, account: Account) -> Iterator[str]:
    """A VPC has one internet gateway."""
    gateways = list(account.backend("ec2").internet_gateways.values())
    if call.parameters["VpcId"] in {gateway.vpc.id for gateway in gateways if gateway.vpc is not None}:
        yield f"Network {call.parameters['VpcId']} already has an internet gateway attached"


@ec2.add("CreateNatGateway", source=f"{_EC2}API_CreateNatGateway.html", code="MissingParameter")
def gateway_address(call: Call, _: Account) -> Iterator[str]:
    """A public NAT gateway has an address."""
    if call.parameters.get("ConnectivityType", "public") == "public" and not call.parameters.get("AllocationId"):
        yield "The request must include the AllocationId parameter."


@ec2.add("DeleteRoute", source=f"{_EC2}API_DeleteRoute.html", code="InvalidParameterValue")
def local_route(call: Call, account: Account) -> Iterator[str]:
    """The route within the VPC is not deleted."""
    table = account.backend("ec2").route_tables.get(call.parameters["RouteTableId"])
    for route in table.routes if table is not None else []:
        if route.local and route.destination_cidr_block == call.parameters.get("DestinationCidrBlock"):
            yield f"cannot remove local route {route.destination_cidr_block} in route table {table.id}"


@ec2.add("CreateNetworkAclEntry", source=f"{_EC2}API_CreateNetworkAclEntry.html", code="InvalidParameterValue")
def list_entry(call: Call, _: Account) -> Iterator[str]:
    """An entry's number is from 1 to 32,766; TCP and UDP have ports, the first no greater than the last."""
    if not 1 <= call.parameters["RuleNumber"] <= _LAST_NUMBER:
        yield f"Value ({call.parameters['RuleNumber']}) for parameter ruleNumber is invalid: 1 to {_LAST_NUMBER}."
    protocol = str(call.parameters["Protocol"]).lower()
    if not re.fullmatch(r"-?\d{1,3}|tcp|udp|icmp|icmpv6", protocol):
        yield f"Invalid value '{protocol}' for IP protocol."
    ports = call.parameters.get("PortRange", {})
    if protocol in _PORTED and not 0 <= ports.get("From", -1) <= ports.get("To", -1) <= 65_535:
        yield "The request must include a port range from 0 to 65535, the first port no greater than the last."


@ecr.add("PutImage", source=f"{_DOCS}AmazonECR/latest/APIReference/API_PutImage.html", code="InvalidParameterException")
def put_image(call: Call, _: Account) -> Iterator[str]:
    """An image has a manifest in JSON; a tag has letters, digits and `_.-`, and begins with none of the last two."""
    tag = call.parameters.get("imageTag", "x")
    if not re.fullmatch(r"[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}", tag):
        yield f"Invalid parameter at 'imageTag' failed to satisfy constraint: '{tag}' is no tag"
    try:
        json.loads(call.parameters["imageManifest"])
    except ValueError:
        yield "Invalid parameter at 'ImageManifest' failed to satisfy constraint: 'Invalid JSON syntax'"


@logs.add(
    "DeleteMetricFilter",
    source=f"{_DOCS}AmazonCloudWatchLogs/latest/APIReference/API_DeleteMetricFilter.html#API_DeleteMetricFilter_Errors",
    code="ResourceNotFoundException",
)
def deleted_filter(call: Call, account: Account) -> Iterator[str]:
    """A filter that is deleted exists."""
    identity = (call.parameters["logGroupName"], call.parameters["filterName"])
    filters = list(account.backend("logs").filters.metric_filters)
    if identity not in {(item["logGroupName"], item["filterName"]) for item in filters}:
        yield "The specified metric filter does not exist."


@stepfunctions.add(
    "TagResource",
    source=f"{_DOCS}step-functions/latest/apireference/API_TagResource.html#API_TagResource_Errors",
    code="ResourceNotFound",
)
def tagged_machine(call: Call, account: Account) -> Iterator[str]:
    """The state machine that is tagged exists."""
    arn = call.parameters["resourceArn"]
    machines = {machine.arn for machine in list(account.backend("stepfunctions").state_machines)}
    if ":stateMachine:" in arn and arn not in machines:
        yield f"Resource not found: '{arn}'"


@dynamodb.add(
    "TagResource",
    source=f"{_DOCS}amazondynamodb/latest/APIReference/API_TagResource.html#API_TagResource_Errors",
    code="ResourceNotFoundException",
)
def tagged_table(call: Call, account: Account) -> Iterator[str]:
    """The table that is tagged exists."""
    name = call.parameters["ResourceArn"].partition(":table/")[2]
    if name and name not in account.backend("dynamodb").tables:
        yield f"Requested resource not found: ResourcArn: {call.parameters['ResourceArn']} not found"


@dynamodb.add(
    "BatchWriteItem",
    source=f"{_DOCS}amazondynamodb/latest/APIReference/API_WriteRequest.html",
    code="ValidationException",
)
def written_item(call: Call, _: Account) -> Iterator[str]:
    """Each item of a batch is put or deleted."""
    listed = [item for items in call.parameters["RequestItems"].values() for item in items]
    if any(len(item) != 1 for item in listed):
        yield "Each write request must contain exactly one of PutRequest and DeleteRequest."


@sns.add(
    "SetSubscriptionAttributes",
    source=f"{_DOCS}sns/latest/api/API_SetSubscriptionAttributes.html",
    code="InvalidParameter",
)
def raw_delivery(call: Call, _: Account) -> Iterator[str]:
    """Messages are delivered raw or they are not: true or false."""
    raw = call.parameters.get("AttributeName") == "RawMessageDelivery"
    if raw and str(call.parameters.get("AttributeValue")).lower() not in ("true", "false"):
        yield f"Invalid parameter: RawMessageDelivery: {call.parameters.get('AttributeValue')}"


@sns.add("AddPermission", source=f"{_DOCS}sns/latest/api/API_AddPermission.html", code="InvalidParameter")
def permitted_accounts(call: Call, _: Account) -> Iterator[str]:
    """Accounts have twelve digits."""
    for account in call.parameters.get("AWSAccountId", []):
        if not re.fullmatch(r"\d{12}", account):
            yield f"Invalid parameter: AWSAccountId: {account}"


@sns.add(
    "DeleteTopic",
    "GetTopicAttributes",
    "SetTopicAttributes",
    source=f"{_DOCS}sns/latest/api/API_DeleteTopic.html",
    code="InvalidParameter",
)
def topic_arn(call: Call, _: Account) -> Iterator[str]:
    """A topic is named by its ARN."""
    if not re.fullmatch(r"arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[A-Za-z0-9_.-]+", call.parameters["TopicArn"]):
        yield f"Invalid parameter: TopicArn Reason: {call.parameters['TopicArn']} is no ARN of a topic"


@sqs.add(
    "ListQueues",
    source=f"{_DOCS}AWSSimpleQueueService/latest/APIReference/API_ListQueues.html",
    code="InvalidParameterValue",
)
def listed_queues(call: Call, _: Account) -> Iterator[str]:
    """1 to 1,000 queues are listed at once."""
    if not 1 <= call.parameters.get("MaxResults", 1) <= 1000:
        yield "Value for parameter MaxResults is invalid. Reason: must be between 1 and 1000."


RULES: tuple[Rule, ...] = tuple(
    rule for rules in (ec2, ecr, logs, stepfunctions, dynamodb, sns, sqs) for rule in rules.all
)
