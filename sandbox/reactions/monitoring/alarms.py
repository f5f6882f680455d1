"""CloudWatch alarms: evaluated over the last periods, and acting when their state changes.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation.html. A new alarm has no data and leaves
that state at its first evaluation, with the actions of the state it comes to, as on AWS.
"""

from __future__ import annotations

import json
import operator
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError
from moto.cloudwatch.models import Alarm, CloudWatchBackend, cloudwatch_backends

from sandbox.reactions.account import ACCOUNT_ID, Account, DeniedError
from sandbox.reactions.events import targets
from sandbox.reactions.events.bus import Bus
from sandbox.reactions.hooks import replace
from sandbox.reactions.metrics import STATISTICS, Metrics
from sandbox.reactions.monitoring import metric_math

SERVICE = "cloudwatch.amazonaws.com"
EVERY_SECONDS = 10
"""CloudWatch evaluates every minute; here more often, so that nobody waits."""
LONGEST_LOOK = timedelta(hours=12)
_COMPARED: dict[str, Callable[[float, float], bool]] = {
    "GreaterThanThreshold": operator.gt,
    "GreaterThanOrEqualToThreshold": operator.ge,
    "LessThanThreshold": operator.lt,
    "LessThanOrEqualToThreshold": operator.le,
}
Scale = Callable[[str, Alarm, float], None]


