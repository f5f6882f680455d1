"""`batchctl sandbox`: an AWS account on this machine, to try the platform and one's own jobs in."""

from __future__ import annotations

import json
import os
import signal
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from batchctl.errors import OK, PROBLEM, UNREACHABLE, OperatorError

if TYPE_CHECKING:
    from sandbox.server import Sandbox

DEFAULT_PORT = 4566
END_SECONDS = 20
FOLDER = Path(os.environ.get("XDG_STATE_HOME", Path.home() / ".local" / "state")) / "batch-platform" / "sandbox"
"""Keeps which account runs, and its log."""

app = typer.Typer(
    name="sandbox",
    help="An AWS account on this machine: `pulumi up`, `aws`, `batchctl run|status|logs|verify` work against it.",
    no_args_is_help=True,
)


@dataclass(frozen=True)
class Running:
    """The account that was started last."""

    url: str
    pid: int
    record: str | None

    @property
    def is_alive(self) -> bool:
        """Whether its process still runs, and is still ours."""
        try:
            words = Path(f"/proc/{self.pid}/cmdline").read_bytes().split(b"\0")
        except OSError:
            return _answers_signals(self.pid) and not Path("/proc").is_dir()
        return b"sandbox" in words


def _answers_signals(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    return True


def state_file() -> Path:
    """Where the running account is written down."""
    return FOLDER / "running.json"


def running() -> Running | None:
    """The account that runs, if one does."""
    try:
        account = Running(**json.loads(state_file().read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None
    return account if account.is_alive else None


def _server() -> Any:
    try:
        import moto  # noqa: F401 - asked for by name, because its absence is what a user can mend
        import time_machine  # noqa: F401

        from sandbox import server
    except ImportError as error:
        raise OperatorError(
            f"the sandbox needs the development dependencies ({error}): run `make demo` once, or "
            "`uv sync --group dev`, in a checkout of this repository"
        ) from error
    return server


def _connected(account: Running) -> Sandbox:
    server = _server()
    sandbox: Sandbox = server.Sandbox(account.url, account.pid)
    return sandbox


def _required() -> Running:
    account = running()
    if account is None:
        raise OperatorError("no sandbox account is running: start one with `batchctl sandbox up`", UNREACHABLE)
    return account


@app.command()
def up(
    port: Annotated[int, typer.Option(min=1024, max=65535, help="Port on 127.0.0.1.")] = DEFAULT_PORT,
    record: Annotated[
        Path | None, typer.Option(help="File to record every call in, with its verdict: one JSON object per line.")
    ] = None,
    permissions: Annotated[
        bool, typer.Option("--permissions", help="Evaluate IAM, resource and key policies; needs node.")
    ] = False,
) -> None:
    """Start the account in the background and print the variables that lead to it.

    Everything in it is lost with `batchctl sandbox down`. What it does and does not do: docs/sandbox/sandbox.md.
    """
    if account := running():
        raise OperatorError(f"a sandbox account runs already at {account.url}: `batchctl sandbox down` ends it")
    server = _server()
    FOLDER.mkdir(parents=True, exist_ok=True)
    log = FOLDER / "server.log"
    log.write_text("", encoding="utf-8")
    try:
        started = server.start(port, record=record.resolve() if record else None, log=log, permissions=permissions)
    except server.StartError as error:
        raise OperatorError(
            f"{error}\nif another program listens on port {port}, choose another one: --port 4567", UNREACHABLE
        ) from error
    account = Running(started.url, started.pid, str(record.resolve()) if record else None)
    state_file().write_text(json.dumps(asdict(account)), encoding="utf-8")
    _print_environment(account)
    Console(stderr=True).print(
        'in your shell: eval "$(batchctl sandbox env)"; then `pulumi up`, and `batchctl sandbox push` for the images',
        highlight=False,
    )


@app.command()
def env() -> None:
    """Print the variables that lead AWS clients and pulumi to the account: eval "$(batchctl sandbox env)"."""
    _print_environment(_required())


def _print_environment(account: Running) -> None:
    for name, value in _connected(account).environment().items():
        print(f"export {name}={value}")


@app.command()
def status(
    lines: Annotated[int, typer.Option(min=0, help="How many recent events to show.")] = 20,
) -> None:
    """Show the account's address, its clock and its most recent events. Exit code 1 when none runs."""
    account = running()
    if account is None:
        print("no sandbox account is running")
        raise typer.Exit(PROBLEM)
    sandbox = _connected(account)
    timeline = sandbox.get("timeline")
    print(f"{account.url}  pid {account.pid}  clock {sandbox.get('clock')['now'][:19]}Z  {len(timeline)} happenings")
    for line in timeline[-lines:] if lines else []:
        print(f"{line['time'][11:19]} {line['source']:12} {line['what']}")
    raise typer.Exit(OK)


@app.command()
def push(
    jobs: Annotated[
        list[str], typer.Argument(help="Jobs whose jobs/<job>/Dockerfile is run; for example risk-calculation.")
    ],
    stack: Annotated[str, typer.Option("--stack", "-s", help="The stack's suffix in repository names.")] = "dev",
    tag: Annotated[str, typer.Option(help="Tag that the task definitions name.")] = "release-0",
    folder: Annotated[Path, typer.Option(help="Folder with one sub-folder per job.")] = Path("jobs"),
) -> None:
    """Put images into the account's registry without Docker: tasks run the Dockerfile's entry point as a process."""
    account = _required()
    _server()
    import boto3

    from sandbox.tasks import images

    variables = _connected(account).environment()
    ecr = boto3.client(
        "ecr",
        endpoint_url=account.url,
        region_name=variables["AWS_REGION"],
        aws_access_key_id=variables["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=variables["AWS_SECRET_ACCESS_KEY"],
    )
    for job in jobs:
        dockerfile = folder / job / "Dockerfile"
        if not dockerfile.is_file():
            raise OperatorError(f"{dockerfile} does not exist: name jobs as their folders in {folder} are named")
        try:
            ecr.describe_repositories(repositoryNames=[f"repository-{job}-{stack}"])
            digest = images.push(ecr, f"repository-{job}-{stack}", tag, dockerfile)
        except ecr.exceptions.RepositoryNotFoundException as error:
            raise OperatorError(f"repository-{job}-{stack} does not exist: run `pulumi up --stack {stack}`") from error
        except ecr.exceptions.ImageAlreadyExistsException:
            print(f"{job}:{tag} is there already")
            continue
        print(f"{job}:{tag} {digest}")


@app.command()
def clock(
    advance: Annotated[
        float | None, typer.Option(min=0, help="Hours to move forward; schedules on the way fire.")
    ] = None,
    speed: Annotated[float | None, typer.Option(min=1, help="Seconds that pass in each second.")] = None,
    set_to: Annotated[str | None, typer.Option("--set", help="ISO moment, for example 2026-11-23T13:30:00Z.")] = None,
) -> None:
    """Show or move the account's clock."""
    sandbox = _connected(_required())
    if set_to is not None:
        sandbox.post("clock", set=set_to)
    if advance is not None:
        sandbox.post("clock", advance=advance * 3600)
    if speed is not None:
        sandbox.post("clock", speed=speed)
    print(sandbox.get("clock")["now"])


@app.command()
def down() -> None:
    """Stop the account and delete everything in it."""
    account = _required()
    os.kill(account.pid, signal.SIGTERM)
    end = time.monotonic() + END_SECONDS
    while running() and time.monotonic() < end:
        time.sleep(0.1)
    if running():
        os.kill(account.pid, signal.SIGKILL)
    state_file().unlink(missing_ok=True)
    print(f"{account.url} is down")
