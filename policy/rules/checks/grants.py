"""Effective permissions: what policies allow is accounted for, complete, and reaches nothing outside the stack."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from ..documents import ATTACHED, IDENTITY, Document, MalformedError, Statement, documents, parse
from ..graph import Graph, Resource, Undecided, kinds
from ..graph.place import place_of
from ..rule import Problem, Severity, View, rule
from ..tables.grants import IDENTITY_GRANTS, RESOURCE_GRANTS, TRUST, Grant, filled
from . import outsiders

_IAM: Final = "https://docs.aws.amazon.com/IAM/latest/UserGuide"
_GRAMMAR: Final = f"{_IAM}/reference_policies_grammar.html"
_JUDGED_ELSEWHERE: Final = ("codebuild", "codepipeline", "lambda")

_OPERATOR: Final = re.compile(
    r"(For(Any|All)Values?:)?(String(Not)?(Equals|Like)(IgnoreCase)?|Numeric\w+|Date\w+|Bool|BinaryEquals|(Not)?IpAddress"
    r"|Arn(Not)?(Equals|Like))(IfExists)?|Null"
)
_ELEMENTS: Final = frozenset(
    ("Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition")
)


@rule(
    "statements-are-sound",
    *dict.fromkeys((*IDENTITY, *ATTACHED)),
    severity=Severity.CRITICAL,
    fix="Write the statement as IAM's grammar has it",
    url=_GRAMMAR,
    tags=("closed",),
)
def statements_are_sound(holder: Resource, view: View) -> Iterator[Problem]:
    """Each statement has the elements that IAM's grammar asks for, and no others."""
    for document in (*documents(holder, IDENTITY), *documents(holder, ATTACHED)):
        if document.text is None:
            continue
        try:
            found = parse(document.text).get("Statement", [])
        except MalformedError:
            continue  # iam-policy-version says so
        identity = document.path not in ATTACHED.get(holder.type, ())
        trust = holder.type == kinds.ROLE and not identity
        entries = found if isinstance(found, list) else [found]
        sids = [one.get("Sid") for one in entries if isinstance(one, Mapping) and one.get("Sid")]
        if len(set(sids)) != len(sids):
            yield Problem(message="two statements have the same Sid", property=document.path)
        for index, one in enumerate(entries):
            for fault in _faults(one, identity=identity, trust=trust) if isinstance(one, Mapping) else ["is no object"]:
                yield Problem(
                    message=f"statement {one.get('Sid', index) if isinstance(one, Mapping) else index} {fault}",
                    property=document.path,
                )


def _faults(one: Mapping[str, object], *, identity: bool, trust: bool) -> Iterator[str]:
    if strange := sorted(set(one) - _ELEMENTS):
        yield f"has {', '.join(strange)}, which IAM does not know"
    if one.get("Effect") not in ("Allow", "Deny"):
        yield "has no Effect that is Allow or Deny"
    for name in ("Action",) if trust else ("Action", "Resource"):
        both = [key for key in (name, f"Not{name}") if one.get(key)]
        if len(both) != 1:
            yield f"must have exactly one of {name} and Not{name}"
    if trust and ("Resource" in one or "NotResource" in one):
        yield "names a resource, which a trust policy must not"
    if not identity and not (one.get("Principal") or one.get("NotPrincipal")):
        yield "names no principal"
    if identity and ("Principal" in one or "NotPrincipal" in one):
        yield "names a principal, which the policy of a role must not"
    if isinstance(sid := one.get("Sid", ""), str) and not re.fullmatch(r"[A-Za-z0-9]*", sid):
        yield "has a Sid of other characters than letters and digits"
    condition = one.get("Condition", {})
    if not isinstance(condition, Mapping) or ("Condition" in one and not condition):
        yield "has a Condition that is no object, or empty"
        return
    for operator, keys in condition.items():
        if not _OPERATOR.fullmatch(operator):
            yield f"has the condition operator {operator}, which IAM does not know"
        if not isinstance(keys, Mapping) or not keys or not all(value or value is False for value in keys.values()):
            yield f"has nothing under {operator}"


def services_of(graph: Graph, role: Resource) -> set[str]:
    """The services that a role trusts: `ecs-tasks`, `states`, …; raises Undecided."""
    found: set[str] = set()
    for document in documents(role, ATTACHED):
        try:
            for one in document.statements:
                if one.allows:
                    found |= {name.partition(".")[0] for name in one.principals.get("Service", ())}
        except MalformedError:
            continue
    return found


def _granted(document: Document) -> list[Statement]:
    try:
        return [one for one in document.statements if one.allows]
    except MalformedError:
        return []


