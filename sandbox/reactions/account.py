"""Who acts in the account when nobody calls: roles that services assume, and services that resource policies let in.

Whatever a service does on somebody's behalf is a call to the account's own endpoint with that role's credentials, so
that it is checked, permitted and recorded like anybody's call.
"""

from __future__ import annotations

import fnmatch
import json
import threading
import time
import traceback
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Protocol
from urllib.parse import unquote

import boto3
from botocore.config import Config
from moto.iam.models import iam_backends
from moto.sts.models import AssumedRole, sts_backends

from sandbox.clock import Clock

ACCOUNT_ID = "123456789012"
SESSION_SECONDS = 6 * 3600
SETTLE_SECONDS = 60.0
_QUIET_SECONDS = 0.05


class DeniedError(Exception):
    """A policy does not let a service do something; worded as the service words it."""

    def __init__(self, action: str, message: str) -> None:
        super().__init__(message)
        self.action, self.message = action, message


class Permission(Protocol):
    """Decides whether a service may do something by itself; None, or why not."""

    def __call__(self, *, principal: str, action: str, resource: str, context: Mapping[str, str]) -> str | None:
        """Answers for the service `principal` ("events.amazonaws.com")."""


class Verdict(Protocol):
    """What an evaluator of policies decides."""

    @property
    def allowed(self) -> bool:
        """Whether it may be done."""

    @property
    def message(self) -> str:
        """Why not, as AWS words it."""


class Evaluator(Protocol):
    """An evaluator of policies, such as `sandbox.permissions.Authorization`."""

    def evaluate(self, principal: str, action: str, resource: str, context: Mapping[str, str]) -> Verdict:
        """Decides whether the service or role `principal` may do `action`."""


def evaluated_by(evaluator: Evaluator) -> Permission:
    """Lets an evaluator decide what services may do by themselves."""

    def permission(*, principal: str, action: str, resource: str, context: Mapping[str, str]) -> str | None:
        verdict = evaluator.evaluate(principal, action, resource, context)
        return None if verdict.allowed else verdict.message

    return permission


def trusted_by_name(*, principal: str, action: str, resource: str, context: Mapping[str, str]) -> str | None:
    """Without an evaluator of policies: a role must exist and its trust policy name the service."""
    if action != "sts:AssumeRole":
        return None
    try:
        role = iam_backends[resource.split(":")[4]]["aws"].get_role_by_arn(resource)
    except Exception:  # moto's own exception for a missing role is not exported
        return f"{principal} cannot assume {resource}: the role does not exist"
    document = json.loads(unquote(role.assume_role_policy_document))
    for statement in document["Statement"]:
        services = statement.get("Principal", {}).get("Service", [])
        named = [services] if isinstance(services, str) else services
        if statement["Effect"] == "Allow" and any(fnmatch.fnmatch(principal, name) for name in named):
            return None
    return f"{principal} is not authorized to perform: sts:AssumeRole on resource: {resource}"


def _with_request_id(parsed: dict[str, Any], **_: Any) -> None:
    """Every answer of AWS has one, and error messages quote it; moto's do not always."""
    parsed["ResponseMetadata"].setdefault("RequestId", str(uuid.uuid4()))


@dataclass(frozen=True)
class Happening:
    """One line of the account's timeline."""

    time: datetime
    source: str
    """The service: "events", "ecs"."""
    what: str


@dataclass
class Account:
    """The account from inside."""

    endpoint: str
    clock: Clock
    permission: Permission = trusted_by_name
    timeline: list[Happening] = field(default_factory=list)
    vpc_of_key: dict[str, str] = field(default_factory=dict)
    """The VPC that a session's calls come from, by access key; for the policies of its endpoints."""

    def __post_init__(self) -> None:
        self._session_lock = threading.Lock()
        self._session = boto3.Session()
        self._busy = 0
        self._waiting: Counter[str] = Counter()
        self._count = threading.Lock()
        self.clock.settle = self.settle

    def tell(self, source: str, what: str) -> None:
        """Adds a line to the timeline."""
        self.timeline.append(Happening(self.clock.now(), source, what))

    def tell_once(self, source: str, what: str) -> None:
        """Adds a line to the timeline unless it stands there already."""
        if not any(line.what == what for line in self.timeline):
            self.tell(source, what)

    def client(self, service: str, region: str, credentials: AssumedRole) -> Any:
        """A boto3 client that calls this account as the role of `credentials`; it does not retry."""
        with self._session_lock:
            client: Any = self._session.client(
                service,  # type: ignore[call-overload]
                region_name=region,
                endpoint_url=self.endpoint,
                aws_access_key_id=credentials.access_key_id,
                aws_secret_access_key=credentials.secret_access_key,
                aws_session_token=credentials.session_token,
                config=Config(
                    retries={"total_max_attempts": 1},
                    parameter_validation=False,
                    read_timeout=300,
                    s3={"addressing_style": "path"},
                ),
            )
        client.meta.events.register("after-call", _with_request_id)
        return client

    def assume(self, role_arn: str, service: str, region: str, *, source_arn: str, session: str) -> AssumedRole:
        """The credentials of a role for a service. Raises `DeniedError`."""
        self.check(service, "sts:AssumeRole", role_arn, source_arn)
        sts = sts_backends[role_arn.split(":")[4]]["aws"]
        assumed: AssumedRole = sts.assume_role(
            region_name=region,
            role_session_name=session,
            role_arn=role_arn,
            policy="",
            duration=SESSION_SECONDS,
            external_id="",
        )
        return assumed

    def check(self, service: str, action: str, resource: str, source_arn: str, **context: str) -> None:
        """Raises `DeniedError` unless `service` itself may do `action` on behalf of `source_arn`."""
        keys = {"aws:SourceArn": source_arn, "aws:SourceAccount": ACCOUNT_ID, "aws:SecureTransport": "true", **context}
        if refused := self.permission(principal=service, action=action, resource=resource, context=keys):
            self.tell("iam", refused)
            raise DeniedError(action, refused)

    def background(self, action: Callable[..., None], *arguments: Any) -> None:
        """Runs `action` in a thread; what it raises is a fault of the sandbox and stands in the timeline."""

        def run() -> None:
            try:
                action(*arguments)
            except Exception:
                self.tell("sandbox", f"FAULT in {getattr(action, '__qualname__', action)}: {traceback.format_exc()}")
            finally:
                self.idle()

        self.busy()
        threading.Thread(target=run, daemon=True).start()

    def busy(self) -> None:
        """Something has begun that `settle` waits for."""
        with self._count:
            self._busy += 1

    def idle(self) -> None:
        """It has ended."""
        with self._count:
            self._busy -= 1

    @contextmanager
    def waiting(self, who: str) -> Iterator[None]:
        """`who` is busy, but waits for time to pass or for a task to end, and so does not hold up `settle`."""
        with self._count:
            self._waiting[who] += 1
        try:
            yield
        finally:
            with self._count:
                self._waiting[who] -= 1

    def settle(self) -> None:
        """Returns when nothing is going on but waiting, or after a minute."""
        end = time.perf_counter() + SETTLE_SECONDS
        quiet = 0
        while quiet < 2 and time.perf_counter() < end:
            quiet = quiet + 1 if self._busy <= len(+self._waiting) else 0
            time.sleep(_QUIET_SECONDS if self._busy or quiet < 1 else 0.001)

    def timeline_lines(self, since: int = 0) -> list[dict[str, str]]:
        """The timeline as JSON takes it, from line `since` on."""
        return [{**asdict(line), "time": line.time.isoformat()} for line in self.timeline[since:]]
