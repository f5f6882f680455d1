"""Runs the program for a stack without an engine, a cloud or credentials, and keeps what it registered.

It stands in for Pulumi's resource monitor, and is the only place that touches the SDK's private parts: the very same
`__main__.py` must be checkable on a machine that has only what PyPI gives.

Two modes. *unknown*: what a first preview sees; ids, ARNs and whatever follows from them are not known yet.
*resolved*: what follows `up`; ids and ARNs are made up, in AWS's form, so that policies about values can be decided.
"""

from __future__ import annotations

import asyncio
import contextvars
import json
import logging
import runpy
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

import pulumi
import pulumi.runtime.resource
from google.protobuf import empty_pb2, struct_pb2
from pulumi.runtime.config import set_all_config
from pulumi.runtime.mocks import MockCallArgs, MockMonitor, MockResourceArgs, Mocks, MockSettings
from pulumi.runtime.proto import resource_pb2, source_pb2
from pulumi.runtime.settings import configure, set_root_resource
from pulumi.runtime.stack import run_in_stack

from policy.rules import UNKNOWN, Graph, Options, Resource

from . import synthetic
from .wire import STACK, earlier_urns, plain, secret_paths

Mode = Literal["unknown", "resolved"]
MODES: Final[tuple[Mode, ...]] = ("unknown", "resolved")


class UnexpectedCall(pulumi.RunError):
    """The program looked something up that no preview has an answer for."""


@dataclass
class Recording:
    """What one run of the program registered."""

    stack: str
    mode: Mode
    resources: list[Resource] = field(default_factory=list)
    outputs: dict[str, Any] = field(default_factory=dict)
    computed: dict[str, frozenset[str]] = field(default_factory=dict)
    """By URN: properties that the cloud fills in (ids, ARNs), made up here; every other property is an input."""
    secrets: dict[str, tuple[tuple[str | int, ...], ...]] = field(default_factory=dict)
    """By URN: paths of the inputs that are secret. `resources` holds them unwrapped: never show those values."""
    aliases: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """By URN: earlier URNs under which the engine would know the resource."""

    def graph(self, project: str) -> Graph:
        """The registrations as a graph for the policy pack."""
        return Graph(self.resources, project=project, stack=self.stack, outputs=self.outputs)


class _NoMocks(Mocks):
    """The monitor answers by itself and asks no mocks."""

    def call(self, args: MockCallArgs) -> Any:
        raise NotImplementedError

    def new_resource(self, args: MockResourceArgs) -> Any:
        raise NotImplementedError


class RecordingMonitor(MockMonitor):
    """Answers as the engine would, and keeps every registration."""

    def __init__(self, recording: Recording, region: str) -> None:
        super().__init__(_NoMocks())
        self.recording, self.region = recording, region

    def Invoke(self, request: Any) -> Any:  # noqa: N802 - the protocol's name
        """Answers a look-up, or refuses it."""
        answer = synthetic.lookup(request.tok, plain(request.args), self.region)
        if answer is None:
            raise UnexpectedCall(f"the program calls {request.tok}, which an offline preview cannot answer")
        out = struct_pb2.Struct()
        out.update(answer)
        return resource_pb2.ResourceInvokeResponse(**{"return": out})

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802
        """Keeps a resource and answers with its outputs as far as the mode lets them be known."""
        urn = self.make_urn(request.parent, request.type, request.name)
        if request.type == STACK:
            return resource_pb2.RegisterResourceResponse(urn=urn)
        inputs = plain(request.object)
        if hidden := tuple(secret_paths(request.object)):
            self.recording.secrets[urn] = hidden
        if aliases := tuple(earlier_urns(urn, request)):
            self.recording.aliases[urn] = aliases
        state, identity = request.object, ""
        if request.custom or request.remote:
            outputs = synthetic.outputs(request.type, request.name, inputs, self.region)
            if self.recording.mode == "resolved":
                identity = outputs["id"]
                state = struct_pb2.Struct()
                state.CopyFrom(request.object)
                state.update({key: value for key, value in outputs.items() if key != "id"})
            else:
                outputs = dict.fromkeys(outputs, UNKNOWN)
            self.recording.computed[urn] = frozenset(outputs) - frozenset(inputs)
            inputs = {**outputs, **inputs}
        self.recording.resources.append(_resource(urn, request, inputs))
        return resource_pb2.RegisterResourceResponse(urn=urn, id=identity, object=state)

    def RegisterResourceOutputs(self, request: Any) -> Any:  # noqa: N802
        """Keeps the stack's outputs."""
        if request.urn.split("::")[2] == STACK:
            self.recording.outputs.update(plain(request.outputs))
        return empty_pb2.Empty()


