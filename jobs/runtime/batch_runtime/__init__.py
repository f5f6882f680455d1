"""What every job shares, and nothing of what one job does.

A job is `sys.exit(run(work))`: `run` (`batch_runtime.main`) reads the environment contract of docs/jobs.md, sets up
logs, metrics, the health file and SIGTERM, calls `work` with a `Job`, and turns whatever comes out into one of the
documented exit codes. A job that is replaced keeps this package or implements docs/jobs.md anew.

Nothing is imported here: the health check runs `batch_runtime.health` every few seconds on half a virtual CPU and must
not pay for boto3 and pydantic.
"""
