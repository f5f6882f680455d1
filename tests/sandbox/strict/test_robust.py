"""No rule falls over a request that the models take: each part of each seed is replaced by other values of its type."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from typing import Any

import pytest

from sandbox.calls import Call
from sandbox.strict import refused_by
from sandbox.strict.codes import service_model
from tests.sandbox.strict.conftest import Strict
from tests.sandbox.strict.every_request import REQUESTS
from tests.sandbox.strict.scenery import Scenery
from tests.sandbox.strict.seeds import Seed
from tests.sandbox.strict.test_table import SEEDS

TEXTS = (
    "",
    "x",
    "{}",
    "[]",
    "null",
    '"text"',
    '{"Statement": 1}',
    '{"rules": [1]}',
    '{"States": {"A": 1}}',
    "arn:aws:x",
)
MOST = 1500
"""Variations of one seed that are tried, of the first parts first."""
MOST_OF_REQUEST = 250
NUMBERS = (-1, 0, 1, 10**6)


ANYTHING: tuple[Any, ...] = (None, 1, "x", [], {}, [1], ["x"], {"x": 1})


def variations(value: Any, free: bool = False) -> Iterator[Any]:
    """The value with one part of it replaced or taken away, at any depth; in a free document by any type."""
    if free:
        yield from ANYTHING
    if isinstance(value, dict):
        yield {}
        for key, part in value.items():
            yield {name: item for name, item in value.items() if name != key}
            for other in variations(part, free):
                yield {**value, key: other}
    elif isinstance(value, list):
        yield []
        yield value * 2
        for position, part in enumerate(value):
            for other in variations(part, free):
                yield [*value[:position], other, *value[position + 1 :]]
    elif isinstance(value, bool):
        yield not value
    elif isinstance(value, str):
        yield from TEXTS
        yield from (json.dumps(other) for other in variations(_document(value), free=True))
    elif isinstance(value, int | float):
        yield from NUMBERS


def _document(text: str) -> Any:
    """The document that a text holds; None for plain text."""
    try:
        document = json.loads(text)
    except ValueError:
        return None
    return document if isinstance(document, dict) else None


def _answers(service: str, operation: str, requests: Iterator[Any]) -> None:
    for parameters in requests:
        answer = refused_by(
            Call(
                service=service,
                operation=operation,
                parameters=parameters,
                access_key=None,
                region="us-east-1",
                headers={},
                protocol=str(service_model(service).resolved_protocol),
            )
        )
        assert answer is None or 400 <= answer.status_code < 500


@pytest.mark.parametrize("seed", SEEDS, ids=lambda seed: seed.rule)
def test_a_rule_answers_whatever_the_model_takes(strict: Strict, seed: Seed) -> None:
    _answers(seed.service, seed.operation, itertools.islice(variations(seed.keeps(strict)), MOST))


@pytest.mark.parametrize("service", sorted(REQUESTS))
def test_rules_without_seeds_answer_too(strict: Strict, service: str) -> None:
    """Those that only the documented requests show; each request is varied."""
    scenery = Scenery(strict.client, strict.names, strict.ids)
    for request in REQUESTS[service]:
        varied = variations(request.fine(scenery))
        _answers(service, request.operation, itertools.islice(varied, MOST_OF_REQUEST))
