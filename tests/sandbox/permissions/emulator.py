"""The emulated account with permissions, as a server of its own: it prints its address as the first line.

`python -m tests.sandbox.permissions.emulator [enforce]`: without `enforce` every call goes ahead, and the records
(`GET /_permissions/records`) say what AWS would have denied.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from typing import Any

from sandbox import moto_gaps, recorded_calls
from sandbox.moto_gaps import Wsgi
from sandbox.permissions import Authorization, with_permissions


def application(*, enforce: bool) -> Wsgi:
    """The account; image layers, which on AWS come from a presigned address of ECR's own, are handed to everybody."""
    account = recorded_calls.application()
    judged = with_permissions(account, Authorization(), enforce=enforce)

    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        serves_layer = environ["PATH_INFO"].startswith(("/layers/", "/calls"))
        return (account if serves_layer else judged)(environ, start_response)

    return answer


if __name__ == "__main__":
    moto_gaps.serve(application(enforce="enforce" in sys.argv))
