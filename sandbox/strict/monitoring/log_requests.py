"""What CloudWatch Logs demands of how its groups are named, subscribed to and asked about."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from sandbox.calls import Call
from sandbox.strict.account import Account
from sandbox.strict.rules import Rules

_API: Final = "https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/"
_MOST_SUBSCRIPTIONS: Final = 2
_MOST_GROUPS: Final = 50
_MOST_DIMENSIONS: Final = 3
_SYSTEM_FIELDS: Final = {
    "emitSystemFieldDimensions": ("@aws.account", "@aws.region"),
    "emitSystemFields": ("@aws.account", "@aws.region", "@source.log"),
}

rules = Rules("logs")


@rules.add(
    "FilterLogEvents",
    "GetLogEvents",
    "DescribeLogStreams",
    source=f"{_API}API_FilterLogEvents.html",
    code="InvalidParameterException",
)
def one_group(call: Call, _: Account) -> Iterator[str]:
    """The log group is named by its name or by an identifier."""
    if bool(call.parameters.get("logGroupName")) == bool(call.parameters.get("logGroupIdentifier")):
        yield "Exactly one of logGroupName and logGroupIdentifier must be specified."


@rules.add("AssociateKmsKey", source=f"{_API}API_AssociateKmsKey.html", code="InvalidParameterException")
def one_resource(call: Call, _: Account) -> Iterator[str]:
    """A key is for a log group or for a resource that is identified otherwise."""
    if bool(call.parameters.get("logGroupName")) == bool(call.parameters.get("resourceIdentifier")):
        yield "Exactly one of logGroupName and resourceIdentifier must be specified."


@rules.add("DescribeLogGroups", source=f"{_API}API_DescribeLogGroups.html", code="InvalidParameterException")
def group_choice(call: Call, _: Account) -> Iterator[str]:
    """Log groups are chosen by a prefix, by a part of their names, or by identifiers and nothing else."""
    name_filters = [name for name in ("logGroupNamePrefix", "logGroupNamePattern") if call.parameters.get(name)]
    if len(name_filters) > 1 or (name_filters and call.parameters.get("logGroupIdentifiers")):
        yield "logGroupNamePrefix, logGroupNamePattern and logGroupIdentifiers are mutually exclusive."


@rules.add("DescribeMetricFilters", source=f"{_API}API_DescribeMetricFilters.html", code="InvalidParameterException")
def metric_of_filters(call: Call, _: Account) -> Iterator[str]:
    """A metric is named with its namespace."""
    if bool(call.parameters.get("metricName")) != bool(call.parameters.get("metricNamespace")):
        yield "metricName and metricNamespace must be specified together."


@rules.add("StartQuery", source=f"{_API}API_StartQuery.html", code="InvalidParameterException")
def queried_groups(call: Call, _: Account) -> Iterator[str]:
    """At most 50 log groups are queried at once; their ARNs have no `*` at the end."""
    identifiers = call.parameters.get("logGroupIdentifiers", [])
    if len([*identifiers, *call.parameters.get("logGroupNames", [])]) > _MOST_GROUPS:
        yield f"At most {_MOST_GROUPS} log groups can be queried."
    if any(identifier.endswith("*") for identifier in identifiers):
        yield "logGroupIdentifiers: an ARN must not end with *."


@rules.add("TagResource", "UntagResource", source=f"{_API}API_TagResource.html", code="InvalidParameterException")
def tagged_arn(call: Call, _: Account) -> Iterator[str]:
    """What is tagged is a log group or a destination, by its ARN."""
    arn = call.parameters["resourceArn"]
    if not re.fullmatch(r"arn:aws[a-z-]*:logs:[a-z0-9-]+:\d{12}:(log-group|destination|delivery[a-z-]*):.+", arn):
        yield f"Invalid resourceArn: {arn}"


@rules.add(
    "TagResource",
    "UntagResource",
    "ListTagsForResource",
    source=f"{_API}API_TagResource.html#API_TagResource_Errors",
    code="ResourceNotFoundException",
)
def tagged_group(call: Call, account: Account) -> Iterator[str]:
    """The log group exists."""
    _, separator, name = call.parameters["resourceArn"].partition(":log-group:")
    if separator and name.removesuffix(":*") not in account.backend("logs").groups:
        yield "The specified resource does not exist."


@rules.add(
    "PutMetricFilter",
    "PutSubscriptionFilter",
    source=f"{_API}API_PutMetricFilter.html",
    code="InvalidParameterException",
)
def system_fields(call: Call, _: Account) -> Iterator[str]:
    """The fields of the system are the account and the region, and for a subscription the source; they count among the
    three dimensions of a metric.
    """
    for member, fields in _SYSTEM_FIELDS.items():
        for name in call.parameters.get(member, []):
            if name not in fields:
                yield f"{member}: {name} is none of {', '.join(fields)}"
    emitted = len(call.parameters.get("emitSystemFieldDimensions", []))
    for transformation in call.parameters.get("metricTransformations", []):
        if len(transformation.get("dimensions", {})) + emitted > _MOST_DIMENSIONS:
            yield f"Invalid metric transformation: at most {_MOST_DIMENSIONS} dimensions."


@rules.add("PutSubscriptionFilter", source=f"{_API}API_PutSubscriptionFilter.html", code="InvalidParameterException")
def subscription_role(call: Call, account: Account) -> Iterator[str]:
    """What a subscription sends to a stream it sends with a role that CloudWatch Logs may assume; a function has its
    own permission.
    """
    arn, role = call.parameters["destinationArn"], call.parameters.get("roleArn")
    vendor = arn.split(":")[2:3]
    if vendor in (["kinesis"], ["firehose"]) and not role:
        yield f"destinationArn for vendor {vendor[0]} cannot be used without roleArn"
    elif role and not account.trusts(role, "logs.amazonaws.com"):
        yield f"Could not deliver test message to the destination: CloudWatch Logs may not assume {role}"


@rules.add(
    "PutSubscriptionFilter",
    source=f"{_API}API_PutSubscriptionFilter.html#API_PutSubscriptionFilter_Errors",
    code="LimitExceededException",
)
def subscriptions(call: Call, account: Account) -> Iterator[str]:
    """A log group has at most two subscriptions."""
    group = account.backend("logs").groups.get(call.parameters["logGroupName"])
    names = set(group.subscription_filters) if group is not None else set()
    if len(names | {call.parameters["filterName"]}) > _MOST_SUBSCRIPTIONS:
        yield "Resource limit exceeded."


@rules.add(
    "DeleteMetricFilter",
    source="https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_DeleteMetricFilter.html#API_DeleteMetricFilter_Errors",
    code="ResourceNotFoundException",
)
def deleted_filter(call: Call, account: Account) -> Iterator[str]:
    """A filter that is deleted exists."""
    identity = (call.parameters["logGroupName"], call.parameters["filterName"])
    filters = list(account.backend("logs").filters.metric_filters)
    if identity not in {(item["logGroupName"], item["filterName"]) for item in filters}:
        yield "The specified metric filter does not exist."
