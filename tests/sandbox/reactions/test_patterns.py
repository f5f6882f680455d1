"""Event patterns, against AWS's own examples of each operator."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.reactions.events import patterns, target_input

EVENT: dict[str, Any] = {
    "source": "aws.ec2",
    "detail": {
        "state": "initializing",
        "c-count": 5,
        "d-count": 8,
        "is": True,
        "nothing": None,
        "file": "photo.PNG",
        "path": "dir/sub/one.png",
        "ip": "10.0.0.7",
        "zones": ["us-east-1a", "us-east-1b"],
        "containers": [{"name": "a", "exitCode": 0}, {"name": "b", "exitCode": 1}],
    },
}


@pytest.mark.parametrize(
    ("detail", "expected"),
    [
        ({"state": ["initializing"]}, True),
        ({"state": ["running", "initializing"]}, True),
        ({"state": ["Initializing"]}, False),
        ({"state": [{"prefix": "init"}]}, True),
        ({"state": [{"prefix": {"equals-ignore-case": "INIT"}}]}, True),
        ({"file": [{"suffix": ".png"}]}, False),
        ({"file": [{"suffix": {"equals-ignore-case": ".png"}}]}, True),
        ({"file": [{"equals-ignore-case": "PHOTO.png"}]}, True),
        ({"state": [{"anything-but": "initializing"}]}, False),
        ({"state": [{"anything-but": ["stopped", "overloaded"]}]}, True),
        ({"state": [{"anything-but": {"prefix": "init"}}]}, False),
        ({"state": [{"anything-but": {"suffix": "ed"}}]}, True),
        ({"c-count": [{"numeric": [">", 0, "<=", 5]}]}, True),
        ({"c-count": [{"numeric": ["<", 5]}]}, False),
        ({"state": [{"numeric": ["=", 5]}]}, False),
        ({"ip": [{"cidr": "10.0.0.0/24"}]}, True),
        ({"ip": [{"cidr": "10.1.0.0/24"}]}, False),
        ({"state": [{"exists": True}]}, True),
        ({"missing": [{"exists": False}]}, True),
        ({"state": [{"exists": False}]}, False),
        ({"missing": [{"anything-but": "x"}]}, False),
        ({"nothing": [None]}, True),
        ({"is": [True]}, True),
        ({"is": [1]}, False),
        ({"path": [{"wildcard": "dir/*/*.png"}]}, True),
        ({"path": [{"wildcard": "dir/*.jpg"}]}, False),
        ({"zones": ["us-east-1b"]}, True),
        ({"zones": ["us-east-1c"]}, False),
        ({"$or": [{"c-count": [{"numeric": [">", 5]}]}, {"d-count": [{"numeric": ["<", 10]}]}]}, True),
        ({"$or": [{"c-count": [{"numeric": [">", 5]}]}, {"d-count": [{"numeric": ["<", 8]}]}]}, False),
        ({"state": ["initializing"], "$or": [{"c-count": [6]}, {"d-count": [8]}]}, True),
        ({"containers": {"exitCode": [{"anything-but": [0]}]}}, True),
        ({"containers": {"name": ["b"], "exitCode": [1]}}, True),
        ({"containers": {"name": ["a"], "exitCode": [1]}}, False),
    ],
)
def test_operators(detail: dict[str, Any], expected: bool) -> None:
    assert patterns.matches({"source": ["aws.ec2"], "detail": detail}, EVENT) is expected


def test_an_unknown_operator_is_said_and_not_passed_over() -> None:
    with pytest.raises(patterns.UnknownOperatorError, match="sounds-like"):
        patterns.matches({"detail": {"state": [{"sounds-like": "x"}]}}, EVENT)


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ('{"key": <key>, "n": <n>}', '{"key": "a\\"b", "n": 5}'),
        ('"is <key> of <n>"', '"is a\\"b of 5"'),
        ('{"all": <list>}', '{"all": [1, 2]}'),
        ('{"rule": <aws.events.rule-name>}', '{"rule": "r"}'),
    ],
)
def test_transformer(template: str, expected: str) -> None:
    event = {"time": "2026-11-20T00:00:00Z", "detail": {"key": 'a"b', "n": 5, "list": [1, 2]}}
    paths = {"key": "$.detail.key", "n": "$.detail.n", "list": "$.detail.list"}
    target = {"InputTransformer": {"InputTemplate": template, "InputPathsMap": paths}}
    assert target_input.of_target(target, event, "arn:rule", "r") == expected


def test_a_path_into_nothing_leaves_no_json() -> None:
    target = {"InputTransformer": {"InputTemplate": '{"a": <a>}', "InputPathsMap": {"a": "$.detail.no"}}}
    with pytest.raises(target_input.InvalidInputError):
        target_input.of_target(target, {"time": "", "detail": {}}, "arn", "r")
