"""What optional settings make of the program: senders, locks, customer keys, names, runtime monitoring, sessions."""

from __future__ import annotations

import json
from typing import Any

import pytest

from conventions import endpoint_services
from conventions.naming import Names
from policy.rules import Resource
from tests.programs import Program, document, record_with
from tooling.every_setting import EVERY_SETTING

SENDER = "arn:aws:iam::210987654321:role/trade-export"
AGENT = "arn:aws:ecr:us-east-1:593207742271:repository/aws-guardduty-agent-fargate"


@pytest.fixture(scope="module")
def every() -> Program:
    """The dev stack with every optional setting on."""
    return Program("dev", record_with(dict(EVERY_SETTING)), {})


def statements(resource: Resource) -> dict[str, dict[str, Any]]:
    """A policy's statements by their ids."""
    return {entry["Sid"]: entry for entry in document(resource)["Statement"]}


class TestSenders:
    """Roles of other accounts write manifests and trade files, and nothing else."""

    def test_the_bucket_lets_them_write_below_the_prefix(self, every: Program) -> None:
        sent = statements(every.one("aws:s3/bucketPolicy:BucketPolicy", "data-input-policy"))["SendersWrite"]
        assert sent["Principal"] == {"AWS": [SENDER]}
        assert sent["Action"] == ["s3:AbortMultipartUpload", "s3:PutObject"]
        assert sent["Resource"] == "arn:aws:s3:::bucket-input-123456789012-dev/incoming/trades/*"

    def test_the_key_lets_them_encrypt_for_that_bucket_only(self, every: Program) -> None:
        used = statements(every.one("aws:kms/key:Key", "keys-data"))["SendersEncrypt"]
        assert used["Principal"] == {"AWS": [SENDER]}
        assert used["Condition"]["StringEquals"] == {
            "kms:ViaService": "s3.us-east-1.amazonaws.com",
            "kms:EncryptionContext:aws:s3:arn": "arn:aws:s3:::bucket-input-123456789012-dev",
        }

    def test_no_other_policy_names_them(self, every: Program) -> None:
        naming = {r.name for r in every.graph.resources if SENDER in json.dumps(dict(r.props), default=str)}
        assert naming == {"data-input-policy", "keys-data"}


class TestObjectLock:
    """The output bucket is locked; the audit bucket, which S3 lets nobody lock, refuses deletion."""

    def test_the_output_bucket_is_locked_after_it_is_versioned(self, every: Program) -> None:
        (lock,) = every.all("aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration")
        assert lock.props["bucket"] == "bucket-output-123456789012-dev"
        assert lock.props["rule"] == {"defaultRetention": {"mode": "GOVERNANCE", "days": 1}}
        assert every.one("aws:s3/bucketVersioning:BucketVersioning", "data-output-versioning").urn in lock.dependencies

    @pytest.mark.parametrize(("teardown", "effects"), [(False, ["Deny"]), (True, [])])
    def test_the_audit_bucket_refuses_deletion_until_teardown(self, teardown: bool, effects: list[str]) -> None:
        changes = {
            "batch-platform:platform": {"teardown": teardown},
            "batch-platform:data": {"objectLock": {"days": 400}},
        }
        program = Program("dev", record_with(changes), {})
        policy = statements(program.one("aws:s3/bucketPolicy:BucketPolicy", "data-audit-policy"))
        assert [entry["Effect"] for sid, entry in policy.items() if sid == "NobodyDeletes"] == effects


class TestCustomerKeys:
    """Scratch space and state machines under the data key, whose policy lets exactly their services in."""

    def test_the_cluster_names_the_key(self, every: Program) -> None:
        (cluster,) = every.all("aws:ecs/cluster:Cluster")
        key = every.one("aws:kms/key:Key", "keys-data").props["arn"]
        storage = cluster.props["configuration"]["managedStorageConfiguration"]
        assert storage == {"fargateEphemeralStorageKmsKeyId": key}

    def test_fargate_may_use_it_for_this_cluster(self, every: Program) -> None:
        policy = statements(every.one("aws:kms/key:Key", "keys-data"))
        for sid in ("FargateEncryptsScratchSpace", "FargateGrantsTasksTheirScratchSpace"):
            assert policy[sid]["Principal"] == {"Service": "fargate.amazonaws.com"}
            context = policy[sid]["Condition"]["StringEquals"]
            assert context["kms:EncryptionContext:aws:ecs:clusterName"] == "cluster-batch-dev"

    def test_every_state_machine_is_under_the_key_and_calls_it_without_a_service(self, every: Program) -> None:
        key = every.one("aws:kms/key:Key", "keys-data")
        machines = every.all("aws:sfn/stateMachine:StateMachine")
        assert {machine.props["encryptionConfiguration"]["kmsKeyId"] for machine in machines} == {key.props["arn"]}
        policy = statements(key)
        used = policy["StateMachinesEncryptExecutions"]["Condition"]
        assert used == {
            "ArnLike": {
                "kms:EncryptionContext:aws:states:stateMachineArn": (
                    "arn:aws:states:us-east-1:123456789012:stateMachine:*-dev"
                )
            }
        }
        assert policy["LogDeliveryDecrypts"]["Principal"] == {"Service": "delivery.logs.amazonaws.com"}


