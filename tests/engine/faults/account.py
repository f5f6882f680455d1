"""The strict account with faults: `POST /_faults` says which calls fail how, `GET /_faults` which calls there were.

A fault is `{"operation": "kms:CreateKey", "code": "ThrottlingException", "status": 400, "times": 3}`. The code `denied`
is a denial in the words of the service that is called.
"""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

from sandbox import moto_gaps
from sandbox.calls import Call, Environ, Wsgi, parse, refusal
from sandbox.permissions import denial
from sandbox.strict import with_strict_requests

PATH = "/_faults"
DENIED = "denied"
READS = ("Describe", "Get", "List", "Head", "Batch", "Lookup", "Simulate", "Validate")
EVERY = "*"
EACH = "each"
CALLER = "arn:aws:iam::123456789012:user/deployer"


@dataclass
class Fault:
    """How calls of one operation fail."""

    operation: str
    """`service:Operation`; `*` for every call that changes something; `each` for every such operation by itself."""
    code: str
    status: int = 400
    times: int = 1
    after: int = 0
    """Calls of the operation that pass before it."""
    applied: bool = False
    """The call takes effect before its answer is lost."""
    held: bool = False
    """It takes effect, and is not answered until the faults are set anew."""
    granted: tuple[str, ...] = ()
    """With `each`: operations that pass."""


class Faults:
    """The faults that are to come, the changing calls there were, and those of them that met a fault."""

    def __init__(self) -> None:
        self.waiting: list[Fault] = []
        self.calls: Counter[str] = Counter()
        self.met: Counter[str] = Counter()
        self.requests = 0
        """Of any kind, those that change nothing included."""
        self.released = threading.Event()
        self.lock = threading.Lock()

    def set(self, faults: list[Fault]) -> None:
        """These from now on; what was held is answered, and the counts begin again."""
        with self.lock:
            self.waiting = faults
            self.calls.clear()
            self.met.clear()
            self.released.set()
            self.released = threading.Event()

    def due(self, operation: str) -> Fault | None:
        """The fault that this call meets."""
        with self.lock:
            first = not self.calls[operation]
            self.calls[operation] += 1
            if first:
                each = [one for one in self.waiting if one.operation == EACH and operation not in one.granted]
                self.waiting += [replace(one, operation=operation) for one in each]
            for fault in self.waiting:
                if fault.operation not in (operation, EVERY) or not fault.times:
                    continue
                if fault.after:
                    fault.after -= 1
                    continue
                fault.times -= 1
                self.met[operation] += 1
                return fault
        return None

    def answer(self) -> dict[str, Any]:
        """What `GET` answers."""
        with self.lock:
            left = [one.operation for one in self.waiting if one.times and one.operation != EACH]
            return {"calls": dict(self.calls), "met": dict(self.met), "left": left, "requests": self.requests}


def with_faults(app: Wsgi) -> Wsgi:
    """`app`, whose changing calls fail as they are told to."""
    faults = Faults()

    def answer(environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        if environ["PATH_INFO"] == PATH:
            if environ["REQUEST_METHOD"] == "POST":
                body = json.loads(environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)))
                faults.set([Fault(**one) for one in body])
            start_response("200 OK", [("Content-Type", "application/json")])
            return [json.dumps(faults.answer()).encode()]
        faults.requests += 1
        call = parse(environ)
        if call is None or call.operation.startswith(READS):
            return app(environ, start_response)
        released, fault = faults.released, faults.due(f"{call.service}:{call.operation}")
        if fault is None:
            return app(environ, start_response)
        if fault.applied or fault.held:
            list(app(environ, lambda *_, **__: None))
        if fault.held:
            released.wait()
        return _failed(call, fault)(environ, start_response)

    return answer


def _failed(call: Call, fault: Fault) -> Wsgi:
    """The answer of a call that meets a fault."""
    operation = f"{call.service}:{call.operation}"
    if fault.code == DENIED:
        return refusal(call, *denial.words(call, f"User: {CALLER} is not authorized to perform: {operation}"))
    return refusal(call, fault.code, f"a fault on purpose of {operation}", fault.status)


if __name__ == "__main__":
    moto_gaps.serve(with_faults(with_strict_requests(moto_gaps.application())))
