"""Whatever differs between two snapshots is reported, and nothing else."""

from __future__ import annotations

import json
from typing import Any

import pulumi
import pulumi_aws as aws
from hypothesis import given, settings
from hypothesis import strategies as st

from batchctl.preview import changes, pages, snapshot
from batchctl.preview.descriptions import Concern
from batchctl.preview.recording import record_function
from batchctl.preview.snapshot import Snapshot
from policy.rules import Graph, Options, Resource
from tests.programs import recording

SCALARS = st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from(["", "a", "b"])
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("xyz"), inner, max_size=3),
    max_leaves=8,
)
INPUTS = st.dictionaries(st.sampled_from(["name", "size", "tags", "rules"]), VALUES, max_size=4)
KINDS = ("aws:sqs/queue:Queue", "aws:s3/bucket:Bucket")


def urn(kind: str, name: str) -> str:
    return f"urn:pulumi:dev::p::{kind}::{name}"


@st.composite
def snapshots(draw: st.DrawFn) -> Snapshot:
    keys = draw(st.lists(st.tuples(st.sampled_from(KINDS), st.sampled_from("abc")), unique=True, max_size=5))
    resources = [
        Resource(
            urn=urn(kind, name),
            type=kind,
            name=name,
            props=draw(INPUTS),
            options=Options(protect=draw(st.booleans())),
        )
        for kind, name in keys
    ]
    return Snapshot(Graph(resources, project="p", stack="dev", outputs=draw(INPUTS)))


def contents(of: Snapshot) -> dict[str, Any]:
    return {resource.urn: changes.compared(of, resource) for resource in of.graph.resources}


def text(value: object) -> str:
    """A form in which true differs from 1."""
    return json.dumps(value, sort_keys=True)


@given(snapshots(), snapshots())
@settings(deadline=None)
def test_making_the_reported_changes_gives_the_later_snapshot(base: Snapshot, head: Snapshot) -> None:
    comparison = changes.compare(base, head)
    names = contents(base)
    for removed in comparison.removed:
        del names[removed.urn]
    for changed in comparison.changed:
        names[changed.after.urn] = changes.applied(names.pop(changed.before.urn), changed.changes)
    for added in comparison.added:
        names[added.urn] = contents(head)[added.urn]
    assert text(names) == text(contents(head))
    assert text(changes.applied(dict(base.graph.outputs or {}), comparison.outputs)) == text(
        dict(head.graph.outputs or {})
    )


@given(snapshots(), snapshots())
@settings(deadline=None)
def test_every_reported_change_is_one(base: Snapshot, head: Snapshot) -> None:
    comparison = changes.compare(base, head)
    for changed in comparison.changed:
        assert changed.changes or changed.renamed
        for change in changed.changes:
            assert repr(change.before) != repr(change.after)
    assert not {removed.urn for removed in comparison.removed} & set(contents(head))
    assert not {added.urn for added in comparison.added} & set(contents(base))


@given(snapshots())
@settings(deadline=None)
def test_nothing_differs_from_itself_nor_from_its_own_document(one: Snapshot) -> None:
    assert not changes.compare(one, one)
    assert not changes.compare(one, snapshot.from_document(json.loads(json.dumps(snapshot.to_document(one)))))


def test_two_runs_of_a_stack_do_not_differ() -> None:
    first = snapshot.of_recording(recording("prod", "resolved"), "batch-platform")
    recording.cache_clear()
    assert not changes.compare(first, snapshot.of_recording(recording("prod", "resolved"), "batch-platform"))


def snapshot_of(program: Any) -> Snapshot:
    recording = record_function(
        program, project="p", stack="dev", config={"aws:region": "us-east-1"}, mode="resolved", secret_keys=()
    )
    return snapshot.of_recording(recording, "p")


def queue_called(name: str, **options: Any) -> Any:
    def program() -> None:
        queue = aws.sqs.Queue(name, name="orders", opts=pulumi.ResourceOptions(**options))
        role = aws.iam.Role("role", assume_role_policy="{}")
        vpc = aws.ec2.Vpc(name, cidr_block="10.0.0.0/16", opts=pulumi.ResourceOptions(**options))
        aws.ec2.Subnet("subnet", vpc_id=vpc.id, cidr_block="10.0.0.0/24")
        aws.iam.RolePolicy("p", role=role.name, policy=pulumi.Output.json_dumps({"to": queue.arn}))

    return program


class TestRenames:
    def test_a_renamed_resource_is_known_by_its_name_in_aws(self) -> None:
        comparison = changes.compare(snapshot_of(queue_called("old")), snapshot_of(queue_called("new")))
        queue, vpc = (changed for changed in comparison.changed if changed.renamed)
        assert (queue.before.name, queue.after.name, queue.aliased) == ("old", "new", False)
        assert queue.alias == 'aliases=[pulumi.Alias(name="old")]'
        assert vpc.after.type == "aws:ec2/vpc:Vpc", "known by its inputs, as it has no name in AWS"
        assert not comparison.added
        assert not comparison.removed
        assert [changed.after.name for changed in comparison.changed if not changed.renamed] == ["subnet"], (
            "another VPC id"
        )

    def test_with_the_alias_nothing_else_differs(self) -> None:
        comparison = changes.compare(
            snapshot_of(queue_called("old")), snapshot_of(queue_called("new", aliases=[pulumi.Alias(name="old")]))
        )
        assert [(changed.renamed, changed.aliased, changed.changes) for changed in comparison.changed] == [
            (True, True, ()),
            (True, True, ()),
        ]


class TestSecrets:
    def test_a_secret_value_is_in_no_document(self) -> None:
        def program() -> None:
            aws.ssm.Parameter("p", type="SecureString", name="n", value=pulumi.Output.secret("hunter2"))
            containers = pulumi.Output.json_dumps([{"environment": [{"value": pulumi.Output.secret("hunter2")}]}])
            aws.ecs.TaskDefinition("t", family="f", container_definitions=containers)

        taken_once = json.dumps(snapshot.to_document(snapshot_of(program)))
        assert "hunter2" not in taken_once
        assert taken_once.count(snapshot.HIDDEN) == 2


class TestWhatOpens:
    def test_what_opens_by_its_presence_is_never_called_safe(self) -> None:
        def bare() -> None:
            aws.iam.Role("role", name="role", assume_role_policy="{}")

        def opened() -> None:
            bare()
            aws.iam.RolePolicyAttachment("admin", role="role", policy_arn="arn:aws:iam::aws:policy/AdministratorAccess")
            aws.ec2.InternetGateway("way")

        page = pages.page(changes.compare(snapshot_of(bare), snapshot_of(opened)))
        assert page.verdict is pages.Verdict.REVIEW
        concerns = {line.concern for line in page.lines}
        assert {Concern.ACCESS, Concern.NETWORK} <= concerns

    def test_a_public_address_and_another_role_are_not_safe(self) -> None:
        def service(*, public: bool, role: str) -> Any:
            def program() -> None:
                network = aws.ecs.ServiceNetworkConfigurationArgs(subnets=["subnet-1"], assign_public_ip=public)
                aws.ecs.Service("service", name="service", network_configuration=network)
                aws.ecs.TaskDefinition("task", family="task", container_definitions="[]", task_role_arn=role)

            return program

        page = pages.page(
            changes.compare(snapshot_of(service(public=False, role="a")), snapshot_of(service(public=True, role="b")))
        )
        assert {Concern.ACCESS, Concern.NETWORK} <= {line.concern for line in page.lines}
