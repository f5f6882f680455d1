"""What roles may do is accounted for, complete, and reaches nothing outside the stack."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Final

from ...documents import ATTACHED, IDENTITY, Document, MalformedError, Statement, documents, machines
from ...documents.held import allowing, statements_of
from ...documents.managed import managed_by_role
from ...graph import Graph, Resource, kinds
from ...graph.location import location_of
from ...rule import Problem, Severity, View, rule
from ...tables.grants import IDENTITY_GRANTS
from .comparison import compared

_IAM: Final = "https://docs.aws.amazon.com/IAM/latest/UserGuide"


_JUDGED_ELSEWHERE: Final = ("codebuild", "codepipeline", "lambda")


def services_of(graph: Graph, role: Resource) -> set[str]:
    """The services that a role trusts: `ecs-tasks`, `states`, …; raises Undecided."""
    matching: set[str] = set()
    for document in documents(role, ATTACHED):
        try:
            for one in document.statements:
                if one.allows:
                    matching |= {name.partition(".")[0] for name in one.principals.get("Service", ())}
        except MalformedError:
            continue
    return matching


@rule(
    "grants-accounted-for",
    kinds.ROLE,
    severity=Severity.CRITICAL,
    fix="Grant what the service needs on resources of this stack, as policy/rules/tables/grants lists it",
    url=f"{_IAM}/best-practices.html",
    tags=("graph", "table"),
)
def grants_accounted_for(role: Resource, view: View) -> Iterator[Problem]:
    """A role may do what its service needs on this stack's resources, all of it, and nothing else."""
    graph = view.graph
    services = services_of(graph, role)
    if not services or services & set(_JUDGED_ELSEWHERE):
        return
    rows = [row for row in IDENTITY_GRANTS if row.to in services]
    held = [*documents(role, IDENTITY)]
    for attached in graph.attached(role, "role", kinds.ROLE_POLICY):
        held += documents(attached, IDENTITY)
    for attachment in graph.attached(role, "role", kinds.POLICY_ATTACHMENT):
        for policy in graph.targets(attachment, "policyArn", kinds.POLICY):
            held += documents(policy, IDENTITY)
        if "AmazonECSTaskExecutionRolePolicy" in str(attachment.props.get("policyArn")):
            rows = [row for row in rows if not row.actions & _MANAGED]
    if any("AmazonECSTaskExecutionRolePolicy" in arn for arn in managed_by_role(role)):
        rows = [row for row in rows if not row.actions & _MANAGED]
    yield from compared(graph, role, held, rows, boundary=_boundary(graph, role))
    yield from _keys(graph, role, held)
    if services == {"ecs-tasks"}:
        yield from _prefixes(held)
    if "states" in services:
        yield from _keys_of_machines(graph, role, held)


def _boundary(graph: Graph, role: Resource) -> list[Statement] | None:
    """What the role's boundary says, where it is a policy of this stack; others cannot be read here."""
    if "permissionsBoundary" not in role.props:
        return None
    policies = graph.targets(role, "permissionsBoundary", kinds.POLICY) or graph.named(
        role.props["permissionsBoundary"], kinds.POLICY
    )
    readable = [one for policy in policies for one in documents(policy, IDENTITY) if one.text is not None]
    return [statement for one in readable for statement in statements_of(one)] if readable else None


def _prefixes(held: list[Document]) -> Iterator[Problem]:
    """A job lists exactly the prefixes that it reads or writes; without, S3 says forbidden for what is not there."""
    statements = [one for document in held for one in allowing(document)]
    used = {
        (name.partition("/")[0], name.partition("/")[2])
        for one in statements
        if any(action.startswith("s3:") and action != "s3:ListBucket" for action in one.actions)
        for name in one.resources
    }
    listed = {
        (name, prefix)
        for one in statements
        if "s3:ListBucket" in one.actions
        for name in one.resources
        for keys in one.conditions.values()
        for prefix in keys.get("s3:prefix", ())
    }
    for bucket in sorted({bucket for bucket, prefix in used if prefix == "*"}):
        yield Problem(message=f"reaches the whole of {bucket}, not only the folders of its job", property="policy")
    for bucket, prefix in sorted(used - listed):
        yield Problem(message=f"reads or writes {prefix} of {bucket} and may not list it", property="policy")
    for bucket, prefix in sorted(listed - used):
        yield Problem(message=f"may list {prefix} of {bucket} and neither reads nor writes it", property="policy")


_CALLED: Final = {"getObject": "s3:GetObject", "headObject": "s3:GetObject", "putObject": "s3:PutObject"}
"""Calls of S3 by machines, and what each takes."""
_BEGINS_WITH: Final = re.compile(r"(?:\{%\s*'([^']+/)'|([^{][^/]*/))")
"""The folder with which the key in a call begins, in an expression or as it is."""


def _s3_action(resource: str) -> str | None:
    """The action that a state's call of S3 takes; None for what is no such call, or none of an object."""
    service, _, name = resource.rpartition(":")
    return _CALLED.get(name) if service.endswith(":s3") else None


