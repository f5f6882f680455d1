"""Distributed Maps in moto's interpreter: what its parser or its map leaves out.

`ItemBatcher` and `ResultWriter` are not read by the parser, `ToleratedFailurePercentage` is not heeded by the map. The
other children are not stopped when one failure is too many: they run on to their end here, and AWS would stop them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from moto.stepfunctions.parser import api
from moto.stepfunctions.parser.asl.component.common.error_name.error_name import ErrorName
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import (
    FailureEvent,
    FailureEventException,
)
from moto.stepfunctions.parser.asl.component.common.string import string_expression
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration import distributed_iteration_component
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration.itemprocessor import (
    distributed_item_processor_worker,
)
from moto.stepfunctions.parser.asl.eval.event import event_detail
from moto.stepfunctions.parser.asl.utils import boto_client

_details: Any = event_detail.EventDetails


class _Batch(list[Any]):
    """Items that one child execution of a Distributed Map gets together."""


@dataclass(frozen=True, kw_only=True)
class DistributedMapFields:
    """The fields of a Distributed Map that the parser does not take in JSONata mode."""

    batch: int | None
    """MaxItemsPerBatch of the ItemBatcher; None without one: an item a child."""
    writer: Mapping[str, str] | None
    """Arguments of the ResultWriter: Bucket and Prefix, as they stand in the definition; None without one."""


def taken_out(block: dict[str, Any]) -> dict[str, DistributedMapFields]:
    """Takes out of `block` what the parser cannot read, and gives it by the Map's label, for `_map_run` to carry
    out."""
    fields_by_label: dict[str, DistributedMapFields] = {}
    for name, state in block["States"].items():
        if is_distributed(state):
            label = state.setdefault("Label", re.sub(r"\W", "", name)[:40])
            fields_by_label[label] = DistributedMapFields(
                batch=state.pop("ItemBatcher", {}).get("MaxItemsPerBatch"),
                writer=state.pop("ResultWriter", {}).get("Arguments"),
            )
        for inner in (*state.get("Branches", ()), *([state["ItemProcessor"]] if "ItemProcessor" in state else ())):
            fields_by_label |= taken_out(inner)
    return fields_by_label


def is_distributed(state: Mapping[str, Any]) -> bool:
    """Whether a state is a Map whose items are child executions."""
    mode: str = state.get("ItemProcessor", {}).get("ProcessorConfig", {}).get("Mode", "INLINE")
    return mode == "DISTRIBUTED"


def hooks(spreads: Mapping[str, DistributedMapFields]) -> Iterator[tuple[Any, str, Any]]:
    """(target, attribute, replacement) of every hook that a Distributed Map needs."""
    yield distributed_iteration_component.DistributedIterationComponent, "_map_run", _map_run(spreads)
    yield distributed_item_processor_worker.DistributedItemProcessorWorker, "_eval_input", _batched_input()


def _map_run(spreads: Mapping[str, DistributedMapFields]) -> Any:
    """Batches before the items are handed out; results written and failures counted after they have ended."""
    original = distributed_iteration_component.DistributedIterationComponent._map_run

    def run(self: Any, env: Any, eval_input: Any) -> None:
        spread, record = spreads[eval_input.label], eval_input.map_run_record
        if spread.batch is not None:
            items = env.stack.pop()
            env.stack.append([_Batch(items[i : i + spread.batch]) for i in range(0, len(items), spread.batch)])
        original(self, env=env, eval_input=eval_input)
        if spread.writer is not None:
            env.stack.append(_write_results(env, spread.writer, record, env.stack.pop()))
        total = record.execution_counter.total.get()
        lost = total - record.execution_counter.succeeded.get()
        if lost * 100 > eval_input.tolerated_failure_percentage * total:
            error = "States.ExceedToleratedFailureThreshold"
            raise FailureEventException(
                FailureEvent(
                    env=env,
                    error_name=ErrorName(error),
                    event_type=api.HistoryEventType.MapRunFailed,
                    event_details=_details(
                        mapRunFailedEventDetails=api.MapRunFailedEventDetails(
                            error=error, cause="The specified tolerated failure threshold was exceeded"
                        )
                    ),
                )
            )

    return run


def _write_results(env: Any, writer: Mapping[str, str], record: Any, outputs: list[Any]) -> dict[str, Any]:
    """Results and manifest under the writer's prefix, and what the state's result is then; a child that failed has no
    output here."""
    destination = {name: _evaluated(env, value) for name, value in writer.items()}
    folder = f"{destination['Prefix'].rstrip('/')}/{record.map_run_arn.rpartition(':')[2]}"
    s3: Any = boto_client.boto_client_for(region=env.aws_execution_details.region, service="s3")
    results, manifest = f"{folder}/SUCCEEDED_0.json", f"{folder}/manifest.json"
    succeeded = [{"Output": json.dumps(output)} for output in outputs if output is not None]
    for key, body in (
        (results, succeeded),
        (manifest, {"MapRunArn": record.map_run_arn, "ResultFiles": {"SUCCEEDED": [{"Key": results}]}}),
    ):
        s3.put_object(Bucket=destination["Bucket"], Key=key, Body=json.dumps(body).encode())
    details = {"Bucket": destination["Bucket"], "Key": manifest}
    return {"MapRunArn": record.map_run_arn, "ResultWriterDetails": details}


def _evaluated(env: Any, value: str) -> str:
    if not value.startswith("{%"):
        return value
    string_expression.StringJSONata(value[2:-2].strip()).eval(env)
    return str(env.stack.pop())


def _batched_input() -> Any:
    """Selects item by item, as AWS does, and hands the child `{"Items": […]}`."""
    worker = distributed_item_processor_worker.DistributedItemProcessorWorker
    original = worker._eval_input

    def evaluate(self: Any, env_frame: Any) -> None:
        context = env_frame.states.context_object.context_object_data
        batch = context["Map"]["Item"]["Value"]
        if not isinstance(batch, _Batch):
            original(self, env_frame=env_frame)
            return
        selected = []
        for item in batch:
            context["Map"]["Item"]["Value"] = item
            env_frame.states.reset(input_value=item)  # what is selected where there is no ItemSelector
            original(self, env_frame=env_frame)
            selected.append(env_frame.states.get_input())
        env_frame.states.reset(input_value={"Items": selected})

    return evaluate
