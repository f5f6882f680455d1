"""Metrics that AWS services publish about themselves, and what alarms read of them."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

from moto.cloudwatch.models import Dimension, MetricDatum, cloudwatch_backends
from moto.sqs.models import sqs_backends

from sandbox.reactions.account import ACCOUNT_ID, Account

Key = tuple[str, str, str, frozenset[tuple[str, str]]]
"""Region, namespace, name, dimensions."""

STATISTICS: dict[str, Callable[[list[float]], float]] = {
    "Sum": sum,
    "Minimum": min,
    "Maximum": max,
    "Average": lambda values: sum(values) / len(values),
    "SampleCount": len,
}


class Metrics:
    """Every data point of the account, those of users included."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._points: dict[Key, list[tuple[datetime, float]]] = defaultdict(list)
        self._returned: dict[str, int] = defaultdict(int)
        self._lock = threading.Lock()

    def put(
        self, region: str, namespace: str, name: str, dimensions: Mapping[str, str], value: float, unit: str = "Count"
    ) -> None:
        """One data point, now; `GetMetricData` sees it as well."""
        backend = cloudwatch_backends[ACCOUNT_ID][region]
        with self._lock:
            self._read_users(region)
            backend.metric_data.append(
                MetricDatum(
                    namespace,
                    name,
                    value,
                    [{"Name": key, "Value": text} for key, text in dimensions.items()],
                    None,  # now, as moto writes it
                    unit,
                )
            )
            self._read_users(region)

    def values(self, key: Key, period: int, periods_ago: int) -> list[float]:
        """The values of the period that ended `periods_ago` periods before now; `period` in seconds."""
        end = self._account.clock.now() - timedelta(seconds=period * periods_ago)
        begin = end - timedelta(seconds=period)
        with self._lock:
            self._read_users(key[0])
            return [value for moment, value in self._points[key] if begin < moment <= end]

    def sample_queues(self, region: str) -> None:
        """The depth of each queue, which SQS publishes for active queues each minute."""
        for queue in list(sqs_backends[ACCOUNT_ID][region].queues.values()):
            for name, value in (
                ("ApproximateNumberOfMessagesVisible", queue.approximate_number_of_messages),
                ("ApproximateNumberOfMessagesNotVisible", queue.approximate_number_of_messages_not_visible),
            ):
                self.put(region, "AWS/SQS", name, {"QueueName": queue.name}, float(value))

    def _read_users(self, region: str) -> None:
        """Takes over what is new in moto's list."""
        data = cloudwatch_backends[ACCOUNT_ID][region].metric_data
        for datum in data[self._returned[region] :]:
            dimensions = frozenset(
                (str(one.name), str(one.value)) for one in datum.dimensions if isinstance(one, Dimension)
            )
            value = getattr(datum, "value", None)
            moment = datum.timestamp
            if isinstance(value, int | float) and isinstance(moment, datetime):
                at = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
                self._points[(region, datum.namespace, datum.name, dimensions)].append((at, float(value)))
        self._returned[region] = len(data)
