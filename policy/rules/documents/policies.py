"""Policy documents: where resources keep them, their statements, and whether those grant an action."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Any, Final

from ..graph import Graph, Known, Resource, Undecided, Unknown, has_unknown, kinds, read
from .actions import as_spelled
from .managed import MANAGED, managed_by_role

IDENTITY: Final[Mapping[str, tuple[str, ...]]] = {
    kinds.ROLE: ("inlinePolicies[].policy",),
    kinds.ROLE_POLICY: ("policy",),
    kinds.POLICY: ("policy",),
}
"""Where a resource keeps documents about what a role may do."""

ATTACHED: Final[Mapping[str, tuple[str, ...]]] = {
    kinds.ROLE: ("assumeRolePolicy",),
    kinds.KEY: ("policy",),
    kinds.KEY_POLICY: ("policy",),
    kinds.BUCKET: ("policy",),
    kinds.BUCKET_POLICY: ("policy",),
    kinds.QUEUE: ("policy",),
    kinds.QUEUE_POLICY: ("policy",),
    kinds.TOPIC: ("policy",),
    kinds.TOPIC_POLICY: ("policy",),
    kinds.ENDPOINT: ("policy",),
    kinds.REPOSITORY_POLICY: ("policy",),
    kinds.SECRET: ("policy",),
    kinds.SECRET_POLICY: ("policy",),
    kinds.LOG_RESOURCE_POLICY: ("policyDocument",),
}
"""Where a resource keeps documents about who may use it; its trust policy for a role."""

HOLDERS: Final = tuple(dict.fromkeys((*IDENTITY, *ATTACHED)))
"""Every type that keeps a policy document."""


class MalformedError(ValueError):
    """A document is not JSON, or JSON of another shape."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One statement of a policy document; lists even where the document has single values."""

    allows: bool
    actions: tuple[str, ...]
    not_actions: tuple[str, ...]
    resources: tuple[str, ...]
    not_resources: tuple[str, ...] = ()
    """Resources that the statement leaves out (`NotResource`)."""
    principals: Mapping[str, tuple[str, ...]]
    """By kind (`AWS`, `Service`, …); a bare `*` is `{"*": ("*",)}`."""
    conditions: Mapping[str, Mapping[str, tuple[str, ...]]]
    """Operator to key (in lower case) to values."""

    def covers_action(self, action: str) -> bool:
        """Whether the statement speaks of `action`."""
        return any(fnmatchcase(action.lower(), pattern.lower()) for pattern in self.actions) or (
            bool(self.not_actions)
            and not any(fnmatchcase(action.lower(), pattern.lower()) for pattern in self.not_actions)
        )

    def covers_resource(self, named: Iterable[str]) -> bool:
        """Whether one of the resource patterns is `*`, equals one of `named`, or matches one as a glob's last part."""
        names = tuple(named)
        return any(
            pattern == "*" or any(_denotes(pattern, name) for name in names) for pattern in self.resources or ("*",)
        )

    def admits(self, service: str) -> bool:
        """Whether the service principal may use what the document is attached to."""
        return service in self.principals.get("Service", ()) or "*" in self.principals.get("*", ())

    def condition_keys(self) -> set[str]:
        """All condition keys, in lower case."""
        return {key for keys in self.conditions.values() for key in keys}


def _denotes(pattern: str, name: str) -> bool:
    """Whether an ARN pattern means `name`: an ARN, or the name after the kind (`role/`, `log-group:`) in an ARN."""
    parts = pattern.split(":", 5)
    if name.startswith("arn:") or len(parts) < 6:
        return fnmatchcase(name, pattern)
    tail = parts[5].removesuffix(":*").removesuffix("/*")
    forms = {tail, tail.partition("/")[2], tail.rpartition("/")[2], tail.partition(":")[2]} - {""}
    return any(fnmatchcase(name, form) for form in forms)


def _strings(value: Any) -> tuple[str, ...]:
    return tuple(str(member) for member in (value if isinstance(value, list) else [value] if value is not None else []))


_REGIONAL: Final = re.compile(r"^(states|ecs-tasks|events|scheduler|lambda)\.[a-z]{2}(?:-[a-z]+)+-\d(\.amazonaws\.com)")
"""IAM knows these by a name for each Region, too."""


def _statement(entry: Mapping[str, Any]) -> Statement:
    principal = entry.get("Principal", {})
    principals = (
        {kind: _strings(names) for kind, names in principal.items()}
        if isinstance(principal, Mapping)
        else {"*": _strings(principal)}
    )
    if "*" in principals.get("AWS", ()):
        principals["*"] = ("*",)
    if "Service" in principals:
        principals["Service"] = tuple(_REGIONAL.sub(r"\1\2", name) for name in principals["Service"])
    return Statement(
        allows=entry.get("Effect") == "Allow",
        actions=tuple(map(as_spelled, _strings(entry.get("Action")))),
        not_actions=tuple(map(as_spelled, _strings(entry.get("NotAction")))),
        resources=_strings(entry.get("Resource")),
        not_resources=_strings(entry.get("NotResource")),
        principals=principals,
        conditions={
            operator: {key.lower(): _strings(values) for key, values in keys.items()}
            for operator, keys in entry.get("Condition", {}).items()
        },
    )


@lru_cache(maxsize=1024)
def parse(text: str) -> Mapping[str, Any]:
    """The JSON object in `text`, shared between callers: never change it. Raises MalformedError."""
    try:
        result = json.loads(text)
    except ValueError as error:
        raise MalformedError("is not JSON") from error
    if not isinstance(result, dict):
        raise MalformedError("is not a JSON object")
    return result


