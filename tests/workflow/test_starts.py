"""What starts the machines, what they may do, and who may publish."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from sandbox.furnishing import definition_of
from sandbox.stage import today
from tests.programs import Program, record_with
from tests.workflow.reading import ACCOUNT, RULE, TARGET, as_list, matches, policies_of


class TestStart:
    """The event of a manifest, and nothing else, starts a run (FR-T8)."""

    def _created(self, bucket: str, key: str) -> dict[str, Any]:
        return {
            "source": "aws.s3",
            "detail-type": "Object Created",
            "detail": {"bucket": {"name": bucket}, "object": {"key": key, "version-id": "v1"}},
        }

    def test_only_a_manifest_in_the_input_bucket(self, program: Program) -> None:
        rule = program.one(RULE, "nightly-start")
        bucket = f"bucket-input-{ACCOUNT}-{program.stack}"
        assert matches(rule, self._created(bucket, "incoming/2026-11-20/manifest.json"))
        for key in ("incoming/2026-11-20/trades-1.csv", "manifest.json", "incoming/2026-11-20/manifest.json.tmp"):
            assert not matches(rule, self._created(bucket, key)), key

    def test_nothing_a_run_writes_starts_another(self, program: Program) -> None:
        rule = program.one(RULE, "nightly-start")
        output = f"bucket-output-{ACCOUNT}-{program.stack}"
        for key in ("incoming/2026-11-20/manifest.json", "maps/x/y/manifest.json", "reports/2026-11-20/_SUCCESS"):
            assert not matches(rule, self._created(output, key)), key

    def test_the_transformer_makes_the_machines_input(self, program: Program) -> None:
        target = program.one(TARGET, "nightly-start-target").props
        event = self._created("b", f"incoming/{today()}/manifest.json")
        text = target["inputTransformer"]["inputTemplate"]
        for name, path in target["inputTransformer"]["inputPaths"].items():
            value: Any = event
            for part in path.removeprefix("$.").split("."):
                value = value[part]
            text = text.replace(f"<{name}>", json.dumps(value))
        assert json.loads(text) == {
            "origin": "event",
            "manifest": {"key": f"incoming/{today()}/manifest.json", "version": "v1"},
        }

    def test_delivery_is_tried_for_two_hours_and_then_kept(self, program: Program) -> None:
        target = program.one(TARGET, "nightly-start-target").props
        assert target["retryPolicy"] == {"maximumEventAgeInSeconds": 7200, "maximumRetryAttempts": 185}
        dead_letters = f"queue-start-dead-letters-{program.stack}"
        assert target["deadLetterConfig"]["arn"].endswith(f":{dead_letters}")
        policy = json.loads(
            program.one("aws:sqs/queuePolicy:QueuePolicy", "nightly-start-dead-letters-policy").props["policy"]
        )
        (allowed,) = [s for s in policy["Statement"] if s["Effect"] == "Allow"]
        assert allowed["Principal"] == {"Service": "events.amazonaws.com"}
        assert allowed["Condition"]["ArnEquals"]["aws:SourceArn"] == [
            f"arn:aws:events:us-east-1:{ACCOUNT}:rule/rule-start-{program.stack}"
        ]

    def test_the_rule_may_start_this_machine_only(self, program: Program) -> None:
        (statement,) = policies_of(program.graph, f"role-start-starter-{program.stack}")
        assert statement["Action"] == "states:StartExecution"
        assert statement["Resource"].endswith(f":stateMachine:statemachine-nightly-{program.stack}")

    def test_a_schedule_is_optional_local_and_on_weekdays(self) -> None:
        graph = record_with({"batch-platform:workflow": {"start": {"schedule": "04:30"}}})
        (schedule,) = [s for s in graph.of_type("aws:scheduler/schedule:Schedule") if "start" in str(s.props["name"])]
        assert schedule.props["scheduleExpression"] == "cron(30 4 ? * MON-FRI *)"
        assert schedule.props["scheduleExpressionTimezone"] == "America/New_York"
        assert json.loads(schedule.props["target"]["input"]) == {
            "origin": "schedule",
            "local": "04:30",
            "scheduled": "<aws.scheduler.scheduled-time>",
        }


class TestWatch:
    """The closing rule and the deadline schedules."""

    def test_every_bad_end_of_a_nightly_run_is_looked_at(self, program: Program) -> None:
        rule = program.one(RULE, "run-monitors-reconciler-rule")

        def event(machine: str, status: str) -> dict[str, Any]:
            arn = f"arn:aws:states:us-east-1:{ACCOUNT}:stateMachine:statemachine-{machine}-{program.stack}"
            return {
                "source": "aws.states",
                "detail-type": "Step Functions Execution Status Change",
                "detail": {"stateMachineArn": arn, "status": status},
            }

        for status in ("FAILED", "TIMED_OUT", "ABORTED"):
            assert matches(rule, event("nightly", status))
            assert not matches(rule, event("reconciler", status))
        assert not matches(rule, event("nightly", "SUCCEEDED"))

    def test_forecasts_and_two_stages_before_the_deadline_in_new_york(self, program: Program) -> None:
        schedules = {s.props["name"]: s.props for s in program.all("aws:scheduler/schedule:Schedule")}
        assert {name: s["scheduleExpression"] for name, s in schedules.items()} == {
            f"schedule-deadline-warn-{program.stack}": "cron(30 8 ? * MON-FRI *)",
            f"schedule-deadline-escalate-{program.stack}": "cron(15 9 ? * MON-FRI *)",
            f"schedule-deadline-forecast-0500-{program.stack}": "cron(0 5 ? * MON-FRI *)",
            f"schedule-deadline-forecast-0630-{program.stack}": "cron(30 6 ? * MON-FRI *)",
            f"schedule-deadline-forecast-0745-{program.stack}": "cron(45 7 ? * MON-FRI *)",
        }
        assert {s["scheduleExpressionTimezone"] for s in schedules.values()} == {"America/New_York"}
        assert all(s["target"]["deadLetterConfig"]["arn"] for s in schedules.values())


class TestPermissions:
    """The nightly machine's role (docs/aws-facts.md#ecs-run-task-sync)."""

    def _statement(self, program: Program, sid: str) -> dict[str, Any]:
        (statement,) = [
            s for s in policies_of(program.graph, f"role-nightly-machine-{program.stack}") if s["Sid"] == sid
        ]
        return statement

    def test_it_runs_only_its_own_families_in_its_own_cluster(self, program: Program) -> None:
        run = self._statement(program, "RunOwnTasks")
        families = ("data-ingestion", "risk-calculation", "report-generation")
        assert run["Resource"] == [
            f"arn:aws:ecs:us-east-1:{ACCOUNT}:task-definition/task-{job}-{program.stack}:*" for job in families
        ]
        cluster = f"arn:aws:ecs:us-east-1:{ACCOUNT}:cluster/cluster-batch-{program.stack}"
        assert run["Condition"] == {"ArnEquals": {"ecs:cluster": cluster}}
        assert self._statement(program, "FollowOwnTasks")["Condition"] == {"ArnEquals": {"ecs:cluster": cluster}}

    def test_it_passes_exactly_the_jobs_roles_to_ecs(self, program: Program) -> None:
        passed = self._statement(program, "PassJobRoles")
        roles = {str(r.props["name"]) for r in program.all("aws:iam/role:Role")}
        ecs = {name for name in roles if re.search(r"-(task|execution)-", name)}
        assert {arn.rpartition("/")[2] for arn in passed["Resource"]} == ecs
        assert passed["Condition"] == {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}}

    def test_it_may_use_the_rule_that_sync_needs(self, program: Program) -> None:
        statement = self._statement(program, "ManageTaskEventRule")
        assert set(statement["Action"]) == {"events:DescribeRule", "events:PutRule", "events:PutTargets"}
        assert statement["Resource"].endswith(":rule/StepFunctionsGetEventsForECSTaskRule")

    @pytest.mark.parametrize("role", ["nightly-machine", "reconciler-machine", "deadline-machine"])
    def test_a_star_stands_only_where_aws_knows_no_resource(self, program: Program, role: str) -> None:
        wide = [s for s in policies_of(program.graph, f"role-{role}-{program.stack}") if "*" in as_list(s["Resource"])]
        assert {s["Sid"] for s in wide} <= {"FollowOwnTasks", "DeliverLogs", "Trace"}

    def test_the_machines_calls_are_all_allowed(self, program: Program) -> None:
        """Each service integration of a definition needs its action; found in the text, not listed here."""
        needed = {
            "ecs:runTask.sync": {
                "ecs:RunTask",
                "ecs:StopTask",
                "ecs:DescribeTasks",
                "iam:PassRole",
                "events:PutTargets",
            },
            "aws-sdk:sfn:describeExecution": {"states:DescribeExecution"},
            "aws-sdk:sfn:startExecution": {"states:StartExecution"},
            "aws-sdk:sfn:stopExecution": {"states:StopExecution"},
            "dynamodb:putItem": {"dynamodb:PutItem"},
            "dynamodb:updateItem": {"dynamodb:UpdateItem"},
            "aws-sdk:dynamodb:query": {"dynamodb:Query"},
            "aws-sdk:s3:listObjectsV2": {"s3:ListBucket"},
            "aws-sdk:s3:getObject": {"s3:GetObject"},
            "aws-sdk:s3:headObject": {"s3:GetObject", "s3:ListBucket"},
            "s3:getObject": {"s3:GetObject"},
            "s3:putObject": {"s3:PutObject"},
            "sns:publish": {"sns:Publish"},
        }
        for purpose in ("nightly", "reconciler", "deadline"):
            definition = json.dumps(definition_of(program.graph, purpose))
            called = set(re.findall(r'"arn:aws:states:::([^"]+)"', definition))
            statements = policies_of(program.graph, f"role-{purpose}-machine-{program.stack}")
            allowed = {action for statement in statements for action in as_list(statement["Action"])}
            assert called <= set(needed), called - set(needed)
            for call in called:
                assert needed[call] <= allowed, (purpose, call)


