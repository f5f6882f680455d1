"""Why each rule has the level that it has: what happens when it is broken."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

EXPOSES: Final = "mandatory: somebody reaches, reads or changes what is not theirs"
LOSES: Final = "mandatory: data or the trace of it is lost, or cannot be brought back"
COSTS: Final = "mandatory: it costs without a bound"
REFUSED: Final = "mandatory: AWS refuses it, and the deployment fails half-way"
UNREVIEWED: Final = "mandatory: nobody has thought about it, so any of the above may happen"
UNDESTROYED: Final = "mandatory: the stack cannot be taken down, or is taken down by mistake"
TASTE: Final = "advisory: a matter of cost or of taste, bounded and harmless while it lasts"
LISTING: Final = "advisory: it says what could not be decided yet, which is no fault of the program"

_BY_REASON: Final[Mapping[str, str]] = {
    EXPOSES: """
        access-properties bucket-and-queue-encryption bucket-blocks-public bucket-tls-only
        grants-accounted-for iam-least-privilege key-rotation-and-principals log-groups-use-cmk
        messages-need-tls no-public-address nothing-reaches-in passrole-scoped references-resolve
        resource-policies-accounted-for role-trusts-its-consumer routes-stay-inside security-group-rules-unmixed
        security-groups-documented task-hardening tasks-reach-endpoints-only trust-is-tied
        iam-policy-version image-reference-pinned ecr-scan-on-push no-foreign-infrastructure""",
    LOSES: "storage-properties messages-properties",
    COSTS: "no-eip-or-nat ecr-lifecycle-policy services-start-empty",
    REFUSED: """
        name-fits-service network-properties order-is-kept statements-are-sound subnet-ranges-are-apart
        tags-are-accepted values-are-accepted log-retention-value-valid fargate-task-shape fargate-no-placement
        grace-period-needs-health-check environment-suffix-in-names""",
    UNDESTROYED: "no-retain-or-protect stores-empty-on-destroy prod-pipeline-has-approval",
    UNREVIEWED: """
        types-accounted-for options-accounted-for exemptions-are-current required-tags creation-time-is-kept
        delivery-properties""",
    TASTE: "endpoint-cost-budget storage-and-logs-bounded",
    LISTING: "undecided-rules-reported",
}


_AT_NIGHT: Final[Mapping[str, str]] = {
    "alarm-metric-exists": "an alarm on a metric that nobody publishes never goes off",
    "alarms-watch-what-fails": "nobody is notified of a failed run, a lost event or a dead letter",
    "autoscaled-service-ignores-count": "an update in working hours sets the count back and ends the tasks at work",
    "autoscaling-respects-zero-start": "tasks start at once, without image or data, again and again",
    "companions-present": "half of a pair does nothing: a rule without target, an alarm's topic without policy",
    "compute-properties": "a task that cannot start, write or end is seen at night only",
    "dlq-accepts-sender": "an event that could not be delivered is gone, and with it the night's start",
    "endpoint-dns-works": "tasks resolve public addresses, which they cannot reach, and end without an image",
    "endpoint-group-admits-tasks": "tasks time out at the endpoint and end without an image",
    "event-target-can-run-task": "the manifest comes, and no run starts",
    "execution-role-sufficient": "a task ends before its first line, without image, log or secret",
    "failures-are-handled": "one throttled call or one hanging task takes the whole night with it",
    "fargate-cpu-memory-pair": "ECS refuses the task definition, half-way through the deployment",
    "gateway-on-task-routes": "tasks of that subnet reach neither image layers nor data",
    "log-key-grants-logs": "CloudWatch Logs refuses to make the group, half-way through the deployment",
    "network-acls-let-tasks-through": "packets are dropped without a trace, and tasks time out",
    "observation-properties": "an alarm or filter of another form is silent in just the night it is for",
    "one-notification-per-bucket": "two notifications overwrite each other, and a manifest starts no run",
    "pipeline-source-is-real": "CodePipeline refuses the pipeline, or it never starts",
    "private-tasks-have-endpoints": "tasks time out while pulling their image: there is no other way out",
    "resources-are-used": "what nothing uses is a mistake elsewhere, or reaches what it no longer needs",
    "s3-event-rule-has-eventbridge": "the bucket sends no event for the manifest, and no run starts",
    "service-circuit-breaker": "a broken release is started again for hours, and nobody gets the old one back",
    "stack-outputs-complete": "commands and the pipeline do not find what they work on",
    "state-machines-are-sound": "Step Functions refuses the definition, or a run ends in a state without input",
    "state-machines-call-accounted-for": "a run works on another's table, bucket or cluster, or is refused",
    "subnets-have-route-table": "the subnet takes the VPC's main table, on which the gateway is not",
    "sync-task-managed-rule": "the run starts its task and never hears that it has ended",
    "tasks-can-go-out": "tasks cannot pull their image",
    "topic-key-grants-publishers": "an alarm fires, and its message is refused: nobody is notified",
    "workflow-logging": "a failed night leaves no trace of which state failed, and why",
    "workflow-properties": "a run that starts late, twice or never is seen in the morning",
}
"""What happens at night, or while deploying, when the rule is broken: one sentence a rule."""


def reason(rule: str) -> str:
    """Why the rule has its level; raises KeyError for a rule that has no reason here."""
    if rule in _AT_NIGHT:
        return f"mandatory: {_AT_NIGHT[rule]}"
    return {name: why for why, names in _BY_REASON.items() for name in names.split()}[rule]


def listed() -> frozenset[str]:
    """The rules that have a reason here."""
    return frozenset((*_AT_NIGHT, *(name for names in _BY_REASON.values() for name in names.split())))
