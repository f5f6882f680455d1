"""Refuses the malformed requests that AWS refuses, before they reach the emulated account.

Every request is held against AWS's own service model, and then against the table of what AWS documents beside it.
docs/sandbox/strictness.md lists both.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from werkzeug.wrappers import Response

from sandbox.calls import Call, Environ, Wsgi, parse, refusal
from sandbox.strict import codes
from sandbox.strict.account import Account
from sandbox.strict.model import violations
from sandbox.strict.table import RULES

RULE_HEADER = "x-sandbox-refused-by"


def with_strict_requests(app: Wsgi) -> Wsgi:
    """Returns the application that answers a malformed request with the error of the service, and hands on the rest."""

    def answer(environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        call = parse(environ)
        refused = refused_by(call) if call is not None else None
        return (refused or app)(environ, start_response)

    return answer


def refused_by(call: Call) -> Response | None:
    """The answer with which AWS refuses this request; None for one that it takes."""
    return _by_model(call) or _by_table(call)


def _by_model(call: Call) -> Response | None:
    if call.problem is not None:
        return _named("model", refusal(call, codes.of_problem(call), call.problem))
    shape = codes.service_model(call.service).operation_model(call.operation).input_shape
    broken = list(violations(shape, call.parameters)) if shape is not None else []
    if not broken:
        return None
    count = f"{len(broken)} validation error{'s' if len(broken) > 1 else ''} detected: "
    message = count + "; ".join(item.sentence for item in broken)
    return _named("model", refusal(call, codes.of_violation(call, broken[0]), message))


def _by_table(call: Call) -> Response | None:
    account = Account(call)
    for rule in RULES:
        if rule.concerns(call):
            message = next(rule.check(call, account), None)
            if message is not None:
                return _named(rule.name, refusal(call, rule.code, message, rule.status))
    return None


def _named(rule: str, answer: Response) -> Response:
    """Says in a header which rule refused: `model`, or its name in docs/sandbox/strictness.md."""
    answer.headers[RULE_HEADER] = rule
    return answer
