"""What stands around the machines: starts, permissions, queues, topic, alarms, dashboard."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import pytest
from moto.events.models import EventPattern

from policy.rules.reading import Graph, Resource
from tests.unit.conftest import Program, record_with, recording
from tests.workflow.conftest import definition_of, today

RULE = "aws:cloudwatch/eventRule:EventRule"
TARGET = "aws:cloudwatch/eventTarget:EventTarget"
ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
ACCOUNT = "123456789012"

PUBLISHED: Mapping[str, tuple[set[str], set[str]]] = {
    # namespace: metrics, dimensions; sources: Step Functions "procedure-cw-metrics", EventBridge "eb-monitoring",
    # Scheduler "monitoring-cloudwatch", SQS "sqs-available-cloudwatch-metrics"
    "AWS/States": (
        {"ExecutionsFailed", "ExecutionsTimedOut", "ExecutionsAborted", "ExecutionThrottled", "ExecutionTime"},
        {"StateMachineArn"},
    ),
    "AWS/Events": ({"TriggeredRules", "FailedInvocations", "InvocationsFailedToBeSentToDlq"}, {"RuleName"}),
    "AWS/Scheduler": ({"TargetErrorCount", "InvocationDroppedCount"}, {"ScheduleGroup"}),
    "AWS/SQS": (
        {"ApproximateNumberOfMessagesVisible", "ApproximateNumberOfMessagesNotVisible"},
        {"QueueName"},
    ),
}
"""What AWS publishes: an alarm on anything else would stand at INSUFFICIENT_DATA for ever (facts-aws.md 32)."""


def matches(rule: Resource, event: dict[str, Any]) -> bool:
    """Whether EventBridge would hand `event` to the rule's targets."""
    raw = str(rule.props["eventPattern"])
    return bool(EventPattern(raw, json.loads(raw)).matches_event(event))  # type: ignore[arg-type]


def metrics(alarm: Resource) -> list[tuple[str, str, dict[str, str]]]:
    """Namespace, name and dimensions of everything an alarm looks at."""
    given = alarm.props
    if given.get("metricName"):
        return [(given["namespace"], given["metricName"], given.get("dimensions") or {})]
    parts = [query["metric"] for query in given["metricQueries"] if query.get("metric")]
    return [(part["namespace"], part["metricName"], part["dimensions"]) for part in parts]


def policies_of(graph: Graph, role_name: str) -> list[dict[str, Any]]:
    """The statements of a role's inline policies."""
    found = [p for p in graph.of_type("aws:iam/rolePolicy:RolePolicy") if p.props["role"] == role_name]
    assert found, f"no policy of {role_name}"
    return [statement for policy in found for statement in json.loads(policy.props["policy"])["Statement"]]