class TestNames:
    """The resolver answers for what tasks use, and for nothing else."""

    NAMES = Names(suffix="dev", account="123456789012", region="us-east-1")

    def test_the_names_are_those_of_the_endpoints(self) -> None:
        services = ["ecr.api", "ecr.dkr", "logs", "sqs"]
        assert endpoint_services.resolvable_names(self.NAMES, services, ["123456789012"]) == [
            "*.s3.us-east-1.amazonaws.com",
            "123456789012.dkr.ecr.us-east-1.amazonaws.com",
            "api.ecr.us-east-1.amazonaws.com",
            "logs.us-east-1.amazonaws.com",
            "s3.us-east-1.amazonaws.com",
            "sqs.us-east-1.amazonaws.com",
        ]

    def test_what_is_not_allowed_is_blocked_afterwards(self, every: Program) -> None:
        rules = sorted(
            every.all("aws:route53/resolverFirewallRule:ResolverFirewallRule"), key=lambda rule: rule.props["priority"]
        )
        assert [(rule.props["action"], rule.props.get("blockResponse")) for rule in rules] == [
            ("ALLOW", None),
            ("BLOCK", "NXDOMAIN"),
        ]
        lists = {
            r.name: r.props["domains"]
            for r in every.all("aws:route53/resolverFirewallDomainList:ResolverFirewallDomainList")
        }
        assert lists["dns-others"] == ["*"]
        assert "593207742271.dkr.ecr.us-east-1.amazonaws.com" in lists["dns-allowed"]
        assert all(name.endswith(".us-east-1.amazonaws.com") for name in lists["dns-allowed"])

    def test_the_firewall_can_be_destroyed(self, every: Program) -> None:
        (association,) = every.all(
            "aws:route53/resolverFirewallRuleGroupAssociation:ResolverFirewallRuleGroupAssociation"
        )
        assert association.props["mutationProtection"] == "DISABLED"


class TestGuardDuty:
    """Runtime monitoring is kept out by tag, or let in all the way."""

    def test_without_the_setting_the_cluster_is_left_out(self, program: Program) -> None:
        (cluster,) = program.all("aws:ecs/cluster:Cluster")
        assert cluster.props["tags"]["GuardDutyManaged"] == "false"
        assert "guardduty" not in json.dumps([dict(r.props) for r in program.graph.resources], default=str)

    def test_with_it_the_agent_can_be_pulled_and_report(self, every: Program) -> None:
        (cluster,) = every.all("aws:ecs/cluster:Cluster")
        assert cluster.props["tags"]["GuardDutyManaged"] == "true"
        for service in ("ecr-api", "ecr-dkr"):
            endpoint = every.one("aws:ec2/vpcEndpoint:VpcEndpoint", f"network-endpoint-{service}")
            assert statements(endpoint)["PullAgent"]["Resource"] == AGENT
        for job in ("data-ingestion", "stress-test"):
            role = every.one("aws:iam/rolePolicy:RolePolicy", f"{job}-start-task-policy")
            assert statements(role)["PullAgent"]["Resource"] == AGENT
        reports = every.one("aws:ec2/vpcEndpoint:VpcEndpoint", "network-endpoint-guardduty-data")
        assert statements(reports)["Report"]["Action"] == "guardduty:SendSecurityTelemetry"


class TestDebug:
    """Sessions in one job's tasks: encrypted, logged, and in no other job's."""

    def test_the_cluster_encrypts_and_logs_sessions(self, every: Program) -> None:
        (cluster,) = every.all("aws:ecs/cluster:Cluster")
        sessions = cluster.props["configuration"]["executeCommandConfiguration"]
        assert sessions["kmsKeyId"] == every.one("aws:kms/key:Key", "keys-data").props["arn"]
        assert sessions["logging"] == "OVERRIDE"
        assert sessions["logConfiguration"] == {
            "cloudWatchEncryptionEnabled": True,
            "cloudWatchLogGroupName": "/batch/sessions-dev",
        }

    def test_only_the_debugged_job_is_entered(self, every: Program) -> None:
        services = {s.name: s.props.get("enableExecuteCommand") for s in every.all("aws:ecs/service:Service")}
        assert {name for name, enabled in services.items() if enabled} == {"data-ingestion-service"}
        for task in every.all("aws:ecs/taskDefinition:TaskDefinition"):
            (container,) = json.loads(task.props["containerDefinitions"])
            assert container["readonlyRootFilesystem"] is (task.name != "data-ingestion-task")

    def test_the_nightly_run_starts_its_task_with_sessions(self, every: Program) -> None:
        (machine,) = [m for m in every.all("aws:sfn/stateMachine:StateMachine") if m.name == "nightly-machine"]
        assert machine.props["definition"].count('"EnableExecuteCommand": true') == 1

    def test_without_the_setting_nothing_of_it_is_there(self, program: Program) -> None:
        text = json.dumps([dict(r.props) for r in program.graph.resources], default=str)
        assert "ssmmessages" not in text and "executeCommand" not in text and "EnableExecuteCommand" not in text


def test_a_queue_worker_reaches_its_receipts_and_no_other_job_does(every: Program) -> None:
    """What it has done it writes down below its own prefix (docs/jobs.md, "Queue workers")."""
    reached = {
        policy.name: [
            resource
            for entry in document(policy)["Statement"]
            for resource in ([entry["Resource"]] if isinstance(entry["Resource"], str) else entry["Resource"])
            if "/receipts/" in resource
        ]
        for policy in every.all("aws:iam/rolePolicy:RolePolicy")
        if policy.name.endswith("reach-own-data-policy")
    }
    receipts = ["arn:aws:s3:::bucket-output-123456789012-dev/receipts/stress-test/*"]
    assert {name: resources for name, resources in reached.items() if resources} == {
        "stress-test-reach-own-data-policy": receipts
    }
