"""Every request of these folders, by service."""

from __future__ import annotations

from tests.sandbox.strict.containers import scaling, services, task_definitions
from tests.sandbox.strict.delivery import builds, pipelines, repositories
from tests.sandbox.strict.monitoring import alarms, logs
from tests.sandbox.strict.network import groups_and_endpoints, networks
from tests.sandbox.strict.requests import Request
from tests.sandbox.strict.security import identity, keys, secrets
from tests.sandbox.strict.services import events, queues, schedules, states, topics
from tests.sandbox.strict.storage import bucket_features, buckets, lifecycles, objects, tables

_MODULES = (
    *(networks, groups_and_endpoints),
    *(identity, keys, secrets),
    *(task_definitions, services, scaling),
    *(repositories, builds, pipelines),
    *(buckets, lifecycles, bucket_features, objects, tables),
    *(alarms, logs, events, schedules, topics, queues, states),
)
_ENDS = ("Delete", "Deregister", "Remove")
"""What takes away things of the account comes last."""
REQUESTS: dict[str, list[Request]] = {
    service: sorted(
        (request for module in _MODULES for request in module.REQUESTS.get(service, [])),
        key=lambda request: request.operation.startswith(_ENDS),
    )
    for service in dict.fromkeys(name for module in _MODULES for name in module.REQUESTS)
}
