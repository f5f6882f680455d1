"""Puts permissions in front of the account: a call that its principal may not make is answered as AWS denies it.

Three paths of its own serve tests and the sandbox's command: `POST /_permissions/credentials` hands out a role's
credentials to a service that the role trusts, as CodeBuild and ECS hand them to what they run;
`POST /_permissions/evaluate` answers a list of questions `{"principal", "action", "resource", "context"}`;
`GET /_permissions/records?after=N` lists the records from the Nth on.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from typing import Any, Final
from urllib.parse import parse_qs

from moto.iam.access_control import PermissionResult
from moto.s3.models import FakeBucket

from sandbox import calls
from sandbox.calls import Call, Environ, Wsgi
from sandbox.permissions import denial
from sandbox.permissions.authorization import Authorization, Verdict

CREDENTIALS: Final = "/_permissions/credentials"
QUESTIONS: Final = "/_permissions/evaluate"
RECORDS: Final = "/_permissions/records"
LAYER_HEADER: Final = "x-sandbox-denied-by"
"""Header of a denial: `identity`, `resource`, `boundary`, `session`, `endpoint`, or `unmapped`."""


def with_permissions(app: Wsgi, authorization: Authorization | None = None, *, enforce: bool = True) -> Wsgi:
    """`app`, asked only what its callers may ask; `authorization` keeps the records and answers questions of others.

    With `enforce` off every call goes ahead, and the records say what would have been denied: so that one run shows
    all that a role lacks, and not only the first.
    """
    authority = authorization or Authorization()
    # moto judges bucket policies without their conditions
    FakeBucket.get_permission = lambda *_: PermissionResult.NEUTRAL  # type: ignore[method-assign]
    routes = {CREDENTIALS: _credentials, QUESTIONS: _answers, RECORDS: _records}

    def answer(environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        if serve := routes.get(environ.get("PATH_INFO", "")):
            return serve(authority, environ, start_response)
        call = calls.parse(environ) or _by_target(environ)
        if call is None or call.problem:
            return app(environ, start_response)
        verdict = authority.call(call)
        if verdict.allowed or not enforce:
            return app(environ, start_response)
        return _refused(call, verdict, environ, start_response)

    return answer


def _refused(call: Call, verdict: Verdict, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
    code, message, status = denial.words(call, verdict.message)
    answer = calls.refusal(call, code, message, status)
    answer.headers[LAYER_HEADER] = verdict.layer or "unmapped"
    return answer(environ, start_response)


def _by_target(environ: Environ) -> Call | None:
    """A call of a service that moto has not and something behind this serves, such as CodeConnections."""
    target = environ.get("HTTP_X_AMZ_TARGET", "")
    credential = environ.get("HTTP_AUTHORIZATION", "").partition("Credential=")[2].partition(",")[0].split("/")
    if not target or len(credential) != len(("key", "date", "region", "service", "aws4_request")):
        return None
    stream = environ["wsgi.input"]
    stream.seek(0)
    body = stream.read(int(environ.get("CONTENT_LENGTH") or 0))
    stream.seek(0)
    return Call(
        service=credential[3],
        operation=target.rpartition(".")[2],
        parameters=json.loads(body or b"{}"),
        access_key=credential[0],
        region=credential[2],
        headers={k.removeprefix("HTTP_").replace("_", "-").lower(): v for k, v in environ.items() if k[:5] == "HTTP_"},
        protocol="json",
    )


def _credentials(authority: Authorization, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
    body: Mapping[str, Any] = json.loads(environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)))
    try:
        credentials = authority.assume(
            body["service"],
            body["role"],
            body.get("context"),
            session=body.get("session", "session"),
            vpc=body.get("vpc"),
        )
    except (PermissionError, LookupError) as error:
        return _json(start_response, "403 Forbidden", {"message": str(error)})
    return _json(start_response, "200 OK", credentials)


def _answers(authority: Authorization, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
    queries = json.loads(environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)))
    verdicts = [authority.evaluate(q["principal"], q["action"], q["resource"], q.get("context")) for q in queries]
    answers = [
        {
            "allowed": verdict.allowed,
            "message": verdict.message,
            "layer": verdict.layer,
            "statements": [str(s) for s in verdict.decision.allowing] if verdict.decision else [],
        }
        for verdict in verdicts
    ]
    return _json(start_response, "200 OK", answers)


def _records(authority: Authorization, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
    after = int(parse_qs(environ.get("QUERY_STRING", "")).get("after", ["0"])[0])
    records = authority.log.where(lambda _: True)[after:]
    return _json(start_response, "200 OK", [asdict(record) for record in records])


def _json(start_response: Callable[..., Any], status: str, document: Any) -> Iterable[bytes]:
    start_response(status, [("Content-Type", "application/json")])
    return [json.dumps(document).encode()]
