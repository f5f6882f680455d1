"""Log groups, what starts the nightly run, and the alarms (FR-T5, FR-T8, FR-T9).

Whether a run would start, be written down, and be noticed when it fails. An alarm that rings is no failure here: it is
doing its work.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from .model import Claim, Deployment, Subject
from .registry import by_key, check, single

_GROUPS = by_key("logGroupNames", "workflowLogGroupNames")


@check("FR-T5", _GROUPS)
def log_group(it: Subject) -> Iterator[Claim]:
    """The log group is there, ends, and is under the logs key."""
    listed = it.aws.pages("logs", "describe_log_groups", "logGroups", logGroupNamePrefix=it.name)
    group = next((entry for entry in listed if entry["logGroupName"] == it.name), None)
    yield Claim("the group is there", group is not None, "missing")
    if group is None:
        return
    days = group.get("retentionInDays")
    if it.settings:
        yield it.equals("retention in days", days, it.settings.platform.log_retention_days)
    else:
        yield Claim("retention ends", bool(days), "never expires")
    yield it.equals("key", group.get("kmsKeyId"), it.outputs.text("logsKeyArn"))


@check("FR-T8", by_key("ruleNames"))
def rule(it: Subject) -> Iterator[Claim]:
    """The rule is on and leads somewhere."""
    rule = it.aws("events").describe_rule(Name=it.name)
    yield it.equals("state", rule.get("State"), "ENABLED")
    pattern = json.loads(rule.get("EventPattern") or "{}")
    yield Claim(
        "it listens to AWS's own events", set(pattern.get("source", [])) <= {"aws.s3", "aws.ecs", "aws.states"}, pattern
    )
    if it.key == "start":
        buckets = pattern.get("detail", {}).get("bucket", {}).get("name")
        yield it.equals("the list of buckets it listens to", buckets, [it.outputs.text("inputBucketName")])
    targets = it.aws("events").list_targets_by_rule(Rule=it.name)["Targets"]
    yield Claim("it has a target", bool(targets))
    if it.key == "start":
        arns = [target["Arn"] for target in targets]
        yield it.equals("the list of targets", arns, [it.outputs.text("stateMachineArn")])
        queues = [(target.get("DeadLetterConfig") or {}).get("Arn") for target in targets]
        yield Claim("what cannot be delivered is kept", bool(queues) and all(queues), queues)


@check("FR-T8", single("inputBucketName"))
def bucket_events(it: Subject) -> Iterator[Claim]:
    """The bucket sends its events to EventBridge; without that the start rule never fires.

    Source: docs/aws-facts.md#s3-events-to-eventbridge
    """
    notifications = it.aws("s3").get_bucket_notification_configuration(Bucket=it.name)
    switched_on = "EventBridgeConfiguration" in notifications
    yield Claim("the bucket sends its events to EventBridge", switched_on, "the switch is off")


def _machines(deployed: Deployment) -> dict[str, str]:
    return {"nightly": deployed.outputs.text("stateMachineArn"), **deployed.outputs.by_key("monitorStateMachineArns")}


@check("FR-T8", _machines)
def state_machine(it: Subject) -> Iterator[Claim]:
    """What the rules start is there and writes its history down."""
    machine = it.aws("stepfunctions").describe_state_machine(stateMachineArn=it.name)
    yield it.equals("status", machine.get("status"), "ACTIVE")
    level = (machine.get("loggingConfiguration") or {}).get("level")
    yield Claim("its executions are logged", level in ("ALL", "ERROR", "FATAL"), level)


@check("FR-T8", by_key("scheduleNames"))
def schedule(it: Subject) -> Iterator[Claim]:
    """The schedule is on."""
    listed = it.aws.pages("scheduler", "list_schedules", "Schedules", NamePrefix=it.name)
    states = [entry.get("State") for entry in listed if entry["Name"] == it.name]
    yield it.equals("the state of the one schedule", states, ["ENABLED"])


@check("FR-T9", by_key("alarmNames", "jobAlarmNames"))
def alarm(it: Subject) -> Iterator[Claim]:
    """The alarm is there, and speaks to somebody."""
    alarms = it.aws("cloudwatch").describe_alarms(AlarmNames=[it.name])["MetricAlarms"]
    yield Claim("the alarm is there", len(alarms) == 1, "missing")
    for described in alarms:
        yield it.equals("the switch of its actions", described.get("ActionsEnabled"), True)
        actions = described.get("AlarmActions", [])
        if it.key.startswith("alarmNames/"):
            yield it.equals("its actions", actions, [it.outputs.text("topicArn")])
        else:
            yield Claim("it leads to an action", bool(actions))
        if it.key == "alarmNames/task-failures" and it.settings:
            yield it.equals("threshold in percent", described.get("Threshold"), it.settings.alerts.failure_percent)
            periods = {
                query["MetricStat"]["Period"] for query in described.get("Metrics", []) if query.get("MetricStat")
            }
            yield it.equals("the set of periods in seconds", periods, {it.settings.alerts.failure_period})
