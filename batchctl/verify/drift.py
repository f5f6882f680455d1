"""Every property that the program set, compared with what is deployed: by `pulumi refresh --preview-only`.

The areas check what matters, as AWS reports it; this checks whether everything is still as Pulumi created it. The
provider reads each resource; nothing is changed, neither in AWS nor in the state. Without the CLI, or for a stack that
is known by its outputs only, the answer is "not checkable", with the reason.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Mapping
from typing import Any, Final

from batchctl.project import Project
from policy.rules import normal_token
from policy.rules.tables.properties import BY_TYPE

from .model import Check, Outcome

AREA: Final = "STATE"
TITLE: Final = "Every property that the program set"
SECONDS: Final = 900
"""How long a refresh may take; a stack of 200 resources needs about a minute."""

_ALWAYS_FREE: Final = ("tags.CreatedAt", "tagsAll")
"""What `ignoreChanges` of every resource names, and what the provider derives."""


def checks(stack: str | None, project: Project) -> list[Check]:
    """A check for each deployed resource; one that is not checkable when the CLI gives no answer."""
    if stack is None:
        return [_unanswered("the stack is known by its outputs only: name it with --stack")]
    command = ["pulumi", "refresh", "--preview-only", "--json", "--non-interactive", "--stack", stack]
    try:
        done = subprocess.run(command, cwd=project.root, capture_output=True, text=True, timeout=SECONDS, check=False)
    except FileNotFoundError:
        return [_unanswered("there is no `pulumi` on PATH")]
    except subprocess.TimeoutExpired:
        return [_unanswered(f"`{' '.join(command)}` gave no answer within {SECONDS} s")]
    try:
        steps = json.loads(done.stdout).get("steps", [])
    except ValueError:
        return [_unanswered(f"`{' '.join(command)}` failed: {(done.stderr or done.stdout).strip()[-500:]}")]
    if not steps:
        return [_unanswered(f"`{' '.join(command)}` names no resource: {done.stderr.strip()[-500:]}")]
    return [check for step in steps for check in of_step(step)]


def _unanswered(reason: str) -> Check:
    return Check(AREA, TITLE, "-", Outcome.NOT_CHECKABLE, reason)


def of_step(step: Mapping[str, Any]) -> Iterator[Check]:
    """What a step of the refresh says of its resource: each property that differs, and those that were not read."""
    old = step.get("oldState") or {}
    token = normal_token(str(old.get("type", "")))
    if not token.startswith("aws:"):
        return
    name = str(step["urn"]).rpartition("::")[2]
    new = step.get("newState")
    if step.get("op") == "delete" or new is None:
        yield Check(AREA, "it is there", name, Outcome.FAIL, "missing")
        return
    free = (*_ALWAYS_FREE, *(BY_TYPE[token].ignorable if token in BY_TYPE else ()))
    wanted = old.get("inputs") or {}
    there = {**(new.get("outputs") or {}), **(new.get("inputs") or {})}
    unread = sorted(key for key in wanted if key not in there and not key.startswith("__") and key not in free)
    differences = [one for one in _differences(wanted, there, "") if not one[0].startswith(free)]
    for path, was, found in differences:
        yield Check(AREA, f"{path} is {_short(was)}", name, Outcome.FAIL, f"found: {_short(found)}")
    if unread:
        yield Check(AREA, "every property is read", name, Outcome.NOT_CHECKABLE, f"not read: {', '.join(unread)}")
    if not differences:
        yield Check(AREA, "what the program set is there", name, Outcome.PASS)


def _differences(was: Any, there: Any, path: str) -> Iterator[tuple[str, Any, Any]]:
    """Members of `was` that are otherwise in `there`; texts that are JSON are compared by what they hold."""
    if isinstance(was, Mapping) and isinstance(there, Mapping):
        for key, value in was.items():
            if key in there and not key.startswith("__"):
                yield from _differences(value, there[key], f"{path}.{key}" if path else key)
    elif _content(was) != _content(there):
        yield path, was, there


def _content(value: Any) -> Any:
    """A value in one form: JSON read, lists of plain values in no order, numbers and truth as AWS's texts."""
    if isinstance(value, str) and value[:1] in ("{", "["):
        try:
            return _content(json.loads(value))
        except ValueError:
            return value
    if isinstance(value, Mapping):
        return {
            key: _content(member) for key, member in value.items() if member is not None and not key.startswith("__")
        }
    if isinstance(value, list):
        members = [_content(member) for member in value]
        return sorted(members, key=repr)
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int | float) else value


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    return text if len(text) <= 120 else f"{text[:120]}…"
