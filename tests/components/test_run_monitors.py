"""RunMonitors alone under mocks."""

from components.nightly.run_monitors import RunMonitors, RunMonitorsArgs
from tests.mocks import BUCKETS, CONTEXT, NAMES, SETTINGS, built


def test_the_reconciler_and_the_deadline_machine_with_what_starts_them() -> None:
    nightly = NAMES.state_machine("nightly")
    mocks = built(
        lambda: RunMonitors(
            "run-monitors",
            RunMonitorsArgs(
                context=CONTEXT,
                workflow=SETTINGS.workflow,
                nightly=nightly,
                nightly_arn=nightly.arn,
                input=BUCKETS["input"],
                ledger=NAMES.table("ledger"),
                topic=NAMES.topic("notifications"),
            ),
        )
    )
    machines = {machine["name"] for machine in mocks.inputs("aws:sfn/stateMachine:StateMachine")}
    assert machines == {"statemachine-reconciler-dev", "statemachine-deadline-dev"}
    assert nightly.arn in mocks.one("aws:cloudwatch/eventRule:EventRule")["eventPattern"]
    assert len(mocks.inputs("aws:scheduler/schedule:Schedule")) > 0
