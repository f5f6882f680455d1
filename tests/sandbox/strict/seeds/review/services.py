"""CloudWatch, Budgets, Step Functions, EventBridge, Application Auto Scaling and IAM."""

from __future__ import annotations

import json
from typing import Any

from tests.sandbox.strict.conftest import ACCOUNT, Strict, policy
from tests.sandbox.strict.seeds import ABSENT, seed

_MATH_ALARM = {
    "AlarmName": "math",
    "EvaluationPeriods": 1,
    "Threshold": 1.0,
    "ComparisonOperator": "GreaterThanThreshold",
}
_TOPIC_ARN = f"arn:aws:sns:us-east-1:{ACCOUNT}"


def _math(text: str, metrics: int = 1) -> dict[str, Any]:
    stat = {"Metric": {"Namespace": "n", "MetricName": "m"}, "Period": 60, "Stat": "Sum"}
    queries = [{"Id": f"m{number}", "MetricStat": stat, "ReturnData": False} for number in range(1, metrics + 1)]
    return {"Metrics": [*queries, {"Id": "e1", "Expression": text, "ReturnData": True}]}


def _typed_widget(kind: str, **properties: Any) -> dict[str, Any]:
    return {"DashboardBody": json.dumps({"widgets": [{"type": kind, "properties": properties}]})}


def _budget(account: Strict) -> dict[str, Any]:
    limit = {"Amount": "100", "Unit": "USD"}
    kind = {"BudgetName": account.name(), "BudgetType": "COST", "TimeUnit": "MONTHLY", "BudgetLimit": limit}
    notification = {"NotificationType": "ACTUAL", "ComparisonOperator": "GREATER_THAN", "Threshold": 80.0}
    return {
        "AccountId": ACCOUNT,
        "Budget": kind,
        "NotificationsWithSubscribers": [{"Notification": notification, "Subscribers": [_email(1), _topic("a")]}],
    }


def _email(number: int) -> dict[str, str]:
    return {"SubscriptionType": "EMAIL", "Address": f"a{number}@example.org"}


def _topic(name: str) -> dict[str, str]:
    return {"SubscriptionType": "SNS", "Address": f"{_TOPIC_ARN}:{name}"}


def _subscribers(*subscribers: dict[str, str]) -> dict[str, Any]:
    notification = {"NotificationType": "ACTUAL", "ComparisonOperator": "GREATER_THAN", "Threshold": 80.0}
    return {"NotificationsWithSubscribers": [{"Notification": notification, "Subscribers": list(subscribers)}]}


def _one_state(**state: Any) -> dict[str, Any]:
    return {"definition": json.dumps({"StartAt": "A", "States": {"A": {"End": True, **state}}})}


_PUBLISH = {"Type": "Task", "Resource": "arn:aws:states:::sns:publish", "Parameters": {"Message": "m"}}


def _transformed(template: str) -> Any:
    transformer = {"InputPathsMap": {"k": "$.detail"}, "InputTemplate": template}
    return lambda a: {"Targets": [{"Id": "review", "Arn": a.queue, "InputTransformer": transformer}]}


_SCALED = {
    "ServiceNamespace": "ecs",
    "ScalableDimension": "ecs:service:DesiredCount",
    "ResourceId": "service/cluster/service",
}


def _inline(number: int) -> str:
    return policy({"Effect": "Allow", "Action": "s3:GetObject", "Resource": ["arn:aws:s3:::" + "b" * 60] * number})


def _role_with_policies(account: Strict) -> str:
    name = account.name()
    trusted = {"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}
    account.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=policy(trusted))
    account.client("iam").put_role_policy(RoleName=name, PolicyName="first", PolicyDocument=_inline(100))
    return name


