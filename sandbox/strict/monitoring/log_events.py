"""What CloudWatch Logs demands of log events, and of questions about them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sandbox.calls import Call
from sandbox.strict.account import Account
from sandbox.strict.rules import Rules

_API = "https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/"
_DAY = 24 * 3600 * 1000
_MOST_BYTES = 1_048_576
_OVERHEAD = 26
"""Bytes that each event counts for beside its message."""
_COMMANDS = re.compile(
    r"\s*(fields|filter|stats|sort|limit|parse|display|dedup|pattern|diff|unmask|unnest|anomaly|source|#|filterindex)\b",
    re.IGNORECASE,
)

rules = Rules("logs")


@rules.add("PutLogEvents", source=f"{_API}API_PutLogEvents.html", code="InvalidParameterException")
def batch(call: Call, _: Account) -> Iterator[str]:
    """A batch is in the order of time, within a day, and has at most 1 MB with 26 bytes for each event."""
    events = call.parameters["logEvents"]
    moments = [event["timestamp"] for event in events]
    if moments != sorted(moments):
        yield "Log events in a single PutLogEvents request must be in chronological order."
    if moments and max(moments) - min(moments) > _DAY:
        yield "The batch of log events in a single PutLogEvents request cannot span more than 24 hours."
    if sum(len(event["message"].encode()) + _OVERHEAD for event in events) > _MOST_BYTES:
        yield f"Upload too large: the batch exceeds the limit of {_MOST_BYTES} bytes"


@rules.add("FilterLogEvents", source=f"{_API}API_FilterLogEvents.html", code="InvalidParameterException")
def filtered_events(call: Call, _: Account) -> Iterator[str]:
    """Streams are named or have a prefix; the time begins before it ends."""
    parameters = call.parameters
    if parameters.get("logStreamNames") and parameters.get("logStreamNamePrefix"):
        yield "logStreamNames and logStreamNamePrefix cannot be specified together."
    if parameters.get("startTime", 0) > parameters.get("endTime", float("inf")):
        yield "startTime must be before endTime."


@rules.add("StartQuery", source=f"{_API}API_StartQuery.html", code="InvalidParameterException")
def query_range(call: Call, _: Account) -> Iterator[str]:
    """A query is about log groups, by one of the ways to name them, and begins before it ends."""
    ways = [name for name in ("logGroupName", "logGroupNames", "logGroupIdentifiers") if call.parameters.get(name)]
    if len(ways) != 1 and not re.match(r"\s*source\b", call.parameters["queryString"], re.IGNORECASE):
        yield "Exactly one of logGroupName, logGroupNames and logGroupIdentifiers must be specified."
    if call.parameters["startTime"] > call.parameters["endTime"]:
        yield "startTime must be before endTime."


@rules.add("StartQuery", source=f"{_API}API_StartQuery.html#API_StartQuery_Errors", code="MalformedQueryException")
def query_commands(call: Call, _: Account) -> Iterator[str]:
    """Each part of a query begins with a command."""
    language = call.parameters.get("queryLanguage", "CWLI")
    for part in call.parameters["queryString"].split("|") if language == "CWLI" else []:
        if not _COMMANDS.match(part):
            yield f"unexpected symbol found: {part.strip()[:40]}"


@rules.add("PutMetricFilter", source=f"{_API}API_MetricTransformation.html", code="InvalidParameterException")
def filter_dimensions(call: Call, _: Account) -> Iterator[str]:
    """A filter's dimensions are fields `$...` of a pattern that has fields."""
    pattern = call.parameters["filterPattern"].strip()
    for transformation in call.parameters["metricTransformations"]:
        dimensions = transformation.get("dimensions", {})
        if dimensions and not pattern.startswith(("{", "[")):
            yield "Dimensions are supported only for JSON or space-delimited filter patterns."
        for name, field in dimensions.items():
            if not field.startswith("$"):
                yield f"Invalid dimension {name}: its value must be a field of the pattern, such as $.level"
