"""JobService alone under mocks."""

import json

from components.job.service import JobService, JobServiceArgs
from tests.mocks import BUCKETS, CONTEXT, NAMES, SETTINGS, built, task_network

JOB = "risk-calculation"


def test_a_service_that_rests_at_zero_with_a_task_definition_and_two_roles() -> None:
    mocks = built(
        lambda: JobService(
            JOB,
            JobServiceArgs(
                context=CONTEXT,
                job=JOB,
                settings=SETTINGS.jobs[JOB],
                image="repository@sha256:0",
                repository=NAMES.repository(JOB),
                buckets=BUCKETS,
                task_network=task_network(),
            ),
        )
    )
    service = mocks.one("aws:ecs/service:Service")
    assert (service["desiredCount"], service["networkConfiguration"]["assignPublicIp"]) == (0, False)
    definition = mocks.one("aws:ecs/taskDefinition:TaskDefinition")
    (container,) = json.loads(definition["containerDefinitions"])
    assert (definition["cpu"], container["image"]) == (str(SETTINGS.jobs[JOB].cpu), "repository@sha256:0")
    roles = {role["name"] for role in mocks.inputs("aws:iam/role:Role")}
    assert roles == {f"role-{JOB}-execution-dev", f"role-{JOB}-task-dev"}
    target = mocks.one("aws:appautoscaling/target:Target")
    assert (target["minCapacity"], target["maxCapacity"]) == (0, SETTINGS.jobs[JOB].scaling.max_tasks)
