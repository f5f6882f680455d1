"""An account with permissions in this process, and roles in it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from moto.core.base_backend import BackendDict
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

from sandbox.calls import Wsgi
from sandbox.permissions import Authorization, with_permissions
from tests.sandbox.conftest import Client

ACCOUNT = "123456789012"
FOREIGN = "210987654321"
SERVICE = "ecs-tasks.amazonaws.com"


def policy(*statements: Mapping[str, Any]) -> str:
    """A policy document."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(action: str | list[str], resource: Any = "*", **more: Any) -> dict[str, Any]:
    """A statement that allows; `more` are further elements of it."""
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def trust(service: str = SERVICE, **more: Any) -> str:
    """A trust policy that lets a service in."""
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole", **more}
    return policy(statement)


def denied(call: Callable[[], Any]) -> tuple[str, str]:
    """Code and message of the refusal."""
    with pytest.raises(ClientError) as caught:
        call()
    error = caught.value.response["Error"]
    return str(error["Code"]), str(error.get("Message", ""))


@dataclass
class World:
    """The account, and roles in it."""

    url: str
    root: Client
    authorization: Authorization
    roles: int = 0
    keys: list[str] = field(default_factory=list)

    def role(self, *statements: Mapping[str, Any], boundary: str | None = None, trusted: str | None = None) -> str:
        """A new role with these rights; its ARN."""
        self.roles += 1
        iam = self.root("iam")
        more: dict[str, Any] = {}
        if boundary:
            created = iam.create_policy(PolicyName=f"boundary-{self.roles}", PolicyDocument=boundary)
            more["PermissionsBoundary"] = created["Policy"]["Arn"]
        name = f"role-{self.roles}"
        created = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trusted or trust(), **more)
        if statements:
            iam.put_role_policy(RoleName=name, PolicyName="rights", PolicyDocument=policy(*statements))
        return str(created["Role"]["Arn"])

    def as_role(self, service: str, arn: str, *, vpc: str | None = None, headers: dict[str, str] | None = None) -> Any:
        """A boto3 client with the role's credentials."""
        keys = self.authorization.assume(SERVICE, arn, vpc=vpc)
        client = self.client(service, keys["AWS_ACCESS_KEY_ID"], keys["AWS_SESSION_TOKEN"])
        for name, value in (headers or {}).items():

            def add(request: Any, name: str = name, value: str = value, **_: Any) -> None:
                request.headers[name] = value

            client.meta.events.register("before-send", add)
        return client

    def client(self, service: str, key: str, token: str | None = None) -> Any:
        """A boto3 client with these credentials."""
        make: Any = boto3.client
        return make(
            service,
            region_name="us-east-1",
            endpoint_url=self.url,
            aws_access_key_id=key,
            aws_secret_access_key="secret",
            aws_session_token=token,
            config=Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}),
        )


@pytest.fixture(scope="module")
def world(serve: Callable[[Wsgi], Client]) -> Iterator[World]:
    """An empty account with permissions; root's calls are evaluated too."""
    BackendDict.reset()
    authorization = Authorization()
    application = with_permissions(DomainDispatcherApplication(create_backend_app), authorization)
    root = serve(application)
    yield World(str(root("sts").meta.endpoint_url), root, authorization)
    authorization.evaluator.close()
    BackendDict.reset()
