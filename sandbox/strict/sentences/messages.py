"""CloudWatch, EventBridge and SNS: dimensions, paths of events, messages by protocol."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from sandbox.calls import Call
from sandbox.strict.account import Account
from sandbox.strict.network.vpc import subnet_of
from sandbox.strict.rules import Rule, Rules

_CLOUDWATCH: Final = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/"
_EVENTS: Final = "https://docs.aws.amazon.com/eventbridge/latest/APIReference/"
_SNS: Final = "https://docs.aws.amazon.com/sns/latest/api/"
_LARGEST_POLICY: Final = 30_720

cloudwatch, events, sns = Rules("cloudwatch"), Rules("events"), Rules("sns")


def _dimension_faults(dimensions: list[Mapping[str, str]]) -> Iterator[str]:
    for dimension in dimensions:
        name, value = dimension.get("Name", ""), dimension.get("Value", "")
        if not re.fullmatch(r"(?=.*\S)(?!:)[\x20-\x7e]+", name):
            yield f"The value {name!r} for a dimension's name is not valid."
        if not re.fullmatch(r"(?=.*\S)[\x20-\x7e]+", value):
            yield f"The value {value!r} for a dimension's value is not valid."


@cloudwatch.add("PutMetricAlarm", source=f"{_CLOUDWATCH}API_Dimension.html", code="ValidationError")
def alarm_dimensions(call: Call, _: Account) -> Iterator[str]:
    """A dimension's name and value are printable ASCII and not blank; a name begins with no colon."""
    stats = [query.get("MetricStat", {}).get("Metric", {}) for query in call.parameters.get("Metrics", [])]
    for metric in (call.parameters, *stats):
        yield from _dimension_faults(metric.get("Dimensions", []))


@cloudwatch.add("PutMetricAlarm", source=f"{_CLOUDWATCH}API_PutMetricAlarm.html", code="ValidationError")
def alarm_name(call: Call, _: Account) -> Iterator[str]:
    """An alarm's name has no control characters; an interval of evaluation is of alarms with criteria."""
    if re.search(r"[\x00-\x1f\x7f]", call.parameters["AlarmName"]):
        yield "AlarmName must not contain ASCII control characters."
    if "EvaluationInterval" in call.parameters and "EvaluationCriteria" not in call.parameters:
        yield "EvaluationInterval cannot be specified for alarms configured with MetricName or Metrics."


@cloudwatch.add("PutMetricData", source=f"{_CLOUDWATCH}API_MetricDatum.html", code="InvalidParameterValue")
def datum_details(call: Call, _: Account) -> Iterator[str]:
    """Namespaces and dimensions are printable ASCII; a datum has at most 150 values."""
    if not re.fullmatch(r"[\x20-\x7e]+", call.parameters["Namespace"]):
        yield "The parameter Namespace must contain only printable ASCII characters."
    for datum in call.parameters.get("MetricData", []):
        yield from _dimension_faults(datum.get("Dimensions", []))
        if len(datum.get("Values", [])) > 150:
            yield "MetricData.member.Values: at most 150."


@events.add("PutTargets", source=f"{_EVENTS}API_PutTargets.html", code="ValidationException")
def target_paths(call: Call, _: Account) -> Iterator[str]:
    """Paths are written with dots, not with quoted brackets, and a variable is no key of the template's objects."""
    for target in call.parameters["Targets"]:
        transformer = target.get("InputTransformer", {})
        for path in (target.get("InputPath", "$"), *transformer.get("InputPathsMap", {}).values()):
            if re.search(r"\[\s*['\"]", str(path)):
                yield f"Parameter {path} is not valid. Reason: use JSON dot notation."
        if re.search(r"[{,]\s*<[A-Za-z0-9._-]+>\s*:", transformer.get("InputTemplate", "")):
            yield "InputTemplate: a placeholder cannot be used as an object key."


@events.add("PutTargets", source=f"{_EVENTS}API_AwsVpcConfiguration.html", code="ValidationException")
def target_subnets(call: Call, account: Account) -> Iterator[str]:
    """The subnets of a task that a rule starts are of one VPC."""
    for target in call.parameters["Targets"]:
        network: Mapping[str, Any] = target.get("EcsParameters", {}).get("NetworkConfiguration", {})
        subnets = [subnet_of(account, name) for name in network.get("awsvpcConfiguration", {}).get("Subnets", [])]
        if len({subnet.vpc_id for subnet in subnets if subnet is not None}) > 1:
            yield f"The subnets of target {target['Id']} are not in one VPC."


@sns.add("CreateTopic", source=f"{_SNS}API_CreateTopic.html", code="InvalidParameter")
def topic_limits(call: Call, _: Account) -> Iterator[str]:
    """A data protection policy has at most 30,720 characters; only a FIFO topic knows messages again by their content,
    and its throughput is by topic or by group.
    """
    if len(call.parameters.get("DataProtectionPolicy", "")) > _LARGEST_POLICY:
        yield "Invalid parameter: DataProtectionPolicy"
    attributes = call.parameters.get("Attributes", {})
    if attributes.get("ContentBasedDeduplication", "false") == "true" and attributes.get("FifoTopic") != "true":
        yield "Invalid parameter: Attributes Reason: Content-based deduplication can only be set on FIFO topics"
    if attributes.get("FifoThroughputScope", "Topic") not in ("Topic", "MessageGroup"):
        yield "Invalid parameter: FifoThroughputScope"


@sns.add("Publish", source=f"{_SNS}API_Publish.html", code="InvalidParameter")
def message_by_protocol(call: Call, _: Account) -> Iterator[str]:
    """A message by protocol has each key once, and text for each."""
    if call.parameters.get("MessageStructure") != "json":
        return
    try:
        pairs: Any = json.loads(call.parameters["Message"], object_pairs_hook=list)
    except ValueError:
        return  # another rule says so
    names = [name for name, _value in pairs] if isinstance(pairs, list) else []
    if len(names) != len(set(names)) or any(name == "default" and not isinstance(v, str) for name, v in pairs):
        yield "Invalid parameter: Message Structure - JSON message body failed to parse"


RULES: tuple[Rule, ...] = (*cloudwatch.all, *events.all, *sns.all)
