"""Every property that the program sets, compared with what is deployed: by `pulumi preview --refresh`.

The areas check what matters, as AWS reports it; this checks whether everything is what the program would register. The
provider reads each resource and compares it with the program; nothing is changed, neither in AWS nor in the state.
A preview and not a refresh: docs/adr/policy/properties-by-preview.md. Without the CLI, or for a stack that is known by
its outputs only, the answer is "not checkable", with the reason.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Mapping
from typing import Any, Final

from batchctl.preview.wire import SIGNATURE, UNKNOWNS
from batchctl.project import Project
from policy.rules import normal_token

from .model import Check, Outcome

AREA: Final = "STATE"
TITLE: Final = "Every property that the program sets"
SECONDS: Final = 900
"""How long a preview may take; a stack of 200 resources needs about a minute."""
_COMMAND: Final = ("pulumi", "preview", "--refresh", "--show-sames", "--json", "--non-interactive", "--stack")
_NOT_THERE: Final = "nothing"


def checks(stack: str | None, project: Project) -> list[Check]:
    """A check for each resource of the program; one that is not checkable when the CLI gives no answer."""
    if stack is None:
        return [_unanswered("the stack is known by its outputs only: name it with --stack")]
    command = [*_COMMAND, stack]
    try:
        done = subprocess.run(command, cwd=project.root, capture_output=True, text=True, timeout=SECONDS, check=False)
    except FileNotFoundError:
        return [_unanswered("there is no `pulumi` on PATH")]
    except subprocess.TimeoutExpired:
        return [_unanswered(f"`{' '.join(command)}` gave no answer within {SECONDS} s")]
    try:
        document = json.loads(done.stdout)
    except ValueError:
        return [_unanswered(f"`{' '.join(command)}` failed: {(done.stderr or done.stdout).strip()[-500:]}")]
    errors = [one["message"].strip() for one in document.get("diagnostics") or () if one.get("severity") == "error"]
    if errors or done.returncode:
        return [_unanswered(f"`{' '.join(command)}` failed: {(' '.join(errors) or done.stderr.strip())[-500:]}")]
    checks_of_steps = [check for step in document.get("steps") or () for check in of_step(step)]
    return checks_of_steps or [_unanswered(f"`{' '.join(command)}` names no resource of AWS")]


def _unanswered(reason: str) -> Check:
    return Check(AREA, TITLE, "-", Outcome.NOT_CHECKABLE, reason)


def of_step(step: Mapping[str, Any]) -> Iterator[Check]:
    """What a step of the preview says of its resource: each property that differs, and those that were not read.

    The steps of the refresh itself (`refresh`) say nothing: what was read stands in the next step's old state.
    """
    deployed, planned = step.get("oldState") or {}, step.get("newState") or {}
    token = normal_token(str((deployed or planned).get("type", "")))
    if step["op"] == "refresh" or not token.startswith("aws:"):
        return
    name = str(step["urn"]).rpartition("::")[2]
    match step["op"]:
        case "same":
            yield from _read(name, deployed, planned)
        case "create":
            yield Check(AREA, "it is there", name, Outcome.FAIL, "missing")
        case "delete":
            yield Check(AREA, "the program registers it", name, Outcome.FAIL, "only the account and the state have it")
        case _:
            yield from _differing(name, step, deployed, planned)


def _differing(
    name: str, step: Mapping[str, Any], deployed: Mapping[str, Any], planned: Mapping[str, Any]
) -> Iterator[Check]:
    """The members of the properties which the provider finds different, as the program says and as they are."""
    tops = {path.partition(".")[0].partition("[")[0] for path in step.get("diffReasons") or ()}
    here, there = _plain(planned.get("inputs") or {}), _plain(deployed.get("inputs") or {})
    differences = [one for top in sorted(tops & set(here)) for one in _differences(here[top], there.get(top), top)]
    for path, says, is_now in differences:
        yield Check(AREA, f"{path} is {_short(says)}", name, Outcome.FAIL, f"found: {_short(is_now)}")
    if not differences:
        listed = ", ".join(sorted(tops)) or "something"
        reason = f"the provider would change {listed}, and reads what the program says"
        yield Check(AREA, "every property is read", name, Outcome.NOT_CHECKABLE, reason)


def _read(name: str, deployed: Mapping[str, Any], planned: Mapping[str, Any]) -> Iterator[Check]:
    there = {**(deployed.get("outputs") or {}), **(deployed.get("inputs") or {})}
    unread = sorted(key for key in planned.get("inputs") or () if key not in there and not key.startswith("__"))
    if unread:
        yield Check(AREA, "every property is read", name, Outcome.NOT_CHECKABLE, f"not read: {', '.join(unread)}")
    else:
        yield Check(AREA, "what the program sets is there", name, Outcome.PASS)


def _plain(value: Any) -> Any:
    """Without what the engine adds: marks of secrets, whose text is hidden, of unknown values and of defaults."""
    if isinstance(value, Mapping):
        if SIGNATURE in value:
            return "[secret]"
        return {key: _plain(member) for key, member in value.items() if key != "__defaults"}
    if isinstance(value, list):
        return [_plain(member) for member in value]
    return "[not known yet]" if isinstance(value, str) and value in UNKNOWNS else value


def _differences(says: Any, is_now: Any, path: str) -> Iterator[tuple[str, Any, Any]]:
    """Members that the program says otherwise than they are, or that only one of the two has; also in documents."""
    if isinstance(says, str) and isinstance(is_now, str):
        says, is_now = _opened(says), _opened(is_now)
    if isinstance(says, Mapping) and isinstance(is_now, Mapping):
        for key in dict.fromkeys((*says, *is_now)):
            yield from _differences(says.get(key, _NOT_THERE), is_now.get(key, _NOT_THERE), f"{path}.{key}")
    elif _content(says) != _content(is_now):
        yield path, says, _NOT_THERE if is_now is None else is_now


def _opened(text: str) -> Any:
    """The object or list that a text holds as JSON; otherwise the text."""
    try:
        return json.loads(text) if text[:1] in ("{", "[") else text
    except ValueError:
        return text


def _content(value: Any) -> Any:
    """A value in one form: numbers and truth as AWS's texts."""
    if isinstance(value, Mapping):
        return {key: _content(member) for key, member in value.items() if member is not None}
    if isinstance(value, list):
        return [_content(member) for member in value]
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int | float) else value


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    return text if len(text) <= 120 else f"{text[:120]}…"
