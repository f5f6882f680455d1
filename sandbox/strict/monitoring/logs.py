"""What CloudWatch Logs demands of log groups, metric filters and resource policies."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sandbox.calls import Call
from sandbox.strict.account import Account
from sandbox.strict.grammar import filter_patterns
from sandbox.strict.grammar.policies import Kind, faults
from sandbox.strict.rules import Rules

_LOGS = "https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/"
RETENTION = frozenset(
    (1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653)
)

rules = Rules("logs")


@rules.add(
    "PutRetentionPolicy",
    source=f"{_LOGS}API_PutRetentionPolicy.html#CWL-PutRetentionPolicy-request-retentionInDays",
    code="InvalidParameterException",
)
def retention(call: Call, _: Account) -> Iterator[str]:
    """Log events are kept for one of CloudWatch's numbers of days: 1, 3, 5, 7, 14, 30, 60, ..., 3653."""
    if call.parameters["retentionInDays"] not in RETENTION:
        yield f"Retention in days must be one of {sorted(RETENTION)}, not {call.parameters['retentionInDays']}."


@rules.add(
    "CreateLogGroup",
    source=f"{_LOGS}API_CreateLogGroup.html",
    code="InvalidParameterException",
)
def group_name(call: Call, _: Account) -> Iterator[str]:
    """A log group's name does not begin with `aws/`."""
    if call.parameters["logGroupName"].startswith("aws/"):
        yield "Log groups starting with aws/ are reserved for AWS."


@rules.add(
    "CreateLogGroup",
    "AssociateKmsKey",
    source=f"{_LOGS}API_AssociateKmsKey.html",
    code="InvalidParameterException",
)
def group_key(call: Call, account: Account) -> Iterator[str]:
    """The key of a log group is named by the ARN of a key in its region that exists, is enabled and symmetric."""
    arn = call.parameters.get("kmsKeyId")
    named = arn and re.fullmatch(rf"arn:aws[a-z-]*:kms:{call.region}:\d{{12}}:(key|alias)/.+", arn)
    if arn and not (named and account.has_key(arn) and account.is_symmetric(arn)):
        yield f"The specified KMS Key Id could not be found, is not enabled or is not symmetric: {arn}"


@rules.add(
    "PutResourcePolicy",
    source=f"{_LOGS}API_PutResourcePolicy.html#CWL-PutResourcePolicy-request-policyDocument",
    code="InvalidParameterException",
)
def resource_policy(call: Call, _: Account) -> Iterator[str]:
    """A resource policy names principals, actions of CloudWatch Logs and log groups, in at most 5,120 characters."""
    text = call.parameters.get("policyDocument", "")
    if not call.parameters.get("policyName"):
        yield "policyName must not be empty."
    if len(text) > 5120:
        yield "The policy document exceeds 5120 characters."
    yield from faults(text, Kind(principal=True, action_prefixes=("logs",)))


@rules.add(
    "PutResourcePolicy",
    source=f"{_LOGS}API_PutResourcePolicy.html",
    code="LimitExceededException",
)
def resource_policies(call: Call, account: Account) -> Iterator[str]:
    """At most 10 resource policies in a region."""
    existing = set(account.backend("logs").resource_policies)
    if call.parameters.get("policyName") not in existing and len(existing) >= 10:
        yield "Resource limit exceeded."


@rules.add(
    "PutMetricFilter",
    source=f"{_LOGS}API_MetricTransformation.html",
    code="InvalidParameterException",
)
def metric_transformation(call: Call, _: Account) -> Iterator[str]:
    """A metric filter's default value and its dimensions exclude each other; a value is a number or a field `$...`."""
    for item in call.parameters.get("metricTransformations", []):
        if item.get("dimensions") and item.get("defaultValue") is not None:
            yield "Invalid metric transformation: dimensions and default value are mutually exclusive properties."
        if not re.fullmatch(r"-?\d+(\.\d+)?([eE]-?\d+)?|\$.+", str(item.get("metricValue", ""))):
            yield (
                f"Invalid metric transformation: metricValue {item.get('metricValue')} is neither a number nor a field."
            )
        if len(item.get("dimensions", {})) > 3:
            yield "Invalid metric transformation: at most 3 dimensions."


@rules.add(
    "PutMetricFilter",
    "PutSubscriptionFilter",
    "FilterLogEvents",
    "TestMetricFilter",
    source="https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html",
    code="InvalidParameterException",
)
def filter_pattern(call: Call, _: Account) -> Iterator[str]:
    """A filter pattern closes its brackets and quotation marks, compares fields `$.` of JSON, names each field between
    spaces, and has at most two regular expressions.
    """
    yield from filter_patterns.faults(call.parameters.get("filterPattern", ""))


@rules.add(
    "PutMetricFilter",
    source="https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html",
    code="LimitExceededException",
)
def metric_filters(call: Call, account: Account) -> Iterator[str]:
    """A log group has at most 100 metric filters."""
    group = call.parameters["logGroupName"]
    names = {
        item["filterName"]
        for item in list(account.backend("logs").filters.metric_filters)
        if item["logGroupName"] == group
    }
    if call.parameters["filterName"] not in names and len(names) >= 100:
        yield "Resource limit exceeded."


@rules.add(
    "PutMetricFilter",
    source=f"{_LOGS}API_PutMetricFilter.html#API_PutMetricFilter_Errors",
    code="ResourceNotFoundException",
)
def filter_group(call: Call, account: Account) -> Iterator[str]:
    """The log group of a metric filter exists."""
    if call.parameters["logGroupName"] not in account.backend("logs").groups:
        yield "The specified log group does not exist."


@rules.add(
    "PutMetricFilter",
    source="https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_concepts.html#Namespace",
    code="InvalidParameterException",
)
def filter_namespace(call: Call, _: Account) -> Iterator[str]:
    """A filter's metric is not in a namespace of AWS's own, `AWS/...`."""
    for item in call.parameters["metricTransformations"]:
        if item["metricNamespace"].startswith("AWS/"):
            yield "Invalid metric transformation: metricNamespace must not start with AWS/"