def _keys_of_machines(graph: Graph, role: Resource, held: list[Document]) -> Iterator[Problem]:
    """A machine may read and write what its calls name: each folder of each bucket."""
    if any(document.text is None for document in held if not graph.targets(document.holder, "policy", kinds.KEY)):
        return
    calls = {
        (
            action,
            str(body["Arguments"].get("Bucket")),
            match[1] or match[2],
        )
        for one in graph.of_type(kinds.STATE_MACHINE)
        if role in graph.targets(one, "roleArn") and (machine := machines.definition(one.props.get("definition")))
        for state in machines.states(machine)
        for body in (state.body, state.body.get("ItemReader"), state.body.get("ResultWriter"))
        if isinstance(body, Mapping) and isinstance(body.get("Arguments"), Mapping)
        if (action := _s3_action(str(body.get("Resource"))))
        if (match := _BEGINS_WITH.match(str(body["Arguments"].get("Key", body["Arguments"].get("Prefix")))))
    }
    calls |= {("s3:GetObject", bucket, folder) for bucket, folder in _folders_that_start(graph, role)}
    for action, bucket, folder in sorted(calls):
        allowed = [
            name
            for document in held
            for one in allowing(document)
            if one.covers_action(action)
            for name in one.resources
        ]
        if not any(fnmatchcase(f"{bucket}/{folder}key", name.rpartition(":")[2]) for name in allowed):
            message = (
                f"may not reach {folder} of {bucket}, which its machine works with, and must be granted {action} there"
            )
            yield Problem(message=message, property="policy")


_FOLDER: Final = re.compile(r"[^*?]*/")


def _folders_that_start(graph: Graph, role: Resource) -> Iterator[tuple[str, str]]:
    """The folders of buckets whose new objects start a machine that reads objects by the names it is given."""
    for one in graph.of_type(kinds.STATE_MACHINE):
        reads = f'"arn:{location_of(graph).partition}:states:::aws-sdk:s3:headObject"' in str(
            one.props.get("definition")
        )
        if not reads or role not in graph.targets(one, "roleArn"):
            continue
        for target in graph.of_type(kinds.EVENT_TARGET):
            event_rules = graph.resolve(target, "rule", kinds.EVENT_RULE) if one in graph.targets(target, "arn") else []
            for detail in (machines.definition(each.props.get("eventPattern")) or {} for each in event_rules):
                yield from _folders(detail.get("detail"))


def _folders(detail: object) -> Iterator[tuple[str, str]]:
    """Bucket and folder of each key in a pattern of S3's events."""
    if not (isinstance(detail, Mapping) and isinstance(detail.get("bucket"), Mapping)):
        return
    key = detail.get("object", {}).get("key", ())
    texts = [
        text
        for one in key
        for text in ((one,) if isinstance(one, str) else one.values() if isinstance(one, Mapping) else ())
        if isinstance(text, str)
    ]
    for bucket in detail["bucket"].get("name", ()):
        yield from ((str(bucket), folder[0]) for text in texts if (folder := _FOLDER.match(text)))


_STORES: Final = tuple(kind for kind in kinds.KEY_PROPERTY if kind != kinds.BUCKET_ENCRYPTION)


def _keys(graph: Graph, role: Resource, held: list[Document]) -> Iterator[Problem]:
    """The role may use the keys of what it reads and writes, and no other key."""
    statements = [one for document in held for one in allowing(document)]
    if any(document.text is None for document in held):
        return
    working: dict[Resource, list[Statement]] = {}
    for one in statements:
        for key in _keys_under(graph, one):
            working.setdefault(key, []).append(one)
    needed = set(working)
    usable: dict[Resource, set[str]] = {}
    for one in statements:
        actions = {action for action in one.actions if action.startswith("kms:")}
        for key in (key for name in one.resources for key in graph.named(name, kinds.KEY)) if actions else ():
            usable.setdefault(key, set()).update(actions)
    if needed and services_of(graph, role) == {"ecs-tasks"}:
        for key in sorted(needed & set(usable), key=lambda one: one.urn):
            if lacking := sorted(_key_actions(working[key]) - usable[key]):
                yield Problem(message=f"may not do {', '.join(lacking)} with {key.name}", property="policy")
    for key in sorted(needed - set(usable), key=lambda one: one.urn):
        yield Problem(message=f"may not use {key.name}, which encrypts what it works with", property="policy")
    for key in sorted(set(usable) - needed, key=lambda one: one.urn):
        yield Problem(message=f"may use {key.name}, which encrypts nothing that it works with", property="policy")


def _keys_under(graph: Graph, statement: Statement) -> set[Resource]:
    """The keys that encrypt what the statement lets its holder work with."""
    if all(action.startswith("kms:") for action in statement.actions):
        return set()
    reached = {
        target
        for name in statement.resources
        for target in graph.named(name.partition("/")[0] if ":s3:::" in name else name, kinds.BUCKET, *_STORES)
    }
    holders = reached | {one for bucket in reached for one in graph.attached(bucket, "bucket", kinds.BUCKET_ENCRYPTION)}
    return {
        key
        for one in holders
        if one.type in kinds.KEY_PROPERTY
        for key in graph.targets(one, kinds.KEY_PROPERTY[one.type], kinds.KEY)
    }


_READS: Final = frozenset(("s3:GetObject", "sqs:ReceiveMessage"))
_WRITES: Final = frozenset(("s3:PutObject", "sqs:SendMessage", "sns:Publish"))


def _key_actions(statements: list[Statement]) -> set[str]:
    """What reading and writing takes of the key under it; a multipart upload reads its own parts.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html
    """
    actions = {action for one in statements for action in one.actions}
    reads = {"kms:Decrypt"} if actions & (_READS | _WRITES) else set()
    return reads | ({"kms:GenerateDataKey"} if actions & _WRITES else set())


_MANAGED: Final = frozenset(("ecr:GetAuthorizationToken", "ecr:BatchGetImage", "logs:PutLogEvents"))