class TestTopic:
    """CloudWatch and EventBridge may publish, nobody else (docs/aws-facts.md#sns-key)."""

    def test_exactly_two_services(self, program: Program) -> None:
        policy = json.loads(program.one("aws:sns/topicPolicy:TopicPolicy", "notifications-policy").props["policy"])
        allowed = [s for s in policy["Statement"] if s["Effect"] == "Allow"]
        assert [s["Principal"]["Service"] for s in allowed] == ["cloudwatch.amazonaws.com", "events.amazonaws.com"]
        assert {s["Action"] for s in allowed} == {"sns:Publish"}

    def test_the_key_admits_events_without_a_source_condition(self, program: Program) -> None:
        key = program.one("aws:kms/key:Key", "keys-messages")
        statements = json.loads(key.props["policy"])["Statement"]
        admitted = [s for s in statements if s["Principal"] == {"Service": "events.amazonaws.com"}]
        assert admitted
        assert "aws:Source" not in json.dumps(admitted)
        (alarms,) = [s for s in statements if s["Principal"] == {"Service": "cloudwatch.amazonaws.com"}]
        assert "aws:SourceAccount" in json.dumps(alarms)

    def test_the_topic_is_encrypted_with_the_platforms_key(self, program: Program) -> None:
        topic = program.one("aws:sns/topic:Topic", "notifications")
        assert topic.props["kmsMasterKeyId"]

    def test_each_address_of_the_settings_is_subscribed(self) -> None:
        graph = record_with({"batch-platform:alerts": {"emails": ["a@example.com", "b@example.com"]}})
        subscriptions = graph.of_type("aws:sns/topicSubscription:TopicSubscription")
        assert {s.props["endpoint"] for s in subscriptions} == {"a@example.com", "b@example.com"}
