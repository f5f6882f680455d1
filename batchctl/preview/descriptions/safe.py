"""What is known to open nothing, to protect no less and to lose nothing; every other change needs a reader.

A closed world: what stands in no table here, and is not classified by its values elsewhere (statements, network
access, safeguards, how long data is kept, alarms), is shown under "Not known as safe".
Add a row only where every value is harmless.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from batchctl.preview.changes import Change
from policy.rules import Resource, kinds

from .line import dotted

EVERYWHERE: Final = r"tags(\..+)?|description|alarmDescription"
"""Properties of any type that only describe."""

PROPERTIES: Final[Mapping[str, str]] = {
    kinds.TASK_DEFINITION: r"cpu|memory|ephemeralStorage(\..+)?",
    kinds.SERVICE: r"platformVersion|waitForSteadyState|enableEcsManagedTags|propagateTags|taskDefinition"
    r"|availabilityZoneRebalancing|forceNewDeployment|deploymentMinimumHealthyPercent|deploymentMaximumPercent",
    kinds.SCALING_TARGET: r"minCapacity|maxCapacity",
    kinds.SCALING_POLICY: r"(targetTracking|step)ScalingPolicyConfiguration\..+",
    kinds.DASHBOARD: r"dashboardBody",
    kinds.ENDPOINT: r"subnetIds(\[.+)?",
    kinds.LOG_GROUP: r"logGroupClass",
    kinds.FLOW_LOG: r"maxAggregationInterval",
    kinds.QUEUE: r"visibilityTimeoutSeconds",
}
"""By type: paths of properties of which every value is harmless. Money is looked at apart; an endpoint's subnets are
those of its own network."""

CONTAINER: Final = frozenset(
    {"image", "command", "entryPoint", "environment", "secrets", "cpu", "memory", "healthCheck", "stopTimeout"}
)
"""Members of a container definition that say what runs, which the diff of the code shows, and no more."""
STATE: Final = frozenset({"Comment", "HeartbeatSeconds", "MaxConcurrency", "Retry", "Seconds", "TimeoutSeconds"})
"""Fields of a state that say when and how often, not what is done or where to go on."""
LIMITS: Final = frozenset({"HeartbeatSeconds", "TimeoutSeconds"})
"""Fields of a state after which it is ended: less of it may end what worked before."""

ADDED: Final = frozenset(
    {
        kinds.ALARM,
        kinds.BUCKET,
        kinds.BUCKET_ENCRYPTION,
        kinds.BUCKET_LOGGING,
        kinds.BUCKET_PUBLIC_ACCESS,
        kinds.BUCKET_OWNERSHIP,
        kinds.BUCKET_VERSIONING,
        kinds.CLUSTER,
        kinds.DASHBOARD,
        kinds.FLOW_LOG,
        kinds.KEY,
        kinds.LOG_GROUP,
        kinds.LOG_METRIC_FILTER,
        kinds.QUEUE,
        kinds.REPOSITORY,
        kinds.ROLE,
        kinds.SCALING_POLICY,
        kinds.SCALING_TARGET,
        kinds.SCHEDULE_GROUP,
        kinds.SERVICE,
        kinds.TABLE,
        kinds.TASK_DEFINITION,
        kinds.TOPIC,
        kinds.ALIAS,
    }
)
"""Types whose mere presence opens and deletes nothing; what their documents allow is described separately."""
REMOVED: Final = frozenset({kinds.DASHBOARD, kinds.ROLE, kinds.SCHEDULE_GROUP})
"""Types whose removal harms nothing, beyond what is described separately."""


def change_is_safe(resource: Resource, change: Change) -> bool:
    """Whether the change is harmless whatever its values are."""
    return not resource.custom or property_is_safe(resource.type, dotted(change.path))


def property_is_safe(kind: str, path: str) -> bool:
    """Whether the property of a type of resource is harmless whatever its value is."""
    return bool(re.fullmatch(f"{EVERYWHERE}|{PROPERTIES.get(kind, '')}", path))
