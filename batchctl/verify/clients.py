"""boto3 clients in the stack's region that only read: any other call is refused before it leaves the machine.

boto3 finds credentials and endpoints as it always does (AWS_PROFILE, AWS_ENDPOINT_URL, ...).
"""

from __future__ import annotations

import re
from threading import Lock
from typing import Any, Final

import boto3
from botocore.config import Config

READS: Final = re.compile(r"(Get|List|Describe|Head)[A-Z]")
_QUIET: Final = Config(retries={"mode": "standard", "max_attempts": 5}, connect_timeout=5, read_timeout=30)


class WriteRefusedError(Exception):
    """A check tried to change something: a defect of the check."""


class Clients:
    """boto3 clients by service name, made once and only for reading."""

    def __init__(self, region: str, session: boto3.Session | None = None) -> None:
        self.region = region
        self._session = session or boto3.Session(region_name=region)
        self._clients: dict[str, Any] = {}
        self._lock = Lock()  # making a client is not thread-safe; using one is

    def __call__(self, service: str) -> Any:
        """The client of `service`, by boto3's name for it."""
        with self._lock:
            if service not in self._clients:
                client = self._session.client(service, region_name=self.region, config=_QUIET)  # type: ignore[call-overload]
                client.meta.events.register("before-call", refuse_writes)
                self._clients[service] = client
            return self._clients[service]

    def pages(self, service: str, operation: str, key: str, **arguments: Any) -> list[Any]:
        """Every item that `operation` lists under `key`, over all pages."""
        pages = self(service).get_paginator(operation).paginate(**arguments)
        return [item for page in pages for item in page.get(key, [])]


def refuse_writes(model: Any, **_: Any) -> None:
    """Handler of botocore's before-call event; raises WriteRefusedError unless the operation reads."""
    if not READS.match(model.name):
        raise WriteRefusedError(f"{model.service_model.service_name}:{model.name} is not a read")
