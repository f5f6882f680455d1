"""What the account has not, or where it fails, is an error of the service that says so: never a page, never silence."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterable
from typing import Any

from flask import Flask
from moto.moto_server.werkzeug_app import create_backend_app

from sandbox.calls import Environ, Wsgi, parse, refusal

NOT_EMULATED = "NotEmulated"
Tell = Callable[[str, str], None]


def backend(service: str) -> Flask:
    """moto's application of a service, whose failures reach whoever is in front of it."""
    app: Flask = create_backend_app(service)  # type: ignore[arg-type]  # moto lists every service as a literal
    app.config["PROPAGATE_EXCEPTIONS"] = True
    return app


def with_clear_gaps(app: Wsgi, tell: Tell) -> Wsgi:
    """`app`; a call that moto does not implement is answered with 501 and `NotEmulated`, one on which it fails with
    500 and `InternalFailure`. `tell` takes both, as a source and a line.
    """

    def answer(environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        call = parse(environ)
        try:
            return app(environ, start_response)
        except NotImplementedError as error:
            if call is None:
                raise
            what = f"{call.service}:{call.operation}"
            tell("sandbox", f"NOT EMULATED: {what}: {error}")
            message = f"The sandbox does not emulate {what} ({error}). docs/sandbox/sandbox.md lists what it does."
            return refusal(call, NOT_EMULATED, message, 501)(environ, start_response)
        except Exception as error:
            if call is None:
                raise
            what = f"{call.service}:{call.operation}"
            tell("sandbox", f"FAULT in {what}: {traceback.format_exc()}")
            message = f"The sandbox failed in {what}: {type(error).__name__}: {error}. AWS might have taken the call."
            return refusal(call, "InternalFailure", message, 500)(environ, start_response)

    return answer
