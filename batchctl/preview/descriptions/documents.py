"""Documents inside properties as sentences: container definitions, state machines, event patterns, any other JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from batchctl.preview.changes import MISSING, Path, differences
from policy.rules import kinds

from . import lifecycles, safe
from .line import Concern, arrow, code, dotted, variable

_NAMED_LISTS: Final = {"environment": "variable", "secrets": "secret"}


def describe(kind: str, prop: str, before: Any, after: Any) -> Iterator[tuple[Concern, str]]:
    """What differs inside a JSON document; nothing when it is no document of a known form."""
    earlier, later = _parsed(before), _parsed(after)
    if earlier is None or later is None:
        return
    if (kind, prop) == (kinds.TASK_DEFINITION, "containerDefinitions"):
        yield from _containers(earlier or [], later or [])
    elif (kind, prop) == (kinds.STATE_MACHINE, "definition"):
        yield from _machine(earlier or {}, later or {})
    elif (kind, prop) == (kinds.EVENT_RULE, "eventPattern"):
        yield from ((Concern.UNKNOWN, f"starts on another event, {text}") for text in _fields(earlier, later))
    elif (kind, prop) == (kinds.REPOSITORY_LIFECYCLE, "policy"):
        yield from lifecycles.image_rules(earlier or {}, later or {})
    else:
        harmless = safe.property_is_safe(kind, prop)
        concern = Concern.OTHER if harmless else Concern.UNKNOWN
        yield from ((concern, f"{prop}: {text}") for text in _fields(earlier, later))


def _parsed(text: Any) -> Any:
    if text is MISSING:
        return {}
    if not isinstance(text, str) or text[:1] not in ("{", "["):
        return None
    try:
        return json.loads(text)
    except ValueError:
        return None


def _fields(before: Any, after: Any, at: Path = ()) -> Iterator[str]:
    for change in differences(before, after, at):
        yield f"{code(dotted(change.path) or 'document')}: {arrow(change.before, change.after)}"


def _by_name(members: Any, key: str = "name") -> dict[str, Any]:
    return {str(member.get(key)): member for member in members if isinstance(member, Mapping)}


def _containers(before: list[Any], after: list[Any]) -> Iterator[tuple[Concern, str]]:
    earlier, later = _by_name(before), _by_name(after)
    for name in dict.fromkeys((*earlier, *later)):
        label = f"container {code(name)}"
        if name not in earlier:
            yield Concern.UNKNOWN, f"{label}: new, runs {code(later[name].get('image', MISSING))}"
        elif name not in later:
            yield Concern.UNKNOWN, f"{label}: no longer there"
        else:
            yield from ((concern, f"{label}: {text}") for concern, text in _container(earlier[name], later[name]))
            yield from ((Concern.PROTECTION, f"{label} {text}") for text in _weaker(earlier[name], later[name]))


def _weaker(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    """What a container may do that it could not."""
    if before.get("readonlyRootFilesystem") and not after.get("readonlyRootFilesystem"):
        yield "may write to its own file system"
    if after.get("privileged") and not before.get("privileged"):
        yield "runs with all privileges of its host"
    if before.get("user") not in (None, "0", "root") and after.get("user") in (None, "0", "root"):
        yield "runs as root"
    dropped_before, dropped_after = (
        (side.get("linuxParameters") or {}).get("capabilities", {}).get("drop", []) for side in (before, after)
    )
    if lost := sorted(set(dropped_before) - set(dropped_after)):
        yield f"keeps the capabilities {', '.join(map(code, lost))}"
    if before.get("logConfiguration") and not after.get("logConfiguration"):
        yield "no longer writes a log"


def _container(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[tuple[Concern, str]]:
    for key in dict.fromkeys((*before, *after)):
        concern = Concern.OTHER if key in safe.CONTAINER else Concern.UNKNOWN
        old, new = before.get(key, MISSING), after.get(key, MISSING)
        if what := _NAMED_LISTS.get(key):
            value_key = "value" if key == "environment" else "valueFrom"
            earlier, later = (_by_name([] if side is MISSING else side) for side in (old, new))
            for name in dict.fromkeys((*earlier, *later)):
                values = [
                    variable(name, side[name].get(value_key)) if name in side else MISSING for side in (earlier, later)
                ]
                if earlier.get(name) != later.get(name):
                    yield concern, f"{what} {code(name)}: {arrow(*values)}"
        else:
            yield from ((concern, text) for text in _fields(old, new, (key,)))


def states(machine: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every state of a definition by its path (`Night / Risk / Run`), without the states inside it."""
    for name, state in machine.get("States", {}).items():
        path = f"{above}{name}"
        inner = [("", state.get("ItemProcessor") or state.get("Iterator") or {})]
        inner += [(f"[{index}] ", branch) for index, branch in enumerate(state.get("Branches", []))]
        yield path, {key: value for key, value in state.items() if key not in ("ItemProcessor", "Iterator", "Branches")}
        for mark, sub in inner:
            if rest := {key: value for key, value in sub.items() if key != "States"}:
                yield f"{path} {mark}(processor)".replace("  ", " "), rest
            yield from states(sub, f"{path} / {mark}")


def _machine(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[tuple[Concern, str]]:
    earlier, later = dict(states(before)), dict(states(after))
    for name, state in earlier.items():
        if name in later:
            yield from _state(f"state {code(name)}", state, later[name])
    for what, side, other in (("new", later, earlier), ("no longer there", earlier, later)):
        yield from ((Concern.UNKNOWN, f"states {what}{text}") for text in _listed(side, other))
    old, new = ({key: value for key, value in side.items() if key != "States"} for side in (before, after))
    yield from _state("the whole machine", old, new)


def _listed(states: Mapping[str, Mapping[str, Any]], others: Mapping[str, object]) -> Iterator[str]:
    """The states that are not among `others`, with their types, in one text for each state that holds them."""
    by_holder: dict[str, list[str]] = {}
    for path, state in states.items():
        holder, _, name = path.rpartition(" / ")
        if path not in others:
            by_holder.setdefault(holder, []).append(f"{code(name)} ({state.get('Type', 'processor')})")
    for holder, names in by_holder.items():
        yield f"{f' in {code(holder)}' if holder else ''}: {', '.join(names)}"


def _state(label: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[tuple[Concern, str]]:
    for key in dict.fromkeys((*before, *after)):
        old, new = before.get(key, MISSING), after.get(key, MISSING)
        sooner = key in safe.LIMITS and isinstance(new, int) and not (isinstance(old, int) and old <= new)
        concern = Concern.OTHER if key in safe.STATE and not sooner else Concern.UNKNOWN
        for text in _fields(old, new, (key,)):
            yield concern, f"{label}: {text}"
