"""JSONata and its failures as Step Functions has them, where moto's interpreter lacks or differs.

Every way of running a definition installs `hooks()`. Sources: functions,
https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html; names of errors and who may catch them,
https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html.
"""

from __future__ import annotations

import functools
import hashlib
import json
import random
import threading
import uuid
from collections.abc import Iterator, Mapping
from typing import Any, Final

import jsonata
from moto.stepfunctions.parser import api
from moto.stepfunctions.parser.asl.component.common.error_name.error_name import ErrorName
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import (
    FailureEvent,
    FailureEventException,
)
from moto.stepfunctions.parser.asl.component.common.string import string_expression
from moto.stepfunctions.parser.asl.component.intrinsic import jsonata as declared_functions
from moto.stepfunctions.parser.asl.component.state.choice.comparison import comparison
from moto.stepfunctions.parser.asl.component.state.choice.state_choice import StateChoice
from moto.stepfunctions.parser.asl.component.state.exec.execute_state import ExecutionState
from moto.stepfunctions.parser.asl.eval import states, variable_store
from moto.stepfunctions.parser.asl.eval.event import event_detail
from moto.stepfunctions.parser.asl.jsonata import jsonata as interpreter_jsonata
from moto.stepfunctions.parser.asl.utils import encoding

Hook = tuple[Any, str, Any]
"""Whose attribute is replaced, its name, by what."""

_details: Any = event_detail.EventDetails
"""Typed as if every kind of event had every detail."""
_QUERY_ERROR: Final = "States.QueryEvaluationError"
_DIGESTS: Final = {"MD5": "md5", "SHA-1": "sha1", "SHA-256": "sha256", "SHA-384": "sha384", "SHA-512": "sha512"}


def hooks() -> Iterator[Hook]:
    """What is replaced in the interpreter."""
    yield interpreter_jsonata, "_eval_jsonata", evaluate
    yield states, "encode_jsonata_variable_declarations", _bind
    yield variable_store, "encode_jsonata_variable_declarations", _declare
    yield string_expression, "get_intrinsic_functions_declarations", _declare_functions()
    yield string_expression.StringJSONata, "_eval_body", _caught_by_name()
    yield comparison.ConditionStringJSONata, "_eval_body", _boolean
    yield StateChoice, "_eval_state", _choose
    yield ExecutionState, "_evaluate_with_timeout", _with_output()
    yield ExecutionState, "_eval_state_output", _output_of_json_path()


BOUND = threading.local()
"""The `$states` of the expression that this thread is about to evaluate."""
_EVALUATING = threading.Lock()
"""A compiled expression is shared by threads."""


def evaluate(expression: str) -> Any:
    """The value of an expression with `BOUND.states`; raises the interpreter's `JSONataException`."""
    try:
        with _EVALUATING:
            return _compiled(expression).evaluate(None, {"bound": getattr(BOUND, "states", None)})
    except Exception as error:
        raise interpreter_jsonata.JSONataException("UNKNOWN", str(error)) from error


@functools.lru_cache(maxsize=1024)
def _compiled(expression: str) -> Any:
    compiled = jsonata.Jsonata(expression)
    for name, function in FUNCTIONS.items():
        compiled.register_lambda(name, function)
    return compiled


def _hash(value: str, algorithm: str) -> str:
    if algorithm not in _DIGESTS:
        raise ValueError(f"$hash: {algorithm} is none of {', '.join(_DIGESTS)}")
    return hashlib.new(_DIGESTS[algorithm], value.encode(), usedforsecurity=False).hexdigest()


def _random(*seed: float) -> float:
    """From 0 to less than 1, the same for the same seed; which number a seed gives is AWS's own."""
    (start,) = seed or (None,)
    return random.Random(start).random()


def _uuid() -> str:
    return str(uuid.uuid4())


FUNCTIONS: Final = {"hash": _hash, "parse": json.loads, "random": _random, "uuid": _uuid}
"""Functions of Step Functions that the interpreter lacks; `$partition` and `$range` it has."""


def _bind(bindings: Mapping[str, Any]) -> str:
    """Hands `$states` over as a value; the interpreter would write it into the expression's text, parsed each time."""
    (BOUND.states,) = [json.loads(encoding.to_json_str(value)) for value in bindings.values()]
    return "$states:=$bound;"


def _declare(bindings: Mapping[str, Any]) -> str:
    """Variables as JSON, which JSONata reads; the interpreter leaves quotation marks in texts as they are."""
    return "".join(f"{name}:={encoding.to_json_str(value)};" for name, value in bindings.items())


def _declare_functions() -> Any:
    original = declared_functions.get_intrinsic_functions_declarations

    def declare(variable_references: set[str]) -> str:
        declarations: str = original(variable_references - {f"${name}" for name in FUNCTIONS})
        return declarations

    return declare


def _failure(env: Any, error: str, cause: str) -> FailureEventException:
    details = api.EvaluationFailedEventDetails(error=error, cause=cause)
    return FailureEventException(
        FailureEvent(
            env=env,
            error_name=ErrorName(error),
            event_type=api.HistoryEventType.EvaluationFailed,
            event_details=_details(evaluationFailedEventDetails=details),
        )
    )


def _caught_by_name() -> Any:
    """An expression that fails is an error that a state can catch; `$eval` is not there."""
    original = string_expression.StringJSONata._eval_body

    def evaluated(self: Any, env: Any) -> None:
        if "$eval" in interpreter_jsonata.extract_jsonata_variable_references(self.expression):
            raise _failure(env, _QUERY_ERROR, f"$eval is not available, write $parse: {self.expression}")
        try:
            original(self, env)
        except interpreter_jsonata.JSONataException as error:
            raise _failure(env, _QUERY_ERROR, f"{self.expression}: {error.details}") from error

    return evaluated


def _boolean(self: Any, env: Any) -> None:
    self.string_jsonata.eval(env=env)
    if not isinstance(env.stack[-1], bool):
        raise _failure(env, _QUERY_ERROR, f"Condition is {env.stack[-1]!r:.100}, must be true or false")


def _choose(self: Any, env: Any) -> None:
    """The first rule whose condition is true."""
    for rule in self.choices_decl.rules:
        rule.eval(env)
        if env.stack.pop() is True:
            env.stack.append(rule.next_stmt.name)
            return
    if self.default_state is None:
        raise _failure(env, "States.NoChoiceMatched", f"no choice of {self.name} fits, and it has no Default")
    env.stack.append(self.default_state.state_name)


def _with_output() -> Any:
    """A state's Output is evaluated where its retriers and catchers see what goes wrong in it."""
    work, output = ExecutionState._evaluate_with_timeout, ExecutionState._eval_state_output

    def evaluated(self: Any, env: Any) -> None:
        depth = len(env.stack)
        work(self, env)
        if self._is_language_query_jsonpath():
            return
        try:
            output(self, env)
        except FailureEventException:
            del env.stack[depth:]
            raise

    return evaluated


def _output_of_json_path() -> Any:
    original = ExecutionState._eval_state_output

    def evaluated(self: Any, env: Any) -> None:
        if self._is_language_query_jsonpath():
            original(self, env)

    return evaluated
