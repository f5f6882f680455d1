"""Metric filters: log lines that match a pattern are counted.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html: JSON patterns with `=`, `!=`, `<`,
`>`, `IS`, `NOT EXISTS`, `&&`, `||`; terms, optional terms (`?`), excluded terms (`-`) and quoted phrases.
"""

from __future__ import annotations

import fnmatch
import json
import re
import shlex
from collections.abc import Callable
from typing import Any

from moto.logs.models import LogStream, logs_backends

from sandbox.reactions.account import ACCOUNT_ID, Account
from sandbox.reactions.hooks import replace
from sandbox.reactions.metrics import Metrics

_TOKEN = re.compile(
    r"\s*(?:(?P<sign>\|\||&&|[()]|!=|<=|>=|=|<|>)|(?P<text>\"(?:[^\"\\]|\\.)*\")|(?P<word>[^\s()=!<>&|\"]+))"
)


class NotEmulatedError(Exception):
    """The pattern uses what is not emulated."""


def install(account: Account, metrics: Metrics) -> None:
    """Looks at every line that is put."""
    put = LogStream.put_log_events

    def counted(stream: LogStream, log_events: list[dict[str, Any]]) -> str:
        answer = put(stream, log_events)
        group = stream.log_group
        backend = logs_backends[ACCOUNT_ID][group.region]
        for one in backend.filters.get_matching_filters(log_group_name=group.name):
            try:
                lines = [line for line in log_events if matches(one["filterPattern"] or "", line["message"])]
            except NotEmulatedError as error:
                account.tell("logs", f"NOT EMULATED: metric filter {one['filterName']}: {error}")
                continue
            for transformation in one["metricTransformations"]:
                _count(metrics, group.region, transformation, lines)
        return answer

    replace(LogStream, "put_log_events", counted)


def _count(metrics: Metrics, region: str, transformation: dict[str, Any], lines: list[dict[str, Any]]) -> None:
    name, namespace = transformation["metricName"], transformation["metricNamespace"]
    if not lines and transformation.get("defaultValue") is not None:
        metrics.put(region, namespace, name, {}, float(transformation["defaultValue"]), "None")
    for line in lines:
        value = transformation["metricValue"]
        number = _at(json.loads(line["message"]), value[2:]) if str(value).startswith("$.") else value
        dimensions = {
            key: str(_at(json.loads(line["message"]), path[2:]))
            for key, path in (transformation.get("dimensions") or {}).items()
        }
        metrics.put(region, namespace, name, dimensions, float(number), transformation.get("unit") or "None")


def matches(pattern: str, line: str) -> bool:
    """Whether a line matches. Raises `NotEmulatedError`."""
    stripped = pattern.strip()
    if not stripped:
        return True
    if stripped.startswith("{"):
        try:
            document = json.loads(line)
        except ValueError:
            return False
        return isinstance(document, dict) and _Parser(stripped[1:-1]).condition()(document)
    if stripped.startswith(("[", "%")):
        raise NotEmulatedError(f"the filter pattern {pattern!r} (space-delimited or a regular expression)")
    words = shlex.split(stripped)
    optional = [word[1:] for word in words if word.startswith("?")]
    excluded = [word[1:] for word in words if word.startswith("-")]
    needed = [word for word in words if not word.startswith(("?", "-"))]
    if any(word in line for word in excluded) or not all(word in line for word in needed):
        return False
    return bool(needed) or not optional or any(word in line for word in optional)


Condition = Callable[[dict[str, Any]], bool]


class _Parser:
    """A JSON pattern, by recursive descent."""

    def __init__(self, text: str) -> None:
        self._tokens = [match.group().strip() for match in _TOKEN.finditer(text)]
        self._text, self._position = text, 0

    def condition(self) -> Condition:
        parts = [self._all_of()]
        while self._take("||"):
            parts.append(self._all_of())
        return lambda document: any(part(document) for part in parts)

    def _all_of(self) -> Condition:
        parts = [self._one()]
        while self._take("&&"):
            parts.append(self._one())
        return lambda document: all(part(document) for part in parts)

    def _one(self) -> Condition:
        if self._take("("):
            inner = self.condition()
            self._take(")")
            return inner
        path, sign = self._next(), self._next()
        if not path.startswith("$."):
            raise NotEmulatedError(f"the filter pattern {self._text!r}")
        if sign == "NOT" and self._take("EXISTS"):
            return lambda document: _at(document, path[2:]) is None
        if sign == "IS":
            expected = {"TRUE": True, "FALSE": False, "NULL": None}[self._next()]
            return lambda document: _at(document, path[2:]) is expected
        value = self._next()
        return lambda document: _compared(_at(document, path[2:]), sign, value)

    def _next(self) -> str:
        if self._position >= len(self._tokens):
            raise NotEmulatedError(f"the filter pattern {self._text!r} ends too early")
        self._position += 1
        return self._tokens[self._position - 1]

    def _take(self, token: str) -> bool:
        if self._position < len(self._tokens) and self._tokens[self._position] == token:
            self._position += 1
            return True
        return False


def _compared(field: Any, sign: str, value: str) -> bool:
    text = json.loads(value) if value.startswith('"') else value
    if sign in ("=", "!="):
        if field is None:
            return False
        number = _number(text) if not value.startswith('"') else None
        same = field == number if number is not None else fnmatch.fnmatchcase(str(field), text)
        return same == (sign == "=")
    limit = _number(text)
    if limit is None or isinstance(field, bool) or not isinstance(field, int | float):
        return False
    return {"<": field < limit, ">": field > limit, "<=": field <= limit, ">=": field >= limit}[sign]


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _at(document: Any, path: str) -> Any:
    for name in path.split("."):
        document = document.get(name) if isinstance(document, dict) else None
    return document
