"""`release`: the images of a whole commit, from the build through the scan gate to every stack."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from batchctl import project as projects
from batchctl.errors import OK, PROBLEM, OperatorError

from .scan_options import Exemptions, FixableOnly, GraceDays, History, Reports, Severity, Timeout, Tolerated, gate_rules

if TYPE_CHECKING:
    from batchctl.release.docker import ECRClient
    from batchctl.release.scan_rules import Rules
    from settings import Settings

app = typer.Typer(
    name="release",
    help="A commit's images: build them once, scan them, and bring the same bytes to every stack.",
    no_args_is_help=True,
)

ReleaseArgument = Annotated[Path, typer.Argument(help="release.json, as `release build` or `current` wrote it.")]
RequiredStack = Annotated[str, typer.Option("--stack", "-s", help="Committed stack.")]
ReleaseOutput = Annotated[Path, typer.Option("--output", help="File to write.")]
StackRole = Annotated[
    str,
    typer.Option("--role", envvar="STACK_ROLE_ARN", help="Role in the stack's account, where that is another account."),
]


@contextmanager
def _ecr(doing: str, role: str = "") -> Iterator[ECRClient]:
    """ECR in the region of AWS_REGION or the profile, with the role's rights; what it refuses is one message."""
    from batchctl.operate.stack import refusals_as_error
    from batchctl.release import stack_role

    with refusals_as_error(doing):
        yield stack_role.session(role).client("ecr")


def _settings(stack: str) -> Settings:
    from batchctl.program import settings_of_stack

    return settings_of_stack(stack)


@app.command("sign-in")
def sign_in() -> None:
    """Let Docker push to the account's registry for twelve hours."""
    from batchctl.release import docker

    with _ecr("signing Docker in") as ecr:
        docker.sign_in(ecr)


@app.command()
def build(
    commit: Annotated[str, typer.Option(help="Commit that is checked out; the images' tag names it.")],
    suffix: Annotated[
        str, typer.Option(envvar="RELEASE_SUFFIX", help="Suffix of the release repositories.")
    ] = "tooling",
    architecture: Annotated[
        str,
        typer.Option(
            envvar="RELEASE_ARCHITECTURE",
            help="Build only the jobs of X86_64 or ARM64: an image is built on its own architecture. Empty: all.",
        ),
    ] = "",
    complete: Annotated[
        Path | None, typer.Option(help="release.json of the other architecture, whose images are added.")
    ] = None,
    output: ReleaseOutput = Path("release.json"),
) -> None:
    """Build and push every job's image once, and write release.json with their digests; needs Docker."""
    from batchctl.release import docker, release

    here = projects.find()
    jobs = release.architectures({stack: _settings(stack) for stack in here.stacks()})
    if architecture:
        jobs = {job: its for job, its in jobs.items() if its == architecture}
    with _ecr("building the release") as ecr:
        built = release.build(ecr, commit=commit, suffix=suffix, jobs=jobs, run=docker.run_command)
    release.write(built.with_images_of(release.read(complete)) if complete else built, output)
    print(output.read_text(), end="")


def _gate(
    images: Mapping[str, str],
    ecr: ECRClient,
    rules: Rules,
    *,
    title: str,
    timeout: int,
    history: str | None,
    reports: list[str],
) -> None:
    """Prints and writes the verdicts; ends with PROBLEM when one image is stopped."""
    from batchctl.release import scan_gate, scan_report, text_files

    verdicts = scan_gate.verdicts(ecr, images, rules, timeout=timeout, history=history)
    for verdict in verdicts:
        print(scan_report.describe(verdict, rules), flush=True)
    for location in reports:
        text_files.write(location, scan_report.page(title, verdicts, rules))
        print(f"report: {location}")
    raise typer.Exit(OK if all(verdict.passes for verdict in verdicts) else PROBLEM)


@app.command()
def scan(
    release_file: Annotated[Path | None, typer.Option("--release", help="release.json: every image of it.")] = None,
    repository: Annotated[str | None, typer.Option(help="Instead: name of one ECR repository.")] = None,
    digest: Annotated[str | None, typer.Option(help="Digest of the image in it: sha256:…")] = None,
    tolerated: Tolerated = Severity.MEDIUM,
    fixable_only: FixableOnly = True,
    grace_days: GraceDays = "",
    timeout: Timeout = 900,
    exemptions: Exemptions = None,
    history: History = None,
    report: Reports = None,
) -> None:
    """Wait for ECR's findings and fail when one is above the limit.

    Exit code 1: a finding stops an image; 4: ECR has no findings in time, or could not scan the image.
    """
    from batchctl.release import release

    if bool(release_file) == bool(repository and digest):
        raise OperatorError("give either --repository and --digest, or --release release.json.")
    release_read = release.read(release_file) if release_file else None
    images = release_read.by_repository() if release_read else {str(repository): str(digest)}
    title = f"Scan of release {release_read.commit[:12]}" if release_read else f"Scan of {repository}"
    rules = gate_rules(tolerated, fixable_only, grace_days, exemptions)
    with _ecr("asking for the scan's findings") as ecr:
        _gate(images, ecr, rules, title=title, timeout=timeout, history=history, reports=report or [])


