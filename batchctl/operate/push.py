"""Building one job's image and letting a stack run it, by digest.

The order: build, push, wait for the scan, tag as deployed, write the digest into the stack's settings. The parts are
the pipeline's own (`batchctl/release/`).
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from batchctl.errors import PROBLEM, UNREACHABLE, OperatorError
from batchctl.operate.stack import Stack, refusals_as_error
from batchctl.release import docker, release, scan_gate, scan_report
from batchctl.release.scan_rules import Rules
from settings import Settings

Say = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class Pushed:
    """What was deployed."""

    job: str
    digest: str
    tag: str
    """The `deployed-<n>` tag that protects it from the lifecycle."""


def push(
    stack: Stack,
    config: Settings,
    job: str,
    *,
    stack_name: str,
    rules: Rules,
    timeout: float,
    say: Say,
    run: release.Run = docker.run_command,
) -> Pushed:
    """Builds, pushes, scans and deploys `job`'s image; the next `pulumi up` makes the task definition take it.

    Raises OperatorError: PROBLEM for findings that stop the image under `rules`, before anything is deployed.
    """
    if job not in config.jobs:
        raise OperatorError(f"no job {job!r}. Jobs: {', '.join(config.jobs)}.")
    if not Path("jobs", job, "Dockerfile").is_file():
        raise OperatorError(f"jobs/{job}/Dockerfile does not exist: run this in the repository's root.")
    commit, suffix = _commit(), stack.outputs.stack
    with refusals_as_error(f"pushing {job}"):
        ecr = stack.client("ecr")
        if release.digest_of(ecr, release.repository(job, suffix), f"release-{commit}") is None:
            say(f"building {job} at {commit[:12]}")
            docker.sign_in(ecr)
        built = release.build(ecr, commit=commit, suffix=suffix, jobs={job: config.jobs[job].architecture}, run=run)
        name, digest = release.repository(job, suffix), built.images[job]
        say(f"waiting for the scan of {name}@{digest}")
        (verdict,) = scan_gate.verdicts(ecr, {name: digest}, rules, timeout=timeout)
        if not verdict.passes:
            raise OperatorError(scan_report.describe(verdict, rules), PROBLEM)
        tag = release.mark_deployed(ecr, built, suffix, jobs=list(config.jobs))
    release.use(built, stack_name, run)
    return Pushed(job=job, digest=digest, tag=tag)


def _commit() -> str:
    try:
        dirty = subprocess.run(
            ["git", "status", "--porcelain", "--", "jobs"], check=True, capture_output=True, text=True
        )
        head = subprocess.run(["git", "rev-parse", "HEAD"], check=True, capture_output=True, text=True)
    except (FileNotFoundError, subprocess.CalledProcessError) as error:
        raise OperatorError("images are tagged with their commit: run this in a git checkout.", UNREACHABLE) from error
    if dirty.stdout.strip():
        raise OperatorError("jobs/ has uncommitted changes: an image's tag names its commit, so commit them first.")
    return head.stdout.strip()