@lru_cache(maxsize=1024)
def statements(text: str) -> tuple[Statement, ...]:
    """The statements of the policy document `text`. Raises MalformedError."""
    result = parse(text).get("Statement", [])
    try:
        return tuple(_statement(entry) for entry in (result if isinstance(result, list) else [result]))
    except (AttributeError, TypeError) as error:
        raise MalformedError("has a statement that is not an object") from error


@dataclass(frozen=True, slots=True)
class Document:
    """A policy document in its place: the text, or None while it is unknown."""

    holder: Resource
    path: str
    text: str | None

    @property
    def statements(self) -> tuple[Statement, ...]:
        """Its statements. Raises Undecided while the text is unknown, MalformedError when it is no document."""
        if self.text is None:
            raise Undecided(self.path)
        return statements(self.text)


def _paths(resource: Resource, path: str) -> Iterator[str]:
    prefix, marker, rest = path.partition("[]")
    if not marker:
        yield path
        return
    match read(resource, prefix):
        case Known(entries) if isinstance(entries, list):
            for i in range(len(entries)):
                yield f"{prefix}[{i}]{rest}"
        case Unknown():
            yield prefix


def documents(resource: Resource, where: Mapping[str, tuple[str, ...]]) -> Iterator[Document]:
    """The documents that `resource` keeps at the places that `where` names for its type."""
    for template in where.get(resource.type, ()):
        for path in _paths(resource, template):
            match read(resource, path):
                case Known(text):
                    if isinstance(text, Mapping):
                        text = None if has_unknown(text) else json.dumps(text)
                    yield Document(resource, path, text)
                case Unknown():
                    yield Document(resource, path, None)


@dataclass(frozen=True, slots=True)
class Grants:
    """What a role may do, or who may use a resource, gathered from all documents about it."""

    allowed: tuple[Statement, ...]
    unknown: str | None
    """Where a document is still unknown, so that what is not allowed here may be allowed there."""

    def allow(self, action: str, *named: str) -> bool:
        """Whether `action` is allowed on a resource of one of these names (none given: on any).

        Raises Undecided when it is not, as far as is known, and a document is still unknown.
        """
        if any(one.covers_action(action) and (not named or one.covers_resource(named)) for one in self.allowed):
            return True
        if self.unknown:
            raise Undecided(self.unknown)
        return False

    def admit(self, service: str, action: str) -> list[Statement]:
        """Statements that let the service principal do `action`; raises Undecided as `allow` does."""
        matching = [one for one in self.allowed if one.admits(service) and one.covers_action(action)]
        if not matching and self.unknown:
            raise Undecided(self.unknown)
        return matching


def gather(value: Iterable[Document]) -> Grants:
    """All that these documents allow; one that is malformed grants nothing (`iam-policy-version` reports it)."""
    allowed: list[Statement] = []
    unknown: str | None = None
    for document in value:
        if document.text is None:
            unknown = f"{document.holder.name}.{document.path}"
            continue
        try:
            allowed += [one for one in document.statements if one.allows]
        except MalformedError:
            continue
    return Grants(tuple(allowed), unknown)


def role_grants(graph: Graph, role: Resource) -> Grants:
    """What `role` may do: its inline documents, policies of the stack attached to it, and AWS-managed ones."""

    def gathered() -> Grants:
        matching = list(documents(role, IDENTITY))
        for attached in graph.attached(role, "role", kinds.ROLE_POLICY):
            matching += documents(attached, IDENTITY)
        managed: list[Statement] = []
        for attachment in graph.attached(role, "role", kinds.POLICY_ATTACHMENT):
            policies = graph.targets(attachment, "policyArn", kinds.POLICY)
            for policy in policies:
                matching += documents(policy, IDENTITY)
            match read(attachment, "policyArn"):
                case Known(arn) if not policies and isinstance(arn, str):
                    managed.append(_everywhere(MANAGED.get(arn.rpartition("/")[2], ())))
                case Unknown() if not policies:
                    matching.append(Document(attachment, "policyArn", None))
        managed += [_everywhere(MANAGED.get(arn.rpartition("/")[2], ())) for arn in managed_by_role(role)]
        gathered_grants = gather(matching)
        return Grants((*gathered_grants.allowed, *managed), gathered_grants.unknown)

    return graph.cached(("role_grants", role.urn), gathered)


def _everywhere(actions: tuple[str, ...]) -> Statement:
    return Statement(allows=True, actions=actions, not_actions=(), resources=("*",), principals={}, conditions={})


_SEPARATE: Final[Mapping[str, tuple[str, str]]] = {
    kinds.KEY: (kinds.KEY_POLICY, "keyId"),
    kinds.BUCKET: (kinds.BUCKET_POLICY, "bucket"),
    kinds.QUEUE: (kinds.QUEUE_POLICY, "queueUrl"),
    kinds.TOPIC: (kinds.TOPIC_POLICY, "arn"),
}
"""By resource type: the resource that holds its policy in the attached form, and the property that names it there."""


def resource_grants(graph: Graph, resource: Resource) -> Grants:
    """Who may use `resource`, by the policy it holds itself or by the one attached to it."""

    def gathered() -> Grants:
        matching = list(documents(resource, ATTACHED))
        holder, prop = _SEPARATE[resource.type]
        for attached in graph.attached(resource, prop, holder):
            matching += documents(attached, ATTACHED)
        return gather(matching)

    return graph.cached(("resource_grants", resource.urn), gathered)