def as_list(value: Any) -> list[Any]:
    """A statement's actions or resources, one or several."""
    return value if isinstance(value, list) else [value]


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
        made = target["inputTransformer"]["inputTemplate"]
        for name, path in target["inputTransformer"]["inputPaths"].items():
            value: Any = event
            for part in path.removeprefix("$.").split("."):
                value = value[part]
            made = made.replace(f"<{name}>", json.dumps(value))
        assert json.loads(made) == {
            "origin": "event",
            "manifest": {"key": f"incoming/{today()}/manifest.json", "version": "v1"},
        }

    def test_delivery_is_tried_for_two_hours_and_then_kept(self, program: Program) -> None:
        target = program.one(TARGET, "nightly-start-target").props
        assert target["retryPolicy"] == {"maximumEventAgeInSeconds": 7200, "maximumRetryAttempts": 185}
        letters = f"queue-start-letters-{program.stack}"
        assert target["deadLetterConfig"]["arn"].endswith(f":{letters}")
        policy = json.loads(
            program.one("aws:sqs/queuePolicy:QueuePolicy", "nightly-start-letters-policy").props["policy"]
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
        (made,) = [s for s in graph.of_type("aws:scheduler/schedule:Schedule") if "start" in str(s.props["name"])]
        assert made.props["scheduleExpression"] == "cron(30 4 ? * MON-FRI *)"
        assert made.props["scheduleExpressionTimezone"] == "America/New_York"
        assert json.loads(made.props["target"]["input"]) == {
            "origin": "schedule",
            "local": "04:30",
            "scheduled": "<aws.scheduler.scheduled-time>",
        }


class TestWatch:
    """The closing rule and the deadline schedules."""

    def test_every_bad_end_of_a_nightly_run_is_looked_at(self, program: Program) -> None:
        rule = program.one(RULE, "watch-closing-rule")

        def event(machine: str, status: str) -> dict[str, Any]:
            arn = f"arn:aws:states:us-east-1:{ACCOUNT}:stateMachine:statemachine-{machine}-{program.stack}"
            return {
                "source": "aws.states",
                "detail-type": "Step Functions Execution Status Change",
                "detail": {"stateMachineArn": arn, "status": status},
            }

        for status in ("FAILED", "TIMED_OUT", "ABORTED"):
            assert matches(rule, event("nightly", status))
            assert not matches(rule, event("closing", status))
        assert not matches(rule, event("nightly", "SUCCEEDED"))

    def test_two_stages_before_the_deadline_in_new_york(self, program: Program) -> None:
        made = {s.props["name"]: s.props for s in program.all("aws:scheduler/schedule:Schedule")}
        assert {name: s["scheduleExpression"] for name, s in made.items()} == {
            f"schedule-deadline-warn-{program.stack}": "cron(30 8 ? * MON-FRI *)",
            f"schedule-deadline-escalate-{program.stack}": "cron(15 9 ? * MON-FRI *)",
        }
        assert {s["scheduleExpressionTimezone"] for s in made.values()} == {"America/New_York"}
        assert all(s["target"]["deadLetterConfig"]["arn"] for s in made.values())


class TestPermissions:
    """The nightly machine's role (facts-aws.md 9)."""

    def _statement(self, program: Program, sid: str) -> dict[str, Any]:
        (found,) = [s for s in policies_of(program.graph, f"role-nightly-machine-{program.stack}") if s["Sid"] == sid]
        return found

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
        heard = self._statement(program, "HearOfTaskEnds")
        assert set(heard["Action"]) == {"events:DescribeRule", "events:PutRule", "events:PutTargets"}
        assert heard["Resource"].endswith(":rule/StepFunctionsGetEventsForECSTaskRule")

    @pytest.mark.parametrize("role", ["nightly-machine", "closing-machine", "deadline-machine"])
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
            "dynamodb:putItem": {"dynamodb:PutItem"},
            "dynamodb:updateItem": {"dynamodb:UpdateItem"},
            "aws-sdk:dynamodb:query": {"dynamodb:Query"},
            "aws-sdk:s3:getObject": {"s3:GetObject"},
            "aws-sdk:s3:headObject": {"s3:GetObject", "s3:ListBucket"},
            "s3:getObject": {"s3:GetObject"},
            "s3:putObject": {"s3:PutObject"},
            "sns:publish": {"sns:Publish"},
        }
        for purpose in ("nightly", "closing", "deadline"):
            definition = json.dumps(definition_of(program.graph, purpose))
            called = set(re.findall(r'"arn:aws:states:::([^"]+)"', definition))
            statements = policies_of(program.graph, f"role-{purpose}-machine-{program.stack}")
            allowed = {action for statement in statements for action in as_list(statement["Action"])}
            assert called <= set(needed), called - set(needed)
            for call in called:
                assert needed[call] <= allowed, (purpose, call)


