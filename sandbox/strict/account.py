"""What already exists in the account, where a request is to be held against it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from moto.backends import get_backend
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.iam.models import get_account_id_from
from moto.stepfunctions.responses import get_backend as backend_of_state_machines

from sandbox.calls import Call
from sandbox.strict.grammar.policies import statements_of, values

_GLOBAL = ("iam", "s3", "sts")


@dataclass(frozen=True)
class Account:
    """The state of moto's backends as the caller of a request sees it: the caller's account, the request's region."""

    call: Call

    @property
    def id(self) -> str:
        """The account's number, 12 digits."""
        return str(get_account_id_from(self.call.access_key)) if self.call.access_key else DEFAULT_ACCOUNT_ID

    def backend(self, service: str) -> Any:
        """moto's backend of a service; its attributes are moto's own and untyped."""
        if service == "stepfunctions":  # there are two: one that runs state machines, one that does not
            return backend_of_state_machines(self.id, self.call.region)
        return get_backend(service)[  # type: ignore[call-overload]
            self.id
        ]["aws" if service in _GLOBAL else self.call.region]

    def role(self, name_or_arn: str) -> Any:
        """moto's role of this name or ARN; None where there is none."""
        roles = list(self.backend("iam").roles.values())
        return next((role for role in roles if name_or_arn in (role.name, role.arn)), None)

    def principal_exists(self, arn: str) -> bool:
        """Whether a role or user that a policy names exists; one of another account is taken to."""
        parts = arn.split(":", 5)
        if len(parts) < 6 or parts[4] != self.id or parts[2] != "iam":
            return True
        kind = parts[5].partition("/")[0]
        backend = self.backend("iam")
        if kind == "role":
            return self.role(arn) is not None
        return kind != "user" or any(user.arn == arn for user in list(backend.users.values()))

    def trusts(self, role_arn: str, service: str) -> bool:
        """Whether the role exists and its trust policy lets an AWS service assume it. A role of another account does
        not: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html
        """
        role = self.role(role_arn)
        if role is None:
            return False
        for statement in statements_of(role.assume_role_policy_document):
            principal = statement.get("Principal")
            services = values(principal.get("Service")) if isinstance(principal, dict) else []
            named = {service, service.replace(".", f".{self.call.region}.", 1)} & set(services)
            if statement.get("Effect") == "Allow" and (principal == "*" or named):
                return True
        return False

    def has_key(self, identifier: str) -> bool:
        """Whether a KMS key exists and is enabled; one of another account or region is taken to."""
        parts = identifier.split(":")
        if len(parts) > 4 and (parts[4] != self.id or parts[3] != self.call.region):
            return True
        backend = self.backend("kms")
        name = identifier.rpartition("key/")[2] if "key/" in identifier else identifier
        if "alias/" in identifier:
            name = backend.get_key_id_from_alias("alias/" + identifier.rpartition("alias/")[2]) or ""
            return bool(name) or identifier.rpartition("alias/")[2].startswith("aws/")
        return name in backend.keys and backend.keys[name].key_state == "Enabled"

    def is_symmetric(self, arn: str) -> bool:
        """Whether a KMS key encrypts and decrypts with itself; one that is not of the account is taken to."""
        key = self.backend("kms").keys.get(arn.rpartition("key/")[2])
        return key is None or key.key_spec == "SYMMETRIC_DEFAULT"

    def is_standard_queue(self, arn: str) -> bool:
        """Whether this is the ARN of a queue that exists and is not FIFO; one of another account is taken to."""
        parts = arn.split(":")
        if len(parts) != 6 or parts[2] != "sqs" or parts[3] != self.call.region or arn.endswith(".fifo"):
            return False
        return parts[4] != self.id or parts[5] in self.backend("sqs").queues

    def queue_takes(self, arn: str, service: str) -> bool:
        """Whether this standard queue exists and its policy lets an AWS service send to it; one of another account is
        taken to.
        """
        queue = self.backend("sqs").queues.get(arn.rpartition(":")[2])
        elsewhere = arn.split(":")[4:5] != [self.id]
        return self.is_standard_queue(arn) and (elsewhere or _lets(getattr(queue, "policy", None), service))

    def topic_takes(self, arn: str, service: str) -> bool:
        """Whether this topic exists and its policy lets an AWS service publish to it."""
        topic = self.backend("sns").topics.get(arn)
        return topic is not None and _lets(topic.policy, service)

    def has_function(self, arn: str) -> bool:
        """Whether a function of Lambda exists; one of another account is taken to."""
        parts = arn.split(":")
        if len(parts) < 7 or parts[2] != "lambda":
            return False
        return parts[4] != self.id or any(
            item.function_name == parts[6] for item in self.backend("lambda").list_functions()
        )


def _lets(policy: object, service: str) -> bool:
    """Whether a policy allows anything to an AWS service, or to everybody; `AWS:SourceOwner`, which is in SNS's own
    policies, holds for calls of the account and not of a service.
    """
    text = json.dumps(policy) if isinstance(policy, dict) else str(policy or "")
    for statement in statements_of(text) if text else ():
        principal = statement.get("Principal")
        named = [name for value in principal.values() for name in values(value)] if isinstance(principal, dict) else []
        of_owner = "sourceowner" in str(statement.get("Condition")).lower()
        if statement.get("Effect") == "Allow" and not of_owner and (principal == "*" or {"*", service} & set(named)):
            return True
    return False