SEEDS = [
    seed(
        "cloudwatch.expression",
        "PutMetricAlarm",
        {**_MATH_ALARM, **_math("IF(m1 >= -1, 100 * m1, +1) / (m1 + 1)")},
        _math("m1 + * 2"),
        _math("* m1"),
        _math("m1 /"),
        _math("SUM(m1 <)"),
    ),
    seed("cloudwatch.alarm_metrics", "PutMetricAlarm", {**_MATH_ALARM, **_math("m1", 10)}, _math("m1", 11)),
    seed(
        "cloudwatch.dashboard",
        "PutDashboard",
        {
            "DashboardName": "review",
            **_typed_widget("metric", region="us-east-1", view="gauge", metrics=[["n", "m"]]),
        },
        _typed_widget("metric", metrics=[["n", "m"]]),
        _typed_widget("metric", region="us-east-1", view="lines", metrics=[["n", "m"]]),
        _typed_widget("metric", region="us-east-1"),
        _typed_widget("text"),
        _typed_widget("alarm", alarms=[]),
        _typed_widget("alarm", alarms=["arn"] * 101),
        _typed_widget("log", region="us-east-1"),
    ),
    seed(
        "cloudwatch.dashboard_name",
        "PutDashboard",
        {"DashboardName": "a", "DashboardBody": '{"widgets": []}'},
        {"DashboardName": "a board"},
    ),
    seed(
        "budgets.budget",
        "CreateBudget",
        _budget,
        {"Budget": {"TimePeriod": {"Start": 1767225600, "End": 1735689600}}},
        {"Budget": {"BudgetType": "RI_UTILIZATION", "CostTypes": {"IncludeTax": True}}},
        {"Budget": {"PlannedBudgetLimits": {"1767225600": {"Amount": "1", "Unit": "USD"}}}},
        {"Budget": {"CostFilters": {"Service": ["Amazon S3"]}, "Metrics": ["UnblendedCost"]}},
    ),
    seed(
        "budgets.subscribers",
        "CreateBudget",
        _budget,
        _subscribers(_topic("a"), _topic("b")),
        _subscribers(*(_email(number) for number in range(11))),
        _subscribers({"SubscriptionType": "EMAIL", "Address": "nobody"}),
        _subscribers({"SubscriptionType": "SNS", "Address": "topic"}),
    ),
    seed(
        "stepfunctions.definition",
        "CreateStateMachine",
        lambda a: {
            "name": a.name(),
            "roleArn": a.states_role,
            **_one_state(
                **_PUBLISH, ResultPath="$.a['b c'][0]", Retry=[{"ErrorEquals": ["States.TaskFailed", "My.Error"]}]
            ),
        },
        _one_state(**_PUBLISH, ResultPath="$.a[*]"),
        _one_state(**_PUBLISH, ResultPath="$..a"),
        _one_state(**_PUBLISH, Retry=[{"ErrorEquals": ["States.TimedOut"]}]),
        _one_state(Type="Parallel", Branches=[{"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}]),
        _one_state(Type="Map", ItemProcessor={"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}),
    ),
    seed("stepfunctions.name", "StartExecution", lambda a: {"stateMachineArn": a.machine}, {"name": "a b"}),
    seed(
        "events.target_input",
        "PutTargets",
        lambda a: {"Rule": "rule", **_transformed('{"key": <k>, "text": "<k> and more"}')(a)},
        _transformed('{"key": <k>'),
        _transformed('{"key": <k>,}'),
    ),
    seed(
        "application-autoscaling.scheduled_action",
        "PutScheduledAction",
        lambda a: {
            **_SCALED,
            "ScheduledActionName": a.name(),
            "Schedule": "cron(0 8 * * ? *)",
            "Timezone": "America/New_York",
            "ScalableTargetAction": {"MinCapacity": 1},
        },
        {"Schedule": "every day"},
        {"Schedule": ABSENT},
        {"Timezone": "New York"},
        {"ScalableTargetAction": ABSENT},
        {"ScalableTargetAction": {"MinCapacity": 2, "MaxCapacity": 1}},
    ),
    seed(
        "application-autoscaling.predefined_metric",
        "PutScalingPolicy",
        {
            **_SCALED,
            "PolicyName": "review",
            "PolicyType": "TargetTrackingScaling",
            "TargetTrackingScalingPolicyConfiguration": {
                "TargetValue": 50.0,
                "PredefinedMetricSpecification": {
                    "PredefinedMetricType": "ALBRequestCountPerTarget",
                    "ResourceLabel": "app/a/0123456789abcdef/targetgroup/b/0123456789abcdef",
                },
            },
        },
        {"TargetTrackingScalingPolicyConfiguration": {"PredefinedMetricSpecification": {"ResourceLabel": ABSENT}}},
    ),
    seed(
        "iam.inline_policy_size",
        "PutRolePolicy",
        lambda a: {"RoleName": _role_with_policies(a), "PolicyName": "second", "PolicyDocument": _inline(10)},
        {"PolicyDocument": _inline(60)},
    ),
]