def _resource(urn: str, request: Any, props: Mapping[str, Any]) -> Resource:
    return Resource(
        urn=urn,
        type=request.type,
        token=request.type,
        name=request.name,
        props=props,
        parent=request.parent or None,
        dependencies=tuple(request.dependencies),
        property_dependencies={key: tuple(item.urns) for key, item in request.propertyDependencies.items()},
        options=Options(
            protect=bool(request.protect),
            ignore_changes=tuple(request.ignoreChanges),
            delete_before_replace=bool(request.deleteBeforeReplace),
            provider=request.provider or None,
            retain_on_delete=bool(request.retainOnDelete),
            deleted_with=request.deletedWith or None,
        ),
        custom=bool(request.custom),
    )


@contextmanager
def _importable(directory: Path) -> Iterator[None]:
    sys.path.insert(0, str(directory))
    try:
        yield
    finally:
        sys.path.remove(str(directory))


def record(
    program: Path,
    *,
    project: str,
    stack: str,
    config: Mapping[str, Any],
    mode: Mode,
    secret_keys: Sequence[str] = (),
) -> Recording:
    """Runs `program` (the folder with `__main__.py`) for `stack` and returns what it registered.

    `config` holds full keys (`batch-platform:jobs`); structured values are passed on as JSON, as the engine does.
    What the program raises is raised here: a `pulumi.RunError` for bad settings.
    """

    def run_program() -> None:
        with _importable(program):
            runpy.run_path(str(program / "__main__.py"), run_name="__main__")

    return record_function(run_program, project=project, stack=stack, config=config, mode=mode, secret_keys=secret_keys)


def record_function(
    function: Callable[[], None],
    *,
    project: str,
    stack: str,
    config: Mapping[str, Any],
    mode: Mode,
    secret_keys: Sequence[str] = (),
) -> Recording:
    """As `record`, for any function that makes resources."""
    recording = Recording(stack=stack, mode=mode)
    region = str(config.get("aws:region", ""))

    def run() -> None:
        monitor = RecordingMonitor(recording, region)
        features = set(monitor.GetDeploymentInfo(empty_pb2.Empty()).supportedFeatures)  # type: ignore[no-untyped-call]
        set_all_config(
            {key: v if isinstance(v, str) else json.dumps(v) for key, v in config.items()}, list(secret_keys)
        )
        configure(
            MockSettings(  # type: ignore[no-untyped-call]
                monitor=monitor,
                monitor_features=features,
                engine=_Quiet(),
                project=project,
                stack=stack,
                dry_run=mode == "unknown",
                organization=None,
                callbacks=None,
            )
        )
        pulumi.runtime.resource._get_stack_trace = source_pb2.StackTrace  # a fifth of the run, and nobody reads it
        set_root_resource(None)  # type: ignore[arg-type]
        with asyncio.Runner(loop_factory=_InlineLoop) as runner:
            runner.run(run_in_stack(function))

    contextvars.copy_context().run(run)
    return recording


class _InlineLoop(asyncio.SelectorEventLoop):
    """A loop that answers the SDK's calls at once: the monitor is in this process, and a thread a call costs more."""

    def run_in_executor(self, executor: Any, func: Any, *args: Any) -> Any:  # type: ignore[override]
        """What `func` returns, as a future that is done."""
        future = self.create_future()
        try:
            future.set_result(func(*args))
        except Exception as error:
            future.set_exception(error)
        return future


class _Quiet:
    """An engine that hands the program's own log messages to Python's logging."""

    def Log(self, request: Any) -> None:  # noqa: N802
        logging.getLogger("batchctl.program").log(10 * (request.severity + 1), request.message)
