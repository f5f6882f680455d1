"""The life of the platform's stacks, each step by the role that the tooling stack made for it.

Nothing is denied while it runs: the account's records say, call by call, what AWS would have denied.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import boto3

from conventions.naming import Names
from sandbox.checkout import copy_checkout
from sandbox.permissions import Record
from tests.sandbox.permissions.stacks import managed, roles
from tests.sandbox.permissions.stacks.night import CHANGES, Night
from tests.tooling import codebuild, engine
from tests.tooling.conftest import COMMIT, JOBS, Account, crane_shim, push_image, write_release
from tooling.delivery.steps import Step

ACCOUNT = "123456789012"
BACKEND = f"s3://pulumi-state-{ACCOUNT}-us-east-1?region=us-east-1&awssdk=v2&s3ForcePathStyle=true"
PROVIDER = "awskms:///alias/pulumi-state?region=us-east-1"
REPOSITORY = "market-risk/batch-platform"
NAMES = Names(suffix="tooling", account=ACCOUNT, region="us-east-1")
STACKS = ("dev", "prod")


def role_arn(name: str) -> str:
    """The ARN of a role of the account."""
    return f"arn:aws:iam::{ACCOUNT}:role/{name}"


@dataclass
class Life:
    """An account, checkouts, and what was recorded in each phase."""

    account: Account
    checkout: Path
    variables: dict[str, str]
    checkouts: dict[str, Path] = field(default_factory=dict)
    """Stack to a checkout of its own: the steps of both write the same files at the same time."""
    phases: dict[str, list[Record]] = field(default_factory=dict)
    """`up-dev` and the like to the records of the calls made in it."""
    resources: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    """Stack to the resources of its state while it was up."""
    statements: dict[str, set[tuple[str, str]]] = field(default_factory=dict)
    """Role to its statements, as name of the policy and Sid, while the stacks were up."""
    policies: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    """Role to its policy documents, while the stacks were up."""
    seconds: dict[str, float] = field(default_factory=dict)
    """Phase to how long it took, by the wall clock."""
    lines: list[Record] = field(default_factory=list)
    """Everything that was recorded so far."""
    reading: threading.Lock = field(default_factory=threading.Lock)

    def post(self, path: str, document: Any) -> Any:
        """What the account's own pages answer."""
        request = Request(f"{self.account.url}{path}", data=json.dumps(document).encode(), method="POST")
        with urlopen(request, timeout=600) as answer:
            return json.load(answer)

    def credentials(self, service: str, role: str, context: Mapping[str, str], **more: str) -> dict[str, str]:
        """What the service hands to what it runs with the role; the role's trust policy is held against `context`."""
        credentials: dict[str, str] = self.post(
            "/_permissions/credentials", {"service": service, "role": role_arn(role), "context": context, **more}
        )
        return credentials

    def ask(self, questions: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """The account's verdicts on questions that no call asks."""
        verdicts: list[dict[str, Any]] = self.post("/_permissions/evaluate", list(questions))
        return verdicts

    @contextmanager
    def phase(self, name: str, stack: str = "") -> Iterator[None]:
        """Keeps the records of what happens inside under this name; those of the other stack, which lives at the same
        time, are not of it.
        """
        before, begin = self._recorded(), time.monotonic()
        yield
        records = self.lines[before : self._recorded()]
        self.phases[name] = [*self.phases.get(name, []), *(r for r in records if not _is_of_another(r, stack))]
        self.seconds[name] = self.seconds.get(name, 0) + time.monotonic() - begin

    def _recorded(self) -> int:
        """How many records there are; they are fetched."""
        with self.reading:
            with urlopen(f"{self.account.url}/_permissions/records?after={len(self.lines)}", timeout=60) as answer:
                new = [Record(**{**entry, "statements": tuple(entry["statements"])}) for entry in json.load(answer)]
            self.lines += new
            return len(self.lines)

    def records(self, phases: Iterable[str] | None = None) -> list[Record]:
        """The records of these phases, or of all."""
        return [record for name in phases or self.phases for record in self.phases[name]]

    def pulumi(self, *arguments: str, variables: Mapping[str, str] | None = None, folder: str = ".") -> str:
        """Runs `pulumi ARGUMENTS` in the checkout of the stack that they name; a failure shows what it printed."""
        named = [self.checkouts[argument] for argument in arguments if argument in self.checkouts]
        return engine.pulumi(
            *arguments,
            folder=next(iter(named), self.checkout) / folder,
            variables={**self.variables, **(variables or {})},
        )

    def of_step(self, step: Step) -> dict[str, str]:
        """The credentials that CodeBuild gives to the step."""
        project = f"arn:aws:codebuild:us-east-1:{ACCOUNT}:project/build-{step.name}-tooling"
        context = {"aws:SourceArn": project, "aws:SourceAccount": ACCOUNT}
        role = f"role-{step.name}-tooling"
        return self.credentials("codebuild.amazonaws.com", role, context, session="build")

    def build(self, step: Step, scratch: Path) -> codebuild.Build:
        """Runs the step's buildspec as CodeBuild does, with the step's own role."""
        codebuild_client = self.account.client("codebuild")
        project = codebuild_client.batch_get_projects(names=[f"build-{step.name}-tooling"])["projects"][0]
        of_project = {item["name"]: item["value"] for item in project["environment"]["environmentVariables"]}
        variables = {**self.variables, **self.of_step(step), **of_project, "PULUMI_BACKEND_URL": BACKEND}
        variables |= {"COMMIT": COMMIT, "EXECUTION": "execution-1", "CODEBUILD_SRC_DIR_release": str(scratch)}
        group, checkout = NAMES.build_log_group(step.name), self.checkouts.get(step.stack, self.checkout)
        with self.phase(step.name, step.stack):
            self.ask(managed.of_build(role_arn(f"role-{step.name}-tooling"), group))
            done = codebuild.run(
                checkout / step.buildspec,
                cwd=checkout,
                variables=variables,
                scratch=scratch,
                skip=("tooling/scripts/setup.py", "install_pulumi.sh", "install_crane.sh"),
            )
        assert done.exit_code == 0, done.log
        return done


def begin(account: Account, folder: Path) -> Life:
    """An empty account, bootstrapped, with the tooling stack up."""
    account.reset()
    checkout = copy_checkout(folder / "platform")
    variables = {**account.variables, "PULUMI_BACKEND_URL": BACKEND, "PULUMI_HOME": str(folder / "home")}
    variables["PYTHONPATH"] = str(checkout)  # the copy's code, not the one that the environment was set up for
    variables["PATH"] = f"{crane_shim(folder)}:{variables['PATH']}"
    variables.pop("PULUMI_CONFIG_PASSPHRASE")
    life = Life(account, checkout, variables)
    with life.phase("bootstrap"):
        bootstrap = [sys.executable, "tooling/scripts/bootstrap_state.py"]
        subprocess.run(bootstrap, cwd=checkout, env=variables, check=True, capture_output=True, timeout=120)
    with life.phase("tooling"):
        life.pulumi("stack", "init", "tooling", "--secrets-provider", PROVIDER, folder="tooling")
        for stack in STACKS:
            life.pulumi("stack", "init", stack, "--secrets-provider", PROVIDER)
        key = "batch-platform:delivery.repository"
        life.pulumi("config", "set", "--path", key, REPOSITORY, "--stack", "tooling", folder="tooling")
        life.pulumi("up", "--yes", "--skip-preview", "--stack", "tooling", folder="tooling")
    life.checkouts = {stack: Path(shutil.copytree(checkout, folder / stack, symlinks=True)) for stack in STACKS}
    return life


def release_images(life: Life, scratch: Path) -> None:
    """What the images step does (`docker push`, call by call) and a scan without findings."""
    credentials = life.of_step(Step(kind="images"))
    for step in ("checks", "images"):  # the one calls nothing itself, the other is not run by its buildspec here
        with life.phase(step):
            life.ask(managed.of_build(role_arn(f"role-{step}-tooling"), NAMES.build_log_group(step)))
    with life.phase("images"):
        ecr = client(life, "ecr", credentials)
        ecr.get_authorization_token()
        pusher: Any = _As(life.account, credentials)
        tag = f"release-{COMMIT}"
        images = {job: push_image(pusher, f"repository-{job}-tooling", tag, job) for job in JOBS}
    write_release(scratch, images)
    scanned(life, images, "tooling")
    life.build(Step(kind="scan"), scratch)


def scanned(life: Life, images: Mapping[str, str], suffix: str) -> None:
    """What AWS does after a push: a scan of each image, here without findings."""
    for job, digest in images.items():
        repository = f"repository-{job}-{suffix}"
        life.account.findings(repository, digest, {})
        life.account.client("ecr").start_image_scan(repositoryName=repository, imageId={"imageDigest": digest})


def client(life: Life, service: str, credentials: Mapping[str, str]) -> Any:
    """A boto3 client with these credentials."""
    make: Any = boto3.client
    return make(
        service,
        region_name="us-east-1",
        endpoint_url=life.account.url,
        aws_access_key_id=credentials["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=credentials["AWS_SECRET_ACCESS_KEY"],
        aws_session_token=credentials["AWS_SESSION_TOKEN"],
    )


@dataclass(frozen=True)
class _As:
    """The account as somebody with these credentials sees it."""

    account: Account
    credentials: Mapping[str, str]

    def client(self, service: str) -> Any:
        make: Any = boto3.client
        keys = {f"aws_{k.removeprefix('AWS_').lower()}": v for k, v in self.credentials.items()}
        return make(service, region_name="us-east-1", endpoint_url=self.account.url, **keys)


def run_pipeline(life: Life) -> None:
    """What CodePipeline does in a run."""
    outputs = json.loads(life.pulumi("stack", "output", "--json", "--stack", "tooling", folder="tooling"))
    topics = [t["TopicArn"] for t in life.account.client("sns").list_topics()["Topics"]]
    projects = life.account.client("codebuild").list_projects()["projects"]
    built = [f"arn:aws:codebuild:us-east-1:{ACCOUNT}:project/{name}" for name in projects]
    rescans = [project for project in built if "/build-rescan-" in project]
    with life.phase("pipeline"):
        connection = str(outputs["connectionArn"])
        for purpose, its in (("delivery", [one for one in built if one not in rescans]), ("rescan", rescans)):
            life.ask(managed.of_pipeline(role_arn(f"role-pipeline-{purpose}-tooling"), connection, topics[0], its))
        pipeline = f"arn:aws:codepipeline:us-east-1:{ACCOUNT}:pipeline-rescan-tooling"
        start = {"action": "codepipeline:StartPipelineExecution", "resource": pipeline}
        life.ask([{"principal": role_arn("role-rescan-schedule-tooling"), **start}])


def live(life: Life, scratch: Path) -> None:
    """Both stacks, at the same time: previewed, up, verified and refreshed, and what a night asks for."""
    run_pipeline(life)
    release_images(life, scratch)
    at_once(lambda stack: _live(life, stack, Path(shutil.copytree(scratch, scratch.parent / f"release-{stack}"))))
    life.policies, life.statements = roles.policies(life.account.client("iam"))


def at_once(lives: Callable[[str], None]) -> None:
    """Does it for both stacks at the same time; raises what either raises."""
    with ThreadPoolExecutor(len(STACKS)) as pool:
        for done in [pool.submit(lives, stack) for stack in STACKS]:
            done.result()


def _live(life: Life, stack: str, scratch: Path) -> None:
    for kind in ("preview", "up", "verify"):
        life.build(Step(kind=kind, stack=stack), scratch)
    scanned(life, json.loads((scratch / "release.json").read_text())["images"], stack)
    life.build(Step(kind="rescan", stack=stack), scratch)
    exported = json.loads(life.pulumi("stack", "export", "--stack", stack))
    life.resources[stack] = exported["deployment"]["resources"]
    deploy = life.of_step(Step(kind="up", stack=stack))
    with life.phase(f"refresh-{stack}", stack):
        life.pulumi("refresh", "--yes", "--skip-preview", "--stack", stack, variables=deploy)
    with life.phase(f"night-{stack}", stack):
        answers = life.ask(Night(stack).all())
    nobody = {answer["message"] for answer in answers if "there is no role" in answer["message"]}
    assert not nobody, f"night.py asks for a role that the stack does not have: {sorted(nobody)}"


def _is_of_another(record: Record, stack: str) -> bool:
    """Whether a record is of the stack that this one is not; what names neither is of both."""
    others = [other for other in STACKS if stack and other != stack]
    who = (record.role or record.principal).rpartition("role/")[2]
    return any(re.search(rf"-{other}(-|$)", who) for other in others)


def end(life: Life) -> None:
    """A change of settings, and the end of both stacks at the same time."""
    at_once(lambda stack: _end(life, stack))


def _end(life: Life, stack: str) -> None:
    deploy = life.of_step(Step(kind="up", stack=stack))
    for key, value in CHANGES:
        life.pulumi("config", "set", "--path", key, value, "--stack", stack)
    life.pulumi("config", "set", "--path", "batch-platform:platform.teardown", "true", "--stack", stack)
    with life.phase(f"change-{stack}", stack):
        life.pulumi("up", "--yes", "--skip-preview", "--stack", stack, variables=deploy)
    with life.phase(f"destroy-{stack}", stack):
        life.pulumi("destroy", "--yes", "--skip-preview", "--stack", stack, variables=deploy)
