"""Amazon States Language as typed Python: the states this program uses, in JSONata mode.

`definition` refuses an unsound state machine before AWS sees it: every target must exist, every state be reachable,
every path end, and no name be used twice. Why JSONata: docs/adr/workflow/jsonata-from-typed-python.md
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, TypeAlias

State: TypeAlias = dict[str, Any]
States: TypeAlias = dict[str, State]

NAME_LENGTH: Final = 80
"""Longest state name; source: https://docs.aws.amazon.com/step-functions/latest/dg/statemachine-structure.html"""

INPUT: Final = "$states.input"
RESULT: Final = "$states.result"
ERROR: Final = "$states.errorOutput"
CONTEXT: Final = "$states.context"


class UnsoundError(ValueError):
    """A definition that Step Functions would refuse, or that could not end."""


def expr(jsonata: str) -> str:
    """A JSONata expression where a value may stand; line breaks are for the reader only."""
    return "{% " + re.sub(r"\s*\n\s*", " ", jsonata).strip() + " %}"


def text(value: str) -> str:
    """`value` as a JSONata string literal."""
    return json.dumps(value, ensure_ascii=False)


def retry(*errors: str, attempts: int, interval: int = 2, rate: float = 2.0, longest: int = 60) -> dict[str, Any]:
    """A retrier with full jitter; `interval` and `longest` in seconds, `attempts` besides the first.

    A `longest` below twice the `interval` is raised to it, so that the delay grows at least once; a `MaxDelaySeconds`
    that is not greater than `IntervalSeconds` is refused by the policy pack.
    """
    retrier: dict[str, Any] = {"ErrorEquals": list(errors), "MaxAttempts": attempts}
    if attempts:
        retrier |= {
            "IntervalSeconds": interval,
            "BackoffRate": rate,
            "MaxDelaySeconds": max(longest, 2 * interval),
            "JitterStrategy": "FULL",
        }
    return retrier


def catch(target: str, *errors: str, output: object = None) -> dict[str, Any]:
    """A catcher; `output` is the next state's input and may use `$states.errorOutput`."""
    catcher: dict[str, Any] = {"ErrorEquals": list(errors), "Next": target}
    return catcher if output is None else {**catcher, "Output": output}


def pass_(next_: str | None, *, output: object = None, assign: Mapping[str, object] | None = None) -> State:
    """A state that only shapes data; `next_` None ends the branch."""
    return _state("Pass", next_, Output=output, Assign=dict(assign) if assign else None)


def task(
    resource: str,
    arguments: Mapping[str, object],
    next_: str | None,
    *,
    output: object = None,
    assign: Mapping[str, object] | None = None,
    timeout: int | None = None,
    retriers: Sequence[Mapping[str, object]] = (),
    catchers: Sequence[Mapping[str, object]] = (),
    comment: str | None = None,
) -> State:
    """A call of a service; `timeout` in seconds."""
    return _state(
        "Task",
        next_,
        Comment=comment,
        Resource=resource,
        Arguments=dict(arguments),
        TimeoutSeconds=timeout,
        Output=output,
        Assign=dict(assign) if assign else None,
        Retry=list(retriers) or None,
        Catch=list(catchers) or None,
    )


def stop_execution(partition: str, execution_arn: str, error: str, cause: str, next_: str, *, comment: str) -> State:
    """Stops another execution and goes on with the state's input, whether or not there was anything to stop.

    `execution_arn` and `cause` are JSONata; `error` and `cause` are what the stopped execution shows.
    """
    unchanged = expr(INPUT)
    return task(
        f"arn:{partition}:states:::aws-sdk:sfn:stopExecution",
        {"ExecutionArn": expr(execution_arn), "Error": error, "Cause": expr(cause)},
        next_,
        output=unchanged,
        retriers=[retry("States.TaskFailed", attempts=5)],
        catchers=[catch(next_, "States.ALL", output=unchanged)],
        comment=comment,
    )


