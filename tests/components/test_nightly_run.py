"""NightlyRun alone under mocks."""

import json

from components.nightly.run import NightlyRun, NightlyRunArgs
from tests.mocks import BUCKETS, CONTEXT, NAMES, SETTINGS, built, task_network


def test_a_state_machine_that_a_manifest_starts() -> None:
    mocks = built(
        lambda: NightlyRun(
            "nightly",
            NightlyRunArgs(
                network_places=4_000,
                context=CONTEXT,
                workflow=SETTINGS.workflow,
                jobs=SETTINGS.jobs,
                task_definition_arns={job: f"arn:task-{job}" for job in SETTINGS.workflow.order},
                task_network=task_network(),
                input=BUCKETS["input"],
                output=BUCKETS["output"],
                ledger=NAMES.table("ledger"),
                ledger_days=400,
                topic=NAMES.topic("notifications"),
            ),
        )
    )
    machine = mocks.one("aws:sfn/stateMachine:StateMachine")
    assert machine["name"] == "statemachine-nightly-dev"
    definition = json.dumps(json.loads(machine["definition"]))
    for job in SETTINGS.workflow.order:
        assert f"arn:task-{job}" in definition
    pattern = json.loads(mocks.one("aws:cloudwatch/eventRule:EventRule")["eventPattern"])
    assert pattern["detail"]["bucket"]["name"] == [BUCKETS["input"].name]
    assert len(mocks.inputs("aws:sqs/queue:Queue")) == 1, "what cannot be delivered goes to a dead-letter queue"
