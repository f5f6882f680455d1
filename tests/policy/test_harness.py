"""The four checks that no policy pack can make, on the committed program and on what they must catch."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from batchctl import project as projects
from batchctl.policy import harness
from batchctl.policy.mutants.matrix import ROOT, STACKS, base
from batchctl.policy.mutants.model import first
from batchctl.policy.mutants.operators import option
from batchctl.preview.recording import MODES, Mode
from policy.rules import UNKNOWN, Graph, evaluate, kinds


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("stack", STACKS)
def test_the_program_retains_nothing(stack: str, mode: Mode) -> None:
    assert harness.retained(recorded(stack, mode)) == []


def recorded(stack: str, mode: Mode) -> Graph:
    """The stack without the synthetic pipeline, which nobody recorded."""
    graph = base(stack, mode)
    resources = [one for one in graph if not one.name.startswith("synthetic-")]
    return Graph(resources, project=graph.project, stack=graph.stack, outputs=graph.outputs)


@pytest.mark.parametrize("options", [{"retain_on_delete": True}, {"deleted_with": "urn:other"}])
def test_a_retained_resource_is_named(options: dict[str, Any]) -> None:
    graph = recorded("dev", "resolved")
    bucket = first(graph, kinds.BUCKET)
    (line,) = harness.retained(option(**options)(graph, bucket))
    assert bucket.urn in line


def test_a_graph_that_cannot_show_the_option_does_not_pass() -> None:
    graph = recorded("dev", "resolved")
    with pytest.raises(ValueError, match="not visible here"):
        harness.retained(option(retain_on_delete=None)(graph, first(graph, kinds.BUCKET)))


def exported(**bucket: Any) -> dict[str, Any]:
    """What `pulumi stack export` writes."""
    secret = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270"}
    root = "urn:pulumi:dev::batch-platform::pulumi:pulumi:Stack::batch-platform-dev"
    return {
        "version": 3,
        "deployment": {
            "resources": [
                {"urn": root, "type": "pulumi:pulumi:Stack", "custom": False, "outputs": {"bucket": "bucket-x-dev"}},
                {
                    "urn": "urn:pulumi:dev::batch-platform::aws:s3/bucketV2:BucketV2::data",
                    "type": "aws:s3/bucketV2:BucketV2",
                    "custom": True,
                    "id": "bucket-x-dev",
                    "inputs": {
                        "__defaults": ["x"],
                        "bucket": "bucket-x-dev",
                        "open": {**secret, "plaintext": '"seen"'},
                        "closed": {**secret, "ciphertext": "v1:abc"},
                    },
                    "outputs": {"arn": "arn:aws:s3:::bucket-x-dev"},
                    "parent": root,
                    **bucket,
                },
                {"urn": f"{root}-gone", "type": "aws:s3/bucket:Bucket", "custom": True, "delete": True},
            ]
        },
    }


def written(tmp_path: Path, content: Any) -> Path:
    path = tmp_path / "state.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def test_a_state_file_becomes_a_graph(tmp_path: Path) -> None:
    graph = harness.from_state(written(tmp_path, exported()))
    (bucket,) = graph.of_type(kinds.BUCKET)
    assert (graph.project, graph.stack, graph.outputs) == ("batch-platform", "dev", {"bucket": "bucket-x-dev"})
    assert bucket.props["arn"] == "arn:aws:s3:::bucket-x-dev"
    assert (bucket.props["open"], bucket.props["closed"]) == ("seen", UNKNOWN)
    assert "stores-empty-on-destroy" in {finding.rule for finding in evaluate(graph)}
    assert harness.retained(graph) == []


def test_retention_is_seen_in_a_state_file(tmp_path: Path) -> None:
    graph = harness.from_state(written(tmp_path, exported(retainOnDelete=True)))
    assert len(harness.retained(graph)) == 1


@pytest.mark.parametrize(
    "content", ["", "[]", "{}", '{"deployment": {"resources": []}}', '{"deployment": {"resources": [1]}}']
)
def test_what_is_no_state_file_says_how_to_write_one(tmp_path: Path, content: str) -> None:
    with pytest.raises(harness.StateFileError, match="pulumi stack export --file"):
        harness.from_state(written(tmp_path, content))


def test_every_registered_type_is_covered_or_waived() -> None:
    graphs = [recorded(stack, "resolved") for stack in STACKS]
    assert harness.uncovered_types(graphs) == []
    registered = {one.type for graph in graphs for one in graph}
    assert all(len(reason) > 10 for reason in harness.WAIVED.values())
    stray = replace(first(graphs[0], kinds.BUCKET), type="aws:rds/cluster:Cluster", token="")
    assert len(harness.uncovered_types([Graph([stray], project="p", stack="dev")])) == 1
    assert registered


def test_dev_and_prod_are_both_evaluated() -> None:
    committed = projects.load(ROOT).stacks()
    assert harness.unevaluated(committed, STACKS) == [
        f"stack {name} was not evaluated: run batchctl preview --stack {name}"
        for name in sorted(set(committed) - set(STACKS))
    ]
    assert len(harness.unevaluated(["dev"], ["dev"])) == 1
