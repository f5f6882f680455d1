"""What CloudWatch demands of dashboards."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from sandbox.calls import Call
from sandbox.strict.account import Account
from sandbox.strict.rules import Rules, of_free_document

_API: Final = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/"
_BODY: Final = f"{_API}CloudWatch-Dashboard-Body-Structure.html"
_TYPES: Final = ("metric", "text", "log", "alarm", "explorer", "custom")
_VIEWS: Final = ("timeSeries", "singleValue", "gauge", "bar", "pie", "table")
_MOST_ALARMS: Final = 100
_INVALID: Final = "The dashboard body is invalid:"

rules = Rules("cloudwatch")


@rules.add("PutDashboard", source=_BODY, code="InvalidParameterInput")
@of_free_document(f"{_INVALID} a value is of a wrong type")
def dashboard(call: Call, _: Account) -> Iterator[str]:
    """A dashboard's body is JSON with widgets, each of a type and with what it needs, within a width of 24 and a height
    of 1,000.
    """
    try:
        body = json.loads(call.parameters["DashboardBody"])
    except ValueError:
        yield "The field DashboardBody must be a valid JSON object"
        return
    widgets = body.get("widgets") if isinstance(body, dict) else None
    if not isinstance(widgets, list) or len(widgets) > 500:
        yield f"{_INVALID} it must have at most 500 widgets"
        return
    for widget in widgets:
        if widget.get("type") not in _TYPES or not isinstance(widget.get("properties"), dict):
            yield f"{_INVALID} a widget must have a known type and properties"
        else:
            yield from _properties(widget["type"], widget["properties"])
        if widget.get("x", 0) + widget.get("width", 6) > 24 or not 1 <= widget.get("width", 6) <= 24:
            yield f"{_INVALID} x and width of a widget must fit into 24 columns"
        if not 1 <= widget.get("height", 6) <= 1000:
            yield f"{_INVALID} the height of a widget must be from 1 to 1000"


def _properties(kind: str, properties: Mapping[str, Any]) -> Iterator[str]:
    """What the properties of a widget of this type lack."""
    needed = {"metric": ["region", "metrics"], "log": ["region", "query"], "text": ["markdown"], "alarm": ["alarms"]}
    annotated = "alarms" in (properties.get("annotations") or {})  # a metric widget may show an alarm instead
    for name in [] if annotated else needed.get(kind, []):
        if not properties.get(name) and not (name == "query" and properties.get("logGroups")):
            yield f"{_INVALID} a widget of the type {kind} should have required property '{name}'"
    if kind == "metric" and properties.get("view", "timeSeries") not in _VIEWS:
        yield f"{_INVALID} view should be one of {', '.join(_VIEWS)}"
    if kind == "alarm" and len(properties.get("alarms", [])) > _MOST_ALARMS:
        yield f"{_INVALID} a widget shows at most {_MOST_ALARMS} alarms"


@rules.add("PutDashboard", source=f"{_API}API_PutDashboard.html", code="InvalidParameterInput")
def dashboard_name(call: Call, _: Account) -> Iterator[str]:
    """A dashboard's name has 1 to 255 letters, digits, hyphens and underscores."""
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,255}", call.parameters["DashboardName"]):
        yield f"The value {call.parameters['DashboardName']} for field DashboardName contains invalid characters."
