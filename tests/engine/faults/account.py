"""The strict account with faults: `POST /_faults` says which call fails how, `GET /_faults` which calls there were.

A fault is `{"operation": "kms:CreateKey", "code": "ThrottlingException", "status": 400, "times": 3}`; `after` calls of
the operation pass before it, and with `applied` the call takes effect before its answer is lost.
"""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from sandbox import moto_gaps
from sandbox.calls import Environ, Wsgi, parse, refusal
from sandbox.strict import with_strict_requests

PATH = "/_faults"
READS = ("Describe", "Get", "List", "Head", "Batch", "Lookup", "Simulate", "Validate")


@dataclass
class Fault:
    """How calls of one operation fail."""

    operation: str
    """`service:Operation`, or `*` for every call that changes something."""
    code: str
    status: int
    times: int = 1
    after: int = 0
    applied: bool = False


class Faults:
    """The faults that are to come, and the changing calls there were."""

    def __init__(self) -> None:
        self.waiting: list[Fault] = []
        self.calls: Counter[str] = Counter()
        self.lock = threading.Lock()

    def due(self, operation: str) -> Fault | None:
        """The fault that this call meets."""
        with self.lock:
            self.calls[operation] += 1
            for fault in self.waiting:
                if fault.operation not in (operation, "*") or not fault.times:
                    continue
                if fault.after:
                    fault.after -= 1
                    continue
                fault.times -= 1
                return fault
        return None


def with_faults(app: Wsgi) -> Wsgi:
    """`app`, whose changing calls fail as they are told to."""
    faults = Faults()

    def answer(environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        if environ["PATH_INFO"] == PATH:
            if environ["REQUEST_METHOD"] == "POST":
                body = json.loads(environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)))
                with faults.lock:
                    faults.waiting = [Fault(**one) for one in body]
                    faults.calls.clear()
            start_response("200 OK", [("Content-Type", "application/json")])
            left = [vars(one) for one in faults.waiting if one.times]
            return [json.dumps({"calls": dict(faults.calls), "left": left}).encode()]
        call = parse(environ)
        if call is None or call.operation.startswith(READS):
            return app(environ, start_response)
        fault = faults.due(f"{call.service}:{call.operation}")
        if fault is None:
            return app(environ, start_response)
        if fault.applied:
            list(app(environ, lambda *_, **__: None))
        failed = refusal(call, fault.code, f"a fault on purpose: {fault.code}", fault.status)
        return failed(environ, start_response)

    return answer


if __name__ == "__main__":
    moto_gaps.serve(with_faults(with_strict_requests(moto_gaps.application())))
