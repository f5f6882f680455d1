"""A WSGI application served on loopback, as an SDK meets it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config
from werkzeug.serving import BaseWSGIServer, make_server

from sandbox.calls import Wsgi

Client = Callable[[str], Any]


@pytest.fixture(scope="module")
def serve() -> Iterator[Callable[[Wsgi], Client]]:
    """Serves an application, and gives the boto3 clients of it that send whatever they are given."""
    servers: list[BaseWSGIServer] = []

    def start(app: Wsgi) -> Client:
        server = make_server("127.0.0.1", 0, app, threaded=True)
        servers.append(server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        clients: dict[str, Any] = {}

        def client(service: str) -> Any:
            if service not in clients:
                clients[service] = boto3.client(  # type: ignore[call-overload]
                    service,
                    region_name="us-east-1",
                    endpoint_url=f"http://127.0.0.1:{server.server_port}",
                    aws_access_key_id="AKIATEST",
                    aws_secret_access_key="test",
                    config=Config(parameter_validation=False, retries={"total_max_attempts": 1}),
                )
            return clients[service]

        return client

    yield start
    for server in servers:
        server.shutdown()
