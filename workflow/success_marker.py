"""Whether the last job left its success marker, `reports/<business date>/_SUCCESS`, and whether it is this run's."""

from __future__ import annotations

from . import asl
from .asl import INPUT, RESULT, States, expr

FIRST = "Read marker"


def states(partition: str, output_bucket: str) -> States:
    """From `FIRST` to the end of the run's work: its report, or `Batch.NoReport`."""
    run = f"{INPUT}.run"
    marker = f"$parse({RESULT}.Body)"
    return {
        FIRST: asl.task(
            f"arn:{partition}:states:::aws-sdk:s3:getObject",
            {
                "Bucket": output_bucket,
                "Key": expr(f"'reports/' & {run}.business_date & '/_SUCCESS'"),
            },
            "Is it this run's?",
            output=expr(
                f"($marker := {marker}; {{'outcome': 'SUCCEEDED', 'report_uri': $marker.report_uri, "
                f"'missing_shards': $exists($marker.missing_shards) ? $marker.missing_shards : 0, "
                f"'ours': $marker.run_id = {run}.id}})"
            ),
            retriers=[asl.retry("States.TaskFailed", attempts=2)],
            catchers=[asl.catch("No report", "States.TaskFailed")],
        ),
        "Is it this run's?": asl.choice([(f"{INPUT}.ours", "Report is there")], "No report"),
        "Report is there": asl.pass_(
            None,
            output={
                "outcome": "SUCCEEDED",
                "report_uri": expr(f"{INPUT}.report_uri"),
                "missing_shards": expr(f"{INPUT}.missing_shards"),
            },
        ),
        "No report": asl.fail(
            "Batch.NoReport", "the last job ended well but reports/<business date>/_SUCCESS is not this run's"
        ),
    }