class TestTopic:
    """CloudWatch and EventBridge may publish, nobody else (facts-aws.md 37)."""

    def test_exactly_two_services(self, program: Program) -> None:
        policy = json.loads(program.one("aws:sns/topicPolicy:TopicPolicy", "announcements-policy").props["policy"])
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
        topic = program.one("aws:sns/topic:Topic", "announcements")
        assert topic.props["kmsMasterKeyId"]

    def test_each_address_of_the_settings_is_subscribed(self) -> None:
        graph = record_with({"batch-platform:alerts": {"emails": ["a@example.com", "b@example.com"]}})
        made = graph.of_type("aws:sns/topicSubscription:TopicSubscription")
        assert {s.props["endpoint"] for s in made} == {"a@example.com", "b@example.com"}


class TestAlarms:
    """FR-T9."""

    def test_none_stands_on_a_metric_that_nobody_publishes(self, program: Program) -> None:
        filters = program.all("aws:cloudwatch/logMetricFilter:LogMetricFilter")
        own = {(f.props["metricTransformation"]["namespace"], f.props["metricTransformation"]["name"]) for f in filters}
        for alarm in program.all(ALARM):
            for namespace, name, dimensions in metrics(alarm):
                if (namespace, name) in own:
                    assert dimensions == {}
                    continue
                known, dimensioned = PUBLISHED[namespace]
                assert name in known, alarm.name
                assert set(dimensions) == dimensioned, alarm.name

    def test_every_dimension_names_something_of_this_stack(self, program: Program) -> None:
        for alarm in program.all(ALARM):
            for _, _, dimensions in metrics(alarm):
                for value in dimensions.values():
                    assert value.endswith(f"-{program.stack}"), (alarm.name, value)

    def test_the_failure_rate(self, program: Program) -> None:
        alarm = program.one(ALARM, "observability-task-failures").props
        expression, *inputs = alarm["metricQueries"]
        assert expression["expression"] == "IF(total>0,100*failed/total,0)"
        assert {q["id"]: q["metric"]["dimensions"]["RuleName"] for q in inputs} == {
            "failed": f"rule-tasks-failed-{program.stack}",
            "total": f"rule-tasks-stopped-{program.stack}",
        }
        assert {q["metric"]["metricName"] for q in inputs} == {"TriggeredRules"}
        assert {(q["metric"]["stat"], q["metric"]["period"]) for q in inputs} == {("Sum", 600)}
        assert (alarm["comparisonOperator"], alarm["threshold"]) == ("GreaterThanThreshold", 5)
        assert (alarm["evaluationPeriods"], alarm["treatMissingData"]) == (1, "notBreaching")

    def test_every_alarm_tells_the_topic_and_says_what_to_do(self, program: Program) -> None:
        for alarm in program.all(ALARM):
            assert alarm.props["alarmActions"][0].endswith(f":topic-announcements-{program.stack}"), alarm.name
            assert len(alarm.props["alarmDescription"]) > 20

    @pytest.mark.parametrize(
        "purpose",
        [
            "run-failed",
            "run-timed-out",
            "run-aborted",
            "run-throttled",
            "run-too-long",
            "log-errors",
            "start-failed-invocations",
            "start-letters",
            "closing-letters",
            "deadline-letters",
            "closing-failed",
            "deadline-failed",
            "deadline-schedule-dropped",
        ],
    )
    def test_it_is_there(self, program: Program, purpose: str) -> None:
        assert program.one(ALARM, f"observability-{purpose}").props["name"] == f"alarm-{purpose}-{program.stack}"


