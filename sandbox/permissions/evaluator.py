"""Asks `@cloud-copilot/iam-simulate`, which runs as a process of its own, whether policies allow a request.

It does not know the condition keys `kms:EncryptionContext:*`, so `aws:PrincipalTag/kms:EncryptionContext:*`, which no
policy here uses, stands for them in request and policies alike.
"""

from __future__ import annotations

import atexit
import functools
import hashlib
import json
import re
import subprocess
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from sandbox.permissions import toolchain

Context = Mapping[str, str | Sequence[str]]
"""Condition keys of a request and their values."""

LAYERS: Final = ("identity", "resource", "boundary", "session", "endpoint")
_ENCRYPTION_CONTEXT: Final = re.compile(r"kms:EncryptionContext:", re.IGNORECASE)
_STAND_IN: Final = "aws:PrincipalTag/kms:EncryptionContext:"


@dataclass(frozen=True)
class Policy:
    """A policy document and the name that explanations give it."""

    name: str
    document: str
    """JSON."""

    @functools.cached_property
    def key(self) -> str:
        """What the evaluator knows the document by."""
        return hashlib.sha256(self.document.encode()).hexdigest()[:16]


@dataclass(frozen=True, kw_only=True)
class Request:
    """One action on one resource by one principal, and every policy that has a say in it."""

    principal: str
    """An ARN, or the name of a service (`events.amazonaws.com`)."""
    action: str
    resource: str
    """An ARN, or `*` for an action that takes no resource."""
    account: str
    """The account that owns the resource."""
    context: tuple[tuple[str, str | tuple[str, ...]], ...] = ()
    identity: tuple[Policy, ...] = ()
    boundary: Policy | None = None
    session: Policy | None = None
    resource_policy: Policy | None = None
    endpoint: Policy | None = None


@dataclass(frozen=True)
class Statement:
    """A statement that matched."""

    layer: str
    policy: str
    sid: str
    """The statement's Sid, or its position, counted from 1."""

    def __str__(self) -> str:
        return f"{self.layer} policy {self.policy}, statement {self.sid}"


@dataclass(frozen=True, kw_only=True)
class Decision:
    """What the policies say about a request."""

    result: Literal["Allowed", "ExplicitlyDenied", "ImplicitlyDenied"]
    layers: Mapping[str, str] = field(default_factory=dict)
    """Layer to its own result, for those layers that had a policy."""
    allowing: tuple[Statement, ...] = ()
    denying: tuple[Statement, ...] = ()
    blocked_by: tuple[str, ...] = ()
    """Layers that stop what the others allow, as the evaluator names them: `vpce`, `pb`, `resource`, `identity`."""

    @property
    def allowed(self) -> bool:
        """Whether the request may go ahead."""
        return self.result == "Allowed"


class EvaluatorError(RuntimeError):
    """A request that the evaluator cannot judge: an unknown action, a resource of a wrong type, a broken policy."""


class Evaluator:
    """The evaluator's process; decisions are remembered, since a deployment asks many questions more than once.

    Calls from several threads take turns.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[str] | None = None
        self._sent: set[str] = set()
        self._decided: dict[Request, Decision] = {}

    def decide(self, request: Request) -> Decision:
        """The decision on `request`; raises EvaluatorError when there can be none."""
        with self._lock:
            if request not in self._decided:
                self._decided[request] = self._ask(request)
            return self._decided[request]

    def close(self) -> None:
        """Ends the process."""
        with self._lock:
            if self._process:
                self._process.terminate()
                self._process.wait(10)
                self._process = None
                self._sent.clear()

    def _start(self) -> subprocess.Popen[str]:
        if self._process is None:
            command = [*toolchain.node(), str(toolchain.SOURCES / "evaluator.mjs"), str(toolchain.folder())]
            self._process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
            )
            atexit.register(self.close)
        return self._process

    def _ask(self, request: Request) -> Decision:
        process = self._start()
        assert process.stdin and process.stdout
        policies = [*request.identity]
        policies += [p for p in (request.boundary, request.session, request.resource_policy, request.endpoint) if p]
        new = {p.key: _with_stand_in(p.document) for p in policies if p.key not in self._sent}
        self._sent |= set(new)
        process.stdin.write(json.dumps({"policies": new, "simulation": _simulation(request)}) + "\n")
        process.stdin.flush()
        line = process.stdout.readline()
        if not line:
            raise EvaluatorError(f"the policy evaluator ended with {process.wait(10)}")
        return _decision(json.loads(line), request)


def _with_stand_in(document: str) -> Any:
    return json.loads(_ENCRYPTION_CONTEXT.sub(_STAND_IN, document))


def _named(policies: Sequence[Policy]) -> list[dict[str, str]]:
    return [{"name": p.name, "key": p.key} for p in policies]


def _simulation(request: Request) -> dict[str, Any]:
    return {
        "request": {
            "principal": {"type": "Anonymous"} if request.principal == "anonymous" else request.principal,
            "action": request.action,
            "resource": {"resource": request.resource, "accountId": request.account},
            "contextVariables": {_ENCRYPTION_CONTEXT.sub(_STAND_IN, key): value for key, value in request.context},
        },
        "identity": _named(request.identity),
        **({"boundary": _named([request.boundary])} if request.boundary else {}),
        **({"session": request.session.key} if request.session else {}),
        **({"resource": request.resource_policy.key} if request.resource_policy else {}),
        **({"endpoint": _named([request.endpoint])} if request.endpoint else {}),
    }


def _decision(answer: dict[str, Any], request: Request) -> Decision:
    if error := answer.get("error"):
        raise EvaluatorError(f"{request.action} on {request.resource} by {request.principal}: {json.dumps(error)}")
    policy_names = {
        "resource": request.resource_policy.name if request.resource_policy else "",
        "session": request.session.name if request.session else "",
    }

    def statements(effect: str) -> tuple[Statement, ...]:
        return tuple(
            Statement(layer, one["policy"] or policy_names.get(layer, ""), one["sid"] or str(one["index"]))
            for layer in LAYERS
            for one in (answer.get(layer) or {}).get(effect, [])
        )

    return Decision(
        result=answer["result"],
        layers={layer: answer[layer]["result"] for layer in LAYERS if answer.get(layer)},
        allowing=statements("allow"),
        denying=statements("deny"),
        blocked_by=tuple(answer["blockedBy"]),
    )
