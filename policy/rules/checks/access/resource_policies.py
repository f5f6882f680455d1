"""Whom the policies of keys, buckets, queues, topics, repositories and endpoints let in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ...documents import ATTACHED, Document, MalformedError, documents
from ...documents.held import allowing
from ...graph import Resource, Undecided, kinds
from ...rule import Problem, Severity, View, rule
from ...tables.grants import RESOURCE_GRANTS, never
from .comparison import compared

_IAM: Final = "https://docs.aws.amazon.com/IAM/latest/UserGuide"


@rule(
    "resource-policies-accounted-for",
    kinds.KEY,
    kinds.BUCKET_POLICY,
    kinds.QUEUE_POLICY,
    kinds.TOPIC_POLICY,
    kinds.ENDPOINT,
    kinds.LOG_RESOURCE_POLICY,
    kinds.REPOSITORY_POLICY,
    severity=Severity.CRITICAL,
    fix="Admit the services that this stack uses, tied to it, as policy/rules/tables/grants lists them",
    url=f"{_IAM}/access_policies_identity-vs-resource.html",
    tags=("graph", "table"),
)
def resource_policies_accounted_for(holder: Resource, view: View) -> Iterator[Problem]:
    """A resource's policy lets in whom the platform needs, tied to this stack, and nobody else."""
    graph = view.graph
    rows = [row for row in RESOURCE_GRANTS if row.to == holder.type]
    held = list(documents(holder, ATTACHED))
    if holder.type == kinds.KEY:
        held += [
            one for policy in graph.attached(holder, "keyId", kinds.KEY_POLICY) for one in documents(policy, ATTACHED)
        ]
    if graph.of_type(kinds.CLUSTER):
        yield from compared(graph, holder, held, rows)
    else:  # the tooling stack: its documents admit what it deploys
        yield from compared(graph, holder, held, [row for row in rows if row.needed is not never], strict=False)
    if not rows or not graph.of_type(kinds.CLUSTER):
        yield from _strangers(held)


_BINDING: Final = frozenset(
    (
        "aws:principalaccount",
        "aws:principalarn",
        "aws:principalorgid",
        "aws:sourceaccount",
        "aws:sourcearn",
        "aws:sourceorgid",
        "aws:sourcevpc",
        "aws:sourcevpce",
        "kms:calleraccount",
    )
)
"""Conditions that say whose request it must be, or from where."""


def _strangers(held: list[Document]) -> Iterator[Problem]:
    """Statements that let everybody in, bound by no condition to an account, an organisation or a network."""
    for document in held:
        for one in allowing(document):
            bound = {
                key
                for operator, keys in one.conditions.items()
                if not operator.endswith("IfExists") and "Not" not in operator
                for key, values in keys.items()
                if set(values) - {"*"}
            }
            if "*" in one.principals.get("*", ()) and not bound & _BINDING:
                what = ", ".join(one.actions or ("everything",))
                yield Problem(message=f"lets everybody do {what}", property=document.path, resource=document.holder)


@rule(
    "messages-need-tls",
    kinds.QUEUE_POLICY,
    kinds.TOPIC_POLICY,
    severity=Severity.HIGH,
    fix='Deny the action to everyone on the resource where aws:SecureTransport is "false"',
    url="https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-security-best-practices.html",
    tags=("closed",),
)
def messages_need_tls(holder: Resource, view: View) -> Iterator[Problem]:
    """Queues and topics refuse requests over plain HTTP."""
    action = "sqs:SendMessage" if holder.type == kinds.QUEUE_POLICY else "sns:Publish"
    kind = kinds.QUEUE if holder.type == kinds.QUEUE_POLICY else kinds.TOPIC
    prop = "queueUrl" if holder.type == kinds.QUEUE_POLICY else "arn"
    targets = view.graph.targets(holder, prop, kind) or view.graph.named(holder.props.get(prop), kind)
    for document in documents(holder, ATTACHED):
        if document.text is None:
            raise Undecided(document.path)
        try:
            result = document.statements
        except MalformedError:
            return
        for one in result:
            if one.allows or not one.covers_action(action) or "*" not in one.principals.get("*", ()):
                continue
            insecure = {
                v.lower()
                for op, keys in one.conditions.items()
                if op.startswith("Bool")
                for v in keys.get("aws:securetransport", ())
            }
            reached = "*" in one.resources or any(
                set(view.graph.named(name, kind)) & set(targets) for name in one.resources
            )
            if insecure == {"false"} and len(one.condition_keys()) == 1 and reached:
                return
    yield Problem(message="takes requests over plain HTTP", property="policy")