class TestTaskEvents:
    """What counts as a task, and as a failed one (facts-aws.md 33, 34)."""

    def _stopped(self, program: Program, code: int | None, stop: str, *, sidecar: int | None = None) -> dict[str, Any]:
        """ECS's event, with the containers as EventBridge flattens an array: field by field."""
        codes = [c for c in (code, sidecar) if c is not None]
        return {
            "source": "aws.ecs",
            "detail-type": "ECS Task State Change",
            "detail": {
                "clusterArn": f"arn:aws:ecs:us-east-1:{ACCOUNT}:cluster/cluster-batch-{program.stack}",
                "lastStatus": "STOPPED",
                "stopCode": stop,
                "containers": {"exitCode": codes} if codes else {},
            },
        }

    @pytest.mark.parametrize(
        ("code", "stop", "failed"),
        [
            (0, "EssentialContainerExited", False),
            (1, "EssentialContainerExited", True),
            (137, "EssentialContainerExited", True),
            (None, "TaskFailedToStart", True),
            (143, "SpotInterruption", True),
            (143, "TerminationNotice", True),
            (0, "SpotInterruption", True),
            (143, "UserInitiated", True),
            (143, "ServiceSchedulerInitiated", False),
            (0, "ServiceSchedulerInitiated", False),
        ],
    )
    def test_a_stopped_task(self, program: Program, code: int | None, stop: str, failed: bool) -> None:
        event = self._stopped(program, code, stop)
        assert matches(program.one(RULE, "observability-tasks-stopped"), event)
        assert matches(program.one(RULE, "observability-tasks-failed"), event) is failed

    def test_one_bad_container_is_enough(self, program: Program) -> None:
        event = self._stopped(program, 1, "EssentialContainerExited", sidecar=0)
        assert matches(program.one(RULE, "observability-tasks-failed"), event)

    def test_another_cluster_and_a_running_task_do_not_count(self, program: Program) -> None:
        other = self._stopped(program, 1, "EssentialContainerExited")
        other["detail"]["clusterArn"] = "arn:aws:ecs:us-east-1:123456789012:cluster/other"
        running = self._stopped(program, 1, "EssentialContainerExited")
        running["detail"]["lastStatus"] = "RUNNING"
        for rule in ("observability-tasks-stopped", "observability-tasks-failed"):
            assert not matches(program.one(RULE, rule), other)
            assert not matches(program.one(RULE, rule), running)

    def test_both_rules_have_a_target_whose_policy_lets_them_write(self, program: Program) -> None:
        for purpose in ("tasks-stopped", "tasks-failed"):
            assert "/batch/task-events-" in program.one(TARGET, f"observability-{purpose}-target").props["arn"]
        (policy,) = program.all("aws:cloudwatch/logResourcePolicy:LogResourcePolicy")
        (statement,) = json.loads(policy.props["policyDocument"])["Statement"]
        assert set(statement["Principal"]["Service"]) == {"events.amazonaws.com", "delivery.logs.amazonaws.com"}
        assert len(policy.props["policyDocument"]) < 5_120


class TestLogsAndDashboard:
    """Logging at ALL level to owned groups, tracing, and what people look at."""

    def test_every_machine_logs_everything_and_traces(self, program: Program) -> None:
        groups = {str(g.props["name"]) for g in program.all("aws:cloudwatch/logGroup:LogGroup")}
        for machine in program.all("aws:sfn/stateMachine:StateMachine"):
            logging = machine.props["loggingConfiguration"]
            assert (logging["level"], logging["includeExecutionData"]) == ("ALL", True)
            group = logging["logDestination"].removesuffix(":*").rpartition("log-group:")[2]
            assert group.startswith("/aws/vendedlogs/states/")
            assert group in groups
            assert machine.props["tracingConfiguration"] == {"enabled": True}

    def test_the_dashboard_shows_what_the_issue_asks_for(self, program: Program) -> None:
        (made,) = program.all("aws:cloudwatch/dashboard:Dashboard")
        widgets = json.loads(made.props["dashboardBody"])["widgets"]
        titles = " ".join(widget["properties"]["title"] for widget in widgets)
        for word in ("Runs", "Duration", "badly", "Cost drivers", "dead letters", "Error", "Shards", "stopped tasks"):
            assert word in titles, word
        window = [w for w in widgets if "annotations" in w["properties"]]
        assert window[0]["properties"]["annotations"]["horizontal"][0]["value"] == 13.5 * 3600 * 1000

    def test_widgets_lie_side_by_side(self, program: Program) -> None:
        (made,) = program.all("aws:cloudwatch/dashboard:Dashboard")
        taken: set[tuple[int, int]] = set()
        for widget in json.loads(made.props["dashboardBody"])["widgets"]:
            cells = {
                (x, y)
                for x in range(widget["x"], widget["x"] + widget["width"])
                for y in range(widget["y"], widget["y"] + widget["height"])
            }
            assert not taken & cells
            assert max(x for x, _ in cells) < 24
            taken |= cells

    def test_saved_queries_read_groups_that_exist(self, program: Program) -> None:
        groups = {str(g.props["name"]) for g in program.all("aws:cloudwatch/logGroup:LogGroup")}
        (made,) = program.all("aws:cloudwatch/dashboard:Dashboard")
        read = set(re.findall(r"SOURCE '([^']+)'", made.props["dashboardBody"]))
        assert read <= groups
        assert len(read) == 5