@rule(
    "grants-accounted-for",
    kinds.ROLE,
    severity=Severity.CRITICAL,
    fix="Grant what the service needs on resources of this stack, as policy/rules/tables/grants.py lists it",
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
    yield from _compared(graph, role, held, rows)
    yield from _keys(graph, role, held)
    if services == {"ecs-tasks"}:
        yield from _prefixes(held)


def _prefixes(held: list[Document]) -> Iterator[Problem]:
    """A job lists exactly the prefixes that it reads or writes; without, S3 says forbidden for what is not there."""
    statements = [one for document in held if document.text is not None for one in _granted(document)]
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
    for bucket, prefix in sorted(used - listed):
        yield Problem(message=f"reads or writes {prefix} of {bucket} and may not list it", property="policy")
    for bucket, prefix in sorted(listed - used):
        yield Problem(message=f"may list {prefix} of {bucket} and neither reads nor writes it", property="policy")


_ENCRYPTED: Final[Mapping[str, str]] = {
    kinds.BUCKET_ENCRYPTION: "rules",
    kinds.TABLE: "serverSideEncryption",
    kinds.TOPIC: "kmsMasterKeyId",
    kinds.QUEUE: "kmsMasterKeyId",
}


def _keys(graph: Graph, role: Resource, held: list[Document]) -> Iterator[Problem]:
    """The role may use the keys of what it reads and writes, and no other key."""
    statements = [one for document in held if document.text is not None for one in _granted(document)]
    if any(document.text is None for document in held):
        return
    reached = {
        target
        for one in statements
        if not all(action.startswith("kms:") for action in one.actions)
        for name in one.resources
        for target in graph.named(
            name.partition("/")[0] if ":s3:::" in name else name, kinds.BUCKET, kinds.TABLE, kinds.TOPIC, kinds.QUEUE
        )
    }
    holders = reached | {one for bucket in reached for one in graph.attached(bucket, "bucket", kinds.BUCKET_ENCRYPTION)}
    needed = {
        key for one in holders if one.type in _ENCRYPTED for key in graph.targets(one, _ENCRYPTED[one.type], kinds.KEY)
    }
    usable = {
        key
        for one in statements
        if any(action.startswith("kms:") for action in one.actions)
        for name in one.resources
        for key in graph.named(name, kinds.KEY)
    }
    for key in sorted(needed - usable, key=lambda one: one.urn):
        yield Problem(message=f"may not use {key.name}, which encrypts what it works with", property="policy")
    for key in sorted(usable - needed, key=lambda one: one.urn):
        yield Problem(message=f"may use {key.name}, which encrypts nothing that it works with", property="policy")


_MANAGED: Final = frozenset(("ecr:GetAuthorizationToken", "ecr:BatchGetImage", "logs:PutLogEvents"))


@rule(
    "resource-policies-accounted-for",
    kinds.KEY,
    kinds.BUCKET_POLICY,
    kinds.QUEUE_POLICY,
    kinds.TOPIC_POLICY,
    kinds.ENDPOINT,
    kinds.LOG_RESOURCE_POLICY,
    severity=Severity.CRITICAL,
    fix="Admit the services that this stack uses, tied to it, as policy/rules/tables/grants.py lists them",
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
        yield from _compared(graph, holder, held, rows)
    else:  # the tooling stack: its documents admit what it deploys
        yield from _compared(graph, holder, held, [row for row in rows if row.needed is not _never], strict=False)


def _never(graph: Graph, holder: Resource) -> bool:
    return False


def _compared(
    graph: Graph, subject: Resource, held: list[Document], rows: list[Grant], *, strict: bool = True
) -> Iterator[Problem]:
    """Actions that no row accounts for, and rows of which a part is missing."""
    unknown = [f"{one.holder.name}.{one.path}" for one in held if one.text is None]
    met: dict[int, set[str]] = {}
    on: dict[int, set[Resource]] = {}
    for document in held:
        for one in _granted(document) if document.text is not None else ():
            for fault in _of_statement(graph, one, rows, met, on):
                if strict:
                    yield Problem(message=fault, property=document.path, resource=document.holder)
    for index, row in enumerate(rows):
        if row.covers and strict and not unknown and index in on:
            wanted = set(row.covers(graph, subject))
            actions = ", ".join(sorted(row.actions))
            for other in sorted(wanted - on[index], key=lambda one: one.urn):
                yield Problem(message=f"does not grant {actions} on {other.name}", property="policy")
            for other in sorted(on[index] - wanted, key=lambda one: one.urn) if wanted else ():
                yield Problem(
                    message=f"grants {actions} on {other.name}, which it has nothing to do with", property="policy"
                )
        have = met.get(index, set())
        if have and _whole_elsewhere(index, have, rows, met):
            continue
        if (have and row.complete and row.actions - have) or (not have and row.needed(graph, subject)):
            lacking = ", ".join(sorted(row.actions - have))
            if unknown:
                yield Problem(message="", property=unknown[0], undecided=True)
            elif strict:
                what = " or ".join(kind.rpartition(":")[2] for kind in row.on) or "*"
                ties = f", tied by {', '.join(sorted(row.when))}" if row.when else ""
                whom = f" to {_whom(row.principals)}" if row.principals else ""
                yield Problem(
                    message=f"does not grant {lacking} on {what} of this stack{whom}{ties}", property="policy"
                )


def _whole_elsewhere(index: int, have: set[str], rows: list[Grant], met: Mapping[int, set[str]]) -> bool:
    """Whether the actions granted of a row all belong to other rows, too, of which everything is granted."""
    whole = [rows[i].actions for i, found in met.items() if i != index and rows[i].actions <= found]
    return all(any(action in actions for actions in whole) for action in have)


def _whom(principals: tuple[str, ...]) -> str:
    return " or ".join(
        re.sub(r"[\\]|^Service:|^AWS:|\(\.cn\)\?", "", one).replace("arn:{partition}:", "") for one in principals
    )


def _of_statement(
    graph: Graph, one: Statement, rows: list[Grant], met: dict[int, set[str]], on: dict[int, set[Resource]]
) -> Iterator[str]:
    if one.not_actions:
        yield "a statement allows all but some actions (NotAction)"
    for action in one.actions:
        fitting = [
            i
            for i, row in enumerate(rows)
            if action in row.actions or (not row.complete and f"{action.partition(':')[0]}:*" in row.actions)
        ]
        faults = {i: list(_misfits(graph, one, rows[i])) for i in fitting}
        good = [i for i, found in faults.items() if not found]
        for i in good:
            met.setdefault(i, set()).add(action)
            if rows[i].covers:
                bare = (_without_tail(name, rows[i].part)[0] or name for name in one.resources)
                on.setdefault(i, set()).update(found for name in bare for found in graph.named(name, *rows[i].on))
        if not fitting:
            yield f"allows {action}, which nothing here needs"
        elif not good:
            yield f"allows {action} {min(faults.values(), key=len)[0]}"


def _misfits(graph: Graph, one: Statement, row: Grant) -> Iterator[str]:
    whom = [
        f"{kind}:{name}" if kind != "*" else name
        for kind, names in one.principals.items()
        for name in names
        if not (kind == "AWS" and name == "*")
    ]
    if row.principals:
        for name in whom:
            if not any(re.fullmatch(filled(pattern, graph), name) for pattern in row.principals) and not _listed_apart(
                name, whom, graph
            ):
                yield f"to {name.partition(':')[2] or name}"
        if not any(re.fullmatch(filled(pattern, graph), name) for pattern in row.principals for name in whom):
            yield "to nobody that needs it"
    if not one.resources:
        yield "on nothing it names"
    for resource in one.resources:
        if not _fits(graph, resource, row):
            kind = " or ".join(token.rpartition(":")[2] for token in row.on) or "resource"
            yield f"on {resource}, which is no {kind} of this stack"
    for key, wanted in row.when.items():
        values = [(operator, value) for operator, keys in one.conditions.items() for value in keys.get(key, ())]
        if not values:
            yield f"without the condition {key}"
        for operator, value in values:
            if "IfExists" in operator or "Not" in operator or not wanted(value, graph):
                yield f"with {key} {value}"
    for strange in sorted(one.condition_keys() - set(row.when) - _FREE_KEYS):
        yield f"with the condition {strange}, which nobody has accounted for"


def _listed_apart(name: str, whom: list[str], graph: Graph) -> bool:
    """A statement may list several services; each is judged by the row that is about it."""
    return (
        len(whom) > 1
        and name.startswith("Service:")
        and name.partition(":")[2].endswith((".amazonaws.com", ".amazonaws.com.cn"))
    )


_FREE_KEYS: Final = frozenset(
    (
        "aws:sourceaccount",
        "aws:sourcearn",
        "aws:resourceaccount",
        "aws:principalaccount",
        "aws:securetransport",
        "s3:prefix",
        "kms:viaservice",
    )
)
"""Conditions that only take away, wherever they stand."""


def _fits(graph: Graph, resource: str, row: Grant) -> bool:
    if row.form:
        return re.fullmatch(filled(row.form, graph), resource) is not None
    place = place_of(graph)
    parts = resource.split(":", 5)
    if len(parts) < 6 or parts[0] != "arn":
        return False
    if parts[3] not in ("", place.region) or parts[4] not in ("", place.account):
        return False
    bare, tail = _without_tail(resource, row.part)
    found = graph.named(bare, *row.on) if bare is not None else []
    if row.to not in (kinds.BUCKET_POLICY, kinds.ENDPOINT):  # nobody but S3 touches the bucket of the access logs
        found = [
            one
            for one in found
            if one.type != kinds.BUCKET or not graph.attached(one, "targetBucket", kinds.BUCKET_LOGGING)
        ]
    return bool(found) and tail


def _without_tail(resource: str, part: str) -> tuple[str | None, bool]:
    if not part:
        return resource, True
    found = re.fullmatch(r"(arn:[^*]*?)(" + part + ")", resource)
    return (found[1], True) if found else (None, False)


@rule(
    "trust-is-tied",
    kinds.ROLE,
    severity=Severity.CRITICAL,
    fix="Trust one service, with aws:SourceAccount and aws:SourceArn of this stack",
    url=f"{_IAM}/confused-deputy.html",
    tags=("table",),
)
def trust_is_tied(role: Resource, view: View) -> Iterator[Problem]:
    """A role is assumed by one service, on behalf of this account and stack; a role of the delivery by GitHub's
    workflows of one repository and branch, or by named roles of the tooling account. By nobody else."""
    graph = view.graph
    for document in documents(role, ATTACHED):
        for one in _granted(document) if document.text is not None else ():
            if (faults := outsiders.faults(graph, one)) is not None:
                yield from (Problem(message=fault, property=document.path) for fault in faults)
                continue
            for kind, names in one.principals.items():
                for name in names:
                    if kind != "Service" or name not in {f"{service}.amazonaws.com" for service in TRUST}:
                        yield Problem(message=f"is assumed by {name}", property=document.path)
            if set(one.actions) - {"sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"} or not one.actions:
                yield Problem(message=f"trusts with {', '.join(one.actions)}", property=document.path)
            yield from _ties(graph, document, one)


def _ties(graph: Graph, document: Document, one: Statement) -> Iterator[Problem]:
    yield from _of_consumer(graph, document, one)
    service = next(iter(one.principals.get("Service", ("",)))).partition(".")[0]
    wanted = {"aws:sourceaccount": "{account}", **TRUST.get(service, {})}
    for key, pattern in wanted.items():
        found = [(operator, value) for operator, keys in one.conditions.items() for value in keys.get(key, ())]
        if not found:
            yield Problem(message=f"does not say {key}", property=document.path)
        for operator, value in found:
            if "IfExists" in operator or "Not" in operator or not re.fullmatch(filled(pattern, graph), value):
                yield Problem(message=f"is assumed on behalf of {value}", property=document.path)


_CONSUMERS: Final = {
    "events": (kinds.EVENT_TARGET, "roleArn", "rule", kinds.EVENT_RULE),
    "scheduler": (kinds.SCHEDULE, "target", "groupName", kinds.SCHEDULE_GROUP),
    "states": (kinds.STATE_MACHINE, "roleArn", "", kinds.STATE_MACHINE),
}


def _of_consumer(graph: Graph, document: Document, one: Statement) -> Iterator[Problem]:
    """On behalf of exactly the rule, group or machine that uses the role."""
    for service in one.principals.get("Service", ()):
        found = _CONSUMERS.get(service.partition(".")[0])
        arns = [value for keys in one.conditions.values() for value in keys.get("aws:sourcearn", ())]
        if found is None or not arns:
            continue
        user, prop, through, kind = found
        users = graph.dependents(document.holder, user, prop=prop)
        sources = {source for one in users for source in (graph.targets(one, through, kind) if through else [one])}
        named = {source for arn in arns for source in graph.named(arn.rstrip(":*"), kind)}
        if sources and not sources & named:
            listed = ", ".join(sorted(source.name for source in sources))
            yield Problem(message=f"is assumed on behalf of something else than {listed}", property=document.path)


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
    own = view.graph.targets(holder, prop, kind) or view.graph.named(holder.props.get(prop), kind)
    for document in documents(holder, ATTACHED):
        if document.text is None:
            raise Undecided(document.path)
        try:
            found = document.statements
        except MalformedError:
            return
        for one in found:
            if one.allows or not one.covers_action(action) or "*" not in one.principals.get("*", ()):
                continue
            insecure = {
                v.lower()
                for op, keys in one.conditions.items()
                if op.startswith("Bool")
                for v in keys.get("aws:securetransport", ())
            }
            reached = "*" in one.resources or any(
                set(view.graph.named(name, kind)) & set(own) for name in one.resources
            )
            if insecure == {"false"} and len(one.condition_keys()) == 1 and reached:
                return
    yield Problem(message="takes requests over plain HTTP", property="policy")
