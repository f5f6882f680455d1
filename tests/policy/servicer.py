"""The pack as the engine talks to it, without an engine: requests on the wire to the SDK's own servicer.

Unknown values travel as the engine's sentinels, so that the unknown-checking proxy is in play. Only this module touches
the SDK's private servicer.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

from google.protobuf import struct_pb2
from pulumi.runtime import proto
from pulumi_policy import EnforcementLevel, Policy
from pulumi_policy.policy import _PolicyAnalyzerServicer
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE

from policy import pack
from policy.rules import ALL_RULES, UNKNOWN, Graph, Resource


@dataclass(frozen=True)
class Answer:
    """One violation, as the engine would show it."""

    rule: str
    id: str
    urn: str
    level: int
    message: str


def wired(value: Any) -> Any:
    """A value as the engine sends it: numbers as floats, unknown ones as sentinels."""
    if value is UNKNOWN:
        return UNKNOWN_STRING_VALUE
    if isinstance(value, Mapping):
        return {key: wired(member) for key, member in value.items()}
    if isinstance(value, list):
        return [wired(member) for member in value]
    return value


def _struct(props: Mapping[str, Any]) -> struct_pb2.Struct:
    result = struct_pb2.Struct()
    result.update(wired(props))
    return result


def _options(one: Resource) -> Any:
    return proto.AnalyzerResourceOptions(
        protect=one.options.protect,
        ignoreChanges=list(one.options.ignore_changes),
        deleteBeforeReplace=one.options.delete_before_replace,
        deleteBeforeReplaceDefined=True,
        parent=one.parent or "",
    )


class StartedPack:
    """A pack that has just been started, with this configuration."""

    def __init__(
        self, config: Mapping[str, Mapping[str, Any]] | None = None, policies: list[Policy] | None = None
    ) -> None:
        servicer = _PolicyAnalyzerServicer(
            pack.NAME, "0.1.0", policies or pack.policies(), EnforcementLevel.MANDATORY, pack.initial_config()
        )
        self.servicer = cast("Any", servicer)
        if config:
            self.servicer.Configure(_configure(config), None)

    def resource(self, one: Resource) -> list[Answer]:
        """What the pack says of one resource before it is touched."""
        response = self.servicer.Analyze(self.request(one), None)
        return [_answer(result, one.urn) for result in response.diagnostics]

    @staticmethod
    def request(one: Resource) -> Any:
        """The request that the engine would send."""
        return proto.AnalyzeRequest(
            type=one.token, properties=_struct(one.props), urn=one.urn, name=one.name, options=_options(one)
        )

    def stack(self, graph: Graph) -> list[Answer]:
        """What the pack says of the stack in the end."""
        response = self.servicer.AnalyzeStack(self.stack_request(graph), None)
        return [_answer(result, result.urn) for result in response.diagnostics]

    @staticmethod
    def stack_request(graph: Graph) -> Any:
        """The request that the engine would send."""
        root = graph.root
        entries = [_analyzed(one) for one in graph if one is not root]
        entries.append(_analyzed(Resource(urn=root.urn, type=root.type, name=root.name, props=graph.outputs or {})))
        return proto.AnalyzeStackRequest(resources=entries)

    def all(self, graph: Graph) -> list[Answer]:
        """Everything the pack says of a deployment."""
        answers = [answer for one in graph if one.custom for answer in self.resource(one)]
        return answers + self.stack(graph)


def _configure(config: Mapping[str, Mapping[str, Any]]) -> Any:
    request: Any = proto.ConfigureAnalyzerRequest
    return request(policyConfig=dict(_configured(config)))


def _configured(config: Mapping[str, Mapping[str, Any]]) -> Iterator[tuple[str, Any]]:
    levels = {rule.name: rule.level for rule in ALL_RULES}
    for name, settings in config.items():
        level = proto.EnforcementLevel.Value(str(settings.get("enforcementLevel", levels[name])).upper())
        properties = _struct({key: value for key, value in settings.items() if key != "enforcementLevel"})
        yield name, proto.PolicyConfig(enforcementLevel=level, properties=properties)


def _analyzed(one: Resource) -> Any:
    return proto.AnalyzerResource(
        type=one.token,
        properties=_struct(one.props),
        urn=one.urn,
        name=one.name,
        options=_options(one),
        parent=one.parent or "",
        dependencies=list(one.dependencies),
        propertyDependencies={
            prop: proto.AnalyzerPropertyDependencies(urns=list(urns))
            for prop, urns in one.property_dependencies.items()
        },
    )


def _answer(value: Any, urn: str) -> Answer:
    identity = re.search(r"\[([0-9a-f]{8})\]$", value.message)
    assert identity, f"{value.policyName} said something that is no finding: {value.message}"
    return Answer(value.policyName, identity[1], urn, value.enforcementLevel, value.message)


def violations(answers: Iterable[Answer]) -> set[tuple[str, str]]:
    """Rules and finding ids."""
    return {(answer.rule, answer.id) for answer in answers}