@app.command()
def rescan(
    stack: RequiredStack,
    tolerated: Tolerated = Severity.MEDIUM,
    fixable_only: FixableOnly = True,
    grace_days: GraceDays = "",
    timeout: Timeout = 900,
    exemptions: Exemptions = None,
    history: History = None,
    report: Reports = None,
    role: StackRole = "",
) -> None:
    """Scan the images that a stack runs for findings published since they were deployed.

    Exit codes as with `scan`.
    """
    from batchctl.release import release

    config = _settings(stack)
    rules = gate_rules(tolerated, fixable_only, grace_days, exemptions)
    with _ecr("scanning what is deployed", role) as ecr:
        running = release.current(ecr, sorted(config.jobs), config.platform.environment)
        title = f"Scan of what {stack} runs"
        _gate(running.by_repository(), ecr, rules, title=title, timeout=timeout, history=history, reports=report or [])


@app.command("as-stack", context_settings={"allow_interspersed_args": False, "ignore_unknown_options": True})
def as_stack(
    command: Annotated[list[str], typer.Argument(help="Program and its arguments: pulumi up --stack prod …")],
    role: StackRole = "",
) -> None:
    """Run a program with the rights of a role in the stack's account, for at most an hour."""
    import os

    from batchctl.operate.stack import refusals_as_error
    from batchctl.release import stack_role

    with refusals_as_error(f"taking the role {role}"):
        variables = {**os.environ, **stack_role.environment(role)}
    if role:
        variables.pop("AWS_PROFILE", None)  # SDKs differ in whether a profile or the keys come first
    try:
        os.execvpe(command[0], command, variables)
    except OSError as error:
        raise OperatorError(f"{command[0]} cannot be run: {error.strerror}.") from error


@app.command()
def use(release_file: ReleaseArgument, stack: RequiredStack) -> None:
    """Write the digests of the stack's own jobs into its settings, where `pulumi up` reads them."""
    from batchctl.release import docker, release

    release.use(release.read(release_file).of_jobs(_settings(stack).jobs), stack, docker.run_command)


@app.command()
def promote(
    release_file: ReleaseArgument,
    stack: RequiredStack,
    if_present: Annotated[
        bool, typer.Option("--if-present", help="Leave out repositories that do not exist yet.")
    ] = False,
    role: StackRole = "",
) -> None:
    """Copy the images of the stack's jobs into its repositories, byte for byte; needs crane, but no Docker daemon."""
    from batchctl.release import docker, release

    config = _settings(stack)
    images = release.read(release_file).of_jobs(config.jobs)
    with _ecr("reading the release repositories") as source, _ecr("copying the images", role) as ecr:
        written = release.promote(
            source if role else ecr,
            ecr,
            images,
            config.platform.environment,
            if_present=if_present,
            run=docker.run_command,
        )
    print("\n".join(written) or "nothing to copy: every image is there, or its repository is not yet")


@app.command()
def deployed(release_file: ReleaseArgument, stack: RequiredStack, role: StackRole = "") -> None:
    """Tag the images as deployed, so that the lifecycle keeps them and `current` finds them."""
    from batchctl.release import release

    config = _settings(stack)
    images = release.read(release_file).of_jobs(config.jobs)
    with _ecr("tagging the images", role) as ecr:
        print(f"{stack}: {release.mark_deployed(ecr, images, config.platform.environment)}")


@app.command()
def current(
    stack: RequiredStack,
    back: Annotated[int, typer.Option(help="The release deployed this many deployments before.", min=0)] = 0,
    output: ReleaseOutput = Path("release.json"),
    role: StackRole = "",
) -> None:
    """Write the release that a stack runs, read from the tags of its images."""
    from batchctl.release import release

    config = _settings(stack)
    with _ecr("reading the deployed tags", role) as ecr:
        running = release.current(ecr, sorted(config.jobs), config.platform.environment, back=back)
    release.write(running, output)
    print(output.read_text(), end="")


@app.command()
def publish(
    file: Annotated[Path, typer.Argument(help="Text file.")],
    bucket: Annotated[str, typer.Option(help="Artifact bucket.")],
    key: Annotated[str, typer.Option(help="Key in the bucket.")],
) -> None:
    """Put a text file into the artifact bucket, for the approval to link to."""
    import boto3
    from boto3.exceptions import S3UploadFailedError

    from batchctl.errors import UNREACHABLE
    from batchctl.operate.stack import refusals_as_error

    if not file.is_file():
        raise OperatorError(f"{file} does not exist.")
    try:
        with refusals_as_error(f"uploading {file}"):
            boto3.client("s3").upload_file(str(file), bucket, key, {"ContentType": "text/plain; charset=utf-8"})
    except S3UploadFailedError as error:
        raise OperatorError(f"{error}", UNREACHABLE) from error
    print(f"s3://{bucket}/{key}")
