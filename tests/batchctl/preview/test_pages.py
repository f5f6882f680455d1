"""Pages about changes: reference files that a person has read, and what holds for every page.

`RENEW_REFERENCES=1 pytest tests/batchctl/preview/test_pages.py` writes `references/` anew: read the difference.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from batchctl import project as projects
from batchctl.errors import DATA_LOSS, PROBLEM, USAGE
from batchctl.preview import descriptions, pages, replacement, revision
from batchctl.preview.changes import compare
from batchctl.preview.pages.markdown import to_markdown
from batchctl.preview.snapshot import Snapshot
from policy.rules import Graph, Resource
from tests.batchctl.preview.stacks import committed, reference, with_settings

LONGEST = 60_000


def with_property(stack: str, kind: str, name: str, prop: str, change: Callable[[Any], Any]) -> Snapshot:
    """The stack with one property of one resource changed."""
    before = committed(stack)

    def edited(resource: Resource) -> Resource:
        if (resource.type, resource.name) != (kind, name):
            return resource
        return replace(resource, props={**resource.props, prop: change(resource.props[prop])})

    assert [one.name for one in before.graph.of_type(kind)].count(name) == 1
    graph = Graph(
        map(edited, before.graph.resources), project="batch-platform", stack=stack, outputs=before.graph.outputs
    )
    return replace(before, graph=graph)


def may_delete(policy: str) -> str:
    document = json.loads(policy)
    first = next(entry for entry in document["Statement"] if "s3:PutObject" in str(entry.get("Action")))
    document["Statement"].append(
        {"Effect": "Allow", "Action": ["s3:DeleteObjectVersion"], "Resource": first["Resource"]}
    )
    return json.dumps(document)


def other_image(containers: str) -> str:
    first, *rest = json.loads(containers)
    image = first["image"].rpartition(":")[0]
    variables = [
        *first["environment"],
        {"name": "LOG_LEVEL", "value": "debug"},
        {"name": "DB_PASSWORD", "value": "hunter2"},
    ]
    return json.dumps([{**first, "image": f"{image}:release-2", "environment": variables}, *rest])


CASES: dict[str, tuple[str, Callable[[], Snapshot]]] = {
    "cidr": ("prod", lambda: with_settings("prod", {"network": {"cidr": "10.2.0.0/16"}})),
    "statement": (
        "dev",
        lambda: with_property(
            "dev", "aws:iam/rolePolicy:RolePolicy", "data-ingestion-reach-own-data-policy", "policy", may_delete
        ),
    ),
    "image": (
        "dev",
        lambda: with_property(
            "dev",
            "aws:ecs/taskDefinition:TaskDefinition",
            "data-ingestion-task",
            "containerDefinitions",
            other_image,
        ),
    ),
    "fourth-job": ("dev", lambda: with_settings("dev", {"jobs": {"stress-test": {"cpu": 1024, "memory": 2048}}})),
    "retention": (
        "prod",
        lambda: with_settings("prod", {"platform": {"logRetentionDays": 7}, "data": {"inputDays": 30}}),
    ),
}


def page_of(case: str) -> pages.Page:
    stack, head = CASES[case]
    return pages.page(compare(committed(stack), head()))


@pytest.mark.parametrize("case", CASES)
def test_the_page_is_the_one_a_person_has_read(case: str) -> None:
    text = "\n".join(to_markdown(page_of(case), LONGEST))
    assert text == reference(f"{case}.md", text)


def test_another_range_of_the_network_says_what_is_replaced() -> None:
    page = page_of("cidr")
    (vpc,) = (line for line in page.of(descriptions.Concern.REPLACED) if "network-vpc" in page.label(line))
    assert "`cidrBlock`" in vpc.text
    assert "ec2.Subnet ×3" in vpc.text
    assert "No task can start" in vpc.text
    assert (page.verdict, page.code) == (pages.Verdict.REVIEW, PROBLEM)


def test_what_a_statement_allows_more_is_told_and_the_same_in_other_words_is_not() -> None:
    (line,) = page_of("statement").of(descriptions.Concern.ACCESS)
    assert line.text.startswith("role `role-data-ingestion-task-dev` may now `s3:DeleteObjectVersion` on ")

    def turned(policy: str) -> str:
        document = json.loads(policy)
        return json.dumps({**document, "Statement": document["Statement"][::-1]})

    kind, name = "aws:iam/rolePolicy:RolePolicy", "data-ingestion-reach-own-data-policy"
    page = pages.page(compare(committed("dev"), with_property("dev", kind, name, "policy", turned)))
    assert page.verdict is pages.Verdict.SAFE
    assert page.lines[0].text == "`policy` is written otherwise and allows the same"
    assert [line.text.partition(":")[0] for line in page.lines[1:]] == ["`policy`"], "the hash of the text"


def test_a_variable_that_names_a_secret_is_not_shown() -> None:
    text = "\n".join(to_markdown(page_of("image"), LONGEST))
    assert "DB_PASSWORD" in text
    assert "hunter2" not in text


class TestDestroyed:
    def test_another_name_of_the_environment_is_refused(self) -> None:
        page = pages.page(compare(committed("dev"), with_settings("dev", {"platform": {"environment": "other"}})))
        assert (page.verdict, page.code) == (pages.Verdict.DESTROYS, DATA_LOSS)
        lost = {loss.resource.type for loss in page.losses}
        assert lost == set(replacement.HOLDS_DATA) - {"aws:kms/key:Key"}, "keys have no name in AWS"

    def test_acknowledged_by_name_it_passes_and_a_stale_name_is_refused(self) -> None:
        before, after = committed("dev"), committed("dev")
        gone = next(one for one in before.graph.resources if one.type == "aws:sqs/queue:Queue")
        graph = Graph(
            [one for one in after.graph.resources if one.urn != gone.urn], project="batch-platform", stack="dev"
        )

        def code(*names: str) -> tuple[int, tuple[str, ...]]:
            page = pages.page(compare(before, replace(after, graph=graph, acknowledged=names)))
            return page.code, page.stale

        assert code() == (DATA_LOSS, ())
        assert code("another") == (DATA_LOSS, ("another",))
        assert code(gone.name) == (PROBLEM, ())
        assert code(before.engine_urn(gone.urn)) == (PROBLEM, ())
        assert code(gone.name, "another") == (USAGE, ("another",))

    def test_an_acknowledgement_is_stale_once_the_change_is_on_the_base(self) -> None:
        both = replace(committed("dev"), acknowledged=("data-output",))
        assert pages.page(compare(both, both)).code == USAGE


def test_acknowledgements_are_read_from_the_stack_file(tmp_path: Path) -> None:
    (tmp_path / "Pulumi.yaml").write_text("name: batch-platform\n")
    section = {"batch-platform:platform": {"acknowledge": ["data-output"]}}
    (tmp_path / "Pulumi.dev.yaml").write_text(yaml.safe_dump({"config": section}))
    assert revision.acknowledged(projects.load(tmp_path).stack("dev")) == ("data-output",)
