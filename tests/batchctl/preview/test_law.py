"""Whatever differs between two recordings is in the comment, and nothing else.

Recordings of the committed stacks are changed anywhere: any value at any depth of any resource, inside its documents
too, resources taken out, renamed, outputs. Two different changes must give two different comments (so the comment holds
the difference whole), each must name the resource, and a comment about one resource must not name another.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from batchctl.preview import pages
from batchctl.preview.changes import MISSING, PROVENANCE_TAGS, Path, applied, compare, differences
from batchctl.preview.changes import Change as ValueChange
from batchctl.preview.descriptions import lines
from batchctl.preview.descriptions.line import is_named_secret
from batchctl.preview.pages.markdown import WHOLE, to_markdown
from batchctl.preview.snapshot import Snapshot
from policy.rules import Graph, Resource
from tests.batchctl.preview.stacks import committed

LAW = settings(
    deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
)


def comment(base: Snapshot, head: Snapshot) -> str:
    return "\n".join(to_markdown(pages.page(compare(base, head)), WHOLE))


def leaves(value: Any, at: Path = ()) -> Iterator[Path]:
    """Every path at which there is a value: lists and mappings, and what is in them."""
    if at:
        yield at
    if isinstance(value, dict):
        for key, member in value.items():
            yield from leaves(member, (*at, key))
    elif isinstance(value, list):
        for index, member in enumerate(value):
            yield from leaves(member, (*at, index))


def document_of(value: Any) -> Any:
    """The JSON inside a text; None for another value."""
    if isinstance(value, str) and value[:1] in ("{", "["):
        try:
            return json.loads(value)
        except ValueError:
            return None
    return None


def at(value: Any, path: Path) -> Any:
    for step in path:
        value = value[step]
    return value


@st.composite
def another(draw: st.DrawFn, value: Any) -> Any:
    """A value other than `value`, of its kind, or none at all."""
    kinds: list[st.SearchStrategy[Any]] = [st.just(MISSING)]
    if isinstance(value, bool):
        kinds.append(st.just(not value))
    elif isinstance(value, (int, float)):
        kinds.append(st.integers(-5, 5_000))
    elif isinstance(value, str):
        kinds.append(st.text("abc:*/-", min_size=1, max_size=200).map(lambda text: f"{text}x"))
        kinds.append(st.text("abc", min_size=1, max_size=3).map(lambda text: value + text))
    elif isinstance(value, list):
        kinds += [st.just([*value, "added"]), st.just(value[1:]), st.just([*value, *value])]
    elif isinstance(value, dict):
        kinds += [st.just({**value, "added": "x"}), st.just({})]
    return draw(st.one_of(kinds))


@st.composite
def edits(draw: st.DrawFn, resource: Resource, inputs: dict[str, Any]) -> dict[str, Any]:
    """The inputs with one value changed, at the top, deep inside, or within a document."""
    path = draw(st.sampled_from(list(leaves(inputs))))
    value = at(inputs, path)
    inner = document_of(value)
    if inner is not None and draw(st.integers(0, 4)):
        inner_path = draw(st.sampled_from(list(leaves(inner)) or [()]))
        assume(inner_path)
        change = ValueChange(inner_path, MISSING, draw(another(at(inner, inner_path))))
        new: Any = json.dumps(without_missing(applied(inner, (change,))))
    else:
        new = draw(another(value))
    edited: dict[str, Any] = without_missing(applied(inputs, (ValueChange(path, value, new),)))
    return edited


def without_missing(value: Any) -> Any:
    """`value` without the members that were taken out of lists."""
    if isinstance(value, dict):
        return {key: without_missing(member) for key, member in value.items() if member is not MISSING}
    if isinstance(value, list):
        return [without_missing(member) for member in value if member is not MISSING]
    return value


def with_inputs(base: Snapshot, resource: Resource, inputs: dict[str, Any]) -> Snapshot:
    computed = {key: value for key, value in resource.props.items() if key in base.computed.get(resource.urn, ())}
    changed = replace(resource, props={**computed, **inputs})
    resources = [changed if one.urn == resource.urn else one for one in base.graph.resources]
    graph = Graph(resources, project=base.graph.project, stack=base.graph.stack, outputs=base.graph.outputs)
    return replace(base, graph=graph)


def comparable(snapshot: Snapshot, resource: Resource) -> Any:
    """What of the resource a comment may show: without provenance, and values that are named like secrets hidden."""

    def masked(value: Any, name: str = "") -> Any:
        if isinstance(value, dict):
            hidden = is_named_secret(str(value.get("name", "")))
            return {
                key: "[secret]" if isinstance(member, str) and (is_named_secret(key) or hidden) else masked(member, key)
                for key, member in value.items()
            }
        if isinstance(value, list):
            return [masked(member) for member in value]
        inner = document_of(value)
        return [masked(inner), value] if inner is not None else value

    inputs = snapshot.inputs(resource)
    if isinstance(tags := inputs.get("tags"), dict):
        inputs["tags"] = {key: value for key, value in tags.items() if key not in PROVENANCE_TAGS}
    return json.dumps(masked(inputs), sort_keys=True, default=repr)


def one_resource(data: st.DataObject, stack: str) -> tuple[Snapshot, Resource]:
    base = committed(stack)
    kinds = sorted({one.type for one in base.graph.resources if one.custom})
    kind = data.draw(st.sampled_from(kinds))
    return base, data.draw(st.sampled_from(base.graph.of_type(kind)))


@pytest.mark.parametrize("stack", ["dev", "prod"])
@given(data=st.data())
@LAW
def test_the_comment_tells_two_changes_of_a_resource_apart(stack: str, data: st.DataObject) -> None:
    base, resource = one_resource(data, stack)
    inputs = base.inputs(resource)
    one, other = (with_inputs(base, resource, data.draw(edits(resource, inputs))) for _ in range(2))
    versions = [comparable(side, same) for side in (one, other) if (same := side.graph.get(resource.urn))]
    assume(versions[0] != versions[1])
    assert comment(base, one) != comment(base, other)


@pytest.mark.parametrize("stack", ["dev", "prod"])
@given(data=st.data())
@LAW
def test_a_change_is_in_the_comment_and_nothing_else_is(stack: str, data: st.DataObject) -> None:
    base, resource = one_resource(data, stack)
    head = with_inputs(base, resource, data.draw(edits(resource, base.inputs(resource))))
    comparison = compare(base, head)
    text = comment(base, head)
    if not comparison:
        assert text == "✅ no change: this stack does not differ.\n"
        return
    (changed,) = comparison.changed
    assert {line.urn for line in lines(comparison)} == {resource.urn}, "only the resource that differs"
    assert f"`{resource.name}`" in text
    paths = {path for line in lines(comparison) for path in line.paths}
    assert paths == {change.path for change in changed.changes}, "every value that differs, and none that does not"
    page = pages.page(comparison)
    allowed = {resource.urn, ""}
    assert {line.urn for line in page.lines} <= allowed, "consequences are told of the resource that causes them"


@pytest.mark.parametrize("stack", ["dev", "prod"])
@given(data=st.data())
@LAW
def test_resources_that_come_and_go_are_in_the_comment_and_no_other_is(stack: str, data: st.DataObject) -> None:
    base = committed(stack)
    gone = data.draw(st.sets(st.sampled_from([one.urn for one in base.graph.resources]), min_size=1, max_size=6))
    resources = [one for one in base.graph.resources if one.urn not in gone]
    fewer = replace(base, graph=Graph(resources, project=base.graph.project, stack=stack, outputs=base.graph.outputs))
    names = {one.urn: one.name for one in base.graph.resources}
    for before, after in ((base, fewer), (fewer, base)):
        comparison = compare(before, after)
        assert {line.urn for line in pages.page(comparison).lines} - {""} == gone
        text = comment(before, after)
        assert all(f"`{names[urn]}`" in text for urn in gone)


@pytest.mark.parametrize("stack", ["dev", "prod"])
@given(data=st.data())
@LAW
def test_two_versions_of_a_new_resource_are_told_apart(stack: str, data: st.DataObject) -> None:
    """What is new is shown with all that the program sets."""
    full, resource = one_resource(data, stack)
    resources = [one for one in full.graph.resources if one.urn != resource.urn]
    base = replace(full, graph=Graph(resources, project=full.graph.project, stack=stack, outputs=full.graph.outputs))
    edited = with_inputs(full, resource, data.draw(edits(resource, full.inputs(resource))))
    changed = edited.graph.get(resource.urn)
    assert changed is not None
    assume(comparable(full, resource) != comparable(edited, changed))
    assert comment(base, full) != comment(base, edited)


@given(st.data())
@LAW
def test_every_output_that_differs_is_in_the_comment(data: st.DataObject) -> None:
    base = committed("dev")
    outputs = dict(base.graph.outputs or {})
    path = data.draw(st.sampled_from(list(leaves(outputs))))
    value = at(outputs, path)
    changed = without_missing(applied(outputs, (ValueChange(path, value, data.draw(another(value))),)))
    graph = Graph(base.graph.resources, project=base.graph.project, stack="dev", outputs=changed)
    head = replace(base, graph=graph)
    expected = list(differences(outputs, changed))
    comparison = compare(base, head)
    assert {path for line in lines(comparison) for path in line.paths} == {one.path for one in expected}
    assert bool(expected) == (comment(base, head) != comment(base, base))


@given(data=st.data(), longest=st.integers(2_000, 65_000))
@LAW
def test_a_page_is_never_longer_than_it_may_be(data: st.DataObject, longest: int) -> None:
    """Whatever comes and goes, and whatever the limit; with the verdict always there."""
    full = committed("prod")
    gone = data.draw(st.sets(st.sampled_from([one.urn for one in full.graph.resources])))
    resources = [one for one in full.graph.resources if one.urn not in gone]
    fewer = replace(full, graph=Graph(resources, project=full.graph.project, stack="prod", outputs={}))
    page = pages.page(compare(fewer, full) if data.draw(st.booleans()) else compare(full, fewer))
    text = "\n".join(to_markdown(page, longest))
    assert len(text) <= longest
    assert text.splitlines()[0] == f"**{pages.MARKS[page.verdict]} {page.verdict.value}**: {page.summary}"
    assert text.count("<details>") == text.count("</details>")


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_nothing_shows_when_only_time_and_commit_differ(stack: str) -> None:
    base = committed(stack)
    resources = [
        replace(one, props={**one.props, "tags": {**tags, **dict.fromkeys(PROVENANCE_TAGS, "another")}})
        if isinstance(tags := one.props.get("tags"), dict)
        else one
        for one in reversed(base.graph.resources)
    ]
    graph = Graph(resources, project=base.graph.project, stack=stack, outputs=base.graph.outputs)
    assert comment(base, replace(base, graph=graph)) == "✅ no change: this stack does not differ.\n"
