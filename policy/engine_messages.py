"""The engine's requests as the rules read them: each message of the wire becomes one `Resource`.

Values are read straight from the protobuf messages, in which a sentinel stands for each value that is not known yet.
The SDK would wrap them in proxies, anew for each policy.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from google.protobuf.struct_pb2 import Struct, Value
from pulumi.runtime import proto
from pulumi_policy import deserialize, proxy

if TYPE_CHECKING or __package__:
    from . import rules
else:  # the engine runs this folder itself, in which case it is no package
    import rules

_INTERNAL: Final = "__defaults"
_SIGNATURE: Final = deserialize.SPECIAL_SIG_KEY
_SENTINELS: Final = frozenset(
    (
        proxy.UNKNOWN_BOOLEAN_VALUE,
        proxy.UNKNOWN_NUMBER_VALUE,
        proxy.UNKNOWN_STRING_VALUE,
        proxy.UNKNOWN_ARRAY_VALUE,
        proxy.UNKNOWN_ASSET_VALUE,
        proxy.UNKNOWN_ARCHIVE_VALUE,
        proxy.UNKNOWN_OBJECT_VALUE,
    )
)


def plain(struct: Struct) -> dict[str, Any]:
    """The members of a message as plain data: secrets unwrapped, `UNKNOWN` for what is not known yet."""
    return {key: _value(member) for key, member in struct.fields.items() if key != _INTERNAL}


def _value(value: Value) -> Any:
    kind = value.WhichOneof("kind")
    if kind == "string_value":
        text = value.string_value
        return rules.UNKNOWN if text in _SENTINELS else text
    if kind == "struct_value":
        members = plain(value.struct_value)
        if _SIGNATURE not in members:
            return members
        return members.get("value") if members.pop(_SIGNATURE) == deserialize.SPECIAL_SECRET_SIG else members
    if kind == "list_value":
        return [_value(member) for member in value.list_value.values]
    return getattr(value, kind) if kind and kind != "null_value" else None


def _options(request: proto.AnalyzeRequest | proto.AnalyzerResource) -> rules.Options:
    options = request.options
    return rules.Options(
        protect=options.protect,
        ignore_changes=tuple(options.ignoreChanges),
        delete_before_replace=options.deleteBeforeReplace,
        provider=request.provider.urn if request.HasField("provider") else None,
    )


def _default_tags(request: proto.AnalyzeRequest) -> dict[str, Any]:
    """Tags that the resource's provider adds; provider settings that are objects travel as JSON text."""
    settings = plain(request.provider.properties).get("defaultTags") if request.HasField("provider") else None
    if isinstance(settings, str):
        settings = json.loads(settings)
    tags = settings.get("tags") if isinstance(settings, Mapping) else None
    return {"tagsAll": dict(tags)} if isinstance(tags, Mapping) else {}


def checked(request: proto.AnalyzeRequest) -> rules.Resource:
    """The resource that a resource policy is shown: its inputs."""
    return rules.Resource(
        urn=request.urn,
        type=request.type,
        name=request.name,
        props={**plain(request.properties), **_default_tags(request)},
        parent=request.options.parent or None,
        options=_options(request),
        custom=request.HasField("provider"),
    )


def registered(resource: proto.AnalyzerResource, inputs: rules.Resource | None) -> rules.Resource:
    """The resource that a stack policy is shown: its edges, and the inputs that it was checked with where it was."""
    if inputs is None:
        props: Mapping[str, Any] = plain(resource.properties)
    else:
        fields = resource.properties.fields
        props = {**{key: _value(fields[key]) for key in rules.IDENTIFYING if key in fields}, **inputs.props}
    return rules.Resource(
        urn=resource.urn,
        type=resource.type,
        name=resource.name,
        props=props,
        parent=resource.parent or None,
        dependencies=tuple(resource.dependencies),
        property_dependencies={prop: tuple(edges.urns) for prop, edges in resource.propertyDependencies.items()},
        options=_options(resource),
        custom=resource.HasField("provider"),
    )


def deployed(urn: str) -> tuple[str, str]:
    """Stack and project of a URN. The engine names neither in a pack's environment: `pulumi.get_stack()` is wrong."""
    stack, project = urn.split("::")[:2]
    return stack.removeprefix("urn:pulumi:"), project


def stack_of(request: proto.AnalyzeStackRequest, inputs: Mapping[str, rules.Resource]) -> rules.Graph:
    """The whole stack; `inputs` by URN are what its resources were checked with."""
    stack, project = deployed(request.resources[0].urn) if request.resources else ("", "")
    resources = [registered(one, inputs.get(one.urn)) for one in request.resources]
    return rules.Graph(resources, project=project, stack=stack)
