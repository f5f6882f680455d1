"""The recorder answers only what it knows, and both modes tell the truth about what is known."""

from __future__ import annotations

import json
from typing import Any

import pulumi
import pulumi_aws as aws
import pytest

from batchctl.preview.recording import UnexpectedCall, record_function
from components.shared.transformations import NotDestroyableError, standard_tags_and_limits
from policy.rules import UNKNOWN, has_unknown
from tests.programs import recording

CONFIG = {"aws:region": "us-east-1"}


def test_unexpected_calls_are_refused() -> None:
    def program() -> None:
        aws.ec2.get_ami(most_recent=True, owners=["amazon"])

    with pytest.raises(Exception, match="getAmi") as refused:
        record_function(program, project="p", stack="dev", config=CONFIG, mode="resolved")
    assert isinstance(refused.value, UnexpectedCall)


@pytest.mark.parametrize("options", [{"retain_on_delete": True}, {"deleted_with": "other"}])
def test_a_resource_that_would_outlive_its_stack_is_refused(options: dict[str, Any]) -> None:
    """No policy pack can see these options, so the program itself must refuse them."""

    def program() -> None:
        pulumi.runtime.register_stack_transformation(standard_tags_and_limits({}))
        other = aws.sqs.Queue("other")
        config: dict[str, Any] = {key: other if value == "other" else value for key, value in options.items()}
        aws.sqs.Queue("kept", opts=pulumi.ResourceOptions(**config))

    with pytest.raises(NotDestroyableError, match="kept"):
        record_function(program, project="p", stack="dev", config=CONFIG, mode="resolved")


def test_tags_reach_what_can_be_tagged_and_nothing_else() -> None:
    def program() -> None:
        pulumi.runtime.register_stack_transformation(standard_tags_and_limits({"Team": "t", "CreatedAt": "now"}))
        queue = aws.sqs.Queue("queue", tags={"Team": "own"})
        aws.sqs.QueuePolicy("policy", queue_url=queue.url, policy="{}")

    recorded = record_function(program, project="p", stack="dev", config=CONFIG, mode="resolved")
    queue, policy = recorded.resources
    assert queue.props["tags"] == {"Team": "own", "CreatedAt": "now"}
    assert queue.options.ignore_changes == ("tags.CreatedAt",)
    assert "tags" not in policy.props


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_modes_register_the_same_resources(stack: str) -> None:
    unknown, resolved = recording(stack, "unknown"), recording(stack, "resolved")
    assert sorted(r.urn for r in unknown.resources) == sorted(r.urn for r in resolved.resources)
    assert set(unknown.outputs) == set(resolved.outputs)


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_resolved_mode_leaves_nothing_unknown(stack: str) -> None:
    for resource in recording(stack, "resolved").resources:
        assert not has_unknown(dict(resource.props)), resource.urn
    assert not has_unknown(recording(stack, "resolved").outputs)


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_unknown_mode_knows_names_and_no_ids(stack: str) -> None:
    recorded = recording(stack, "unknown")
    by_name = {resource.name: resource for resource in recorded.resources}
    assert by_name["network-private-a"].props["vpcId"] is UNKNOWN
    assert by_name["data-input"].props
    assert recorded.outputs["inputBucketName"] == f"bucket-input-123456789012-{stack}"
    assert recorded.outputs["vpcId"] is UNKNOWN
    policies = [r for r in recorded.resources if r.type == "aws:kms/key:Key"]
    assert all(json.loads(policy.props["policy"]) for policy in policies), "key policies are built from names"
