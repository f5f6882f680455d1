"""What a rule's target receives: the event, a part of it, a constant, or what a transformer makes of it.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

_VARIABLE = re.compile(r"<([A-Za-z0-9_.-]+)>")
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')


class InvalidInputError(Exception):
    """What the transformer makes is not JSON."""


def of_target(target: Mapping[str, Any], event: Mapping[str, Any], rule_arn: str, rule_name: str) -> str:
    """The target's input as text. Raises `InvalidInputError`."""
    if "Input" in target:
        return str(target["Input"])
    if "InputPath" in target:
        return json.dumps(_at(event, target["InputPath"]))
    transformer = target.get("InputTransformer")
    if not transformer:
        return json.dumps(event)
    variables = {name: _at(event, path) for name, path in (transformer.get("InputPathsMap") or {}).items()}
    variables |= {
        "aws.events.rule-arn": rule_arn,
        "aws.events.rule-name": rule_name,
        "aws.events.event.ingestion-time": event["time"],
        "aws.events.event": {name: value for name, value in event.items() if name != "detail"},
        "aws.events.event.json": event,
    }
    return filled(transformer["InputTemplate"], variables)


def filled(template: str, variables: Mapping[str, Any]) -> str:
    """`template` with its variables; within quotes a text stands bare. Raises `InvalidInputError`."""

    def bare(match: re.Match[str]) -> str:
        value = variables.get(match.group(1))
        text = "" if value is None else value if isinstance(value, str) else json.dumps(value)
        return json.dumps(text)[1:-1]

    def as_json(match: re.Match[str]) -> str:
        value = variables.get(match.group(1))
        return "" if value is None else json.dumps(value)

    pieces, end = [], 0
    for quoted in _QUOTED.finditer(template):
        pieces += [_VARIABLE.sub(as_json, template[end : quoted.start()]), _VARIABLE.sub(bare, quoted.group())]
        end = quoted.end()
    text = "".join([*pieces, _VARIABLE.sub(as_json, template[end:])])
    try:
        json.loads(text)
    except ValueError as error:
        raise InvalidInputError(f"the input transformer makes no JSON of the event ({error}): {text}") from error
    return text


def _at(event: Any, path: str) -> Any:
    """The value at a path such as `$.detail.object.key` or `$.detail.list[0]`; None when there is none."""
    value = event
    for name, index in re.findall(r"\.([^.\[\]]+)|\[(\d+)\]", path.removeprefix("$")):
        try:
            value = value[int(index)] if index else value[name]
        except (KeyError, IndexError, TypeError):
            return None
    return value
