"""Malformed requests that AWS's pages name are refused, and the request beside each is taken."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from botocore.exceptions import ClientError
from botocore.parsers import ResponseParserError

from sandbox.strict import RULE_HEADER
from sandbox.strict.table import RULES
from tests.sandbox.strict.conftest import Strict
from tests.sandbox.strict.every_request import REQUESTS
from tests.sandbox.strict.scenery import Scenery
from tests.sandbox.strict.seeds import overlaid
from tests.sandbox.strict.test_table import SEEDS


@dataclass
class Answers:
    """How the account answered the requests of one service."""

    tried: int = 0
    accepted: list[str] = field(default_factory=list)
    """Malformed requests that were taken, or on which the account crashed."""
    fine_refused: list[str] = field(default_factory=list)
    rules: dict[str, set[str]] = field(default_factory=dict)
    """The rules that refused, with the codes that they refused with."""


@pytest.fixture(scope="module")
def answers(strict: Strict) -> dict[str, Answers]:
    """Every request, sent once."""
    scenery = Scenery(strict.client, strict.names, strict.ids)
    answers_by_service = {service: Answers() for service in REQUESTS}
    for service, requests in REQUESTS.items():
        for request in requests:
            refusal = answer(scenery, service, request.operation, request.fine(scenery))
            if refusal is not None:
                answers_by_service[service].fine_refused.append(f"{request.operation}: {refusal}")
            for name, change in request.malformed.items():
                answers_by_service[service].tried += 1
                broken = overlaid(request.fine(scenery), change(scenery))
                refusal = answer(scenery, service, request.operation, broken)
                if refusal is None or refusal.rule == CRASHED:
                    answers_by_service[service].accepted.append(
                        f"{request.operation} {name}{': crashed' if refusal else ''}"
                    )
                else:
                    answers_by_service[service].rules.setdefault(refusal.rule, set()).add(refusal.code)
    return answers_by_service


@dataclass(frozen=True)
class Refusal:
    """Who refused a request, and how."""

    rule: str
    """The rule, `model`, or `moto` for what the account itself refused."""
    code: str
    message: str = ""


CRASHED = "crashed"


def answer(account: Strict, service: str, operation: str, parameters: dict[str, object]) -> Refusal | None:
    """The refusal of a request; None for one that is taken."""
    try:
        account.call(service, operation, parameters)
    except ResponseParserError as error:
        return Refusal(CRASHED, "", str(error))
    except ClientError as error:
        metadata, body = error.response["ResponseMetadata"], error.response["Error"]
        rule = metadata["HTTPHeaders"].get(RULE_HEADER)
        crashed = rule is None and metadata["HTTPStatusCode"] >= 500
        return Refusal(CRASHED if crashed else rule or "moto", body["Code"], body.get("Message", ""))
    return None


@pytest.mark.parametrize("service", REQUESTS)
def test_what_the_pages_refuse_is_refused(answers: dict[str, Answers], service: str) -> None:
    of_service = answers[service]
    assert of_service.tried >= 3
    assert not of_service.accepted, f"{len(of_service.accepted)} of {of_service.tried} malformed requests were taken"


@pytest.mark.parametrize("service", REQUESTS)
def test_the_request_beside_them_is_taken(answers: dict[str, Answers], service: str) -> None:
    assert not answers[service].fine_refused


def test_they_are_many(answers: dict[str, Answers]) -> None:
    assert sum(of_service.tried for of_service in answers.values()) > 1600


def test_every_rule_is_shown_by_a_request(answers: dict[str, Answers]) -> None:
    """Here or in the seeds each rule refuses something, with the code that it names."""
    refused: dict[str, set[str]] = {}
    for of_service in answers.values():
        for rule, codes in of_service.rules.items():
            refused.setdefault(rule, set()).update(codes)
    seeds = {seed.rule for seed in SEEDS}
    silent = sorted(rule.name for rule in RULES if rule.name not in seeds and rule.name not in refused)
    assert not silent
    assert {rule.name: refused[rule.name] for rule in RULES if rule.name in refused} == {
        rule.name: {rule.code} for rule in RULES if rule.name in refused
    }
