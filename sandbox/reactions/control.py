"""`/_sandbox/`: what a test or a person sets and reads of the account besides AWS's own API.

| path | GET | POST |
|---|---|---|
| `timeline` | what happened, `?since=N` | |
| `calls` | every call with its verdict, `?since=N` | |
| `clock` | the account's time | `{"set": "2026-03-08T06:00:00Z"}`, `{"advance": 3600}` (seconds) or `{"speed": 60}` |
| `outcomes` | | `{"job": "risk-calculation", "kind": "exit-code", "exit_code": 75, "times": 1}` |
| `scan-findings` | | `{"repository": …, "image": …, "findings": {"HIGH": 1}}` |
| `metrics` | | `{"region": …, "namespace": "ECS/ContainerInsights", "name": …, "dimensions": {…}, "value": 1}` |
| `credentials/ID` | a task role's credentials, as ECS hands them to the container | |
| `settle` | answers when nothing is going on but waiting | |
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs

PATH = "/_sandbox/"
Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
Handler = Callable[[str, Mapping[str, Any]], Any]


class BadRequestError(Exception):
    """What was asked is not to be had; the message says what is."""


class Control:
    """The handlers of `/_sandbox/`, by the path's first part."""

    def __init__(self) -> None:
        self._handlers: dict[tuple[str, str], Handler] = {}

    def add(self, method: str, name: str, handler: Handler) -> None:
        """Answers `method` of `/_sandbox/<name>` with what `handler` returns of the rest of the path and the body."""
        self._handlers[(method, name)] = handler

    def around(self, app: Wsgi) -> Wsgi:
        """`app`, with the control paths in front."""

        def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
            if not environ["PATH_INFO"].startswith(PATH):
                return app(environ, start_response)
            status, body = self._answer(environ)
            start_response(status, [("Content-Type", "application/json")])
            return [json.dumps(body, default=str).encode()]

        return answer

    def _answer(self, environ: dict[str, Any]) -> tuple[str, Any]:
        name, _, rest = environ["PATH_INFO"].removeprefix(PATH).partition("/")
        handler = self._handlers.get((environ["REQUEST_METHOD"], name))
        if handler is None:
            routes = ", ".join(sorted(f"{method} {PATH}{one}" for method, one in self._handlers))
            return "404 Not Found", {
                "message": f"no {environ['REQUEST_METHOD']} {environ['PATH_INFO']}; known: {routes}"
            }
        try:
            if environ["REQUEST_METHOD"] == "GET":
                parameters: Any = {key: values[0] for key, values in parse_qs(environ.get("QUERY_STRING", "")).items()}
            else:
                parameters = json.loads(environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)) or b"{}")
            return "200 OK", handler(rest, parameters)
        except (BadRequestError, ValueError, KeyError, TypeError) as error:
            text = f"{error} is missing" if isinstance(error, KeyError) else str(error)
            return "400 Bad Request", {"message": text}


def moment(text: str) -> datetime:
    """An ISO moment with its offset. Raises `BadRequestError`."""
    read = datetime.fromisoformat(text)
    if read.tzinfo is None:
        raise BadRequestError(f"{text} has no offset; write for example 2026-11-23T13:30:00Z")
    return read
