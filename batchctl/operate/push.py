"""Building one job's image and letting a stack run it, by digest.

Owns: the order: build, push, wait for the scan, tag as deployed, write the digest into the stack's settings.
Refuses: the parts, which the pipeline uses too (`batchctl/release/release.py`, `batchctl/release/scan_gate.py`), and
`pulumi up`.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from batchctl.errors import FOUND, UNREACHABLE, OperatorError
from batchctl.operate.stack import Stack, asking
from batchctl.release import docker, release, scan_gate
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
    tolerated: str,
    timeout: float,
    exemptions: Path | None,
    say: Say,
    run: release.Run = docker.run_command,
) -> Pushed:
    """Builds, pushes, scans and deploys `job`'s image; the next `pulumi up` makes the task definition take it.

    Raises OperatorError: FOUND for findings above `tolerated`, before anything is deployed.
    """
    if job not in config.jobs:
        raise OperatorError(f"no job {job!r}. Jobs: {', '.join(config.jobs)}.")
    if not Path("jobs", job, "Dockerfile").is_file():
        raise OperatorError(f"jobs/{job}/Dockerfile does not exist: run this in the repository's root.")
    commit, suffix = _commit(), stack.outputs.stack
    with asking(f"pushing {job}"):
        ecr = stack.client("ecr")
        if release.digest_of(ecr, release.repository(job, suffix), f"release-{commit}") is None:
            say(f"building {job} at {commit[:12]}")
            docker.sign_in(ecr)
        made = release.build(ecr, commit=commit, suffix=suffix, jobs={job: config.jobs[job].architecture}, run=run)
        name, digest = release.repository(job, suffix), made.images[job]
        say(f"waiting for the scan of {name}@{digest}")
        findings = scan_gate.wait_for_findings(ecr, name, digest, timeout=timeout)
        verdict = scan_gate.judge(
            name, digest, findings, tolerated=tolerated, exemptions=scan_gate.read_exemptions(exemptions)
        )
        if verdict.above:
            raise OperatorError(scan_gate.describe(verdict, tolerated), FOUND)
        tag = release.mark_deployed(ecr, made, suffix)
    release.use(made, stack_name, run)
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