class Alarms:
    """Every alarm of the account."""

    def __init__(self, account: Account, bus: Bus, metrics: Metrics) -> None:
        self._account, self._bus, self._metrics = account, bus, metrics
        self.scale: Scale = lambda policy_arn, alarm, value: None
        """Carries out a scaling policy that is an alarm's action."""

    def install(self) -> None:
        """New alarms have no data; the clock asks for evaluations."""
        put = CloudWatchBackend.put_metric_alarm

        def created(backend: CloudWatchBackend, *arguments: Any, **named: Any) -> Alarm:
            before = backend.alarms.get(named.get("name", arguments[0] if arguments else ""))
            alarm = put(backend, *arguments, **named)
            alarm.state_value = before.state_value if before else "INSUFFICIENT_DATA"
            return alarm

        replace(CloudWatchBackend, "put_metric_alarm", created)
        self._account.clock.due(self._due)

    def _due(self, after: datetime, until: datetime) -> Iterator[tuple[datetime, Callable[[], None]]]:
        """Evaluations between two moments; of a long jump the end only."""
        begin = max(after, until - LONGEST_LOOK)
        seconds = EVERY_SECONDS if until - begin < timedelta(minutes=5) else 60
        following = begin.timestamp() // seconds * seconds + seconds
        if following <= until.timestamp():
            yield datetime.fromtimestamp(following, until.tzinfo), self.evaluate

    def evaluate(self) -> None:
        """Evaluates every alarm now."""
        for region, backend in list(cloudwatch_backends[ACCOUNT_ID].items()):
            if backend.alarms:
                self._metrics.sample_queues(region)
            for alarm in list(backend.alarms.values()):
                if alarm.rule is None:
                    self._evaluate(region, alarm)

    def _evaluate(self, region: str, alarm: Alarm) -> None:
        try:
            values = [self._value(region, alarm, ago) for ago in range(int(alarm.evaluation_periods))]
        except metric_math.NotEmulatedError as error:
            self._account.tell_once("cloudwatch", f"NOT EMULATED: alarm {alarm.name}: {error}")
            return
        state, value = _judged(alarm, values)
        if state != alarm.state_value:
            self._change(region, alarm, state, value)
        elif state == "ALARM":
            self._scale(alarm, value)

    def _value(self, region: str, alarm: Alarm, periods_ago: int) -> float | None:
        if not alarm.metric_data_queries:
            dimensions = frozenset((one.name, one.value) for one in alarm.dimensions)
            key = (region, alarm.namespace, alarm.metric_name, dimensions)
            return self._statistic(key, alarm.statistic, int(alarm.period), periods_ago)
        values: dict[str, float | None] = {}
        expressions: dict[str, str] = {}
        for query in alarm.metric_data_queries:
            if query.expression:
                expressions[query.id] = query.expression
                continue
            stat: Any = query.metric_stat
            dimensions = frozenset((one.name, one.value) for one in stat.metric.dimensions or [])
            key = (region, stat.metric.namespace, stat.metric.metric_name, dimensions)
            values[query.id] = self._statistic(key, stat.stat, int(stat.period), periods_ago)
        returned: float | None = None
        for query_id, expression in expressions.items():
            values[query_id] = metric_math.evaluate(expression, values)
        for query in alarm.metric_data_queries:
            if str(query.return_data).lower() == "true":
                returned = values[query.id]
        return returned

    def _statistic(self, key: Any, statistic: str, period: int, periods_ago: int) -> float | None:
        if statistic not in STATISTICS:
            raise metric_math.NotEmulatedError(f"the statistic {statistic}")
        values = self._metrics.values(key, period, periods_ago)
        return float(STATISTICS[statistic](values)) if values else None

    def _change(self, region: str, alarm: Alarm, state: str, value: float | None) -> None:
        reason = (
            f"Threshold Crossed: 1 datapoint [{value}] was {'' if state == 'ALARM' else 'not '}"
            f"{alarm.comparison_operator} ({alarm.threshold})."
            if value is not None
            else f"no datapoints were received for {alarm.evaluation_periods} period(s) and missing data is "
            f"{alarm.treat_missing_data or 'missing'}"
        )
        before = alarm.state_value
        alarm.update_state(reason, json.dumps({"version": "1.0", "value": value}), state)
        self._account.tell("cloudwatch", f"alarm {alarm.name}: {before} -> {state}: {reason}")
        self._bus.publish(
            region,
            "aws.cloudwatch",
            "CloudWatch Alarm State Change",
            [alarm.alarm_arn],
            {
                "alarmName": alarm.name,
                "state": {"value": state, "reason": reason},
                "previousState": {"value": before},
                "configuration": {"description": alarm.description},
            },
        )
        actions = {"ALARM": alarm.alarm_actions, "OK": alarm.ok_actions}.get(state, alarm.insufficient_data_actions)
        if alarm.actions_enabled:
            for action in actions or []:
                self._act(alarm, action, before, reason, value)

    def _act(self, alarm: Alarm, action: str, before: str, reason: str, value: float | None) -> None:
        if ":scalingPolicy:" in action:
            self._scale(alarm, value)
            return
        if ":sns:" not in action:
            self._account.tell_once("cloudwatch", f"NOT EMULATED: the action {action} of alarm {alarm.name}")
            return
        message = {
            "AlarmName": alarm.name,
            "AlarmDescription": alarm.description,
            "AWSAccountId": ACCOUNT_ID,
            "NewStateValue": alarm.state_value,
            "NewStateReason": reason,
            "StateChangeTime": self._account.clock.now().isoformat(timespec="milliseconds"),
            "Region": alarm.region_name,
            "AlarmArn": alarm.alarm_arn,
            "OldStateValue": before,
            "Trigger": {"MetricName": alarm.metric_name, "Namespace": alarm.namespace, "Threshold": alarm.threshold},
        }
        try:
            targets.publish(
                self._account,
                SERVICE,
                alarm.alarm_arn,
                action,
                json.dumps(message),
                f'{alarm.state_value}: "{alarm.name}" in {alarm.region_name}',
            )
        except (ClientError, DeniedError) as error:
            self._account.tell("cloudwatch", f"alarm {alarm.name} could not publish to {action}: {error}")

    def _scale(self, alarm: Alarm, value: float | None) -> None:
        """Policies act as long as the alarm lasts, at most once a cooldown."""
        for action in alarm.alarm_actions if alarm.actions_enabled else []:
            if ":scalingPolicy:" in action:
                self.scale(action, alarm, float(alarm.threshold) if value is None else value)


def _judged(alarm: Alarm, values: list[float | None]) -> tuple[str, float | None]:
    """The state over the last periods, the newest first, and the newest value there is."""
    treated = alarm.treat_missing_data or "missing"
    datapoints = [value for value in values if value is not None]
    newest = datapoints[0] if datapoints else None
    if not datapoints:
        by_treatment = {"notBreaching": "OK", "breaching": "ALARM", "ignore": alarm.state_value}
        return by_treatment.get(treated, "INSUFFICIENT_DATA"), None
    exceeds = _COMPARED[alarm.comparison_operator]
    breaching = sum(exceeds(value, float(alarm.threshold)) for value in datapoints)
    if treated == "breaching":
        breaching += len(values) - len(datapoints)
    needed = int(alarm.datapoints_to_alarm or alarm.evaluation_periods)
    return ("ALARM" if breaching >= needed else "OK"), newest