class TestQueueWorker:
    """Queue-worker mode of one job."""

    @pytest.fixture(scope="class")
    def graph(self) -> Graph:
        """The dev stack with one queue worker."""
        return record_with(
            {
                "batch-platform:network": {"cidr": "10.0.0.0/16", "extraEndpoints": ["sqs"]},
                "batch-platform:jobs": {"risk-calculation": {"queue": {"tasksPerMessages": 20, "maxReceives": 4}}},
            }
        )

    def _one(self, graph: Graph, token: str, name: str) -> Resource:
        (found,) = [resource for resource in graph.of_type(token) if resource.name == name]
        return found

    def test_without_the_setting_there_is_none(self) -> None:
        graph = recording("dev", "resolved").graph("batch-platform")
        assert graph.of_type("batch:queues:QueueWorker") == []

    def test_the_queue_is_encrypted_and_gives_up_to_its_dead_letters(self, graph: Graph) -> None:
        queue = self._one(graph, "aws:sqs/queue:Queue", "risk-calculation-worker-queue")
        assert queue.props["kmsMasterKeyId"]
        redrive = json.loads(queue.props["redrivePolicy"])
        assert redrive["maxReceiveCount"] == 4
        assert redrive["deadLetterTargetArn"].endswith(":queue-risk-calculation-letters-dev")

    def test_the_first_message_wakes_the_service_from_zero(self, graph: Graph) -> None:
        alarm = self._one(graph, ALARM, "risk-calculation-worker-backlog").props
        assert (alarm["threshold"], alarm["comparisonOperator"]) == (0, "GreaterThanThreshold")
        policy = self._one(graph, "aws:appautoscaling/policy:Policy", "risk-calculation-worker-out").props
        steps = policy["stepScalingPolicyConfiguration"]["stepAdjustments"]
        assert [(s["metricIntervalLowerBound"], s["scalingAdjustment"]) for s in steps] == [
            ("0", 1),
            ("20", 2),
            ("40", 4),
            ("60", 8),
        ]
        assert "metricIntervalUpperBound" not in steps[-1]

    def test_it_goes_back_to_zero_only_when_nothing_is_in_work(self, graph: Graph) -> None:
        alarm = self._one(graph, ALARM, "risk-calculation-worker-idle").props
        assert alarm["metricQueries"][0]["expression"] == "waiting+working"
        policy = self._one(graph, "aws:appautoscaling/policy:Policy", "risk-calculation-worker-in").props
        assert policy["stepScalingPolicyConfiguration"]["adjustmentType"] == "ExactCapacity"

    def test_cpu_tracking_stays_and_the_scaling_starts_at_zero(self, graph: Graph) -> None:
        target = self._one(graph, "aws:appautoscaling/target:Target", "risk-calculation-scaling").props
        assert target["minCapacity"] == 0
        assert self._one(graph, "aws:appautoscaling/policy:Policy", "risk-calculation-cpu-tracking")

    def test_its_dead_letters_are_watched(self, graph: Graph) -> None:
        assert self._one(graph, ALARM, "observability-risk-calculation-letters")
