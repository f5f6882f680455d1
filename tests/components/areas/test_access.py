"""Test areas of keys, logs and roles (FR-T4 to T6), on the real program, for both committed stacks."""

from __future__ import annotations

import json

import pytest

from tests.components.areas import JOBS
from tests.programs import Program, document


class TestT4Keys:
    """Three customer keys that rotate, go as fast or slowly as teardown says, and admit nobody but what uses them."""

    def test_keys(self, program: Program) -> None:
        keys = program.all("aws:kms/key:Key")
        assert {key.name for key in keys} >= {"keys-data", "keys-logs", "keys-messages"}
        for key in keys:
            assert key.props["enableKeyRotation"] is True
            assert key.props["deletionWindowInDays"] == {"dev": 7, "prod": 30}[program.stack]
            for statement in document(key)["Statement"]:
                assert statement["Principal"] != "*"
                assert statement["Principal"].get("AWS", "arn:aws:iam::123456789012:root") != "*"
        aliases = {alias.props["name"] for alias in program.all("aws:kms/alias:Alias")}
        assert {f"alias/key-{p}-{program.stack}" for p in ("data", "logs", "messages")} <= aliases

    def test_logs_key_admits_this_stacks_groups_only(self, program: Program) -> None:
        statements = document(program.one("aws:kms/key:Key", "keys-logs"))["Statement"]
        (logs,) = [s for s in statements if "Service" in s["Principal"]]
        assert logs["Principal"] == {"Service": "logs.us-east-1.amazonaws.com"}
        patterns = logs["Condition"]["ArnLike"]["kms:EncryptionContext:aws:logs:arn"]
        assert all(f"-{program.stack}" in pattern for pattern in patterns)

    def test_events_are_admitted_without_source_conditions(self, program: Program) -> None:
        """EventBridge sends no source condition: with one, delivery fails silently (docs/aws-facts.md#sns-key)."""
        statements = document(program.one("aws:kms/key:Key", "keys-messages"))["Statement"]
        events = [s for s in statements if s["Principal"].get("Service") == "events.amazonaws.com"]
        assert events
        for statement in events:
            assert "aws:Source" not in json.dumps(statement["Condition"])


class TestT5LogGroups:
    """Every group: 30 days, under the logs key."""

    def test_groups(self, program: Program) -> None:
        groups = program.all("aws:cloudwatch/logGroup:LogGroup")
        names = {group.props["name"] for group in groups}
        assert {f"/batch/{purpose}-{program.stack}" for purpose in (*JOBS, "flow-logs")} <= names
        key = program.one("aws:kms/key:Key", "keys-logs").props["arn"]
        for group in groups:
            assert group.props["retentionInDays"] == 30, group.name
            assert group.props["kmsKeyId"] == key, group.name


class TestT6Roles:
    """Execution and task role apart; each reaches what its job needs and nothing else."""

    @pytest.mark.parametrize("job", JOBS)
    def test_execution_role(self, program: Program, job: str) -> None:
        policy = program.one("aws:iam/rolePolicy:RolePolicy", f"{job}-start-task-policy")
        statements = {s["Sid"]: s for s in document(policy)["Statement"]}
        assert set(statements) == {"PullOwnImage", "SignInToRegistry", "WriteOwnLog"}
        repository = f"arn:aws:ecr:us-east-1:123456789012:repository/repository-{job}-{program.stack}"
        assert statements["PullOwnImage"]["Resource"] == repository
        group = f"arn:aws:logs:us-east-1:123456789012:log-group:/batch/{job}-{program.stack}:*"
        assert statements["WriteOwnLog"]["Resource"] == group

    @pytest.mark.parametrize(
        ("job", "reads", "writes"),
        [
            ("data-ingestion", {"input/incoming/"}, {"output/shards/", "output/quarantine/"}),
            ("risk-calculation", {"output/shards/"}, {"output/results/"}),
            ("report-generation", {"output/shards/", "output/results/"}, {"output/reports/"}),
        ],
    )
    def test_task_role_is_confined_to_prefixes(
        self, program: Program, job: str, reads: set[str], writes: set[str]
    ) -> None:
        policy = program.one("aws:iam/rolePolicy:RolePolicy", f"{job}-reach-own-data-policy")
        reached: dict[str, set[str]] = {"Read": set(), "Write": set()}
        for statement in document(policy)["Statement"]:
            resources = statement["Resource"]
            for resource in [resources] if isinstance(resources, str) else resources:
                bucket, _, key = resource.removeprefix("arn:aws:s3:::bucket-").partition("/")
                if key:
                    verb = "Read" if statement["Sid"].startswith("Read") else "Write"
                    reached[verb].add(f"{bucket.partition('-')[0]}/{key.removesuffix('*')}")
        assert reached == {"Read": reads, "Write": writes}

    def test_trust_is_of_this_account_only(self, program: Program) -> None:
        roles = program.all("aws:iam/role:Role")
        assert len(roles) >= 7
        for role in roles:
            trust = json.loads(role.props["assumeRolePolicy"])
            assert trust["Version"] == "2012-10-17"
            (statement,) = trust["Statement"]
            assert statement["Condition"]["StringEquals"]["aws:SourceAccount"] == "123456789012", role.name

    def test_a_machines_role_serves_the_children_of_its_maps(self, program: Program) -> None:
        """Step Functions takes it for a Distributed Map's children and Map Runs too, whose ARNs are others."""
        machine = f"arn:aws:states:us-east-1:123456789012:stateMachine:statemachine-nightly-{program.stack}"
        run = f"arn:aws:states:us-east-1:123456789012:mapRun:statemachine-nightly-{program.stack}/*"
        role = program.one("aws:iam/role:Role", "nightly-machine-role")
        (statement,) = json.loads(role.props["assumeRolePolicy"])["Statement"]
        assert set(statement["Condition"]["ArnLike"]["aws:SourceArn"]) == {machine, f"{machine}/*", run}

    def test_versions_and_wildcards(self, program: Program) -> None:
        for policy in program.all("aws:iam/rolePolicy:RolePolicy"):
            policy_document = document(policy)
            assert policy_document["Version"] == "2012-10-17"
            for statement in policy_document["Statement"]:
                actions = statement["Action"]
                for action in [actions] if isinstance(actions, str) else actions:
                    assert action.partition(":")[2] not in ("", "*"), f"{policy.name}: {action}"
