"""`push` and `release`: a job's image, and the images of a whole commit, from the build to a stack."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from batchctl import project as projects
from batchctl.errors import FOUND, OK, OperatorError

from .terminal import JobArgument, JsonOption, OutputsOption, StackOption, print_json

if TYPE_CHECKING:
    from batchctl.release.docker import ECRClient
    from settings import Settings

app = typer.Typer()
release_app = typer.Typer(
    name="release",
    help="A commit's images: build them once, scan them, and bring the same bytes to every stack.",
    no_args_is_help=True,
)
app.add_typer(release_app)


class Severity(StrEnum):
    """Severities of ECR's findings, the lowest first."""

    INFORMATIONAL = "INFORMATIONAL"
    LOW = "LOW"
    MEDIUM = "MEDIUM"
    HIGH = "HIGH"
    CRITICAL = "CRITICAL"


TOLERATED = Annotated[
    Severity, typer.Option("--tolerated", case_sensitive=False, help="Highest severity of a finding that passes.")
]
TIMEOUT = Annotated[int, typer.Option("--timeout", help="Seconds to wait for the scan.", min=1)]
EXEMPTIONS = Annotated[
    Path | None, typer.Option("--exemptions", help="YAML list of findings to live with: cve, reason, owner, expires.")
]
ReleaseArgument = Annotated[Path, typer.Argument(help="release.json, as `release build` or `current` wrote it.")]
RequiredStack = Annotated[str, typer.Option("--stack", "-s", help="Committed stack.")]
ReleaseOutput = Annotated[Path, typer.Option("--output", help="File to write.")]


