"""What a resumed run leaves out: the shards of a task that have a result already."""

from __future__ import annotations

from typing import Final

from . import asl
from .asl import INPUT, RESULT, States, expr

RESULT_SUFFIX: Final = ".risk"
"""Of a shard's result, `results/<run id>/shard-<5 digits>.risk` (docs/jobs.md)."""
LISTED_RESULTS: Final = 500
"""Keys in one listing, so that the answer stays under the 256 KiB that a state may hand on."""


def states(
    partition: str, bucket: str, *, batch: int, label: str, first: str, run: str, count_kept: asl.State
) -> States:
    """Before a resumed run's task: leaves out the shards that have a result, and the task if none is left.

    A result is written after everything it belongs to (docs/jobs.md). A listing that ends too early costs no more than
    a task that finds its shards finished. `count_kept` ends a task that has none left; it gets all of them.
    """
    list_results, any_left, all_finished = (
        f"{label}: {part}" for part in ("list results", "anything left?", "finished before")
    )
    prefix = f"'results/' & {INPUT}.run.id & '/shard-'"
    return {
        first: asl.choice([(f"{INPUT}.run.resumes", list_results)], run),
        list_results: asl.task(
            f"arn:{partition}:states:::aws-sdk:s3:listObjectsV2",
            {
                "Bucket": bucket,
                "Prefix": expr(prefix),
                "StartAfter": expr(f"{prefix} & $pad($string($min([{INPUT}.shards])), -5, '0')"),
                "MaxKeys": min(LISTED_RESULTS, 2 * batch),
            },
            any_left,
            output=expr(
                f"""(
                    $in := {INPUT};
                    $prefix := {prefix};
                    $results := [{RESULT}.Contents.Key];
                    $left := $filter([$in.shards], function($shard) {{
                        $not($prefix & $pad($string($shard), -5, '0') & '{RESULT_SUFFIX}' in $results)
                    }});
                    $merge([$in, {{'left': [$left]}}])
                )"""
            ),
            retriers=[asl.retry("States.TaskFailed", attempts=5)],
        ),
        any_left: asl.choice([(f"$count({INPUT}.left) = 0", all_finished)], f"{label}: leave out"),
        f"{label}: leave out": asl.pass_(run, output=expr(f"$merge([{INPUT}, {{'shards': [{INPUT}.left]}}])")),
        all_finished: count_kept,
    }
