"""Decides whether a principal may do something, from every policy that has a say in it, and keeps the records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from moto.sts.models import sts_backends

from sandbox.calls import Call
from sandbox.permissions import account, denial, policies, principals
from sandbox.permissions.evaluator import Decision, Evaluator, EvaluatorError, Policy, Request
from sandbox.permissions.needed import encrypted, kms, reference
from sandbox.permissions.needed.calls import UnmappedError, needs
from sandbox.permissions.needed.need import Need
from sandbox.permissions.principals import Principal
from sandbox.permissions.record import Log, Record

Context = Mapping[str, str | Sequence[str]]

SECONDS_OF_SESSION: Final = 3600
_NEW_KEY: Final = Policy(
    "key policy of a key that is being made, or that AWS manages",
    '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::%s:root"}, '
    '"Action": "kms:*", "Resource": "*"}]}',
)
_TAGS_OF_REQUEST: Final = ("aws:RequestTag/", "aws:TagKeys")
"""Keys that AWS sends only where the reference lists them, though the evaluator takes them for global ones."""
_ENDPOINT_OF: Final[Mapping[str, str]] = {
    "application-autoscaling": "application-autoscaling",
    "cloudwatch": "monitoring",
    "ecr": "ecr.api",
    "stepfunctions": "states",
}
"""Service to the end of its endpoint's name, where that is not the service's own name."""


@dataclass(frozen=True)
class Verdict:
    """The answer to one question."""

    allowed: bool
    message: str
    """The denial as AWS words it; empty when allowed."""
    layer: str = ""
    """Which kind of policy denies: `identity`, `resource`, `boundary`, `session` or `endpoint`."""
    decision: Decision | None = None


@dataclass
class Authorization:
    """Evaluates every call and every question put to it.

    `log` holds one record a permission. Sessions that `assume` hands out with a VPC reach AWS through the endpoints of
    that VPC, whose policies then count too.
    """

    log: Log = field(default_factory=Log)
    evaluator: Evaluator = field(default_factory=Evaluator)
    vpc_of_key: dict[str, str] = field(default_factory=dict)

    @classmethod
    def recording(cls, path: Path) -> Authorization:
        """Keeps the records in a file of JSON lines too."""
        return cls(log=Log(path))

    def call(self, call: Call) -> Verdict:
        """Whether the call may go ahead: all that it needs must be allowed; the first denial is the answer."""
        who = principals.of_call(call.access_key, call.headers)
        try:
            needed = needs(call, who.account or account.DEFAULT)
        except UnmappedError as error:
            return self._unmapped(who, call, str(error))
        endpoint = self._endpoint(call, who)
        verdicts = [self._need(who, need, call, endpoint) for need in needed]
        return next((verdict for verdict in verdicts if not verdict.allowed), Verdict(True, ""))

    def evaluate(
        self,
        principal: Principal | str,
        action: str,
        resource: str,
        context: Context | None = None,
        *,
        region: str = "us-east-1",
        operation: str = "",
    ) -> Verdict:
        """Whether the principal may do this; for what the account itself does on somebody's behalf.

        `principal` may be the ARN of a role or the name of a service. A service's question should carry
        `aws:SourceArn` and `aws:SourceAccount` in `context`, where the service sends them. The use of the KMS key that
        the resource is encrypted under is judged too.
        """
        try:
            who = principal if isinstance(principal, Principal) else _principal(principal)
        except LookupError as error:
            return Verdict(False, str(error))
        home = who.account or account.DEFAULT
        direct = Need(action=action, resource=resource, context=context or {})
        via = {k: v for k, v in (context or {}).items() if k.lower().startswith("aws:source")}
        for need in [direct, *encrypted.needs(action, resource, caller=home)]:
            presented = need if need is direct else Need(**{**vars(need), "context": {**need.context, **via}})
            verdict = self._judge(who, presented, region=region, operation=operation)
            if not verdict.allowed:
                return verdict
        return verdict

    def refusal(self, *, principal: str, action: str, resource: str, context: Mapping[str, str]) -> str | None:
        """Why the principal may not do this, as AWS words it; None when it may."""
        verdict = self.evaluate(principal, action, resource, context)
        return None if verdict.allowed else verdict.message

    def assume(
        self,
        service: str,
        role: str,
        context: Context | None = None,
        *,
        session: str = "session",
        vpc: str | None = None,
    ) -> dict[str, str]:
        """Credentials of the role for a service that runs something with it, such as `ecs-tasks.amazonaws.com`.

        Raises PermissionError when the role's trust policy does not let the service in.
        """
        verdict = self.evaluate(principals.service(service), "sts:AssumeRole", role, context)
        if not verdict.allowed:
            raise PermissionError(verdict.message)
        home = account.parts(role)[2]
        assumed = sts_backends[home][account.PARTITION].assume_role(
            region_name="us-east-1",
            role_session_name=session,
            role_arn=role,
            policy="",
            duration=SECONDS_OF_SESSION,
            external_id="",
        )
        if vpc:
            self.vpc_of_key[assumed.access_key_id] = vpc
        return {
            "AWS_ACCESS_KEY_ID": assumed.access_key_id,
            "AWS_SECRET_ACCESS_KEY": assumed.secret_access_key,
            "AWS_SESSION_TOKEN": assumed.session_token,
        }

    def _need(self, who: Principal, need: Need, call: Call, endpoint: Any | None) -> Verdict:
        acting, through = who, endpoint
        if need.service or need.role:
            try:
                acting, through = _principal(need.service or str(need.role)), None
            except LookupError as error:
                return Verdict(False, str(error))
        elif need.because:
            through = None  # what AWS does on the way does not pass the caller's endpoint
        return self._judge(
            acting,
            need,
            region=call.region,
            operation=f"{call.service}:{call.operation}",
            endpoint=through,
            secure=call.headers.get("x-sandbox-secure-transport", "true"),
        )

    def _judge(
        self,
        who: Principal,
        need: Need,
        *,
        region: str,
        operation: str,
        endpoint: Any | None = None,
        secure: str = "true",
    ) -> Verdict:
        context = _context(who, need, region=region, endpoint=endpoint, secure=secure)
        request = Request(
            principal=who.arn,
            action=need.action,
            resource=need.resource,
            account=account.owner(need.resource, who.account or account.DEFAULT),
            context=tuple(sorted((k, v if isinstance(v, str) else tuple(v)) for k, v in context.items())),
            identity=who.identity,
            boundary=who.boundary,
            session=who.session,
            resource_policy=_resource_policy(who, need),
            endpoint=Policy(endpoint.id, endpoint.policy_document) if endpoint else None,
        )
        try:
            decision = self.evaluator.decide(request)
        except EvaluatorError as error:
            self._record(who, need, operation, "unmapped", str(error), (), context)
            return Verdict(False, f"the permissions of this call cannot be evaluated here: {error}")
        if decision.allowed:
            statements = tuple(str(s) for s in decision.allowing)
            self._record(who, need, operation, "allowed", "", statements, context)
            return Verdict(True, "", decision=decision)
        why = denial.reason(decision, who, need.action)
        self._record(who, need, operation, "denied", why, tuple(str(s) for s in decision.denying), context)
        message = denial.sentence(who, need.action, need.resource, why)
        return Verdict(False, message, denial.layer(decision, who), decision)

    def _unmapped(self, who: Principal, call: Call, message: str) -> Verdict:
        need = Need(action=f"{call.service}:{call.operation}", resource="?")
        self._record(who, need, f"{call.service}:{call.operation}", "unmapped", message, (), {})
        return Verdict(False, f"the permissions of this call are not known here: {message}")

    def _record(
        self,
        who: Principal,
        need: Need,
        operation: str,
        verdict: Any,
        reason: str,
        statements: tuple[str, ...],
        context: Context,
    ) -> None:
        self.log.add(
            Record(
                principal=who.arn,
                role=who.context.get("aws:PrincipalArn", "") if who.kind == "role" else "",
                operation=operation,
                action=need.action,
                resource=need.resource,
                verdict=verdict,
                reason=reason,
                statements=statements,
                because=need.because,
                context={k: v if isinstance(v, str) else list(v) for k, v in context.items()},
            )
        )

    def _endpoint(self, call: Call, who: Principal) -> Any | None:
        """The VPC endpoint that the call came through, by header or by the mark on its session."""
        if named := call.headers.get("x-sandbox-vpc-endpoint"):
            return account.endpoint(named, account=who.account, region=call.region)
        vpc = self.vpc_of_key.get(call.access_key or "")
        suffix = _ENDPOINT_OF.get(call.service, call.service)
        return account.endpoint_of(vpc, suffix, account=who.account, region=call.region) if vpc else None


def _principal(name: str) -> Principal:
    if not name.startswith("arn:"):
        return principals.service(name)
    return principals.root(account.parts(name)[2]) if name.endswith(":root") else principals.of_role(name)


def _resource_policy(who: Principal, need: Need) -> Policy | None:
    if need.resource.startswith("arn:aws:kms:") and (need.is_new or "/aws/" in need.resource):
        return Policy(_NEW_KEY.name, _NEW_KEY.document % (who.account or account.DEFAULT))
    return None if need.is_new else policies.on(need.action, need.resource)


def _context(
    who: Principal, need: Need, *, region: str, endpoint: Any | None, secure: str
) -> dict[str, str | Sequence[str]]:
    """The condition keys that AWS sends with every request, those of the resource, and the need's own.

    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
    """
    tags = {} if need.is_new else account.tags(need.resource)
    service = need.action.partition(":")[0]
    sent: dict[str, str | Sequence[str]] = {
        "aws:PrincipalIsAWSService": "false",
        **who.context,
        "aws:SecureTransport": secure,
        "aws:RequestedRegion": region,
        "aws:ResourceAccount": account.owner(need.resource, who.account or account.DEFAULT),
        **{f"aws:ResourceTag/{key}": value for key, value in tags.items()},
        **({f"{service}:ResourceTag/{key}": value for key, value in tags.items()} if service in ("ec2", "ecs") else {}),
        **(kms.resource_context(need.resource) if service == "kms" else {}),
    }
    if endpoint:
        sent |= {"aws:SourceVpce": endpoint.id, "aws:SourceVpc": endpoint.vpc_id}
    action = reference.action(need.action)
    return {
        key: value
        for key, value in {**sent, **need.context}.items()
        if not key.startswith(_TAGS_OF_REQUEST) or (action and action.knows(key, need.resource))
    }
