"""The emulated AWS account as one process on loopback.

`python -m sandbox PORT [--record FILE] [--permissions]`

A request passes, from outside to inside: the record of calls, the control paths, the strict reading of requests, the
permissions, the gaps of moto that are closed, and moto, which keeps everything. What AWS does by itself hangs on moto's
own objects (`sandbox/reactions/`, `sandbox/tasks/`).
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

from sandbox.reactions.control import Wsgi

HOST = "127.0.0.1"
START_SECONDS = 120
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
"""Of the account's root user, who may do everything."""
ROOT = Path(__file__).resolve().parent.parent


class StartError(Exception):
    """The account did not start."""


@dataclass(frozen=True)
class Sandbox:
    """An account that runs."""

    url: str
    pid: int

    def environment(self, region: str = "us-east-1") -> dict[str, str]:
        """The variables that lead every AWS client, and `pulumi`, to this account."""
        return {"AWS_ENDPOINT_URL": self.url, **CREDENTIALS, "AWS_REGION": region, "AWS_DEFAULT_REGION": region}

    def get(self, path: str) -> Any:
        """What `/_sandbox/<path>` answers."""
        with urlopen(f"{self.url}/_sandbox/{path}", timeout=180) as answer:
            return json.loads(answer.read())

    def post(self, path: str, **body: Any) -> Any:
        """What `/_sandbox/<path>` answers to `body`."""
        request = Request(f"{self.url}/_sandbox/{path}", json.dumps(body).encode(), method="POST")
        with urlopen(request, timeout=600) as answer:
            return json.loads(answer.read())

    @property
    def is_ready(self) -> bool:
        """Whether the account answers."""
        try:
            self.get("clock")
        except OSError:
            return False
        return True


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def _is_taken(port: int) -> bool:
    """Whether another program listens on the port, answering or not."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((HOST, port)) == 0


def start(port: int, *, record: Path | None = None, log: Path | None = None, permissions: bool = False) -> Sandbox:
    """Starts the account in the background; whoever starts it ends it by its pid. Raises `StartError`."""
    if _is_taken(port):
        raise StartError(f"another program listens on {HOST}:{port}")
    words = [sys.executable, "-m", "sandbox", str(port), *(["--record", str(record)] if record else [])]
    words += ["--permissions"] if permissions else []
    with (log or Path(os.devnull)).open("a") as output:
        process = subprocess.Popen(
            words,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    sandbox = Sandbox(f"http://{HOST}:{port}", process.pid)
    end = time.monotonic() + START_SECONDS
    while not sandbox.is_ready:
        if process.poll() is not None or time.monotonic() > end:
            last_lines = (
                log.read_text(encoding="utf-8")[-2000:] if log else "start `python -m sandbox` by hand to see why"
            )
            raise StartError(f"the sandbox account does not answer at {sandbox.url}: {last_lines}")
        time.sleep(0.2)
    return sandbox


@contextmanager
def running(*, record: Path | None = None, log: Path | None = None, permissions: bool = False) -> Iterator[Sandbox]:
    """An account of its own while the block runs."""
    sandbox = start(free_port(), record=record, log=log, permissions=permissions)
    try:
        yield sandbox
    finally:
        os.kill(sandbox.pid, signal.SIGTERM)
        os.waitpid(sandbox.pid, 0)


RULE_HEADER, LAYER_HEADER = "x-sandbox-refused-by", "x-sandbox-denied-by"
"""Headers of a refusal: the rule of docs/sandbox/strictness.md, the layer of policies."""


def recorded(app: Wsgi, file: Path | None, calls: list[dict[str, Any]]) -> Wsgi:
    """`app`; every call is kept in `calls` and written to `file`, one JSON object per line, with the answer."""
    lock = threading.Lock()

    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if environ["PATH_INFO"].startswith(("/_sandbox/", "/moto-api/")):
            return app(environ, start_response)
        line: dict[str, Any] = described(environ)

        def started(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            named = {name.lower(): value for name, value in headers}
            line["status"] = int(status.split(maxsplit=1)[0])
            line["verdict"] = "answered" if line["status"] < 400 else "refused"
            if "x-amzn-errortype" in named:
                line["error"] = named["x-amzn-errortype"]
            for header, member in ((RULE_HEADER, "rule"), (LAYER_HEADER, "layer")):
                if header in named:
                    line[member] = named[header]
            with lock:
                calls.append(line)
                if file:
                    with file.open("a", encoding="utf-8") as lines:
                        lines.write(json.dumps(line, default=str) + "\n")
            return start_response(status, headers, *rest)

        return app(environ, started)

    return answer


def described(environ: dict[str, Any]) -> dict[str, Any]:
    """A call in the record: when, who, which service and operation."""
    from sandbox.calls import parse

    call = parse(environ)
    return {
        "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "access_key": call.access_key if call else None,
        "service": call.service if call else None,
        "operation": call.operation if call else f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}",
    }


def application(port: int, record: Path | None = None, *, permissions: bool = False) -> Wsgi:
    """The whole account as a WSGI application, whose own calls go to `port`.

    With `permissions` every call is evaluated for its principal, and so is what services do by themselves.
    """
    from sandbox import moto_gaps  # moto is slow to import, and whoever only starts the process needs none of it
    from sandbox.reactions import life
    from sandbox.reactions.account import evaluated_by
    from sandbox.strict import with_strict_requests

    calls: list[dict[str, Any]] = []
    endpoint = f"http://{HOST}:{port}"
    if permissions:
        from sandbox.permissions import Authorization, with_permissions

        authority = Authorization()
        living = life.Life(endpoint, evaluated_by(authority))
        authority.vpc_of_key = living.account.vpc_of_key
        account = with_permissions(moto_gaps.application(living.account.tell), authority)
    else:
        living = life.Life(endpoint)
        account = moto_gaps.application(living.account.tell)
    living.install()
    living.control.add("GET", "calls", lambda rest, parameters: calls[int(parameters.get("since", 0)) :])
    return recorded(living.control.around(with_strict_requests(account)), record, calls)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m sandbox", description=__doc__)
    parser.add_argument("port", type=int, help="port on 127.0.0.1 to listen on, for example 4566")
    parser.add_argument(
        "--record", type=Path, help="file to record every call in, with its verdict: one JSON object per line"
    )
    parser.add_argument("--permissions", action="store_true", help="evaluate IAM's policies (needs node)")
    chosen = parser.parse_args(arguments)
    from werkzeug.serving import WSGIRequestHandler, run_simple

    class Quiet(WSGIRequestHandler):
        """Says nothing of each request: the record does."""

        protocol_version = "HTTP/1.1"

        def log(self, type: str, message: str, *args: Any) -> None:
            """Errors only."""
            if type == "error":
                super().log(type, message, *args)

    app = application(chosen.port, chosen.record, permissions=chosen.permissions)
    run_simple(HOST, chosen.port, app, threaded=True, request_handler=Quiet)
    return 0