@app.command()
def push(
    job: JobArgument,
    tolerated: TOLERATED = Severity.MEDIUM,
    timeout: TIMEOUT = 900,
    exemptions: EXEMPTIONS = None,
    stack: StackOption = None,
    outputs: OutputsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Build a job's image, push it, wait for its scan, and deploy it by digest; needs Docker and the Pulumi CLI.

    The digest goes into the stack's settings; `pulumi up` then makes the task definition take it.
    """
    from batchctl.operate import push as pushing
    from batchctl.operate.stack import with_settings

    deployment, config = with_settings(stack, outputs)
    name = stack or deployment.outputs.stack
    pushed = pushing.push(
        deployment,
        config,
        job,
        stack_name=name,
        tolerated=tolerated.value,
        timeout=timeout,
        exemptions=exemptions,
        say=(lambda text: None) if as_json else print,
    )
    if as_json:
        print_json(asdict(pushed))
    else:
        print(f"{job} is {pushed.digest}, tagged {pushed.tag}. Now: pulumi up --stack {name} --policy-pack policy")


@contextmanager
def _ecr(doing: str) -> Iterator[ECRClient]:
    """ECR in the region of AWS_REGION or the profile; what it refuses is one message."""
    import boto3

    from batchctl.operate.stack import asking

    with asking(doing):
        yield boto3.client("ecr")


def _settings(stack: str) -> Settings:
    from batchctl.program import stack_settings

    return stack_settings(projects.find().stack(stack))


@release_app.command("sign-in")
def sign_in() -> None:
    """Let Docker push to the account's registry for twelve hours."""
    from batchctl.release import docker

    with _ecr("signing Docker in") as ecr:
        docker.sign_in(ecr)


@release_app.command()
def build(
    commit: Annotated[str, typer.Option(help="Commit that is checked out; the images' tag names it.")],
    suffix: Annotated[str, typer.Option(help="Suffix of the release repositories.")] = "tooling",
    output: ReleaseOutput = Path("release.json"),
) -> None:
    """Build and push every job's image once, and write release.json with their digests; needs Docker."""
    from batchctl.release import docker, release

    here = projects.find()
    jobs = release.architectures({stack: _settings(stack) for stack in here.stacks()})
    with _ecr("building the release") as ecr:
        built = release.build(ecr, commit=commit, suffix=suffix, jobs=jobs, run=docker.run_command)
    release.write(built, output)
    print(output.read_text(), end="")


@release_app.command()
def scan(
    release_file: Annotated[Path | None, typer.Option("--release", help="release.json: every image of it.")] = None,
    repository: Annotated[str | None, typer.Option(help="Instead: name of one ECR repository.")] = None,
    digest: Annotated[str | None, typer.Option(help="Digest of the image in it: sha256:…")] = None,
    tolerated: TOLERATED = Severity.MEDIUM,
    timeout: TIMEOUT = 900,
    exemptions: EXEMPTIONS = None,
) -> None:
    """Wait for ECR's findings and fail when one is above the limit.

    Exit code 1: a finding is above the limit; 4: ECR has no findings in time, or could not scan the image.
    """
    from batchctl.release import release, scan_gate

    if bool(release_file) == bool(repository and digest):
        raise OperatorError("give either --repository and --digest, or --release release.json.")
    images: dict[str, str] = (
        release.read(release_file).by_repository() if release_file else {str(repository): str(digest)}
    )
    exempted = scan_gate.read_exemptions(exemptions)
    blocked = False
    with _ecr("asking for the scan's findings") as ecr:
        for name, image in images.items():
            findings = scan_gate.wait_for_findings(ecr, name, image, timeout=timeout)
            verdict = scan_gate.judge(name, image, findings, tolerated=tolerated.value, exemptions=exempted)
            print(scan_gate.describe(verdict, tolerated.value), flush=True)
            blocked = blocked or bool(verdict.above)
    raise typer.Exit(FOUND if blocked else OK)


@release_app.command()
def use(release_file: ReleaseArgument, stack: RequiredStack) -> None:
    """Write the digests of the stack's own jobs into its settings, where `pulumi up` reads them."""
    from batchctl.release import docker, release

    release.use(release.read(release_file).of_jobs(_settings(stack).jobs), stack, docker.run_command)


@release_app.command()
def promote(
    release_file: ReleaseArgument,
    stack: RequiredStack,
    if_present: Annotated[
        bool, typer.Option("--if-present", help="Leave out repositories that do not exist yet.")
    ] = False,
) -> None:
    """Copy the images of the stack's jobs into its repositories, byte for byte; needs crane, but no Docker daemon."""
    from batchctl.release import docker, release

    config = _settings(stack)
    wanted = release.read(release_file).of_jobs(config.jobs)
    with _ecr("copying the images") as ecr:
        written = release.promote(
            ecr, wanted, config.platform.environment, if_present=if_present, run=docker.run_command
        )
    print("\n".join(written) or "nothing to copy: every image is there, or its repository is not yet")


@release_app.command()
def deployed(release_file: ReleaseArgument, stack: RequiredStack) -> None:
    """Tag the images as deployed, so that the lifecycle keeps them and `current` finds them."""
    from batchctl.release import release

    config = _settings(stack)
    wanted = release.read(release_file).of_jobs(config.jobs)
    with _ecr("tagging the images") as ecr:
        print(f"{stack}: {release.mark_deployed(ecr, wanted, config.platform.environment)}")


@release_app.command()
def current(
    stack: RequiredStack,
    back: Annotated[int, typer.Option(help="The release deployed this many deployments before.", min=0)] = 0,
    output: ReleaseOutput = Path("release.json"),
) -> None:
    """Write the release that a stack runs, read from the tags of its images."""
    from batchctl.release import release

    config = _settings(stack)
    with _ecr("reading the deployed tags") as ecr:
        running = release.current(ecr, sorted(config.jobs), config.platform.environment, back=back)
    release.write(running, output)
    print(output.read_text(), end="")


@release_app.command()
def publish(
    file: Annotated[Path, typer.Argument(help="Text file.")],
    bucket: Annotated[str, typer.Option(help="Artifact bucket.")],
    key: Annotated[str, typer.Option(help="Key in the bucket.")],
) -> None:
    """Put a text file into the artifact bucket, for the approval to link to."""
    import boto3
    from boto3.exceptions import S3UploadFailedError

    from batchctl.errors import UNREACHABLE
    from batchctl.operate.stack import asking

    if not file.is_file():
        raise OperatorError(f"{file} does not exist.")
    try:
        with asking(f"uploading {file}"):
            boto3.client("s3").upload_file(str(file), bucket, key, {"ContentType": "text/plain; charset=utf-8"})
    except S3UploadFailedError as error:
        raise OperatorError(f"{error}", UNREACHABLE) from error
    print(f"s3://{bucket}/{key}")