def choice(rules: Sequence[tuple[str, str]], default: str) -> State:
    """Goes to the target of the first (JSONata condition, target) that holds, or to `default`."""
    return {
        "Type": "Choice",
        "Choices": [{"Condition": expr(condition), "Next": target} for condition, target in rules],
        "Default": default,
    }


def wait(seconds: str, next_: str) -> State:
    """Waits as many seconds as the JSONata expression `seconds` says."""
    return {"Type": "Wait", "Seconds": expr(seconds), "Next": next_}


def succeed(*, output: object = None) -> State:
    """The good end of the execution or of the branch it stands in."""
    return _state("Succeed", None, ends=True, Output=output)


def fail(error: str, cause: str) -> State:
    """The bad end; both may be expressions."""
    return {"Type": "Fail", "Error": error, "Cause": cause}


def machine(start: str, states: States, *, comment: str, timeout: int | None = None) -> dict[str, Any]:
    """A whole definition; `timeout` in seconds. Raises UnsoundError."""
    names = list(_all_names(states))
    if doubled := sorted({name for name in names if names.count(name) > 1}):
        raise UnsoundError(f"state names are unique in the whole machine; used twice: {', '.join(doubled)}")
    if long := [name for name in names if len(name) > NAME_LENGTH]:
        raise UnsoundError(f"a state name has at most {NAME_LENGTH} characters: {', '.join(long)}")
    definition: dict[str, Any] = {"Comment": comment, "QueryLanguage": "JSONata", **block(start, states)}
    return definition if timeout is None else {**definition, "TimeoutSeconds": timeout}


def block(start: str, states: States) -> dict[str, Any]:
    """The part that a machine, a branch and an item processor have in common. Raises UnsoundError."""
    if start not in states:
        raise UnsoundError(f"starts at {start!r}, which does not exist")
    reached: set[str] = set()
    open_: list[str] = [start]
    while open_:
        name = open_.pop()
        if name in reached:
            continue
        reached.add(name)
        for target in _targets(states[name]):
            if target not in states:
                raise UnsoundError(f"{name!r} goes to {target!r}, which does not exist")
            open_.append(target)
    if lost := [name for name in states if name not in reached]:
        raise UnsoundError(f"no path leads to {', '.join(map(repr, lost))}")
    for name, state in states.items():
        if state["Type"] not in ("Choice", "Fail", "Succeed") and ("Next" in state) == ("End" in state):
            raise UnsoundError(f"{name!r} needs exactly one of Next and End")
    return {"StartAt": start, "States": states}


def _state(kind: str, next_: str | None, *, ends: bool = False, **fields: object) -> State:
    state: State = {"Type": kind} | {key: value for key, value in fields.items() if value is not None}
    if ends:
        return state
    return state | ({"End": True} if next_ is None else {"Next": next_})


def map_(next_: str | None, **fields: object) -> State:
    """A Map; `fields` are ASL's own."""
    return _state("Map", next_, ends=False, **fields)


def parallel(next_: str | None, branch: Mapping[str, object], **fields: object) -> State:
    """A Parallel of one branch: a scope whose every failure one catcher sees."""
    return _state("Parallel", next_, ends=False, Branches=[dict(branch)], **fields)


def _targets(state: State) -> Iterator[str]:
    for key in ("Next", "Default"):
        if key in state:
            yield state[key]
    for rule in (*state.get("Choices", ()), *state.get("Catch", ())):
        yield rule["Next"]


def _all_names(states: States) -> Iterable[str]:
    for name, state in states.items():
        yield name
        inner = [*state.get("Branches", ()), *([state["ItemProcessor"]] if "ItemProcessor" in state else ())]
        for part in inner:
            yield from _all_names(part["States"])


def walk(definition: Mapping[str, Any]) -> Iterator[tuple[str, State]]:
    """Every state of a definition with its name, inner ones too."""
    for name, state in definition["States"].items():
        yield name, state
        for part in [*state.get("Branches", ()), *([state["ItemProcessor"]] if "ItemProcessor" in state else ())]:
            yield from walk(part)
