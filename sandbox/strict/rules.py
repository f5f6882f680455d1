"""What AWS documents and its models do not say: the table that each service's module adds its rules to."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sandbox.calls import Call
from sandbox.strict.account import Account

Check = Callable[[Call, Account], Iterator[str]]


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One documented demand on the requests of a service."""

    service: str
    """botocore's name of the service."""
    operations: tuple[str, ...]
    """The operations that it holds for; empty for every operation of the service."""
    source: str
    """The address of the page that says so."""
    code: str
    """The error code that the service documents."""
    status: int | None
    """The HTTP status, where the model does not say it and it is not 400."""
    check: Check
    """Gives the message of each breach; its docstring says what AWS demands."""

    @property
    def demand(self) -> str:
        """What AWS demands, in a sentence."""
        return " ".join((self.check.__doc__ or "").split())

    @property
    def name(self) -> str:
        """The rule's name in tests and in the list of the docs: `ec2.group_description`."""
        return f"{self.service}.{self.check.__name__}"

    def concerns(self, call: Call) -> bool:
        """Whether the rule is held against this request."""
        return call.service == self.service and (not self.operations or call.operation in self.operations)


class Rules:
    """The rules of one service, in the order in which they are held against a request."""

    def __init__(self, service: str) -> None:
        self.service = service
        self.all: list[Rule] = []

    def add(self, *operations: str, source: str, code: str, status: int | None = None) -> Callable[[Check], Check]:
        """Makes the decorated check a rule of the service for these operations (none: for all)."""

        def register(check: Check) -> Check:
            self.all.append(
                Rule(
                    service=self.service,
                    operations=operations,
                    source=source,
                    code=code,
                    status=status,
                    check=check,
                )
            )
            return check

        return register


def of_free_document(malformed: str) -> Callable[[Check], Check]:
    """For a check of a document that may hold anything: where it has not even the types that the check counts on, that
    is its fault, and `malformed` is the message.
    """

    def decorate(check: Check) -> Check:
        @functools.wraps(check)
        def guarded(call: Call, account: Account) -> Iterator[str]:
            try:
                yield from list(check(call, account))
            except (AttributeError, KeyError, TypeError):
                yield malformed

        return guarded

    return decorate


def is_json(text: str) -> bool:
    """Whether this is well-formed JSON."""
    try:
        json.loads(text)
    except ValueError:
        return False
    return True
